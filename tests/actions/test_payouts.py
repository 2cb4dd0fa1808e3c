"""What a deal has brought goes to the banks of those who have earned it: ordered with the settlement,
matched to the bank's line, visible and repeated where the bank could not pay."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests import deals, make
from tests.actions.test_notices import advance
from tests.deals import WAN, Sale, balance, fresh
from yangbanjian.ground.bank import actions as bank
from yangbanjian.ground.bank import jobs as bank_jobs
from yangbanjian.ground.bank import queries as bank_queries
from yangbanjian.ground.bank.models import Expectation, Payee
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import jobs as news
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.ledger import queries as ledger
from yangbanjian.ground.ledger.models import Account
from yangbanjian.ground.messages.models import Notice
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound
from yangbanjian.market.trading import actions, queries
from yangbanjian.market.trading.actions import payouts
from yangbanjian.market.trading.models import Deal, Payout, Registration
from yangbanjian.market.trading.rules import payouts as rules

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_a_sandbox(settings: Any) -> None:
    settings.YBJ_SANDBOX = True
    make.sandbox()


def settled(**how: Any) -> Sale:
    sale = deals.paid(**how)
    settle(sale)
    return sale


def settle(sale: Sale) -> None:
    actions.propose_settlement(actor=sale.staff, deal_id=fresh(sale).pk)
    actions.settle(actor=sale.staff2, deal_id=fresh(sale).pk)


def bank_pays() -> None:
    """The bank of the sandbox carries out what was ordered, and the news arrives."""
    advance(timedelta(hours=3))
    bank_jobs.pay_what_was_ordered(clock.now())
    news.deliver(include_own=True)


def of(sale: Sale, **wanted: Any) -> list[tuple[int, int, str, int, str]]:
    rows = Payout.objects.filter(deal=sale.deal, **wanted).order_by("seq", "attempt")
    return [
        (p.seq, p.attempt, p.kind, p.amount_fen, rules.state_of(p.paid_at, p.failed_at))
        for p in rows
    ]


def account_of(one: Payout) -> Account:
    return Account.objects.get(key=one.account)


def test_seller_and_brokers_are_paid_by_the_bank_and_their_accounts_are_empty() -> None:
    broker = make.organisation("broker")
    sale = settled(commission=[{"organisation_id": broker.pk, "permille": 15}])
    shares = [(1, 1, "proceeds", 206_85 * WAN // 100), (2, 1, "commission", 3_15 * WAN // 100)]
    assert of(sale) == [(*s, "ordered") for s in shares]
    for one in Payout.objects.all():
        assert account_of(one).debits_pending == one.amount_fen  # on hold for this payee alone
        assert one.bank_account == bank.number_of(one.owner_id)
    bank_pays()
    assert of(sale) == [(*s, "paid") for s in shares]
    for one in Payout.objects.select_related("line"):
        assert balance(one.account) == 0
        assert one.line is not None
        assert (one.line.amount, one.line.counterparty) == (-one.amount_fen, one.bank_account)
        assert Notice.objects.filter(once=f"payout.paid.{one.pk}").exists() == (
            one.owner_id == sale.deal.owner_id  # type: ignore[union-attr]
        )
    _, rows = ledger.trial_balance(SYSTEM)
    assert all(r.balance.debits_posted == r.balance.credits_posted for r in rows)
    verbs = Entry.objects.filter(verb__startswith="trading.payout").values_list("verb", flat=True)
    assert sorted(verbs) == ["trading.payout_ordered"] * 2 + ["trading.payout_paid"] * 2
    # Told again, nothing moves.
    ids = list(Payout.objects.values_list("expectation_id", flat=True))
    assert actions.follow_payouts(expectation_ids=ids) == 0


def test_what_the_exchange_has_earned_is_at_home_already() -> None:
    house = make.organisation("exchange")
    sale = settled(commission=[{"organisation_id": house.pk, "permille": 20}])
    assert [row[2] for row in of(sale)] == ["proceeds"]


def name(actor: Actor, number: str) -> Payee:
    return bank.name_payee(actor=actor, number=number, bank="东港银行")


def test_a_closed_account_stays_visible_and_is_repeated_to_the_new_one() -> None:
    sale = deals.paid()
    name(sale.seller, "sandbox-999999999")  # an account that the bank does not know
    settle(sale)
    bank_pays()
    (failed,) = Payout.objects.all()
    assert rules.state_of(failed.paid_at, failed.failed_at) == "failed"
    assert failed.failure == "收款账户不存在或已销户"
    assert account_of(failed).debits_pending == 0
    assert balance(failed.account) == 210 * WAN
    assert Notice.objects.filter(once=f"payout.failed.{failed.pk}", needs_action=True).exists()
    assert Notice.objects.filter(once=f"payout.failed.house.{failed.pk}").exists()

    name(sale.seller, "6222020000000001")
    for actor in (sale.seller, sale.buyer, make.actor(Role.BROKER)):
        with pytest.raises((NotAllowed, NotFound)):
            actions.repeat_payout(actor=actor, payout_id=failed.pk)
    again = actions.repeat_payout(actor=sale.staff, payout_id=failed.pk)
    assert (again.attempt, again.bank_account) == (2, "6222020000000001")
    with pytest.raises(Conflict):
        actions.repeat_payout(actor=sale.staff2, payout_id=failed.pk)
    with pytest.raises(Conflict):
        actions.repeat_payout(actor=sale.staff2, payout_id=again.pk)
    bank_pays()
    assert [row[4] for row in of(sale)] == ["failed", "paid"]
    assert balance(failed.account) == 0


def test_the_exchange_notes_what_the_bank_refused_and_the_order_is_over() -> None:
    sale = settled()
    (one,) = Payout.objects.all()
    with pytest.raises(Invalid):
        actions.fail_payout(actor=sale.staff, payout_id=one.pk, reason=" ")
    with pytest.raises(NotAllowed):
        actions.fail_payout(actor=sale.seller, payout_id=one.pk, reason="销户")
    actions.fail_payout(actor=sale.staff, payout_id=one.pk, reason="户名不符")
    assert [(row[4]) for row in of(sale)] == ["failed"]
    assert Expectation.objects.get(pk=one.expectation_id).failure == "户名不符"
    news.deliver(include_own=True)  # the bank room's own news changes nothing more
    bank_pays()
    assert len(of(sale)) == 1
    assert balance(one.account) == 210 * WAN
    with pytest.raises(Conflict):
        actions.fail_payout(actor=sale.staff, payout_id=one.pk, reason="户名不符")


def test_an_order_that_the_treasurer_takes_back_has_failed() -> None:
    sale = settled()
    (one,) = Payout.objects.all()
    bank.withdraw(actor=sale.staff, expectation_id=one.expectation_id or 0)
    news.deliver(include_own=True)
    assert of(sale)[0][4] == "failed"


def test_a_payment_whose_match_is_taken_back_has_failed() -> None:
    sale = settled()
    bank_pays()
    (one,) = Payout.objects.all()
    bank.unmatch(actor=sale.staff, line_id=one.line_id or 0, reason="错账")
    news.deliver(include_own=True)
    assert of(sale)[0][4] == "failed"
    assert balance(one.account) == 210 * WAN


def test_outside_a_sandbox_money_waits_until_the_payee_has_named_an_account(settings: Any) -> None:
    sale = deals.paid()
    settings.YBJ_SANDBOX = False
    settle(sale)
    (one,) = Payout.objects.all()
    assert (one.bank_account, one.failure, one.expectation) == ("", rules.NO_PAYEE, None)
    with pytest.raises(Conflict) as refused:
        actions.repeat_payout(actor=sale.staff, payout_id=one.pk)
    assert refused.value.code == "payouts.no_payee"
    name(sale.seller, "6222 0200 0000 0001")
    made = actions.repeat_payout(actor=sale.staff, payout_id=one.pk)
    assert made.bank_account == "6222020000000001"


def test_where_one_is_paid_one_says_oneself() -> None:
    tto = make.actor(Role.TTO)
    assert name(tto, "A1").pk == name(tto, "A1").pk
    assert name(tto, "A2").pk != name(tto, "A1").pk
    assert tto.organisation_id is not None
    found = bank_queries.payee_of(tto.organisation_id)
    assert found is not None
    assert found.number == "A1"
    with pytest.raises(Invalid):
        bank.name_payee(actor=tto, number="账号", bank="")
    for role in (Role.EXCHANGE, Role.OPERATOR, Role.AUDITOR, Role.EXPERT):
        with pytest.raises(NotAllowed):
            name(make.actor(role), "A1")
    for stranger in (make.actor(Role.TTO), make.actor(Role.ENTERPRISE)):
        with acting(stranger):
            assert not Payee.objects.exists()


def test_each_sees_their_own_and_the_buyer_nothing() -> None:
    broker = make.actor(Role.BROKER)
    sale = settled(commission=[{"organisation_id": broker.organisation_id, "permille": 15}])
    for actor, kinds in (
        (sale.seller, ["commission", "proceeds"]), (broker, ["commission"]), (sale.buyer, []),
        (sale.staff, ["commission", "proceeds"]), (make.actor(Role.AUDITOR), ["commission", "proceeds"]),
        (make.actor(Role.BROKER), []),
    ):  # fmt: skip
        with acting(actor):
            assert [p.kind for p in queries.payouts(actor)] == kinds
            assert Payout.objects.count() == len(kinds)


def test_royalties_go_on_to_the_seller_too() -> None:
    payment = {"kind": "entry_royalty", "rate_permille": 50, "base": "sales"}
    sale = deals.paid(payment=payment, deal_mode="licence_ordinary")
    today = clock.today()
    for n in range(2):
        actions.report_royalty(
            actor=sale.buyer, deal_id=fresh(sale).pk, base_fen=100 * WAN,
            period_from=today - timedelta(days=60 - 30 * n), period_to=today - timedelta(days=31 - 30 * n),
        )  # fmt: skip
    deals.pay(sale, 2)  # before the settlement
    settle(sale)
    assert of(sale, kind="royalty") == [(102, 1, "royalty", 5 * WAN, "ordered")]
    deals.pay(sale, 3)  # and after it
    bank_pays()
    assert of(sale, kind="royalty") == [
        (102, 1, "royalty", 5 * WAN, "paid"), (103, 1, "royalty", 5 * WAN, "paid")
    ]  # fmt: skip
    assert balance(fresh(sale).account) == 0


def test_a_settlement_rests_on_the_entries_that_the_rulebook_asks_for() -> None:
    from yangbanjian.ground.log.requirements import Subject, missing

    sale = deals.signed()
    about = Subject("deal", fresh(sale).pk)
    lacks = missing(about, process="deal", state="settled")
    assert lacks == ["trading.deal_paid", "trading.settlement_proposed"]
    deals.pay(sale)
    settle(sale)
    assert missing(about, process="deal", state="settled") == []


def test_what_a_forfeited_deposit_leaves_the_seller_is_paid_out_as_proceeds_are() -> None:
    """20 万 of deposit, 4.2 万 of fees: 15.8 万 for the seller, at the bank as at home."""
    society = make.organisation("society")
    sale = deals.awarded(commission=[{"organisation_id": society.pk, "permille": 20}])
    advance(timedelta(days=9))
    rest = deals.DEPOSIT - 42_000_00
    gone = actions.default(actor=sale.staff, deal_id=fresh(sale).pk, reason="逾期未签约")
    (one,) = Payout.objects.all()
    assert of(sale) == [(50, 1, "compensation", rest, "ordered")]
    assert (one.owner_id, account_of(one).debits_pending) == (gone.owner_id, rest)
    # Asked again, and told again, nothing more is ordered.
    registration = Registration.objects.get(pk=gone.registration_id)
    with acting(SYSTEM):
        assert payouts.pass_on_forfeited(deal=gone, registration=registration) is None
    bank_pays()
    bank_pays()
    assert of(sale) == [(50, 1, "compensation", rest, "paid")]
    assert balance(one.account) == 0
    _, rows = ledger.trial_balance(SYSTEM)
    assert all(r.balance.debits_posted == r.balance.credits_posted for r in rows)
    verbs = Entry.objects.filter(verb__startswith="trading.payout").values_list("verb", flat=True)
    assert sorted(verbs) == ["trading.payout_ordered", "trading.payout_paid"]


def test_a_deposit_that_the_fees_use_up_leaves_the_seller_nothing_to_be_paid() -> None:
    society = make.organisation("society")
    sale = deals.awarded(commission=[{"organisation_id": society.pk, "permille": 300}])
    advance(timedelta(days=9))
    actions.default(actor=sale.staff, deal_id=fresh(sale).pk, reason="逾期未签约")
    assert of(sale) == []


def test_a_runner_up_whose_deposit_has_gone_back_and_who_defaults_leaves_a_claim_alone() -> None:
    sale = deals.awarded(bidders=3)
    for _ in range(2):
        advance(timedelta(days=9))
        sale.deal = Deal.objects.filter(lot=sale.lot).latest("id")
        actions.default(actor=sale.staff, deal_id=sale.deal.pk, reason="逾期未签约")
    told = Entry.objects.filter(verb="trading.deal_defaulted").latest("id").payload
    assert (told["to_fees_fen"], told["to_seller_fen"], told["claim_fen"]) == (0, 0, 10 * WAN)
    assert [row[2] for row in of(sale)] == []
    assert Payout.objects.filter(deal__lot=sale.lot).count() == 1
