"""Rows of a file: .xlsx, .csv, .jsonl, .jsonl.gz. Text is streamed; a row is never kept."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import python_calamine

from yangbanjian.faces.sheets import guarding
from yangbanjian.faces.sheets.opening import (
    MOST_COLUMNS,
    Found,
    look_at,
    open_bytes,
    too_many_columns,
    unusable,
)
from yangbanjian.kernel.refusals import Problem
from yangbanjian.kernel.words import gettext_noop

LONGEST_LINE = 2 << 20
_KEYS_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class Row:
    """A row with its number as people count it (the heading is row 1; of lines, the line).

    `cells` by heading; `problem` where the row itself can't be read."""

    number: int
    cells: Mapping[str, Any] = field(default_factory=dict)
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """An opened file: its headings and, in a second pass, its rows; `total` where it is known."""

    path: Path
    found: Found
    headings: tuple[str, ...]
    total: int
    sheet: str = ""

    def rows(self) -> Iterator[Row]:
        """All rows from the start; blank ones are passed over."""
        if self.found.shape == "workbook":
            return _workbook_rows(self)
        if self.found.shape == "lines":
            return _line_rows(self)
        return _table_rows(self)


def open_table(path: Path) -> Table:
    """Look through the whole file once. Raises Invalid for one that can't be used."""
    found = look_at(path)
    if found.shape == "workbook":
        return _open_workbook(path, found)
    table = Table(path, found, (), 0)
    return _open_lines(table) if found.shape == "lines" else _open_csv(table)


def _no_rows() -> Exception:
    return unusable("no_rows", gettext_noop("表里没有数据。第一行应是列名，从第二行起每行一条。"))


def _unique(headings: list[str]) -> tuple[str, ...]:
    """Headings without trailing blanks; one that comes again gets its number."""
    while headings and not headings[-1]:
        headings.pop()
    if len(headings) > MOST_COLUMNS:
        raise too_many_columns()
    counts: Counter[str] = Counter()
    names = []
    for heading in headings:
        counts[heading] += 1
        names.append(
            heading if counts[heading] == 1 or not heading else f"{heading} {counts[heading]}"
        )
    return tuple(names)


# --- workbooks


def _sheet(path: Path) -> python_calamine.CalamineSheet:
    """The first visible sheet with anything in it."""
    try:
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        shown = [
            m.name for m in book.sheets_metadata
            if m.visible == python_calamine.SheetVisibleEnum.Visible
            and m.typ == python_calamine.SheetTypeEnum.WorkSheet
        ]  # fmt: skip
        sheets = (book.get_sheet_by_name(name) for name in shown)
        return next((s for s in sheets if s.height > 0), None) or _raise(_no_rows())
    except python_calamine.PasswordError:
        raise unusable("password", gettext_noop("文件加了密码，请去掉密码再导入。")) from None
    except (python_calamine.CalamineError, ValueError, OSError):
        raise unusable(
            "unreadable_workbook", gettext_noop("工作簿读不出来，请用表格软件打开后另存为 .xlsx。")
        ) from None


def _raise(error: Exception) -> Any:
    raise error


def _open_workbook(path: Path, found: Found) -> Table:
    sheet = _sheet(path)
    rows = sheet.iter_rows()
    headings = next((list(r) for r in rows if any(_is_said(c) for c in r)), [])
    if not headings:
        raise _no_rows()
    names = _unique([_heading(c) for c in headings])
    return Table(path, found, names, max(sheet.height - 1, 0), sheet.name)


def _heading(cell: Any) -> str:
    return " ".join(str(cell).replace("*", " ").split()) if _is_said(cell) else ""


def _is_said(cell: Any) -> bool:
    return cell is not None and (not isinstance(cell, str) or bool(cell.strip()))


def _workbook_rows(table: Table) -> Iterator[Row]:
    sheet = _sheet(table.path)
    first = (sheet.start or (0, 0))[0]
    is_past_headings = False
    for number, cells in enumerate(sheet.iter_rows(), _first_number(first)):
        if not any(_is_said(c) for c in cells):
            continue
        if not is_past_headings:
            is_past_headings = True
            continue
        yield Row(number, _named(table.headings, cells))


def _first_number(first: int) -> int:
    # iter_rows begins at the sheet's first used row, or at row 1 in releases that pad.
    return first + 1


def _named(headings: tuple[str, ...], cells: list[Any]) -> dict[str, Any]:
    return {
        heading: guarding.read_back(cell) if isinstance(cell, str) else cell
        for heading, cell in zip(headings, cells, strict=False)
        if heading
    }


