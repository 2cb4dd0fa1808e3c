"""The facade: open an index folder, follow changes, search, write a new base without downtime."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yangbanjian.engines.matching.encoder import Encoder
from yangbanjian.engines.matching.index import segment as pieces
from yangbanjian.engines.matching.index import view as sight
from yangbanjian.engines.matching.index.segment import Entry, Segment
from yangbanjian.engines.matching.index.vectors import VectorStore, content_key
from yangbanjian.engines.matching.rules.evidence import (
    NOTHING_BELOW,
    Measures,
    evidence,
    stands_out,
)
from yangbanjian.engines.matching.rules.names import Names
from yangbanjian.engines.matching.rules.question import Question, question
from yangbanjian.engines.matching.rules.scores import DEFAULT, Scored, Weights, combine, fuse

Array = NDArray[Any]
PARTS = ("characters", "words", "meaning")
_CURRENT = "CURRENT"
_NAMES = "names.json"
_SMALL_SEGMENTS = 8
_BUILD_AT_ONCE = 4000


@dataclass(frozen=True, slots=True)
class Change:
    """A record as it stands after change ``seq``; ``text`` None: it is gone. ``kind`` is 0-255."""

    key: int
    kind: int
    text: str | None
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Hit:
    """A record found: parts are signed addends of 6 decimals whose sum is ``score``.

    ``terms``: the words that speak for it, (term, share of the record's words), best first.
    """

    key: int
    score: float
    parts: dict[str, float]
    terms: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """Hits, best first, and the chance (0..1) that the first is an answer at all; ``measures``:
    what that chance was judged by, None without hits."""

    hits: list[Hit]
    evidence: float
    measures: Measures | None = None

    @property
    def nothing_here(self) -> bool:
        """Nothing deserves to be shown."""
        return not self.hits or self.evidence < NOTHING_BELOW


class MatchIndex:
    """One process's eyes on the index. Safe for threads: a search keeps the view it began with."""

    def __init__(
        self, folder: Path, vectors: VectorStore | None = None, weights: Weights = DEFAULT
    ) -> None:
        self._folder = folder
        self.vectors = vectors
        self._weights = weights
        self._lock = threading.Lock()
        self._base = ""
        self.seq = 0
        self._recent: dict[int, Change] = {}
        self._vectors_shown = 0
        self._view = sight.view([], [], None, weights)
        self._names = Names()
        self._names_read = 0

    @classmethod
    def open(
        cls, folder: Path, vectors: VectorStore | None = None, weights: Weights = DEFAULT
    ) -> MatchIndex:
        """Map the current base, if there is one. ``seq`` tells from which change on to refresh."""
        folder.mkdir(parents=True, exist_ok=True)
        index = cls(folder, vectors, weights)
        index.follow()
        return index

    def __len__(self) -> int:
        return self._view.records

    @property
    def view(self) -> sight.View:
        """What is seen now; hold it to make several searches over the same state."""
        return self._view

    def follow(self) -> bool:
        """Take over a base that another process has written, and vectors that it has added."""
        with self._lock:
            moved = self._follow_base()
            self._follow_names()
            if self.vectors is not None:
                self.vectors.refresh()
                # Not what refresh says: our own `put` has seen the new rows already.
                if len(self.vectors) != self._vectors_shown:
                    self._show(self._view.segments, self._masks())
            return moved

    def teach(self, texts: Iterable[str]) -> int:
        """Learn afresh which Latin and Chinese names mean one thing, for every process.

        Give the texts and keywords of all public records, now and then; gives the number of names.
        """
        learnt = Names()
        learnt.learn(texts)
        fresh = self._folder / f".{_NAMES}.{os.getpid()}"
        fresh.write_text(json.dumps(learnt.pairs(), ensure_ascii=False), "utf-8")
        fresh.replace(self._folder / _NAMES)
        with self._lock:
            self._follow_names()
        return len(learnt.pairs())

    def _follow_names(self) -> None:
        path = self._folder / _NAMES
        stamp = path.stat().st_mtime_ns if path.exists() else 0
        if stamp != self._names_read:
            self._names = Names.of(json.loads(path.read_text("utf-8")) if stamp else {})
            self._names_read = stamp

    def other_names(self, name: str) -> list[str]:
        """What else is said for a name (folded), as the records' own brackets taught."""
        return self._names.of_same(name)

    def ask(self, text: str) -> Question:
        """A sentence as this index understands it: its other names added."""
        return self._names.widen(question(text))

    def _follow_base(self) -> bool:
        pointer = self._folder / _CURRENT
        name = pointer.read_text("utf-8").strip() if pointer.exists() else ""
        if name == self._base:
            return False
        about = json.loads((self._folder / name / "base.json").read_text("utf-8"))
        base = pieces.load(self._folder / name)
        self._base = name
        self.seq = max(self.seq, int(about["seq"]))
        later = [change for change in self._recent.values() if change.seq > int(about["seq"])]
        self._recent = {}
        self._show([base], [np.ones(base.size, bool)])
        self._apply(later)
        return True

    def refresh(self, changes: Iterable[Change]) -> int:
        """Take in saved, changed and removed records; gives how many. Findable on return."""
        with self._lock:
            return self._apply(list(changes))

    def has(self, change: Change) -> bool:
        """Has this very change been taken in since the base was written?"""
        return self._recent.get(change.key) == change

    def _apply(self, changes: list[Change]) -> int:
        latest = {change.key: change for change in changes}
        if not latest:
            return 0
        segments, masks = list(self._view.segments), self._masks()
        gone = np.array(sorted(latest), np.int64)
        for part, mask in zip(segments, masks, strict=True):
            mask &= ~np.isin(part.keys, gone)
        present = [change for change in latest.values() if change.text is not None]
        for start in range(0, len(present), _BUILD_AT_ONCE):
            entries = [self._entry(change) for change in present[start : start + _BUILD_AT_ONCE]]
            segments.append(pieces.build(entries))
            masks.append(np.ones(segments[-1].size, bool))
        if len(segments) > _SMALL_SEGMENTS:
            at = pieces.merged_from([part.size for part in segments], _SMALL_SEGMENTS // 2)
            small = pieces.merge(segments[at:], masks[at:])
            segments, masks = [*segments[:at], small], [*masks[:at], np.ones(small.size, bool)]
        self._recent.update(latest)
        self.seq = max([self.seq, *(change.seq for change in latest.values())])
        self._show(segments, masks)
        return len(latest)

    def _entry(self, change: Change) -> Entry:
        text = change.text or ""
        model = self.vectors.model if self.vectors is not None else ""
        content = content_key(model, "passage", text) if model else 0
        return Entry(change.key, change.kind, text, content)

    def _masks(self) -> list[Array]:
        return [self._view.live(at).copy() for at in range(len(self._view.segments))]

    def _show(self, segments: Sequence[Segment], masks: Sequence[Array]) -> None:
        rows = self.vectors.find if self.vectors is not None else None
        self._vectors_shown = len(self.vectors) if self.vectors is not None else 0
        self._view = sight.view(segments, masks, rows, self._weights)

    def compact(self) -> Path:
        """Write all that is alive as a new base and point everyone to it; gives its folder.

        One process does this at a time (the worker). Readers keep what they have mapped until they
        ``follow``; the base before the last is deleted, which an open map survives.
        """
        with self._lock:
            seen = self._view
            base = pieces.merge(seen.segments, self._masks()) if seen.segments else pieces.build([])
            number = int(self._base.rpartition("-")[2] or 0) + 1
            target = self._folder / f"base-{number:06d}"
            fresh = self._folder / f".base-{number:06d}.{os.getpid()}"
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir()
            pieces.save(base, fresh)
            (fresh / "base.json").write_text(json.dumps({"seq": self.seq}), "utf-8")
            shutil.rmtree(target, ignore_errors=True)
            fresh.rename(target)
            pointer = self._folder / f".{_CURRENT}.{os.getpid()}"
            pointer.write_text(target.name, "utf-8")
            pointer.replace(self._folder / _CURRENT)
            known = {key: c for key, c in self._recent.items() if c.seq >= self.seq}
            self._follow_base()
            self._recent |= known  # of an unfinished transaction the base has these already
        for old in sorted(self._folder.glob("base-*"))[:-2]:
            shutil.rmtree(old, ignore_errors=True)
        return target

    def outside_base(self) -> int:
        """How many records a new base would take in."""
        return sum(part.size for part in self._view.segments[1 if self._base else 0 :])

    def missing(self) -> Array:
        """Keys of records alive whose text has no vector yet."""
        seen = self._view
        return seen.keys[seen.alive & (seen.vector_rows < 0)]

    def search(
        self,
        text: str,
        *,
        kinds: Sequence[int] | None = None,
        limit: int = 10,
        allowed: sight.Allowed | None = None,
        encoder: Encoder | None = None,
    ) -> list[Hit]:
        """The best records for a sentence, whatever the evidence; see :meth:`find`."""
        return self.find(text, kinds=kinds, limit=limit, allowed=allowed, encoder=encoder).hits

    def find(
        self,
        text: str,
        *,
        kinds: Sequence[int] | None = None,
        limit: int = 10,
        allowed: sight.Allowed | None = None,
        encoder: Encoder | None = None,
    ) -> Found:
        """The best records for a sentence; ``allowed(keys) -> bool mask`` decides who may be seen.

        What is not allowed has no influence on scores but through document frequencies.
        """
        asked = self.ask(text)
        seen = self._view
        mask = sight.eligible(seen, kinds, allowed)
        meaning = self._meaning(asked, encoder)
        return found_of(seen, asked, rank(seen, asked, mask, meaning, limit), limit)

    def _meaning(self, asked: Question, encoder: Encoder | None) -> Meaning | None:
        if encoder is None or self.vectors is None or not len(self.vectors) or not asked.texts:
            return None
        if encoder.model != self.vectors.model:
            raise ValueError(f"encoder {encoder.model} for vectors of {self.vectors.model}")
        return Meaning(self.vectors.rows, question_vector(asked, encoder))


def found_of(seen: sight.View, asked: Question, ranked: Scored, limit: int) -> Found:
    """A ranking as it is handed out: hits with their words, and the evidence of the first."""
    keys = [int(key) for key in ranked.keys[:limit]]
    told = explain(seen, sight.terms(seen, asked), keys)
    hits = [
        Hit(
            keys[i],
            float(ranked.scores[i]),
            dict(zip(PARTS, map(float, ranked.parts[i]), strict=True)),
            told[i],
        )
        for i in range(len(keys))
    ]
    if not hits:
        return Found([], 0.0)
    measures = measured(seen, asked, ranked)
    return Found(hits, evidence(measures), measures)


def measured(seen: sight.View, asked: Question, ranked: Scored) -> Measures:
    """What speaks for the best of a ranking that is not empty."""
    covered = sight.coverage(seen, asked, [int(key) for key in ranked.keys[:3]])
    best = float(ranked.likeness[0])
    if np.isnan(best):
        return Measures(covered)
    return Measures(covered, best, stands_out(best, ranked.others))


@dataclass(frozen=True, slots=True)
class Meaning:
    """A question's vector and the matrix it is compared with."""

    rows: Array
    vector: Array

    def exact(self, rows: Array) -> Array:
        """Cosines of some rows in float64, the same however the rows are grouped."""
        return np.asarray(
            (self.rows[rows].astype(np.float64) * self.vector.astype(np.float64)).sum(axis=1)
        )


def question_vector(asked: Question, encoder: Encoder) -> Array:
    """Mean direction of the texts of a question, unit length."""
    total = encoder.encode(list(asked.texts), "query").sum(axis=0)
    return np.asarray(total / max(float(np.linalg.norm(total)), 1e-9), np.float32)


def rank(
    seen: sight.View,
    asked: Question,
    mask: Array,
    meaning: Meaning | None,
    limit: int,
) -> Scored:
    """Rank one question over one view; at least ``limit`` candidates of each list are weighed."""
    most = max(sight.CANDIDATES, 3 * limit)
    cosine = None
    if meaning is not None:
        cosine = spread(meaning.rows @ meaning.vector, seen.vector_rows)
    exact = meaning.exact if meaning is not None else None
    found = sight.candidates(seen, asked, mask, cosine, exact, most)
    return fuse(combine([found], most), seen.weights)


def spread(cosine: Array, rows: Array) -> Array:
    """Cosines by vector row -> cosines by record, 0 where a record has none."""
    return np.where(rows >= 0, cosine[np.maximum(rows, 0)], np.float32(0))


def explain(
    seen: sight.View, told: Sequence[sight.Term], keys: Sequence[int]
) -> list[tuple[tuple[str, float], ...]]:
    """For each record: the question's terms that it has, with their BM25, best first.

    Added up over a view's terms they give the record's BM25 in that view; a term that counts in
    both views has both added.
    """
    shares: list[dict[str, float]] = [{} for _ in keys]
    for at, part in enumerate(seen.segments):
        live = seen.live(at)
        spots = [(i, part.locate(key)) for i, key in enumerate(keys)]
        spots = [(i, row) for i, row in spots if row >= 0 and live[row]]
        rows = np.array([row for _, row in spots], np.int32)
        for term in told if spots else ():
            for n, value in _shares(seen, term, at, rows):
                name = term.text[1:]
                mine = shares[spots[n][0]]
                mine[name] = mine.get(name, 0.0) + value
    return [
        tuple((text, round(v, 6)) for text, v in sorted(mine.items(), key=lambda s: (-s[1], s[0])))
        for mine in shares
    ]


def _shares(seen: sight.View, term: sight.Term, at: int, rows: Array) -> list[tuple[int, float]]:
    """(place in ``rows``, BM25) of one term in those rows of a segment that have it."""
    part, place = seen.segments[at], term.places[at]
    if place < 0:
        return []
    start = int(part.offsets[place])
    holders = part.records[start : int(part.offsets[place + 1])]
    spots = np.minimum(np.searchsorted(holders, rows), len(holders) - 1)
    having = np.flatnonzero(holders[spots] == rows)
    if not len(having):
        return []
    counts = part.counts[start + spots[having]].astype(float)
    fade = seen.fade[:, seen.starts[at] + rows[having]][list(term.views)].astype(float)
    values = (term.weight * (seen.weights.k1 + 1) * counts / (counts + fade)).sum(axis=0)
    return list(zip(having.tolist(), values.tolist(), strict=True))
