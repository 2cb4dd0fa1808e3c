"""Sheets of the books to take away: statements of accounts and trial balances, as .xlsx or .csv.

Money is written in yuan as a number with two decimals; texts never as formulas.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from yangbanjian.faces.sheets import guarding
from yangbanjian.faces.sheets.writing import Sheet, workbook

FORMATS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
MOST_ROWS = 50_000
Cell = str | int | float


def yuan(value: int, asset: str) -> Cell:
    """An amount as a cell: exact in both forms (a number keeps fifteen digits, more are text)."""
    if asset != "CNY":
        return value if abs(value) < 10**15 else str(value)
    text = f"{'-' if value < 0 else ''}{abs(value) // 100}.{abs(value) % 100:02d}"
    return float(text) if abs(value) < 10**15 else text


def written(form: str, name: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """The whole file; `name` is that of the worksheet."""
    if form == "csv":
        out = io.StringIO()
        sheet = csv.writer(out)
        sheet.writerow(headings)
        for row in rows:
            sheet.writerow([_for_csv(cell) for cell in row])
        return out.getvalue().encode("utf-8-sig")
    packed = io.BytesIO()
    with workbook(packed) as book:
        page = Sheet(book, name[:31])
        page.head(headings)
        for row in rows:
            page.row(row)
    return packed.getvalue()


def _for_csv(cell: Cell) -> str:
    if isinstance(cell, float):
        return f"{cell:.2f}"
    return guarding.for_csv(cell) if isinstance(cell, str) else str(cell)
