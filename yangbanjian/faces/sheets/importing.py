"""From a file to records: open, map, read rows, write them, report what was left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from django.utils.translation import gettext

from yangbanjian.faces.sheets import cells, mapping
from yangbanjian.faces.sheets.cells import Codebook, Unreadable
from yangbanjian.faces.sheets.columns import EXTERNAL_ID, RECORD_ID, Meaning, library_of
from yangbanjian.faces.sheets.mapping import Meanings
from yangbanjian.faces.sheets.opening import unusable
from yangbanjian.faces.sheets.reading import Row, Table, open_table
from yangbanjian.faces.sheets.writing import RejectedRows
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Problem
from yangbanjian.kernel.text import clean_line, clean_text
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.achievements import policy as achievements
from yangbanjian.libraries.demands import policy as demands
from yangbanjian.libraries.experts import policy as experts
from yangbanjian.libraries.records import imports
from yangbanjian.libraries.records.queries import Library

KINDS = ("achievements", "demands", "experts")
FORMATS = ("", "beir")
SAMPLES, PREVIEWED, KEPT_PROBLEMS = 200, 2000, 200
_MAY_ADD = {"achievements": achievements, "demands": demands, "experts": experts}


@dataclass(slots=True)
class Counts:
    """How far an import is; `problems` are the first rows left out, for a page to show."""

    read: int = 0
    total: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    problems: list[dict[str, Any]] = field(default_factory=list)

    def line(self) -> str:
        """The closing line of the command."""
        return (
            f"created={self.created} updated={self.updated}"
            f" unchanged={self.unchanged} rejected={self.rejected}"
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be imported and how its columns are read."""

    library: Library
    table: Table
    meanings: Meanings
    is_beir: bool = False


def plan(
    path: Path,
    kind: str,
    *,
    format_: str = "",
    columns: Mapping[str, str] | None = None,
) -> Plan:
    """Open the file and decide what its columns mean; `columns` is what a person has confirmed
    (heading -> field name). Raises Invalid for a file that can't be used."""
    library = library_of(kind)
    if library is None:
        raise unusable("kind", gettext_noop("可以导入的是 %(kinds)s。"), kinds="、".join(KINDS))
    if format_ not in FORMATS:
        raise unusable("format", gettext_noop("--format 只能是 beir，或不填。"))
    table = open_table(path)
    if format_ == "beir" and not {"_id", "text"} <= set(table.headings):
        raise unusable(
            "not_beir", gettext_noop("这不是 BEIR 语料：每行要有 “_id” 和 “text”，可有 “title”。")
        )
    if columns is not None:
        meanings = mapping.chosen(table.headings, columns)
    else:
        samples = [r.cells for r in islice(table.rows(), SAMPLES) if r.problem is None]
        meanings = mapping.propose(library.room, table.headings, samples)
    return Plan(library, table, meanings, format_ == "beir")


def may_import(actor: Actor, library: Library, owner_id: int | None) -> None:
    """Raises NotAllowed for who may not add to this library for this owner."""
    _MAY_ADD[library.room].may_add(actor, owner_id).or_refuse()


def run(
    actor: Actor,
    planned: Plan,
    *,
    owner_id: int,
    state: str = "public",
    report: Path,
    on_progress: Callable[[Counts], None] = lambda counts: None,
) -> Counts:
    """Import all rows; those left out go to the workbook `report`. Raises NotAllowed, Invalid."""
    may_import(actor, planned.library, owner_id)
    if not planned.is_beir:
        mapping.check(planned.library.room, planned.table.headings, planned.meanings)
    counts = Counts(total=planned.table.total)
    reader = RowReader(planned)
    kept: dict[int, Row] = {}

    def rows() -> Iterator[imports.Row]:
        for row in planned.table.rows():
            kept[row.number] = row
            yield reader.read(row)

    headings = {name: heading for heading, name in reader.names.items()}
    with RejectedRows(report, planned.table.headings) as rejected:
        for outcome in imports.import_rows(
            actor=actor, library=planned.library, owner_id=owner_id, rows=rows(), state=state
        ):
            for rejection in outcome.rejected:
                told = _told(rejection, headings)
                rejected.add(kept[rejection.number], *told[1:])
                if len(counts.problems) < KEPT_PROBLEMS:
                    counts.problems.append(
                        dict(zip(("row", "column", "reason"), told, strict=True))
                    )
            kept.clear()
            _count(counts, outcome)
            on_progress(counts)
    return counts


def preview(planned: Plan, owner_id: int | None) -> tuple[list[dict[str, Any]], list[Row]]:
    """Rows that would be left out for what stands in their cells, and the first rows to show."""
    reader = RowReader(planned)
    headings = {name: heading for heading, name in reader.names.items()}
    first = list(islice(planned.table.rows(), PREVIEWED))
    found = imports.examine_rows(planned.library, map(reader.read, first))
    told = [_told(r, headings) for r in found]
    problems = [dict(zip(("row", "column", "reason"), t, strict=True)) for t in told]
    return problems[:KEPT_PROBLEMS], first[:5]


