"""The declared fields of a library as a form, and a posted form as values.

Long code tables (regions, industries, disciplines) are typed as names or codes, so that the page
stays small and works without script; short ones are chosen from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from yangbanjian.faces.web.words import Words, sentence, translated
from yangbanjian.kernel.dates import read_date
from yangbanjian.kernel.numbers import read_fen
from yangbanjian.kernel.text import hints
from yangbanjian.libraries.records.rules.fields import Field

LONGEST_CHOICE = 60
SPARE_ROWS = 2
MOST_ROWS = 50
SEPARATORS = str.maketrans(dict.fromkeys("、，,；;\n\t", "\n"))
HINTED = frozenset({"title", "value_line", "abstract", "problem", "advantage"})


@dataclass(slots=True)
class Shown:
    """One field as the form shows it. `snippet` is where a prefilled value was read from."""

    name: str
    label: str
    kind: str
    value: Any = ""
    options: list[tuple[str, str, bool]] = field(default_factory=list)
    columns: list[tuple[str, str, str, list[tuple[str, str]]]] = field(default_factory=list)
    rows: list[list[dict[str, Any]]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    help: str = ""
    example: str = ""
    snippet: str = ""
    cap: int = 0
    is_required: bool = False
    is_hinted: bool = False


def show(
    fields: Iterable[Field],
    values: Mapping[str, Any],
    words: Words,
    problems: Mapping[str, Sequence[str]] | None = None,
    snippets: Mapping[str, str] | None = None,
) -> list[Shown]:
    """The fields with values, as stored or as typed (a refused form gives back what was typed)."""
    found = []
    for one in fields:
        shown = _shown(one, values.get(one.name), words)
        shown.errors = list((problems or {}).get(one.name, ()))
        shown.snippet = (snippets or {}).get(one.name, "")
        if one.name in HINTED and isinstance(shown.value, str):
            shown.is_hinted = True
            shown.hints = hint_sentences(shown.value, one.name)
        found.append(shown)
    return found


def hint_sentences(text: str, name: str) -> list[str]:
    """What an editor would say of the text."""
    return list(dict.fromkeys(sentence(h.message, h.params) for h in hints(text, name)))[:4]


def _shown(one: Field, value: Any, words: Words) -> Shown:
    kind = _KINDS.get(one.kind, one.kind)
    shown = Shown(
        name=one.name, label=translated(one.label), kind=kind, help=translated(one.advice),
        example=translated(one.example), is_required=one.is_required, cap=one.cap,
    )  # fmt: skip
    if one.name in ("trl", "trl_wanted"):
        shown.kind = "select"
        chosen = str(value or "")
        shown.options = [
            (c.code, f"{c.code} · {c.label(words.language)}", c.code == chosen)
            for c in words.table("trl")
        ]
    elif one.kind in ("code", "codes"):
        _coded(shown, one, value, words)
    elif one.kind == "rows":
        _rows(shown, one, value or [], words)
    elif one.kind == "words":
        shown.value = value if isinstance(value, str) else "、".join(value or [])
        shown.help = shown.help or _("用顿号隔开")
    elif one.kind == "fen":
        shown.value = value if isinstance(value, str) else _yuan(value)
        shown.example = _("如 80 万、120000；不填即面议")
    elif one.kind == "boolean":
        said = {True: "true", False: "false"}.get(value, value or "")
        shown.options = [
            ("true", _("是"), said == "true"), ("false", _("否"), said == "false"),
        ]  # fmt: skip
    else:
        shown.value = "" if value is None else str(value)
    return shown


_KINDS = {"integer": "line", "number": "line", "fen": "line", "words": "line", "boolean": "select"}


def _yuan(fen: int | None) -> str:
    if fen is None:
        return ""
    return format((Decimal(fen) / 100).normalize(), "f")


def _coded(shown: Shown, one: Field, value: Any, words: Words) -> None:
    table = words.table(one.table)
    chosen = {value} if isinstance(value, str) else set(value or ())
    if len(table) <= LONGEST_CHOICE:
        shown.kind = "select" if one.kind == "code" else "checks"
        shown.options = [(c.code, c.label(words.language), c.code in chosen) for c in table]
        return
    shown.kind = "line"
    typed = [value] if isinstance(value, str) and value else list(value or ())
    shown.value = "、".join(words.label(one.table, code) for code in typed)
    shown.help = shown.help or _("填名称或代码，多个用顿号隔开")


def _rows(shown: Shown, one: Field, value: Sequence[Mapping[str, Any]], words: Words) -> None:
    for column in one.columns:
        options: list[tuple[str, str]] = []
        if column.kind == "code":
            options = [(c.code, c.label(words.language)) for c in words.table(column.table)]
        elif column.kind == "boolean":
            options = [("true", _("是")), ("false", _("否"))]
        kind = "date" if column.kind == "date" else "select" if options else "line"
        shown.columns.append((column.name, translated(column.label), kind, options))
    spare = SPARE_ROWS if value else SPARE_ROWS + 1
    listed = [*value, *({} for _n in range(spare))][:MOST_ROWS]
    for number, row in enumerate(listed):
        cells = []
        for column, (name, label, kind, options) in zip(one.columns, shown.columns, strict=True):
            held = row.get(name)
            text = {True: "true", False: "false", None: ""}.get(held, held)
            cells.append(
                {
                    "name": f"{one.name}-{number}-{name}", "label": label, "kind": kind,
                    "value": str(text), "example": translated(column.example),
                    "options": [(v, t, v == str(text)) for v, t in options],
                }
            )  # fmt: skip
        shown.rows.append(cells)


def read(fields: Iterable[Field], posted: QueryDict, words: Words) -> dict[str, Any]:
    """What was posted, as values for the actions to check. Only fields that the form had are in
    it: a marker `has` names those whose absence means "none"."""
    has = set(posted.getlist("has"))
    values: dict[str, Any] = {}
    for one in fields:
        if one.kind == "rows":
            if one.name in has:
                values[one.name] = _posted_rows(one, posted)
        elif one.kind == "codes":
            if one.name in has or one.name in posted:
                values[one.name] = _posted_codes(one, posted, words)
        elif one.name in posted:
            values[one.name] = _posted(one, str(posted[one.name]), words)
    return values


def _posted(one: Field, sent: str, words: Words) -> Any:
    text = sent.replace("\x00", "")
    if one.kind == "words":
        return split(text)
    if one.kind == "fen":
        return posted_fen(text)
    if one.kind == "date":
        return _posted_date(text)
    if one.kind == "code" and len(words.table(one.table)) > LONGEST_CHOICE:
        return code_of(one.table, text, words)
    return text


def posted_fen(text: str) -> Any:
    """Fen for an amount as people type it; the text itself (which is then refused) otherwise."""
    if not text.strip() or text.strip() in (_("面议"), "面议"):
        return None
    amount = read_fen(text)
    return amount if isinstance(amount, int) else text


def _posted_date(text: str) -> Any:
    """2027.3.1 and 2027年3月1日 too, where the browser has no calendar of its own; what is no date
    is left as it is (and then refused). A bare number is a sheet's way, not a person's."""
    found = read_date(text.strip()) if not text.strip().isdecimal() else None
    return found.isoformat() if isinstance(found, date) else text


def split(text: str) -> list[str]:
    """Words that were typed in one field."""
    return [w.strip() for w in text.translate(SEPARATORS).split("\n") if w.strip()]


def _posted_codes(one: Field, posted: QueryDict, words: Words) -> list[str]:
    if len(words.table(one.table)) <= LONGEST_CHOICE:
        return [v.replace("\x00", "") for v in posted.getlist(one.name) if v]
    return [
        code_of(one.table, w, words) for w in split(posted.get(one.name, "").replace("\x00", ""))
    ]


def code_of(table: str, text: str, words: Words) -> str:
    """The code for a name or code as typed; the text itself where there is none."""
    wanted = text.strip()
    known = words.table(table)
    if not wanted or wanted in known:
        return wanted
    compact = wanted.replace(" ", "")
    named = [c for c in known if compact in (c.label_zh, c.label_hant, c.label_en)]
    if not named:
        # 「上海市黄浦区」: the last name, inside what is named before it.
        named = [
            c for c in known if c.label_zh and compact.endswith(c.label_zh)
            and "".join(p.label_zh for p in known.path(c.code)).endswith(compact)
        ]  # fmt: skip
    return max(named, key=lambda c: c.level).code if named else wanted


def _posted_rows(one: Field, posted: QueryDict) -> list[dict[str, str]]:
    rows = []
    for number in range(MOST_ROWS):
        row = {
            c.name: posted.get(f"{one.name}-{number}-{c.name}", "").replace("\x00", "").strip()
            for c in one.columns
        }
        if any(row.values()):
            rows.append(row)
    return rows
