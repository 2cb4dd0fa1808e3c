"""One spelling for one thing: width, case and script folded before anything is compared."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from importlib.resources import files

_VARIANTS = str.maketrans({"裏": "里", "裡": "里", "着": "着", "妳": "你", "喆": "哲"})
_BLANK = re.compile(r"[\s\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]+")


def _pairs(name: str) -> list[tuple[str, str]]:
    """Rows of one OpenCC dictionary: source, first of its targets."""
    text = files("opencc").joinpath("dictionary", name).read_text("utf-8")
    rows = (line.split("\t") for line in text.splitlines() if "\t" in line)
    return [(row[0], row[1].split(" ")[0]) for row in rows]


@lru_cache(maxsize=1)
def _script_table() -> dict[int, str]:
    """Traditional character -> simplified, one code point each, so lengths never change."""
    table = {ord(a): b for a, b in _pairs("TSCharacters.txt") if len(a) == 1 and len(b) == 1}
    table.update({key: str(value) for key, value in _VARIANTS.items()})
    # A target may be a source in turn: follow once more, so that simplifying twice changes nothing.
    return {code: sign.translate(table) for code, sign in table.items()}


@lru_cache(maxsize=1)
def _usage() -> tuple[re.Pattern[str], dict[str, str]]:
    """Words that Taiwan writes otherwise: «軟體» for 软件. Longest first."""
    words = {a: b for a, b in _pairs("TWPhrasesRev.txt") if len(a) > 1}
    words.update(_pairs("TWVariantsRevPhrases.txt"))
    return re.compile("|".join(sorted(map(re.escape, words), key=len, reverse=True))), words


def mainland(text: str) -> str:
    """A text in traditional script with the words of the mainland; any other text unchanged."""
    if simplify(text) == text:
        return text
    pattern, words = _usage()
    return pattern.sub(lambda found: words[found.group()], text)


def simplify(text: str) -> str:
    """Traditional characters replaced one by one by their simplified form (same length)."""
    return text.translate(_script_table())


_KEPT_UP_TO = 2000  # characters: what is pasted whole is not worth keeping


def fold(text: str) -> str:
    """NFKC, simplified script, lower case; invisible and control characters become one space.

    Idempotent. Not length-preserving (NFKC), so never use offsets of the result in the source.
    """
    return _remembered(text) if len(text) <= _KEPT_UP_TO else _folded(text)


def _folded(text: str) -> str:
    flat = unicodedata.normalize("NFKC", text)
    return _BLANK.sub(" ", simplify(flat).lower()).strip()


_remembered = lru_cache(maxsize=4096)(_folded)
