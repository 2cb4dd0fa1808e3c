"""What stands in a cell: a field's value for people, and back again without loss.

Lists are joined with 「；」; rows of a table in a field are lines, their cells divided by 「|」. A
backslash before a divider means the character itself, so that nothing said is lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from yangbanjian.ground.codes import queries as codes
from yangbanjian.ground.codes.rules import CodeTable
from yangbanjian.kernel import dates, flaws, numbers
from yangbanjian.kernel.numbers import MoneyUnit
from yangbanjian.kernel.refusals import Problem
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.records.rules.fields import Field

_Write = Callable[[Field, Any, "Codebook"], str | float | int]
_STRONG, _WEAK = "；;\n", "、，,"
_TRL = re.compile(r"^\s*(?:TRL\s*)?(\d{1,2})\s*级?\s*$", re.IGNORECASE)
_YES = {"是", "有", "对", "true", "yes", "y", "1", "√", "✓", "1.0"}
_NO = {"否", "无", "没有", "false", "no", "n", "0", "×", "✗", "0.0"}


class Unreadable(Exception):
    """A cell that can't be read; carries what is wrong with it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class _Labels:
    label_of: Mapping[str, str]
    code_of: Mapping[str, str]


class Codebook:
    """Labels and codes of the tables, loaded once for a file."""

    def __init__(self, table_of: Callable[[str], CodeTable] = codes.table) -> None:
        self._table_of = table_of
        self._tables: dict[str, _Labels] = {}

    def _labels(self, table: str) -> _Labels:
        if table not in self._tables:
            self._tables[table] = _labels_of(self._table_of(table))
        return self._tables[table]

    def code(self, table: str, said: str) -> str:
        """The code that a label, a code or 「code label」 means; what is unknown stays as said."""
        labels = self._labels(table)
        text = said.strip()
        if text in labels.label_of:
            return text
        found = labels.code_of.get(text.casefold())
        if found is not None:
            return found
        first, _, rest = text.partition(" ")
        return first if rest and first in labels.label_of else text

    def is_known(self, table: str, code: str) -> bool:
        return code in self._labels(table).label_of

    def label(self, table: str, code: str) -> str:
        """How a code is written in a cell: its label, after the code where two share it."""
        labels = self._labels(table)
        said = labels.label_of.get(code)
        if said is None:
            return code
        return said if labels.code_of.get(said.casefold()) == code else f"{code} {said}"

    def options(self, table: str) -> list[str]:
        """All codes of a table as they are written in cells."""
        return [self.label(table, code) for code in self._labels(table).label_of]


def _labels_of(table: CodeTable) -> _Labels:
    label_of: dict[str, str] = {}
    code_of: dict[str, str] = {}
    shared: set[str] = set()
    for code in table:
        label_of[code.code] = code.label_zh
        for said in {code.label_zh, code.label_hant, code.label_en}:
            key = said.strip().casefold()
            if key and code_of.setdefault(key, code.code) != code.code:
                shared.add(key)
    for key in shared | {c.casefold() for c in label_of}:
        code_of.pop(key, None)
    return _Labels(label_of, code_of)


def _escaped(text: str, marks: str) -> str:
    out = text.replace("\\", "\\\\").replace("\n", "\\n")
    for mark in marks:
        if mark != "\n":
            out = out.replace(mark, "\\" + mark)
    return out


def _split(text: str, marks: str) -> list[str]:
    """Divide at unescaped marks; escapes stay as they are."""
    parts, part, i = [], [], 0
    while i < len(text):
        if text[i] == "\\" and i + 1 < len(text):
            part.append(text[i : i + 2])
            i += 2
            continue
        if text[i] in marks:
            parts.append("".join(part))
            part = []
        else:
            part.append(text[i])
        i += 1
    parts.append("".join(part))
    return parts


_ESCAPE = re.compile(r"\\(n|[\\|｜；;、，,])")


def _plain(text: str) -> str:
    return _ESCAPE.sub(lambda m: "\n" if m[1] == "n" else m[1], text)


def _joined(items: Sequence[str]) -> str:
    marks = _STRONG + (_WEAK if len(items) == 1 else "")
    return "；".join(_escaped(i, marks) for i in items)


def _items(text: str) -> list[str]:
    strong = _split(text, _STRONG)
    parts = strong if len(strong) > 1 else _split(text, _WEAK)
    return [p for p in (_plain(part.strip()) for part in parts) if p]


def write(field: Field, value: Any, book: Codebook) -> str | float | int:
    """The value as a cell holds it; "" where nothing is said."""
    if value is None or value == "" or value == []:
        return ""
    writer: _Write = _WRITERS.get(field.kind, lambda f, v, b: str(v))
    return writer(field, value, book)


def _write_fen(_field: Field, value: Any, _book: Codebook) -> str | float | int:
    yuan = Decimal(value) / 100
    return int(yuan) if yuan == yuan.to_integral_value() else float(yuan)


def _write_rows(field: Field, value: Any, book: Codebook) -> str:
    lines = []
    for row in value:
        cells = [_escaped(str(write(c, row.get(c.name), book)), "|｜") for c in field.columns]
        lines.append("|".join(cells))
    return "\n".join(lines)


def _write_date(_field: Field, value: Any, _book: Codebook) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


_WRITERS: dict[str, _Write] = {
    "integer": lambda f, v, b: int(v),
    "fen": _write_fen,
    "date": _write_date,
    "boolean": lambda f, v, b: "是" if v else "否",
    "code": lambda f, v, b: b.label(f.table, v),
    "codes": lambda f, v, b: _joined([b.label(f.table, c) for c in v]),
    "words": lambda f, v, b: _joined(v),
    "rows": _write_rows,
}


