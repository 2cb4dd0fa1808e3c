"""Releases of a sale that is played by the real verbs: what each step says, once and for ever."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests import deals, lots, make
from tests.trading import WAN, Market, fresh
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal.jobs import deliver
from yangbanjian.ground.journal.models import Entry
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.kernel.refusals import Invalid, NotFound
from yangbanjian.market.certificates import actions as certificates
from yangbanjian.market.certificates.models import Certificate
from yangbanjian.market.openness import actions, jobs, queries
from yangbanjian.market.openness.models import Release
from yangbanjian.market.trading import actions as trading
from yangbanjian.market.trading.models import Beat, Deal, Lot

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_a_sandbox(settings: Any) -> None:
    settings.YBJ_SANDBOX = True
    make.sandbox()


def said(ocid: str) -> list[dict[str, Any]]:
    deliver(include_own=True)
    rows = Release.objects.filter(ocid=ocid).order_by("id")
    return [json.loads(row.content) for row in rows]


def compiled(ocid: str) -> dict[str, Any]:
    found: dict[str, Any] = queries.record(ocid)["records"][0]["compiledRelease"]
    return found


def settled() -> deals.Sale:
    """A sale to its very end."""
    sale = deals.paid()
    assert sale.deal is not None
    number = sale.deal.pk
    certificates.issue(actor=sale.staff, deal_id=number)
    trading.hand_over(actor=sale.seller, deal_id=number)
    trading.propose_settlement(actor=sale.staff, deal_id=number)
    trading.settle(actor=sale.staff2, deal_id=number)
    trading.archive(actor=sale.staff, deal_id=number)
    deliver(include_own=True)
    return sale


def test_a_listing_is_published_with_its_terms() -> None:
    market = Market()
    one = market.published()
    (first,) = said(queries.ocid_of(one.pk))
    assert first["tag"] == ["tender"]
    assert first["ocid"] == f"ocds-000000-{one.pk}"
    assert first["isDemonstration"] is True
    tender = first["tender"]
    assert (tender["status"], tender["value"]) == (
        "active",
        {"amount": 2_000_000, "currency": "CNY"},
    )
    assert tender["participationFees"][0]["value"]["amount"] == 200_000
    assert tender["tenderPeriod"]["endDate"] > tender["tenderPeriod"]["startDate"]
    assert first["buyer"]["id"] == first["parties"][0]["id"]
    assert first["parties"][0]["roles"] == ["buyer", "procuringEntity", "payee"]


def test_a_change_and_an_answer_are_releases_of_their_own() -> None:
    market = Market()
    one = market.published()
    asked = trading.ask(actor=market.buyer(), listing_id=one.pk, text="是否含中试数据？")
    assert len(said(queries.ocid_of(one.pk))) == 1, "a question without an answer is not public"
    trading.answer(actor=market.tto, question_id=asked.pk, text="含。")
    trading.change_listing(
        actor=market.exchange, listing_id=one.pk, values={"start_fen": 190 * WAN}, reason="更正"
    )
    first, second, third = said(queries.ocid_of(one.pk))
    assert second["tender"]["enquiries"][0]["answer"] == "含。"
    assert "author" not in second["tender"]["enquiries"][0]
    assert third["tag"] == ["tenderAmendment"]
    assert third["tender"]["amendments"][0]["id"] == "version-2"
    assert first["tender"]["value"]["amount"] == 2_000_000, "what was published stays"
    assert compiled(first["ocid"])["tender"]["value"]["amount"] == 1_900_000


def test_late_news_tells_what_was_then() -> None:
    """The worker was away: the first release still has the terms of the first version."""
    market = Market()
    one = market.published()
    trading.change_listing(
        actor=market.exchange, listing_id=one.pk, values={"start_fen": 190 * WAN}, reason="更正"
    )
    first, second = said(queries.ocid_of(one.pk))
    assert first["tender"]["value"]["amount"] == 2_000_000
    assert second["tender"]["value"]["amount"] == 1_900_000
    ends = [r["tender"]["tenderPeriod"]["endDate"] for r in (first, second)]
    assert ends[0] != ""
    assert ends[1] >= ends[0]


def test_bidders_are_plates_until_the_end_and_only_the_winner_has_a_name_then() -> None:
    sale = deals.awarded(bidders=3)
    assert sale.deal is not None
    told = said(queries.ocid_of(sale.lot.listing_id))
    names = [p.memberships.get().organisation.name for p in sale.bidders]
    text = "".join(json.dumps(r, ensure_ascii=False) for r in told if "award" not in r["tag"])
    assert not any(name in text for name in names)
    award = next(r for r in told if "award" in r["tag"])
    text = json.dumps(award, ensure_ascii=False)
    assert [name in text for name in names] == [False, False, True]
    closing = next(r for r in told if "bids" in r and "award" not in r["tag"])
    assert [b["id"].rpartition("-")[2] for b in closing["bids"]["details"]] == sale.plates[::-1]
    counted = {s["measure"]: s["value"] for s in closing["bids"]["statistics"]}
    assert counted == {
        "bids": 3, "bidders": 3, "qualifiedBidders": 3, "highestValidBidValue": 2_200_000,
    }  # fmt: skip


def test_no_losing_amount_where_the_terms_keep_it_back() -> None:
    lot, (first, second) = (made := lots.opened(shows_losing=False))[0], made[1].values()
    assert lots.bid(first, lot, 200).verdict == lots.bid(second, lot, 210).verdict == "accepted"
    deals.advance(timedelta(hours=2))
    trading.close_lot(actor=SYSTEM, lot_id=lot.pk)
    closing = next(r for r in said(queries.ocid_of(lot.listing_id)) if "bids" in r)
    assert [b["value"]["amount"] for b in closing["bids"]["details"]] == [2_100_000]


def test_the_whole_way_of_a_sale() -> None:
    sale = settled()
    assert sale.deal is not None
    whole = compiled(queries.ocid_of(sale.lot.listing_id))
    assert whole["tag"] == ["compiled"]
    notice = sale.lot.listing.notice_id
    assert whole["planning"]["documents"][0]["url"].endswith(f"/notices/{notice}")
    assert whole["tender"]["status"] == "complete"
    (award,), (contract,) = whole["awards"], whole["contracts"]
    assert (award["status"], contract["status"]) == ("active", "terminated")
    assert award["value"] == contract["value"] == {"amount": 2_100_000, "currency": "CNY"}
    assert contract["implementation"]["transactions"][0]["value"]["amount"] == 2_100_000
    steps = {m["id"].partition("-")[0] for m in contract["milestones"]}
    assert steps == {"certificate", "handed", "settled"}
    assert contract["milestones"][1]["documents"][0]["url"].rpartition("/")[2]
    assert Certificate.objects.get(deal=sale.deal).no not in json.dumps(whole)


def outage() -> Any:
    """A lot that is open while the house's worker gives no sign of life for two minutes, which then
    comes back and makes the time good."""
    lot, bidders = lots.opened(free_s=60)
    lots.bid(bidders["A3"], lot, 200)
    trading.beat()
    deals.advance(timedelta(minutes=3))
    with acting(SYSTEM):
        Beat.objects.update(at=clock.recorded_now() - timedelta(minutes=2))
    trading.look_after()
    lot.refresh_from_db()
    return lot


def test_after_an_outage_everybody_is_told_that_the_lot_runs_on() -> None:
    lot = outage()
    told = said(queries.ocid_of(lot.listing_id))
    opened = next(r for r in told if r["tender"].get("auctions"))["tender"]["auctions"][0]
    last = told[-1]
    entry = Entry.objects.get(verb="trading.lot_extended", subject_id=lot.pk)
    assert (last["id"], last["tag"]) == (f"{last['ocid']}-{entry.pk}", ["tenderUpdate"])
    ((auction,), known) = last["tender"]["auctions"], opened["period"]["maxExtentDate"]
    until = entry.payload["hard_close_at"]
    assert auction == {
        "id": opened["id"], "status": "active", "period": {"maxExtentDate": until},
    }  # fmt: skip
    # Two minutes were lost, and as much is given back, to within the seconds that the test took.
    lost = datetime.fromisoformat(until) - datetime.fromisoformat(known)
    assert timedelta(minutes=2) <= lost < timedelta(minutes=3)
    whole = compiled(last["ocid"])["tender"]["auctions"][0]
    assert whole["period"]["maxExtentDate"] == until
    # The lot is still to be had, and once made good the same silence is told no more.
    trading.look_after()
    assert said(last["ocid"]) == told
    assert Lot.objects.get(pk=lot.pk).state == "open"


def test_a_default_voids_the_award_and_the_runner_up_has_another() -> None:
    sale = deals.awarded()
    assert sale.deal is not None
    deals.advance(timedelta(days=6))
    trading.default(actor=sale.staff, deal_id=sale.deal.pk, reason="逾期未签约")
    told = said(queries.ocid_of(sale.lot.listing_id))
    assert [r["tag"] for r in told[-3:]] == [["award"], ["awardCancellation"], ["award"]]
    first, second = compiled(told[0]["ocid"])["awards"]
    assert (first["status"], second["status"]) == ("cancelled", "active")
    assert second["value"]["amount"] == 2_000_000
    assert Deal.objects.filter(lot=sale.lot).count() == 2


def test_news_that_comes_twice_is_published_once() -> None:
    sale = deals.awarded()
    before = len(said(queries.ocid_of(sale.lot.listing_id)))
    entries = list(Entry.objects.order_by("xact", "id"))
    assert actions.publish([e for e in entries if e.verb in jobs.VERBS]) == 0
    assert Release.objects.count() == before


def test_what_is_no_published_listing_is_not_published() -> None:
    market = Market()
    one = market.accepted()
    trading.withdraw_listing(actor=market.exchange, listing_id=one.pk, reason="撤回")
    deliver(include_own=True)
    assert fresh(one).published_at is None
    assert not Release.objects.filter(listing=one).exists()


def test_harvesters_go_on_after_the_last_that_they_have() -> None:
    sale = deals.awarded()
    told = said(queries.ocid_of(sale.lot.listing_id))
    rest = [json.loads(x) for x in queries.lines(queries.releases(after=told[1]["id"]))]
    assert [r["id"] for r in rest] == [r["id"] for r in told[2:]]
    assert len(list(queries.lines(queries.releases(), most=2))) == 2
    with pytest.raises(Invalid):
        queries.releases(after=told[0]["ocid"] + "-1")
    package = queries.release(told[0]["id"])
    assert package["releases"] == [told[0]]
    assert package["extensions"][-1].endswith("/ocds/extensions/auctions/extension.json")
    for nothing in ("", "x", told[0]["ocid"] + "-999999999"):
        with pytest.raises(NotFound):
            queries.release(nothing)
    with pytest.raises(NotFound):
        queries.record("ocds-000000-0")
