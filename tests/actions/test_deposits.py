"""What becomes of deposits: held, turned into the price, given back to the payer alone, lost."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests import make
from tests.actions.test_notices import advance
from tests.trading import DAY, WAN, Market, fresh
from yangbanjian.ground.bank import actions as bank
from yangbanjian.ground.bank import queries as lines
from yangbanjian.ground.clock import actions as clock_actions
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.ledger import actions as ledger
from yangbanjian.ground.ledger import queries as books
from yangbanjian.ground.ledger.models import Account
from yangbanjian.kernel.actor import ANONYMOUS, SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound
from yangbanjian.market.trading import actions, queries
from yangbanjian.market.trading.actions import deposits
from yangbanjian.market.trading.models import Registration

pytestmark = pytest.mark.django_db


@pytest.fixture
def market(settings: Any) -> Market:
    settings.YBJ_SANDBOX = True
    return Market()


def sums(key: Any) -> tuple[int, int, int]:
    """(held, out, in) of an account."""
    one = Account.objects.get(key=key)
    return one.debits_pending, one.debits_posted, one.credits_posted


def deal_account(of: int) -> Any:
    key = uuid4()
    ledger.open_account(
        actor=SYSTEM, key=key, owner_id=of, code="deal", asset="CNY", is_limited=True
    )
    return key


def is_zero_sum() -> bool:
    _, found = books.trial_balance(SYSTEM)
    return all(
        a.balance.debits_posted == a.balance.credits_posted
        and a.balance.debits_pending == a.balance.credits_pending
        for a in found
    )


def test_a_deposit_is_held_once_it_has_come_from_the_buyers_own_account(market: Market) -> None:
    one = market.published()
    made = market.signed_up(one)
    assert (made.state, made.deposit_fen, made.due_at) == (
        "applied", 20 * WAN, one.disclosure_ends_at,
    )  # fmt: skip
    market.pay(made, sender="sandbox-999999")
    assert fresh(made).state == "applied"
    market.pay(made, amount=20 * WAN - 1)
    assert fresh(made).state == "applied"
    market.pay(made)

    held = fresh(made)
    assert (held.state, held.line.counterparty) == ("deposited", made.bank_account)
    assert sums(made.account) == (20 * WAN, 0, 20 * WAN)
    assert actions.take_matched([made.expectation_id]) == 0
    assert lines.unmatched(SYSTEM).count == 2
    assert is_zero_sum()


def test_a_deposit_that_the_news_has_missed_is_found_by_the_clock(market: Market) -> None:
    made = market.signed_up(market.published())
    bank.move_money(
        sender=made.bank_account, receiver=market.house, amount=made.deposit_fen,
        reference=made.expectation.reference,
    )  # fmt: skip
    assert fresh(made).state == "applied"
    advance(DAY)
    assert fresh(made).state == "deposited"


def test_what_comes_too_late_goes_back_by_itself(market: Market) -> None:
    one = market.published()
    made = market.signed_up(one)
    clock_actions.advance(actor=SYSTEM, by=one.disclosure_ends_at - one.published_at + DAY)
    market.pay(made)
    assert (fresh(made).state, fresh(made).outcome) == ("lapsed", "refunded")
    assert fresh(made).hold_id is None
    advance(DAY)
    assert queries.refund_state(fresh(made))["paid_at"] is not None
    assert sums(made.account) == (0, 20 * WAN, 20 * WAN)


def test_who_may_sign_up(market: Market) -> None:
    one = market.published()
    wrong: dict[str, Actor] = {
        "people.sign_in_first": ANONYMOUS, "trading.seller_out": market.tto,
        "trading.not_a_buyer": market.exchange, "trading.no_organisation": make.actor(Role.EXPERT),
    }  # fmt: skip
    for code, actor in wrong.items():
        with pytest.raises(NotAllowed) as refused:
            actions.sign_up(actor=actor, listing_id=one.pk)
        assert refused.value.code == code
    with pytest.raises(Conflict) as related:
        market.signed_up(one, is_related=True, statement="院长持股")
    assert related.value.code == "registrations.related"
    with pytest.raises(Invalid):
        market.signed_up(one, is_priority=True)
    buyer = market.buyer()
    made = actions.sign_up(actor=buyer, listing_id=one.pk)
    assert actions.sign_up(actor=buyer, listing_id=one.pk).pk == made.pk
    assert Registration.objects.count() == 1


def test_outside_a_sandbox_one_names_ones_bank_account(market: Market, settings: Any) -> None:
    one = market.published()
    bank.open_account(actor=market.exchange, number="310501", bank="东港银行")
    settings.YBJ_SANDBOX = False
    with pytest.raises(Invalid) as refused:
        market.signed_up(one)
    assert refused.value.problems[0].field == "bank_account"
    assert market.signed_up(one, bank_account="6222 0001").bank_account == "62220001"


def test_plates_tell_nothing_of_the_order_and_are_the_bidders_own(market: Market) -> None:
    one = market.published(deposit_fen=0)
    plates = [market.signed_up(one).plate for _ in range(8)]
    assert len(set(plates)) == 8
    # By chance they stand in order once in 8! = 40,320 draws either way.
    made = Registration.objects.first()
    assert made is not None
    assert made.state == "deposited"
    for stranger in (market.tto, market.buyer(), ANONYMOUS):
        with pytest.raises(NotFound):
            queries.registration(stranger, made.pk)


def test_qualification_waits_for_the_deposit_and_is_the_exchanges(market: Market) -> None:
    one = market.published()
    made = market.signed_up(one)
    with pytest.raises(Conflict) as refused:
        actions.qualify_buyer(actor=market.exchange, registration_id=made.pk)
    assert refused.value.code == "registrations.deposit_missing"
    # Paid, and the news of it still under way.
    bank.move_money(
        sender=made.bank_account, receiver=market.house, amount=made.deposit_fen,
        reference=made.expectation.reference,
    )  # fmt: skip
    done = actions.qualify_buyer(actor=market.exchange, registration_id=made.pk)
    assert (done.state, done.qualified_by) == ("qualified", market.exchange.person_id)
    with pytest.raises(Conflict):
        actions.qualify_buyer(actor=market.second, registration_id=made.pk)


def test_a9_award_and_release_are_one_chain_and_losers_are_refunded_in_time(
    market: Market,
) -> None:
    one = market.published()
    winner, *losers = [market.qualified(one) for _ in range(3)]
    account = deal_account(winner.owner_id)
    for _ in range(2):  # asked again, it changes nothing
        actions.award_chain(actor=SYSTEM, winner=winner, losers=losers, account=account)

    assert sums(account) == (0, 0, 20 * WAN)
    assert sums(winner.account) == (0, 20 * WAN, 20 * WAN)
    won = fresh(winner)
    assert (won.state, won.outcome) == ("won", "to_price")
    posted = books.transfer(deposits._id(won, "to_price"))
    assert posted is not None
    assert len(books.chained(posted)) == 4
    for loser in losers:
        assert (fresh(loser).state, fresh(loser).outcome) == ("lost", "refunded")
        told = queries.refund_state(fresh(loser))
        assert told is not None
        assert told["paid_at"] is None
    advance(3 * DAY)
    for loser in losers:
        told = queries.refund_state(fresh(loser))
        assert told is not None
        assert told["paid_at"].date() <= told["promised_on"]
        assert sums(loser.account) == (0, 20 * WAN, 20 * WAN)
    assert is_zero_sum()
    # Whoever comes next has no deposit here any more, and is the winner all the same.
    actions.award_chain(actor=SYSTEM, winner=losers[0], losers=[], account=account)
    assert fresh(losers[0]).state == "won"
    assert sums(account) == (0, 0, 20 * WAN)


def test_a_chain_that_can_not_be_whole_leaves_everything_as_it_was(market: Market) -> None:
    one = market.published()
    winner, loser = market.qualified(one), market.qualified(one)
    ledger.release(actor=SYSTEM, transfer_id=uuid4(), hold_id=loser.hold_id)
    account = deal_account(winner.owner_id)
    with pytest.raises(Conflict):
        actions.award_chain(actor=SYSTEM, winner=winner, losers=[loser], account=account)
    assert (fresh(winner).state, fresh(loser).state) == ("qualified", "qualified")
    assert sums(account) == (0, 0, 0)


@pytest.mark.parametrize("has_won", [False, True])
def test_a_forfeited_deposit_pays_fees_first_and_the_seller_the_rest(
    market: Market, has_won: bool
) -> None:
    one = market.published()
    made, other = market.qualified(one), market.qualified(one)
    if has_won:
        account = deal_account(made.owner_id)
        actions.award_chain(actor=SYSTEM, winner=made, losers=[other], account=account)
    for _ in range(2):
        parts = actions.forfeit(
            actor=market.exchange, registration=made, case="did_not_pay", fees_fen=5 * WAN,
            loss_fen=50 * WAN,
        )  # fmt: skip
        assert (parts.to_fees_fen, parts.to_seller_fen, parts.claim_fen) == (
            5 * WAN, 15 * WAN, 35 * WAN,
        )  # fmt: skip
    gone = fresh(made)
    assert (gone.state, gone.outcome, gone.forfeited_for) == (
        "forfeited", "forfeited", "did_not_pay",
    )  # fmt: skip
    assert sums(deposits.earned_account(SYSTEM, one.owner_id, "proceeds")) == (0, 0, 15 * WAN)
    assert sums(deposits.fees_account(SYSTEM)) == (0, 0, 5 * WAN)
    if has_won:
        assert sums(account) == (0, 20 * WAN, 20 * WAN)
    assert is_zero_sum()


def test_only_a_case_that_the_listing_has_adopted_costs_the_deposit(market: Market) -> None:
    one = market.published(forfeitures=["did_not_pay", "nobody_bid"])
    made = market.qualified(one)
    for case in ("leaked_secrets", "nobody_bid"):  # nobody to bid against: no breach
        with pytest.raises(Conflict) as refused:
            actions.forfeit(
                actor=market.exchange, registration=made, case=case, fees_fen=0, loss_fen=0
            )
        assert refused.value.code == "deposits.case_not_adopted"
    assert fresh(made).state == "qualified"


def test_attack_30_a_refund_goes_to_the_payer_and_to_nobody_else(market: Market) -> None:
    one = market.published()
    made = market.deposited(one)
    actions.refuse_buyer(actor=market.exchange, registration_id=made.pk, reason="材料不符")
    order = queries.refund_of(made)
    assert order is not None
    assert order.counterparty == made.bank_account
    # A payment to another account is not the refund, whatever it says.
    bank.move_money(
        sender=market.house, receiver="6222000000099", amount=made.deposit_fen,
        reference=order.reference,
    )  # fmt: skip
    state = queries.refund_state(fresh(made))
    assert state is not None
    assert state["paid_at"] is None
    with pytest.raises(Conflict):
        bank.refund(
            actor=market.exchange, line_id=fresh(made).line_id, account=made.account,
            reference="TK-OTHER", amount=made.deposit_fen,
        )  # fmt: skip


def test_release_all_gives_everything_back(market: Market) -> None:
    one = market.published()
    made = [market.qualified(one), market.deposited(one)]
    for _ in range(2):
        actions.release_all(actor=SYSTEM, registrations=made)
    assert {(fresh(r).state, fresh(r).outcome) for r in made} == {("lost", "refunded")}
    advance(DAY)
    assert all(sums(r.account) == (0, 20 * WAN, 20 * WAN) for r in made)
    assert is_zero_sum()


def test_the_sandbox_bank_pays_only_what_was_ordered_and_nothing_outside(
    market: Market, settings: Any
) -> None:
    made = market.deposited(market.published())
    actions.release_all(actor=SYSTEM, registrations=[made])
    settings.YBJ_SANDBOX = False
    assert bank.carry_out(before=clock.now() + DAY, most=9) == 0
    settings.YBJ_SANDBOX = True
    assert bank.carry_out(before=clock.now() - DAY, most=9) == 0
    assert bank.carry_out(before=clock.now() + DAY, most=9) == 1
    assert bank.carry_out(before=clock.now() + DAY, most=9) == 0
