"""Technical words that both sides use, marked on both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yangbanjian.engines.matching.rules.understanding.offsets import Folded, fold_once
from yangbanjian.engines.matching.rules.understanding.shapes import Span, Understanding

from .verdicts import Reason

MAX_WORDS = 3


@dataclass(frozen=True, slots=True)
class SharedWord:
    """A term found on both sides, as written in the demand."""

    text: str
    demand_span: Span
    record_field: str
    record_span: Span


def shared_words(
    said: Understanding, fields: Mapping[str, str], terms: Sequence[str]
) -> tuple[SharedWord, ...]:
    """Each term (best first) with its first place on both sides; none inside an earlier one.

    Terms come from the ranking in any spelling; single characters say too little and are skipped.
    """
    demand = fold_once(said.text)
    out: list[SharedWord] = []
    for term in sorted(dict.fromkeys(terms), key=lambda t: -len(t)):
        one = _locate(term, demand, fields)
        if one and not any(_overlap(one.demand_span, o.demand_span) for o in out):
            out.append(one)
    rank = {fold_once(t).lower: i for i, t in reversed(list(enumerate(terms)))}
    out.sort(key=lambda w: rank.get(fold_once(w.text).lower, 0))
    return tuple(out)


def _locate(term: str, demand: Folded, fields: Mapping[str, str]) -> SharedWord | None:
    plain = fold_once(term).lower
    if len(plain) < 2:
        return None
    at = demand.lower.find(plain)
    if at < 0:
        return None
    for name, text in fields.items():
        record = fold_once(text)
        found = record.lower.find(plain)
        if found >= 0:
            return SharedWord(
                demand.source(at, at + len(plain)),
                demand.span(at, at + len(plain)),
                name,
                record.span(found, found + len(plain)),
            )
    return None


def _overlap(first: Span, second: Span) -> bool:
    return first[0] < second[1] and second[0] < first[1]


def words_reason(words: Sequence[SharedWord]) -> Reason | None:
    """One reason naming up to three shared words; its spans are those of the first."""
    if not words:
        return None
    named = "、".join(f"「{w.text}」" for w in words[:MAX_WORDS])
    first = words[0]
    return Reason(
        "yes",
        "words_shared",
        {"words": named},
        first.demand_span,
        first.record_field,
        first.record_span,
        weight=0.2,
    )
