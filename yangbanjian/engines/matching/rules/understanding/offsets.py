"""One spelling to read, with a way back: every folded character knows where it came from."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

LIMIT = 4000
"""Code points of a text that patterns look at; what follows is stored but not read."""

_DASHES = frozenset("‐‑‒–—―−﹣－⸺")
_VARIANTS = {"裏": "里", "裡": "里", "≦": "≤", "≧": "≥", "⩽": "≤", "⩾": "≥", "〜": "~", "∼": "~"}
_UPPER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_THOUSANDS = re.compile("(?<=[０-９])，(?=[０-９])")
_WORD = re.compile(r"[A-Za-z0-9.)]")
_UNIT_ENDS = frozenset("万亿千百十元吨米秒度天年月日时分个级倍次成")
_NUMERALS = frozenset("0123456789一二两三四五六七八九十百千万克毫厘分平")
MINUS = "\u2212"
"""A sign that belongs to its number; a plain "-" is a dash or a range."""


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text and, for each of its characters, the half-open source range it stands for.

    `text` keeps upper and lower case (mW is not MW); `lower` is the same length in lower case.
    """

    raw: str
    text: str
    lower: str
    starts: Sequence[int]
    ends: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Code points of the source covered by folded characters `start` to `end` (exclusive)."""
        if not start < end <= len(self.text):
            return (0, 0)
        return (self.starts[start], self.ends[end - 1])

    def source(self, start: int, end: int) -> str:
        """The source text of folded characters `start` to `end`, as it was written."""
        first, last = self.span(start, end)
        return self.raw[first:last]


@lru_cache(maxsize=1)
def _simplified() -> dict[str, str]:
    """Traditional character -> simplified, from OpenCC's character dictionary (Apache-2.0)."""
    rows = files("opencc").joinpath("dictionary", "TSCharacters.txt").read_text("utf-8")
    table: dict[str, str] = {}
    for row in rows.splitlines():
        source, _, targets = row.partition("\t")
        target = targets.split(" ")[0]
        if len(source) == 1 and len(target) == 1:
            table[source] = target
    return table | _VARIANTS


def _plain(char: str) -> str:
    """The folded form of one character; empty when it says nothing (control, format, surrogate)."""
    if char in "\n\r\u2028\u2029\x0b\x0c":
        return "\n"
    if char.isspace():
        return " "
    if char in _DASHES:
        return "-"
    if char == "，":  # a full-width comma parts clauses, an ASCII one may part thousands
        return char
    category = unicodedata.category(char)
    if category in {"Cc", "Cf", "Cs", "Co", "Cn", "Mn"}:
        return ""
    if category == "No" and unicodedata.normalize("NFKC", char) != char:
        return _enclosed(char)
    wide = _simplified().get(char, char)
    return "".join(_simplified().get(c, c) for c in unicodedata.normalize("NFKC", wide))


def _enclosed(char: str) -> str:
    """① parts list items, so it must not grow into a number; ² and ½ stay readable."""
    flat = unicodedata.normalize("NFKC", char)
    if unicodedata.decomposition(char).startswith(("<super>", "<fraction>")):
        return flat
    return "\n"


class _Forms(dict[str, str]):
    """Character -> folded form, worked out once each; `touchy` are those whose neighbours matter."""

    def __init__(self) -> None:
        super().__init__()
        self.touchy: set[str] = set()

    def __missing__(self, char: str) -> str:
        plain = _plain(char)
        if plain in (" ", "-") or unicodedata.category(char) == "No":
            self.touchy.add(char)
        self[char] = plain
        return plain


_FORMS = _Forms()


def _full_width_thousands(raw: str, at: int) -> bool:
    around = raw[at - 1 : at] + raw[at + 1 : at + 2]
    return len(around) == 2 and all("０" <= c <= "９" for c in around)


def _pieces(raw: str) -> list[tuple[str, int]]:
    """Folded characters with the index each comes from, blanks already squeezed to one."""
    out: list[tuple[str, int]] = []
    for at, char in enumerate(raw):
        plain = _FORMS[char]
        if char == "，" and _full_width_thousands(raw, at):
            plain = ","
        elif char in _FORMS.touchy:
            if plain.isdigit() and out and out[-1][0].isdigit():
                plain = "^" + plain  # 10² must not read as 102
            if plain == " " and out and out[-1][0] == " ":
                continue
        if len(plain) == 1:
            out.append((plain, at))
        else:
            out.extend((c, at) for c in plain)
    return out


def _is_sign(out: list[tuple[str, int]], following: str) -> bool:
    """A dash before a digit is a sign unless it follows a number, a unit or a closing mark."""
    if not following.isdigit():
        return False
    before = out[-1][0] if out else ""
    if not before or before == " ":
        return True
    if "\u4e00" <= before <= "\u9fff":  # 温度-20 has a sign, 30度-50度 and 10万-20万 have not
        return not (before in _UNIT_ENDS and len(out) > 1 and out[-2][0] in _NUMERALS)
    return not (before.isalnum() or before in "%°)")


def fold(raw: str, *, limit: int = LIMIT) -> Folded:
    """Fold width, script and blanks of the first `limit` code points of `raw`.

    Blanks stay only between two ASCII word characters ("within 6 months"); elsewhere they are
    layout ("降 25 % 以上") and disappear. Never raises; time is linear in `limit`.
    """
    raw = raw[:limit]
    forms = [_FORMS[char] for char in raw]
    text = "".join(forms)
    if (
        len(text) == len(raw)
        and "" not in forms
        and _FORMS.touchy.isdisjoint(raw)
        and not _THOUSANDS.search(raw)
    ):
        # Each character stands for itself: most names, keywords and many a sentence.
        return Folded(raw, text, text.translate(_UPPER), range(len(raw)), range(1, len(raw) + 1))
    pieces = _pieces(raw)
    kept: list[tuple[str, int]] = []
    for index, (char, at) in enumerate(pieces):
        if char not in "- ":
            kept.append((char, at))
            continue
        following = pieces[index + 1][0] if index + 1 < len(pieces) else ""
        if char == "-" and _is_sign(pieces[max(0, index - 2) : index], following):
            kept.append((MINUS, at))
            continue
        if char == " " and not (
            kept and _WORD.match(kept[-1][0]) and following and _WORD.match(following)
        ):
            continue
        kept.append((char, at))
    text = "".join(char for char, _ in kept)
    starts = tuple(at for _, at in kept)
    return Folded(raw, text, text.translate(_UPPER), starts, tuple(at + 1 for at in starts))


@lru_cache(maxsize=4096)
def fold_once(text: str) -> Folded:
    """The same as `fold`, remembered: words of a question and fields of a record come up often."""
    return fold(text)
