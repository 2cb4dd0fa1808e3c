"""A trial bid has the verdict that the rules would give to the first bid at the opening."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tests.bidding import T0, WAN, Room, terms
from yangbanjian.market.trading.rules import trials
from yangbanjian.market.trading.rules.lots import MOST_FEN, Bid, Method, Standing, Verdict

DUTCH = {"method": Method.DUTCH, "floor_fen": 65 * WAN}


def tried(amount_fen: int, standing: Standing = Standing.OK, **changed: Any) -> Verdict:
    bid = Bid(id="trial", plate="A3", amount_fen=amount_fen, standing=standing)
    return trials.trial(terms(**changed), bid).verdict


@pytest.mark.parametrize(("amount_fen", "changed", "verdict"), [
    (200 * WAN, {}, "accepted"),
    (210 * WAN, {}, "accepted"),
    (200 * WAN - 1, {}, "too_low"),
    (200 * WAN + 1, {}, "off_step"),
    (MOST_FEN, {}, "off_step"),
    (200 * WAN, {"method": Method.DYNAMIC, "needs_free_bid": True}, "accepted"),
    (200 * WAN, DUTCH, "accepted"),
    (199 * WAN, DUTCH, "too_low"),
    (200 * WAN + 1, {"method": Method.NEGOTIATED}, "accepted"),
    (1, {"method": Method.NEGOTIATED}, "too_low"),
])  # fmt: skip
def test_the_verdict_is_the_methods_own(
    amount_fen: int, changed: dict[str, Any], verdict: str
) -> None:
    assert tried(amount_fen, **changed) == verdict


@pytest.mark.parametrize("standing", [s for s in Standing if s is not Standing.OK])
def test_who_may_not_bid_hears_that_before_any_amount(standing: Standing) -> None:
    assert tried(200 * WAN, standing) == tried(1, standing) == Verdict.NOT_QUALIFIED


def test_it_is_what_the_first_bid_of_a_real_lot_is_told() -> None:
    for wan in (199, 200, 200.5, 205, 210, 1000):
        room = Room(terms())
        real = room.bid("A3", wan, 0)
        alike = trials.trial(terms(), Bid(id="t", plate="A3", amount_fen=round(wan * WAN)))
        assert dataclasses.replace(alike, number=real.number) == real
    assert alike.at == T0


def test_only_open_bids_can_be_tried() -> None:
    assert [m for m in Method if not trials.takes_trials(m)] == [Method.SEALED]
    with pytest.raises(KeyError):
        tried(200 * WAN, method=Method.SEALED)
