"""Facts of a record: the measured numbers in its stored text, by the same reader as demands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .offsets import fold_once
from .quantities import quantities
from .shapes import Target
from .targets import read_targets

MAX_FACTS = 60


@dataclass(frozen=True, slots=True)
class Fact:
    """A number claimed in field `field` of a record; spans inside `claim` are of that field."""

    field: str
    claim: Target


def facts_of(record_fields: Mapping[str, str]) -> list[Fact]:
    """Measured numbers of each text field, in the order of the mapping, at most 60.

    Reads the first 4,000 code points of a field. Bare claims are "=", ranges "range"; money
    without a unit and calendar numbers are passed over. Never raises.
    """
    out: list[Fact] = []
    for name, text in record_fields.items():
        folded = fold_once(text)
        claims, _ = read_targets(folded, quantities(folded.text), claims=True)
        out.extend(Fact(name, claim) for claim in claims)
        if len(out) >= MAX_FACTS:
            break
    return out[:MAX_FACTS]