def as_text(value: Any) -> str:
    """A cell's content as text: whole floats without «.0», dates in ISO form."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if not value.time() else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def read(field: Field, value: Any, book: Codebook, unit: MoneyUnit = "yuan") -> Any:
    """The field's value from a cell or a JSON value, ready to be cleaned. Raises Unreadable."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    reader = _READERS.get(field.kind)
    if reader is None:
        if isinstance(value, list | dict):
            return value
        return as_text(value)
    return reader(field, value, book, unit)


def _or_raise(field: Field, found: Any) -> Any:
    if isinstance(found, flaws.Flaw):
        raise Unreadable(
            Problem(field.name, found.code, found.message, {**found.params, "label": field.label})
        )
    return found


def _read_integer(field: Field, value: Any, _book: Codebook, _unit: MoneyUnit) -> Any:
    if isinstance(value, str):
        level = _TRL.match(value)
        value = int(level[1]) if level else value
    low = field.least if field.least is not None else -(2**31)
    high = field.most if field.most is not None else 2**31
    return _or_raise(field, numbers.read_integer(value, low=low, high=high))


def _read_fen(field: Field, value: Any, _book: Codebook, unit: MoneyUnit) -> Any:
    if isinstance(value, str) and value.strip() in ("面议", "面議", "待定", "-", "—", "/"):
        return None
    return _or_raise(field, numbers.read_fen(value, unit=unit))


def _read_date(field: Field, value: Any, _book: Codebook, _unit: MoneyUnit) -> Any:
    return _or_raise(field, dates.read_date(value))


def _read_number(field: Field, value: Any, _book: Codebook, _unit: MoneyUnit) -> Any:
    read_one = numbers.read_percent if field.name.endswith("percent") else numbers.read_number
    return format(_or_raise(field, read_one(value)).normalize(), "f")


def _read_boolean(field: Field, value: Any, _book: Codebook, _unit: MoneyUnit) -> Any:
    if isinstance(value, bool):
        return value
    said = as_text(value).strip().casefold()
    if said in _YES or said in _NO:
        return said in _YES
    sentence = gettext_noop("「%(label)s」要填“是”或“否”。")
    raise Unreadable(Problem(field.name, "not_boolean", sentence, {"label": field.label}))


def _read_code(field: Field, value: Any, book: Codebook, _unit: MoneyUnit) -> Any:
    return book.code(field.table, as_text(value))


def _read_codes(field: Field, value: Any, book: Codebook, _unit: MoneyUnit) -> Any:
    if isinstance(value, list):
        return [book.code(field.table, as_text(v)) for v in value]
    whole = book.code(field.table, as_text(value))
    if whole != as_text(value).strip():
        return [whole]
    return [book.code(field.table, item) for item in _items(as_text(value))]


def _read_words(_field: Field, value: Any, _book: Codebook, _unit: MoneyUnit) -> Any:
    return [as_text(v) for v in value] if isinstance(value, list) else _items(as_text(value))


def _read_rows(field: Field, value: Any, book: Codebook, _unit: MoneyUnit) -> Any:
    if isinstance(value, list):
        return _rows_in(field, value, book)
    text = as_text(value).strip()
    if text.startswith("[{"):
        # As a rejected row of a JSON file stands in its report.
        try:
            return _rows_in(field, json.loads(text), book)
        except ValueError:
            pass
    labels = [c.label for c in field.columns]
    rows = []
    for line in text.replace("\r\n", "\n").split("\n"):
        cells = [_plain(c.strip()) for c in _split(line, "|｜")]
        if any(cells) and cells != labels:
            if len(cells) > len(field.columns):
                sentence = gettext_noop(
                    "「%(label)s」每行最多 %(most)d 格，用“|”隔开：%(columns)s。"
                )
                told = {"label": field.label, "most": len(labels), "columns": "|".join(labels)}
                raise Unreadable(Problem(field.name, "too_many_cells", sentence, told))
            named = {c.name: cell for c, cell in zip(field.columns, cells, strict=False) if cell}
            rows.append(named)
    return _rows_in(field, rows, book)


def _rows_in(field: Field, rows: Sequence[Any], book: Codebook) -> list[Any]:
    read_rows = []
    for number, row in enumerate(rows, 1):
        try:
            read_rows.append(_read_row(field, row, book))
        except Unreadable as bad:
            sentence = gettext_noop("「%(label)s」第 %(row)d 行：%(problem)s")
            told = {"label": field.label, "row": number, "problem": str(bad.problem)}
            raise Unreadable(Problem(field.name, bad.problem.code, sentence, told)) from None
    return read_rows


def _read_row(field: Field, row: Any, book: Codebook) -> Any:
    if not isinstance(row, Mapping):
        return row
    known = {c.name: c for c in field.columns}
    value = row.get("value")
    if isinstance(value, str) and value.strip().endswith(("%", "％")) and not row.get("unit"):
        row = {**row, "value": value.strip()[:-1], "unit": "%"}
    return {k: read(known[k], v, book) if k in known else v for k, v in row.items()}


_READERS: dict[str, Any] = {
    "integer": _read_integer,
    "fen": _read_fen,
    "date": _read_date,
    "number": _read_number,
    "boolean": _read_boolean,
    "code": _read_code,
    "codes": _read_codes,
    "words": _read_words,
    "rows": _read_rows,
}
