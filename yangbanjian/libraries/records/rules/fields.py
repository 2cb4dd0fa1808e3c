"""Fields as data: one declaration feeds form, API, sheet, completeness and docs.

Kinds and the Python values they hold:
  line, text   str                      integer  int            boolean  bool | None (not said)
  date         datetime.date            fen      int (CNY fen)   code     str of a code table
  codes        list[str] of a table     words    list[str]       rows     list[dict] of `columns`
  number       str, a decimal as written in canonical form ("31", "0.5")
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from yangbanjian.kernel.refusals import Problem
from yangbanjian.kernel.text import clean_line, clean_text
from yangbanjian.kernel.words import gettext_noop

LINE_CAP, TEXT_CAP, ROWS_CAP, WORDS_CAP = 200, 20_000, 50, 30


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a record says. `weight` counts towards completeness; `advice` is shown where
    it is missing. `is_public` False keeps it between the owner, brokers and the operator.
    `unsaid` is the code that saying nothing means."""

    name: str
    label: str
    kind: str
    weight: int = 0
    advice: str = ""
    hint: str = ""
    example: str = ""
    table: str = ""
    columns: tuple[Field, ...] = ()
    is_required: bool = False
    is_public: bool = True
    cap: int = 0
    least: int | None = None
    most: int | None = None
    unsaid: str = ""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What could be used, and what could not."""

    values: dict[str, Any]
    problems: tuple[Problem, ...]


Codes = Mapping[str, Container[str]]


class _Bad(Exception):
    def __init__(self, code: str, sentence: str, **params: Any) -> None:
        super().__init__(code)
        self.code, self.sentence, self.params = code, sentence, params


def empty(kind: str) -> Any:
    """The value of a field about which nothing is said."""
    if kind in ("line", "text", "code", "number"):
        return ""
    return [] if kind in ("codes", "words", "rows") else None


def _words_of(value: Any, field: Field) -> str:
    if not isinstance(value, str):
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = f"{value:g}" if isinstance(value, float) else str(value)
        else:
            raise _Bad("not_text", gettext_noop("「%(label)s」要填文字。"))
    cap = field.cap or (LINE_CAP if field.kind == "line" else TEXT_CAP)
    tidy = clean_line if field.kind == "line" else clean_text
    text = tidy(value, cap=cap + 1)
    if len(text) > cap:
        raise _Bad(
            "too_long",
            gettext_noop("「%(label)s」最多 %(cap)d 字，请删短。"),
            cap=cap,
        )
    return text


def _integer(value: Any, field: Field) -> int | None:
    if value is None or value == "":
        return None
    try:
        if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
            raise ValueError
        number = int(str(value).strip()) if isinstance(value, str) else int(value)
    except (ValueError, OverflowError):
        raise _Bad("not_integer", gettext_noop("「%(label)s」要填整数。")) from None
    low, high = field.least, field.most
    if (low is not None and number < low) or (high is not None and number > high):
        raise _Bad(
            "out_of_range",
            gettext_noop("「%(label)s」应在 %(least)s 到 %(most)s 之间。"),
            least=low if low is not None else "-",
            most=high if high is not None else "-",
        )
    return number


def _fen(value: Any, field: Field) -> int | None:
    try:
        number = _integer(value, field)
    except _Bad:
        raise _Bad(
            "not_amount",
            gettext_noop("「%(label)s」要填 0 以上的金额，如 800000 或 80 万；没有就留空。"),
        ) from None
    if number is not None and number < 0:
        raise _Bad(
            "negative", gettext_noop("「%(label)s」不能是负数，请填 0 以上的金额，或者留空。")
        )
    if number is not None and number >= 2**53:
        raise _Bad("too_large", gettext_noop("「%(label)s」太大了，请检查单位。"))
    return number


def _date(value: Any, field: Field) -> date | None:
    if value is None or value == "":
        return None
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value).strip())
    except ValueError:
        raise _Bad(
            "not_date", gettext_noop("「%(label)s」要填真实存在的日期，如 2026-03-01。")
        ) from None


def _boolean(value: Any, field: Field) -> bool | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    known = {"true": True, "1": True, "是": True, "yes": True, "on": True}
    known |= {"false": False, "0": False, "否": False, "no": False, "off": False}
    answer = known.get(str(value).strip().lower())
    if answer is None:
        raise _Bad("not_boolean", gettext_noop("「%(label)s」要填“是”或“否”。"))
    return answer


def _number(value: Any, field: Field) -> str:
    if value is None or value == "":
        return ""
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise _Bad("not_number", gettext_noop("「%(label)s」要填数字。")) from None
    # Written out, 1E-999999 would be a million digits.
    is_small = number.is_finite() and number.adjusted() < 15
    if not is_small or number.normalize().as_tuple().exponent < -15:  # type: ignore[operator]
        raise _Bad("not_number", gettext_noop("「%(label)s」要填数字。"))
    return format(number.normalize(), "f")


def _list(value: Any, most: int) -> list[Any]:
    if value is None or value == "":
        return []
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise _Bad("not_list", gettext_noop("「%(label)s」要填一组值。"))
    if len(value) > most:
        raise _Bad("too_many", gettext_noop("「%(label)s」最多 %(most)d 项。"), most=most)
    return list(value)


def _code(value: Any, field: Field, codes: Codes) -> str:
    text = "" if value is None else str(value).strip()
    if text and text not in codes.get(field.table, ()):
        raise _Bad(
            "unknown_code",
            gettext_noop("「%(label)s」里没有「%(value)s」这一项，请从列表中选。"),
            value=text[:40],
        )
    return text or field.unsaid


def _codes(value: Any, field: Field, codes: Codes) -> list[str]:
    found = [_code(v, field, codes) for v in _list(value, ROWS_CAP)]
    return list(dict.fromkeys(f for f in found if f))


def _words(value: Any, field: Field) -> list[str]:
    line = Field(field.name, field.label, "line", cap=field.cap or 60)
    found = [_words_of(v, line) for v in _list(value, WORDS_CAP)]
    return list(dict.fromkeys(f for f in found if f))


def _rows(value: Any, field: Field, codes: Codes) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for index, row in enumerate(_list(value, ROWS_CAP)):
        if not isinstance(row, Mapping):
            raise _Bad("not_row", gettext_noop("「%(label)s」第 %(row)d 行看不懂。"), row=index + 1)
        cleaned = clean(field.columns, row, codes)
        if cleaned.problems:
            first = cleaned.problems[0]
            raise _Bad(
                first.code,
                gettext_noop("「%(label)s」第 %(row)d 行：%(problem)s"),
                row=index + 1,
                problem=str(first),
            )
        if any(v not in ("", None, []) for v in cleaned.values.values()):
            rows.append(
                {k: v.isoformat() if isinstance(v, date) else v for k, v in cleaned.values.items()}
            )
    return rows


_CLEANERS: dict[str, Callable[[Any, Field], Any]] = {
    "line": lambda v, f: _words_of("" if v is None else v, f),
    "text": lambda v, f: _words_of("" if v is None else v, f),
    "integer": _integer,
    "fen": _fen,
    "date": _date,
    "boolean": _boolean,
    "number": _number,
    "words": _words,
}
_CODED: dict[str, Callable[[Any, Field, Codes], Any]] = {
    "code": _code,
    "codes": _codes,
    "rows": _rows,
}


def clean(fields: Sequence[Field], given: Mapping[str, Any], codes: Codes) -> Cleaned:
    """Turn what was sent into values of the declared kinds; fields not given are left out."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for field in fields:
        if field.name not in given:
            continue
        try:
            if field.kind in _CODED:
                value = _CODED[field.kind](given[field.name], field, codes)
            else:
                value = _CLEANERS[field.kind](given[field.name], field)
        except _Bad as bad:
            params = {"label": field.label, **bad.params}
            problems.append(Problem(field.name, bad.code, bad.sentence, params))
        else:
            values[field.name] = value
    return Cleaned(values, tuple(problems))


