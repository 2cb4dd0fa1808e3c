"""Vectors made beforehand: a text means the same wherever it is read, so whoever ships texts can ship
what they mean. A demo district's five hundred would take half of its first start to encode."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from yangbanjian.engines.matching.index import content_key
from yangbanjian.engines.matching.live import encoder, live
from yangbanjian.engines.matching.models import Document


def lend(file: Path) -> int:
    """Give the index the vectors of a file (.npz); how many were new to it. A text that has changed
    since, or another encoder, finds none there, and is encoded like any other."""
    with np.load(file) as stored:
        if str(stored["model"]) != encoder().model:
            return 0
        keys, rows = stored["keys"], stored["rows"].astype(np.float32)
    vectors = live().index.vectors
    assert vectors is not None
    return vectors.put(keys, rows)


def keep(file: Path) -> int:
    """Write such a file from what this installation has encoded; returns how many vectors."""
    texts = list(Document.objects.order_by("id").values_list("text", flat=True))
    model = encoder().model
    keys = np.unique(np.array([content_key(model, "passage", t) for t in texts], np.uint64))
    vectors = live().index.vectors
    assert vectors is not None
    keys = keys[vectors.has(keys)]
    # Half precision moves a cosine by less than a thousandth.
    rows = vectors.get(keys).astype(np.float16)
    np.savez_compressed(file, model=np.array(model), keys=keys, rows=rows)
    return len(keys)
