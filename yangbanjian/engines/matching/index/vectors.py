"""Vectors by content: two append-only files that every process maps, one process at a time writes.

A vector's key is a 64-bit hash of model name, kind and folded text, so a text that is edited and
edited back, or stands in two records, is encoded once. At a million texts the chance that any two
share a key is 3 in 10^8.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yangbanjian.engines.matching.rules.folding import fold

Array = NDArray[Any]


def content_key(model: str, kind: str, text: str) -> int:
    """64-bit key of a text's vector; texts that fold alike share one."""
    digest = blake2b(f"{model}\n{kind}\n{fold(text)}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")


class ModelMismatchError(ValueError):
    """A folder holds vectors of another model or width."""


class VectorStore:
    """Float32 rows of one model in ``folder``: ``rows.f32`` beside ``keys.u64``."""

    def __init__(self, folder: Path, model: str, dimension: int) -> None:
        """Opens or creates. Raises ModelMismatchError when the folder belongs to another model."""
        self.model, self.dimension = model, dimension
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._claim({"model": model, "dimension": dimension})
        self._size = 0
        self.rows: Array = np.empty((0, dimension), np.float32)
        self._sorted: Array = np.empty(0, np.uint64)
        self._order: Array = np.empty(0, np.int64)
        self.refresh()

    def _claim(self, wanted: dict[str, object]) -> None:
        label = self._folder / "vectors.json"
        if not label.exists():
            fresh = self._folder / f".vectors.{os.getpid()}"
            fresh.write_text(json.dumps(wanted), "utf-8")
            fresh.replace(label)
        found = json.loads(label.read_text("utf-8"))
        if found != wanted:
            raise ModelMismatchError(f"{self._folder}: holds {found}, not {wanted}")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with (self._folder / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def __len__(self) -> int:
        return self._size

    def refresh(self) -> bool:
        """See what others have written; true when there is more than before."""
        names = self._folder / "keys.u64"
        size = names.stat().st_size // 8 if names.exists() else 0
        if size == self._size:
            return False
        keys = np.fromfile(names, np.uint64, count=size)
        self.rows = np.memmap(
            self._folder / "rows.f32", np.float32, "r", shape=(size, self.dimension)
        ).view(np.ndarray)
        self._order = np.argsort(keys, kind="stable")
        self._sorted = keys[self._order]
        self._size = size
        return True

    def find(self, keys: Array | Sequence[int]) -> Array:
        """Row of each key (int64), -1 where there is no vector yet."""
        wanted = np.asarray(keys, np.uint64)
        if not self._size:
            return np.full(len(wanted), -1, np.int64)
        at = np.minimum(np.searchsorted(self._sorted, wanted), self._size - 1)
        return np.where(self._sorted[at] == wanted, self._order[at], -1)

    def has(self, keys: Array | Sequence[int]) -> Array:
        """Which keys have a vector (bool)."""
        return np.asarray(self.find(keys) >= 0)

    def get(self, keys: Array | Sequence[int]) -> Array:
        """Rows of keys, (n, dimension). Raises KeyError when one is missing."""
        rows = self.find(keys)
        if (rows < 0).any():
            raise KeyError(int(np.asarray(keys, np.uint64)[rows < 0][0]))
        return np.asarray(self.rows[rows])

    def put(self, keys: Array | Sequence[int], vectors: Array) -> int:
        """Append those whose key is new, durably; gives how many. Safe between processes.

        Rows are written before keys: a crash in between leaves rows that nobody names, which the
        next writer overwrites.
        """
        wanted = np.asarray(keys, np.uint64)
        if vectors.shape != (len(wanted), self.dimension):
            raise ValueError(f"vectors {vectors.shape} for {len(wanted)} keys x {self.dimension}")
        with self._writing():
            self.refresh()
            _, first = np.unique(wanted, return_index=True)
            new = np.sort(first[~self.has(wanted[first])])
            _append(self._folder / "rows.f32", vectors[new].astype(np.float32), self._size)
            _append(self._folder / "keys.u64", wanted[new][:, None], self._size)
            self.refresh()
        return len(new)


def _append(path: Path, rows: Array, at: int) -> None:
    with path.open("r+b" if path.exists() else "w+b") as out:
        out.seek(at * rows.shape[1] * rows.itemsize)
        out.truncate()
        out.write(np.ascontiguousarray(rows).tobytes())
        out.flush()
        os.fsync(out.fileno())
