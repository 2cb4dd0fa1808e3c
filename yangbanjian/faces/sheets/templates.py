"""A workbook to fill in: headings, drop-down lists, hints, an example row, the code lists behind.

The lists stand on a sheet of their own, because a list written into a cell's rule may hold only
255 characters. Regions (3,200 of them) are on the code sheet to look up, without a drop-down.
"""

from __future__ import annotations

from typing import IO, Any

import xlsxwriter
from django.utils.translation import gettext
from xlsxwriter.utility import xl_col_to_name

from yangbanjian.faces.sheets.cells import Codebook, write
from yangbanjian.faces.sheets.columns import EXTERNAL_ID, RECORD_ID, Column, columns_of
from yangbanjian.faces.sheets.writing import Sheet
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.records.queries import Library
from yangbanjian.libraries.records.rules.fields import Field

LAST_ROW = 5000
_CODES = "codes"
_EXAMPLES: dict[str, str | int] = {
    "words": "关键词一；关键词二", "integer": 6, "fen": 800000, "date": "2026-12-31",
    "boolean": "是",
}  # fmt: skip


def template(library: Library, out: IO[bytes]) -> None:
    """Write the template workbook of a library."""
    columns = [c for c in columns_of(library.room) if c.name != RECORD_ID]
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False})
    codebook = Codebook()
    sheet = Sheet(book, gettext(library.label))
    required = frozenset(gettext(c.heading) for c in columns if c.is_required)
    sheet.head(
        [f"{gettext(c.heading)} *" if c.is_required else gettext(c.heading) for c in columns],
        required,
    )
    options = _code_sheet(book, columns, codebook)
    for place, column in enumerate(columns):
        _guide(sheet, place, column, options.get(column.field.table if column.field else "", ""))
    _help_sheet(book, library, columns, codebook)
    book.close()


def _code_sheet(book: Any, columns: list[Column], codebook: Codebook) -> dict[str, str]:
    """Write every table that the columns need into a hidden sheet; table -> its range."""
    sheet = Sheet(book, _CODES)
    tables = list(dict.fromkeys(t for c in columns for t in _tables(c.field)))
    sheet.head(tables)
    ranges = {}
    for place, table in enumerate(tables):
        options = codebook.options(table)
        for row, option in enumerate(options, 1):
            sheet.sheet.write_string(row, place, option)
        letter = xl_col_to_name(place)
        ranges[table] = f"={_CODES}!${letter}$2:${letter}${len(options) + 1}"
    sheet.sheet.hide()
    return ranges


def _tables(field: Field | None) -> list[str]:
    if field is None:
        return []
    return [f.table for f in (field, *field.columns) if f.table]


def _guide(sheet: Sheet, place: int, column: Column, options: str) -> None:
    """A hint that shows when the cell is chosen; a list, or bounds, where there are any."""
    rule: dict[str, Any] = {
        "validate": "any",
        "input_title": gettext(column.heading)[:32],
        "input_message": gettext(column.hint)[:250] or gettext(column.heading)[:250],
    }
    field = column.field
    if column.kind == "code" and options:
        rule |= {"validate": "list", "source": options, "error_type": "warning"}
    elif column.kind == "boolean":
        rule |= {"validate": "list", "source": ["是", "否"], "error_type": "warning"}
    elif column.kind == "integer" and field and field.least is not None and field.most is not None:
        rule |= {
            "validate": "integer", "criteria": "between", "minimum": field.least,
            "maximum": field.most, "error_type": "warning",
        }  # fmt: skip
    sheet.sheet.data_validation(1, place, LAST_ROW, place, rule)


def _help_sheet(book: Any, library: Library, columns: list[Column], codebook: Codebook) -> None:
    """What each column is, with an example: on its own sheet, so that it is never imported."""
    sheet = Sheet(book, gettext(gettext_noop("填写说明")))
    heads = (gettext_noop("列"), gettext_noop("必填"), gettext_noop("怎么填"), gettext_noop("例子"))
    sheet.head([gettext(h) for h in heads])
    for column in columns:
        must = gettext(gettext_noop("必填")) if column.is_required else ""
        sheet.row(
            [gettext(column.heading), must, gettext(column.hint), str(example(column, codebook))]
        )


def example(column: Column, codebook: Codebook) -> str | float | int:
    """An example of what may stand in the column."""
    field = column.field
    if column.name == EXTERNAL_ID or column.example or field is None:
        return column.example
    if field.kind in ("code", "codes"):
        return next(iter(codebook.options(field.table)), "")
    if field.kind == "rows":
        row = {f.name: _example_of(f, codebook) for f in field.columns}
        return write(field, [row], codebook)
    return _EXAMPLES.get(field.kind, "")


def _example_of(field: Field, codebook: Codebook) -> Any:
    if field.example:
        return field.example
    if field.kind == "code":
        first = next(iter(codebook.options(field.table)), "")
        return codebook.code(field.table, first)
    said = {"integer": field.least or 1, "number": "30", "boolean": True, "date": "2026-03-01"}
    return said.get(field.kind, "…")
