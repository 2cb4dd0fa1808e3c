"""Bids on the database: verdicts, replays, standing, ceilings, what is written of them."""

from __future__ import annotations

import pytest

from tests import lots, make
from yangbanjian.market.trading.models import (
    PlacedBid,
)
from yangbanjian.market.trading.rules.lots import Verdict

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sandbox() -> None:
    make.sandbox()


def test_A1_accepted_bids_are_numbered_and_their_times_rise() -> None:
    lot, by = lots.opened()
    told = [lots.bid(by[p], lot, wan) for p, wan in (("A3", 200), ("K7", 210), ("A3", 230))]
    assert [t.verdict for t in told] == [Verdict.ACCEPTED] * 3
    rows = list(PlacedBid.objects.filter(lot=lot).order_by("seq"))
    assert [r.seq for r in rows] == [t.seq for t in told] == [1, 2, 3]
    assert rows[0].at < rows[1].at < rows[2].at
    lot.refresh_from_db()
    assert (lot.top_fen, lot.top_plate, lot.seq) == (230 * lots.WAN, "A3", 3)
