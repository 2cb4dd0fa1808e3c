"""Writing files: exports and reports of rejected rows, row by row, with nothing kept in memory."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import IO, Any, cast

import xlsxwriter
from django.utils.translation import gettext

from yangbanjian.faces.sheets import guarding
from yangbanjian.faces.sheets.cells import Codebook, as_text, write
from yangbanjian.faces.sheets.columns import EXTERNAL_ID, RECORD_ID, Column, columns_of
from yangbanjian.faces.sheets.mapping import COLUMN, REASON, ROW
from yangbanjian.faces.sheets.opening import unusable
from yangbanjian.faces.sheets.reading import Row
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.records.imports import reference_of
from yangbanjian.libraries.records.queries import Library

LONGEST_CELL = 32_767
_FORMATS = (".xlsx", ".csv", ".jsonl", ".jsonl.gz")
Cells = Sequence[str | float | int]
Writer = Callable[[Cells], None]


class Sheet:
    """One worksheet that is written downwards; texts are strings, never formulas."""

    def __init__(self, book: xlsxwriter.Workbook, name: str) -> None:
        self.sheet = book.add_worksheet(name)
        self._quoted = book.add_format({"quote_prefix": True})
        self._head = book.add_format({"bold": True, "bg_color": "#EAF0F7", "bottom": 1})
        self.at = 0

    def head(self, headings: Iterable[str], required: frozenset[str] = frozenset()) -> None:
        """The heading row, which stays in sight."""
        for place, heading in enumerate(headings):
            self.sheet.write_string(0, place, heading, self._head)
            self.sheet.set_column(place, place, 34 if heading in required else 18)
        self.sheet.freeze_panes(1, 0)
        self.at = 1

    def row(self, cells: Cells) -> None:
        """One row; an empty cell is left out."""
        for place, cell in enumerate(cells):
            if isinstance(cell, str):
                self._text(place, cell)
            else:
                self.sheet.write_number(self.at, place, cell)
        self.at += 1

    def _text(self, place: int, cell: str) -> None:
        if not cell:
            return
        text = guarding.for_workbook(cell)
        if len(text.encode("utf-16-le")) // 2 > LONGEST_CELL:
            raise unusable(
                "cell_too_long",
                gettext_noop("第 %(row)d 行有一格太长，工作簿放不下。请改存为 .csv 或 .jsonl。"),
                row=self.at + 1,
            )
        quoted = self._quoted if guarding.is_risky(cell) else None
        self.sheet.write_string(self.at, place, text, quoted)


def workbook(target: Path | IO[bytes]) -> xlsxwriter.Workbook:
    """A workbook that keeps one row in memory and never guesses what a text means."""
    options = {
        "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
        "strings_to_numbers": False,
    }  # fmt: skip
    return xlsxwriter.Workbook(str(target) if isinstance(target, Path) else target, options)


# --- exports


def suffix_of(path: Path) -> str:
    """The format that a file's name asks for. Raises Invalid for another one."""
    name = path.name.lower()
    found = next((f for f in reversed(_FORMATS) if name.endswith(f)), "")
    if not found:
        raise unusable(
            "export_format",
            gettext_noop("文件名请以 %(formats)s 之一结尾。"),
            formats="、".join(_FORMATS),
        )
    return found


def export(
    library: Library,
    records: Iterable[Any],
    path: Path,
    *,
    is_writer: Callable[[Any], bool] = lambda record: True,
    may_name: Callable[[Any], bool] = lambda record: True,
) -> int:
    """Write records to a file; returns how many. Fields that are not public are written where
    `is_writer` says so; the external id where `may_name` says so."""
    form = suffix_of(path)
    rows = _rows(library, records, is_writer, may_name)
    if form == ".xlsx":
        with path.open("wb") as out:
            return export_workbook(library, rows, out)
    return (
        _export_csv(library, rows, path) if form == ".csv" else _export_lines(library, rows, path)
    )


Exported = tuple[Any, Mapping[str, Any]]


