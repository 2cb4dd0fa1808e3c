"""Those who play on the floor: with a browser each, and with the sandbox's bank and clock."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visit, sign_in
from tests.journeys.floor_over_http import Caller, Story
from tests.journeys.looking import (
    Watch,
    assert_no_sideways_scroll,
    axe_violations,
    shot,
)

DESKTOP = {"width": 1280, "height": 800}


class Floor(Story):
    """The people of the story over HTTP, who can also sit down at a browser."""

    def __init__(self, url: str, place: Path, visit: Visit, watch: Watch, screen: str) -> None:
        self._passwords: dict[str, tuple[str, str]] = {}
        self._visit, self.watch, self.screen = visit, watch, screen
        self.faults: list[str] = []
        super().__init__(url, place)

    def accounts(self, role: str, count: int) -> list[Caller]:
        made = self.public.post("/sandbox/accounts", {"role": role, "count": count})["items"]
        for one in made:
            self._passwords[one["token"]] = (one["user"], one["password"])
        return [Caller(self.url, m["token"], m["organisation_id"], m["bank_account"]) for m in made]

    def page(self, who: Caller | None = None, screen: str = "", **options: Any) -> Page:
        """A browser profile of this person; of nobody, who only watches. On the story's screen,
        unless said otherwise."""
        page = self._visit(screen=screen or self.screen, **options)
        if (screen or self.screen) == "desktop":
            page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
        if who is not None:
            page.goto("/login")
            sign_in(page, *self._passwords[who.token])
        return page

    def seen(self, page: Page, name: str) -> None:
        """The page as it stands: its picture, nothing wrong with it; of a phone's, that it fits into
        320 px."""
        page.evaluate("scrollTo(0, 0)")  # a bar that stays on top covers nothing
        shot(page, f"floor-{name}", whole=True)
        self.faults += [f"{name} {page.url}: {fault}" for fault in axe_violations(page)]
        if page.viewport_size == DESKTOP:
            return
        try:
            assert_no_sideways_scroll(page)
        except AssertionError as wide:
            self.faults.append(f"{name} {wide}")

    def printed(self, page: Page, name: str, most: int) -> None:
        """The page on paper: A4, no more sheets than this, its picture kept."""
        page.emulate_media(media="print")
        shot(page, f"floor-{name}-printed", whole=True)
        paper = page.pdf(prefer_css_page_size=True, print_background=True)
        sheets = len(re.findall(rb"/Type\s*/Page\b(?!s)", paper))
        assert 1 <= sheets <= most, f"{page.url} is printed on {sheets} sheets"
        page.emulate_media(media="screen")

    def noticed_until_now(self, title: str, fen: int) -> int:
        """A notice that has been opened a moment ago."""
        achievement = self.achievement(title)
        decided = {"kind": "collective", "price_mode": "auction", "price_fen": fen}
        self.tto.post(f"/achievements/{achievement}/decisions", decided)
        drafted = {
            "achievement_id": achievement, "deal_mode": "transfer", "price_mode": "auction",
            "price_fen": fen, "related_party": {"is": False, "statement": ""}, "days": 15,
        }  # fmt: skip
        notice = int(self.tto.post("/notices", drafted)["id"])
        self.tto.post(f"/notices/{notice}/moves/open")
        return notice

    def opened(self, fen: int, step: int) -> int:
        """A lot with two buyers that is open since a moment ago."""
        listing = self.listed("rising", fen, step_fen=step)
        for buyer in self.buyers[:2]:
            made = self.registered(listing["id"], buyer)
            self.exchange.post(f"/registrations/{made['id']}/moves/qualify")
        self.wait_until(self.public.get(f"/listings/{listing['id']}")["disclosure_ends_at"])
        return int(listing["lot_id"])

    def awarded(self, fen: int, step: int) -> tuple[int, int]:
        """A lot that the first buyer has won over the second, and its deal."""
        lot = self.opened(fen, step)
        for buyer, amount in ((self.buyers[1], fen), (self.buyers[0], fen + step)):
            assert self.bid(buyer, lot, amount)["verdict"] == "accepted"
        self.advance("3h")
        return lot, int(self.exchange.get(f"/lots/{lot}")["deal_id"])


def said(page: Page, text: str) -> None:
    """The page tells it, after what was sent."""
    expect(page.get_by_role("status").filter(has_text=text).first).to_be_visible()


def confirmed(page: Page, button: str) -> None:
    """Press a button that asks once more, and say yes."""
    page.get_by_role("button", name=button, exact=True).click()
    page.locator("#confirm-yes").click()


def number_of(page: Page) -> int:
    """The number in a page's address."""
    found = re.search(r"/(\d+)$", page.url.split("?")[0])
    assert found, page.url
    return int(found[1])


def fact(page: Page, term: str) -> str:
    """What stands beside a term in a list of facts."""
    return page.locator("dt", has_text=re.compile(f"^{term}$")).locator("+ dd").first.inner_text()
