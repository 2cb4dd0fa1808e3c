"""Each template once through axe on both screens, none wider than a small phone; the themes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.conftest import Visit
from tests.journeys.looking import assert_no_sideways_scroll, axe_violations, shot
from tests.journeys.market import Market

ASKED = "/?q=冷库电费太高，想降三成，不能停库"

# name of the picture -> path; {achievement}, {demand}, {expert} are public records.
PUBLIC = {
    "home": "/",
    "answer-page": ASKED,
    "answer-none": "/?q=qqqq zzzz",
    "achievements": "/achievements",
    "achievements-filtered": "/achievements?q=检测",
    "achievements-none": "/achievements?q=qqzzqqzz",
    "demands": "/demands",
    "experts": "/experts",
    "achievement-page": "/achievements/{achievement}",
    "demand-page": "/demands/{demand}",
    "expert-page": "/experts/{expert}",
    "history": "/achievements/{achievement}/history",
    "card-page": "/achievements/{achievement}/card",
    "notices": "/notices",
    "notices-none": "/notices?state=stopped",
    "notice-page": "/notices/1",
    "publish": "/publish",
    "publish-demand-empty": "/publish/demand",
    "publish-demand-filled": "/publish/demand?text=冷库电费太高，想降三成",
    "login": "/login",
    "register": "/register",
    "forgot": "/password/forgot",
    "about": "/about",
    "privacy": "/privacy",
    "accessibility": "/accessibility",
    "open-data": "/open-data",
    "sitemap": "/sitemap",
    "evidence-log": "/log",
}
SIGNED_IN = {
    "tto": {
        "desk-tto": "/desk/",
        "publish-achievement": "/publish/achievement",
        "publish-achievement-blank": "/publish/achievement?blank=1",
        "portfolio": "/desk/achievements",
        "inbox-tto": "/desk/inbox",
        "matches-tto": "/desk/matches",
        "searches": "/desk/searches",
        "stars": "/desk/stars",
        "account": "/desk/account",
        "security": "/desk/account/security",
        "own-data": "/desk/account/data",
        "organisation": "/desk/organisation",
        "imports": "/desk/imports",
        "floor": "/desk/floor",
    },
    "tto2": {"floor-own": "/desk/floor"},
    "enterprise": {
        "desk-enterprise": "/desk/",
        "demands-own": "/desk/demands",
        "suggestions": "/desk/matches",
    },
    "broker": {"desk-broker": "/desk/", "matches-broker": "/desk/matches"},
    "expert": {"desk-expert": "/desk/"},
    "exchange": {
        "ledger": "/desk/ledger",
        "ledger-none": "/desk/ledger?q=qqzzqqzz",
        "ledger-lines": "/desk/ledger/unmatched?all=1",
        "ledger-bank": "/desk/ledger/bank",
        "ledger-expected": "/desk/ledger/expected",
        "ledger-line": "/desk/ledger/lines/1",
        "trial-balance": "/desk/ledger/trial-balance",
    },
    "operator": {
        "floor-achievement": "/desk/floor/{noticed}",
        "desk-operator": "/desk/",
        "cockpit": "/desk/cockpit",
        "moderation": "/desk/moderation",
        "organisations": "/desk/organisations",
        "people": "/desk/people",
        "figures": "/desk/figures",
        "figures-answered": "/desk/figures/answered?period=year",
        "figures-streets": "/desk/figures/streets?period=year",
        "figures-stale": "/desk/figures/stale",
        "rules": "/desk/rules",
        "rules-table": "/desk/rules/notice_days",
        "rules-edition": "/desk/rules/editions/1",
        "rules-new": "/desk/rules/answer_days/new",
        "month-report": "/desk/report",
        "risks": "/desk/risks",
        "log": "/desk/log",
        "settings": "/desk/settings",
    },
}
REFERENCE = ("/", "/achievements", "/achievements/{achievement}", "/publish/demand",
             "/desk/cockpit", "/achievements/{achievement}/card")  # fmt: skip
LOOKS = {
    "night": {"theme": "night"},
    "care": {"size": "xl"},
    "contrast": {"contrast": "high"},
}


@pytest.fixture(scope="session")
def record_ids(market: Market) -> dict[str, Any]:
    """One public record of each library, as an anonymous reader sees it; and one on the floor."""
    found = {
        kind: market.get(f"/api/v1/{kind}s?size=1")["items"][0]["id"]
        for kind in ("achievement", "demand", "expert")
    }
    return {**found, "noticed": market.get("/api/v1/notices/1")["achievement_id"]}


def _faults(page: Any, path: str, name: str) -> list[str]:
    """What is wrong with one page; the pages after it are still looked at."""
    answer = page.goto(path)
    if answer is None or answer.status >= 400:
        return [f"{path}: {answer.status if answer else 'no answer'}"]
    shot(page, name, whole=True)
    found = [f"{path}: {fault}" for fault in axe_violations(page)]
    try:
        assert_no_sideways_scroll(page)
    except AssertionError as wide:
        found.append(str(wide))
    return found


def test_public_pages(visit: Visit, screen: str, record_ids: dict[str, Any]) -> None:
    page = visit(screen=screen)
    faults = [
        f for name, path in PUBLIC.items() for f in _faults(page, path.format(**record_ids), name)
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("account", SIGNED_IN)
def test_desk_pages(visit: Visit, screen: str, account: str, record_ids: dict[str, Any]) -> None:
    page = visit(account, screen=screen)
    faults = [
        f
        for name, path in SIGNED_IN[account].items()
        for f in _faults(page, path.format(**record_ids), name)
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("look", LOOKS)
def test_looks_on_reference_pages(
    visit: Visit, screen: str, look: str, record_ids: dict[str, Any]
) -> None:
    page = visit("operator", screen=screen)
    page.goto("/")
    token = page.context.request.post(
        "/look", form={"csrfmiddlewaretoken": _token(page), **LOOKS[look], "next": "/"},
        headers={"Referer": page.url},
    )  # fmt: skip
    assert token.ok, token.text()[:300]
    faults = []
    for path in REFERENCE:
        name = f"look-{look}-{path.strip('/').split('/')[0] or 'home'}"
        faults += _faults(page, path.format(**record_ids), f"{name}-{REFERENCE.index(path)}")
        attribute, value = next(iter(LOOKS[look].items()))
        worn = page.locator("html").get_attribute(f"data-{attribute}")
        if worn != value:
            faults.append(f"{path}: data-{attribute} is {worn}")
    assert not faults, "\n".join(faults)


def _token(page: Any) -> str:
    return str(page.locator("input[name=csrfmiddlewaretoken]").first.get_attribute("value"))


def test_refusals_have_pages_too(visit: Visit, screen: str, watch: Any) -> None:
    """404 and a page that is not for everybody."""
    watch.expected |= {403, 404}
    page = visit(screen=screen)
    faults = _seen(page, "/nowhere-at-all")
    signed = visit("enterprise", screen=screen)
    faults += _seen(signed, "/desk/people")
    assert not faults, "\n".join(faults)


def _seen(page: Any, path: str) -> list[str]:
    page.goto(path)
    return [f"{path}: {fault}" for fault in axe_violations(page)]
