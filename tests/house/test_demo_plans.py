"""What the demo's floor sells adds up to what the programme has published of itself: seven showrooms,
45 listings, deals of a little over 4.15 亿元. That it is made so is looked at in a whole district:
tests/journeys/test_demo_promises.py."""

from __future__ import annotations

from collections import Counter

from yangbanjian.faces.cli.demo import content
from yangbanjian.faces.cli.demo.plans import PLANS
from yangbanjian.faces.cli.running import DEMO_DAYS
from yangbanjian.ground.people.rules import PUBLIC_UNITS
from yangbanjian.market.trading.rules import payments
from yangbanjian.market.trading.rules.lots import Method

WAN_IN_YI = 10_000
ROWS = {row["key"]: row for row in content.rows("achievements")}
KINDS = {row["key"]: row["kind"] for row in content.rows("organisations")}


def test_the_published_figures() -> None:
    assert len(PLANS) == len({p.key for p in PLANS}) == 45
    assert 4.15 * WAN_IN_YI < sum(p.comes_to for p in PLANS) < 4.2 * WAN_IN_YI
    # What is signed is over it already, without the one that waits for its signatures.
    signed = sum(p.comes_to for p in PLANS if p.then != "awarded")
    assert signed > 4.15 * WAN_IN_YI
    fields = Counter(ROWS[p.key]["field"] for p in PLANS)
    assert len(fields) == 7
    assert min(fields.values()) >= 5


def test_every_field_has_one_showroom() -> None:
    brokers = [r for r in content.rows("organisations") if r["kind"] == "broker"]
    assert sorted(f for r in brokers for f in r["fields"]) == sorted(
        {r["field"] for r in ROWS.values()}
    )


def test_all_methods_payments_kinds_and_ends_come_up() -> None:
    assert {p.method for p in PLANS} == {m.value for m in Method}
    sold = [p for p in PLANS if p.comes_to]
    assert {p.payment["kind"] for p in sold} == set(payments.KINDS)
    kinds = {p.mode.partition("_")[0] for p in sold}
    assert kinds == {"transfer", "licence", "equity", "development", "service", "consulting"}
    ends = Counter(p.then for p in PLANS)
    assert ends["live"] == ends["defaulted"] == 1
    assert {"nobody", "reserved", "withdrawn", "ended", "disclosed", "secured"} <= set(ends)
    assert {p.after_issue for p in PLANS} == {"", "replaced", "revoked"}


def test_what_is_sold_belongs_to_public_units_and_may_be_sold_in_public() -> None:
    for plan in PLANS:
        row = ROWS[plan.key]
        assert KINDS[row["holder"]] in PUBLIC_UNITS, plan.key
        assert row["is_service"], plan.key
        assert not row["export_control"], plan.key


def test_no_price_is_far_from_what_the_library_asks() -> None:
    """Who compares a listing with the achievement behind it must not wonder."""
    for plan in PLANS:
        asked = ROWS[plan.key]["price_fen"]
        assert asked is None or asked / 2 <= plan.start * 1_000_000 <= asked * 2, plan.key


def test_the_days_are_in_order_and_all_ends_lie_in_the_past() -> None:
    days = [p.day for p in PLANS]
    assert days == sorted(days)
    assert days[-1] < DEMO_DAYS
    # Ten working days, two of bidding, a few to sign and to pay.
    assert all(p.day < DEMO_DAYS - 40 for p in PLANS if p.then in ("paid", "defaulted"))


def test_sealed_offers_have_one_highest() -> None:
    for plan in PLANS:
        assert len(set(plan.offers)) == len(plan.offers), plan.key
