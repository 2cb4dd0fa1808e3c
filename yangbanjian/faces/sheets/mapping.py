"""What the columns of a foreign file mean: proposed by their names, then by what stands in them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from yangbanjian.faces.sheets.cells import as_text
from yangbanjian.faces.sheets.columns import (
    EXTERNAL_ID,
    RECORD_ID,
    Column,
    Meaning,
    by_heading,
    columns_of,
    normal,
    unit_of,
)
from yangbanjian.faces.sheets.opening import unusable
from yangbanjian.kernel.text import first_sentence
from yangbanjian.kernel.words import gettext_noop

# What our own report of rejected rows adds: never part of a record.
ROW, COLUMN, REASON = "行号", "列", "原因"
REPORT_HEADINGS = (ROW, COLUMN, REASON)
_LONG_TEXT, _LEAST_DISTINCT = 60, 0.98

Meanings = dict[str, Meaning]


def signature(headings: Sequence[str]) -> str:
    """Names a set of headings, whatever their order: what a remembered mapping belongs to."""
    said = "\n".join(sorted(normal(h) for h in headings if h))
    return hashlib.sha256(said.encode()).hexdigest()


def propose(
    room: str, headings: Sequence[str], samples: Iterable[Mapping[str, Any]] = ()
) -> Meanings:
    """Heading -> meaning, for the headings that can be told; the required columns are looked for
    in the contents where no name gives them away."""
    columns = columns_of(room)
    named = [h if h not in REPORT_HEADINGS else "" for h in headings]
    meant = {headings[at]: m for at, m in by_heading(columns, named).items()}
    taken = {m.column for m in meant.values()}
    lacking = {c.name for c in columns if c.is_required} - taken
    if RECORD_ID in taken:
        lacking.discard(EXTERNAL_ID)
    if lacking:
        free = [h for h in named if h and h not in meant]
        meant.update(_by_content(lacking, free, list(samples)))
    return meant


def _by_content(
    lacking: set[str], headings: Sequence[str], samples: Sequence[Mapping[str, Any]]
) -> Meanings:
    """Texts that are long are abstracts; short and distinct ones are titles, the shortest ids."""
    if len(samples) < 3:
        return {}
    texts = {h: [as_text(s.get(h)).strip() for s in samples] for h in headings}
    whole = {
        h: sum(map(len, t)) / len(t) for h, t in texts.items()
        if all(t) and len(set(t)) >= _LEAST_DISTINCT * len(t)
    }  # fmt: skip
    found: Meanings = {}
    by_length = sorted(whole, key=lambda h: whole[h])
    if "abstract" in lacking and by_length and whole[by_length[-1]] >= _LONG_TEXT:
        found[by_length.pop()] = Meaning("abstract")
    if EXTERNAL_ID in lacking and by_length and not _has_space(texts[by_length[0]]):
        found[by_length.pop(0)] = Meaning(EXTERNAL_ID)
    if "title" in lacking and by_length:
        found[by_length.pop()] = Meaning("title")
    return found


def _has_space(texts: Iterable[str]) -> bool:
    return any(c.isspace() for t in texts for c in t)


def chosen(headings: Sequence[str], columns: Mapping[str, str]) -> Meanings:
    """The meanings that a person has chosen: heading -> column name, "" to leave it out."""
    return {h: Meaning(columns[h], unit_of(h)) for h in headings if columns.get(h)}


def check(room: str, headings: Sequence[str], meant: Meanings) -> None:
    """Raises Invalid when a column that every row needs is missing, with what was found."""
    taken = {m.column for m in meant.values()}
    lacking = [c for c in columns_of(room) if c.is_required and c.name not in taken]
    if RECORD_ID in taken:
        lacking = [c for c in lacking if c.name != EXTERNAL_ID]
    if lacking:
        raise unusable(
            "missing_columns",
            gettext_noop(
                "没有找到必填的列：%(lacking)s。文件里的列是：%(found)s。请改列名，或先下载模板。"
            ),
            lacking="、".join(c.heading for c in lacking),
            found="、".join(h for h in headings if h)[:300],
        )


def columns_by_name(room: str) -> dict[str, Column]:
    return {c.name: c for c in columns_of(room)}


def title_from(text: str) -> str:
    """A title for a text without one."""
    return first_sentence(text)
