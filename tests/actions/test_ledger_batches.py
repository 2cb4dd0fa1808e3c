"""What rooms above the ledger and its callers are told: refusals, entries, each way of posting."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests import ledger as books
from tests import make
from tests.ledger import account, pending, post, posted, resolve, results, sums
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.ledger import actions, queries
from yangbanjian.ground.ledger.models import Account
from yangbanjian.ground.ledger.rules import MOST_UNITS, Kind
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.kernel.refusals import Conflict, Invalid

pytestmark = pytest.mark.django_db


def test_an_account_is_opened_once() -> None:
    owner, key = make.organisation().pk, books.new_id()
    asked = {"key": key, "owner_id": owner, "code": "1001", "asset": "CNY", "is_limited": True}
    first, is_new = actions.open_account(actor=SYSTEM, **asked)
    assert is_new
    assert actions.open_account(actor=SYSTEM, **asked) == (first, False)
    for change in ({"is_limited": False}, {"asset": "V"}, {"code": "x"}):
        with pytest.raises(Conflict):
            actions.open_account(actor=SYSTEM, **{**asked, **change})
    assert Entry.objects.filter(verb="ledger.open_account").count() == 1


def test_rooms_above_are_refused_with_a_reason_and_nothing_changes() -> None:
    buyer, seller = account(credit=100, is_limited=True), account()
    hold_id = books.new_id()
    actions.hold(
        actor=SYSTEM, transfer_id=hold_id, debit=buyer, credit=seller, amount=60, asset="CNY",
        lasting=timedelta(days=1), cause="lot:1",
    )  # fmt: skip
    before = books.contents()
    with pytest.raises(Conflict) as refused:
        actions.transfer(
            actor=SYSTEM, transfer_id=books.new_id(), debit=buyer, credit=seller, amount=41,
            asset="CNY",
        )  # fmt: skip
    assert refused.value.code == "ledger.over_limit"
    name = books.new_id()
    with pytest.raises(Conflict) as refused:
        actions.chain(
            actor=SYSTEM,
            transfers=[
                posted(buyer, seller, 10, chain=name),
                posted(buyer, seller, 31, chain=name),
            ],
        )
    assert refused.value.code == "ledger.over_limit"
    assert books.contents() == before
    actions.settle(actor=SYSTEM, transfer_id=books.new_id(), hold_id=hold_id, amount=20)
    with pytest.raises(Conflict) as refused:
        actions.release(actor=SYSTEM, transfer_id=books.new_id(), hold_id=hold_id)
    assert refused.value.code == "ledger.resolved"
    assert sums(buyer) == (0, 20, 0, 100)


def test_each_batch_that_posted_something_has_one_entry() -> None:
    bank, buyer = account(), account()
    before = Entry.objects.filter(verb="ledger.post").count()
    asked = [posted(bank, buyer, n) for n in (1, 2, 3)]
    outcomes = post(*asked)
    post(*asked)
    entry = Entry.objects.filter(verb="ledger.post").latest("id")
    assert Entry.objects.filter(verb="ledger.post").count() == before + 1
    assert entry.payload == {"first": outcomes[0].seq, "last": outcomes[2].seq, "count": 3}


def test_a_batch_that_makes_no_sense_is_refused_whole_and_says_where() -> None:
    bank, buyer = account(), account()
    before = books.contents()
    with pytest.raises(Invalid) as refused:
        post(
            posted(bank, buyer, 5),
            posted(bank, bank, 5),
            posted(bank, buyer, 5, timeout_s=5),
            pending(bank, buyer, 5, timeout_s=0),
            resolve(Kind.POST, pending(bank, buyer, 5), timeout_s=5, corrects_id=buyer),
        )
    assert [p.field for p in refused.value.problems] == [
        "transfers.1.credit",
        "transfers.2.timeout_s",
        "transfers.3.timeout_s",
        "transfers.4.timeout_s",
        "transfers.4.corrects_id",
    ]
    assert books.contents() == before


def test_the_month_of_a_small_firm() -> None:
    """The example of docs/algorithms/ledger.md: the trial balance, and what it said before."""
    names = ("bank", "capital", "purchases", "supplier", "sales", "customer", "rent")
    of = {name: account() for name in names}
    before, _ = queries.trial_balance(SYSTEM)
    told = post(
        *(
            posted(of[debit], of[credit], fen)
            for debit, credit, fen in (
                ("bank", "capital", 1_000_000),
                ("purchases", "supplier", 400_000),
                ("bank", "sales", 250_000),
                ("customer", "sales", 300_000),
                ("supplier", "bank", 150_000),
                ("rent", "bank", 80_000),
                ("bank", "customer", 120_000),
            )
        )
    )
    found = {name: sums(key) for name, key in of.items()}
    assert found == {
        "bank": (0, 1_370_000, 0, 230_000),
        "capital": (0, 0, 0, 1_000_000),
        "purchases": (0, 400_000, 0, 0),
        "supplier": (0, 150_000, 0, 400_000),
        "sales": (0, 0, 0, 550_000),
        "customer": (0, 300_000, 0, 120_000),
        "rent": (0, 80_000, 0, 0),
    }
    assert sum(one[1] for one in found.values()) == 2_300_000
    # A set is numbered in its order; the sixth number is the evening before the customer paid.
    assert [o.seq for o in told] == sorted(o.seq for o in told if o.seq is not None)
    bank = Account.objects.get(key=of["bank"])
    assert queries.balance(bank, told[5].seq)[1].debits_posted == 1_250_000
    assert before < (told[0].seq or 0)


def test_each_way_of_posting_tells_the_same() -> None:
    """One alone, a set, and a set with something amiss, which the long way decides."""
    bank, buyer, other = account(), account(is_limited=True), account(asset="V")
    full = account(credit=1)
    assert results([posted(account(), full, MOST_UNITS - 2)]) == ["ok"]
    cases: list[tuple[Any, str]] = [
        (lambda: posted(bank, buyer, 5), "ok"),
        (lambda: pending(bank, buyer, 5), "ok"),
        (lambda: posted(buyer, bank, 10_000), "over_limit"),
        (lambda: posted(bank, full, 2), "over_limit"),
        (lambda: posted(bank, other, 5), "wrong_asset"),
        (lambda: posted(bank, books.new_id(), 5), "no_account"),
        (lambda: posted(bank, buyer, 5, cause="again", id=first.id), "conflict"),
        (lambda: first, "exists"),
    ]
    first = posted(bank, buyer, 5)
    post(first)
    for make_one, result in cases:
        assert results([make_one()]) == [result]
        assert results([posted(bank, buyer, 1), make_one(), posted(bank, buyer, 1)]) == [
            "ok",
            result,
            "ok",
        ]
    assert queries.differing() == []
