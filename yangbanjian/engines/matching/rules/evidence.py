"""How sure are we that there is anything here: absolute measures beside the relative scores."""

from __future__ import annotations

import math
from dataclasses import dataclass

from yangbanjian.engines.matching.rules.scores import Spread

# Logistic fits of `python -m bench.fits.evidence`: docs/algorithms/matching.md tells over what.
_LIKENESS, _STANDS_OUT, _COVERAGE, _BIAS = 7.97, 0.40, 1.25, -4.72
_WORDS_ONLY = (5.83, -1.0)

NOTHING_BELOW = 0.3

# A library of a few records has no spread of its own to judge by.
_USUAL_SPREAD, _AS_GOOD_AS = 0.09, 300


@dataclass(frozen=True, slots=True)
class Measures:
    """``coverage``: share (0..1) of the question's knowledge, in idf, found in one of the best three
    records. ``likeness``: cosine of the best record; ``stands_out``: how far that is above the
    library, in its standard deviations; both None without a vector.
    """

    coverage: float
    likeness: float | None = None
    stands_out: float | None = None


def stands_out(likeness: float, others: Spread) -> float:
    """Standard deviations between a cosine and the mean of ``others``, those of all records.

    Mean and spread are drawn to 0 and the usual spread as if by 300 more records.
    """
    n = others.count
    mean = others.total / n if n else 0.0
    variance = max(0.0, others.squares / n - mean * mean) if n else 0.0
    mean *= n / (n + _AS_GOOD_AS)
    variance = (n * variance + _AS_GOOD_AS * _USUAL_SPREAD**2) / (n + _AS_GOOD_AS)
    return round((likeness - mean) / math.sqrt(variance), 3)


def evidence(found: Measures) -> float:
    """Chance, 0 to 1, that the best record answers the question rather than a neighbouring one.

    Monotone in every measure. Below NOTHING_BELOW nothing deserves to be shown.
    """
    if found.likeness is None or found.stands_out is None:
        slope, bias = _WORDS_ONLY
        weight = slope * found.coverage + bias
    else:
        weight = (
            _LIKENESS * found.likeness
            + _STANDS_OUT * found.stands_out
            + _COVERAGE * found.coverage
            + _BIAS
        )
    return 1 / (1 + math.exp(-weight))
