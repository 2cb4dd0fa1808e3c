"""Sequencers at once, killed, late and stale, keys that change under them: always one chain of
heads that continue each other, and every entry in it exactly once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from django.conf import settings as django_settings
from django.db import DatabaseError, connection, connections, transaction

from tests.actions.test_log import trust
from tests.races.killed_sequencer import POINTS
from verify import __main__ as verifier
from verify.heads import read_head
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.log import actions, audit, queries
from yangbanjian.ground.log.models import Anchor, Checkpoint, Leaf
from yangbanjian.kernel.actor import SYSTEM

pytestmark = pytest.mark.usefixtures("own_database")
PROJECT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _folders_of_the_module(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The database outlives a test, and so must its keys and what stands outside."""
    place = tmp_path_factory.getbasetemp() / "log-races"
    settings.KEYS_ROOT, settings.ANCHORS_ROOT = place / "keys", place / "anchors"


def wrote(count: int = 1, subject_id: int = 1) -> list[int]:
    with acting(SYSTEM):
        fact = journal.Fact(verb="things.made", subject_kind="thing", subject_id=subject_id)
        return journal.record_many(actor=SYSTEM, facts=[fact] * count)


def until(is_so: Callable[[], bool], seconds: float = 30.0) -> None:
    ends = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends, "waited in vain"
        time.sleep(0.02)


def all_sealed() -> None:
    """Sequence until every entry has its leaf; other databases' transactions may hold it up."""

    def is_done() -> bool:
        actions.sequence_all()
        return not Entry.objects.filter(leaf=None).exists()

    until(is_done)


def whole() -> None:
    """What must hold after anything: nothing lost, nothing twice, one chain."""
    all_sealed()
    leaves = list(Leaf.objects.order_by("position").values_list("position", "entry_id"))
    assert [position for position, _ in leaves] == list(range(len(leaves)))
    assert sorted(entry for _, entry in leaves) == sorted(
        Entry.objects.values_list("pk", flat=True)
    )
    heads = list(Checkpoint.objects.order_by("id").values_list("size", flat=True))
    assert heads == sorted(heads)
    assert heads[-1] == len(leaves)
    # An auditor who has kept every head: one signed by a key that was lost later counts for them.
    kept = Checkpoint.objects.order_by("id").values_list("note", flat=True)
    known = verifier.Trust(trust().keys, [read_head(note) for note in kept])
    for old, new in pairwise(sorted(set(heads))):
        proof = verifier.canonical(queries.consistency(old, new)).encode()
        assert verifier.verify(proof, known).code == 0, (old, new)
    report = audit.audit()
    assert report.is_whole, [str(f) for f in report.findings]


def at_once(*works: Callable[[], object]) -> list[BaseException]:
    failed: list[BaseException] = []
    gate = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        try:
            gate.wait(timeout=30)
            work()
        except BaseException as problem:
            failed.append(problem)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return failed


def sealing(rounds: int) -> Callable[[], None]:
    def run() -> None:
        for _ in range(rounds):
            actions.sequence()

    return run


def writing(rounds: int, seed: int) -> Callable[[], None]:
    """Acts of different length; every fourth is undone, every third commits late."""

    def run() -> None:
        some = random.Random(seed)
        for _ in range(rounds):
            try:
                with transaction.atomic():
                    wrote(some.randint(1, 40))
                    if some.random() < 0.33:
                        time.sleep(some.random() / 50)
                    if some.random() < 0.25:
                        raise ZeroDivisionError
            except ZeroDivisionError:
                continue

    return run


def test_two_sequencers_and_three_writers_make_one_chain() -> None:
    assert at_once(*[sealing(30)] * 2, *(writing(12, seed) for seed in range(3))) == []
    whole()


def test_keys_change_while_sequencers_work() -> None:
    def changing() -> None:
        for n in range(4):
            actions.rotate_key(actor=SYSTEM, is_lost=n == 2)

    wrote()
    all_sealed()
    before = Checkpoint.objects.count()
    assert at_once(*[sealing(25)] * 2, *(writing(10, seed) for seed in range(2)), changing) == []
    whole()
    signed = Checkpoint.objects.order_by("id").values_list("key_id", flat=True)[before:]
    # Once a key has signed after another, the other one signs no more.
    assert list(signed) == sorted(signed)
    assert len(set(signed)) >= 4


def other() -> Any:
    """A connection beside the test's own."""
    made = connections["default"].copy()
    made.connect()
    return made


