"""A sealed bid made in a browser, and one by hand without script; opened by two of three holders on
their pages. The amount is in nothing that a browser sends."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect

from tests.journeys.conftest import Visit, sign_in
from tests.journeys.floor_over_http import Caller, Story
from tests.journeys.looking import (
    Watch,
    assert_accessible,
    assert_no_sideways_scroll,
    come_back,
    shot,
)
from tests.journeys.market import Market, open_market
from tests.journeys.sealed_over_http import disclosed, sealing_of

TYPED, SHOWN, FEN = "２３４.567891 万", "¥2,345,678.91", 2_345_678_91
ODD = ("", "两百万", "1e9", "-5", "234.5678912万", "2345678.915", "0", "99999999999999亿")


@pytest.fixture(scope="module")
def market(request: pytest.FixtureRequest) -> Iterator[Market]:
    """A market of its own: the story moves the clock."""
    opened = open_market(YBJ_DEMO="0")
    capture = request.config.pluginmanager.getplugin("capturemanager")
    try:
        with capture.global_and_fixture_disabled():
            opened.wait_until_open()
        yield opened
    finally:
        opened.stop()


class Players(Story):
    """The people of the story over HTTP, who can also sit down at a browser."""

    def __init__(self, url: str, place: Path, visit: Visit, screen: str) -> None:
        self._signs: dict[str, tuple[str, str]] = {}
        self._visit, self.screen = visit, screen
        super().__init__(url, place)

    def accounts(self, role: str, count: int) -> list[Caller]:
        made = self.public.post("/sandbox/accounts", {"role": role, "count": count})["items"]
        self._signs |= {m["token"]: (m["user"], m["password"]) for m in made}
        return [Caller(self.url, m["token"], m["organisation_id"], m["bank_account"]) for m in made]

    def page(self, who: Caller, path: str, **options: Any) -> Page:
        page = self._visit(screen=self.screen, **options)
        page.goto("/login")
        sign_in(page, *self._signs[who.token])
        page.goto(path)
        return page


@pytest.fixture
def story(market: Market, visit: Visit, screen: str, tmp_path: Path) -> Players:
    return Players(market.url, tmp_path, visit, screen)


def seen(page: Page, name: str) -> None:
    """Its picture, and nothing wrong with it."""
    page.evaluate("scrollTo(0, 0)")  # a bar that stays on top covers nothing
    shot(page, f"sealed-{name}", whole=True)
    assert_accessible(page)
    assert_no_sideways_scroll(page)


def test_a_bid_sealed_by_the_browser_is_opened_by_two_of_three(
    story: Players, watch: Watch, tmp_path: Path
) -> None:
    watch.expected = {422}
    listing = disclosed(story)
    room = f"/lots/{listing['lot_id']}"
    first, second, absent = story.buyers
    for buyer in (first, second, absent):
        made = story.registered(listing["id"], buyer)
        story.exchange.post(f"/registrations/{made['id']}/moves/qualify")

    holders = {
        name: story.page(who, f"/listings/{listing['id']}")
        for name, who in {"exchange": story.exchange, "tto": story.tto, "auditor": story.auditor}.items()
    }  # fmt: skip
    kept = {name: _share(page, tmp_path / f"{name}.txt", name) for name, page in holders.items()}
    story.wait_until(story.public.get(f"/listings/{listing['id']}")["disclosure_ends_at"])

    page = _sealed_by_the_page(story, first, room, tmp_path)
    _sealed_by_hand(story, second, listing["lot_id"])
    page.reload()
    expect(page.get_by_text("已收到 2 份")).to_be_visible()
    seen(page, "receipt")

    story.wait_until(story.public.get(room)["closes_at"])
    _opened(story, holders, kept, room)
    come_back(page, room)
    expect(page.get_by_text("您竞得这个标的")).to_be_visible()
    expect(page.locator(".room-price")).to_have_text(SHOWN)
    seen(page, "won")
    result = story.public.get(room)["result"]
    assert (result["outcome"], result["price_fen"], len(result["order"])) == ("sold", FEN, 2)


def _share(page: Page, where: Path, name: str) -> str:
    """Taken on the room's page, which the listing leads to; kept as a file, and as it is shown."""
    page.get_by_role("link", name="进竞价厅").click()
    expect(page.get_by_role("heading", name="您保管一份密钥")).to_be_visible()
    if name == "exchange":
        seen(page, "before-the-keys")
    page.get_by_role("button", name="领取份额").click()
    expect(page.get_by_role("heading", name="您的密钥份额")).to_be_visible()
    if name == "exchange":
        seen(page, "share")
    with page.expect_download() as taken:
        page.get_by_role("link", name="保存为文件").click()
    taken.value.save_as(where)
    shown = page.locator(".share").inner_text().strip()
    assert where.read_text(encoding="utf-8").strip() == shown
    page.get_by_role("link", name="回到竞价厅").click()
    expect(page.get_by_text("您已领取。")).to_be_visible()
    return shown


