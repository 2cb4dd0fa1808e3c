"""Several at once on the same books, with real commits: limits hold, ids happen once, nobody waits
for ever, and what has been read of the past stays as it was read."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, connections, transaction

from tests import ledger as books
from tests.ledger import account, pending, posted, resolve, sums
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.ledger import actions, queries
from yangbanjian.ground.ledger.models import Account, Transfer
from yangbanjian.ground.ledger.rules import Kind
from yangbanjian.ground.ledger.rules import Transfer as Asked
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.kernel.refusals import Conflict

pytestmark = pytest.mark.usefixtures("own_database")


def at_once(writers: int, write: Callable[[int], Any]) -> list[Any]:
    """What each of several threads got, all let go at the same moment."""
    gate = threading.Barrier(writers)
    told: list[Any] = []

    def run(number: int) -> None:
        try:
            gate.wait(timeout=30)
            told.append(write(number))
        except BaseException as failure:
            told.append(failure)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(told) == writers
    return told


def _true() -> None:
    assert queries.differing() == []
    for line in queries.trial_balance(SYSTEM)[1]:
        assert line.balance.debits_posted == line.balance.credits_posted
        assert line.balance.debits_pending == line.balance.credits_pending


def test_L6_many_spend_from_one_limit() -> None:
    buyer, sellers = account(is_limited=True, credit=100), [account() for _ in range(8)]
    told = at_once(8, lambda n: books.results([posted(buyer, sellers[n], 30)]))
    assert Counter(r for one in told for r in one) == {"ok": 3, "over_limit": 5}
    assert sums(buyer) == (0, 90, 0, 100)
    _true()


def test_L3_the_same_transfer_sent_by_many_happens_once() -> None:
    bank, buyer = account(), account()
    for _ in range(5):
        asked = posted(bank, buyer, 7)
        outcomes = at_once(4, lambda _, a=asked: actions.post(actor=SYSTEM, transfers=[a])[0])  # type: ignore[misc]
        assert sorted(o.result for o in outcomes) == ["exists"] * 3 + ["ok"]
        assert len({o.seq for o in outcomes}) == 1
    assert sums(buyer) == (0, 0, 0, 35)


def test_L3_one_id_for_different_accounts_happens_once() -> None:
    """No lock is shared by these: the key alone decides, and who loses looks again."""
    pairs = [(account(), account()) for _ in range(4)]
    for _ in range(5):
        name, chain = books.new_id(), books.new_id()
        told = at_once(
            4,
            lambda n, name=name, chain=chain: books.results(  # type: ignore[misc]
                [posted(*pairs[n], 5, id=name), posted(*pairs[n], 1, chain=chain)]
            ),
        )
        assert sorted(one[0] for one in told) == ["conflict"] * 3 + ["ok"]
        assert sorted(one[1] for one in told) == ["conflict"] * 3 + ["ok"]
    _true()


def test_opposite_orders_of_accounts_do_not_deadlock() -> None:
    keys = [account() for _ in range(4)]

    def write(number: int) -> int:
        turned = keys if number % 2 else keys[::-1]
        for _ in range(10):
            pairs = itertools.pairwise(turned)
            assert books.results([posted(a, b, 1) for a, b in pairs]) == ["ok"] * 3
        return number

    assert sorted(at_once(4, write)) == [0, 1, 2, 3]
    _true()


def test_L5_a_hold_is_resolved_by_one_of_many() -> None:
    buyer, seller = account(is_limited=True, credit=10), account()
    hold = pending(buyer, seller, 10)
    books.post(hold)
    kinds = (Kind.POST, Kind.VOID, Kind.POST, Kind.VOID)
    told = at_once(4, lambda n: books.results([resolve(kinds[n], hold)])[0])
    assert sorted(told) == ["ok", "resolved", "resolved", "resolved"]
    _true()


def test_L7_nobody_sees_a_part_of_a_chain() -> None:
    """Each chain leaves its middle account as it found it; whoever looks, whenever, sees that."""
    first, middle, last = account(), account(), account()
    seen: list[tuple[int, int]] = []

    def write(number: int) -> int:
        for _ in range(15):
            if number:
                _, _, _, credited = sums(middle)
                looked = Account.objects.values_list("debits_posted", "credits_posted")
                with acting(SYSTEM):
                    row = looked.get(key=middle)
                seen.append((row[0], row[1]))
                assert row[1] >= credited
            else:
                name = books.new_id()
                actions.chain(
                    actor=SYSTEM,
                    transfers=[
                        posted(first, middle, 3, chain=name),
                        posted(middle, last, 3, chain=name),
                    ],
                )
        return number

    assert sorted(at_once(3, write)) == [0, 1, 2]
    assert all(debits == credits for debits, credits in seen)
    assert sums(middle) == (0, 45, 0, 45)


def test_L10_a_number_is_past_only_when_all_before_it_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow writer holds a smaller number than one that has committed already."""
    monkeypatch.setattr(queries, "PATIENCE_S", 0.1)
    slow, quick, other = account(), account(), account()
    drawn, may_commit = threading.Event(), threading.Event()
    early: list[int] = []

    def write() -> None:
        try:
            with transaction.atomic():
                early.append(books.post(posted(other, slow, 1))[0].seq or 0)
                drawn.set()
                may_commit.wait(30)
        finally:
            connections.close_all()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert drawn.wait(30)
        late = books.post(posted(account(), quick, 2))[0].seq
        assert late is not None
        assert early[0] < late
        one = Account.objects.get(key=slow)
        with pytest.raises(Conflict) as refused:
            queries.balance(one, late)
        assert refused.value.code == "ledger.not_settled"
        seq, before = queries.balance(one)
        assert seq < early[0]
        assert before.credits_posted == 0
    finally:
        may_commit.set()
        writer.join(30)
    assert queries.balance(one, seq)[1] == before
    assert queries.balance(one, late)[1].credits_posted == 1


def test_L4_a_broken_call_takes_effect_once_when_it_is_sent_again() -> None:
    """The connection dies before the commit, and after it, before the answer."""
    bank, buyer = account(), account()
    lost, done = posted(bank, buyer, 3), posted(bank, buyer, 4)
    with pytest.raises(DatabaseError):
        _post_and_die(lost)
    connection.close()
    assert not Transfer.objects.filter(pk=lost.id).exists()
    books.post(done)
    connection.close()
    assert books.results([lost, done]) == ["ok", "exists"]
    assert sums(buyer) == (0, 0, 0, 7)
    _true()


def _post_and_die(asked: Asked) -> None:
    with transaction.atomic():
        assert books.results([asked]) == ["ok"]
        _kill_own_connection()


def _kill_own_connection() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()
    told = connection.settings_dict
    with psycopg.connect(
        dbname=told["NAME"], user=told["USER"], password=told["PASSWORD"], host=told["HOST"],
        port=told["PORT"] or None, autocommit=True,
    ) as other:  # fmt: skip
        assert pid is not None
        other.execute("SELECT pg_terminate_backend(%s)", [pid[0]])


def test_other_isolation_is_refused() -> None:
    """The poster must see what has just been committed; under a kept snapshot it would not."""
    bank, buyer = account(), account()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with pytest.raises(DatabaseError, match="READ COMMITTED"), transaction.atomic():
            books.post(posted(bank, buyer, 1))
