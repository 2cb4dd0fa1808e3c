"""Before bidding begins: the rules, the clocks, a bid to try, a sealing to try; on a desk and a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.floor.people import Floor, said
from tests.journeys.looking import come_back

START, STEP = 2_000_000_00, 10_000_00


def waits(floor: Floor, method: str, step_fen: int) -> tuple[Page, dict[str, object]]:
    """A buyer who is qualified and has gone on from the listing to its room."""
    listing = floor.listed(method, START, step_fen=step_fen)
    made = floor.registered(listing["id"], floor.buyers[0])
    floor.exchange.post(f"/registrations/{made['id']}/moves/qualify")
    page = floor.page(floor.buyers[0])
    page.goto(f"/listings/{listing['id']}")
    page.get_by_role("link", name="进竞价厅").click()
    page.wait_for_url(f"**/lots/{listing['lot_id']}")
    expect(page.get_by_role("heading", name="等候室")).to_be_visible()
    return page, listing


@pytest.mark.parametrize("screen", ["desktop", "phone"], indirect=True)
def test_a_bid_is_tried_before_bidding_begins(floor: Floor) -> None:
    page, listing = waits(floor, "rising", STEP)
    expect(page.get_by_role("region", name="竞价规则")).to_contain_text("每次有效报价重新计时")
    here = page.locator("#room-here")
    expect(here).not_to_have_text("—")
    expect(page.locator("#room-offset")).to_contain_text("您设备的时钟")
    shown = page.locator("#room-now").inner_text()
    expect(page.locator("#room-now")).not_to_have_text(shown)  # it goes on
    floor.seen(page, "waiting-room")

    floor.watch.expected.add(422)
    form = page.get_by_role("region", name="试报价")
    form.get_by_label("试报的金额").fill("200.5 万")
    form.get_by_role("button", name="试报", exact=True).click()
    expect(page.get_by_text("不在加价幅度上，正式报价时不会计入").first).to_be_visible()
    floor.seen(page, "waiting-room-off-step")
    floor.watch.expected.discard(422)
    page.get_by_role("button", name="试报：起始价 ¥2,000,000.00").click()
    said(page, "试报价：¥2,000,000.00 会是有效的报价。这次没有计入，也没有记录。")
    expect(page.get_by_text("还没有开始").first).to_be_visible()
    floor.seen(page, "waiting-room-tried")
    now = floor.public.get(f"/lots/{listing['lot_id']}")
    assert (now["state"], now["top"], now["opens_at"]) == ("waiting", None, None)


@pytest.mark.parametrize("screen", ["phone"], indirect=True)
def test_sealing_is_tried_on_the_device_and_nothing_is_sent(floor: Floor) -> None:
    page, _ = waits(floor, "sealed", 0)
    sent: list[str] = []
    page.on("request", lambda r: sent.append(r.url) if r.method == "POST" else None)
    part = page.get_by_role("region", name="试封存")
    part.get_by_label("试封存的金额").fill("100 万")
    part.get_by_role("button", name="试封存").click()
    expect(page.locator("#seal-fault-text")).to_contain_text("低于起始价")
    part.get_by_label("试封存的金额").fill("234.5678 万")
    part.get_by_role("button", name="试封存").click()
    expect(part.get_by_text("试封存成功")).to_be_visible()
    expect(page.locator("#seal-shown")).to_have_text("¥2,345,678.00")
    floor.seen(page, "waiting-room-sealed")
    page.get_by_role("button", name="再试一次").click()
    expect(part.get_by_label("试封存的金额")).to_be_focused()
    assert not sent


@pytest.mark.parametrize("screen", ["phone"], indirect=True)
def test_a_bid_is_tried_without_script_and_the_room_follows(floor: Floor) -> None:
    page, listing = waits(floor, "rising", STEP)
    quiet = floor.page(floor.buyers[0], java_script_enabled=False)
    quiet.goto(f"/lots/{listing['lot_id']}")
    expect(quiet.get_by_text("打开本页时")).to_be_visible()
    expect(quiet.get_by_text("您设备的时间")).to_be_hidden()
    quiet.get_by_label("试报的金额").fill("210 万")
    quiet.get_by_role("button", name="试报", exact=True).click()
    expect(quiet.get_by_text("这次没有计入，也没有记录").first).to_be_visible()
    made = floor.registered(listing["id"], floor.buyers[1])
    floor.exchange.post(f"/registrations/{made['id']}/moves/qualify")
    floor.wait_until(floor.public.get(f"/listings/{listing['id']}")["disclosure_ends_at"])
    expect(page.get_by_role("heading", name="当前价")).to_be_visible(timeout=30_000)
    come_back(page, f"/lots/{listing['lot_id']}")
    expect(page.get_by_role("button", name="出价", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="等候室")).to_have_count(0)
    page.locator("summary", has_text="竞价规则").click()
    expect(page.get_by_text("每次有效报价重新计时")).to_be_visible()
