"""An achievement from a citation; returned and repaired; read without script; printed."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, expect

from tests.journeys.conftest import Visit
from tests.journeys.looking import (
    SCREENS,
    Watch,
    assert_accessible,
    assert_no_sideways_scroll,
    shot,
)
from tests.journeys.market import Market

CITATION = {
    "desktop": "孟昭,林晓.高寒地区智能温室幕墙遮阳控制方法[J].样板自动化学报,2025,51(3):101-112.",
    "phone": "秦越,何静.低温烧结陶瓷封装工艺的研究[J].样板材料工程,2024,40(7):55-63.",
}


def test_an_achievement_from_a_citation(visit: Visit, screen: str) -> None:
    """Three screens: paste, check, publish. Then returned by the operator, repaired, let through."""
    citation = CITATION[screen]
    title = citation.split(".")[1].removesuffix("[J]")
    owner = visit("tto", screen=screen)

    owner.goto("/publish/achievement")
    owner.get_by_label("粘贴论文引用、专利号、BibTeX 或一段摘要").fill(citation)
    shot(owner, "publish-paste")
    assert_accessible(owner)
    owner.get_by_role("button", name="下一步").click()
    name = owner.get_by_label("名称", exact=False).first
    expect(owner.locator("input[name=title], textarea[name=title]")).to_have_value(title)
    expect(owner.get_by_text("标黄的是从您粘贴的内容里读到的，请核对。")).to_be_visible()
    assert owner.locator("mark").count() >= 1, "where it was read is shown"
    shot(owner, "publish-check", whole=True)
    assert_accessible(owner)
    assert name
    abstract = owner.locator("textarea[name=abstract]")
    if not abstract.input_value():
        abstract.fill(
            "按日照和风速预判幕墙的开度，玻璃温室夏季降温用电下降 18%，在三座温室试用一年。"
        )
    owner.get_by_role("button", name="下一步").click()
    owner.wait_for_url(re.compile(r"/achievements/\d+/ready"))
    shot(owner, "publish-ready", whole=True)
    assert_accessible(owner)
    record = owner.url.removesuffix("/ready")
    owner.get_by_role("button", name=re.compile("^(提交|发布)$")).click()
    expect(owner.get_by_text("待审核").first).to_be_visible()

    # The operator sends it back with a reason that its owner reads.
    operator = visit("operator", screen=screen)
    operator.goto(record)
    operator.locator("summary", has_text="退回").click()
    operator.get_by_label("理由（对方会看到）").fill("请补一项实测结果和测试条件。")
    operator.get_by_role("button", name="退回").click()
    owner.goto(record)
    expect(owner.get_by_text("请补一项实测结果和测试条件。").first).to_be_visible()
    shot(owner, "achievement-returned")
    owner.get_by_role("button", name="提交", exact=True).click()
    operator.goto(record)
    operator.get_by_role("button", name="通过", exact=True).click()

    reader = visit(screen=screen)
    reader.goto(record)
    expect(reader.get_by_role("heading", level=1, name=title)).to_be_visible()
    shot(reader, "achievement", whole=True)


def test_public_reading_and_asking_without_script(
    market: Market, browser: Browser, watch: Watch, screen: str
) -> None:
    context = browser.new_context(
        base_url=market.url, viewport=SCREENS[screen], locale="zh-CN", java_script_enabled=False
    )
    try:
        page = context.new_page()
        watch.attach(page)
        page.goto("/")
        page.get_by_label("用一句话描述技术需求").fill("冷库电费太高，想降三成")
        page.get_by_role("search").get_by_role("button", name="匹配").click()
        expect(page.locator("article.match").first).to_be_visible()
        shot(page, "answer-without-script")
        page.locator("article.match h3 a").first.click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        for room in ("achievements", "demands", "experts"):
            page.goto(f"/{room}")
            page.locator("article.item h2 a").first.click()
            expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.goto("/achievements?q=冷库")
        expect(page.locator("article.item").first).to_be_visible()
    finally:
        context.close()


def test_the_name_card_is_one_page_of_a4(market: Market, visit: Visit) -> None:
    page = visit()
    number = market.get("/api/v1/achievements?size=1")["items"][0]["id"]
    page.goto(f"/achievements/{number}/card")
    shot(page, "card", whole=True)
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    pages = len(re.findall(rb"/Type\s*/Page\b(?!s)", printed))
    assert pages == 1
    width, height = _box(printed)
    assert (round(width), round(height)) == (595, 842), "A4 in points"
    assert_no_sideways_scroll(page)


def _box(pdf: bytes) -> tuple[float, float]:
    found = re.search(rb"/MediaBox\s*\[\s*([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+)\s*\]", pdf)
    assert found
    left, bottom, right, top = (float(n) for n in found.groups())
    return right - left, top - bottom
