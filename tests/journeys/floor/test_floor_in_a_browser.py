"""A university sells by auction: from the decision to a certificate and a dossier that anyone can
check, each step on the pages; two buyers bid against each other, somebody without an account watches.
"""

from __future__ import annotations

import re
import uuid

from playwright.sync_api import Page, expect

from tests.journeys.floor.people import Floor, confirmed, fact, number_of, said
from tests.journeys.floor_over_http import Caller

START, STEP = 2_000_000_00, 100_000_00


def test_from_the_decision_to_a_certificate_that_is_verified(floor: Floor) -> None:
    title = f"低温余热梯级回收装置 {uuid.uuid4().hex[:6]}"
    tto = floor.page(floor.tto)
    listing = _listed(floor, tto, _noticed(floor, tto, title))
    buyers = [floor.page(who) for who in floor.buyers[:2]]
    for page, who in zip(buyers, floor.buyers, strict=False):
        _registered(floor, page, who, listing)
    _qualified(floor, listing)
    lot = floor.public.get(f"/listings/{listing}")["lot_id"]
    deal = _auctioned(floor, listing, lot, buyers)
    _dealt(floor, deal, tto, buyers[1])


def _noticed(floor: Floor, tto: Page, title: str) -> int:
    """Decision and notice; the days pass. Returns the achievement."""
    achievement = floor.achievement(title)
    tto.goto(f"/achievements/{achievement}")
    tto.get_by_role("link", name="进场").first.click()
    tto.wait_for_url(f"**/desk/floor/{achievement}")
    floor.seen(tto, "checklist")
    decide = tto.get_by_role("region", name="记下集体决策")
    decide.get_by_label("定价方式").select_option(label="拍卖")
    decide.get_by_label("价格").fill("200 万")
    decide.get_by_role("button", name="记下").click()
    said(tto, "决策已记下。")
    notice = tto.get_by_role("region", name="起草公示")
    notice.get_by_label("合作方式").select_option(label="技术转让")
    notice.get_by_label("定价方式").select_option(label="拍卖")
    notice.get_by_label("拟交易价格").fill("200 万")
    notice.get_by_role("button", name="起草").click()
    tto.wait_for_url("**/notices/*")
    floor.seen(tto, "notice-draft")
    confirmed(tto, "开始公示")
    said(tto, "已开始公示。")
    number = number_of(tto)
    floor.seen(tto, "notice-own")
    floor.wait_until(floor.public.get(f"/notices/{number}")["closes_at"])
    assert floor.public.get(f"/notices/{number}")["state"] == "ended"
    return achievement


def _listed(floor: Floor, tto: Page, achievement: int) -> int:
    """A draft, submitted; one person of the exchange accepts it, another publishes it."""
    tto.goto(f"/desk/floor/{achievement}")
    floor.seen(tto, "checklist-after")
    tto.get_by_role("link", name="起草挂牌").click()
    tto.get_by_label("报价方式").select_option(label="多次报价")
    tto.get_by_label("加价（降价）幅度").fill("10 万")
    tto.get_by_label("保证金", exact=False).first.fill("50 万")
    tto.locator("summary", has_text="期限、付款和其他").click()
    tto.get_by_label("披露几天").fill("10")
    floor.seen(tto, "listing-form")
    tto.locator("main form").get_by_role("button", name="起草挂牌").click()
    tto.wait_for_url("**/listings/*")
    floor.seen(tto, "listing-draft")
    tto.get_by_role("button", name="提交", exact=True).click()
    said(tto, "已提交")
    listing = number_of(tto)

    first, second = floor.page(floor.exchange), floor.page(floor.second)
    first.goto("/desk/listings?state=submitted")
    floor.seen(first, "desk-listings")
    first.goto(f"/listings/{listing}")
    floor.seen(first, "listing-submitted")
    first.get_by_role("button", name="受理", exact=True).click()
    said(first, "已受理")
    expect(first.get_by_role("button", name="发布", exact=True)).to_have_count(0)
    floor.seen(first, "listing-accepted")
    second.goto(f"/listings/{listing}")
    confirmed(second, "发布")
    said(second, "已发布。")
    return listing


