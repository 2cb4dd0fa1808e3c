"""The winner never signs: the exchange finds a default, the runner-up has the lot.

The exchange sits at a desk, the buyers hold phones.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.journeys.floor.people import Floor, confirmed, said

START, STEP = 2_000_000_00, 10_000_00


@pytest.mark.parametrize("screen", ["phone"], indirect=True)
def test_the_winner_defaults_and_the_runner_up_has_the_lot(floor: Floor) -> None:
    lot, deal = floor.awarded(START, STEP)
    late, next_one = floor.buyers[:2]
    floor.advance("6d")
    officer = floor.page(floor.exchange, screen="desktop")
    officer.goto("/desk/deals")
    officer.locator(f"main a[href='/deals/{deal}']").click()
    officer.locator("summary", has_text="认定违约").click()
    officer.get_by_label("事实和理由").fill("逾期未签约，两次书面催告没有答复。")
    floor.seen(officer, "deal-to-default")
    confirmed(officer, "认定违约")
    said(officer, "已认定违约。")
    floor.seen(officer, "deal-defaulted")
    now = floor.exchange.get(f"/lots/{lot}")["deal_id"]
    assert now != deal

    loser = floor.page(late)
    loser.goto(f"/lots/{lot}")
    expect(loser.get_by_text("您没有按期履约").first).to_be_visible()
    floor.seen(loser, "room-defaulted")
    heir = floor.page(next_one)
    heir.goto("/desk/inbox")
    expect(heir.get_by_text("的竞得人违约，由次高报价者受让").first).to_be_visible()
    floor.seen(heir, "inbox-runner-up")
    heir.goto(f"/lots/{lot}")
    expect(heir.get_by_text("由您递补受让").first).to_be_visible()
    floor.seen(heir, "room-runner-up")
    heir.get_by_role("link", name="去签约").click()
    heir.wait_for_url(f"**/deals/{now}")
    expect(heir.get_by_text("¥2,000,000.00").first).to_be_visible()
    floor.seen(heir, "deal-runner-up")
    confirmed(heir, "签字")
    said(heir, "已签字。")
    public = floor.page()
    public.goto(f"/deals/{deal}")
    expect(public.get_by_text("买方违约").first).to_be_visible()
    floor.seen(public, "deal-defaulted-public")
