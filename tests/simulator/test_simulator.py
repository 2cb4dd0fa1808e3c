"""Ledger and log under everything that goes wrong on the way: many worlds, from fixed seeds."""

from __future__ import annotations

from typing import Any

import pytest

from tests import make
from tests.simulator.desk import FAULTS, LEDGER, LOG
from tests.simulator.memory import Memory
from tests.simulator.tables import Tables
from tests.simulator.world import simulate
from tests.telling import telling
from yangbanjian.ground.log import actions as log

ALL = LEDGER | FAULTS | LOG
SEEDS = range(1, 11)


def _in_memory(seed: int, worlds: int, steps: int, capsys: pytest.CaptureFixture[str]) -> None:
    with telling(seed, ALL, capsys) as tell:
        simulate(tell, Memory, worlds=worlds, steps=steps, is_compared=False)


def test_in_memory_nothing_is_lost_doubled_or_altered(capsys: pytest.CaptureFixture[str]) -> None:
    _in_memory(SEEDS[0], 100, 1000, capsys)


@pytest.mark.proof
@pytest.mark.parametrize("seed", SEEDS)
def test_in_memory_for_long(seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Ten seeds of 10^5 steps: in many short worlds, and in one that grows old."""
    _in_memory(seed, 90, 1000, capsys)
    _in_memory(100 + seed, 1, 10_000, capsys)


@pytest.fixture
def market(committed: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sandbox whose commits are real; its sequencer takes few entries at a time."""
    settings.YBJ_SANDBOX = True
    make.sandbox()
    monkeypatch.setattr(log, "BATCH", 7)


def _on_postgresql(seed: int, worlds: int, steps: int, capsys: pytest.CaptureFixture[str]) -> None:
    with telling(seed, ALL, capsys) as tell:
        simulate(tell, Tables, worlds=worlds, steps=steps, is_compared=True)


@pytest.mark.usefixtures("market")
def test_on_postgresql_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    _on_postgresql(SEEDS[0], 5, 1000, capsys)


@pytest.mark.proof
@pytest.mark.usefixtures("market")
@pytest.mark.parametrize("seed", SEEDS)
def test_on_postgresql_for_long(seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    _on_postgresql(seed, 10, 1000, capsys)
