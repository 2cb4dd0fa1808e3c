"""Payments that the bank sends back: refunds and payments out of deals, found by our reference or by
hand; the money is again where it came from, and is ordered once more to the account named since."""

from __future__ import annotations

from typing import Any

import pytest

from tests import bank, deals, make
from tests.actions.test_payouts import account_of, bank_pays, of, settled
from tests.deals import balance
from tests.ledger import account, sums
from yangbanjian.ground.bank import actions, queries
from yangbanjian.ground.bank.models import BankAccount, Expectation, Line
from yangbanjian.ground.journal import jobs as news
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.ledger import queries as ledger
from yangbanjian.ground.messages.models import Notice
from yangbanjian.kernel.actor import SYSTEM, Role
from yangbanjian.kernel.refusals import Conflict, NotAllowed, NotFound
from yangbanjian.market.trading import actions as trading
from yangbanjian.market.trading.models import Payout
from yangbanjian.market.trading.rules.payouts import RETURNED

pytestmark = pytest.mark.django_db
PAYER = "6222-A"


@pytest.fixture(autouse=True)
def _in_a_sandbox(settings: Any) -> None:
    settings.YBJ_SANDBOX = True
    make.sandbox()


class Refunded:
    """A buyer's 1,000 fen that came, were refunded, and left by the bank."""

    def __init__(self, amount: int = 1_000) -> None:
        self.treasurer = bank.treasurer()
        self.at = bank.bank_account(self.treasurer)
        self.buyer = make.actor(Role.ENTERPRISE)
        self.key = account(owner_id=self.buyer.organisation_id, is_limited=True)
        (self.origin,) = bank.take(self.at, bank.line(amount, counterparty=PAYER))
        actions.match(actor=self.treasurer, line_id=self.origin.pk, account=self.key)
        self.order = actions.refund(
            actor=self.treasurer, line_id=self.origin.pk, reference="TK-0001"
        )
        self.leaves(self.order)

    def leaves(self, order: Expectation) -> Line:
        said = bank.line(order.amount, counterparty=order.counterparty, reference=order.reference)
        return bank.take(self.at, said)[0]

    def comes_back(self, **more: Any) -> Line:
        said = {"amount": -self.order.amount, "counterparty": PAYER, "reference": "", **more}
        return bank.take(self.at, bank.line(said.pop("amount"), **said))[0]

    def is_back(self) -> bool:
        return queries.is_returned(self.order.pk)


def test_a_line_that_names_our_reference_brings_the_money_back_by_itself() -> None:
    """In 10.00, out 10.00, back 10.00: the buyer's account has 10.00 again, suspense nothing."""
    one = Refunded()
    assert sums(one.key) == (0, 1_000, 0, 1_000)
    back = one.comes_back(reference="退汇 tk-0001 账户已销户")
    assert back.matches.get().returns == one.order
    assert sums(one.key) == (0, 1_000, 0, 2_000)
    assert bank.suspense() == (0, 0, 0)
    told = Entry.objects.get(verb="bank.returned")
    assert (told.subject_id, told.payload["expectation"]) == (back.pk, one.order.pk)
    assert Notice.objects.filter(once=f"refund.failed.{one.order.pk}", needs_action=True).exists()
    assert queries.differing() == []
    assert ledger.differing() == []


def test_a_payment_and_its_return_in_one_statement_find_each_other() -> None:
    one = Refunded.__new__(Refunded)
    one.treasurer = bank.treasurer()
    at, key = bank.bank_account(one.treasurer), account()
    (origin,) = bank.take(at, bank.line(1_000, counterparty=PAYER))
    actions.match(actor=one.treasurer, line_id=origin.pk, account=key)
    actions.refund(actor=one.treasurer, line_id=origin.pk, reference="TK-0001")
    lines = [bank.line(n, counterparty=PAYER, reference="TK-0001") for n in (-1_000, 1_000)]
    taken = actions.take(actor=SYSTEM, bank_account_id=at.pk, lines=lines)
    assert taken.matched == 2
    assert bank.suspense() == (0, 0, 0)
    assert sums(key) == (0, 1_000, 0, 2_000)


