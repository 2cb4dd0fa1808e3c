"""Statements, matches and refunds. Promise L12 is tested under its name; each number can be checked
with a pencil."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from tests import bank, make
from tests.ledger import account, pending, posted, sums
from yangbanjian.ground.bank import actions, queries
from yangbanjian.ground.bank.models import Expectation, Line, Match
from yangbanjian.ground.bank.rules import MOST_LINES
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.ledger import actions as ledger
from yangbanjian.ground.ledger import queries as ledgers
from yangbanjian.ground.ledger.models import Account, Transfer
from yangbanjian.ground.ledger.rules import Kind
from yangbanjian.ground.ledger.rules import Transfer as Asked
from yangbanjian.kernel.actor import SYSTEM, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound

pytestmark = pytest.mark.django_db


def everything() -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_jsonb(t)::text FROM ledger_account t UNION ALL"
            " SELECT to_jsonb(t)::text FROM ledger_transfer t UNION ALL"
            " SELECT to_jsonb(t)::text FROM bank_line t UNION ALL"
            " SELECT to_jsonb(t)::text FROM bank_expectation t UNION ALL"
            " SELECT to_jsonb(t)::text FROM bank_match t ORDER BY 1"
        )
        return cursor.fetchall()


def test_L12_a_day_at_the_bank_in_worked_numbers() -> None:
    """In 1,000.00 with a reference and 250.00 without; out 3.50 for the bank's fee. Suspense holds
    1000.00 − 1000.00 + 250.00 − 3.50 = 246.50; with the fee placed 250.00; then nothing."""
    treasurer = bank.treasurer()
    at, buyer = bank.bank_account(treasurer), account(is_limited=True)
    actions.expect(actor=SYSTEM, account=buyer, amount=100_000, reference="BZJ-0001")
    paid, unknown, fee = bank.take(
        at, bank.line(100_000, reference="保证金 bzj-0001 谢谢"), bank.line(25_000),
        bank.line(-350, counterparty="", reference="手续费"),
    )  # fmt: skip
    assert bank.suspense() == (2, 24_650, 24_650)
    assert sums(buyer) == (0, 0, 0, 100_000)
    own, _ = ledger.open_account(
        actor=SYSTEM, key=ledgers.named_key("rounding", "V"), owner_id=at.owner_id, code="costs",
        asset="CNY", is_limited=False,
    )  # fmt: skip
    actions.match(actor=treasurer, line_id=fee.pk, account=own.key)
    assert bank.suspense() == (1, 25_000, 25_000)
    actions.match(actor=treasurer, line_id=unknown.pk, account=buyer)
    assert bank.suspense() == (0, 0, 0)
    assert sums(buyer) == (0, 0, 0, 125_000)
    # What the bank has: 1,000.00 + 250.00 − 3.50.
    now = Account.objects.get(pk=at.account_id)
    assert now.debits_posted - now.credits_posted == 124_650
    assert paid.matches.get().transfer.cause == f"bank:{at.number}:{paid.serial}"
    assert queries.differing() == []
    assert ledgers.differing() == []


def test_the_same_statement_twice_posts_nothing_twice() -> None:
    at = bank.bank_account()
    lines = [bank.line(100 * n) for n in range(1, 6)]
    first = actions.take(actor=SYSTEM, bank_account_id=at.pk, lines=lines, source="a" * 64)
    before, entries = everything(), Entry.objects.count()
    again = actions.take(actor=SYSTEM, bank_account_id=at.pk, lines=lines, source="b" * 64)
    assert (len(first.new), again.new, again.known) == (5, [], 5)
    assert everything() == before
    # Nothing has been done, so nothing is told.
    assert Entry.objects.count() == entries
    # A longer file of the same days brings what is new, and only that.
    more = actions.take(actor=SYSTEM, bank_account_id=at.pk, lines=[*lines, bank.line(7)])
    assert (len(more.new), more.known) == (1, 5)
    assert bank.suspense() == (6, 1_507, 1_507)


def test_the_same_serial_is_another_line_of_another_account() -> None:
    one, two = bank.bank_account(), bank.bank_account()
    same = bank.line(500)
    bank.take(one, same)
    bank.take(two, same)
    assert bank.suspense() == (2, 1_000, 1_000)


@pytest.mark.parametrize(
    "changed", [{"amount": 501}, {"amount": -500}, {"counterparty": "9"}, {"booked_on": None}]
)
def test_a_serial_that_stands_for_another_movement_stops_the_whole_file(changed: Any) -> None:
    at, same = bank.bank_account(), bank.line(500, serial="S-77")
    bank.take(at, same)
    before = everything()
    if "booked_on" in changed:
        changed = {"booked_on": bank.DAY.replace(day=2)}
    other = bank.line(**{"amount": 500, "serial": "S-77", **changed})
    with pytest.raises(Invalid) as refused:
        actions.take(actor=SYSTEM, bank_account_id=at.pk, lines=[bank.line(9), other])
    assert [p.field for p in refused.value.problems] == ["lines.1.serial"]
    assert everything() == before


def test_how_the_bank_words_a_line_may_change() -> None:
    at = bank.bank_account()
    bank.take(at, bank.line(500, serial="S-8", reference="甲"))
    again = bank.line(500, serial="S-8", reference="乙", counterparty_name="某公司")
    assert actions.take(actor=SYSTEM, bank_account_id=at.pk, lines=[again]).known == 1
    assert Line.objects.get().reference == "甲"


def test_a_reference_matches_only_what_was_expected_to_the_fen_and_the_payer() -> None:
    at, buyer = bank.bank_account(), account()
    actions.expect(actor=SYSTEM, account=buyer, amount=500, reference="K-AMOUNT")
    actions.expect(
        actor=SYSTEM, account=buyer, amount=500, reference="K-PAYER", counterparty="62 22"
    )
    actions.expect(actor=SYSTEM, account=buyer, amount=500, reference="K-ONCE")
    two = "K-TWO-1", "K-TWO-2"
    for reference in two:
        actions.expect(actor=SYSTEM, account=buyer, amount=500, reference=reference)
    lines = bank.take(
        at, bank.line(499, reference="K-AMOUNT"), bank.line(500, reference="K-PAYER"),
        bank.line(500, reference="K-ONCE"), bank.line(500, reference="K-ONCE"),
        bank.line(500, reference=" ".join(two)), bank.line(500, reference="XK-ONCE"),
    )  # fmt: skip
    placed = [line.serial for line in lines if line.matches.exists()]
    assert placed == [lines[2].serial]
    right = bank.line(500, reference="K-PAYER", counterparty="6222")
    assert bank.take(at, right)[0].matches.get().expectation.reference == "K-PAYER"


def test_a_whole_statement_is_taken_in_one_go(django_assert_max_num_queries: Any) -> None:
    at, buyer = bank.bank_account(), account()
    for n in range(20):
        actions.expect(actor=SYSTEM, account=buyer, amount=n + 1, reference=f"K-{n:04d}")
    lines = [bank.line(n + 1, reference=f"K-{n:04d}") for n in range(2000)]
    with django_assert_max_num_queries(60):
        taken = actions.take(actor=SYSTEM, bank_account_id=at.pk, lines=lines)
    assert (len(taken.new), taken.matched) == (2000, 20)
    # 1 + … + 2000 less 1 + … + 20.
    found = queries.unmatched(SYSTEM)
    assert (found.count, found.sum, found.suspense_balance) == (1980, 2_000_790, 2_000_790)
    assert len(found.items) == 1000
    with pytest.raises(Invalid):
        actions.take(
            actor=SYSTEM, bank_account_id=at.pk,
            lines=[bank.line(1) for _ in range(MOST_LINES + 1)],
        )  # fmt: skip


def test_a_match_is_taken_back_by_a_transfer_that_corrects_it() -> None:
    treasurer = bank.treasurer()
    at, wrong, right = bank.bank_account(treasurer), account(is_limited=True), account()
    (line,) = bank.take(at, bank.line(800))
    first = actions.match(actor=treasurer, line_id=line.pk, account=wrong)
    with pytest.raises(Conflict) as refused:
        actions.match(actor=treasurer, line_id=line.pk, account=right)
    assert refused.value.code == "bank.already_matched"
    with pytest.raises(Invalid):
        actions.unmatch(actor=treasurer, line_id=line.pk, reason=" ")
    undone = actions.unmatch(actor=treasurer, line_id=line.pk, reason="记错了人")
    assert undone.undone_by.corrects_id == first.transfer_id
    assert bank.suspense() == (1, 800, 800)
    assert sums(wrong) == (0, 800, 0, 800)
    with pytest.raises(Conflict):
        actions.unmatch(actor=treasurer, line_id=line.pk, reason="再来")
    actions.match(actor=treasurer, line_id=line.pk, account=right)
    assert bank.suspense() == (0, 0, 0)
    assert Match.objects.filter(line=line).count() == 2
    entry = Entry.objects.get(verb="bank.unmatched")
    assert entry.remark.text == "记错了人"


def test_a_match_cannot_be_taken_back_once_the_money_is_spent() -> None:
    treasurer = bank.treasurer()
    at, buyer, seller = bank.bank_account(treasurer), account(is_limited=True), account()
    (line,) = bank.take(at, bank.line(800))
    actions.match(actor=treasurer, line_id=line.pk, account=buyer)
    ledger.transfer(
        actor=SYSTEM, transfer_id=queries.transfer_id(buyer, "x"), debit=buyer, credit=seller,
        amount=1, asset="CNY",
    )  # fmt: skip
    before = everything()
    with pytest.raises(Conflict) as refused:
        actions.unmatch(actor=treasurer, line_id=line.pk, reason="退")
    assert refused.value.code == "ledger.over_limit"
    assert everything() == before


def test_attack_30_a_refund_goes_back_to_whoever_paid() -> None:
    treasurer = bank.treasurer()
    at, buyer = bank.bank_account(treasurer), account(is_limited=True)
    (line,) = bank.take(at, bank.line(1_000, counterparty="6222-A"))
    with pytest.raises(Conflict) as refused:
        actions.refund(actor=treasurer, line_id=line.pk)
    assert refused.value.code == "bank.nothing_to_refund"
    actions.match(actor=treasurer, line_id=line.pk, account=buyer)
    order = actions.refund(actor=treasurer, line_id=line.pk, amount=600)
    assert (order.counterparty, sums(buyer)) == ("6222-A", (600, 0, 0, 1_000))
    with pytest.raises(Conflict) as refused:
        actions.refund(actor=treasurer, line_id=line.pk, amount=401)
    # The hold of 600 leaves 400, and the line gave 1,000: both say no.
    assert refused.value.code in ("ledger.over_limit", "bank.more_than_came")
    # The bank paid somebody else: it is not this refund, and not anybody's by hand.
    (astray,) = bank.take(at, bank.line(-600, counterparty="6222-B", reference=order.reference))
    assert bank.suspense() == (1, -600, -600)
    for target in ({"expectation_id": order.pk}, {"account": buyer}):
        with pytest.raises(Conflict) as refused:
            actions.match(actor=treasurer, line_id=astray.pk, **target)
        assert refused.value.code in ("bank.other_counterparty", "bank.not_ordered")
    assert sums(buyer) == (600, 0, 0, 1_000)
    (back,) = bank.take(
        at, bank.line(-600, counterparty="6222-A", reference=f"退 {order.reference}")
    )
    assert back.matches.get().expectation == order
    assert sums(buyer) == (0, 600, 0, 1_000)
    assert bank.suspense() == (1, -600, -600)


def test_attack_30_the_payee_of_an_order_never_changes() -> None:
    treasurer = bank.treasurer()
    at, buyer = bank.bank_account(treasurer), account()
    (line,) = bank.take(at, bank.line(1_000, counterparty="6222-A"))
    actions.match(actor=treasurer, line_id=line.pk, account=buyer)
    order = actions.refund(actor=treasurer, line_id=line.pk, reference="TK-0001")
    # Asked again it is the same one; for another payee it is refused.
    assert actions.refund(actor=treasurer, line_id=line.pk, reference="TK-0001") == order
    with pytest.raises(Conflict):
        actions.pay_out(
            actor=treasurer, account=buyer, amount=1_000, counterparty="6222-B",
            reference="TK-0001", origin=line,
        )  # fmt: skip
    assert Expectation.objects.get().counterparty == "6222-A"


def test_more_than_came_by_a_line_does_not_go_back_to_its_payer() -> None:
    treasurer = bank.treasurer()
    at, buyer = bank.bank_account(treasurer), account()
    lines = bank.take(at, bank.line(1_000, counterparty="A"), bank.line(5_000, counterparty="B"))
    for line in lines:
        actions.match(actor=treasurer, line_id=line.pk, account=buyer)
    first = actions.refund(actor=treasurer, line_id=lines[0].pk, amount=700)
    with pytest.raises(Conflict) as refused:
        actions.refund(actor=treasurer, line_id=lines[0].pk, amount=301)
    assert refused.value.code == "bank.more_than_came"
    actions.withdraw(actor=treasurer, expectation_id=first.pk)
    assert sums(buyer)[0] == 0
    actions.refund(actor=treasurer, line_id=lines[0].pk, amount=1_000)


def test_a_line_without_a_payer_cannot_be_refunded() -> None:
    treasurer = bank.treasurer()
    at, buyer = bank.bank_account(treasurer), account()
    (line,) = bank.take(at, bank.line(1_000, counterparty=""))
    actions.match(actor=treasurer, line_id=line.pk, account=buyer)
    with pytest.raises(Conflict) as refused:
        actions.refund(actor=treasurer, line_id=line.pk)
    assert refused.value.code == "bank.payer_unknown"


def test_what_is_withdrawn_is_waited_for_no_longer() -> None:
    treasurer = bank.treasurer()
    at, buyer = bank.bank_account(treasurer), account()
    asked = actions.expect(actor=SYSTEM, account=buyer, amount=5, reference="K-0001")
    assert actions.expect(actor=SYSTEM, account=buyer, amount=5, reference="K-0001") == asked
    with pytest.raises(Conflict):
        actions.expect(actor=SYSTEM, account=buyer, amount=6, reference="K-0001")
    actions.withdraw(actor=treasurer, expectation_id=asked.pk)
    with pytest.raises(NotFound):
        actions.withdraw(actor=treasurer, expectation_id=asked.pk)
    (line,) = bank.take(at, bank.line(5, reference="K-0001"))
    assert not line.matches.exists()
    with pytest.raises(NotFound):
        actions.match(actor=treasurer, line_id=line.pk, expectation_id=asked.pk)


def test_money_that_left_without_an_order_is_the_houses_own() -> None:
    treasurer = bank.treasurer()
    at, buyer = bank.bank_account(treasurer), account(credit=500)
    (line,) = bank.take(at, bank.line(-500))
    with pytest.raises(Conflict) as refused:
        actions.match(actor=treasurer, line_id=line.pk, account=buyer)
    assert refused.value.code == "bank.not_ordered"
    assert bank.suspense() == (1, -500, -500)


def test_nothing_is_matched_to_suspense_or_to_the_bank_itself() -> None:
    treasurer = bank.treasurer()
    at = bank.bank_account(treasurer)
    (line,) = bank.take(at, bank.line(500))
    for key in (queries.suspense_key("CNY"), at.account.key, account(asset="V")):
        with pytest.raises(NotFound):
            actions.match(actor=treasurer, line_id=line.pk, account=key)


def test_a_bank_account_is_registered_once() -> None:
    treasurer = bank.treasurer()
    one = actions.open_account(actor=treasurer, number=" 3105 0001 ", bank="东港银行")
    assert one.number == "31050001"
    assert bank.bank_account(treasurer, "31050001") == one
    assert Entry.objects.filter(verb="bank.open_account").count() == 1
    with pytest.raises(Conflict):
        bank.bank_account(bank.treasurer(), "31050001")
    for wrong in ("", "中文", "a" * 65 + "!", "-1"):
        with pytest.raises(Invalid):
            bank.bank_account(treasurer, wrong or "!")


@pytest.mark.parametrize("role", [r for r in Role if r is not Role.EXCHANGE])
def test_only_the_treasurer_keeps_the_bank(role: Role) -> None:
    at = bank.bank_account()
    (line,) = bank.take(at, bank.line(500))
    other, before = make.actor(role), everything()
    for call in (
        lambda: actions.open_account(actor=other, number="1", bank="b"),
        lambda: actions.take(actor=other, bank_account_id=at.pk, lines=[bank.line(5)]),
        lambda: actions.match(actor=other, line_id=line.pk, account=at.account.key),
        lambda: actions.unmatch(actor=other, line_id=line.pk, reason="x"),
        lambda: actions.withdraw(actor=other, expectation_id=1),
    ):
        with pytest.raises(NotAllowed):
            call()
    assert everything() == before
    if role not in (Role.OPERATOR, Role.AUDITOR):
        with pytest.raises(NotAllowed):
            queries.unmatched(other)


def test_L12_a_transfer_into_suspense_by_hand_does_not_stand() -> None:
    """The poster takes it; the database refuses it when the transaction ends."""
    bank.bank_account()
    someone = account(credit=500)
    name = queries.transfer_id(someone, "x")
    with pytest.raises(DatabaseError, match="suspense"):
        _by_hand(someone, name)
    assert not Transfer.objects.filter(pk=name).exists()


@transaction.atomic
def _by_hand(debit: Any, name: Any) -> None:
    ledger.transfer(
        actor=SYSTEM, transfer_id=name, debit=debit, credit=queries.suspense_key("CNY"), amount=1,
        asset="CNY",
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_treasurer_is_told_that_suspense_is_not_kept_by_hand() -> None:
    treasurer, someone = bank.treasurer(), account(credit=500)
    bank.bank_account(treasurer)
    key, before = queries.suspense_key("CNY"), everything()
    for asked in (posted(someone, key, 1), pending(key, someone, 1)):
        with pytest.raises(Invalid) as refused:
            ledger.keep(actor=treasurer, transfers=[asked])
        assert refused.value.code == "ledger.suspense_kept"
    assert everything() == before
    at, buyer = bank.bank_account(treasurer), account()
    (line,) = bank.take(at, bank.line(100))
    actions.match(actor=treasurer, line_id=line.pk, account=buyer)
    order = actions.refund(actor=treasurer, line_id=line.pk)
    held = Transfer.objects.get(pk=order.hold_id)
    by_hand = Asked(id=queries.transfer_id(buyer, "y"), kind=Kind.POST, hold_id=held.pk)
    with pytest.raises(Invalid):
        ledger.keep(actor=treasurer, transfers=[by_hand])


def test_a_transfer_leads_to_the_entry_of_its_batch() -> None:
    one, two = account(), account()
    first = ledger.post(actor=SYSTEM, transfers=[posted(one, two, n) for n in (1, 2, 3)])
    second = ledger.post(actor=SYSTEM, transfers=[posted(one, two, 4)])
    entries = list(Entry.objects.filter(verb="ledger.post").order_by("-id")[:2])
    for outcomes, entry in ((second, entries[0]), (first, entries[1])):
        for outcome in outcomes:
            found = ledgers.transfer(outcome.id)
            assert found is not None
            assert ledgers.entry_of(found) == entry
