"""Reading code tables: those that ship with the product, and those imported in full."""

from __future__ import annotations

from collections.abc import Container, Mapping
from functools import cache
from pathlib import Path

from yangbanjian.ground.codes import rules
from yangbanjian.ground.codes.models import Code
from yangbanjian.ground.codes.rules import CodeTable

TABLES = Path(__file__).parent / "tables"


@cache
def shipped(name: str) -> CodeTable:
    """A table that ships with the product; an empty one for an unknown name."""
    path = TABLES / f"{name}.csv"
    if name not in shipped_names():
        return CodeTable(name, {})
    table, problems = rules.read_table(name, path.read_text(encoding="utf-8"))
    if problems:
        raise ValueError(f"shipped table {name}: {problems[0]}")
    return table


@cache
def shipped_names() -> frozenset[str]:
    return frozenset(path.stem for path in TABLES.glob("*.csv"))


def table(name: str) -> CodeTable:
    """A table with what was imported on top of what ships."""
    base = shipped(name)
    rows = Code.objects.filter(table=name)
    imported = {
        row.code: rules.Code(
            table=name,
            code=row.code,
            parent=row.parent,
            level=row.level,
            label_zh=row.label_zh,
            label_hant=row.label_hant,
            label_en=row.label_en,
            edition=row.edition,
            source=row.source,
        )
        for row in rows
    }
    return CodeTable(name, {**base.codes, **imported}) if imported else base


def known_tables() -> Mapping[str, Container[str]]:
    """Every code of every table, for checking what people enter."""
    known: dict[str, Container[str]] = {name: shipped(name) for name in shipped_names()}
    extra: dict[str, set[str]] = {}
    for name, code in Code.objects.values_list("table", "code"):
        extra.setdefault(name, set()).add(code)
    for name, codes in extra.items():
        known[name] = codes | set(shipped(name).codes)
    return known


def label(name: str, code: str, language: str = "zh-hans") -> str:
    """What a code is called; the code itself where it is unknown."""
    found = table(name).codes.get(code) if code else None
    return found.label(language) if found else code