# --- CSV


def _text(table: Table, newline: str | None) -> io.TextIOWrapper:
    raw = open_bytes(table.path, table.found.is_packed)
    return io.TextIOWrapper(raw, encoding=table.found.encoding, newline=newline)


def _delimiter(line: str) -> str:
    counts = dict.fromkeys(",\t;|", 0)
    quoted = False
    for char in line:
        quoted ^= char == '"'
        if not quoted and char in counts:
            counts[char] += 1
    return max(counts, key=lambda mark: counts[mark])


def _records(table: Table) -> Iterator[tuple[int, list[str]]]:
    """(line number of its start, cells) of each record."""
    with _text(table, "") as text:
        opening = text.readline(LONGEST_LINE)
        text.seek(0)
        reader = csv.reader(text, delimiter=_delimiter(opening), strict=True)
        try:
            start = 1
            for cells in reader:
                yield start, cells
                start = reader.line_num + 1
        except csv.Error as error:
            if "end of data" in str(error):
                sentence = gettext_noop(
                    "第 %(line)d 行的引号没有配对，文件可能没有传完。请补全或重新导出。"
                )
            else:
                sentence = gettext_noop("第 %(line)d 行读不出来，请在表格软件里另存为 .xlsx。")
            raise unusable("broken_csv", sentence, line=start) from None


def _open_csv(table: Table) -> Table:
    headings: list[str] = []
    total = 0
    for _line, cells in _records(table):
        if len(cells) > MOST_COLUMNS and any(c.strip() for c in cells[MOST_COLUMNS:]):
            raise too_many_columns()
        if not any(c.strip() for c in cells):
            continue
        if headings:
            total += 1
        else:
            headings = [_heading(c) for c in cells]
    if not headings:
        raise _no_rows()
    return Table(table.path, table.found, _unique(headings), total)


def _table_rows(table: Table) -> Iterator[Row]:
    is_past_headings = False
    held: tuple[int, list[str]] | None = None
    number = 0
    for _line, cells in _records(table):
        number += 1
        if not any(c.strip() for c in cells):
            continue
        if not is_past_headings:
            is_past_headings = True
            continue
        if held is not None:
            yield Row(held[0], _named(table.headings, held[1]))
        held = (number, cells)
    if held is not None:
        short = len(held[1]) < len(table.headings) and not _ends_a_line(table)
        problem = _cut_off() if short else None
        yield Row(held[0], _named(table.headings, held[1]), problem)


def _ends_a_line(table: Table) -> bool:
    last = b""
    with open_bytes(table.path, table.found.is_packed) as file:
        while piece := file.read(1 << 20):
            last = piece
    return last.endswith((b"\n", b"\r", b"\n\x00", b"\x00\n"))


def _cut_off() -> Problem:
    return Problem(
        "", "cut_off", gettext_noop("最后一行不完整，文件可能没有传完。请补全这一行再导入。")
    )


# --- JSON lines


def _lines(table: Table) -> Iterator[tuple[int, str]]:
    with _text(table, "\n") as text:
        number = 0
        while line := text.readline(LONGEST_LINE):
            number += 1
            if line.strip().lstrip("\ufeff"):
                yield number, line


def _open_lines(table: Table) -> Table:
    keys: dict[str, None] = {}
    total = usable = 0
    for _number, line in _lines(table):
        total += 1
        if total > _KEYS_LOOKED_AT:
            continue
        said = _parsed(line)
        if isinstance(said, dict):
            usable += 1
            keys.update(dict.fromkeys(str(k) for k in said))
    if not usable:
        raise unusable(
            "not_lines",
            gettext_noop('每行应是一个完整的 JSON 对象，例如 {"id": …, "title": …}。请检查文件。'),
        )
    if len(keys) > MOST_COLUMNS:
        raise too_many_columns()
    return Table(table.path, table.found, tuple(keys), total)


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _line_rows(table: Table) -> Iterator[Row]:
    for number, line in _lines(table):
        said = _parsed(line)
        if isinstance(said, dict):
            yield Row(number, {str(k): v for k, v in said.items()})
        elif number >= table.total and not line.endswith("\n"):
            yield Row(number, {}, _cut_off())
        else:
            sentence = gettext_noop("这一行不是完整的 JSON 对象，请改正。")
            yield Row(number, {"JSON": line[:500].strip()}, Problem("", "not_json", sentence))
