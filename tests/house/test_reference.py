"""docs/reference says what the code says."""

from __future__ import annotations

from yangbanjian.faces.api.routes import api
from yangbanjian.faces.cli import gathering, reference
from yangbanjian.faces.cli.reference import PROJECT


def test_the_generated_pages_are_true() -> None:
    stale = [
        path
        for path, text in reference.render().items()
        if not (PROJECT / path).exists() or (PROJECT / path).read_text(encoding="utf-8") != text
    ]
    assert not stale, f"run `ybj docs`: {stale}"


def test_every_variable_is_explained_and_every_explained_one_exists() -> None:
    named = gathering.variables(PROJECT / "yangbanjian")
    assert named == set(reference.SETTINGS) | set(reference.INTERNAL)


def test_the_codes_of_refusals_are_found_with_their_sentences() -> None:
    found = {f.code: f.sentence for f in gathering.refusals(PROJECT / "yangbanjian")}
    assert found["clock.backwards"] == "时钟只能往前拨。"
    assert found["people.sign_in_first"] == "请先登录。"
    assert len(found) > 100


def test_every_call_stands_in_the_api_reference() -> None:
    text = reference.render()["docs/reference/api.md"]
    for path, calls in api.get_openapi_schema(path_prefix="/api/v1/")["paths"].items():
        for method in calls:
            assert f"### `{method.upper()} {path}`" in text
