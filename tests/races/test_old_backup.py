"""A backup that was taken by an older product comes back, is migrated forward, and keeps what it
promised: the books, the log, the walls."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from tests import database, make, walls
from tests.ledger import account, post, posted
from tests.races.test_brought_over import superuser, tool
from tests.races.test_log import all_sealed, whole
from yangbanjian.ground.database import numbering
from yangbanjian.ground.database.transactions import acting, each_as
from yangbanjian.ground.ledger import queries as ledger
from yangbanjian.ground.log.audit import audit
from yangbanjian.ground.rulebook.actions import settle_shipped
from yangbanjian.kernel.actor import SYSTEM, Role
from yangbanjian.kernel.refusals import NotAllowed
from yangbanjian.libraries.achievements.queries import LIBRARY
from yangbanjian.libraries.records import queries as records

# What the older product did not have yet: these migrations, and all that build upon them.
SINCE = {
    "before grants": [("database", "0004_opened"), ("trading", "0012_stuck_lots")],
    "before walls": [("database", "0003_row_security")],
}


@pytest.fixture
def names(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[str, str]]:
    """The names of two databases, dropped afterwards, and Django back where it was."""
    before = dict(connections.settings["default"])
    there = dict(connections["default"].settings_dict)
    made = tuple(f"test_old_{os.getpid()}_{word}" for word in ("then", "now"))
    with django_db_blocker.unblock():
        connections["default"].close()
        yield made  # type: ignore[misc]
        for alias in ("default", "migrator"):
            if alias in connections.settings:
                connections[alias].close()
        if connections.settings.pop("migrator", None):
            del connections["migrator"]  # else the next to say so gets this one
        connections.settings["default"] = before
        connections["default"].settings_dict.clear()
        connections["default"].settings_dict.update(there)
        with psycopg.connect(database.admin_url(), autocommit=True) as server:
            for name in made:
                server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


def point_at(name: str) -> None:
    urls = database.create(name, database.admin_url())
    for alias, role in (("default", "runtime"), ("migrator", "migrator")):
        if alias in connections.settings:
            connections[alias].close()
        made = {**connections.settings["default"], **database.django_settings(urls[role])}
        connections.settings[alias] = made
        connections[alias].settings_dict.update(made)


def migrate_until(missing: list[tuple[str, str]]) -> None:
    """Each room as far as it goes without these migrations."""
    executor = MigrationExecutor(connections["migrator"])
    graph = executor.loader.graph
    gone = {node for one in missing for node in graph.backwards_plan(one)}
    last: dict[str, tuple[str, str]] = {}
    for leaf in graph.leaf_nodes():
        for node in graph.forwards_plan(leaf):
            if node not in gone and node[0] == leaf[0]:
                last[node[0]] = node
    executor.migrate(sorted(last.values()))


@pytest.mark.parametrize("when", SINCE)
def test_L1_L2_E4_T7_an_old_backup_is_restored_and_migrated_forward(
    when: str, names: tuple[str, str], tmp_path: Path, settings: Any
) -> None:
    settings.KEYS_ROOT, settings.ANCHORS_ROOT = tmp_path / "keys", tmp_path / "anchors"
    old, new = names
    point_at(old)
    migrate_until(SINCE[when])
    with each_as(SYSTEM):
        owner = make.actor(Role.TTO)
        draft = make.achievement(owner)
        debit, credit = account(), account()
        assert [o.result for o in post(*(posted(debit, credit, n) for n in (5, 7, 11)))] == [
            "ok"
        ] * 3
        all_sealed()
        books = ledger.trial_balance(SYSTEM)[1]
        leaves = audit().leaves
    tool("pg_dump", "-Fc", "-f", str(tmp_path / "dump"), url=superuser(old))

    database.create(new, database.admin_url())
    tool("pg_restore", "--exit-on-error", str(tmp_path / "dump"), url=superuser(new))
    point_at(new)
    call_command("migrate", database="migrator", verbosity=0, interactive=False)
    with each_as(SYSTEM):
        numbering.count_on("migrator")
        settle_shipped("migrator")
        assert ledger.trial_balance(SYSTEM)[1] == books
        assert ledger.differing() == []
        report = audit()
        assert report.first_bad is None
        assert report.leaves >= leaves
        whole()
        # And goes on.
        assert [o.result for o in post(posted(debit, credit, 2))] == ["ok"]
        assert ledger.differing() == []
        whole()
        operator = make.actor(Role.OPERATOR)
    with psycopg.connect(superuser(new)) as found:
        assert walls.faults(found) == []
    for is_opened in (False, True):
        with acting(operator):
            if is_opened:
                assert records.get(LIBRARY, operator, draft.pk).pk == draft.pk
            else:
                with pytest.raises(NotAllowed):
                    records.get(LIBRARY, operator, draft.pk)
        with each_as(SYSTEM):
            assert owner.organisation_id is not None
            make.look_in(operator, owner.organisation_id)
