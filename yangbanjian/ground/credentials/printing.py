"""A credential on paper: one typst template, one embedded font, two codes. The same credential
gives the same bytes: dated by the credential, no font of the system.

typst and segno are imported when something is printed: they are not needed to start.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path

from yangbanjian.ground.credentials.rules.documents import Shown

HERE = Path(__file__).parent
FONTS = HERE / "fonts"
FONT = FONTS / "NotoSansSC-Regular.otf"
# A module of half a millimetre is what a phone reads from paper without trying twice.
MODULE_MM = 0.5
VALID_FROM, VALID_UNTIL = "生效时间（UTC）", "有效期至（UTC）"
LINES = (
    "左侧二维码含有签名的全部内容，可离线核验真伪，不依赖任何网站。",
    "扫下面的二维码，或打开下面的网址，可查询当前状态（有效、已撤销）。请核对网址的域名。",
)


def rows_of(shown: Shown) -> list[tuple[str, str]]:
    """Every row that is read, on the page as on paper."""
    rows = [*shown.rows, (VALID_FROM, shown.valid_from)]
    return [*rows, (VALID_UNTIL, shown.valid_until)] if shown.valid_until else rows


def pdf(shown: Shown, address: str, code: str, footer: str) -> bytes:
    """PDF/A-2b, not sealed yet. `code` is the text of `codes.to_code`; `footer` names the document."""
    import typst

    at = int(datetime.fromisoformat(shown.valid_from).timestamp())
    big, modules = _drawn(code)
    small, _ = _drawn(address)
    said = {
        "title": shown.title, "issuer": shown.issuer, "rows": rows_of(shown), "lines": LINES,
        "notice": shown.notice, "address": address, "footer": footer, "code_mm": round(modules * MODULE_MM, 1),
    }  # fmt: skip
    return bytes(
        typst.compile(
            str(HERE / "page.typ"), root=str(HERE), font_paths=[str(FONTS)],
            ignore_system_fonts=True, pdf_standards=["a-2b"], timestamp=at,
            sys_inputs={"said": json.dumps(said), "code": big, "address": small},
        )
    )  # fmt: skip


def _drawn(text: str) -> tuple[str, int]:
    """A QR code as SVG, and how many modules wide it is with its quiet zone."""
    import segno

    drawn = segno.make(text, error="l" if len(text) > 300 else "m", micro=False)
    out = io.BytesIO()
    drawn.save(out, kind="svg", border=4)
    return out.getvalue().decode(), int(drawn.symbol_size(border=4)[0])


def unprintable(text: str) -> str:
    """The first character that the font lacks; "" when all can be printed."""
    return next((letter for letter in text if ord(letter) not in _letters()), "")


@cache
def _letters() -> frozenset[int]:
    """The code points that the font draws, from its cmap (OpenType, table formats 4 and 12)."""
    return frozenset(_mapped(FONT.read_bytes()))


def _mapped(font: bytes) -> Iterator[int]:
    (count,) = struct.unpack_from(">H", font, 4)
    tables = {font[12 + 16 * n : 16 + 16 * n]: 12 + 16 * n for n in range(count)}
    (start,) = struct.unpack_from(">L", font, tables[b"cmap"] + 8)
    (subtables,) = struct.unpack_from(">H", font, start + 2)
    for n in range(subtables):
        (offset,) = struct.unpack_from(">L", font, start + 4 + 8 * n + 4)
        (kind,) = struct.unpack_from(">H", font, start + offset)
        if kind == 12:
            (groups,) = struct.unpack_from(">L", font, start + offset + 12)
            for group in range(groups):
                first, last, _ = struct.unpack_from(">3L", font, start + offset + 16 + 12 * group)
                yield from range(first, last + 1)
