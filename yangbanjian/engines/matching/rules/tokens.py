"""Two views of one folded text: characters with their pairs, and words with the same pairs.

A term is a string with its class in front, so that the pair «电机» and the word «电机» stay apart:
``c`` character, ``b`` pair of characters, ``w`` word, ``l`` Latin or Greek word or number, ``s``
the sound of a pair (kept for records, asked only in place of a pair that nobody writes).
The character view counts c, b, l; the word view counts w, b, l. Both are languages of their own:
adding them after each is scaled to its best record beats either (docs/algorithms/matching.md).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeVar

import rjieba

from yangbanjian.engines.matching.rules.folding import fold
from yangbanjian.engines.matching.rules.sounds import sound

CHARACTER, PAIR, WORD, LATIN, SOUND = "c", "b", "w", "l", "s"
CHARACTER_VIEW = frozenset({CHARACTER, PAIR, LATIN, SOUND})
WORD_VIEW = frozenset({WORD, PAIR, LATIN, SOUND})

T = TypeVar("T")
_RUN = re.compile(
    r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+|[a-z0-9\u00e0-\u00ff\u0370-\u03ff]+"
)
_FIRST_HAN = "\u3400"


@dataclass(frozen=True, slots=True)
class Counted:
    """Terms of one text with their counts, and the length of each view in tokens."""

    terms: dict[str, int]
    characters: int
    words: int


def runs(text: str) -> list[str]:
    """Stretches of Han characters, and stretches of Latin letters and digits, of a folded text."""
    return _RUN.findall(text)


def is_han(run: str) -> bool:
    """Whether a run from :func:`runs` is Chinese."""
    return run[0] >= _FIRST_HAN


def words(text: str) -> list[str]:
    """Chinese words of a folded text, in order, punctuation left out."""
    return [word for word in rjieba.cut(text) if _is_word[word]]


def sound_of(pair: str) -> str:
    """The sound term of a pair term."""
    return _sounds[pair]


def count(text: str) -> Counted:
    """All terms of a text (any script, any width) in both views, sounds not among them."""
    flat = fold(text)
    singles: list[str] = []
    pairs: list[str] = []
    latin: list[str] = []
    for run in runs(flat):
        if is_han(run):
            singles += map(CHARACTER.__add__, run)
            pairs += map(PAIR.__add__, map(str.__add__, run, run[1:]))
        else:
            latin.append(LATIN + run)
    cut = [WORD + word for word in words(flat)] if singles else []
    shared = len(pairs) + len(latin)
    terms = Counter(singles)
    for part in (pairs, latin, cut):
        terms.update(part)
    return Counted(dict(terms), len(singles) + shared, len(cut) + shared)


def count_record(text: str) -> Counted:
    """As :func:`count`, with the sounds of the pairs, which add nothing to the lengths."""
    counted = count(text)
    sounds: dict[str, int] = {}
    for term, n in counted.terms.items():
        if term[0] == PAIR:
            heard = _sounds[term]
            sounds[heard] = sounds.get(heard, 0) + n
    return Counted(counted.terms | sounds, counted.characters, counted.words)


def term_key(term: str) -> int:
    """64-bit name of a term, the same in every process and on every machine."""
    return _keys[term]


def term_keys(terms: Iterable[str]) -> list[int]:
    """The names of many terms."""
    return list(map(_keys.__getitem__, terms))


class _Remembered(dict[str, T]):
    """Answers found once; emptied when full. An import asks the same of the same words millions of
    times, and a plain dict answers several times faster than a cache that keeps an order."""

    def __init__(self, find: Callable[[str], T]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, asked: str) -> T:
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        found = self[asked] = self._find(asked)
        return found


_MOST_REMEMBERED = 1 << 18
_is_word = _Remembered(lambda word: bool(_RUN.match(word)) and is_han(word))
_sounds = _Remembered(lambda pair: SOUND + sound(pair[1:]))
_keys = _Remembered(
    lambda term: int.from_bytes(blake2b(term.encode(), digest_size=8).digest(), "little")
)
