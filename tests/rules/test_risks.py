"""Risk indicators: each fires on the case that it is for, and not on the one beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from yangbanjian.ground.rulebook import queries as rulebook
from yangbanjian.ground.rulebook.rules.shapes import SHAPES
from yangbanjian.market.openness.rules import risks
from yangbanjian.market.openness.rules.risks import DAY, Facts, Figures, Other

WAN = 1_000_000
NOW = datetime(2026, 6, 1, tzinfo=UTC)
# A sale on which nothing fires: three bid, the best has it, well above the start.
GOOD = Facts(
    deal_id=1, achievement_id=7, seller_id=10, buyer_id=20, price_fen=260 * WAN, start_fen=200 * WAN,
    reserve_fen=None, at=NOW, method="rising", bidders=3, qualified=3, plate="A1",
    order=("A1", "B2", "C3"), completers=frozenset({"沈知行"}), insiders=frozenset({"林一"}),
    rights=frozenset({"ZL1"}),
)  # fmt: skip
SHIPPED = next(e for e in rulebook.shipped() if e["table"] == "risk_indicators")
KNOWN = risks.figures(SHIPPED["rows"])


def other(**said: Any) -> Other:
    plain: dict[str, Any] = {
        "deal_id": 2, "achievement_id": 8, "seller_id": 10, "buyer_id": 20, "price_fen": 90 * WAN,
        "at": NOW - 30 * DAY,
    }  # fmt: skip
    return Other(**{**plain, **said})


def fires(facts: Facts) -> set[str]:
    return {v.indicator for v in risks.verdicts(facts, KNOWN)}


def test_nothing_fires_on_a_sale_as_it_should_be() -> None:
    assert fires(GOOD) == set()


PAIRS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("single_bidder", {"bidders": 1}, {"bidders": 2}),
    ("single_bidder", {"method": "dutch", "bidders": 1, "qualified": 1},
     {"method": "dutch", "bidders": 1, "qualified": 2}),
    ("price_at_reserve", {"price_fen": 200 * WAN}, {"price_fen": 200 * WAN + 1}),
    ("price_at_reserve", {"reserve_fen": 260 * WAN}, {"reserve_fen": 259 * WAN}),
    ("inventor_linked", {"insiders": frozenset({"沈知行"})}, {"insiders": frozenset({"沈知"})}),
    ("inventor_linked", {"is_related": True}, {"is_related": False}),
    ("repeated_pair",
     {"others": (other(price_fen=200 * WAN), other(deal_id=3, price_fen=200 * WAN))},
     {"others": (other(price_fen=200 * WAN), other(deal_id=3, buyer_id=21))}),
    ("repeated_pair",
     {"others": (other(), other(deal_id=3, at=NOW - 365 * DAY))},
     {"others": (other(), other(deal_id=3, at=NOW - 365 * DAY - timedelta(seconds=1)))}),
    ("rapid_resale",
     {"others": (other(seller_id=99, buyer_id=10, achievement_id=7),)},
     {"others": (other(seller_id=99, buyer_id=11, achievement_id=7),)}),
    ("rapid_resale",
     {"others": (other(seller_id=99, buyer_id=10, rights=frozenset({"ZL1"})),)},
     {"others": (other(seller_id=99, buyer_id=10, rights=frozenset({"ZL2"})),)}),
    ("rapid_resale",
     {"others": (other(seller_id=99, buyer_id=10, achievement_id=7, at=NOW - 365 * DAY),)},
     {"others": (other(seller_id=99, buyer_id=10, achievement_id=7, at=NOW + DAY),)}),
    ("best_bid_disqualified", {"plate": "B2"}, {"plate": "A1"}),
    ("best_bid_disqualified", {"plate": "C3"}, {"plate": "Z9"}),
    ("split_lots",
     {"start_fen": 50 * WAN, "price_fen": 60 * WAN, "others": (other(price_fen=50 * WAN),)},
     {"start_fen": 50 * WAN, "price_fen": 60 * WAN, "others": (other(price_fen=40 * WAN),)}),
    ("split_lots",
     {"start_fen": 50 * WAN, "price_fen": 100 * WAN, "others": (other(price_fen=1),)},
     {"start_fen": 50 * WAN, "price_fen": 100 * WAN + 1, "others": (other(price_fen=1),)}),
    ("split_lots",
     {"start_fen": 50 * WAN, "price_fen": 60 * WAN, "others": (other(at=NOW - 90 * DAY),)},
     {"start_fen": 50 * WAN, "price_fen": 60 * WAN, "others": (other(at=NOW - 91 * DAY),)}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "fired", "quiet"), PAIRS)
def test_each_fires_and_does_not(name: str, fired: dict[str, Any], quiet: dict[str, Any]) -> None:
    assert name in fires(replace(GOOD, **fired))
    assert name not in fires(replace(GOOD, **quiet))


def test_every_indicator_is_tried_both_ways_and_has_its_row() -> None:
    assert {name for name, _, _ in PAIRS} == set(risks.INDICATORS)
    column = SHAPES["risk_indicators"].column("indicator")
    assert dict(column.choices) == {n: i.label for n, i in risks.INDICATORS.items()}
    assert set(KNOWN) == set(risks.INDICATORS)


def test_what_has_no_row_is_not_looked_for() -> None:
    alone = replace(GOOD, bidders=1)
    assert risks.verdicts(alone, {}) == ()
    (only,) = risks.verdicts(alone, {"single_bidder": Figures(count=1)})
    assert only.sentence % only.params == "只有 1 家报价（取得资格的 3 家）。"


@pytest.mark.parametrize(("price", "percent", "sentence"), [
    (200 * WAN, 0, "成交价等于底价。"),
    (150 * WAN, 0, "成交价低于起始价。"),
    (200 * WAN, 5, "成交价没有比底价高出 5%。"),
])  # fmt: skip
def test_a_price_at_the_reserve_is_told_as_it_is(price: int, percent: int, sentence: str) -> None:
    """«No more than 0 % above» says nothing to anybody."""
    sold = replace(GOOD, price_fen=price, start_fen=200 * WAN)
    found = risks.price_at_reserve(sold, Figures(percent=percent))
    assert found is not None
    assert found.sentence % found.params == sentence


def test_nothing_about_persons_is_public() -> None:
    public = {n for n, i in risks.INDICATORS.items() if i.is_public}
    assert public == {"single_bidder", "price_at_reserve"}
