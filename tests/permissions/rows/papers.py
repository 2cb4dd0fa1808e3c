"""Rows of the papers of a listing, and of the room where they are read."""

from __future__ import annotations

from typing import Any

from tests import make
from tests.permissions.cells import (
    EVERYBODY,
    HOUSE,
    OWN,
    PROVIDER,
    SEEKER,
    Made,
    Table,
    Things,
    Verb,
)
from tests.permissions.rows.listings import listing_in
from yangbanjian.ground.files import actions as files
from yangbanjian.ground.people.models import Person
from yangbanjian.ground.people.queries import actor_of
from yangbanjian.kernel.actor import Role
from yangbanjian.market.trading import actions as trading
from yangbanjian.market.trading import queries as trading_queries

_stored: dict[int, int] = {}


def a_paper(listing_id: int) -> dict[str, Any]:
    return {"file_id": _stored[listing_id], "tier": "nda", "name": "工艺说明"}


def the_text(_listing_id: int) -> dict[str, Any]:
    return {"sha256": trading_queries.undertaking_terms().sha256}


TABLE: Table = {
    # SEEKER is a buyer who has signed up and undertaken to keep the papers, PROVIDER one who has
    # signed up alone.
    "rooms": [
        Verb("list", "get", "/listings/{id}/papers", None, "disclosed", EVERYBODY),
        Verb("add", "post", "/listings/{id}/papers", a_paper, "draft", frozenset({OWN})),
        Verb("undertake", "post", "/listings/{id}/undertaking", the_text, "disclosed",
             frozenset({SEEKER, PROVIDER})),
        Verb("readings", "get", "/listings/{id}/readings", None, "disclosed", HOUSE | {OWN, "auditor"}),
    ],
    "papers": [
        Verb("content", "get", "/papers/{id}/content", None, "nda", HOUSE | {OWN, "auditor", SEEKER}),
        Verb("content", "get", "/papers/{id}/content", None, "qualified", HOUSE | {OWN, "auditor"}),
        Verb("content", "get", "/papers/{id}/content", None, "public", EVERYBODY),
        Verb("take_back", "post", "/papers/{id}/moves/take_back", {}, "waiting", HOUSE | {OWN}),
    ],
}  # fmt: skip


def _paper_of(listing_id: int, seller: Person, tier: str, reason: str = "") -> int:
    stored = files.attach(actor=actor_of(seller), content=tier.encode(), name="a.txt")
    _stored[listing_id] = stored.pk
    made = trading.put_paper(
        actor=actor_of(seller),
        listing_id=listing_id,
        file_id=stored.pk,
        tier=tier,
        name="材料",
        reason=reason,
    )
    return made.pk


def _room(state: str, tier: str = "nda") -> tuple[int, int, dict[str, Person]]:
    """A listing with a paper of this tier in its room, and who has to do with it."""
    listing_id, own = listing_in("draft")
    paper_id = _paper_of(listing_id, own[OWN], tier)
    if state == "draft":
        return listing_id, paper_id, {OWN: own[OWN]}
    trading.submit_listing(actor=actor_of(own[OWN]), listing_id=listing_id)
    trading.accept_listing(actor=make.actor(Role.EXCHANGE), listing_id=listing_id)
    trading.publish_listing(actor=make.actor(Role.EXCHANGE), listing_id=listing_id)
    buyers = {SEEKER: make.person(Role.ENTERPRISE), PROVIDER: make.person(Role.ENTERPRISE)}
    for buyer in buyers.values():
        trading.sign_up(actor=actor_of(buyer), listing_id=listing_id, bank_account="6222000000001")
    trading.undertake(actor=actor_of(buyers[SEEKER]), listing_id=listing_id, **the_text(listing_id))
    return listing_id, paper_id, {OWN: own[OWN], **buyers}


def _papers(state: str) -> Made:
    listing_id, paper_id, own = _room("disclosed", "nda" if state == "waiting" else state)
    if state == "waiting":
        paper_id = _paper_of(listing_id, own[OWN], "public", reason="补充")
    return paper_id, own


THINGS: Things = {
    "rooms": lambda s: _room(s)[::2],
    "papers": _papers,
}
