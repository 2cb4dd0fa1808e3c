"""docs/reference/figures.md, written from the definitions."""

from __future__ import annotations

from yangbanjian.engines.matching.rules.figures import DEFINITIONS


def render() -> dict[str, str]:
    """The page: path below the repository -> text."""
    lines = [
        "<!-- written by `ybj docs` -->", "", "# Figures of the cockpit", "",
        "A number is compared with as many days of the month, quarter or year before.", "",
        "| code | number | formula | source |", "| --- | --- | --- | --- |",
        *(f"| `{d.code}` | {d.name} | {d.formula} | {d.source} |" for d in DEFINITIONS),
    ]  # fmt: skip
    return {"docs/reference/figures.md": "\n".join(lines) + "\n"}
