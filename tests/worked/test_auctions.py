"""Published auctions (rules, section 18 B): starts, finals and premiums as reported, played again."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from tests.bidding import WAN, Room, at, sealed_bid, terms
from verify import auction
from yangbanjian.market.trading.rules.closing import premium_percent
from yangbanjian.market.trading.rules.lots import Method, Verdict

# name, start and final in 万元, step assumed where none is reported, premium as it comes out.
CASES = [
    ("长三角拍 储能电池", 200, 300, 10, "50.00"),
    ("安吉 2020 最高标的", 240, 320, 10, "33.33"),
    ("浙江 2014 玻璃窑炉", 300, 480, 20, "60.00"),
    ("平湖 感应热处理", 160, 320, 10, "100.00"),
    ("同济 2018 无线充电许可", 250, 300, 10, "20.00"),
]
# Sums of events: start, final in 万元, what comes out, what was reported.
EVENTS = [
    ("安吉 2020", 895, 1230, "37.43", "37.43"),
    ("衢州 2018 全场", 210, 537, "155.71", "156"),
    ("衢州 2018 高校", 160, 417, "160.63", "161"),
]


@pytest.mark.parametrize(("name", "start", "final", "step", "premium"), CASES)
def test_a_reported_sale_played_again(
    name: str, start: int, final: int, step: int, premium: str
) -> None:
    room = Room(terms(start_fen=start * WAN, step_fen=step * WAN))
    for number, wan in enumerate(range(start, final + 1, step)):
        plate = ("A3", "K7")[number % 2]
        assert room.bid(plate, wan, 1 + number).verdict is Verdict.ACCEPTED, name
    result = room.close_at(5000)
    assert result is not None
    assert result.price_fen == final * WAN
    assert premium_percent(start * WAN, result.price_fen) == Decimal(premium)
    lot = auction.recount([json.loads(line) for line in room.text.splitlines()])
    assert lot.result is not None
    assert lot.result["price_fen"] == final * WAN


def test_about_ten_rounds_of_the_glass_kiln() -> None:
    """300 to 480 in steps of 20 are ten bids: the reported «about ten rounds»."""
    assert len(range(300, 481, 20)) == 10


@pytest.mark.parametrize(("name", "start", "final", "exact", "reported"), EVENTS)
def test_premiums_of_whole_events(
    name: str, start: int, final: int, exact: str, reported: str
) -> None:
    found = premium_percent(start * WAN, final * WAN)
    assert found == Decimal(exact), name
    places = Decimal(1) if "." not in reported else Decimal("0.01")
    assert found.quantize(places) == Decimal(reported), name


def test_one_sealed_bid_with_two_bidders() -> None:
    """Guangzhou 2021: listed at 3.3 万, sold at 10 万 by one sealed bid each; 203 %."""
    room = Room(terms(method=Method.SEALED, start_fen=33 * WAN // 10, step_fen=0))
    inside = {}
    for number, (plate, fen) in enumerate((("A3", 4 * WAN), ("K7", 10 * WAN)), 1):
        received, inside[f"s{number}"] = sealed_bid(room.lot, plate, fen, number)
        assert room.receive(received, at(number)).verdict is Verdict.ACCEPTED
    room.open(inside, at(600))
    result = room.close_at(601)
    assert result is not None
    assert (result.winner, result.price_fen) == ("K7", 10 * WAN)
    assert premium_percent(33 * WAN // 10, 10 * WAN) == Decimal("203.03")


def test_the_first_joint_event_is_kept_as_reported() -> None:
    """60 lots; 53 are said to be from the delta, broken down into 38 + 15 + 1 = 54. One of the
    figures is wrong, and it can't be told which: it is reported, not repaired."""
    by_kind, from_the_delta, by_field = (38, 15, 1), 53, (11, 20, 7, 12, 4, 6)
    assert sum(by_field) == 60
    assert sum(by_kind) == 54 == from_the_delta + 1
