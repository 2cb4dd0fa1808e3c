"""What every page must be: quiet, accessible, no wider than the screen; and its picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Error, Page, Request, Response, ViewportSize

from tests.journeys.market import PROJECT

AXE = Path(__file__).with_name("vendor") / "axe.min.js"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SHOTS = PROJECT / "var" / "shots"
SCREENS: dict[str, ViewportSize] = {
    "desktop": {"width": 1440, "height": 900},
    "phone": {"width": 390, "height": 844},
}


@dataclass
class Watch:
    """Everything that a browser complains about while a story is told."""

    origin: str
    complaints: list[str] = field(default_factory=list)
    # A story that provokes a refusal says which status it expects.
    expected: set[int] = field(default_factory=set)

    def attach(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)

    def _console(self, message: ConsoleMessage) -> None:
        # «Failed to load resource» repeats what _answered judges.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.complaints.append(f"{message.page.url if message.page else ''}: {message.text}")

    def _failed(self, request: Request) -> None:
        # A page that is left aborts what it was still loading.
        if request.url.startswith(self.origin) and "ERR_ABORTED" not in (request.failure or ""):
            self.complaints.append(f"{request.method} {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        same = urlsplit(response.url).netloc == urlsplit(self.origin).netloc
        if same and response.status >= 400 and response.status not in self.expected:
            self.complaints.append(f"{response.request.method} {response.url}: {response.status}")


def come_back(page: Page, path: str) -> None:
    """Go there from a page that loads itself anew when its lot moves on: that may happen while we
    go, and the browser then says that one way was left for the other."""
    for _ in range(5):
        try:
            page.goto(path)
        except Error as crossed:
            if "interrupted by another navigation" not in crossed.message:
                raise
            page.wait_for_load_state()
        else:
            return
    raise AssertionError(f"{path} is never reached: its page is loaded again and again")


def shot(page: Page, name: str, *, whole: bool = False) -> None:
    """Keep a picture for people to look at, named by page, state and screen."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    wide = page.viewport_size["width"] if page.viewport_size else 0
    screen = next((s for s, size in SCREENS.items() if size["width"] == wide), str(wide))
    page.screenshot(path=SHOTS / f"{name}-{screen}.png", full_page=whole, animations="disabled")


def axe_violations(page: Page) -> list[str]:
    """What axe finds under WCAG 2.2 A and AA and its best practices, one line a node."""
    # Through the debugger and not as a <script>: the page's own policy stays as it is.
    page.evaluate(AXE.read_text(encoding="utf-8") + "\n;undefined")
    found: dict[str, Any] = page.evaluate(
        "tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", AXE_TAGS
    )
    return [
        f"{rule['id']} ({rule['impact']}): {node['target']} {node['html'][:160]}"
        f" {' '.join(c['message'] for c in node['any'] + node['all'] + node['none'])[:200]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def assert_accessible(page: Page) -> None:
    """No violation at all."""
    found = axe_violations(page)
    assert not found, f"{page.url}\n" + "\n".join(found)


def assert_no_sideways_scroll(page: Page, width: int = 320) -> None:
    """At this width nothing sticks out to the right; names what does."""
    before = page.viewport_size
    page.set_viewport_size({"width": width, "height": 800})
    if page.locator("[data-chart]").count():
        page.wait_for_timeout(300)  # charts follow the window a moment later
    wide = page.evaluate(
        """() => {
          const room = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= room) return [];
          const out = [...document.querySelectorAll('body *')].filter(e => {
            const box = e.getBoundingClientRect();
            if (!box.width || box.right <= room + 1) return false;
            for (let p = e.parentElement; p; p = p.parentElement)
              if (['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(p).overflowX))
                return false;
            return true;
          });
          return [`scrollWidth ${document.documentElement.scrollWidth}`,
                  ...out.slice(0, 5).map(e => `${e.tagName}.${e.className} ${e.textContent.trim().slice(0, 40)}`)];
        }"""
    )
    if before:
        page.set_viewport_size(before)
    assert not wide, f"{page.url} at {width}px: {wide}"
