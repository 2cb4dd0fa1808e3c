"""Ask, see why, publish the demand, let it be checked, find the match, agree to meet."""

from __future__ import annotations

import re
import time

from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visit, sign_in
from tests.journeys.looking import assert_accessible, assert_no_sideways_scroll, shot
from yangbanjian.faces.cli.demo import content

SECONDS = 60
SENTENCES = {
    "desktop": "两座冷库电费太高，想降三成，不能停库，预算 200 万以内",
    "phone": "海鲜冷库去年电费多了一截，想不停库降耗 25% 以上，预算 150 万",
}


def flagship() -> str:
    """The achievement about cold stores that the account `tto` looks after."""
    return next(str(r["title"]) for r in content.rows("achievements") if "冷库" in r["title"])


def reload_until(page: Page, name: str, seconds: float = SECONDS) -> None:
    """Until a link of this name stands on the page: its work is done in the background."""
    ends = time.monotonic() + seconds
    while not page.get_by_role("link", name=name, exact=True).count():
        assert time.monotonic() < ends, f"no «{name}» at {page.url} after {seconds} s"
        page.wait_for_timeout(700)
        page.reload()


def ask(page: Page, sentence: str) -> None:
    page.goto("/")
    page.get_by_label("用一句话描述技术需求").fill(sentence)
    page.get_by_role("search").get_by_role("button", name="匹配").click()
    page.wait_for_url("**/?q=*")


def test_from_a_sentence_to_a_meeting(visit: Visit, screen: str) -> None:
    sentence, title = SENTENCES[screen], flagship()

    # A visitor asks, and sees what fits and why.
    visitor = visit(screen=screen)
    ask(visitor, sentence)
    expect(visitor.get_by_role("heading", name=re.compile(r"找到 \d+ 项可用成果"))).to_be_visible()
    best = visitor.locator("article.match", has=visitor.get_by_role("link", name=title, exact=True))
    expect(best).to_be_visible()
    assert best.locator("ul.why li.yes").count() >= 1
    assert best.locator("mark").count() >= 1, "the words that meet are marked"
    shot(visitor, "answer", whole=True)
    assert_accessible(visitor)
    assert_no_sideways_scroll(visitor)

    # Nobody signs in before publishing, and the sentence survives it.
    visitor.get_by_role("link", name="发布成需求").first.click()
    typed = visitor.locator("textarea[name=text]")
    expect(typed).to_have_value(sentence)
    shot(visitor, "publish-demand", whole=True)
    visitor.get_by_role("button", name="发布需求").click()
    visitor.wait_for_url("**/login?*")
    sign_in(visitor, "enterprise")
    expect(visitor.locator("textarea[name=text]")).to_have_value(sentence)
    visitor.get_by_role("button", name="发布需求").click()
    visitor.wait_for_url(re.compile(r"/demands/\d+$"))
    demand = visitor.url
    expect(visitor.get_by_text("待审核").first).to_be_visible()

    # The operator lets it through.
    operator = visit("operator", screen=screen)
    operator.goto(demand)
    operator.get_by_role("button", name="通过", exact=True).click()
    expect(operator.get_by_text("公开").first).to_be_visible()

    # Within seconds its owner finds matches, looks at one and shows interest.
    reload_until(visitor, title)
    shot(visitor, "demand-with-matches", whole=True)
    visitor.goto("/desk/matches?show=suggested")
    reload_until(visitor, title)
    shot(visitor, "desk-matches")
    visitor.get_by_role("link", name=title, exact=True).first.click()
    visitor.wait_for_url(re.compile(r"/matches/\d+$"))
    meeting = visitor.url
    expect(visitor.get_by_text("双方都同意后，才能看到联系方式。")).to_be_visible()
    assert visitor.locator("ul.contacts").count() == 0
    visitor.get_by_label("想对对方说的话").fill("想先看现场数据。")
    visitor.get_by_role("button", name="我有意向").click()
    expect(visitor.get_by_text("等对方回应").first).to_be_visible()

    # The other side finds it in the inbox, and agrees; then both see whom to call.
    provider = visit("tto", screen=screen)
    provider.goto("/desk/inbox")
    shot(provider, "inbox")
    provider.goto("/desk/matches?show=turn")
    provider.goto(meeting)
    expect(provider.get_by_text("想先看现场数据。").first).to_be_visible()
    provider.get_by_role("button", name="同意约谈").click()
    expect(provider.locator("ul.contacts li")).not_to_have_count(0)
    shot(provider, "meeting-agreed", whole=True)
    assert_accessible(provider)
    visitor.goto(meeting)
    expect(visitor.locator("ul.contacts li")).not_to_have_count(0)
    expect(visitor.get_by_text("已约谈").first).to_be_visible()


def test_a_sentence_without_an_answer_leads_to_a_demand(visit: Visit, screen: str) -> None:
    visitor = visit(screen=screen)
    ask(visitor, "恐龙化石的鳞片颜色怎样复原成真蜡像")
    if visitor.get_by_role("heading", name="库里还没有合适的").count() == 0:
        expect(visitor.locator("article.match").first).to_be_visible()
        return
    assert visitor.locator("article.match").count() == 0
    visitor.get_by_role("link", name="发布成需求").first.click()
    expect(visitor.locator("textarea[name=text]")).not_to_have_value("")
