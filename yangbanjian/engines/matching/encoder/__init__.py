"""Turns texts into vectors; which encoder does it can be exchanged behind one small protocol."""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Kind = Literal["query", "passage"]
Vectors = NDArray[np.float32]


class Encoder(Protocol):
    """Whatever encodes: the built-in model, another file, or a service over HTTP.

    Two encoders whose vectors may not be compared have different ``model`` names.
    """

    @property
    def model(self) -> str:
        """Name kept with every stored vector."""

    @property
    def dimension(self) -> int:
        """Width of a vector."""

    def encode(self, texts: list[str], kind: Kind) -> Vectors:
        """(len(texts), dimension) float32, each row of unit length, order kept.

        A query's row times a passage's row is their likeness. A row must not depend on the other
        texts of the call.
        """


__all__ = ["Encoder", "Kind", "Vectors"]
