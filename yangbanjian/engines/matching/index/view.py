"""What a search sees: several segments side by side at one moment, and how they are scored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yangbanjian.engines.matching.index.segment import Segment
from yangbanjian.engines.matching.rules.question import Question
from yangbanjian.engines.matching.rules.scores import (
    DEFAULT,
    Candidates,
    Spread,
    Weights,
    best,
    idf,
    misheard,
    saturation,
    spread_of,
    worth_reading,
)
from yangbanjian.engines.matching.rules.tokens import (
    CHARACTER_VIEW,
    LATIN,
    PAIR,
    SOUND,
    WORD_VIEW,
    sound_of,
    term_key,
)

Array = NDArray[Any]
Allowed = Callable[[Array], Array]
CANDIDATES = 300


@dataclass(frozen=True, slots=True)
class Term:
    """A term of a question as the index weighs it: weight times idf, and the views it counts in."""

    text: str
    key: int
    weight: float
    views: tuple[int, ...]
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class View:
    """Immutable: threads may search while another refreshes. Rows of all segments in line."""

    segments: tuple[Segment, ...]
    starts: tuple[int, ...]
    keys: Array
    kinds: Array
    contents: Array
    alive: Array
    lengths: Array
    weights: Weights
    records: int
    fade: Array  # (2, n) float32, BM25's addend per record and view
    vector_rows: Array  # (n) row in the vector store, -1 without
    untouched: tuple[bool, ...]  # no record of the segment is dead

    def live(self, at: int) -> Array:
        """The alive mask of one segment."""
        return self.alive[self.starts[at] : self.starts[at] + self.segments[at].size]


def view(
    segments: Sequence[Segment],
    alive: Sequence[Array],
    vector_rows: Callable[[Array], Array] | None,
    weights: Weights = DEFAULT,
) -> View:
    """Lay segments side by side; counts and mean lengths are those of the records alive."""
    sizes = [part.size for part in segments]
    starts = tuple(int(at) for at in np.cumsum([0, *sizes])[:-1])
    empty = {"keys": np.empty(0, np.int64), "kinds": np.empty(0, np.uint8),
             "contents": np.empty(0, np.uint64), "lengths": np.empty((2, 0), np.int32)}  # fmt: skip
    column = {
        name: np.concatenate([none, *(getattr(part, name) for part in segments)], axis=-1)
        for name, none in empty.items()
    }
    mask = np.concatenate([np.empty(0, bool), *alive])
    records = int(mask.sum())
    totals = column["lengths"][:, mask].sum(axis=1, dtype=np.int64)
    fade = np.stack(
        [
            saturation(column["lengths"][i], int(totals[i]) / max(records, 1), weights)
            for i in (0, 1)
        ]
    )
    rows = (
        np.full(len(mask), -1, np.int64) if vector_rows is None else vector_rows(column["contents"])
    )
    return View(
        tuple(segments), starts, column["keys"], column["kinds"], column["contents"], mask,
        column["lengths"], weights, records, fade, rows,
        tuple(bool(part.all()) for part in alive),
    )  # fmt: skip


def terms(seen: View, asked: Question) -> list[Term]:
    """The question's terms that some record has, rarest knowledge included: weight x idf.

    Ascending by key: the order of addition is fixed, so scores do not depend on the wording's
    order or on how records are spread over segments.
    """
    weights = dict(asked.terms)
    sounds = {name: sound_of(name) for name in weights if name[0] == PAIR}
    for name, heard in sounds.items():
        weights[heard] = max(weights.get(heard, 0.0), weights[name])
    names = sorted(weights, key=term_key)
    wanted = np.array([term_key(name) for name in names], np.uint64)
    places = np.stack([part.find(wanted) for part in seen.segments] or [np.empty((0, len(names)))])
    holding = np.zeros(len(names), np.int64)
    for at, part in enumerate(seen.segments):
        holding += _holding(part, places[at], None if seen.untouched[at] else seen.live(at))
    at_name = {name: i for i, name in enumerate(names)}
    doubtful = misheard(
        holding[[at_name[name] for name in sounds]],
        holding[[at_name[heard] for heard in sounds.values()]],
        seen.weights,
    )
    asked_by_sound = {heard for heard, bad in zip(sounds.values(), doubtful, strict=True) if bad}
    silent = np.array([name[0] == SOUND and name not in asked_by_sound for name in names], bool)
    holding[silent] = 0
    rarity = idf(seen.records, holding)
    wanted_at_all = worth_reading(seen.records, holding, seen.weights)
    return [
        Term(name, int(wanted[i]), weights[name] * seen.weights.of(name) * float(rarity[i]),
             _views(name), tuple(int(place) for place in places[:, i]))
        for i, name in enumerate(names) if wanted_at_all[i]
    ]  # fmt: skip


def coverage(seen: View, asked: Question, keys: Sequence[int]) -> float:
    """Greatest share, in idf, of the question's pairs and Latin words that one of ``keys`` holds.

    Words unknown to the library count in full among what is not covered, other names guessed for
    what is asked do not. A question without pairs is judged by its single characters.
    """
    said = [name for name in asked.terms if name not in asked.guessed]
    names = [name for name in said if name[0] in (PAIR, LATIN)] or said
    wanted = np.array([term_key(name) for name in names], np.uint64)
    holding = np.zeros(len(names), np.int64)
    has = np.zeros((len(keys), len(names)), bool)
    for at, part in enumerate(seen.segments):
        places = part.find(wanted)
        holding += _holding(part, places, None if seen.untouched[at] else seen.live(at))
        rows = {i: part.locate(key) for i, key in enumerate(keys)}
        rows = {i: row for i, row in rows.items() if row >= 0 and seen.live(at)[row]}
        for n, place in enumerate(places.tolist()):
            if place >= 0 and rows:
                holders = part.records[part.offsets[place] : part.offsets[place + 1]]
                spots = np.searchsorted(holders, np.fromiter(rows.values(), np.int32))
                spots = np.minimum(spots, len(holders) - 1)
                has[list(rows), n] = holders[spots] == list(rows.values())
    worth = idf(seen.records, holding) * np.array([asked.terms[name] for name in names])
    return float((has * worth).sum(axis=1).max(initial=0) / max(float(worth.sum()), 1e-9))


def _views(name: str) -> tuple[int, ...]:
    return tuple(i for i, kinds in enumerate((CHARACTER_VIEW, WORD_VIEW)) if name[0] in kinds)


def _holding(part: Segment, places: Array, live: Array | None) -> Array:
    here = places >= 0
    counts = np.zeros(len(places), np.int64)
    at = places[here]
    if live is None:
        counts[here] = part.offsets[at + 1] - part.offsets[at]
    else:
        counts[here] = [
            int(live[part.records[part.offsets[i] : part.offsets[i + 1]]].sum()) for i in at
        ]
    return counts


def lexical(seen: View, found: list[Term]) -> Array:
    """BM25 of every row in both views, (2, n) float64.

    Postings of all terms are laid end to end, those of both views in the middle, so that each view
    is one slice, summed in one pass and always in the same order.
    """
    scores = np.zeros((2, len(seen.keys)))
    lined = sorted(found, key=lambda term: term.views[0] + term.views[-1])
    for at, part in enumerate(seen.segments):
        here = [term for term in lined if term.places[at] >= 0]
        if not here:
            continue
        cuts = [
            slice(int(part.offsets[term.places[at]]), int(part.offsets[term.places[at] + 1]))
            for term in here
        ]
        rows = np.concatenate([part.records[cut] for cut in cuts]).astype(np.intp)
        counts = np.concatenate([part.counts[cut] for cut in cuts]).astype(np.float32)
        sizes = [cut.stop - cut.start for cut in cuts]
        gain = np.array([term.weight * (seen.weights.k1 + 1) for term in here], np.float32)
        top = counts * np.repeat(gain, sizes)
        home = slice(seen.starts[at], seen.starts[at] + part.size)
        for side in (0, 1):
            span = _span([side in term.views for term in here], sizes)
            addend = counts[span] + seen.fade[side, home].take(rows[span])
            scores[side, home] = np.bincount(rows[span], top[span] / addend, minlength=part.size)
    return scores


def _span(inside: list[bool], sizes: list[int]) -> slice:
    """Where the postings of the terms inside a view lie; those terms are neighbours."""
    if True not in inside:
        return slice(0, 0)
    first, last = inside.index(True), len(inside) - inside[::-1].index(True)
    return slice(sum(sizes[:first]), sum(sizes[:last]))


def eligible(seen: View, kinds: Sequence[int] | None, allowed: Allowed | None) -> Array:
    """Rows that may be shown: alive, of a wanted kind, allowed by the caller."""
    mask = seen.alive.copy()
    if kinds is not None:
        mask &= np.isin(seen.kinds, np.array(kinds, np.uint8))
    if allowed is not None:
        mask &= np.asarray(allowed(seen.keys), bool)
    return mask


def candidates(
    seen: View,
    asked: Question,
    mask: Array,
    cosine: Array | None,
    exact: Callable[[Array], Array] | None,
    most: int = CANDIDATES,
) -> Candidates:
    """The ``most`` best of each view and of the cosine among the rows of ``mask``.

    ``cosine`` (n) may come from any matrix product; ``exact(rows)`` gives the kept rows' cosines
    in float64, so that the answer does not depend on how the product was blocked.
    """
    scores = lexical(seen, terms(seen, asked)) * mask
    lists = [best(scores[0], seen.keys, most), best(scores[1], seen.keys, most)]
    others = Spread()
    if cosine is not None:
        known = mask & (seen.vector_rows >= 0)
        lists.append(best(cosine * known, seen.keys, most))
        others = spread_of(cosine[known])
    rows = np.unique(np.concatenate(lists))
    likeness = np.full(len(rows), np.nan)
    if exact is not None:
        place = seen.vector_rows[rows]
        likeness[place >= 0] = np.round(exact(place[place >= 0]), 6)
    peak = float(np.nanmax(likeness)) if len(rows) and not np.isnan(likeness).all() else 0.0
    return Candidates(
        seen.keys[rows], scores[0, rows].astype(float), scores[1, rows].astype(float), likeness,
        (float(scores[0].max(initial=0)), float(scores[1].max(initial=0)), peak),
        others,
    )  # fmt: skip
