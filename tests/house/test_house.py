"""The house keeps its own rules: arrows of foreign keys, sizes, names, nothing of one machine."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import Model

PROJECT = Path(__file__).resolve().parents[2]
PACKAGE = PROJECT / "yangbanjian"
MOST_LINES, LONG_LINES = 500, 400
# Each with the reason why it is not two files.
LONG_FILES: dict[str, str] = {}
SECTIONS_OF_CONTRACTS = ("Floors", "Ground rooms", "Library rooms")
SOURCE = {
    ".py",
    ".html",
    ".md",
    ".css",
    ".js",
    ".toml",
    ".txt",
    ".in",
    ".sh",
    ".yml",
    ".yaml",
    ".mjs",
}
MACHINE = re.compile(
    # In pieces, so that the rule does not find itself.
    "/"
    r"work/(?:main|wt|notes|shared)\b|/ro"
    r"ot/\.|\bpy"
    r"pi\.org|python"
    r"hosted"
    r"|\bmirrors?\.\w+\.\w+"
)


def tracked() -> list[str]:
    """The files under version control; skipped where there is none."""
    if not (PROJECT / ".git").exists():
        pytest.skip("not a checkout: no list of tracked files")
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={PROJECT}", "ls-files", "-z"],
        cwd=PROJECT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return [name for name in listed.stdout.split("\0") if name and (PROJECT / name).is_file()]


def ranks() -> dict[str, tuple[int, int]]:
    """room -> (floor, place on the floor), bottom first, read from the import contracts."""
    config = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = config["tool"]["importlinter"]["contracts"]
    layered = {c["containers"][0]: c["layers"] for c in contracts if c["type"] == "layers"}
    found: dict[str, tuple[int, int]] = {}
    floors = list(reversed(layered["yangbanjian"]))
    for height, floor in enumerate(floors):
        for place, layer in enumerate(reversed(layered.get(f"yangbanjian.{floor}", []))):
            for room in re.split(r"\s*[|:]\s*", layer.strip("()")):
                found[f"yangbanjian.{floor}.{room}"] = (height, place)
        found.setdefault(f"yangbanjian.{floor}", (height, 0))
    return found


def rank_of(model: type[Model], known: dict[str, tuple[int, int]]) -> tuple[int, int] | None:
    """Where a model's room stands; None for Django's own tables."""
    parts = model.__module__.split(".")
    for length in (3, 2):
        if (name := ".".join(parts[:length])) in known:
            return known[name]
    return None


def pointing_up() -> Iterator[str]:
    known = ranks()
    for model in apps.get_models(include_auto_created=True):
        own = rank_of(model, known)
        for field in model._meta.get_fields():
            target = field.related_model if field.is_relation and field.concrete else None
            if own is None or target is None or isinstance(target, str):
                continue
            other = rank_of(target, known)
            same_room = model._meta.app_label == target._meta.app_label
            if other is not None and not same_room and other >= own:
                yield f"{model._meta.label}.{field.name} -> {target._meta.label}"


def test_foreign_keys_obey_the_arrows() -> None:
    """import-linter does not see references by name; the tables do."""
    assert ranks()["yangbanjian.ground.people"] < ranks()["yangbanjian.libraries.records"]
    assert not list(pointing_up())


def test_files_stay_small() -> None:
    long = {}
    for path in PACKAGE.rglob("*.py"):
        if "migrations" not in path.parts:
            lines = len(path.read_text(encoding="utf-8").splitlines())
            long[str(path.relative_to(PROJECT))] = lines
    too_long = {p: n for p, n in long.items() if n > LONG_LINES and p not in LONG_FILES}
    assert not too_long, "split it, or list it with the reason"
    assert not {p: n for p, n in long.items() if n > MOST_LINES}


def test_migrations_are_named_by_what_they_do() -> None:
    """The first of a room makes its tables and may be called so."""
    for path in PACKAGE.rglob("migrations/[0-9]*.py"):
        number, _, intent = path.stem.partition("_")
        assert not re.match(r"(auto_|alter_|remove_\w+_and)", intent), path
        assert intent != "initial" or number == "0001", path


def test_nothing_names_one_machine_or_a_registry() -> None:
    found = []
    for name in tracked():
        path = PROJECT / name
        if path.suffix not in SOURCE or "/vendor/" in name or name == "tests/house/test_house.py":
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if MACHINE.search(line):
                found.append(f"{name}:{number}: {line.strip()[:100]}")
    assert not found, "\n".join(found)


def test_the_glossary_explains_the_words_of_the_field() -> None:
    text = (PROJECT / "docs" / "glossary.md").read_text(encoding="utf-8")
    for word in ("成果", "需求", "专家", "技术经理人", "对接", "`owner`", "`Actor`", "`move`"):
        assert word in text, word
