"""Two names of one thing: «卷积神经网络（CNN）» teaches that asking for one may mean the other.

The pairs come from the corpus itself: a Chinese expression followed by a Latin one in brackets, in
texts and in keywords. Where the Chinese name begins is learnt from repetition.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import rjieba

from yangbanjian.engines.matching.rules.folding import fold
from yangbanjian.engines.matching.rules.question import Question
from yangbanjian.engines.matching.rules.tokens import LATIN, PAIR, WORD, count, runs

_BRACKETED = re.compile(
    r"([\u3400-\u9fff]{2,16}) ?\( ?([a-z][a-z0-9 \-]{1,48}?)(?:[,;:] ?([a-z][a-z0-9\-]{1,11}))? ?\)"
)
# Two characters alone («变换», «联用») are as a rule the general half of a name.
_SHORTEST_NAME, _LONGEST_NAME = 3, 10
_MOST_NAMES = 3
WEIGHT = 0.4


def mentions(text: str) -> list[tuple[str, str]]:
    """(Chinese name with what stands before it, Latin name) as a text has them, folded."""
    found = []
    for chinese, *latin in _BRACKETED.findall(fold(text)):
        found += [(chinese, " ".join(runs(name))) for name in latin if len(name) > 1]
    return found


def _endings(chinese: str) -> list[str]:
    """The expression from each of its word boundaries to its end, longest first, 3 to 10 signs."""
    words = rjieba.cut(chinese)
    endings = ["".join(words[i:]) for i in range(len(words))]
    return [name for name in endings if _SHORTEST_NAME <= len(name) <= _LONGEST_NAME]


@dataclass
class Names:
    """What has been learnt; grows with :meth:`learn`, asked with :meth:`widen`."""

    _seen: dict[str, Counter[str]] = field(default_factory=dict)
    _best: dict[str, list[str]] | None = None
    _back: dict[str, set[str]] = field(default_factory=dict)

    def learn(self, texts: Iterable[str]) -> int:
        """Take in more texts; gives how many mentions they had. The order does not matter."""
        n = 0
        for text in texts:
            for chinese, latin in set(mentions(text)):
                self._seen.setdefault(latin, Counter()).update(_endings(chinese))
                n += 1
        self._best = None
        return n

    @classmethod
    def of(cls, pairs: dict[str, list[str]]) -> Names:
        """Names as :meth:`pairs` gave them, without what they were learnt from."""
        names = cls({key: Counter(dict.fromkeys(found, 2)) for key, found in pairs.items()})
        names._index(pairs)
        return names

    def pairs(self) -> dict[str, list[str]]:
        """Latin name -> its Chinese names met at least twice, most often met first."""
        if self._best is None:
            best = {latin: _names(endings) for latin, endings in self._seen.items()}
            self._index({latin: names for latin, names in best.items() if names})
        return self._best or {}

    def _index(self, pairs: dict[str, list[str]]) -> None:
        self._best = pairs
        self._back = {}
        for latin, names in pairs.items():
            for name in names:
                self._back.setdefault(name, set()).add(latin)

    def of_same(self, name: str) -> list[str]:
        """The other names of one name (folded): of a Latin one its Chinese ones, and back."""
        known = self.pairs()
        return [*known.get(" ".join(runs(name)), ()), *sorted(self._back.get(name, ()))]

    def widen(self, asked: Question) -> Question:
        """Add the other names of what is asked, at a part of the weight; never lower a term."""
        known = self.pairs()
        latin = " ".join(runs(asked.texts[0])) if asked.texts else ""
        padded = f" {latin} "
        others = [name for key in known if f" {key} " in padded for name in known[key]]
        flat = asked.texts[0] if asked.texts else ""
        for start in range(len(flat)):
            for end in range(start + _SHORTEST_NAME, min(len(flat), start + _LONGEST_NAME) + 1):
                others += sorted(self._back.get(flat[start:end], ()))
        terms = dict(asked.terms)
        for other in dict.fromkeys(others):
            for term in count(other).terms:
                if term[0] in (PAIR, WORD, LATIN):
                    terms[term] = max(terms.get(term, 0.0), WEIGHT)
        return Question(terms, asked.texts, asked.guessed | (terms.keys() - asked.terms.keys()))


def _names(endings: Counter[str]) -> list[str]:
    """Endings met twice or more that are not merely the tail of one met as often."""
    often = [(name, n) for name, n in endings.items() if n > 1]
    kept = [
        (name, n)
        for name, n in often
        if not any(m >= n and other != name and other.endswith(name) for other, m in often)
    ]
    kept.sort(key=lambda one: (-one[1], -len(one[0]), one[0]))
    return [name for name, _ in kept[:_MOST_NAMES]]