def missing_required(fields: Sequence[Field], values: Mapping[str, Any]) -> tuple[Problem, ...]:
    """One problem for each required field that says nothing."""
    return tuple(
        Problem(f.name, "required", gettext_noop("请填写「%(label)s」。"), {"label": f.label})
        for f in fields
        if f.is_required and values.get(f.name) in ("", None, [])
    )


@dataclass(frozen=True, slots=True)
class Completeness:
    """`percent` 0..100 and, heaviest first, what to add."""

    percent: int
    advice: tuple[tuple[str, str], ...]


def share_said(fields: Sequence[Field], values: Mapping[str, Any]) -> int:
    """The per cent of ``completeness`` alone."""
    total = sum(f.weight for f in fields)
    got = sum(f.weight for f in fields if f.weight and values.get(f.name) not in _NOTHING)
    return 100 * got // total if total else 100


_NOTHING: tuple[Any, ...] = ("", None, [])


def completeness(fields: Sequence[Field], values: Mapping[str, Any]) -> Completeness:
    """Weighted share of the fields that say something, with advice for the rest."""
    lacking = [f for f in fields if f.weight and values.get(f.name) in _NOTHING]
    lacking.sort(key=lambda f: -f.weight)
    percent = share_said(fields, values)
    return Completeness(percent, tuple((f.name, f.advice or f.label) for f in lacking))
