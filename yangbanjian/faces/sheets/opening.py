"""Is a file what it says, whole, and of a size that can be read? Looked at before anything is read.

A workbook is a zip: it is unpacked once without keeping anything, which finds bombs, damage and
cut-off files, and its cells' addresses are looked at, because one cell in the last corner of a
sheet would make a reader reserve room for seventeen thousand million cells.
"""

from __future__ import annotations

import codecs
import gzip
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from yangbanjian.kernel.refusals import Invalid
from yangbanjian.kernel.words import gettext_noop

LARGEST_FILE = 300 * 2**20
LARGEST_UNPACKED = 1024 * 2**20
LARGEST_WORKBOOK = 600 * 2**20
SUSPICIOUS, LARGEST_RATIO = 64 * 2**20, 100
MOST_PARTS = 2000
MOST_COLUMNS = 200
MOST_CELLS = 20_000_000
PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Found:
    """What a file is: `shape` is workbook, lines (JSON) or table (CSV); text has an encoding."""

    shape: str
    is_packed: bool = False
    encoding: str = ""


def unusable(code: str, sentence: str, **params: Any) -> Invalid:
    """The refusal of a whole file: nothing has been changed."""
    return Invalid(f"sheets.{code}", sentence, **params)


def look_at(path: Path) -> Found:
    """What the file is. Raises Invalid with what to do about one that can't be used."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(8)
    except OSError:
        raise unusable("no_file", gettext_noop("打不开这个文件，请检查路径和权限。")) from None
    if size == 0:
        raise unusable("empty", gettext_noop("这个文件是空的，请重新选择。"))
    if size > LARGEST_FILE:
        raise unusable(
            "too_large",
            gettext_noop("文件超过 %(most)d MB，请分成几份再导入。"),
            most=LARGEST_FILE >> 20,
        )
    _refuse_foreign(head)
    if head.startswith(b"PK"):
        _check_workbook(path, size)
        return Found("workbook")
    is_packed = head.startswith(b"\x1f\x8b")
    encoding, first = _read_through(path, size, is_packed)
    return Found("lines" if first in ("{", "[") else "table", is_packed, encoding)


def _refuse_foreign(head: bytes) -> None:
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise unusable(
            "old_workbook",
            gettext_noop(
                "这是旧版 .xls 或加了密码的工作簿（改后缀名没有用）。"
                "请在表格软件里打开，去掉密码，另存为 .xlsx 再导入。"
            ),
        )
    if head.startswith((b"%PDF", b"{\\rtf", b"Rar!", b"7z\xbc\xaf", b"\x89PNG", b"\xff\xd8\xff")):
        raise unusable(
            "not_a_sheet", gettext_noop("这不是表格文件。可以导入 .xlsx、.csv、.jsonl、.jsonl.gz。")
        )
    if head.lstrip()[:1] == b"<":
        raise unusable(
            "markup",
            gettext_noop(
                "这其实是网页或 XML 文件（常见于系统导出的“.xls”）。"
                "请用表格软件打开，另存为 .xlsx。"
            ),
        )


def _damaged() -> Invalid:
    return unusable(
        "damaged",
        gettext_noop("文件不完整或已损坏，可能没有传完。请重新下载或另存一份，再导入。"),
    )


def _bomb() -> Invalid:
    return unusable(
        "bomb",
        gettext_noop("文件展开后大得不正常，已拒绝读取。请只保留要导入的工作表，另存后再试。"),
    )


# --- workbooks


def _check_workbook(path: Path, size: int) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            _check_sizes(parts, size)
            names = {part.filename for part in parts}
            if "[Content_Types].xml" not in names or not any(n.startswith("xl/") for n in names):
                raise unusable(
                    "not_a_workbook",
                    gettext_noop("这是压缩包，不是 .xlsx 工作簿。请解压后选里面的表格。"),
                )
            for part in parts:
                _unpack(archive, part)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError):
        raise _damaged() from None
    except RuntimeError:  # zipfile's word for an encrypted part
        raise unusable("password", gettext_noop("文件加了密码，请去掉密码再导入。")) from None


def _check_sizes(parts: list[zipfile.ZipInfo], size: int) -> None:
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MOST_PARTS or unpacked > LARGEST_WORKBOOK:
        raise _bomb()
    if unpacked > SUSPICIOUS and unpacked > LARGEST_RATIO * size:
        raise _bomb()


_FAR = re.compile(rb"""\sr\s*=\s*["']\$?(?:[A-Z]{3}|G[S-Z]|[H-Z][A-Z])\$?[0-9]""")
_ROW = re.compile(rb"""<(?:\w+:)?row\s[^>]{0,200}?\br\s*=\s*["']([0-9]{1,9})["']""")
_CELL = re.compile(rb"""\sr\s*=\s*["']([A-G]?[A-Z])[0-9]""")


