"""Many demands against many records: blocks of questions, shards of records, one process per core.

The unit of work is (block of questions, shard): it has no state, its answer is a list of
:class:`Candidates`, and answers of shards are merged by :func:`combine`, which is associative. So
the same units run under multiprocessing here and under any queue elsewhere, and the ranking equals
that of single searches over one view of all shards, provided document frequencies are shared.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from yangbanjian.engines.matching.encoder import Encoder
from yangbanjian.engines.matching.index import view as sight
from yangbanjian.engines.matching.index.library import (
    Found,
    MatchIndex,
    Meaning,
    found_of,
    measured,
    spread,
)
from yangbanjian.engines.matching.rules.evidence import evidence
from yangbanjian.engines.matching.rules.question import Question
from yangbanjian.engines.matching.rules.scores import Candidates, Scored, combine, fuse

Array = NDArray[Any]
BLOCK = 64  # 64 cosine columns over 100,000 records are 26 MB


def question_vectors(asked: Sequence[Question], encoder: Encoder) -> Array:
    """(len(asked), dimension) float32: each question's texts encoded once, in batches by length."""
    texts = sorted({text for one in asked for text in one.texts})
    place = {text: i for i, text in enumerate(texts)}
    encoded = encoder.encode(texts, "query") if texts else np.zeros((0, encoder.dimension))
    sums = np.stack(
        [encoded[[place[text] for text in one.texts]].sum(axis=0) for one in asked]
        or [np.zeros(encoder.dimension)]
    )
    return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9), "f4")


def unit(
    seen: sight.View,
    rows: Array | None,
    asked: Sequence[Question],
    vectors: Array | None,
    mask: Array,
    most: int,
) -> list[Candidates]:
    """Candidates of one block of questions in one shard."""
    product = rows @ vectors.T if rows is not None and vectors is not None else None
    found = []
    for i, one in enumerate(asked):
        cosine = exact = None
        if product is not None and rows is not None and vectors is not None and one.texts:
            cosine = spread(product[:, i], seen.vector_rows)
            exact = Meaning(rows, vectors[i]).exact
        found.append(sight.candidates(seen, one, mask, cosine, exact, most))
    return found


def match_batch(
    queries: Sequence[str],
    index: MatchIndex,
    *,
    encoder: Encoder | None = None,
    kinds: Sequence[int] | None = None,
    allowed: sight.Allowed | None = None,
    top: int = 100,
    processes: int = 1,
) -> Iterator[Scored]:
    """Rankings of ``queries`` in their order, at most ``top`` each; equal to single searches."""
    asked = [index.ask(text) for text in queries]
    yield from _ranked(
        asked, index, index.view, encoder=encoder, kinds=kinds, allowed=allowed, top=top,
        processes=processes,
    )  # fmt: skip


def judged(
    queries: Sequence[str], index: MatchIndex, rankings: Iterable[Scored]
) -> Iterator[tuple[Scored, float]]:
    """Each ranking with the evidence (0..1) that its best record answers the question."""
    seen = index.view
    for text, ranked in zip(queries, rankings, strict=True):
        proof = evidence(measured(seen, index.ask(text), ranked)) if len(ranked.keys) else 0.0
        yield ranked, proof


def find_batch(
    queries: Sequence[str],
    index: MatchIndex,
    *,
    encoder: Encoder | None = None,
    kinds: Sequence[int] | None = None,
    allowed: sight.Allowed | None = None,
    limit: int = 10,
) -> Iterator[Found]:
    """What ``index.find`` gives for each of ``queries``, in blocks, over one view."""
    seen = index.view
    asked = [index.ask(text) for text in queries]
    ranking = _ranked(
        asked, index, seen, encoder=encoder, kinds=kinds, allowed=allowed, top=limit, processes=1
    )
    for one, ranked in zip(asked, ranking, strict=True):
        yield found_of(seen, one, ranked, limit)


def _ranked(
    asked: Sequence[Question],
    index: MatchIndex,
    seen: sight.View,
    *,
    encoder: Encoder | None,
    kinds: Sequence[int] | None,
    allowed: sight.Allowed | None,
    top: int,
    processes: int,
) -> Iterator[Scored]:
    rows = index.vectors.rows if index.vectors is not None and len(index.vectors) else None
    vectors = None
    if encoder is not None and rows is not None:
        vectors = question_vectors(asked, encoder)
    mask = sight.eligible(seen, kinds, allowed)
    most = max(sight.CANDIDATES, 3 * top)
    work = _Work(seen, rows if vectors is not None else None, asked, vectors, mask, most)
    starts = range(0, len(asked), BLOCK)
    for block in _spread_over(work, starts, processes):
        for found in block:
            yield _cut(fuse(combine([found], most), seen.weights), top)


def _cut(ranked: Scored, top: int) -> Scored:
    return replace(
        ranked, keys=ranked.keys[:top], parts=ranked.parts[:top], scores=ranked.scores[:top],
        likeness=ranked.likeness[:top],
    )  # fmt: skip


class _Work:
    """What a child process inherits by fork: nothing is copied, the index stays mapped."""

    def __init__(
        self,
        seen: sight.View,
        rows: Array | None,
        asked: Sequence[Question],
        vectors: Array | None,
        mask: Array,
        most: int,
    ) -> None:
        self.seen, self.rows, self.asked = seen, rows, asked
        self.vectors, self.mask, self.most = vectors, mask, most

    def block(self, start: int) -> list[Candidates]:
        cut = slice(start, start + BLOCK)
        vectors = self.vectors[cut] if self.vectors is not None else None
        return unit(self.seen, self.rows, self.asked[cut], vectors, self.mask, self.most)


_inherited: list[_Work] = []


def _in_child(start: int) -> list[Candidates]:
    return _inherited[-1].block(start)


def _spread_over(work: _Work, starts: Iterable[int], processes: int) -> Iterator[list[Candidates]]:
    if processes <= 1:
        yield from map(work.block, starts)
        return
    _inherited.append(work)
    try:
        with multiprocessing.get_context("fork").Pool(processes) as pool:
            yield from pool.imap(_in_child, starts)
    finally:
        _inherited.pop()


def write_run(
    out: IO[str], ids: Iterable[str], rankings: Iterable[tuple[Scored, float]],
    names: dict[int, str],
) -> int:  # fmt: skip
    """A TREC run, ``qid Q0 id rank score ybj`` a line; gives the number of lines.

    The score of a question's best record is the evidence that it answers it, so scores of different
    questions compare; those behind it have their share of that by what they scored in the ranking.
    An id with white space would break the format: it is written with ``_`` in its place.
    """
    lines = 0
    for asked, (ranked, proof) in zip(ids, rankings, strict=True):
        who = "_".join(asked.split())
        scale = proof / max(float(ranked.scores[0]), 1e-9) if len(ranked.keys) else 0.0
        for place, (key, score) in enumerate(
            zip(ranked.keys.tolist(), ranked.scores.tolist(), strict=True), 1
        ):
            name = "_".join(names[key].split())
            out.write(f"{who} Q0 {name} {place} {scale * score:.9f} ybj\n")
            lines += 1
    return lines
