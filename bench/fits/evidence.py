"""Fits and measures «nothing here»: the coefficients in `engines/matching/rules/evidence.py`.

    python -m bench.fits.evidence [--shared DIR] [--vectors DIR] [--demands FILE]

Yes are questions of the benchmark whose answer was found first. No are the same questions with
the answer and the records most like it (cosine above .5) hidden, which weigh .3, since good
neighbours often remain, and the everyday complaints about anything that come with the encoder.
``FILE`` has demands in workshop words, a line each, a tab and 1 or 0 for whether the records answer
it; they weigh 2: without them the fit learns how papers ask, and refuses workshops.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.fits.everyday import FOLDER
from bench.matching import Collection, encode_missing, read
from yangbanjian.engines.matching.encoder.builtin import BuiltinEncoder
from yangbanjian.engines.matching.index import Change, MatchIndex, VectorStore, content_key
from yangbanjian.engines.matching.rules.evidence import NOTHING_BELOW, Measures, evidence

Array = NDArray[Any]
QUESTIONS = {"kw": 60, "problem": 100, "demand": 70, "gap": 80}
ALIKE = 0.5
_HIDDEN_WEIGHT, _DEMAND_WEIGHT = 0.3, 2.0


@dataclass(frozen=True)
class Case:
    """One question as measured: of which kind, and whether there is an answer."""

    kind: str
    answered: bool
    found: Measures


def cases(collection: Collection, index: MatchIndex, encoder: BuiltinEncoder) -> Iterator[Case]:
    """Every question with its answer (when it is found first) and without, then the talk."""
    assert index.vectors is not None
    names = [content_key(encoder.model, "passage", text) for text in collection.texts]
    rows = index.vectors.get(names)
    place = {name: i for i, name in enumerate(collection.ids)}
    asked = list(collection.queries)
    random.Random(11).shuffle(asked)
    for kind, most in QUESTIONS.items():
        for query in [one for one in asked if one["metadata"]["type"] == kind][:most]:
            answer = place[next(iter(collection.answers[query["_id"]]))]
            hidden = np.flatnonzero(rows @ rows[answer] > ALIKE)
            yield from _both(kind, query["text"], answer, hidden, index, encoder)
    for line in (FOLDER / "everyday.txt").read_text("utf-8").splitlines():
        if found := index.find(line, encoder=encoder).measures:
            yield Case("talk", False, found)


def _both(
    kind: str, text: str, answer: int, hidden: Array, index: MatchIndex, encoder: BuiltinEncoder
) -> Iterator[Case]:
    with_it = index.find(text, encoder=encoder)
    if with_it.measures and with_it.hits[0].key == answer:
        yield Case(kind, True, with_it.measures)
    without = index.find(text, encoder=encoder, allowed=lambda keys: ~np.isin(keys, hidden))
    if without.measures:
        yield Case(kind, False, without.measures)


def row(found: Measures) -> list[float]:
    """Likeness, stands out, coverage, 1: as the coefficients stand in the rules."""
    return [found.likeness or 0.0, found.stands_out or 0.0, found.coverage, 1.0]


def fit(measured: list[Case]) -> Array:
    """Ridge logistic regression by Newton's method, measures scaled to unit spread; gives four
    coefficients for the measures as they are."""
    raw = np.array([row(one.found) for one in measured])
    wanted = np.array([one.answered for one in measured], float)
    hidden = np.array([not one.answered and one.kind in QUESTIONS for one in measured])
    weight = np.where(hidden, _HIDDEN_WEIGHT, 1.0)
    weight[[one.kind == "demands" for one in measured]] = _DEMAND_WEIGHT
    mean, spread = raw.mean(axis=0), raw.std(axis=0)
    mean[-1], spread[-1] = 0.0, 1.0
    scaled = (raw - mean) / spread
    ridge = np.diag([0.01 * len(raw)] * 3 + [0.0])
    found = np.zeros(4)
    for _ in range(50):
        chance = 1 / (1 + np.exp(-scaled @ found))
        slope = scaled.T @ (weight * (chance - wanted)) + ridge @ found
        curve = (scaled * (weight * chance * (1 - chance))[:, None]).T @ scaled + ridge
        found -= np.linalg.solve(curve, slope)
    plain = found / spread
    plain[-1] -= float((found * mean / spread)[:3].sum())
    return np.asarray(plain)


def auc(yes: list[float], no: list[float]) -> float:
    """Chance that an answered question has more evidence than one without an answer."""
    return float(np.mean([(y > n) + (y == n) / 2 for y in yes for n in no]))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--shared", type=Path, default=os.environ.get("YBJ_SHARED", "../shared"))
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--demands", type=Path)
    given = parser.parse_args(argv)
    collection = read(Path(given.shared) / "data" / "matching" / "dev")
    encoder = BuiltinEncoder()
    with tempfile.TemporaryDirectory() as spare:
        vectors = VectorStore(given.vectors or Path(spare), encoder.model, encoder.dimension)
        encode_missing(collection.texts, vectors, encoder)
        index = MatchIndex.open(Path(spare) / "index", vectors)
        index.refresh(Change(key, 1, text) for key, text in enumerate(collection.texts))
        measured = list(cases(collection, index, encoder))
        for line in given.demands.read_text("utf-8").splitlines() if given.demands else ():
            text, _, answered = line.rpartition("\t")
            if found := index.find(text, encoder=encoder).measures:
                measured.append(Case("demands", answered == "1", found))
    print("likeness, stands out, coverage, bias:", *(f"{value:.2f}" for value in fit(measured)))
    given_now = [(one, evidence(one.found)) for one in measured]
    answered = [value for one, value in given_now if one.answered]
    for kind in dict.fromkeys(one.kind for one in measured):
        yes = [value for one, value in given_now if one.kind == kind and one.answered]
        no = [value for one, value in given_now if one.kind == kind and not one.answered]
        kept = f"{np.mean(np.array(yes) >= NOTHING_BELOW):.3f}" if yes else "-"
        refused = np.mean(np.array(no) < NOTHING_BELOW)
        print(f"{kind:8} kept {kept:>5} refused {refused:.3f} AUC {auc(yes or answered, no):.3f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
