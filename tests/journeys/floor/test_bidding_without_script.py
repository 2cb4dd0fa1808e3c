"""The room by plain forms: a browser that runs no script bids, is asked once more, is told."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.floor.people import Floor, said

START, STEP = 2_000_000_00, 100_000_00


@pytest.mark.parametrize("screen", ["phone"], indirect=True)  # the same forms on both
def test_two_buyers_bid_by_plain_forms(floor: Floor) -> None:
    lot = floor.opened(START, STEP)
    watcher = floor.page(java_script_enabled=False)
    first, second = (floor.page(b, java_script_enabled=False) for b in floor.buyers[:2])
    watcher.goto(f"/lots/{lot}")
    for page in (first, second):
        page.goto(f"/lots/{lot}")
        expect(page.locator("#room-mine")).to_have_text("您还没有报价")
    first.get_by_role("button", name=re.compile(r"^起始价 ¥")).click()
    said(first, "报价有效。")
    expect(first.locator("#room-mine")).to_have_text("您领先")
    # The other's page is as it was: the same step is too low now, and the answer shows the new one.
    floor.watch.expected.add(422)
    second.get_by_role("button", name=re.compile(r"^起始价 ¥")).click()
    expect(second.get_by_text("低于现在需要的金额").first).to_be_visible()
    second.get_by_label("自定金额").fill("250 万")
    second.get_by_role("button", name="出价", exact=True).click()
    expect(second.get_by_text("高出 10% 以上").first).to_be_visible()
    second.get_by_role("button", name="出价", exact=True).click()
    said(second, "报价有效。")
    floor.watch.expected.discard(422)
    watcher.get_by_role("link", name="刷新").click()
    expect(watcher.locator("#room-price")).to_have_text("¥2,500,000.00")
    expect(watcher.locator("#room-bids li")).to_have_count(2)
    floor.wait_until(floor.public.get(f"/lots/{lot}")["closes_at"])
    second.reload()
    expect(second.get_by_text("您竞得这个标的")).to_be_visible()
    second.get_by_role("link", name="去签约").click()
    second.get_by_role("button", name="签字", exact=True).click()
    said(second, "已签字。")
