"""Makes the direction of everyday talk that the built-in encoder takes from questions.

    python -m bench.fits.everyday

Reads `everyday.txt` beside the model, one complaint a line, writes `everyday.npz` there and prints
how much of a complaint points that way. Run it when the sentences or the model change.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from yangbanjian.engines.matching import encoder as home
from yangbanjian.engines.matching.encoder.builtin import BuiltinEncoder
from yangbanjian.engines.matching.rules.folding import fold

FOLDER = Path(home.__file__).parent / "e5_small_zh_int8"


def direction() -> home.Vectors:
    """Unit mean of the centred query vectors of the sentences, (dimension) float32."""
    encoder = BuiltinEncoder()
    sentences = [fold(line) for line in (FOLDER / "everyday.txt").read_text("utf-8").splitlines()]
    mean = encoder.centred(sentences, "query").mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean), np.float32)


def main() -> int:
    found = direction()
    np.savez(FOLDER / "everyday.npz", direction=found)
    print(f"{len(found)} numbers written")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
