"""The joined style sheet is fresh, small enough, and free of what old browsers lack."""

import gzip
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "yangbanjian" / "faces" / "web" / "static"
TEMPLATES = ROOT / "yangbanjian" / "faces" / "web" / "templates"


def _join() -> ModuleType:
    spec = importlib.util.spec_from_file_location("join_css", ROOT / "frontend" / "join_css.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_site_css_is_fresh() -> None:
    made = (STATIC / "css" / "site.css").read_text("utf-8")
    assert made == _join().joined(), "run: python frontend/join_css.py"


@pytest.mark.parametrize(("name", "limit"), [("css/site.css", 15_000), ("js/ui.js", 4_096)])
def test_compressed_size_stays_in_the_budget(name: str, limit: int) -> None:
    assert len(gzip.compress((STATIC / name).read_bytes(), 9)) <= limit


@pytest.mark.parametrize(
    "absent",
    [":has(", "@layer", "color-mix", "oklch", "inset:", "aspect-ratio", "@container", "dvh"],
)
def test_layout_needs_no_feature_that_the_oldest_browsers_lack(absent: str) -> None:
    assert absent not in (STATIC / "css" / "site.css").read_text("utf-8")


def test_only_tokens_hold_theme_colours() -> None:
    """Literal colours outside tokens are white, black or the fixed bars and gradients."""
    rules = "".join(
        (STATIC / "css" / f"{name}.css").read_text("utf-8")
        for name in ("components", "pages", "parts")
    )
    allowed = {
        "#fff",
        "#ffffff",
        "#000",
        "#dbe8ff",
        "#ffd9a8",
        "#dce6f5",
        "#0f1b2d",
        "#5f6e83",
        "#b3201d",
    }
    found = set(re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[^{}]*})", rules))
    assert found <= allowed


def _templates() -> list[Path]:
    return sorted(p for p in TEMPLATES.rglob("*.html"))


def test_templates_hold_no_inline_script_or_style() -> None:
    for path in _templates():
        text = path.read_text("utf-8")
        assert not re.search(r"\sstyle=", text), path
        assert not re.search(r"\son[a-z]+=", text), path
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", text), path


def test_every_named_icon_is_in_the_sprite() -> None:
    sprite = (STATIC / "vendor" / "icons.svg").read_text("utf-8")
    known = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    asked = {
        name
        for path in _templates()
        for name in re.findall(r'\{% icon "([^"]+)"', path.read_text("utf-8"))
    }
    assert asked
    assert asked <= known


def test_each_component_says_what_it_expects() -> None:
    for path in sorted((TEMPLATES / "components").glob("*.html")):
        text = path.read_text("utf-8")
        assert text.startswith("{% comment %}"), path.name
        assert len(text.split("{% endcomment %}")[0]) > 20, path.name


def test_vendored_files_carry_their_licences_and_no_source_maps() -> None:
    vendor = STATIC / "vendor"
    for name in ("htmx.min.js", "icons.svg", "echarts.custom.min.js"):
        licence = vendor / f"{name.split('.')[0]}.LICENSE.txt"
        assert licence.stat().st_size > 300
        assert "sourceMappingURL" not in (vendor / name).read_text("utf-8")
