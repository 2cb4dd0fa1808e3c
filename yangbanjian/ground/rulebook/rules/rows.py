"""Checking the rows of an edition against the shape of its table, and comparing two editions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from yangbanjian.ground.rulebook.rules.shapes import Column, Shape
from yangbanjian.kernel.refusals import Problem
from yangbanjian.kernel.text import clean_line
from yangbanjian.kernel.words import gettext_noop

Row = Mapping[str, Any]
MOST_ROWS, LONGEST_LINE = 200, 300
_MISSING = gettext_noop("「%(label)s」要填。")
_NUMBER = gettext_noop("「%(label)s」应是 %(low)d 到 %(high)d 之间的整数。")
_PERCENT = gettext_noop("「%(label)s」应是 0 到 100 之间的数，最多四位小数。")
_CHOICE = gettext_noop("「%(label)s」请从列出的里面选：%(choices)s。")
_LINE = gettext_noop("「%(label)s」应是文字，最多 300 字。")
_FLAG = gettext_noop("「%(label)s」应是“是”或“否”。")


def checked(shape: Shape, rows: Sequence[Row]) -> tuple[list[dict[str, Any]], list[Problem]]:
    """The rows with every column in its own type (None where nothing is said), and what is wrong,
    under `rows.N` or `rows.N.column` with N from 1."""
    if not 1 <= len(rows) <= MOST_ROWS:
        sentence = gettext_noop("请填 1 到 %(most)d 行。")
        return [], [Problem("rows", "row_count", sentence, {"most": MOST_ROWS})]
    kept, problems = [], []
    seen: set[tuple[Any, ...]] = set()
    for number, row in enumerate(rows, 1):
        tidy, wrong = _row(shape, row, f"rows.{number}")
        problems += wrong
        if wrong:
            continue
        key = tuple(tidy[name] for name in shape.key)
        if key in seen:
            sentence = gettext_noop("第 %(number)d 行和前面的一行说的是同一件事，请只留一行。")
            problems.append(Problem(f"rows.{number}", "duplicate", sentence, {"number": number}))
        seen.add(key)
        kept.append(tidy)
    return kept, problems


def _row(shape: Shape, row: Row, at: str) -> tuple[dict[str, Any], list[Problem]]:
    known = {c.name for c in shape.all_columns}
    problems = [
        Problem(
            f"{at}.{clean_line(str(name), cap=40)}", "unknown",
            gettext_noop("这张表没有这一栏。"),
        )
        for name in row if name not in known
    ]  # fmt: skip
    tidy: dict[str, Any] = {}
    for column in shape.all_columns:
        value = _value(column, row.get(column.name))
        if isinstance(value, Problem):
            problems.append(
                Problem(f"{at}.{column.name}", value.code, value.sentence, value.params)
            )
        else:
            tidy[column.name] = value
    return tidy, problems


def _value(column: Column, value: Any) -> Any:
    """The value in its own type, None, or what is wrong with it."""
    if column.kind == "flag":
        usable = value is None or isinstance(value, bool)
        return bool(value) if usable else _wrong(column, _FLAG)
    if value is None or (isinstance(value, str) and not value.strip()):
        if column.is_required:
            return _wrong(column, _MISSING)
        return "" if column.kind == "line" else None
    if column.kind in ("integer", "fen"):
        return _integer(column, value)
    if column.kind == "percent":
        return _percent(column, value)
    if column.kind == "choice":
        said = "、".join(column.choices)
        usable = isinstance(value, str) and value in column.choices
        return value if usable else _wrong(column, _CHOICE, choices=said)
    usable = isinstance(value, str) and len(value) <= LONGEST_LINE
    return clean_line(value, cap=LONGEST_LINE) if usable else _wrong(column, _LINE)


def _integer(column: Column, value: Any) -> Any:
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        value = int(value) if len(value) < 20 else -1
    usable = isinstance(value, int) and not isinstance(value, bool)
    if not usable or not column.low <= value <= column.high:
        return _wrong(column, _NUMBER, low=column.low, high=column.high)
    return value


def _percent(column: Column, value: Any) -> Any:
    text = str(value).strip()
    try:
        number = Decimal(text) if len(text) < 20 and not isinstance(value, bool) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or not 0 <= number <= 100:
        return _wrong(column, _PERCENT)
    if number != number.quantize(Decimal("0.0001")):
        return _wrong(column, _PERCENT)
    return f"{number.normalize():f}"


def _wrong(column: Column, sentence: str, **params: Any) -> Problem:
    code = "required" if sentence is _MISSING else "unusable"
    return Problem(column.name, code, sentence, {"label": column.label, **params})


def row_of(rows: Sequence[Row], **key: Any) -> Row | None:
    """The first row with these values, such as `case="agreement_price"`."""
    return next((r for r in rows if all(r.get(k) == v for k, v in key.items())), None)


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: `key` are the row's own columns; None for a row that isn't there."""

    key: tuple[Any, ...]
    before: Row | None
    after: Row | None

    def columns(self, shape: Shape) -> list[str]:
        """The columns whose values differ; all of them for a row that came or went."""
        if self.before is None or self.after is None:
            return [c.name for c in shape.all_columns]
        return [
            c.name for c in shape.all_columns if self.before.get(c.name) != self.after.get(c.name)
        ]


def compared(shape: Shape, before: Sequence[Row], after: Sequence[Row]) -> list[Change]:
    """What differs between two editions, row by row, in the order of the later one; then what
    went."""
    old = {tuple(r.get(k) for k in shape.key): r for r in before}
    new = {tuple(r.get(k) for k in shape.key): r for r in after}
    found = [Change(k, old.get(k), r) for k, r in new.items()]
    found += [Change(k, r, None) for k, r in old.items() if k not in new]
    return [c for c in found if c.before is None or c.after is None or c.columns(shape)]
