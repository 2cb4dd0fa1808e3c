"""How amounts of money are written: short in sentences, full in contracts and tables.

Amounts are integer fen; no float is ever made, so what is shown is what is stored.
"""

from __future__ import annotations

FEN_PER_YUAN = 100
FEN_PER_WAN = 10_000 * FEN_PER_YUAN
FEN_PER_YI = 10_000 * FEN_PER_WAN


def _rounded(fen: int, unit_fen: int, places: int) -> str:
    """`fen` in the given unit, rounded half up (away from zero) to `places`, no trailing zeros."""
    scale: int = 10**places
    steps = (abs(fen) * scale * 2 + unit_fen) // (unit_fen * 2)
    whole, rest = divmod(steps, scale)
    text = f"{whole:,}"
    if rest:
        text += "." + f"{rest:0{places}d}".rstrip("0")
    return "\N{MINUS SIGN}" + text if fen < 0 and steps else text


def format_fen_short(fen: int) -> str:
    """For sentences: 「80 万」, 「4.15 亿」, 「600 元」.

    At most two decimals; the unit is the largest that fits.

    An amount that rounding lifts to the next unit is written in it: 9 999.999 万 is 「1 亿」.
    """
    yi_from = FEN_PER_YI - FEN_PER_WAN // 200  # from here 「10,000 万」 would be shown
    if abs(fen) >= yi_from:
        return f"{_rounded(fen, FEN_PER_YI, 2)} 亿"
    if abs(fen) >= FEN_PER_WAN:
        return f"{_rounded(fen, FEN_PER_WAN, 2)} 万"
    return f"{_rounded(fen, FEN_PER_YUAN, 2)} 元"


def format_fen_full(fen: int) -> str:
    """For contracts and tables: 「¥1,062,000.00」, always with two decimals."""
    yuan, rest = divmod(abs(fen), FEN_PER_YUAN)
    sign = "\N{MINUS SIGN}" if fen < 0 else ""
    return f"{sign}¥{yuan:,}.{rest:02d}"