def _rows(
    library: Library,
    records: Iterable[Any],
    is_writer: Callable[[Any], bool],
    may_name: Callable[[Any], bool],
) -> Iterator[Exported]:
    for record in records:
        is_mine = is_writer(record)
        values = {f.name: getattr(record, f.name) for f in library.fields if f.is_public or is_mine}
        values[EXTERNAL_ID] = (record.external_id or "") if is_mine or may_name(record) else ""
        values[RECORD_ID] = reference_of(record) if is_mine else ""
        yield record, values


def rows_for(
    library: Library,
    records: Iterable[Any],
    is_writer: Callable[[Any], bool],
    may_name: Callable[[Any], bool],
) -> Iterator[Exported]:
    """What `export_workbook` writes, for whoever may see it."""
    return _rows(library, records, is_writer, may_name)


def _cells(columns: Sequence[Column], values: Mapping[str, Any], book: Codebook) -> Cells:
    return [
        write(c.field, values.get(c.name), book) if c.field else str(values.get(c.name) or "")
        for c in columns
    ]


def export_workbook(library: Library, rows: Iterable[Exported], out: IO[bytes]) -> int:
    """A workbook of the library's columns; returns the number of rows."""
    columns, codes, count = columns_of(library.room), Codebook(), 0
    with workbook(out) as book:
        sheet = Sheet(book, gettext(library.label))
        headings = [gettext(c.heading) for c in columns]
        sheet.head(
            headings, frozenset(h for h, c in zip(headings, columns, strict=True) if c.is_required)
        )
        for _record, values in rows:
            sheet.row(_cells(columns, values, codes))
            count += 1
    return count


def _export_csv(library: Library, rows: Iterable[Exported], path: Path) -> int:
    columns, codes, count = columns_of(library.room), Codebook(), 0
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        sheet = csv.writer(out)
        sheet.writerow([gettext(c.heading) for c in columns])
        for _record, values in rows:
            cells = _cells(columns, values, codes)
            sheet.writerow([guarding.for_csv(c) if isinstance(c, str) else c for c in cells])
            count += 1
    return count


@contextmanager
def lines_into(path: Path) -> Iterator[IO[str]]:
    """A file of lines to write, packed where its name says so."""
    packed = path.name.endswith(".gz")
    opened = gzip.open(path, "wb") if packed else path.open("wb")  # noqa: SIM115 - closed below
    raw = cast("IO[bytes]", opened)
    with raw, io.TextIOWrapper(raw, encoding="utf-8", newline="\n") as out:
        yield out


def _export_lines(library: Library, rows: Iterable[Exported], path: Path) -> int:
    count = 0
    with lines_into(path) as out:
        for _record, values in rows:
            said = {k: v for k, v in values.items() if v not in ("", None, [])}
            out.write(json.dumps(said, ensure_ascii=False, default=_json) + "\n")
            count += 1
    return count


def _json(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


# --- rejected rows


class RejectedRows:
    """The workbook of rows that were left out, as they were sent, with the reason in front. It is
    made with the first of them; without any there is no file."""

    def __init__(self, path: Path, headings: Sequence[str]) -> None:
        self.path = path
        self._headings = [h for h in headings if h and h not in (ROW, COLUMN, REASON)]
        self._book: xlsxwriter.Workbook | None = None
        self._sheet: Sheet | None = None

    def __enter__(self) -> RejectedRows:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._book is not None:
            self._book.close()

    def add(self, row: Row, columns: str, reason: str) -> None:
        """A row with the columns and the sentences of what is wrong."""
        if self._sheet is None:
            self._book = workbook(self.path)
            self._sheet = Sheet(self._book, "rejected")
            self._sheet.head([*self._headings, ROW, COLUMN, REASON])
        told = [_as_sent(row.cells.get(h)) for h in self._headings]
        self._sheet.row([*told, row.number, columns[:1000], reason[:4000]])


def _as_sent(cell: Any) -> str | float | int:
    if isinstance(cell, bool) or cell is None:
        return as_text(cell)
    if isinstance(cell, int | float) and abs(cell) < 1e15:
        return cell
    if isinstance(cell, list) and all(isinstance(c, str) for c in cell):
        cell = "；".join(c.replace("；", "\\；") for c in cell)
    if isinstance(cell, list | dict):
        cell = json.dumps(cell, ensure_ascii=False)
    return as_text(cell)[: LONGEST_CELL - 10]
