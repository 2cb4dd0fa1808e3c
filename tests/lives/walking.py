"""Walking a state machine from many seeds, and saying what was reached."""

from __future__ import annotations

from abc import ABC, ABCMeta, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.telling import telling


class _Kind(ABCMeta, type(RuleBasedStateMachine)):  # type: ignore[misc]
    """Both: what is abstract, and what a state machine is made of."""


class Life(RuleBasedStateMachine, ABC, metaclass=_Kind):
    """One life in a transaction of its own, undone at its end. Subclasses count in `reached`
    each (state, move) that was done, and in `refused` each that was not."""

    reached: Counter[str]
    refused: Counter[str]
    steps: int

    def __init__(self) -> None:
        super().__init__()
        self._whole = transaction.atomic()
        self._whole.__enter__()

    @classmethod
    @abstractmethod
    def grid(cls) -> None:
        """Try every move in every state: what chance may never come to."""

    @contextmanager
    def undone(self) -> Iterator[None]:
        """One try, taken back: in the database and in what we think."""
        before = dict(vars(self))
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
        vars(self).update(before)

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self._whole.__exit__(None, None, None)


def walk(
    life: type[Life], number: int, lives: int, steps: int, capsys: pytest.CaptureFixture[str],
    wanted: Iterable[str] = (),
) -> None:  # fmt: skip
    """Try the grid, then live that many lives from a seed; says what was reached. Raises at the
    first violation, with the shortest life that has it."""
    life.reached, life.refused, life.steps = Counter(), Counter(), 0
    chosen = settings(
        max_examples=lives,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    with telling(number, wanted, capsys) as tell:
        tell.reached = life.reached
        try:
            life.grid()
            run_state_machine_as_test(seed(number)(life), settings=chosen)
        finally:
            tell.steps = life.steps


def missing(found: Counter[str], wanted: Iterable[Any]) -> set[str]:
    """Which of the wanted (state, move) pairs were never seen."""
    return {f"{state}.{move}" for state, move in wanted} - set(found)