def _sealed_by_the_page(story: Players, who: Caller, room: str, place: Path) -> Page:
    """Typed, sealed, the file kept, sent; nothing that went out says the amount."""
    page = story.page(who, room)
    out: list[str] = []
    page.on("request", lambda sent: out.append(_all_of(sent)))
    expect(page.get_by_label("报价金额")).to_be_visible()
    expect(page.get_by_text("下载封存参数")).to_be_hidden()
    seen(page, "form")
    for odd in ODD:
        page.get_by_label("报价金额").fill(odd)
        page.get_by_role("button", name="封存", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("金额没有看懂")
    page.get_by_label("报价金额").fill("199 万")
    page.get_by_role("button", name="封存", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("低于起始价")
    seen(page, "form-refused")
    page.get_by_label("报价金额").fill(TYPED)
    page.get_by_label("报价金额").press("Enter")
    expect(page.locator("#seal-shown")).to_have_text(SHOWN)
    page.get_by_role("button", name="改金额").click()
    page.get_by_label("报价金额").fill("2345678.91")
    page.get_by_role("button", name="封存", exact=True).click()
    expect(page.locator("#seal-shown")).to_have_text(SHOWN)
    seen(page, "sealed-not-sent")
    kept = _downloaded(page, "保存底单", place / "kept.json")
    page.get_by_role("button", name="提交报价").first.click()
    expect(page.get_by_text("您的报价已封存")).to_be_visible()
    assert _downloaded(page, "保存底单", place / "again.json") == kept
    receipt = _downloaded(page, "下载回执", place / "receipt.json")
    story.verified("receipt.json", receipt)
    inside = json.loads(kept)
    assert json.loads(inside["text"])["amount_fen"] == FEN
    made = b"yangbanjian-sealed-bid/1\n" + inside["text"].encode() + bytes.fromhex(inside["nonce"])
    assert hashlib.sha256(made).hexdigest() == json.loads(receipt)["commitment"]
    assert any('"ciphertext"' in sent or "ciphertext" in sent for sent in out)
    for amount in (str(FEN), "2345678.91", SHOWN, "2,345,678", "234.567891", inside["nonce"]):
        assert all(amount not in sent for sent in out), amount
    return page


def _all_of(sent: Request) -> str:
    """Address, headers and body of a request."""
    body = (sent.post_data_buffer or b"").decode(errors="replace")
    return f"{sent.url}\n{json.dumps(sent.headers)}\n{body}"


def _downloaded(page: Page, name: str, where: Path) -> bytes:
    with page.expect_download() as taken:
        page.get_by_role("link", name=name).locator("visible=true").click()
    taken.value.save_as(where)
    return where.read_bytes()


def _sealed_by_hand(story: Players, who: Caller, lot: int) -> None:
    """Without script, and outside a secure context, the page says so and takes what `ybj seal` made."""
    told = "网页封存要用 HTTPS"
    strange = story.page(who, f"/lots/{lot}")
    strange.add_init_script("Object.defineProperty(window, 'isSecureContext', {get: () => false})")
    strange.reload()
    expect(strange.get_by_text(told)).to_be_visible()
    expect(strange.get_by_label("报价金额")).to_be_hidden()
    expect(strange.get_by_text("下载封存参数")).to_be_visible()
    seen(strange, "not-secure")
    page = story.page(who, f"/lots/{lot}", java_script_enabled=False)
    expect(page.get_by_text("网页封存要用脚本")).to_be_visible()
    expect(page.get_by_label("报价金额")).to_be_hidden()
    shot(page, "sealed-without-script", whole=True)
    page.get_by_label("已封存的报价").fill("{}")
    page.get_by_role("button", name="提交报价").locator("visible=true").click()
    expect(page.get_by_text("这不是 ybj seal 生成的文件").first).to_be_visible()
    made = sealing_of(story, who, lot, FEN - 1, "by-hand")
    page.get_by_label("已封存的报价").fill(json.dumps(made))
    page.get_by_role("button", name="提交报价").locator("visible=true").click()
    expect(page.get_by_text("您的报价已封存")).to_be_visible()


def _opened(story: Players, holders: dict[str, Page], kept: dict[str, str], room: str) -> None:
    """One gives the file that was kept, another types what was printed; the third is not needed."""
    page = holders["auditor"]
    come_back(page, room)
    expect(page.get_by_text("报价已截止，不能再增减")).to_be_visible()
    ends = time.monotonic() + 60
    while not page.get_by_role("button", name="交来份额").count() and time.monotonic() < ends:
        page.wait_for_timeout(500)  # until the list of bids stands in a signed head
        come_back(page, room)
    seen(page, "opening")
    page.get_by_label("或者输入份额").fill(kept["tto"])
    page.get_by_role("button", name="交来份额").click()
    expect(page.get_by_text("这份密钥不是发给您的").first).to_be_visible()
    page.get_by_label("或者输入份额").fill("")
    page.get_by_label("选择保存的文件").set_input_files(story.place / "auditor.txt")
    page.get_by_role("button", name="交来份额").click()
    expect(page.get_by_text("您的份额已交来，等另一方")).to_be_visible()
    seen(page, "one-share")
    page = holders["tto"]
    come_back(page, room)
    expect(page.get_by_text("已交 1 份")).to_be_visible()
    typed = " ".join(kept["tto"][at : at + 4] for at in range(0, len(kept["tto"]), 4))
    page.get_by_label("或者输入份额").fill(typed.upper())
    page.get_by_role("button", name="交来份额").click()
    expect(page.locator(".room-price")).to_have_text(SHOWN)
    seen(page, "opened")
