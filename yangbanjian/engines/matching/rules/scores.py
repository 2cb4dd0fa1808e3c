"""BM25 over two views, and how views and meaning are added.

BM25: Robertson & Zaragoza, "The Probabilistic Relevance Framework" (2009), section 3.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yangbanjian.engines.matching.rules.tokens import PAIR, SOUND, WORD

Array = NDArray[Any]
_TOO_FEW_TO_JUDGE = 300


@dataclass(frozen=True, slots=True)
class Weights:
    """k1, b: BM25. The views count 1 : ``words`` and are scaled so that both at their best give 1;
    a cosine of 1 gives ``meaning``. A term in more than ``common`` of all records is not looked at,
    and of a long question the commonest terms are dropped until all its postings together are at
    most ``patience`` times the records: it costs less, and ranks long sentences better.
    Pairs stand in both views and words of two characters are pairs too: their weights balance that.
    A pair written ``misheard`` times more rarely than its sound is taken for misheard: its sound is
    asked as well.
    """

    k1: float = 0.9
    b: float = 0.6
    words: float = 0.6
    meaning: float = 3.0
    common: float = 0.5
    patience: float = 2.0
    imputed: float = 0.7
    pairs: float = 0.5
    short_words: float = 1.5
    sounds: float = 0.7
    misheard: float = 20.0

    @property
    def shares(self) -> tuple[float, float]:
        """Share of the character view and of the word view in the lexical score."""
        return 1 / (1 + self.words), self.words / (1 + self.words)

    def of(self, term: str) -> float:
        """Weight of a term by its class (see tokens)."""
        if term[0] in (PAIR, SOUND):
            return self.pairs if term[0] == PAIR else self.sounds
        return self.short_words if term[0] == WORD and len(term) == 3 else 1.0


DEFAULT = Weights()


def idf(records: int, holding: Array) -> Array:
    """ln(1 + (N - n + 1/2) / (n + 1/2)): never negative."""
    return np.asarray(np.log1p((records - holding + 0.5) / (holding + 0.5)))


def misheard(written: Array, heard: Array, weights: Weights = DEFAULT) -> Array:
    """Which pairs are doubtful, given how many records hold the pair and how many its sound."""
    return np.asarray((heard > 0) & (written * weights.misheard <= heard))


def worth_reading(records: int, holding: Array, weights: Weights = DEFAULT) -> Array:
    """Which terms to look at, given how many records hold each: rarest first within a budget."""
    if records < _TOO_FEW_TO_JUDGE:
        return np.asarray(holding > 0)
    order = np.argsort(holding, kind="stable")
    affordable = np.empty(len(holding), bool)
    affordable[order] = np.cumsum(holding[order]) <= weights.patience * records
    return np.asarray((holding > 0) & affordable & (holding <= weights.common * records))


def saturation(lengths: Array, mean: float, weights: Weights = DEFAULT) -> Array:
    """k1 (1 - b + b length / mean) per record, float32: the denominator's addend in BM25."""
    relative = lengths / mean if mean else np.zeros(len(lengths))
    return np.asarray(weights.k1 * (1 - weights.b + weights.b * relative), np.float32)


def best(values: Array, keys: Array, most: int) -> Array:
    """Positions of the ``most`` greatest positive values; equal values by ascending key."""
    found = np.flatnonzero(values > 0)
    if len(found) > most:
        least = np.partition(values[found], len(found) - most)[len(found) - most]
        found = found[values[found] >= least]
    order = np.lexsort((keys[found], -values[found]))[:most]
    return np.asarray(found[order])


@dataclass(frozen=True, slots=True)
class Spread:
    """How cosines lie: their count, sum and sum of squares, which add up over shards."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0

    def __add__(self, other: Spread) -> Spread:
        return Spread(
            self.count + other.count, self.total + other.total, self.squares + other.squares
        )


def spread_of(cosines: Array) -> Spread:
    """The spread of some cosines (n, any float)."""
    exact = cosines.astype(np.float64)
    return Spread(len(exact), float(exact.sum()), float((exact * exact).sum()))


@dataclass(frozen=True, slots=True)
class Candidates:
    """Records that may be shown for one question, with raw scores; a shard's answer.

    keys int64 · characters, words float64 BM25 · cosine float64, NaN without a vector; ``peaks``:
    the greatest of each over all eligible records of the shard; ``others``: how the cosines of all
    those lie.
    """

    keys: Array
    characters: Array
    words: Array
    cosine: Array
    peaks: tuple[float, float, float]
    others: Spread = Spread()


def combine(parts: list[Candidates], most: int) -> Candidates:
    """Answers of several shards as one. Associative and commutative: each of the three lists keeps
    its ``most`` best, and the best of the bests are the best of all."""
    keys, characters, words, cosine = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("keys", "characters", "words", "cosine")
    )
    chosen = np.unique(
        np.concatenate([best(v, keys, most) for v in (characters, words, np.nan_to_num(cosine))])
    )
    peaks = tuple(max(part.peaks[i] for part in parts) for i in range(3))
    return Candidates(
        keys[chosen], characters[chosen], words[chosen], cosine[chosen],
        (peaks[0], peaks[1], peaks[2]), sum((part.others for part in parts), Spread()),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scored:
    """Ranked records: keys (n) and parts (n, 3: characters, words, meaning), each of 6 decimals;
    likeness (n): the cosine itself, NaN where there is no vector; others: how the cosines of all
    eligible records lie.

    A record's score is the sum of its parts, rounded to 6 decimals once more to shed float dust.
    """

    keys: Array
    parts: Array
    scores: Array
    likeness: Array
    others: Spread = Spread()


def fuse(found: Candidates, weights: Weights = DEFAULT) -> Scored:
    """Score and rank: lexical views relative to their peaks, cosine as it is.

    A record without a vector borrows from its words: the greatest cosine met, times its lexical
    score, times ``imputed``. With no vectors at all the ranking is the lexical one.
    """
    share = weights.shares
    first = share[0] * found.characters / max(found.peaks[0], 1e-9)
    second = share[1] * found.words / max(found.peaks[1], 1e-9)
    guess = weights.imputed * max(found.peaks[2], 0.0) * (first + second)
    meaning = weights.meaning * np.where(np.isnan(found.cosine), guess, found.cosine)
    parts = np.round(np.stack([first, second, meaning], axis=1), 6) + 0.0
    scores = np.round(parts.sum(axis=1), 6)
    order = np.lexsort((found.keys, -scores))
    return Scored(found.keys[order], parts[order], scores[order], found.cosine[order], found.others)
