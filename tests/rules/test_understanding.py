"""Realistic demands against what a careful reader takes from them, with their places."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.rules.understanding_cases import CASES, TODAY
from yangbanjian.engines.matching.rules.understanding import (
    Understanding,
    default_fields,
    understand,
)

FIELDS = default_fields()


def read(text: str) -> Understanding:
    return understand(text, today=TODAY, fields=FIELDS)


def _check_targets(text: str, said: Understanding, wanted: list[Any]) -> None:
    assert [t.metric for t in said.targets] == [w[0] for w in wanted]
    for target, (_, op, value, unit, words) in zip(said.targets, wanted, strict=True):
        low, high = value if isinstance(value, tuple) else (value, None)
        assert (target.op, target.value) == (op, Decimal(str(low)))
        assert target.value_to == (None if high is None else Decimal(high))
        assert (target.unit.symbol if target.unit else None) == unit
        if words is not None:
            assert text[slice(*target.span)] == words
        start, end = target.number_span
        assert target.span[0] <= start < end <= target.span[1]


def _check_place(text: str, found: Any, wanted: tuple[Any, str | None] | None, value: Any) -> None:
    if wanted is None:
        assert value is None
        return
    assert value == wanted[0]
    if wanted[1] is not None:
        assert text[slice(*found.span)] == wanted[1]


def _check_places(text: str, said: Understanding, wanted: dict[str, Any]) -> None:
    values = {
        "budget": (said.budget, said.budget_fen),
        "deadline": (said.deadline, _deadline(said)),
        "region": (said.region, said.region.code if said.region else None),
    }
    for name, (found, value) in values.items():
        if name in wanted:
            _check_place(text, found, wanted[name], value)


def _deadline(said: Understanding) -> str | None:
    return said.deadline.day.isoformat() if said.deadline and said.deadline.day else None


@pytest.mark.parametrize(("text", "wanted"), CASES, ids=[c[0][:24] for c in CASES])
def test_a_demand_is_read_as_a_careful_reader_would(text: str, wanted: dict[str, Any]) -> None:
    said = read(text)
    if "targets" in wanted:
        _check_targets(text, said, wanted["targets"])
    _check_places(text, said, wanted)
    if "constraints" in wanted:
        assert [c.text for c in said.constraints] == wanted["constraints"]
        assert [text[slice(*c.span)] for c in said.constraints] == wanted["constraints"]
    if "guessed" in wanted:
        assert wanted["guessed"] <= {g.kind for g in said.guesses}
    simple = {
        "modes": [m.code for m in said.modes],
        "trl": (said.trl.low, said.trl.high) if said.trl else None,
        "field": said.field,
        "question": said.question.code if said.question else None,
    }
    assert {k: v for k, v in simple.items() if k in wanted} == {
        k: v for k, v in wanted.items() if k in simple
    }
