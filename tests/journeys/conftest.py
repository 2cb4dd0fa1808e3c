"""One market and one browser for all stories; a fresh profile for each visitor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.journeys.looking import SCREENS, Watch
from tests.journeys.market import Market, open_market

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PASSWORD = "yangbanjian-demo"
Visit = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/journeys" in str(item.path):
            item.add_marker(pytest.mark.journey)


@pytest.fixture(scope="session")
def market(request: pytest.FixtureRequest) -> Iterator[Market]:
    """The product as `make run` starts it, with its demo district."""
    opened = open_market()
    capture = request.config.pluginmanager.getplugin("capturemanager")
    try:
        with capture.global_and_fixture_disabled():
            opened.wait_until_open()
        yield opened
    finally:
        opened.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(params=list(SCREENS))
def screen(request: pytest.FixtureRequest) -> str:
    """Each story is told on a desktop and on a phone."""
    return str(request.param)


@pytest.fixture
def watch(market: Market) -> Iterator[Watch]:
    """Fails the story at its end when a browser complained about anything."""
    watching = Watch(market.url)
    yield watching
    assert not watching.complaints, "\n".join(watching.complaints)


@pytest.fixture(scope="session")
def _signed_in() -> dict[str, Any]:
    """account -> cookies: a demo account signs in once, by the form, and goes on from there."""
    return {}


@pytest.fixture
def visit(
    market: Market, browser: Browser, watch: Watch, _signed_in: dict[str, Any]
) -> Iterator[Visit]:
    """`visit(account, screen=…)`: a new browser profile, signed in as a demo account if named."""
    opened: list[BrowserContext] = []

    def _visit(account: str = "", *, screen: str = "desktop", **options: Any) -> Page:
        is_phone = screen == "phone"
        context = browser.new_context(
            base_url=market.url, viewport=SCREENS[screen], locale="zh-CN",
            timezone_id="Asia/Shanghai", has_touch=is_phone, is_mobile=is_phone,
            reduced_motion="reduce",
            storage_state=_signed_in.get(account), **options,
        )  # fmt: skip
        context.set_default_timeout(15_000)
        opened.append(context)
        page = context.new_page()
        watch.attach(page)
        if account and account not in _signed_in:
            page.goto("/login")
            sign_in(page, account)
            _signed_in[account] = context.storage_state()
        return page

    yield _visit
    for context in opened:
        context.close()


def sign_in(page: Page, account: str, password: str = PASSWORD) -> None:
    """Fill the sign-in form that is on the page."""
    page.get_by_label("邮箱或登录名").fill(account)
    page.get_by_label("密码", exact=True).fill(password)
    page.locator("main").get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url(lambda url: "/login" not in url)
