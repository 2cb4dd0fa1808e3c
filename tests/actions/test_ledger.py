"""The ledger's promises, each by its number (docs/algorithms/ledger.md)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from tests import ledger as books
from tests import make
from tests.ledger import account, pending, post, posted, resolve, results, sums
from yangbanjian.ground.clock import actions as clock
from yangbanjian.ground.clock.jobs import run_due
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.ledger import actions, queries
from yangbanjian.ground.ledger.models import Account, Transfer
from yangbanjian.ground.ledger.rules import MOST_UNITS, Kind, split
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.kernel.refusals import Invalid

pytestmark = pytest.mark.django_db


def _a_morning() -> tuple[UUID, UUID, UUID]:
    """Bookkeeping of every kind on three accounts."""
    bank, buyer, seller = account(), account(is_limited=True), account()
    hold, other = pending(buyer, seller, 300), pending(buyer, seller, 200)
    told = results(
        [
            posted(bank, buyer, 1_000),
            hold,
            other,
            resolve(Kind.POST, hold, 250),
            resolve(Kind.VOID, other),
            posted(buyer, seller, 50),
        ]
    )
    assert told == ["ok"] * 6
    return bank, buyer, seller


def test_L1_debits_equal_credits_for_every_asset_at_every_number() -> None:
    _a_morning()
    units = [account(asset="V:2026:310000") for _ in range(2)]
    post(posted(units[0], units[1], 7, asset="V:2026:310000"))
    last, _ = queries.trial_balance(SYSTEM)
    for seq in range(1, last + 1):
        _, lines = queries.trial_balance(SYSTEM, seq)
        for line in lines:
            one = line.balance
            assert one.debits_posted == one.credits_posted
            assert one.debits_pending == one.credits_pending
    assert {line.asset for line in lines} == {"CNY", "V:2026:310000"}
    assert lines[0].balance.debits_posted == 1_300


def test_L2_kept_balances_are_the_fold_of_the_transfers() -> None:
    for key in _a_morning():
        one = Account.objects.get(key=key)
        _, folded = queries.balance(one)
        assert sums(key) == (
            folded.debits_pending,
            folded.debits_posted,
            folded.credits_pending,
            folded.credits_posted,
        )
    assert queries.differing() == []


def test_L3_a_transfer_happens_once() -> None:
    bank, buyer = account(), account()
    asked = posted(bank, buyer, 100, cause="deal:1")
    first = post(asked)[0]
    before = books.contents()
    again = post(asked, asked)
    assert [(o.result, o.seq) for o in again] == [("exists", first.seq)] * 2
    for other in (
        posted(bank, buyer, 101, cause="deal:1", id=asked.id),
        posted(buyer, bank, 100, cause="deal:1", id=asked.id),
        posted(bank, buyer, 100, cause="deal:2", id=asked.id),
        pending(bank, buyer, 100, cause="deal:1", id=asked.id),
    ):
        assert results([other]) == ["conflict"]
    assert books.contents() == before


def test_L3_what_was_refused_may_be_tried_again_under_its_id() -> None:
    bank, buyer, seller = account(), account(is_limited=True), account()
    asked = posted(buyer, seller, 100)
    assert results([asked]) == ["over_limit"]
    assert results([posted(bank, buyer, 100), asked, asked]) == ["ok", "ok", "exists"]


def test_L5_a_hold_is_resolved_once_and_its_rest_goes_back_at_once() -> None:
    buyer, seller = account(credit=1_000, is_limited=True), account()
    hold = pending(buyer, seller, 600)
    assert results([hold]) == ["ok"]
    assert sums(buyer) == (600, 0, 0, 1_000)
    assert results([resolve(Kind.POST, hold, 601)]) == ["over_limit"]
    assert results([resolve(Kind.POST, hold, 450)]) == ["ok"]
    assert sums(buyer) == (0, 450, 0, 1_000)
    assert sums(seller) == (0, 0, 0, 450)
    for kind in (Kind.POST, Kind.VOID):
        assert results([resolve(kind, hold)]) == ["resolved"]
    assert results([resolve(Kind.POST, posted(buyer, seller, 1))]) == ["conflict"]


def test_L5_a_resolution_names_its_own_hold_only() -> None:
    buyer, seller, stranger = account(), account(), account()
    unit = account(asset="V")
    hold, plain = pending(buyer, seller, 10), posted(buyer, seller, 10)
    post(hold, plain)
    assert results(
        [
            resolve(Kind.POST, hold, debit=stranger),
            resolve(Kind.POST, hold, credit=books.new_id()),
            resolve(Kind.VOID, hold, asset="V"),
            resolve(Kind.VOID, hold, 9),
            resolve(Kind.VOID, plain),
            resolve(Kind.POST, hold, credit=unit),
            resolve(Kind.POST, hold, 10, debit=buyer, credit=seller, asset="CNY"),
        ]
    ) == ["conflict", "no_account", "wrong_asset", "conflict", "conflict", "conflict", "ok"]


def test_L5_only_the_databases_clock_lets_a_hold_expire(settings: Any) -> None:
    settings.YBJ_SANDBOX = True
    make.sandbox()
    buyer, seller = account(credit=100, is_limited=True), account()
    hold = pending(buyer, seller, 80, timeout_s=3600)
    assert results([hold]) == ["ok"]
    assert run_due().ran["ledger.expire"] == 0
    clock.advance(actor=SYSTEM, by=timedelta(seconds=3595))
    assert actions.expire_due(actor=SYSTEM, most=10) == 0
    clock.advance(actor=SYSTEM, by=timedelta(seconds=5))
    # Late is late, also before the sweep has come by.
    assert results([resolve(Kind.POST, hold)]) == ["expired"]
    assert sums(buyer) == (80, 0, 0, 100)
    assert run_due().ran["ledger.expire"] == 1
    assert sums(buyer) == (0, 0, 0, 100)
    assert results([resolve(Kind.VOID, hold)]) == ["expired"]
    assert Transfer.objects.get(hold=hold.id).kind == "expire"
    with pytest.raises(Invalid):
        post(resolve(Kind.EXPIRE, hold))
    entry = Entry.objects.get(verb="ledger.expire")
    assert entry.payload == {"holds": 1}


def test_L6_holds_count_against_the_limit() -> None:
    buyer, seller = account(credit=100, is_limited=True), account()
    assert results(
        [
            pending(buyer, seller, 60),
            posted(buyer, seller, 41),
            posted(buyer, seller, 40),
            pending(buyer, seller, 1),
        ]
    ) == ["ok", "over_limit", "ok", "over_limit"]
    # A hold in one's favour is not money yet.
    bank = account()
    assert results([pending(bank, buyer, 50), posted(buyer, seller, 1)]) == ["ok", "over_limit"]


def test_L6_a_batch_is_judged_in_its_order() -> None:
    bank, buyer, seller = account(), account(is_limited=True), account()
    pay, fill = posted(buyer, seller, 10), posted(bank, buyer, 10)
    assert results([pay, fill]) == ["over_limit", "ok"]
    assert sums(buyer) == (0, 0, 0, 10)


def test_L7_a_chain_is_posted_whole_or_not_at_all() -> None:
    bank, buyer, seller = account(), account(is_limited=True), account()
    one, two = books.new_id(), books.new_id()
    told = results(
        [
            posted(bank, buyer, 10, chain=one),
            posted(buyer, seller, 11, chain=one),
            posted(bank, seller, 5),
            posted(bank, buyer, 10, chain=one),
            posted(bank, buyer, 10, chain=two),
            posted(buyer, seller, 10, chain=two),
        ]
    )
    assert told == ["chain_failed", "over_limit", "ok", "chain_failed", "ok", "ok"]
    assert sums(buyer) == (0, 10, 0, 10)
    assert sums(seller) == (0, 0, 0, 15)


def test_L7_a_chain_is_closed_once_it_stands() -> None:
    bank, buyer = account(), account()
    name = books.new_id()
    members = [posted(bank, buyer, n, chain=name) for n in (1, 2)]
    assert results(members) == ["ok", "ok"]
    assert results(members) == ["exists", "exists"]
    late = posted(bank, buyer, 3, chain=name)
    assert results([late]) == ["conflict"]
    assert results([*members, late]) == ["exists", "exists", "conflict"]
    twice = posted(bank, buyer, 4, chain=books.new_id())
    assert results([twice, twice]) == ["chain_failed", "conflict"]


def test_L7_a_hold_of_a_chain_that_fails_was_never_there() -> None:
    buyer, seller = account(credit=10, is_limited=True), account()
    hold, name = pending(buyer, seller, 10), books.new_id()
    chained = pending(buyer, seller, 5, chain=name)
    assert results([hold]) == ["ok"]
    assert results(
        [
            resolve(Kind.VOID, hold, chain=name),
            chained,
            posted(buyer, seller, 6, chain=name),
            resolve(Kind.POST, chained),
            resolve(Kind.POST, hold),
        ]
    ) == ["chain_failed", "chain_failed", "over_limit", "conflict", "ok"]


STATEMENTS = (
    "UPDATE ledger_transfer SET amount = amount + 1",
    "DELETE FROM ledger_transfer",
    "TRUNCATE ledger_transfer",
    "INSERT INTO ledger_transfer SELECT * FROM ledger_transfer",
    "UPDATE ledger_account SET credits_posted = credits_posted + 1",
    "UPDATE ledger_account SET is_limited = false",
    "DELETE FROM ledger_account",
    "TRUNCATE ledger_account CASCADE",
    "INSERT INTO ledger_account SELECT * FROM ledger_account",
    "SELECT nextval('ledger_seq')",
    "SELECT setval('ledger_seq', 1)",
    "SELECT ledger_announce()",
    "SET ROLE ybj_poster",
    "ALTER TABLE ledger_transfer DISABLE TRIGGER ALL",
    "SET session_replication_role = replica",
    "CREATE OR REPLACE FUNCTION post_batch(sent jsonb, site_zone text) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "LOCK ledger_account IN ACCESS EXCLUSIVE MODE",
    "SELECT id FROM ledger_account FOR UPDATE",
)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_L8_the_runtime_role_can_only_read_and_call(statement: str) -> None:
    _a_morning()
    before = books.contents()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert books.contents() == before


def test_L8_a_correction_is_a_new_transfer() -> None:
    bank, buyer, seller = account(), account(), account()
    wrong, name = posted(bank, buyer, 90), books.new_id()
    post(wrong)
    back = posted(buyer, bank, 90, corrects_id=wrong.id, chain=name)
    right = posted(bank, seller, 90, corrects_id=wrong.id, chain=name)
    assert results([back, right]) == ["ok", "ok"]
    assert sums(buyer) == (0, 90, 0, 90)
    assert set(Transfer.objects.filter(corrects=wrong.id).values_list("pk", flat=True)) == {
        back.id,
        right.id,
    }
    hold = pending(bank, buyer, 5)
    post(hold)
    assert results(
        [
            posted(buyer, bank, 5, corrects_id=books.new_id()),
            posted(buyer, bank, 5, corrects_id=hold.id),
        ]
    ) == ["conflict", "conflict"]


def test_L9_amounts_are_whole_and_bounded() -> None:
    bank, buyer = account(), account()
    for amount in (0, -1, MOST_UNITS + 1):
        with pytest.raises(Invalid):
            post(posted(bank, buyer, amount))
    assert results([posted(bank, buyer, MOST_UNITS), posted(bank, buyer, 1)]) == [
        "ok",
        "over_limit",
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT data_type FROM information_schema.columns WHERE table_name IN"
            " ('ledger_account', 'ledger_transfer') AND data_type IN"
            " ('real', 'double precision', 'numeric', 'money')"
        )
        assert cursor.fetchall() == []


def test_L9_what_rounding_leaves_goes_to_the_account_for_it() -> None:
    """100 fen in thirds: 33 + 33 + 33, and 1 over."""
    parts, left = split(100, [1, 1, 1], 3)
    assert (parts, left) == ([33, 33, 33], 1)
    rounding = actions.named_account(actor=SYSTEM, name="rounding", asset="CNY")
    source, name = account(credit=100, is_limited=True), books.new_id()
    members = [posted(source, account(), part, chain=name) for part in parts]
    actions.chain(
        actor=SYSTEM, transfers=[*members, posted(source, rounding.key, left, chain=name)]
    )
    assert sums(source) == (0, 100, 0, 100)
    assert actions.named_account(actor=SYSTEM, name="rounding", asset="CNY").pk == rounding.pk


def test_L10_a_past_balance_never_changes() -> None:
    bank, buyer = account(), account()
    seqs = [post(posted(bank, buyer, n))[0].seq for n in (5, 7)]
    one = Account.objects.get(key=buyer)
    seen = [queries.balance(one, seq) for seq in seqs]
    assert [b.credits_posted for _, b in seen] == [5, 12]
    post(posted(bank, buyer, 100, effective_on=date(2001, 1, 1)))
    assert [queries.balance(one, seq) for seq in seqs] == seen
    last, now = queries.balance(one)
    assert now.credits_posted == 112
    assert [t.amount for t in queries.statement(one, after_seq=seqs[0] or 0)] == [7, 100]
    with pytest.raises(Invalid):
        queries.balance(one, last + 1)


def test_L11_a_transfer_stays_within_its_asset() -> None:
    cash, units, more = account(), account(asset="V:2026:310000"), account()
    assert results(
        [
            posted(cash, units, 5),
            posted(cash, more, 5, asset="V:2026:310000"),
            posted(cash, books.new_id(), 5),
        ]
    ) == ["wrong_asset", "wrong_asset", "no_account"]


def test_L11_assets_are_exchanged_in_a_chain_by_way_of_the_clearing_accounts() -> None:
    """A voucher unit against 40 yuan: each asset balances by itself."""
    asset = "V:2026:310000"
    clearing = {
        a: actions.named_account(actor=SYSTEM, name="clearing", asset=a).key for a in ("CNY", asset)
    }
    fund, firm = account(), account(asset=asset, credit=3)
    lab_cash, name = account(), books.new_id()
    lab = account(asset=asset)
    told = results(
        [
            posted(firm, clearing[asset], 1, asset=asset, chain=name),
            posted(clearing[asset], lab, 1, asset=asset, chain=name),
            posted(fund, clearing["CNY"], 4_000, chain=name),
            posted(clearing["CNY"], lab_cash, 4_000, chain=name),
        ]
    )
    assert told == ["ok"] * 4
    assert sums(lab_cash)[3] == 4_000
    assert sums(clearing["CNY"]) == (0, 4_000, 0, 4_000)
