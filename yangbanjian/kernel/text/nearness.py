"""Near-duplicate texts: bigram Jaccard, and MinHash signatures to find candidates by key.

Broder's MinHash (1997): the share of equal places of two signatures estimates the Jaccard
similarity of the shingle sets. Bands of the signature are database keys: two texts that agree in
one whole band are candidates, to be compared with ``similarity``.
"""

import re
from collections.abc import Sequence

import numpy as np

from yangbanjian.kernel.text.cleaning import fold

PLACES = 32
ROWS_PER_BAND = 4
_COMPARED = 4000
_NOT_WORD = re.compile(r"[\W_]+")


def _constants() -> tuple["np.ndarray", "np.ndarray"]:
    # A fixed xorshift stream: signatures are stored, so they must never depend on a library's
    # random generator.
    state, drawn = 0x9E3779B97F4A7C15, []
    for _ in range(PLACES * 2):
        state ^= (state << 13) & 0xFFFFFFFFFFFFFFFF
        state ^= state >> 7
        state ^= (state << 17) & 0xFFFFFFFFFFFFFFFF
        drawn.append(state)
    values = np.array(drawn, dtype=np.uint64)
    return values[:PLACES] | np.uint64(1), values[PLACES:]


_FACTORS, _OFFSETS = _constants()


def _bare(text: str) -> str:
    return _NOT_WORD.sub("", fold(text[:_COMPARED]))


def shingles(text: str) -> frozenset[str]:
    """Pairs of neighbouring letters, digits or characters, without case, space, punctuation."""
    bare = _bare(text)
    if len(bare) == 1:
        return frozenset((bare,))
    return frozenset(bare[i : i + 2] for i in range(len(bare) - 1))


def similarity(a: str, b: str) -> float:
    """Jaccard similarity of the shingles, 0..1. Two empty texts are not alike (0)."""
    left, right = shingles(a), shingles(b)
    if not left or not right:
        return 0.0
    common = len(left & right)
    return common / (len(left) + len(right) - common)


def signature(text: str) -> tuple[int, ...]:
    """32 numbers below 2**32, or () for a text without letters or digits."""
    pairs = _pairs(text)
    return tuple(_signatures([pairs])[:, 0].tolist()) if pairs.size else ()


def _pairs(text: str) -> "np.ndarray":
    """One number for each pair of neighbours; a pair that comes again changes no minimum."""
    points = np.frombuffer(_bare(text).encode("utf-32-le", "replace"), dtype=np.uint32)
    wide = points.astype(np.uint64)
    return wide if wide.size < 2 else (wide[:-1] << np.uint64(21)) | wide[1:]


def _signatures(texts: Sequence["np.ndarray"]) -> "np.ndarray":
    """Signatures of texts given as pairs, none of them empty: uint64 (PLACES, texts)."""
    mixed = _mix(np.concatenate(texts))
    starts = np.cumsum([0, *(pairs.size for pairs in texts)])[:-1]
    least = np.empty((PLACES, len(texts)), np.uint64)
    hashed = np.empty_like(mixed)
    for place in range(PLACES):
        # Unsigned 64-bit products wrap on purpose: multiply-shift hashing.
        np.multiply(mixed, _FACTORS[place], out=hashed)
        np.add(hashed, _OFFSETS[place], out=hashed)
        np.minimum.reduceat(hashed, starts, out=least[place])
    return np.asarray(least >> np.uint64(32))


def _mix(keys: "np.ndarray") -> "np.ndarray":
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(keys ^ (keys >> np.uint64(31)))


def bands(signed: Sequence[int]) -> tuple[int, ...]:
    """Eight signed 64-bit keys (a PostgreSQL bigint[]), one for each band of four places.

    Texts with similarity 0.8 share a band with probability 0.985, with 0.5 in 0.40, with 0.2 in
    0.013: 1 - (1 - s**4)**8.
    """
    keys: list[int] = []
    for band, start in enumerate(range(0, len(signed), ROWS_PER_BAND)):
        key = band + 1
        for value in signed[start : start + ROWS_PER_BAND]:
            key = ((key * 0x100000001B3) ^ value) & 0xFFFFFFFFFFFFFFFF
        keys.append(key - (1 << 64) if key >> 63 else key)
    return tuple(keys)


AT_ONCE = 32  # what fits a processor's cache


def bands_of(texts: Sequence[str]) -> list[list[int]]:
    """``bands(signature(text))`` of many texts, in a fraction of the time."""
    found: list[list[int]] = []
    for start in range(0, len(texts), AT_ONCE):
        pairs = [_pairs(text) for text in texts[start : start + AT_ONCE]]
        said = [one for one in pairs if one.size]
        keys = iter(_bands(_signatures(said)) if said else [])
        found += [next(keys) if one.size else [] for one in pairs]
    return found


def _bands(signed: "np.ndarray") -> list[list[int]]:
    """As ``bands``, for the columns of a matrix of signatures."""
    rows = signed.reshape(-1, ROWS_PER_BAND, signed.shape[1])
    keys = np.repeat(np.arange(1, len(rows) + 1, dtype=np.uint64)[:, None], signed.shape[1], 1)
    for place in range(ROWS_PER_BAND):
        keys = (keys * np.uint64(0x100000001B3)) ^ rows[:, place]
    return keys.view(np.int64).T.tolist()  # type: ignore[no-any-return]
