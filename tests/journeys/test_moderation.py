"""The operator's queue: bulk moves, a returned item that comes back better."""

from __future__ import annotations

import re
import time
from urllib.parse import quote

from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visit
from tests.journeys.looking import assert_accessible, assert_no_sideways_scroll, shot

STAMP = int(time.time())
PROBLEMS = ("冲压模具磨损提前看出来", "废塑料分选纯度到 99%")


def hand_in(page: Page, sentence: str) -> str:
    """Publish a demand; the path of its page."""
    page.goto("/publish/demand?text=" + quote(sentence))
    page.get_by_role("button", name="发布需求").click()
    page.wait_for_url(re.compile(r"/demands/\d+$"))
    return page.url


def test_the_queue_lets_through_and_sends_back(visit: Visit, screen: str) -> None:
    owner = visit("enterprise2", screen=screen)
    good, lacking = (f"{text}（{screen}{STAMP}）" for text in PROBLEMS)
    passed, returned = hand_in(owner, good), hand_in(owner, lacking)

    operator = visit("operator", screen=screen)
    operator.goto("/desk/moderation")
    assert_accessible(operator)
    shot(operator, "moderation", whole=True)
    operator.get_by_role("checkbox", name=f"选择：{good}").check()
    operator.get_by_role("button", name="通过", exact=True).click()
    expect(operator.get_by_role("checkbox", name=f"选择：{good}")).to_have_count(0)

    # To send back without a reason is refused; with one, its owner reads it.
    operator.get_by_role("checkbox", name=f"选择：{lacking}").check()
    operator.get_by_label("退回理由").select_option(index=1)
    operator.get_by_label("补充一句").fill("请写明现在的纯度和产量。")
    operator.get_by_role("button", name="退回", exact=True).first.click()
    if operator.get_by_role("dialog").count() and operator.get_by_role("dialog").is_visible():
        operator.get_by_role("dialog").get_by_role("button", name="确定").click()
    expect(operator.get_by_role("checkbox", name=f"选择：{lacking}")).to_have_count(0)
    shot(operator, "moderation-after")
    assert_no_sideways_scroll(operator)

    owner.goto(passed)
    expect(owner.locator("article.detail").get_by_text("公开", exact=True).first).to_be_visible()
    owner.goto(returned)
    expect(owner.get_by_text("请写明现在的纯度和产量。").first).to_be_visible()
    owner.get_by_role("button", name="提交", exact=True).click()
    expect(owner.get_by_text("待审核").first).to_be_visible()
