"""A small, tolerant reader of BibTeX that keeps the place of every value.

It reads what reference managers and publishers' pages give: nested braces, quotes, # and bare
numbers, LaTeX accents. It never raises; what is cut off is read up to the end and said so.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

MOST_ENTRIES = 200
_ENTRY = re.compile(r"@\s*([A-Za-z]+)\s*[{(]\s*([^,\s{}()\"=]*)\s*,")
_NAME = re.compile(r"[\s,]*([A-Za-z][\w:-]*)\s*=\s*")
_BARE = re.compile(r"[^\s,#{}\"]+")
_JOIN = re.compile(r"\s*#\s*")
_ACCENT = re.compile(r"\\([\"'`^~=.uvHcrk])\s*(?:\{\\?([A-Za-z])\}|\\?([A-Za-z]))")
_MARKS = {
    '"': "\u0308", "'": "\u0301", "`": "\u0300", "^": "\u0302", "~": "\u0303", "=": "\u0304",
    ".": "\u0307", "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "r": "\u030a",
    "k": "\u0328",
}  # fmt: skip
_LETTERS = {
    "ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ",
    "OE": "Œ", "aa": "å", "AA": "Å", "i": "i", "j": "j",
}  # fmt: skip
_COMMAND = re.compile(r"\\([A-Za-z]+)\s*(?:\{\})?")
_NOT_ENTRIES = frozenset({"comment", "string", "preamble"})


@dataclass(frozen=True)
class Value:
    """Plain text of a field, and its place in the source (inside braces or quotes)."""

    text: str
    span: tuple[int, int]


@dataclass(frozen=True)
class Entry:
    """One entry: type and field names in lower case. ``whole`` is False when it was cut off."""

    type: str
    key: str
    fields: Mapping[str, Value]
    span: tuple[int, int]
    whole: bool


def entries(text: str) -> list[Entry]:
    """The entries of a text, at most 200, in order."""
    found: list[Entry] = []
    at = 0
    while len(found) < MOST_ENTRIES and (match := _ENTRY.search(text, at)):
        entry = _entry(text, match)
        if entry.type not in _NOT_ENTRIES:
            found.append(entry)
        at = max(entry.span[1], match.end())
    return found


def _entry(text: str, match: "re.Match[str]") -> Entry:
    fields: dict[str, Value] = {}
    at, whole = match.end(), True
    while name := _NAME.match(text, at):
        span, at, closed = _value(text, name.end())
        fields.setdefault(name[1].lower(), Value(plain(text[slice(*span)]), span))
        whole = whole and closed
    tail = re.compile(r"[\s,]*[})]").match(text, at)
    return Entry(
        match[1].lower(), match[2], fields, (match.start(), tail.end() if tail else at),
        whole and tail is not None,
    )  # fmt: skip


def _value(text: str, at: int) -> tuple[tuple[int, int], int, bool]:
    """The span of a value, where reading goes on, and whether it was closed."""
    span, at, closed = _piece(text, at)
    while closed and (joined := _JOIN.match(text, at)):
        more, at, closed = _piece(text, joined.end())
        span = (span[0], more[1])
    return span, at, closed


def _piece(text: str, at: int) -> tuple[tuple[int, int], int, bool]:
    opener = text[at : at + 1]
    if opener not in ('"', "{") or not opener:
        bare = _BARE.match(text, at)
        end = bare.end() if bare else at
        return (at, end), end, bool(bare)
    depth, place = 0, at + 1
    while place < len(text):
        character = text[place]
        if character == "\\":
            place += 2
            continue
        if depth == 0 and character == ("}" if opener == "{" else '"'):
            return (at + 1, place), place + 1, True
        depth += {"{": 1, "}": -1}.get(character, 0)
        place += 1
    return (at + 1, len(text)), len(text), False


def plain(value: str) -> str:
    """LaTeX to text: accents composed, braces and commands dropped, dashes and ties made plain."""
    text = _ACCENT.sub(lambda m: (m[2] or m[3]) + _MARKS[m[1]], value)
    text = _COMMAND.sub(lambda m: _LETTERS.get(m[1], ""), text)
    text = re.sub(r'"\s*#\s*"', "", text)
    text = re.sub(r"\\([&%$#_{}])", r"\1", text.replace("~", " "))
    text = text.replace("---", "—").replace("--", "–")
    return unicodedata.normalize("NFC", " ".join(re.sub(r"[{}]", "", text).split()))