def _count(counts: Counts, outcome: imports.Outcome) -> None:
    counts.read += outcome.rows
    counts.created += outcome.created
    counts.updated += outcome.updated
    counts.unchanged += outcome.unchanged
    counts.rejected += len(outcome.rejected)


def _told(rejection: imports.Rejection, headings: Mapping[str, str]) -> tuple[int, str, str]:
    """(row, column headings, sentences) in the language in force."""
    columns = dict.fromkeys(headings.get(p.field, p.field) for p in rejection.problems if p.field)
    return rejection.number, "、".join(columns), "；".join(map(_sentence, rejection.problems))


def _sentence(problem: Problem) -> str:
    params = {
        k: gettext(v) if k in ("label", "columns") and v else v for k, v in problem.params.items()
    }
    said = gettext(problem.sentence)
    return said % params if params else said


CLASSIFICATIONS = frozenset({"disciplines", "industries", "emerging", "regions", "field"})


class RowReader:
    """Turns cells into raw values of the library's fields; remembers code labels."""

    def __init__(self, planned: Plan) -> None:
        self.library, self.is_beir = planned.library, planned.is_beir
        self.book = Codebook()
        self.fields = {f.name: f for f in planned.library.fields}
        self.meanings = dict(planned.meanings)
        if planned.is_beir:
            self.meanings = {
                "_id": Meaning(EXTERNAL_ID), "title": Meaning("title"),
                "text": Meaning("abstract"),
            }  # fmt: skip
        self.names = {heading: m.column for heading, m in self.meanings.items()}
        self.left_over = [
            h for h in planned.table.headings
            if h and h not in self.meanings and h not in mapping.REPORT_HEADINGS
        ]  # fmt: skip

    def read(self, row: Row) -> imports.Row:
        """The row as the library takes it; cells that can't be read are its problems."""
        if row.problem is not None:
            return imports.Row(row.number, problems=(row.problem,))
        ids = {EXTERNAL_ID: "", RECORD_ID: ""}
        values: dict[str, Any] = {}
        kept: dict[str, Any] = {}
        problems: list[Problem] = []
        for heading, meaning in self.meanings.items():
            cell = row.cells.get(heading)
            if meaning.column in ids:
                ids[meaning.column] = cells.as_text(cell)
            elif heading in row.cells:
                self._read_into(values, problems, meaning, cell)
                if not self._classify(values, heading, meaning.column):
                    kept[heading] = cell
        is_derived = self.is_beir and not values.get("title")
        if is_derived:
            values["title"] = mapping.title_from(str(values.get("abstract") or ""))
        return imports.Row(
            row.number, ids[EXTERNAL_ID], ids[RECORD_ID], values, tuple(problems), is_derived,
            {**self._extra(row, values), **{h: _storable(v) for h, v in kept.items()}},
        )  # fmt: skip

    def _read_into(
        self, values: dict[str, Any], problems: list[Problem], meaning: Meaning, cell: Any
    ) -> None:
        field = self.fields[meaning.column]
        try:
            values[meaning.column] = cells.read(field, cell, self.book, meaning.unit)
        except Unreadable as bad:
            problems.append(bad.problem)

    def _classify(self, values: dict[str, Any], heading: str, name: str) -> bool:
        """Leave out classifications that our tables do not have; False when there were any.

        Other systems class by tables of their own: that lowers the shown completeness and is kept
        beside the record, but it is no reason to refuse a row. In a column of our own name a
        strange code is a slip, and told.
        """
        field = self.fields[name]
        said = values.get(name)
        is_ours = heading.strip() in (field.label, field.name)
        if is_ours or field.table not in CLASSIFICATIONS or not said:
            return True
        if isinstance(said, list):
            values[name] = [code for code in said if self.book.is_known(field.table, code)]
            return len(values[name]) == len(said)
        if self.book.is_known(field.table, said):
            return True
        del values[name]
        return False

    def _extra(self, row: Row, values: dict[str, Any]) -> dict[str, Any]:
        """What the file says besides; a discipline that our table knows is a code."""
        extra = {h: row.cells[h] for h in self.left_over if row.cells.get(h) not in (None, "")}
        said = extra.get("discipline")
        if isinstance(said, str) and not values.get("discipline_codes"):
            code = self.book.code("disciplines", said)
            if code != said:
                values["discipline_codes"] = [code]
        return {clean_line(k, cap=100): _storable(v) for k, v in list(extra.items())[:40]}


def _storable(value: Any, depth: int = 0) -> Any:
    """A value as the database can hold it: no control characters, no numbers that are none."""
    if isinstance(value, bool | int) or value is None:
        return value
    if isinstance(value, list) and depth < 4:
        return [_storable(v, depth + 1) for v in value[:50]]
    if isinstance(value, dict) and depth < 4:
        told = list(value.items())[:50]
        return {clean_line(str(k), cap=100): _storable(v, depth + 1) for k, v in told}
    return clean_text(cells.as_text(value), cap=2000)
