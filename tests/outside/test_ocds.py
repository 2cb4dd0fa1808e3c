"""Every release that we can emit, before judges that are not ours: `libcoveocds` finds nothing wrong
and `ocdskit compile` makes the same record of them as we do."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests import deals, lots, make
from tests import trading as floor
from tests.actions.test_openness import outage, settled
from tests.actions.test_sealings import Room
from tests.journeys.market import Market, open_market
from tests.outside import judges
from tests.telling import telling
from tests.trading import DAY, WAN
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.journal.jobs import deliver
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.market.certificates import actions as certificates
from yangbanjian.market.certificates.models import Certificate
from yangbanjian.market.openness import queries
from yangbanjian.market.openness.models import Release
from yangbanjian.market.openness.rules import packages
from yangbanjian.market.openness.rules.merging import compiled, versioned
from yangbanjian.market.openness.rules.releases import CERTIFICATE, DEAL, LISTING, LOT
from yangbanjian.market.trading import actions as trading

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.proof,
    pytest.mark.skipif(bool(judges.missing()), reason=judges.missing()),
]
OWN = ("extension.json", "release-schema.json", "README.md", "codelists/auctionMethod.csv",
       "codelists/auctionOutcome.csv", "codelists/auctionStageType.csv", "codelists/auctionStatus.csv")  # fmt: skip


@pytest.fixture
def served(tmp_path: Path, db: None) -> Iterator[str]:
    own = {name: queries.extension_file(name)[0] for name in OWN}
    with judges.serving(tmp_path / "served", own) as address:
        yield address


@pytest.fixture(autouse=True)
def _served_folder(tmp_path: Path) -> None:
    (tmp_path / "served").mkdir()


def _play() -> None:
    """Sales of every kind, with every exit."""
    sale = settled()
    assert sale.deal is not None
    one = Certificate.objects.get(deal=sale.deal)
    certificates.revoke(actor=sale.staff2, no=one.no, reason="登记有误")
    lost = deals.signed()
    assert lost.deal is not None
    deals.advance(timedelta(days=30))
    trading.default(actor=lost.staff, deal_id=lost.deal.pk, reason="逾期未付款")
    licence = deals.paid(
        deal_mode="licence_ordinary",
        payment={"kind": "entry_royalty", "rate_permille": 30, "base": "sales"},
    )
    assert licence.deal is not None
    trading.register(actor=licence.seller, deal_id=licence.deal.pk, no="沪技合字 2026-1")
    _listings()
    _lots()
    outage()
    deliver(include_own=True)


def _listings() -> None:
    market = floor.Market()
    ladder = [{"days": 5}, {"start_fen": 160 * WAN}]
    one = market.published(ladder=ladder, conditions="受让方须在本市设立研发机构。")
    asked = trading.ask(actor=market.buyer(), listing_id=one.pk, text="是否含中试数据？")
    trading.answer(actor=market.tto, question_id=asked.pk, text="含。")
    trading.change_listing(
        actor=market.exchange, listing_id=one.pk, values={"start_fen": 190 * WAN}, reason="更正"
    )
    trading.pause_listing(actor=market.exchange, listing_id=one.pk, reason="核对权属")
    trading.resume_listing(actor=market.exchange, listing_id=one.pk)
    for _ in range(3):
        deals.advance(40 * DAY)
        trading.end_disclosures(now=clock.now(), most=10)
    gone = market.published()
    trading.withdraw_listing(actor=market.exchange, listing_id=gone.pk, reason="撤回")
    single = market.published()
    market.qualified(single)
    contested = market.published()
    for _ in range(2):
        market.qualified(contested)
    deals.advance(40 * DAY)
    trading.end_disclosures(now=clock.now(), most=10)


def _lots() -> None:
    lot, bidders = lots.opened(priority=("K7",), priority_s=600)
    actor = bidders["A3"]
    house = make.actor(lots.Role.EXCHANGE)
    lots.bid(actor, lot, 200)
    trading.pause_lot(actor=house, lot_id=lot.pk, reason="核对")
    trading.resume_lot(actor=house, lot_id=lot.pk)
    deals.advance(timedelta(hours=2))
    trading.close_lot(actor=SYSTEM, lot_id=lot.pk)
    below, bidders = lots.opened(reserve_fen=300 * lots.WAN)
    lots.bid(bidders["A3"], below, 200)
    silent, _ = lots.opened()
    falling, bidders = lots.opened(
        method="dutch", floor_fen=100 * lots.WAN, free_s=0, cycle_s=60, hard_close_s=3600
    )
    lots.bid(bidders["A3"], falling, 200)
    deals.advance(timedelta(hours=3))
    for one in (below, silent, falling):
        trading.close_lot(actor=SYSTEM, lot_id=one.pk)
    room = Room(shows_losing=False).ready()
    for plate, wan in (("A3", 220), ("K7", 230)):
        room.send(plate, wan)
    room.over()
    for number in range(2):
        room.hand_in(number)
    lost = Room().ready()
    lost.send("A3", 210)
    lost.over().hand_in(0)
    trading.stop_lot(actor=lost.holders[0], lot_id=lost.lot.pk, reason="两方的份额都找不到了")


def _judge(
    by_process: dict[str, list[dict[str, Any]]], frame: dict[str, Any], served: str, place: Path
) -> list[str]:  # fmt: skip
    """What the judges have to say of these releases, in one package and compiled."""
    everything = [one for told in by_process.values() for one in told]
    whole = judges.here({**frame, "releases": everything}, served)
    found = judges.faults(whole, place, "releases")
    schema = judges.patched_schema(whole, place)
    ours = {ocid: compiled(told) for ocid, told in by_process.items()}
    for is_versioned, mine in (
        (False, ours), (True, {ocid: versioned(told) for ocid, told in by_process.items()}),
    ):  # fmt: skip
        made = judges.compiled(whole, schema, is_versioned=is_versioned)
        theirs = {one["ocid"]: one for one in made}
        what = "versioned" if is_versioned else "compiled"
        found += [
            f"{n}: another {what} release than ours" for n in mine if mine[n] != theirs.get(n)
        ]
    # A record package names a schema that only the network has; its compiled releases are judged.
    sums = judges.here({**frame, "releases": list(ours.values())}, served)
    return found + judges.faults(sums, place, "compiled")


def test_every_kind_of_release_holds_outside(
    served: str, tmp_path: Path, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.YBJ_SANDBOX = True
    make.sandbox()
    kinds = {*LISTING, *LOT, *DEAL, *CERTIFICATE, "answered"}
    with telling(1, sorted(kinds), capsys) as tell:
        _play()
        by_process: dict[str, list[dict[str, Any]]] = {}
        for row in Release.objects.order_by("date", "id"):
            by_process.setdefault(row.ocid, []).append(json.loads(row.content))
            tell.reached[row.kind] += 1
            tell.steps += 1
        frame = packages.release_package(
            queries.publisher(), "https://market.example", clock.now(), []
        )
        for fault in _judge(by_process, frame, served, tmp_path):
            tell.violated(fault)


def test_the_demo_district_holds_outside(
    served: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Everything that a market with its demo district serves, over HTTP."""
    given = os.environ.get("YBJ_JOURNEY_URL")
    market = Market(given.rstrip("/")) if given else open_market()
    try:
        market.wait_until_open()
        with telling(1, ["releases"], capsys) as tell:
            address = f"{market.url}/api/v1/ocds"
            with urllib.request.urlopen(f"{address}/releases.jsonl", timeout=60) as answer:  # noqa: S310
                told = [json.loads(line) for line in answer]
            tell.steps = tell.reached["releases"] = len(told)
            by_process: dict[str, list[dict[str, Any]]] = {}
            for one in told:
                by_process.setdefault(one["ocid"], []).append(one)
            package = market.get(f"/api/v1/ocds/releases/{told[0]['id']}")
            frame = {**package, "releases": []}
            for fault in _judge(by_process, frame, served, tmp_path):
                tell.violated(fault)
            for ocid, mine in list(by_process.items())[:5]:
                record = market.get(f"/api/v1/ocds/records/{ocid}")["records"][0]
                sums = record["compiledRelease"], record["versionedRelease"]
                if sums != (compiled(mine), versioned(mine)):
                    tell.violated(f"{ocid}: the served record is another")
    finally:
        market.stop()
