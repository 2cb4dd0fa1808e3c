"""Unigram tokenizer: the split of a text whose pieces have the greatest sum of log probability.

Kudo, "Subword Regularization" (2018); the file layout is described in e5_small_zh_int8/NOTICE.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

_SPACES = re.compile(" {2,}")
_SPACE_SIGN = "\u2581"
_BEGIN, _END, _UNKNOWN = 0, 2, 3


class Pieces:
    """Vocabulary, scores and character map read from one JSON file."""

    def __init__(self, path: Path) -> None:
        raw = json.loads(path.read_text("utf-8"))
        self._map = {ord(sign): target for sign, target in raw["charmap"].items()}
        self._scores: dict[str, tuple[int, float]] = {
            piece: (i, raw["scores"][i]) for i, piece in enumerate(raw["pieces"]) if i > _UNKNOWN
        }
        self._unknown = min(raw["scores"]) - raw["unk_penalty"]
        self._reach = self._reaches()
        self.most = int(raw["max_len"])
        self._prefix: dict[str, str] = raw["prefix"]

    def _reaches(self) -> dict[str, range]:
        """First character -> lengths worth trying: most Chinese characters start short pieces."""
        longest: dict[str, int] = {}
        for piece in self._scores:
            longest[piece[0]] = max(longest.get(piece[0], 0), len(piece))
        return {sign: range(1, length + 1) for sign, length in longest.items()}

    def ids(self, text: str, kind: str) -> list[int]:
        """Numbers of the pieces, at most ``most`` with the marks of begin and end."""
        flat = (self._prefix[kind] + text[: 4 * self.most]).translate(self._map)
        flat = _SPACES.sub(" ", flat)
        line = (flat if flat.startswith(" ") else " " + flat).replace(" ", _SPACE_SIGN)
        return [_BEGIN, *self._best(line)[: self.most - 2], _END]

    def _best(self, line: str) -> list[int]:
        size = len(line)
        score = [0.0] + [-1e30] * size
        back = [(0, _UNKNOWN)] * (size + 1)
        pieces, reach, nothing = self._scores, self._reach, range(0)
        for start in range(size):
            here = score[start]
            for length in reach.get(line[start], nothing):
                found = pieces.get(line[start : start + length])
                if found is not None and here + found[1] > score[min(start + length, size)]:
                    end = min(start + length, size)
                    score[end], back[end] = here + found[1], (start, found[0])
            if here + self._unknown > score[start + 1]:
                score[start + 1], back[start + 1] = here + self._unknown, (start, _UNKNOWN)
        out = []
        at = size
        while at:
            at, piece = back[at]
            out.append(piece)
        return out[::-1]