def _unpack(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Read a part to its end: its check sum shows damage and a size that was not true."""
    is_sheet = part.filename.startswith("xl/worksheets/") and part.filename.endswith(".xml")
    tail, last_row, columns = b"", 0, set()
    with archive.open(part) as stream:
        while piece := stream.read(PIECE):
            if not is_sheet:
                continue
            seen = tail + piece
            if _FAR.search(seen):
                raise too_many_columns()
            last_row = max([last_row, *map(int, _ROW.findall(seen))])
            columns |= set(_CELL.findall(seen[: 1 << 16]))
            tail = seen[-256:]
    if last_row * max(len(columns), 1) > MOST_CELLS or last_row > 1_048_576:
        raise unusable(
            "too_many_cells",
            gettext_noop("这张表的格子太多。请删去多余的行列，分成几份，或另存为 .csv 再导入。"),
        )


def too_many_columns() -> Invalid:
    return unusable(
        "too_many_columns",
        gettext_noop("表里超过 %(most)d 列。请删去多余的列（包括看似空白的列），再导入。"),
        most=MOST_COLUMNS,
    )


# --- text


def open_bytes(path: Path, is_packed: bool) -> IO[bytes]:
    """The file's bytes, unpacked on the way."""
    opened = gzip.open(path) if is_packed else path.open("rb")  # noqa: SIM115 - the caller closes
    return cast("IO[bytes]", opened)


def _pieces(path: Path, size: int, is_packed: bool) -> Iterator[bytes]:
    unpacked = 0
    try:
        with open_bytes(path, is_packed) as file:
            while piece := file.read(PIECE):
                unpacked += len(piece)
                if unpacked > LARGEST_UNPACKED:
                    raise _bomb()
                if unpacked > SUSPICIOUS and unpacked > 4 * LARGEST_RATIO * size:
                    raise _bomb()
                yield piece
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise _damaged() from None


_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def _read_through(path: Path, size: int, is_packed: bool) -> tuple[str, str]:
    """The encoding in which the whole file can be read, and its first character."""
    pieces = _pieces(path, size, is_packed)
    first = next(pieces, b"")
    if not first:
        raise unusable("empty", gettext_noop("这个文件是空的，请重新选择。"))
    marked = next((name for mark, name in _MARKS if first.startswith(mark)), "")
    candidates = (marked,) if marked else ("utf-8", "gb18030")
    decoders = {name: codecs.getincrementaldecoder(name)() for name in candidates}
    trouble: dict[str, UnicodeDecodeError] = {}
    opening = {name: _decoded(name, decoders, trouble, first) for name in candidates}
    if not marked and b"\x00" in first[:4096]:
        raise unusable(
            "binary", gettext_noop("这不是文本表格。可以导入 .xlsx、.csv、.jsonl、.jsonl.gz。")
        )
    for piece in pieces:
        for name in candidates:
            if name not in trouble:
                _decoded(name, decoders, trouble, piece)
    for name in candidates:
        if name not in trouble:
            _decoded(name, decoders, trouble, b"", final=True)
    usable = [name for name in candidates if name not in trouble]
    if "utf-8" in trouble:
        _refuse_nearly_utf8(trouble["utf-8"], opening["utf-8"] or first.decode("utf-8", "replace"))
    if not usable:
        raise unusable(
            "encoding",
            gettext_noop("看不出文件的文字编码。请在表格软件里另存为 .xlsx，或“CSV UTF-8”。"),
        )
    return usable[0], (opening[usable[0]] or " ").lstrip("\ufeff \t\r\n")[:1]


def _decoded(
    name: str,
    decoders: dict[str, codecs.IncrementalDecoder],
    trouble: dict[str, UnicodeDecodeError],
    piece: bytes,
    *,
    final: bool = False,
) -> str:
    try:
        return decoders[name].decode(piece, final)
    except UnicodeDecodeError as error:
        trouble[name] = error
        return ""


def _refuse_nearly_utf8(error: UnicodeDecodeError, opening: str) -> None:
    """GB18030 reads almost anything: a UTF-8 file with a flaw must not become gibberish."""
    far = sum(1 for c in opening if c >= "\u0800" and c != "\ufffd")
    bad = opening.count("\ufffd")
    if error.reason == "unexpected end of data" and far > 4 * bad:
        raise _damaged()
    if far > 20 * max(bad, 1):
        raise unusable(
            "mixed_encoding",
            gettext_noop("文件里有坏字（多半是编码混用）。请在表格软件里另存为 .xlsx 再导入。"),
        )
