"""Several at once at a listing, with real commits: qualified by two, paid while it lapses, signed up
for at the same moment, its disclosure ended twice."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.races.test_ledger import at_once
from tests.trading import DAY, WAN, Market, fresh
from yangbanjian.ground.bank import actions as bank
from yangbanjian.ground.clock import actions as clock_actions
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.ledger.models import Account
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.kernel.refusals import Conflict
from yangbanjian.market.trading import actions, queries
from yangbanjian.market.trading.models import Lot, Registration

pytestmark = pytest.mark.usefixtures("own_database")


@pytest.fixture
def market(settings: Any, own_database: None) -> Market:
    settings.YBJ_SANDBOX = True
    return Market()


def test_two_qualify_at_once_and_one_of_them_does(market: Market) -> None:
    one = market.published()
    made = market.deposited(one)
    staff = (market.exchange, market.second)
    told = at_once(
        2, lambda n: actions.qualify_buyer(actor=staff[n], registration_id=made.pk).state
    )
    refused = [t for t in told if isinstance(t, Conflict)]
    assert [t.code for t in refused] == ["registrations.move_not_possible"], told
    assert fresh(made).state == "qualified"


def test_the_last_two_decisions_open_the_lot_once(market: Market) -> None:
    one = market.published()
    waiting = [market.deposited(one) for _ in range(2)]
    clock_actions.advance(actor=SYSTEM, by=30 * DAY)
    assert actions.end_disclosures(now=clock.now(), most=9) >= 1
    told = at_once(
        2,
        lambda n: actions.qualify_buyer(
            actor=market.exchange, registration_id=waiting[n].pk
        ).state,
    )  # fmt: skip
    assert told == ["qualified"] * 2
    assert fresh(one).state == "bidding"
    assert Lot.objects.get(listing=one).state == "open"


def test_a_deposit_that_comes_while_it_lapses_is_held_or_sent_back(market: Market) -> None:
    for _ in range(3):
        one = market.published(deposit_fen=20 * WAN)
        made = market.signed_up(one)
        clock_actions.advance(actor=SYSTEM, by=one.disclosure_ends_at - clock.now() + DAY)

        def act(number: int, made: Registration = made) -> object:
            if number == 0:
                return actions.end_disclosures(now=clock.now(), most=99)
            assert made.expectation is not None
            bank.move_money(
                sender=made.bank_account, receiver=market.house, amount=made.deposit_fen,
                reference=made.expectation.reference,
            )  # fmt: skip
            return actions.take_matched([made.expectation_id])

        told = at_once(2, act)
        assert not [t for t in told if isinstance(t, Exception)], told
        late = fresh(made)
        assert (late.state, late.outcome, late.hold_id) == ("lapsed", "refunded", None)
        kept = Account.objects.get(key=made.account)
        assert (kept.credits_posted, kept.debits_pending) == (20 * WAN, 20 * WAN)
        order = queries.refund_of(late)
        assert order is not None
        assert order.counterparty == made.bank_account


def test_signing_up_twice_at_once_is_one_registration_and_plates_are_told_apart(
    market: Market,
) -> None:
    one = market.published()
    buyers = [market.buyer(), market.buyer()]
    told = at_once(6, lambda n: actions.sign_up(actor=buyers[n % 2], listing_id=one.pk).plate)
    assert not [t for t in told if isinstance(t, Exception)], told
    assert sorted(Counter(told).values()) == [3, 3]
    assert Registration.objects.filter(listing=one).count() == 2


def test_a_disclosure_that_is_ended_by_several_ends_once(market: Market) -> None:
    one = market.published(ladder=[{"start_fen": 150 * WAN}])
    clock_actions.advance(actor=SYSTEM, by=30 * DAY)
    now = clock.now()
    told = at_once(3, lambda _n: actions.end_disclosures(now=now, most=9))
    # Listings of other tests fall due with it; of this one a second end would be a third round.
    assert sum(told) >= 1
    assert (fresh(one).round, Lot.objects.filter(listing=one).count()) == (2, 2)