INSERT = (
    "INSERT INTO journal_entry (verb, subject_kind, subject_id, party_ids, at_business,"
    " at_recorded, edition, audience, payload, salt, payload_jcs_sha256, remark_sha256)"
    " VALUES ('things.made', 'thing', 1, '{}', clock_timestamp(), clock_timestamp(), '', 'public',"
    " '{}', 's', sha256('s{}'), '') RETURNING id"
)


def test_an_entry_that_commits_late_is_waited_for_and_stands_by_its_transaction() -> None:
    """Identities are drawn in the order a, b, c; commits come in the order b, c, a."""
    all_sealed()
    early, size = other(), Leaf.objects.count()
    try:
        early.set_autocommit(False)
        with early.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()")
            cursor.execute("SET LOCAL ybj.system = 'on'")
            (b,) = wrote()
            cursor.execute(INSERT)
            (a,) = cursor.fetchone()
        (c,) = wrote()
        assert b < a < c
        actions.sequence_all()
        assert Leaf.objects.count() == size, "what began earlier may still write"
        early.commit()
    finally:
        early.close()
    all_sealed()
    order = list(
        Leaf.objects.filter(position__gte=size)
        .order_by("position")
        .values_list("entry_id", flat=True)
    )
    assert order == [a, b, c], "in the order of transactions, not of identities"
    whole()


def test_a_sequencer_with_a_stale_view_leaves_nothing() -> None:
    """It read before another one had sealed: what it would write is refused as a whole."""
    all_sealed()
    wrote(3)
    failures: list[BaseException] = []

    def seal_late() -> None:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                cursor.execute("SELECT count(*) FROM log_leaf")
            failures.extend(at_once(all_sealed))
            actions.sequence()

    with pytest.raises((DatabaseError, psycopg.errors.UniqueViolation)):
        seal_late()
    assert failures == []
    whole()


@pytest.fixture
def mortal() -> Iterator[subprocess.Popen[str]]:
    """A process whose children are killed on order; see killed_sequencer."""
    made = connections["default"].settings_dict
    url = f"postgresql://{made['USER']}:{quote(made['PASSWORD'])}@{quote(made['HOST'], safe='')}"
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("YBJ_", "DATABASE_"))}
    place = [str(django_settings.KEYS_ROOT), str(django_settings.ANCHORS_ROOT)]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.races.killed_sequencer", *place],
        cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**kept, "DATABASE_URL": f"{url}:{made['PORT']}/{made['NAME']}"},
    ) as process:  # fmt: skip
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=30) == 0


def order(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdin is not None
    process.stdin.write(word + "\n")
    process.stdin.flush()


def answer(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def test_killed_between_any_two_steps_it_is_as_if_it_had_not_begun_or_had_ended(
    mortal: subprocess.Popen[str],
) -> None:
    all_sealed()
    for point in POINTS:
        wrote(130)
        until(_is_settled)
        if "outside" in point:
            actions.rotate_key(actor=SYSTEM)  # else today's head stands there already
        size = Leaf.objects.count()
        order(mortal, point)
        assert answer(mortal) == -signal.SIGKILL, point
        appended = Leaf.objects.count() - size
        assert appended == (130 if point in POINTS[6:] else 0) or "outside" in point, point
        whole()
        while actions.anchor_if_due(actor=SYSTEM):
            pass
        head = queries.head_or_refuse()
        if "outside" in point:
            assert Anchor.objects.filter(checkpoint__key=head.key, failure="").exists(), point
            assert audit.audit().outside >= 1


def _is_settled() -> bool:
    from yangbanjian.ground.database.numbering import settled_below

    newest = Entry.objects.order_by("-xact").values_list("xact", flat=True).first()
    return newest is None or newest < settled_below()


def killed_at_random(process: subprocess.Popen[str], rounds: int, seed: int) -> None:
    some = random.Random(seed)
    for _ in range(rounds):
        order(process, "load")
        pid = answer(process)
        time.sleep(0.05 + some.random() * 0.4)
        os.kill(pid, signal.SIGKILL)
        assert answer(process) == -signal.SIGKILL
    whole()


def test_killed_at_any_moment(mortal: subprocess.Popen[str]) -> None:
    killed_at_random(mortal, 3, seed=1)


@pytest.mark.proof
def test_killed_at_any_moment_fifty_times(mortal: subprocess.Popen[str]) -> None:
    for seed in range(10):
        killed_at_random(mortal, 5, seed)


@pytest.mark.proof
def test_many_sequencers_writers_and_keys() -> None:
    def changing() -> None:
        for _ in range(20):
            actions.rotate_key(actor=SYSTEM)
            time.sleep(0.05)

    works = [sealing(200)] * 3 + [writing(80, seed) for seed in range(5)]
    assert at_once(*works, changing) == []
    whole()