@pytest.mark.parametrize(
    "more",
    [
        {"amount": 999}, {"amount": 1_001}, {"counterparty": "6222-B"},
        {"reference": "TK-0002"}, {"reference": ""},
    ],
)  # fmt: skip
def test_what_is_not_surely_the_payment_waits_for_the_treasurer(more: dict[str, Any]) -> None:
    one = Refunded()
    back = one.comes_back(**{"reference": "TK-0001", **more})
    assert not back.matches.exists()
    assert not one.is_back()
    if back.amount != 1_000:
        with pytest.raises(Conflict) as refused:
            actions.return_payment(
                actor=one.treasurer, line_id=back.pk, expectation_id=one.order.pk
            )
        assert refused.value.code == "bank.other_amount"
        assert queries.possible_returns(back) == []
        return
    assert queries.possible_returns(back) == [one.order]
    # A bank sends back from an account of its own: who keeps the books says so.
    actions.return_payment(actor=one.treasurer, line_id=back.pk, expectation_id=one.order.pk)
    assert one.is_back()
    assert bank.suspense() == (0, 0, 0)


def test_a_payment_comes_back_once() -> None:
    one = Refunded()
    first, second = one.comes_back(), one.comes_back()
    actions.return_payment(actor=one.treasurer, line_id=first.pk, expectation_id=one.order.pk)
    for line, code in ((first, "bank.already_matched"), (second, "bank.no_payment")):
        with pytest.raises((Conflict, NotFound)) as refused:
            actions.return_payment(
                actor=one.treasurer, line_id=line.pk, expectation_id=one.order.pk
            )
        assert refused.value.code == code
    again = one.comes_back(reference="TK-0001")
    assert not again.matches.exists()
    assert sums(one.key) == (0, 1_000, 0, 2_000)


def test_another_asset_is_no_return() -> None:
    one = Refunded()
    other = actions.open_account(actor=one.treasurer, number="US1", bank="东港银行", asset="USD")
    (back,) = bank.take(other, bank.line(1_000, counterparty=PAYER, reference="TK-0001"))
    assert not back.matches.exists()
    with pytest.raises(NotFound) as refused:
        actions.return_payment(actor=one.treasurer, line_id=back.pk, expectation_id=one.order.pk)
    assert refused.value.code == "bank.no_payment"


def test_what_was_never_paid_does_not_come_back() -> None:
    one = Refunded()
    waits = actions.pay_out(
        actor=SYSTEM, account=account(credit=500), amount=500, counterparty="X", reference="FK-0001"
    )
    back = one.comes_back(amount=500, counterparty="X", reference="FK-0001")
    assert not back.matches.exists()
    with pytest.raises(NotFound):
        actions.return_payment(actor=one.treasurer, line_id=back.pk, expectation_id=waits.pk)
    (income,) = bank.take(one.at, bank.line(-500))
    with pytest.raises((Conflict, NotFound)):
        actions.return_payment(actor=one.treasurer, line_id=income.pk, expectation_id=one.order.pk)


def test_attack_30_a_refund_is_given_anew_to_the_account_that_its_payee_has_named() -> None:
    one = Refunded()
    with pytest.raises(Conflict) as refused:
        actions.repeat_refund(actor=one.treasurer, expectation_id=one.order.pk)
    assert refused.value.code == "bank.not_to_repeat"
    one.comes_back(reference="TK-0001")
    with pytest.raises(Conflict) as refused:
        actions.repeat_refund(actor=one.treasurer, expectation_id=one.order.pk)
    assert refused.value.code == "bank.no_payee_named"
    actions.name_payee(actor=one.buyer, number="6222-NEW", bank="东港银行")
    again = actions.repeat_refund(actor=one.treasurer, expectation_id=one.order.pk)
    assert (again.reference, again.counterparty) == ("TK-0001-R2", "6222-NEW")
    assert (again.repeats, again.amount, again.origin) == (one.order, -1_000, one.origin)
    with pytest.raises(Conflict):
        actions.repeat_refund(actor=one.treasurer, expectation_id=one.order.pk)
    # All refunds of the line still stay within what came.
    with pytest.raises(Conflict):
        actions.refund(actor=one.treasurer, line_id=one.origin.pk, amount=1)
    one.leaves(again)
    assert sums(one.key) == (0, 2_000, 0, 2_000)
    assert bank.suspense() == (0, 0, 0)
    # It may come back once more, and be given once more.
    one.comes_back(reference="TK-0001-R2", counterparty="6222-NEW")
    third = actions.repeat_refund(actor=one.treasurer, expectation_id=again.pk)
    assert third.reference == "TK-0001-R3"


