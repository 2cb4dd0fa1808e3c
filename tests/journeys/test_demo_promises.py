"""What the demo district promises, looked at from outside once it has been lived through: the figures
add up, the books are zero-sum, the log holds, every certificate verifies, nothing is made twice."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.journeys.conftest import Visit
from tests.journeys.floor_over_http import Caller
from tests.journeys.looking import assert_no_sideways_scroll, shot
from tests.journeys.market import PROJECT, Market
from verify.__main__ import main as verify
from yangbanjian.faces.cli.demo.plans import PLANS, WAN

YI = 100_000_000_00  # fen
LABEL = "演示数据"


@pytest.fixture(scope="session")
def auditor(market: Market) -> Caller:
    made = Caller(market.url).post("/sandbox/accounts", {"role": "auditor", "count": 1})["items"][0]
    return Caller(market.url, made["token"])


def _all(caller: Caller, path: str) -> list[dict[str, Any]]:
    """Every item of a list; deals and listings of other stories in the same market come after."""
    found: list[dict[str, Any]] = []
    while True:
        told = caller.get(f"{path}?size=100&page={len(found) // 100 + 1}")
        found += told["items"]
        if len(found) >= told["count"]:
            return found


@pytest.fixture(scope="session")
def floor(auditor: Caller) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The district's own listings (the first ones that were made) and their deals."""
    listings = sorted(_all(auditor, "/listings"), key=lambda one: one["id"])[: len(PLANS)]
    ids = {one["id"] for one in listings}
    return listings, [d for d in _all(auditor, "/deals") if d["listing_id"] in ids]


def _ybj(market: Market, *words: str) -> str:
    assert market.home is not None
    env = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "YBJ_MIGRATE_URL")}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "yangbanjian.faces.cli", *words],
        env={**env, "YBJ_HOME": str(market.home), "YBJ_SANDBOX": "1", "PYTHONPATH": str(PROJECT)},
        cwd=market.home.parent, capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, (words, done.stdout, done.stderr[-2000:])
    return done.stdout


def test_the_figures_are_those_of_the_programme(floor: Any) -> None:
    listings, deals = floor
    assert len(listings) == 45
    assert all(one["published_at"] for one in listings)
    standing = [d for d in deals if d["state"] != "defaulted"]
    prices = sorted(d["price_fen"] for d in standing)
    assert prices == sorted(p.comes_to * WAN for p in PLANS if p.comes_to)
    assert sum(prices) > 4.15 * YI
    years = Counter(one["published_at"][:4] for one in listings)
    assert len(years) >= 2


def test_every_end_has_come_to_pass(floor: Any) -> None:
    listings, deals = floor
    states = Counter(one["state"] for one in listings)
    assert states["bidding"] == 1, states
    assert states["disclosed"] == 1, states
    assert (states["withdrawn"], states["ended"]) == (2, 4), states
    told = Counter(d["state"] for d in deals)
    assert (told["defaulted"], told["awarded"], told["signed"]) == (1, 1, 1), told
    assert sum(d["follows"] is not None for d in deals) == 1
    assert all(d["settled_at"] for d in deals if d["state"] in ("handed_over", "archived"))


def test_one_live_auction_waits_for_a_visitor(
    visit: Visit, market: Market, floor: Any, screen: str
) -> None:
    """Sign in with a demo account, open the floor, bid: three steps."""
    live = next(one for one in floor[0] if one["state"] == "bidding")
    page = visit("enterprise2", screen=screen)
    page.goto("/floor?state=selling")
    page.get_by_role("link", name=live["title"]).first.click()
    page.locator(f"a[href='/lots/{live['lot_id']}']").first.click()
    assert page.locator("main button").first.is_visible()
    shot(page, "demo-live-lot", whole=True)
    assert_no_sideways_scroll(page)


def test_one_notice_is_under_objection(market: Market) -> None:
    assert market.get("/api/v1/notices?state=paused")["count"] >= 1


@pytest.mark.parametrize("account", ["", "operator"])
def test_sums_say_that_they_are_demonstration_data(visit: Visit, screen: str, account: str) -> None:
    page = visit(account, screen=screen)
    for name, path in {
        "": {"deals": "/deals", "floor": "/floor"},
        "operator": {"cockpit": "/desk/cockpit"},
    }[account].items():
        page.goto(path)
        told = page.locator("#floor-totals").inner_text()
        assert LABEL in told, path
        assert re.search(r"4\.1\d 亿", told), told
        assert_no_sideways_scroll(page)
        shot(page, f"demo-{name}", whole=False)
    page.goto("/desk/report" if account else "/")
    assert LABEL in page.locator("main, .ask").filter(has_text=LABEL).first.inner_text()
    shot(page, "demo-report" if account else "demo-home", whole=True)


def test_the_books_are_zero_sum(auditor: Caller) -> None:
    for one in auditor.get("/ledger/trial-balance")["assets"]:
        assert one["debits_posted"] == one["credits_posted"], one
        assert one["debits_pending"] == one["credits_pending"], one
    unmatched = auditor.get("/ledger/unmatched")
    assert unmatched["sum"] == unmatched["suspense_balance"]


def test_every_certificate_verifies(auditor: Caller, floor: Any, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_bytes(auditor.raw("/log/keys"))
    numbers = [d["certificate"] for d in floor[1] if d["certificate"]]
    # All that were sold, but one that was revoked and two that are not so far.
    assert len(numbers) == sum(1 for p in PLANS if p.comes_to) - 2
    for n, no in enumerate(numbers):
        document = auditor.raw(f"/certificates/{no}.vc.json")
        file, status = tmp_path / f"{n}.vc.json", tmp_path / f"{n}.status.json"
        file.write_bytes(document)
        where = json.loads(document)["credentialStatus"]["statusListCredential"]
        status.write_bytes(auditor.raw(urlsplit(where).path))
        assert verify([str(file), "--trust", str(keys), "--status", str(status)]) == 0, no


def test_the_log_holds_and_nothing_is_made_twice(market: Market, auditor: Caller) -> None:
    if market.home is None:
        pytest.skip("somebody else's market")
    before = [
        auditor.get(f"/{what}?size=1")["count"] for what in ("listings", "deals", "achievements")
    ]
    _ybj(market, "log", "audit")
    _ybj(market, "load-demo")
    after = [
        auditor.get(f"/{what}?size=1")["count"] for what in ("listings", "deals", "achievements")
    ]
    assert after == before
