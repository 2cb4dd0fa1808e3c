"""Several at once at the bank, with real commits: one file sent twice, one line placed twice."""

from __future__ import annotations

from collections import Counter

import pytest

from tests import bank
from tests.ledger import account, sums
from tests.races.test_ledger import at_once
from yangbanjian.ground.bank import actions, queries
from yangbanjian.ground.bank.models import Line
from yangbanjian.ground.ledger.models import Transfer
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.kernel.refusals import Conflict

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