def test_a_refund_that_the_bank_refused_is_given_anew_as_well() -> None:
    one = Refunded()
    (line,) = bank.take(one.at, bank.line(700, counterparty=PAYER))
    actions.match(actor=one.treasurer, line_id=line.pk, account=one.key)
    order = actions.refund(actor=one.treasurer, line_id=line.pk)
    actions.fail(actor=one.treasurer, expectation_id=order.pk, reason="账户已销户")
    assert [o.pk for o in queries.to_repeat()] == [order.pk]
    actions.name_payee(actor=one.buyer, number="6222-NEW", bank="东港银行")
    again = actions.repeat_refund(actor=one.treasurer, expectation_id=order.pk)
    assert again.counterparty == "6222-NEW"
    assert not queries.to_repeat().exists()


def test_a_return_is_taken_back_as_long_as_the_money_was_not_given_anew() -> None:
    one = Refunded()
    out = one.order.matches.get().line
    back = one.comes_back(reference="TK-0001")
    with pytest.raises(Conflict) as refused:
        actions.unmatch(actor=one.treasurer, line_id=out.pk, reason="错账")
    assert refused.value.code == "bank.has_come_back"
    actions.unmatch(actor=one.treasurer, line_id=back.pk, reason="不是这一笔")
    assert bank.suspense() == (1, 1_000, 1_000)
    assert not one.is_back()
    actions.return_payment(actor=one.treasurer, line_id=back.pk, expectation_id=one.order.pk)
    actions.name_payee(actor=one.buyer, number="6222-NEW", bank="东港银行")
    actions.repeat_refund(actor=one.treasurer, expectation_id=one.order.pk)
    with pytest.raises(Conflict) as refused:
        actions.unmatch(actor=one.treasurer, line_id=back.pk, reason="不是这一笔")
    assert refused.value.code == "bank.given_anew"


@pytest.mark.parametrize("role", [r for r in Role if r is not Role.EXCHANGE])
def test_only_the_treasurer_says_that_money_came_back(role: Role, settings: Any) -> None:
    settings.YBJ_SANDBOX = False
    one = Refunded()
    back, other = one.comes_back(), make.actor(role)
    with pytest.raises(NotAllowed):
        actions.return_payment(actor=other, line_id=back.pk, expectation_id=one.order.pk)
    with pytest.raises(NotAllowed):
        actions.repeat_refund(actor=other, expectation_id=one.order.pk)
    assert not one.is_back()


def sent_back(sale: deals.Sale, one: Payout) -> Line:
    """The payee's bank sends a payment back, and the news arrives."""
    house = BankAccount.objects.get(pk=one.line.bank_account_id)  # type: ignore[union-attr]
    reference = f"退汇 {one.expectation.reference}"  # type: ignore[union-attr]
    said = bank.line(one.amount_fen, counterparty=one.bank_account, reference=reference)
    taken = actions.take(actor=sale.staff, bank_account_id=house.pk, lines=[said])
    news.deliver(include_own=True)
    return taken.new[0]


def test_a_payment_out_of_a_deal_that_comes_back_has_failed_and_is_repeated() -> None:
    sale = settled()
    bank_pays()
    (one,) = Payout.objects.select_related("line", "expectation")
    assert balance(one.account) == 0
    sent_back(sale, one)
    one.refresh_from_db()
    assert (of(sale)[0][4], one.failure) == ("failed", RETURNED)
    assert balance(one.account) == one.amount_fen
    assert account_of(one).debits_pending == 0
    assert Notice.objects.filter(once=f"payout.failed.{one.pk}", needs_action=True).exists()
    actions.name_payee(actor=sale.seller, number="6222020000000001", bank="东港银行")
    again = trading.repeat_payout(actor=sale.staff, payout_id=one.pk)
    assert (again.attempt, again.bank_account) == (2, "6222020000000001")
    bank_pays()
    assert [row[4] for row in of(sale)] == ["failed", "paid"]
    assert balance(one.account) == 0
    assert bank.suspense()[1:] == (0, 0)
    _, rows = ledger.trial_balance(SYSTEM)
    assert all(r.balance.debits_posted == r.balance.credits_posted for r in rows)


def test_news_of_a_payment_and_of_its_return_that_arrive_together_leave_it_failed() -> None:
    sale = settled()
    (one,) = Payout.objects.select_related("expectation")
    assert one.expectation is not None
    house = bank.bank_account(sale.staff)
    lines = [
        bank.line(n, counterparty=one.bank_account, reference=one.expectation.reference)
        for n in (-one.amount_fen, one.amount_fen)
    ]
    actions.take(actor=sale.staff, bank_account_id=house.pk, lines=lines)
    assert trading.follow_payouts(expectation_ids=[one.expectation.pk]) == 1
    assert trading.follow_payouts(expectation_ids=[one.expectation.pk]) == 0
    one.refresh_from_db()
    assert one.paid_at is not None
    assert one.failure == RETURNED
