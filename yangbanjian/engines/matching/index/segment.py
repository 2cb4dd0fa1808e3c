"""One immutable piece of the inverted index: arrays that can lie in memory or be mapped from disk.

A segment never changes. New records make a new small segment; a removed record is marked in a mask
kept beside it; :func:`merge` makes one segment of several. Scores need nothing of a segment but
counts, so the same records give the same score however they are spread over segments.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yangbanjian.engines.matching.rules.tokens import count_record, term_keys

Array = NDArray[Any]
_MOST = 255  # a count above this adds nothing to BM25 and would not fit its byte
_MERGE_PARTS = 16


@dataclass(frozen=True, slots=True)
class Entry:
    """A record as the index sees it: integer key, kind code (0-255), text, key of its vector."""

    key: int
    kind: int
    text: str
    content: int = 0


@dataclass(frozen=True, slots=True)
class Segment:
    """Postings of n records and m terms, p postings in all; records ascend by key.

    keys int64 (n) · kinds uint8 (n) · contents uint64 (n) · lengths int32 (2, n): characters, words
    terms uint64 (m) ascending · offsets int64 (m + 1) · records int32 (p) ascending per term ·
    counts uint8 (p).
    """

    keys: Array
    kinds: Array
    contents: Array
    lengths: Array
    terms: Array
    offsets: Array
    records: Array
    counts: Array

    @property
    def size(self) -> int:
        return len(self.keys)

    def find(self, wanted: Array) -> Array:
        """Positions of terms (uint64, any order); -1 where a term is not here."""
        if not len(self.terms):
            return np.full(len(wanted), -1, np.int64)
        at = np.minimum(np.searchsorted(self.terms, wanted), len(self.terms) - 1)
        return np.where(self.terms[at] == wanted, at, -1)

    def locate(self, key: int) -> int:
        """Row of a record, -1 when it is not here."""
        at = int(np.searchsorted(self.keys, key))
        return at if at < self.size and int(self.keys[at]) == key else -1


def build(entries: Iterable[Entry]) -> Segment:
    """A segment in memory; a key given twice keeps its last text."""
    latest = sorted({entry.key: entry for entry in entries}.values(), key=lambda entry: entry.key)
    lengths = np.zeros((2, len(latest)), np.int32)
    names: list[int] = []
    tally: list[int] = []
    widths = np.zeros(len(latest), np.int64)
    for row, entry in enumerate(latest):
        counted = count_record(entry.text)
        lengths[:, row] = counted.characters, counted.words
        names += term_keys(counted.terms)
        tally += counted.terms.values()
        widths[row] = len(counted.terms)
    rows = np.repeat(np.arange(len(latest), dtype=np.int32), widths)
    counts = np.minimum(np.array(tally, np.int64), _MOST).astype(np.uint8)
    terms, offsets, records, counts = _postings(np.array(names, np.uint64), rows, counts)
    return Segment(
        np.array([entry.key for entry in latest], np.int64),
        np.array([entry.kind for entry in latest], np.uint8),
        np.array([entry.content for entry in latest], np.uint64),
        lengths, terms, offsets, records, counts,
    )  # fmt: skip


def _postings(names: Array, rows: Array, counts: Array) -> tuple[Array, Array, Array, Array]:
    order = np.lexsort((rows, names))
    names = names[order]
    first = np.flatnonzero(np.diff(names, prepend=~names[:1]))
    offsets = np.append(first, len(names)).astype(np.int64)
    return names[first], offsets, rows[order], counts[order]


def merge(segments: Sequence[Segment], alive: Sequence[Array]) -> Segment:
    """One segment of the records still alive in several; a key may be alive in one only."""
    kept = [np.flatnonzero(mask) for mask in alive]
    keys = np.concatenate([part.keys[rows] for part, rows in zip(segments, kept, strict=True)])
    order = np.argsort(keys, kind="stable")
    place = np.empty(len(keys), np.int32)
    place[order] = np.arange(len(keys), dtype=np.int32)
    homes = []
    start = 0
    for part, rows in zip(segments, kept, strict=True):
        home = np.full(part.size, -1, np.int32)
        home[rows] = place[start : start + len(rows)]
        start += len(rows)
        homes.append(home)
    parts = [_range(segments, homes, low, high) for low, high in pairwise(_bounds())]
    offsets = np.cumsum([0, *(part[1][-1] for part in parts)])

    def gather(name: str) -> Array:
        columns = [getattr(p, name)[..., rows] for p, rows in zip(segments, kept, strict=True)]
        return np.asarray(np.concatenate(columns, axis=-1)[..., order])

    return Segment(
        keys[order], gather("kinds"), gather("contents"), gather("lengths"),
        np.concatenate([part[0] for part in parts]),
        np.concatenate([part[1][:-1] + at for part, at in zip(parts, offsets, strict=False)]
                       + [offsets[-1:]]),
        np.concatenate([part[2] for part in parts]),
        np.concatenate([part[3] for part in parts]),
    )  # fmt: skip


def merged_from(sizes: Sequence[int], most: int) -> int:
    """From which segment on all become one: from the newest back as far as none is more than
    twice as large as all behind it, so that a record is merged a few times and not each time; and so
    far that no more than `most` stand before. The first, which is the base, stays."""
    at = len(sizes) - 1
    behind = sizes[at]
    while at > 1 and (at > most or sizes[at - 1] <= 2 * behind):
        at -= 1
        behind += sizes[at]
    return at


def _bounds() -> list[int]:
    """Term names cut into ranges, so that a merge sorts a sixteenth of the postings at a time."""
    return [(i << 64) // _MERGE_PARTS for i in range(_MERGE_PARTS + 1)]


def _range(
    segments: Sequence[Segment], homes: Sequence[Array], low: int, high: int
) -> tuple[Array, Array, Array, Array]:
    names, rows, counts = [], [], []
    for part, home in zip(segments, homes, strict=True):
        first = int(np.searchsorted(part.terms, np.uint64(low)))
        last = int(np.searchsorted(part.terms, np.uint64(high - 1), side="right"))
        cut = slice(int(part.offsets[first]), int(part.offsets[last]))
        row = home[part.records[cut]]
        stays = row >= 0
        names.append(
            np.repeat(part.terms[first:last], np.diff(part.offsets[first : last + 1]))[stays]
        )
        rows.append(row[stays])
        counts.append(part.counts[cut][stays])
    return _postings(np.concatenate(names), np.concatenate(rows), np.concatenate(counts))


def save(segment: Segment, folder: Path) -> None:
    """Write one .npy file per array; the folder must exist."""
    for field in fields(Segment):
        np.save(folder / f"{field.name}.npy", np.ascontiguousarray(getattr(segment, field.name)))
    (folder / "segment.json").write_text(json.dumps({"records": segment.size}), "utf-8")


def load(folder: Path) -> Segment:
    """Map a saved segment; pages are shared between all processes that have it open."""
    return Segment(
        **{
            # A plain array over the same map: slicing numpy's memmap class is ten times slower.
            field.name: np.load(folder / f"{field.name}.npy", mmap_mode="r").view(np.ndarray)
            for field in fields(Segment)
        }
    )