def _registered(floor: Floor, page: Page, who: Caller, listing: int) -> None:
    """Signs up and pays the deposit by what the page says."""
    page.goto("/floor")
    if who is floor.buyers[0]:
        floor.seen(page, "floor-open")
    page.locator(f"main a[href='/listings/{listing}']").first.click()
    page.get_by_label("本单位的银行账号").fill(who.bank_account)
    page.get_by_label("与转让方的关系").select_option(label="没有关联，也不是完成人")
    if who is floor.buyers[0]:
        floor.seen(page, "listing-sign-up")
    page.get_by_role("button", name="报名", exact=True).click()
    said(page, "已报名")
    if who is floor.buyers[0]:
        floor.seen(page, "listing-pay")
    account, reference = fact(page, "收款账号"), fact(page, "缴款编号")
    floor.pay(who, account, fen_of(fact(page, "金额")), reference)
    page.reload()
    expect(page.locator("#mine")).to_contain_text("已到账")
    page.goto("/desk/registrations")
    expect(page.get_by_text("已到账").first).to_be_visible()


def _qualified(floor: Floor, listing: int) -> None:
    page = floor.page(floor.exchange)
    page.goto(f"/listings/{listing}")
    floor.seen(page, "listing-buyers")
    for _ in range(2):
        page.get_by_role("button", name="确认资格").first.click()
        said(page, "已确认资格。")
    expect(page.get_by_role("button", name="确认资格")).to_have_count(0)


def _auctioned(floor: Floor, listing: int, lot: int, buyers: list[Page]) -> int:
    """The room: opened by the clock, watched live, closed by the clock. Returns the deal."""
    watcher = floor.page()
    watcher.goto(f"/lots/{lot}")
    expect(watcher.get_by_text("未开始").first).to_be_visible()
    floor.seen(watcher, "room-waiting")
    floor.wait_until(floor.public.get(f"/listings/{listing}")["disclosure_ends_at"])
    # Nobody reloads anything from here on: what changes is told to those who watch.
    expect(watcher.get_by_text("竞价中").first).to_be_visible()
    expect(watcher.locator("#room-price")).to_have_text("还没有报价")
    watcher.evaluate("window.isTheSamePage = true")
    first, second = buyers
    for page in buyers:
        page.goto(f"/lots/{lot}")
        expect(page.locator("#room-mine")).to_have_text("您还没有报价")
    floor.seen(second, "room-open")

    first.get_by_role("button", name=re.compile(r"^起始价 ¥")).click()
    said(first, "报价有效。")
    expect(watcher.locator("#room-price")).to_have_text("¥2,000,000.00")
    expect(second.locator("#room-price")).to_have_text("¥2,000,000.00")
    expect(second.locator("#room-mine")).to_have_text("您还没有报价")
    second.get_by_role("button", name="加 2 步").click()
    said(second, "报价有效。")
    expect(first.locator("#room-mine")).to_have_text("您被超过了，可以再报")
    expect(watcher.locator("#room-price")).to_have_text("¥2,200,000.00")
    floor.seen(first, "room-behind")
    floor.seen(second, "room-ahead")

    first.get_by_label("自定金额").fill("205 万")
    floor.watch.expected.add(422)
    first.get_by_role("button", name="出价", exact=True).click()
    expect(first.get_by_text("低于现在需要的金额").first).to_be_visible()
    floor.seen(first, "room-too-low")
    first.get_by_label("自定金额").fill("270 万")
    first.get_by_role("button", name="出价", exact=True).click()
    expect(first.get_by_text("高出 10% 以上").first).to_be_visible()
    floor.seen(first, "room-much-higher")
    first.get_by_role("button", name="出价", exact=True).click()
    said(first, "报价有效。")
    floor.watch.expected.discard(422)
    expect(second.locator("#room-mine")).to_have_text("您被超过了，可以再报")
    second.get_by_role("button", name="加 1 步").click()
    said(second, "报价有效。")
    expect(watcher.locator("#room-price")).to_have_text("¥2,800,000.00")
    expect(watcher.locator("#room-bids li")).to_have_count(4)
    assert watcher.evaluate("window.isTheSamePage"), "the watcher's page was never loaded again"
    floor.seen(watcher, "room-watched")

    floor.wait_until(floor.public.get(f"/lots/{lot}")["closes_at"])
    for page in (watcher, first, second):
        expect(page.get_by_text("已成交").first).to_be_visible()
    expect(second.get_by_text("您竞得这个标的")).to_be_visible()
    expect(first.get_by_text("您没有竞得")).to_be_visible()
    floor.seen(watcher, "room-sold")
    floor.seen(second, "room-won")
    return int(floor.exchange.get(f"/lots/{lot}")["deal_id"])


