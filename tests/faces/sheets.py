"""Files for tests of sheets: small workbooks, tables and lines, good and bad."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

HEADINGS = ("编号", "名称", "摘要")


def workbook(path: Path, rows: Iterable[Sequence[Any]], headings: Sequence[str] = HEADINGS) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("表")
        for at, row in enumerate([headings, *rows]):
            for place, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(at, place, cell)
                elif cell is not None:
                    sheet.write(at, place, cell)
    return path


def lines(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    text = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)
    body = text.encode()
    path.write_bytes(gzip.compress(body) if path.name.endswith(".gz") else body)
    return path


def rows(count: int, prefix: str = "a") -> list[dict[str, Any]]:
    return [
        {
            "id": f"{prefix}{n}",
            "title": f"低温余热回收装置第{n}号",
            "abstract": f"回收排热用于除霜，第{n}种做法。",
        }
        for n in range(count)
    ]


def bomb(path: Path) -> Path:
    """A workbook whose sheet unpacks to 300 MB of nothing."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("[Content_Types].xml", "<Types/>")
        out.writestr("xl/workbook.xml", "<workbook/>")
        with out.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for _ in range(300):
                sheet.write(b" " * (1 << 20))
    return path


def with_sheet(path: Path, source: Path, old: bytes, new: bytes) -> Path:
    """A copy of a workbook in which the sheet's XML says something else."""
    with zipfile.ZipFile(source) as given, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for part in given.infolist():
            body = given.read(part)
            if part.filename.startswith("xl/worksheets/"):
                assert old in body
                body = body.replace(old, new)
            out.writestr(part.filename, body)
    return path
