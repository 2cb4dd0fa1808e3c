"""The generated page of columns is the one in the docs."""

from __future__ import annotations

from pathlib import Path

from yangbanjian.faces.sheets import reference

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "sheets.md"


def test_the_reference_of_sheets_is_current() -> None:
    assert PAGE.read_text("utf-8") == reference.render()["docs/reference/sheets.md"]
