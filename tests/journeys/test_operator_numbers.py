"""From a number or a hexagon to what it counts, from a table of law to its edition; a mail choice."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.looking import assert_accessible, assert_no_sideways_scroll, shot


def test_a_number_and_a_street_open_what_they_count(visit: Visit, screen: str) -> None:
    page = visit("operator", screen=screen)
    page.goto("/desk/cockpit?period=year")
    streets = page.locator(
        "section", has=page.get_by_role("heading", name=re.compile("街道需求热度"))
    )
    picture = streets.get_by_role("img")
    expect(picture).to_have_attribute("aria-label", re.compile(r"街道需求热度：.+ \d+"))
    # By keyboard: the table says the same as the picture.
    streets.locator("summary").focus()
    page.keyboard.press("Enter")
    rows = streets.locator("tbody tr")
    assert rows.count() >= picture.locator("g").count() > 0
    counted = sum(int(text) for text in rows.locator("td").all_inner_texts())
    assert_accessible(page)
    shot(page, "cockpit-streets", whole=True)

    streets.get_by_role("link", name="看需求").click()
    page.wait_for_url(re.compile(r"/desk/figures/streets\?period=year"))
    named = page.locator("tbody tr", has_text="街道").count()
    assert counted == named or page.get_by_role("navigation", name=re.compile("页")).count()
    assert_no_sideways_scroll(page)


def test_a_rule_is_followed_to_its_edition(visit: Visit, screen: str) -> None:
    page = visit("operator", screen=screen)
    page.goto("/desk/rules")
    page.locator("main a[href^='/desk/rules/']").first.click()
    page.wait_for_url(re.compile(r"/desk/rules/\w+"))
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.locator("main table tbody a").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    shot(page, "rules-edition", whole=True)


def test_what_is_sent_by_mail_is_chosen_once(visit: Visit, screen: str) -> None:
    page = visit("enterprise3", screen=screen)
    page.goto("/desk/account")
    choice = page.get_by_label("只发要我处理的")
    choice.check()
    page.locator("form", has=choice).get_by_role("button", name="保存").click()
    expect(page.get_by_label("只发要我处理的")).to_be_checked()
    assert_accessible(page)
