"""The encoder that comes with the product: multilingual-e5-small, cut and stored in int8."""

from __future__ import annotations

from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from yangbanjian.engines.matching.encoder import Kind, Vectors
from yangbanjian.engines.matching.encoder.pieces import Pieces
from yangbanjian.engines.matching.rules.folding import simplify

_FOLDER = Path(__file__).parent / "e5_small_zh_int8"
_TOKENS_A_CALL = 1536  # one call's batch x longest text: beyond this the caches of a core overflow
_QUERIES_KEPT = 1024
# How much of what points the way of everyday talk a question loses: none of it up to the first,
# as much as papers' own titles have, the last share of it from the second on.
_PLAIN, _TOLD, _TAKEN = 0.3, 0.5, 0.7


class BuiltinEncoder:
    """Loads on first use (0.5 s, 230 MB). One thread unless told, so that processes share a machine
    fairly; two bring one sentence's vector in two thirds of the time for a tenth more work."""

    model = "e5-small-zh-int8/1"
    dimension = 384

    def __init__(self, folder: Path = _FOLDER, threads: int = 1) -> None:
        self._folder = folder
        self._threads = threads
        self._single = lru_cache(_QUERIES_KEPT)(self._one_query)

    @cached_property
    def _pieces(self) -> Pieces:
        return Pieces(self._folder / "tokenizer.json")

    @cached_property
    def _means(self) -> dict[str, Vectors]:
        with np.load(self._folder / "center.npz") as stored:
            return {kind: stored[kind].astype(np.float32) for kind in ("query", "passage")}

    @cached_property
    def talk(self) -> Vectors:
        """Unit vector of the mean of everyday complaints about anything (`everyday.txt`)."""
        with np.load(self._folder / "everyday.npz") as stored:
            direction: Vectors = stored["direction"].astype(np.float32)
        return direction

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        # A thread that waits sleeps: turning in circles it would take the other process's core.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Expand the int8 weights once, at load: otherwise every call expands them again.
        options.add_session_config_entry("session.disable_quant_qdq", "1")
        return onnxruntime.InferenceSession(
            str(self._folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def encode(self, texts: list[str], kind: Kind) -> Vectors:
        """See :class:`yangbanjian.engines.matching.encoder.Encoder`.

        Texts are read up to 160 pieces, about 300 characters; traditional script is simplified.
        """
        if kind == "query" and len(texts) == 1:
            return self._single(texts[0]).copy()
        return self._many(texts, kind)

    def _one_query(self, text: str) -> Vectors:
        return self._many([text], "query")

    def _many(self, texts: list[str], kind: Kind) -> Vectors:
        out = self.centred(texts, kind)
        if kind == "query":
            # Or whatever is told as a story lies near every story, whatever either is about.
            tone = (out * self.talk).sum(axis=1, keepdims=True)
            share = _TAKEN * np.clip((tone - _PLAIN) / (_TOLD - _PLAIN), 0, 1)
            out = _unit(out - share * tone * self.talk)
        return out

    def centred(self, texts: list[str], kind: Kind) -> Vectors:
        """Unit vectors with the mean of their kind taken away, and nothing else."""
        rows = [self._pieces.ids(simplify(text), kind) for text in texts]
        order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
        out = np.zeros((len(rows), self.dimension), np.float32)
        for batch in _batches(order, [len(rows[i]) for i in order]):
            out[batch] = self.run_ids([rows[i] for i in batch])
        return _unit(out - self._means[kind])

    def run_ids(self, rows: list[list[int]]) -> Vectors:
        """The bare model on tokenized texts: uncentred vectors, one call."""
        ids = np.ones((len(rows), max(map(len, rows))), np.int64)
        mask = np.zeros_like(ids)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = row
            mask[i, : len(row)] = 1
        vectors: Vectors = self._session.run(None, {"ids": ids, "mask": mask})[0]
        return vectors


def _unit(rows: Vectors) -> Vectors:
    return np.asarray(rows / np.maximum(1e-9, np.linalg.norm(rows, axis=1, keepdims=True)), "f4")


def _batches(order: list[int], lengths: list[int]) -> list[list[int]]:
    """Neighbours in length together, so that little is spent on padding."""
    batches: list[list[int]] = []
    for i, length in zip(order, lengths, strict=True):
        if not batches or (len(batches[-1]) + 1) * length > _TOKENS_A_CALL:
            batches.append([])
        batches[-1].append(i)
    return batches
