"""A backup is taken while transfers and entries come in; what it brings back holds at its point."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection, connections

from tests import database
from tests.ledger import account, post, posted
from tests.races.test_brought_over import superuser, tool
from tests.races.test_log import whole
from tests.races.test_old_backup import names, point_at
from yangbanjian.ground.database import numbering
from yangbanjian.ground.database.transactions import acting, each_as
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.ledger import queries as ledger
from yangbanjian.ground.ledger.models import Transfer
from yangbanjian.ground.log import actions as log
from yangbanjian.ground.log.models import Checkpoint, Leaf
from yangbanjian.kernel.actor import SYSTEM

__all__ = ["names"]  # a fixture
CLIENTS = 2


class Load:
    """Works that go on in threads until they are stopped; what they were told is kept."""

    def __init__(self, *works: Callable[[int], Any]) -> None:
        self.told: list[list[Any]] = [[] for _ in works]
        self.failed: list[BaseException] = []
        self._ends = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=w) for w in zip(works, self.told, strict=True)
        ]

    def _run(self, work: Callable[[int], Any], told: list[Any]) -> None:
        try:
            with each_as(SYSTEM):
                for n in itertools.count():
                    if self._ends.is_set():
                        return
                    told.append(work(n))
        except BaseException as error:
            self.failed.append(error)
        finally:
            connections.close_all()

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        for thread in self._threads:
            thread.join(60)
        assert not self.failed, self.failed


def _entries(n: int) -> int:
    with acting(SYSTEM):
        fact = journal.Fact(verb="things.made", subject_kind="thing", subject_id=n + 1)
        journal.record_many(actor=SYSTEM, facts=[fact] * (1 + n % 7))
    return log.sequence()


def _log() -> tuple[list[tuple[int, int]], list[str]]:
    """(its leaves, its signed heads), the oldest first."""
    leaves = Leaf.objects.order_by("position").values_list("position", "entry_id")
    return list(leaves), list(Checkpoint.objects.order_by("id").values_list("note", flat=True))


@pytest.mark.usefixtures("committed")
def test_L1_L2_E4_what_is_backed_up_under_load_holds_at_its_point(
    names: tuple[str, str], tmp_path: Path, settings: Any
) -> None:
    settings.KEYS_ROOT, settings.ANCHORS_ROOT = tmp_path / "keys", tmp_path / "anchors"
    live, restored = str(connection.settings_dict["NAME"]), names[1]
    books = [(account(), account()) for _ in range(CLIENTS)]

    def poster(debit: UUID, credit: UUID) -> Callable[[int], UUID]:
        def one(n: int) -> UUID:
            sent = posted(debit, credit, n + 1)
            assert [o.result for o in post(sent)] == ["ok"]
            return sent.id

        return one

    with Load(_entries, *(poster(*pair) for pair in books)) as load:
        _until(lambda: all(len(told) >= 10 for told in load.told))
        before = [list(told) for told in load.told]
        tool("pg_dump", "-Fc", "-f", str(tmp_path / "dump"), url=superuser(live))
        during = [len(told) for told in load.told]
        _until(lambda: all(len(t) > d for t, d in zip(load.told, during, strict=True)))
    assert all(d > len(b) for d, b in zip(during, before, strict=True)), "nothing came meanwhile"
    leaves, heads = _log()

    database.create(restored, database.admin_url())
    tool("pg_restore", "--exit-on-error", str(tmp_path / "dump"), url=superuser(restored))
    point_at(restored)
    call_command("migrate", database="migrator", verbosity=0, interactive=False)
    with each_as(SYSTEM):
        numbering.count_on("migrator")
        there = set(Transfer.objects.values_list("pk", flat=True))
        assert there.issuperset(name for told in before[1:] for name in told)
        assert ledger.differing() == []
        sums = [one.balance for one in ledger.trial_balance(SYSTEM)[1]]
        assert all(b.debits_posted == b.credits_posted > 0 for b in sums)
        then_leaves, then_heads = _log()
        # A part of what the living log went on to be, and no other.
        assert 0 < len(then_leaves) < len(leaves)
        assert then_leaves == leaves[: len(then_leaves)]
        assert then_heads == heads[: len(then_heads)]
        whole()


def _until(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.02)
