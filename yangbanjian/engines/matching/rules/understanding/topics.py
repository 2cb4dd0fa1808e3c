"""Which field a text is about, by the weight of the words that point to each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from .offsets import Folded
from .shapes import FieldCode, Guess, Span

_INSTITUTE = re.compile(r"(?:大学|学院|集团|公司|路|街)")  # 交通大学 is no traffic problem
_MAX_HITS = 3  # a word said ten times is not ten reasons
_MIN_WEIGHT = 0.7  # one two-character word that no more than two fields share


@lru_cache(maxsize=8)
def _index(fields: tuple[FieldCode, ...]) -> tuple[re.Pattern[str] | None, dict[str, list[str]]]:
    """One pattern over all keywords, and the codes that each keyword points to."""
    owners: dict[str, list[str]] = {}
    for field in fields:
        for word in (field.label.lower(), *field.keywords):
            if word and field.code not in owners.setdefault(word, []):
                owners[word].append(field.code)
    if not owners:
        return None, owners
    parts = [
        rf"(?<![a-z0-9]){re.escape(w)}(?:s|es)?(?![a-z0-9])" if w.isascii() else re.escape(w)
        for w in sorted(owners, key=len, reverse=True)
    ]
    return re.compile("|".join(parts)), owners


def read_field(
    folded: Folded, fields: Sequence[FieldCode]
) -> tuple[str | None, tuple[Span, ...], dict[str, float], tuple[Guess, ...]]:
    """Best code, spans of its words, share of each code (0..1), and the guess.

    A word weighs its length over the number of fields that share it; ties go to the field listed
    first. Below the weight of one such word nothing is guessed.
    """
    pattern, owners = _index(tuple(fields))
    if pattern is None:
        return None, (), {}, ()
    weights: dict[str, float] = {}
    spans: dict[str, list[Span]] = {}
    seen: dict[str, int] = {}
    for found in pattern.finditer(folded.lower):
        if _INSTITUTE.match(folded.text, found.end()):
            continue
        word = _known(found[0], owners)
        seen[word] = seen.get(word, 0) + 1
        if seen[word] > _MAX_HITS:
            continue
        for code in owners[word]:
            gain = min(len(word), 6) / 2 / len(owners[word]) ** 0.5 / seen[word]
            weights[code] = weights.get(code, 0.0) + (min(gain, 2.0) if word.isascii() else gain)
            spans.setdefault(code, []).append(folded.span(*found.span()))
    return _best(folded, fields, weights, spans)


def _known(word: str, owners: dict[str, list[str]]) -> str:
    """The keyword behind a match: English plurals lose their ending."""
    for candidate in (word, word.removesuffix("s"), word.removesuffix("es")):
        if candidate in owners:
            return candidate
    return word


def _best(
    folded: Folded,
    fields: Sequence[FieldCode],
    weights: dict[str, float],
    spans: dict[str, list[Span]],
) -> tuple[str | None, tuple[Span, ...], dict[str, float], tuple[Guess, ...]]:
    total = sum(weights.values())
    if not total:
        return None, (), {}, ()
    order = {f.code: i for i, f in enumerate(fields)}
    code = min(weights, key=lambda c: (-round(weights[c], 6), order[c]))
    shares = {c: round(w / total, 4) for c, w in sorted(weights.items())}
    if weights[code] < _MIN_WEIGHT:
        return None, (), shares, ()
    label = next(f.label for f in fields if f.code == code)
    sure = round(min(0.95, weights[code] / (weights[code] + 1.5)), 2)
    where = tuple(spans[code][:8])
    return code, where, shares, (Guess("field", label, where[0], sure),)
