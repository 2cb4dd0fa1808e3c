"""Trial bids (试报价): judged as a first bid would be, and nowhere written down."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import lots, make
from yangbanjian.ground.clock import actions as clock_actions
from yangbanjian.kernel.actor import ANONYMOUS, SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound
from yangbanjian.market.trading import queries
from yangbanjian.market.trading.models import Inbox, Listing, Lot, LotLine, PlacedBid, Received
from yangbanjian.market.trading.rules.lots import MOST_FEN

WAN = lots.WAN
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sandbox(settings: Any) -> None:
    settings.YBJ_SANDBOX = True
    make.sandbox()


def verdict(actor: Actor, lot: Lot, fen: int) -> str:
    return queries.trial(actor, lot.pk, fen).verdict.value


def written() -> dict[str, int]:
    """How many rows there are of everything that a bid leaves behind."""
    counts = {
        m._meta.db_table: m._default_manager.count() for m in (Inbox, Received, PlacedBid, LotLine)
    }
    with connection.cursor() as cursor:
        for table in ("journal_entry", "log_leaf"):
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608
            counts[table] = cursor.fetchone()[0]
    return counts


def test_a_trial_says_what_the_first_bid_would_be_told_and_leaves_nothing() -> None:
    lot, by = lots.waiting()
    before, row = written(), Lot.objects.filter(pk=lot.pk).values().get()
    with CaptureQueriesContext(connection) as asked:
        assert verdict(by["A3"], lot, 200 * WAN) == "accepted"
    assert verdict(by["A3"], lot, 200 * WAN) == "accepted", "nobody is on top"
    assert verdict(by["K7"], lot, 200 * WAN) == "accepted"
    assert verdict(by["K7"], lot, 200 * WAN - 1) == "too_low"
    assert verdict(by["K7"], lot, 200 * WAN + 1) == "off_step"
    assert written() == before
    assert Lot.objects.filter(pk=lot.pk).values().get() == row
    said = " ".join(q["sql"] for q in asked.captured_queries).upper()
    assert "TRADING_LOT" in said
    for word in ("FOR UPDATE", "FOR NO KEY UPDATE", "ADVISORY", "INSERT INTO", "UPDATE TRADING"):
        assert word not in said, word


def test_who_may_not_bid_is_told_so() -> None:
    tto = make.actor(Role.TTO)
    lot, by = lots.waiting(seller=tto)
    late = lots.bidder(lot.listing, "Q1", state="deposited")
    unpaid = lots.bidder(lot.listing, "Q2", is_held=False)
    related = lots.bidder(lot.listing, "Q3", is_related=True)
    stranger = make.actor(Role.ENTERPRISE)
    for actor in (late, unpaid, related, stranger, tto, make.actor(Role.EXCHANGE)):
        assert verdict(actor, lot, 200 * WAN) == verdict(actor, lot, 1) == "not_qualified"
    assert verdict(by["A3"], lot, 1) == "too_low"
    with pytest.raises(NotAllowed):
        verdict(ANONYMOUS, lot, 200 * WAN)


def test_before_the_notice_there_is_nothing_to_try() -> None:
    lot, by = lots.waiting(is_public=False)
    with pytest.raises(NotFound):
        verdict(by["A3"], lot, 200 * WAN)


def test_once_bidding_has_begun_there_are_only_bids() -> None:
    lot, by = lots.opened()
    with pytest.raises(Conflict) as told:
        verdict(by["A3"], lot, 200 * WAN)
    assert told.value.code == "trading.trial_over"


def test_sealed_bids_are_not_tried_here() -> None:
    lot, by = lots.waiting(method="sealed", step_fen=0)
    with pytest.raises(Conflict) as told:
        verdict(by["A3"], lot, 200 * WAN)
    assert told.value.code == "trading.no_trial"


@pytest.mark.parametrize("fen", [0, -1, MOST_FEN + 1, 2**63, 10**30])
def test_amounts_that_are_none_are_refused_as_those_of_bids(fen: int) -> None:
    lot, by = lots.waiting()
    with pytest.raises(Invalid) as told:
        verdict(by["A3"], lot, fen)
    assert [p.field for p in told.value.problems] == ["amount_fen"]


def test_the_opening_that_is_assumed_is_the_planned_one_or_now() -> None:
    lot, by = lots.waiting()
    ends = Listing.objects.get(pk=lot.listing_id).disclosure_ends_at
    assert ends is not None
    assert queries.trial(by["A3"], lot.pk, 1).at == ends
    clock_actions.advance(actor=SYSTEM, by=timedelta(days=90))
    assert queries.trial(by["A3"], lot.pk, 1).at > ends
