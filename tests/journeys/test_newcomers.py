"""From registration to the first demand; a file with bad rows; the queue of the operator."""

from __future__ import annotations

import re
import time
from urllib.parse import quote, urlsplit

from playwright.sync_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.looking import assert_accessible, shot
from tests.journeys.market import Market
from yangbanjian.kernel.identifiers import make_uscc

PASSWORD = "Eine-Kueste-aus-Sand-7"
STAMP = int(time.time())


def letter_link(market: Market, address: str, seconds: float = 20) -> str:
    """The path of the link in the newest letter to an address."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        found = market.get(f"/api/v1/sandbox/mail?to={quote(address)}")["items"]
        if found:
            link = re.search(r"https?://\S+", found[0]["text"])
            assert link, found[0]["text"]
            return urlsplit(link[0]).path
        time.sleep(0.5)
    raise AssertionError(f"no letter to {address}")


def test_from_registration_to_the_first_demand(market: Market, visit: Visit, screen: str) -> None:
    address = f"new-{screen}-{STAMP}@example.com"
    page = visit(screen=screen)
    page.goto("/register")
    page.get_by_label("邮箱", exact=True).fill(address)
    page.get_by_label("姓名").fill("沈新")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_label("我已阅读并同意隐私说明").check()
    page.locator("main").get_by_role("button", name="注册").click()
    expect(page.get_by_text("我们发了一封信").first).to_be_visible()
    assert_accessible(page)

    page.goto(letter_link(market, address))
    page.get_by_role("button", name="确认邮箱").click()
    page.wait_for_url(lambda url: "/register/" not in url)
    page.goto("/desk/organisation")
    shot(page, "organisation-new", whole=True)
    assert_accessible(page)
    new = page.locator("form", has=page.get_by_label("单位全称"))
    new.get_by_label("单位类型").select_option("enterprise")
    new.get_by_label("单位全称").fill(f"滨海新启{screen}{STAMP}机械有限公司")
    new.get_by_label("统一社会信用代码").fill(make_uscc(1000 + (STAMP + len(screen)) % 900_000))
    new.get_by_label("角色").select_option("enterprise")
    new.get_by_role("button").last.click()
    shot(page, "organisation-claimed", whole=True)

    page.goto("/publish/demand?text=" + quote("注塑件表面缺陷想在线检出，漏检率 0.5% 以下"))
    page.get_by_role("button", name="发布需求").click()
    page.wait_for_url(re.compile(r"/demands/\d+$"))
    expect(page.get_by_text("待审核").first).to_be_visible()
    shot(page, "first-demand", whole=True)
