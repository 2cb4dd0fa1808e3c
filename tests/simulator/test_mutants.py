"""Each fault that is put in on purpose is found, from every one of three seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connections

from tests import database, make
from tests.simulator import mutants, tables
from tests.simulator.filing import EVERY as FILED
from tests.simulator.filing import file_away
from tests.simulator.inspection import EVERY, inspect
from tests.simulator.interrogation import CHECKS, interrogate
from tests.simulator.memory import Memory
from tests.simulator.mutants import MUTANTS, Mutant, Sql, born
from tests.simulator.tables import Tables
from tests.simulator.world import simulate
from tests.telling import Telling, telling
from yangbanjian.ground.log import actions as log

SEEDS = (1, 2, 3)
WORLDS, STEPS = 12, 400


@pytest.fixture
def sql(committed: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sql]:
    """A superuser on a database of our own, past every guard; which is emptied each time."""
    settings.YBJ_SANDBOX = True
    name = str(connections["default"].settings_dict["NAME"])
    admin = database.admin_url()
    with psycopg.connect(database._on(admin, name), autocommit=True) as server:
        server.execute("SET session_replication_role = replica")
        yield lambda text, *values: server.execute(text, values or None)


def needed(mutant: Mutant, request: pytest.FixtureRequest) -> Sql:
    """A database for those that live in one or are examined on one."""
    if mutant.killer in (mutants.RULES, mutants.VERIFIER):
        return _nothing
    found: Sql = request.getfixturevalue("sql")
    return found


def _nothing(text: str, *_values: object) -> None:
    raise AssertionError("this examination has no database")


def examine(killer: str, seed: int, sql: Sql) -> Telling:
    """Look for whatever is wrong, by one examination from one seed."""
    tell = Telling(seed)
    try:
        _EXAMINATIONS[killer](tell, sql)
    except Exception as fault:
        tell.violated(repr(fault))
    return tell


def _on_postgresql(tell: Telling, *, has_log: bool) -> None:
    database.empty(str(connections["default"].settings_dict["NAME"]), database.admin_url())
    make.sandbox()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "BATCH", 7)
        patch.setattr(tables, "LOOK_AGAIN_S", 0.002)
        simulate(tell, Tables, worlds=WORLDS, steps=STEPS, is_compared=True, has_log=has_log)


def _in_memory(tell: Telling, _sql: Sql) -> None:
    simulate(tell, Memory, worlds=WORLDS, steps=STEPS, is_compared=False)


def _inspection(tell: Telling, sql: Sql) -> None:
    database.empty(str(connections["default"].settings_dict["NAME"]), database.admin_url())
    inspect(tell, sql)


def _filing(tell: Telling, _sql: Sql) -> None:
    database.empty(str(connections["default"].settings_dict["NAME"]), database.admin_url())
    file_away(tell)


_EXAMINATIONS: dict[str, Callable[[Telling, Sql], None]] = {
    mutants.BOOKS: lambda tell, _sql: _on_postgresql(tell, has_log=False),
    mutants.LOG: lambda tell, _sql: _on_postgresql(tell, has_log=True),
    mutants.RULES: _in_memory,
    mutants.VERIFIER: lambda tell, _sql: interrogate(tell),
    mutants.AUDIT: _inspection,
    mutants.FILES: _filing,
}


def test_there_are_enough_and_each_has_a_name() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 25


@pytest.mark.parametrize("seed", SEEDS)
def test_the_verifier_answers_every_question_rightly(
    seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with telling(seed, CHECKS, capsys) as tell:
        interrogate(tell)


def test_the_audit_names_every_edit(sql: Sql, capsys: pytest.CaptureFixture[str]) -> None:
    with telling(SEEDS[0], EVERY, capsys) as tell:
        inspect(tell, sql)


@pytest.mark.parametrize("seed", SEEDS)
def test_E7_damaged_files_are_refused_found_and_mended(
    seed: int, sql: Sql, capsys: pytest.CaptureFixture[str]
) -> None:
    with telling(seed, FILED, capsys) as tell:
        file_away(tell)


def test_each_mutant_fits_its_function(sql: Sql) -> None:
    """Those who rewrite a function aim its mutants anew, and are told so before the long proof."""
    astray = []
    for mutant in MUTANTS:
        try:
            with born(mutant, sql):
                pass
        except LookupError as told:
            astray.append(str(told))
    assert not astray, "\n".join(astray)


# One of each examination, among those that are found soonest.
SAMPLE = (
    "a limit for everybody",
    "the book without limits",
    "a path too short",
    "a look once and never again",
)


@pytest.mark.parametrize("name", SAMPLE)
def test_some_mutants_are_killed(name: str, request: pytest.FixtureRequest) -> None:
    (mutant,) = [m for m in MUTANTS if m.name == name]
    sql = needed(mutant, request)
    with born(mutant, sql):
        assert examine(mutant.killer, SEEDS[0], sql).violations, f"«{name}» survives"


@pytest.mark.proof
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "-"))
def test_every_mutant_is_killed_from_every_seed(
    mutant: Mutant, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    sql = needed(mutant, request)
    for seed in SEEDS:
        with telling(seed, ["killed"], capsys) as tell, born(mutant, sql):
            found = examine(mutant.killer, seed, sql)
            tell.steps = found.steps
            tell.reached["killed"] += bool(found.violations)
            if not found.violations:
                tell.violated(f"«{mutant.name}» survives")
