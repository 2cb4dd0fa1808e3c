"""How sure are we that there is anything here: an absolute measure beside the relative scores."""

from __future__ import annotations

import math

# Logistic fits over questions whose answer was found, in the words of papers and of a workshop,
# against the same with the answer taken out and everyday requests: docs/algorithms/matching.md.
_WITH_MEANING = (16.52, 1.74, -6.38)
_WORDS_ONLY = (5.83, -1.0)

NOTHING_BELOW = 0.3


def evidence(coverage: float, likeness: float | None = None) -> float:
    """Chance, 0 to 1, that the best record answers the question rather than a neighbouring one.

    ``coverage``: share (0..1) of the question's knowledge, in idf, found in one of the best three
    records. ``likeness``: cosine of the best record, None without a vector.
    Monotone in both. Below NOTHING_BELOW nothing deserves to be shown.
    """
    if likeness is None:
        slope, bias = _WORDS_ONLY
        weight = slope * coverage + bias
    else:
        close, cover, bias = _WITH_MEANING
        weight = close * likeness + cover * coverage + bias
    return 1 / (1 + math.exp(-weight))
