"""A star is put on by key, found again on the desk, and taken away without leaving the page."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.looking import assert_accessible, assert_no_sideways_scroll, shot


def test_a_star_by_key_is_found_again_on_the_desk(visit: Visit, screen: str) -> None:
    page = visit("enterprise2", screen=screen)
    page.goto("/achievements")
    card = page.locator("[data-item]").first
    star, title = card.locator("[data-star]"), card.locator("a").first.inner_text()
    if star.get_attribute("aria-pressed") == "true":  # somebody's market, not our own
        star.click()
    expect(star).to_have_attribute("aria-pressed", "false")

    page.keyboard.press("j")
    page.keyboard.press("s")
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile("/achievements$"))
    star.focus()
    page.keyboard.press("Enter")
    expect(star).to_have_attribute("aria-pressed", "false")
    # The button was replaced under the reader's finger and still has the focus.
    expect(star).to_be_focused()
    page.keyboard.press("Enter")
    expect(star).to_have_attribute("aria-pressed", "true")
    assert_accessible(page)

    page.goto("/desk/stars")
    kept = page.locator("[data-item]", has_text=title).first
    expect(kept).to_be_visible()
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    shot(page, "stars-kept", whole=True)
    kept.locator("[data-star]").click()
    expect(kept.locator("[data-star]")).to_have_attribute("aria-pressed", "false")
    page.reload()
    expect(page.locator("[data-item]", has_text=title)).to_have_count(0)
