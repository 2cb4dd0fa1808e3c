"""Several at once at the bank, with real commits: one file sent twice, one line placed twice."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from tests import bank, make
from tests.ledger import account, sums
from tests.races.test_ledger import at_once
from yangbanjian.ground.bank import actions, queries
from yangbanjian.ground.bank.models import Line
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.ledger.models import Transfer
from yangbanjian.ground.people.models import Organisation
from yangbanjian.kernel.actor import SYSTEM, Role
from yangbanjian.kernel.refusals import Conflict, NotFound

PATIENCE_S = 20
pytestmark = pytest.mark.usefixtures("own_database")


def test_L12_the_same_statement_sent_twice_at_once_is_taken_once() -> None:
    at, buyer = bank.bank_account(), account()
    actions.expect(actor=SYSTEM, account=buyer, amount=3, reference="K-0003")
    lines = [bank.line(n, reference=f"K-{n:04d}") for n in range(1, 41)]
    told = at_once(4, lambda _n: actions.take(actor=SYSTEM, bank_account_id=at.pk, lines=lines))
    assert sorted((len(t.new), t.known) for t in told) == [(0, 40), (0, 40), (0, 40), (40, 0)]
    assert Line.objects.filter(bank_account=at).count() == 40
    assert Transfer.objects.filter(debit=at.account_id).count() == 40
    assert sums(buyer)[3] == 3
    assert queries.differing() == []


def test_L12_a_line_is_placed_once_however_many_try() -> None:
    treasurer = bank.treasurer()
    at, buyers = bank.bank_account(treasurer), [account() for _ in range(4)]
    (line,) = bank.take(at, bank.line(700))
    told = at_once(4, lambda n: actions.match(actor=treasurer, line_id=line.pk, account=buyers[n]))
    refused = [t for t in told if isinstance(t, Conflict)]
    assert Counter(t.code for t in refused) == {"bank.already_matched": 3}, told
    assert sorted(sums(buyer)[3] for buyer in buyers) == [0, 0, 0, 700]
    assert queries.differing() == []


def test_L12_statements_and_matches_at_once_keep_suspense_equal_to_what_waits() -> None:
    treasurer = bank.treasurer()
    accounts, buyer = [bank.bank_account(treasurer) for _ in range(3)], account()
    waiting = [bank.take(accounts[0], bank.line(10))[0] for _ in range(3)]

    def write(number: int) -> None:
        for _ in range(3):
            bank.take(accounts[number], bank.line(5), bank.line(-2))
        actions.match(actor=treasurer, line_id=waiting[number].pk, account=buyer)
        actions.unmatch(actor=treasurer, line_id=waiting[number].pk, reason="x")

    told = at_once(3, write)
    assert told == [None] * 3, told
    found = queries.unmatched(SYSTEM)
    assert found.sum == found.suspense_balance
    assert queries.differing() == []


def test_attack_30_refunds_of_one_line_at_once_do_not_pass_what_came() -> None:
    treasurer = bank.treasurer()
    at, buyer = bank.bank_account(treasurer), account(credit=5_000)
    (line,) = bank.take(at, bank.line(1_000))
    actions.match(actor=treasurer, line_id=line.pk, account=buyer)
    told = at_once(3, lambda _n: actions.refund(actor=treasurer, line_id=line.pk, amount=600))
    assert sum(isinstance(t, Conflict) for t in told) == 2, told
    assert sums(buyer)[0] == 600


def _in_turn(first: Callable[[], Any], second: Callable[[], Any]) -> tuple[Any, Any]:
    """What each got: the second begins while the first has done its work and not committed, and is
    seen to wait before the first commits."""
    has_done, may_commit = threading.Event(), threading.Event()

    def one(number: int) -> Any:
        if number == 0:
            with acting(SYSTEM):
                told = first()
                has_done.set()
                assert may_commit.wait(PATIENCE_S)
            return 0, told
        assert has_done.wait(PATIENCE_S)
        try:
            return 1, second()
        except (Conflict, NotFound) as refused:
            return 1, refused

    def watch() -> None:
        assert has_done.wait(PATIENCE_S)
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
                    " AND wait_event_type = 'Lock')"
                )
                if cursor.fetchone()[0]:
                    break
            time.sleep(0.02)
        may_commit.set()

    def run(number: int) -> Any:
        return watch() if number == 2 else one(number)

    told = dict(t for t in at_once(3, run) if isinstance(t, tuple))
    return told[0], told[1]


@pytest.mark.parametrize("is_withdrawn_first", [True, False])
@pytest.mark.parametrize("by", ["statement", "hand"])
def test_L12_a_match_and_a_withdrawal_do_not_cross(by: str, is_withdrawn_first: bool) -> None:
    treasurer = bank.treasurer()
    at, buyer = bank.bank_account(treasurer), account()
    reference = f"W-{by[0]}{int(is_withdrawn_first)}77"
    waits = actions.expect(actor=SYSTEM, account=buyer, amount=700, reference=reference)
    said = bank.line(700, reference=reference if by == "statement" else "")
    line = None if by == "statement" else bank.take(at, said)[0]

    def place() -> Any:
        if line is None:
            return actions.take(actor=SYSTEM, bank_account_id=at.pk, lines=[said]).matched
        return actions.match(actor=treasurer, line_id=line.pk, expectation_id=waits.pk)

    def withdraw() -> Any:
        return actions.withdraw(actor=treasurer, expectation_id=waits.pk)

    acts = (withdraw, place) if is_withdrawn_first else (place, withdraw)
    _, second = _in_turn(*acts)
    if is_withdrawn_first and by == "statement":
        assert second == 0, "taken in, and waits to be placed"
    else:
        assert isinstance(second, NotFound), second
    waits.refresh_from_db()
    is_matched = waits.matches.filter(undone_by=None).exists()
    assert (waits.withdrawn_at is None) == is_matched == (not is_withdrawn_first)
    assert sums(buyer)[3] == (0 if is_withdrawn_first else 700)
    assert queries.differing() == []


def _paid_order() -> tuple[Any, Any, Any]:
    """The treasurer, the bank account, and a refund of 1,000 fen that the bank has paid."""
    treasurer = bank.treasurer()
    at, buyer = bank.bank_account(treasurer), account()
    (line,) = bank.take(at, bank.line(1_000, counterparty="6222-A"))
    actions.match(actor=treasurer, line_id=line.pk, account=buyer)
    order = actions.refund(actor=treasurer, line_id=line.pk)
    bank.take(at, bank.line(-1_000, counterparty="6222-A", reference=order.reference))
    return treasurer, at, order


def test_a_payment_comes_back_once_however_many_lines_and_hands_say_so_at_once() -> None:
    treasurer, at, order = _paid_order()
    lines = bank.take(at, *(bank.line(1_000, counterparty="9") for _ in range(3)))
    named = bank.line(1_000, counterparty="6222-A", reference=order.reference)

    def say(number: int) -> Any:
        if number == 3:
            return actions.take(actor=SYSTEM, bank_account_id=at.pk, lines=[named]).matched
        return actions.return_payment(
            actor=treasurer, line_id=lines[number].pk, expectation_id=order.pk
        )

    told = at_once(4, say)
    assert sum(not isinstance(t, NotFound) and t != 0 for t in told) == 1, told
    assert order.returned_by.filter(undone_by=None).count() == 1
    assert sums(order.account.key) == (0, 1_000, 0, 2_000)
    found = queries.unmatched(SYSTEM)
    assert found.sum == found.suspense_balance
    assert queries.differing() == []


def test_a_refund_that_came_back_is_given_anew_once() -> None:
    treasurer, at, order = _paid_order()
    payee = make.actor(Role.ENTERPRISE, Organisation.objects.get(pk=order.payee_id))
    actions.name_payee(actor=payee, number="6222-NEW", bank="b")
    bank.take(at, bank.line(1_000, counterparty="6222-A", reference=order.reference))
    told = at_once(3, lambda _n: actions.repeat_refund(actor=treasurer, expectation_id=order.pk))
    refused = [t for t in told if isinstance(t, Conflict)]
    assert Counter(t.code for t in refused) == {"bank.not_to_repeat": 2}, told
    assert sums(order.account.key) == (1_000, 1_000, 0, 2_000)
