"""This process's sight of the index: opened once, brought up to date as it is asked.

Documents in the database are the truth. `xact` moves with every change, so everything committed
since a snapshot is found by `xact >= its oldest running transaction`; what is read twice is merely
applied twice. A process is never more than FRESH seconds behind what it is asked about.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
from django.conf import settings

from yangbanjian.engines.matching.encoder.builtin import BuiltinEncoder
from yangbanjian.engines.matching.index import Change, MatchIndex, VectorStore, content_key
from yangbanjian.engines.matching.models import KINDS, Document
from yangbanjian.ground.database.numbering import era, settled_below
from yangbanjian.ground.database.transactions import acting
from yangbanjian.kernel.actor import SYSTEM

FRESH = 0.5
CHUNK = 2000
A_BIT = 300
ENCODE_AT_ONCE = 64
COMPACT_AFTER = 2000
# A base of a million takes half a minute to write: while an import brings ever more, most of the
# time goes into what it brings.
REST = 4
# Names are learnt afresh after the library has grown (or shrunk) by this share, from so many
# of the newest texts: 200,000 take the worker some seconds.
TAUGHT_AFTER, TAUGHT_FROM = 0.2, 200_000
# What others may read teaches; a demand for brokers only does not.
TEACHING = ("achievement", "expert")
NUMBER_OF = {kind: number for number, kind in enumerate(KINDS)}


@lru_cache(maxsize=1)
def encoder() -> BuiltinEncoder:
    """The encoder of this process; loads its weights when first used."""
    return BuiltinEncoder(threads=min(2, os.cpu_count() or 1))


class LiveIndex:
    """The index with its cursor. Threads share it; one at a time brings it up to date."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        vectors = VectorStore(folder / "vectors", encoder().model, encoder().dimension)
        # A database that came from elsewhere knows less, or other things, than what an index here
        # was made of.
        came = era()
        self.index = MatchIndex.open(folder / (f"words-{came}" if came else "words"), vectors)
        self.cursor = self.index.seq
        self._asked = self._rests_until = 0.0
        self._lock = threading.RLock()

    def up_to_date(self, most: int | None = A_BIT) -> MatchIndex:
        """The index, at most FRESH seconds behind the database; after an import, when there is more
        to take in than `most`, that much nearer: who asks should not wait for what the worker does
        for all. Its new base brings the rest."""
        if time.monotonic() - self._asked >= FRESH and self._lock.acquire(blocking=False):
            try:
                self.catch_up(most)
            finally:
                self._lock.release()
        return self.index

    def catch_up(self, most: int | None = None) -> int:
        """Apply every change committed since the last time, or the first `most` (and what makes
        their chunk full); returns how many."""
        with self._lock:
            if self.index.follow():
                self.cursor = self.index.seq
            settled = settled_below()
            applied = 0
            for changes in _changed_since(self.cursor, most or CHUNK):
                # A transaction that runs for long keeps the cursor where it is: what has been taken
                # in since then is read again, and need not be cut into words again.
                applied += self.index.refresh(c for c in changes if not self.index.has(c))
                if most is not None and applied >= most:
                    # What shares this transaction is read again, and known.
                    self.cursor = min(settled, changes[-1].seq)
                    return applied
            self.cursor = settled
            self._asked = time.monotonic()
            return applied

    def compact_if_due(self) -> bool:
        """Write a new base for everybody of what has been taken in so far, when that is worth it
        (the worker's duty)."""
        if self.index.outside_base() < COMPACT_AFTER or time.monotonic() < self._rests_until:
            return False
        self.compact()
        return True

    def compact(self) -> None:
        """Write a new base for everybody."""
        with self._lock:
            begun = time.monotonic()
            # The base must not claim more than what is certainly in it.
            self.index.seq = self.cursor
            self.index.compact()
            now = time.monotonic()
            self._rests_until = now + REST * (now - begun)

    def learn_names(self) -> int:
        """Learn from the public texts which Latin and Chinese names mean one thing, when there are
        enough new ones since the last time; returns how many names are known, 0 if nothing was
        to do (the worker's duty)."""
        seen = self.index.view
        numbers = [NUMBER_OF[kind] for kind in TEACHING]
        count = int((seen.alive & np.isin(seen.kinds, numbers)).sum())
        noted = self.folder / "taught"
        taught = int(noted.read_text("utf-8")) if noted.exists() else 0
        if abs(count - taught) <= TAUGHT_AFTER * taught:
            return 0
        texts = Document.objects.filter(is_live=True, kind__in=TEACHING).order_by("-id")
        newest = texts.values_list("text", flat=True)[:TAUGHT_FROM]
        names = self.index.teach(newest.iterator(chunk_size=CHUNK))
        noted.write_text(str(count), "utf-8")
        return names

    def encode_some(self, most: int = ENCODE_AT_ONCE) -> int:
        """Give vectors to texts that have none yet; returns how many were made."""
        keys = [int(key) for key in self.index.missing()[:most]]
        if not keys:
            return 0
        texts = list(Document.objects.filter(pk__in=keys).values_list("text", flat=True))
        vectors = encoder().encode(texts, "passage")
        names = [content_key(encoder().model, "passage", text) for text in texts]
        assert self.index.vectors is not None
        made = self.index.vectors.put(names, vectors)
        self.index.follow()
        return made


def _changed_since(xact: int, size: int) -> Iterator[list[Change]]:
    """Documents by (xact, id) from a transaction on, in chunks."""
    last = (xact, 0)
    while True:
        # Whoever asks: the index takes in everything, and shows of it what its asker may see.
        with acting(SYSTEM):
            rows = list(
                Document.objects.extra(where=["(xact, id) > (%s, %s)"], params=list(last))
                .order_by("xact", "id")
                .values_list("id", "kind", "text", "is_live", "xact")[:size]
            )
        if not rows:
            return
        yield [
            Change(key, NUMBER_OF[kind], text if is_live else None, moved)
            for key, kind, text, is_live, moved in rows
        ]
        last = (rows[-1][4], rows[-1][0])
        if len(rows) < size:
            return


_live: dict[Path, LiveIndex] = {}
_opening = threading.Lock()


def live() -> LiveIndex:
    """This process's index of the installation it serves."""
    folder = Path(settings.INDEX_ROOT)
    with _opening:
        if folder not in _live:
            _live[folder] = LiveIndex(folder)
        return _live[folder]