def fen_of(text: str) -> int:
    """¥2,000,000.00 as fen."""
    return int(re.sub(r"[^\d]", "", text))


def _dealt(floor: Floor, deal: int, tto: Page, winner: Page) -> None:
    """Signed by both, paid, certified, handed over, settled by two; the proofs taken away."""
    winner.get_by_role("link", name="去签约").click()
    winner.wait_for_url(f"**/deals/{deal}")
    floor.seen(winner, "deal-awarded")
    confirmed(winner, "签字")
    said(winner, "已签字。")
    tto.goto("/desk/deals")
    floor.seen(tto, "desk-deals")
    tto.locator(f"main a[href='/deals/{deal}']").click()
    floor.seen(tto, "deal-to-sign")
    confirmed(tto, "签字")
    said(tto, "已签字。")

    winner.reload()
    floor.seen(winner, "deal-to-pay")
    row = winner.get_by_role("region", name="付款").locator("tbody tr").first
    left, reference = row.locator("[data-left]").inner_text(), row.locator("[data-reference]")
    account = fact(winner, "收款账号")
    floor.pay(floor.buyers[1], account, fen_of(left), reference.inner_text())
    winner.reload()
    expect(winner.get_by_text("价款已到账").or_(winner.get_by_text("已成交")).first).to_be_visible()

    first, second = floor.page(floor.exchange), floor.page(floor.second)
    first.goto(f"/deals/{deal}")
    floor.seen(first, "deal-paid")
    confirmed(first, "出具凭证")
    first.wait_for_url("**/certificates/*")
    no = first.url.rsplit("/", 1)[1]
    _certified(floor, no)
    tto.goto(f"/deals/{deal}")
    tto.get_by_label("技术合同登记号").fill("2026310000000123")
    tto.get_by_role("button", name="填登记号").click()
    said(tto, "登记号已填写。")
    tto.locator("summary", has_text="交割").click()
    floor.seen(tto, "deal-to-hand-over")
    tto.get_by_role("button", name="交割", exact=True).click()
    said(tto, "已交割")
    first.goto(f"/deals/{deal}")
    first.get_by_role("button", name="提出结算").click()
    said(first, "请另一人确认")
    expect(first.get_by_role("button", name="确认结算")).to_have_count(0)
    second.goto(f"/deals/{deal}")
    floor.seen(second, "deal-to-settle")
    second.get_by_role("button", name="确认结算").click()
    said(second, "已结算给转让方。")
    _told_to_everybody(floor, deal)
    _taken_away(floor, deal, tto)
    floor.is_zero_sum()


def _certified(floor: Floor, no: str) -> None:
    """What everybody who has the number sees; on paper one A4 page or two."""
    reader = floor.page()
    reader.goto(f"/certificates/{no}")
    expect(reader.get_by_text("有效", exact=True).first).to_be_visible()
    floor.seen(reader, "certificate")
    floor.printed(reader, "certificate", 2)
    assert reader.request.get(f"/certificates/{no}.pdf").body().startswith(b"%PDF")
    signed = reader.request.get(f"/certificates/{no}.vc.json").body()
    floor.verified("certificate.vc.json", signed)


def _told_to_everybody(floor: Floor, deal: int) -> None:
    """The results of the floor, the deal and the register of rights, read without an account."""
    reader = floor.page()
    reader.goto("/deals")
    floor.seen(reader, "deals")
    reader.locator(f"main a[href='/deals/{deal}']").first.click()
    floor.seen(reader, "deal-public")
    reader.locator("main a[href^='/rights/']").click()
    reader.wait_for_url("**/rights/*")
    expect(reader.get_by_text("转移登记").first).to_be_visible()
    floor.seen(reader, "right")
    reader.goto("/floor?state=sold")
    floor.seen(reader, "floor-sold")


def _taken_away(floor: Floor, deal: int, tto: Page) -> None:
    """The dossier, made by the worker, and checked without the platform."""
    tto.goto(f"/deals/{deal}")
    tto.get_by_role("button", name="整理证据包").click()
    said(tto, "正在整理")
    link = tto.get_by_role("link", name=re.compile("^下载证据包"))
    expect(link).to_be_visible(timeout=30_000)
    floor.seen(tto, "deal-done")
    floor.printed(tto, "deal", 4)
    with tto.expect_download() as taken:
        link.click()
    floor.verified("dossier.json", taken.value.path().read_bytes())
