"""Names of metrics around a number: the last one before it, or the one it is said of after it."""

from __future__ import annotations

import re

from . import metrics
from .bounds import DIRECTION, way
from .shapes import Direction

_ENGLISH = re.compile(r"([A-Za-z][A-Za-z\-]*(?: [A-Za-z][A-Za-z\-]*){0,7})$")
_LATIN_PREFIX = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9.]{1,7}$")


def named_in(text: str, start: int, end: int) -> tuple[str, int, int] | None:
    """The last metric named in text[start:end]: its name and folded range."""
    last = None
    for found in metrics.METRIC.finditer(text, start, end):
        last = found
    if last is None:
        words = _ENGLISH.search(text[max(start, end - 60) : end].rstrip())
        return _english(text, words, max(start, end - 60)) if words else None
    name = metrics.trimmed(last[0])
    at = last.end() - len(name)
    latin = _LATIN_PREFIX.search(text, max(start, at - 8), at)
    if latin:  # PM2.5 浓度, VOCs 排放
        name, at = latin[0] + name, latin.start()
    return name, at, last.end()


def _english(text: str, words: re.Match[str], offset: int) -> tuple[str, int, int] | None:
    """A metric of one to three English words among the last words before a number."""
    parts = list(re.finditer(r"[A-Za-z\-]+", words[0]))
    best: tuple[str, int, int] | None = None
    for first in range(len(parts)):
        for last in range(len(parts), first, -1):
            begin, finish = parts[first].start(), parts[last - 1].end()
            name = words[0][begin:finish]
            if metrics.family(name) != name.lower() and last - first <= 2:
                at = offset + words.start() + begin
                longer = best is None or len(name) > len(best[0])
                best = (name.lower(), at, at + len(name)) if longer else best
    return best


def named_after(words: str) -> tuple[str, int, Direction | None] | None:
    """A metric after the number: 25% 的节能率, 98% 良率, 25% 的降幅."""
    turned: Direction | None = None
    word = DIRECTION.match(words)
    if word:
        turned = way(word[0])
        return "指标", word.end(), turned
    found = metrics.METRIC.match(words)
    if not found:
        return None
    name = metrics.trimmed(found[0])
    if name != found[0]:
        return None
    saving = next((w for w in ("节能", "节电", "节水", "降本", "减排") if name.startswith(w)), None)
    if saving:
        return saving, len(name), metrics.saving_direction(saving)
    return name, len(name), None
