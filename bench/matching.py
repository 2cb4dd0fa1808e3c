"""How well and how fast the matching engine finds: the section «matching» of docs/benchmarks.md.

    python -m bench.matching [--shared DIR] [--vectors DIR] [--json] [--quality | --speed]

``DIR`` (or YBJ_SHARED, default ../shared) holds ``data/matching/dev`` in BEIR layout. Vectors are
kept in ``--vectors`` (default: a temporary folder); encoding the corpus the first time takes about
13 CPU-minutes. The speed rows use synthetic records: 2 to 4 sentences of the corpus, drawn from a
fixed seed and joined, with random unit vectors.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import ir_measures
import numpy as np
from ir_measures import nDCG

from bench import tell
from yangbanjian.engines.matching.encoder.builtin import BuiltinEncoder
from yangbanjian.engines.matching.index import Change, MatchIndex, VectorStore, content_key
from yangbanjian.engines.matching.index.batch import match_batch

TYPES = ("title", "kw", "demand", "problem", "gap")
RECORDS = 100_000
_ENCODE_AT_ONCE = 256
_SENTENCE = re.compile(r"(?<=[.。;；])")


@dataclass(frozen=True)
class Row:
    """One measured value against its floor; ``ok`` also when there is no floor."""

    name: str
    value: float
    ratio: float | None
    floor: float | None
    ok: bool


def at_least(name: str, value: float, floor: float | None = None) -> Row:
    ratio = round(value / floor, 4) if floor else None
    return Row(name, round(value, 4), ratio, floor, floor is None or value >= floor)


def at_most(name: str, value: float, ceiling: float | None = None) -> Row:
    ratio = round(value / ceiling, 4) if ceiling else None
    return Row(name, round(value, 4), ratio, ceiling, ceiling is None or value <= ceiling)


@dataclass(frozen=True)
class Collection:
    """A benchmark in BEIR layout."""

    ids: list[str]
    texts: list[str]
    queries: list[dict[str, Any]]
    answers: dict[str, dict[str, int]]


def read(folder: Path) -> Collection:
    """Corpus, queries and judgements of ``folder``."""

    def lines(name: str) -> Iterator[Any]:
        with gzip.open(folder / name, "rt", encoding="utf-8") as source:
            yield from map(json.loads, source)

    corpus = list(lines("corpus.jsonl.gz"))
    answers: dict[str, dict[str, int]] = {}
    with gzip.open(folder / "qrels.tsv.gz", "rt", encoding="utf-8") as source:
        next(source)
        for line in source:
            asked, found, grade = line.split()
            answers.setdefault(asked, {})[found] = int(grade)
    texts = [f"{one['title']} {one['text']}".strip() for one in corpus]
    return Collection(
        [one["_id"] for one in corpus], texts, list(lines("queries.jsonl.gz")), answers
    )


def encode_missing(texts: list[str], vectors: VectorStore, encoder: BuiltinEncoder) -> None:
    """Fill the store; what is there stays, so an interrupted run goes on where it was."""
    keys = np.array([content_key(encoder.model, "passage", text) for text in texts], np.uint64)
    missing = np.flatnonzero(~vectors.has(keys))
    for start in range(0, len(missing), _ENCODE_AT_ONCE):
        rows = missing[start : start + _ENCODE_AT_ONCE]
        vectors.put(keys[rows], encoder.encode([texts[i] for i in rows], "passage"))
        print(f"encoded {start + len(rows)} of {len(missing)}", file=sys.stderr)


def quality(
    collection: Collection, index: MatchIndex, encoder: BuiltinEncoder | None
) -> dict[str, float]:
    """nDCG@10 by type of query."""
    texts = [query["text"] for query in collection.queries]
    run: dict[str, dict[str, float]] = {}
    for query, ranked in zip(
        collection.queries, match_batch(texts, index, encoder=encoder, top=100), strict=True
    ):
        # The place, not the score: among equal scores the order shown is what is judged.
        run[query["_id"]] = {
            collection.ids[key]: -float(place) for place, key in enumerate(ranked.keys.tolist())
        }
    kind = {query["_id"]: query["metadata"]["type"] for query in collection.queries}
    sums: dict[str, list[float]] = {name: [] for name in TYPES}
    for measured in ir_measures.iter_calc([nDCG @ 10], collection.answers, run):
        sums[kind[measured.query_id]].append(measured.value)
    return {name: float(np.mean(values)) for name, values in sums.items()}


def quality_rows(collection: Collection, vectors_folder: Path) -> list[Row]:
    encoder = BuiltinEncoder()
    vectors = VectorStore(vectors_folder, encoder.model, encoder.dimension)
    encode_missing(collection.texts, vectors, encoder)
    with tempfile.TemporaryDirectory() as folder:
        index = MatchIndex.open(Path(folder), vectors)
        index.refresh(Change(key, 1, text) for key, text in enumerate(collection.texts))
        index.teach(collection.texts)
        words = quality(collection, index, None)
        both = quality(collection, index, encoder)
    rows = [at_least(f"words alone, {name}", words[name]) for name in TYPES if name != "gap"]
    rows.append(at_least("words alone, gap", words["gap"], 0.483))
    rows.append(at_least("words alone, macro", float(np.mean(list(words.values()))), 0.848))
    rows += [
        at_least(
            f"with meaning, {name}", both[name], max(0.51 * (name == "gap"), words[name] - 0.005)
        )
        for name in TYPES
    ]
    rows.append(at_least("with meaning, macro", float(np.mean(list(both.values()))), 0.865))
    return rows


def synthetic(texts: list[str], how_many: int, seed: int = 7) -> list[str]:
    """Records of 2 to 4 sentences drawn from ``texts``."""
    some = random.Random(seed)
    sentences = [part for text in texts for part in _SENTENCE.split(text) if len(part) > 8]
    return ["".join(some.choices(sentences, k=some.randint(2, 4))) for _ in range(how_many)]


def speed_rows(collection: Collection) -> list[Row]:
    encoder = BuiltinEncoder()
    texts = synthetic(collection.texts, RECORDS)
    with tempfile.TemporaryDirectory() as folder:
        vectors = VectorStore(Path(folder) / "vectors", encoder.model, encoder.dimension)
        rows = np.random.default_rng(7).standard_normal((RECORDS, encoder.dimension), np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        vectors.put([content_key(encoder.model, "passage", text) for text in texts], rows)
        index = MatchIndex.open(Path(folder) / "index", vectors)
        started = time.process_time()
        index.refresh(Change(key, 1, text) for key, text in enumerate(texts))
        index.compact()
        built = time.process_time() - started
        started = time.process_time()
        index.refresh([Change(RECORDS, 1, texts[0] + texts[1])])
        added = time.process_time() - started
        asked = [query["text"] for query in collection.queries]
        demands = [one for one in asked if len(one) >= 12]
        random.Random(7).shuffle(demands)
        single = [_cpu_ms(index, text, encoder) for text in demands[:100]]
        words = [_cpu_ms(index, text, None) for text in demands[100:200]]
        started = time.process_time()
        list(match_batch(demands[:1000], index, encoder=encoder, top=100))
        batch = time.process_time() - started
    return [
        at_most("build and write, 100,000 records, CPU-s", built),
        at_most("take in one record at 100,000, CPU-ms", added * 1e3),
        at_most("one sentence, words alone, p50 CPU-ms", float(np.median(words))),
        at_most("one sentence, words alone, p95 CPU-ms", float(np.percentile(words, 95))),
        at_most("one sentence with encoding, p50 CPU-ms", float(np.median(single))),
        at_most("one sentence with encoding, p95 CPU-ms", float(np.percentile(single, 95)), 100.0),
        at_most("1,000 demands x 100,000 records, CPU-s", batch, 40.0),
    ]


def encoder_rows(collection: Collection) -> list[Row]:
    """Our encoding against the bare model on the same prepared batches."""
    encoder = BuiltinEncoder()
    texts = random.Random(7).sample(collection.texts, 96)
    encoder.encode(texts[:2], "passage")
    bare: list[float] = []
    run = encoder.run_ids

    def timed(rows: list[list[int]]) -> Any:
        started = time.process_time()
        try:
            return run(rows)
        finally:
            bare.append(time.process_time() - started)

    encoder.run_ids = timed  # type: ignore[method-assign]
    started = time.process_time()
    encoder.encode(texts, "passage")
    whole = time.process_time() - started
    return [
        at_least("encoding, texts per CPU-s", len(texts) / whole),
        at_most("encoding / bare model, CPU time", whole / sum(bare), 1.2),
    ]


def _cpu_ms(index: MatchIndex, text: str, encoder: BuiltinEncoder | None) -> float:
    """Of the thread that answers: numpy's second one helps it with one product and then turns in
    circles, which is no work."""
    started = time.thread_time()
    index.find(text, encoder=encoder)
    return (time.thread_time() - started) * 1e3


def anchor() -> float:
    """CPU-seconds of a fixed piece of work, to tell a slow machine from a slow program."""
    some = np.random.default_rng(1).random((700, 700))
    started = time.process_time()
    for _ in range(8):
        some = some @ some
        some /= some.max()
    sorted(range(300_000), key=lambda number: number * 7919 % 300_007)
    return time.process_time() - started


def measure(
    shared: Path, vectors: Path, quality_too: bool = True, speed_too: bool = True
) -> dict[str, Any]:
    """``{"anchors": {...}, "rows": [...]}`` as `ybj bench NAME --json` prints it."""
    collection = read(shared / "data" / "matching" / "dev")
    before = anchor()
    rows = quality_rows(collection, vectors) if quality_too else []
    if speed_too:
        rows += speed_rows(collection) + encoder_rows(collection)
    return {
        "anchors": {"before_cpu_s": round(before, 4), "after_cpu_s": round(anchor(), 4)},
        "rows": [asdict(row) for row in rows],
    }


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--shared", type=Path, default=os.environ.get("YBJ_SHARED", "../shared"))
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--json", action="store_true")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--quality", action="store_true")
    only.add_argument("--speed", action="store_true")
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as spare:
        vectors = given.vectors or Path(spare)
        result = measure(Path(given.shared), vectors, not given.speed, not given.quality)
    return tell(result, as_json=given.json)


if __name__ == "__main__":
    raise SystemExit(main())
