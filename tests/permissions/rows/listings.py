"""Rows of listings, and of who asks and signs up."""

from __future__ import annotations

from typing import Any

from tests import make
from tests.actions.test_notices import brought
from tests.permissions.cells import (
    EVERYBODY,
    HOUSE,
    OWN,
    PROVIDER,
    SEEKER,
    SIGNED_IN,
    Made,
    Table,
    Things,
    Verb,
)
from tests.permissions.rows.way_in import brought_record
from tests.trading import terms
from yangbanjian.ground.bank import actions as bank
from yangbanjian.ground.people.models import Person
from yangbanjian.ground.people.queries import actor_of
from yangbanjian.kernel.actor import SYSTEM, Role
from yangbanjian.market.trading import actions as trading


def a_listing(achievement_id: int) -> dict[str, Any]:
    return {
        "achievement_id": achievement_id, "method": "sealed", "start_fen": 100, "free_s": 600,
    }  # fmt: skip


TABLE: Table = {
    "listings_to_be": [
        Verb("add", "post", "/listings", a_listing, "", frozenset({OWN})),
    ],
    # SEEKER is the person of the exchange who has accepted it.
    "listings": [
        Verb("list", "get", "/listings", None, "disclosed", EVERYBODY),
        Verb("read", "get", "/listings/{id}", None, "draft", HOUSE | {OWN, "auditor", SEEKER}),
        Verb("read", "get", "/listings/{id}", None, "disclosed", EVERYBODY),
        Verb("revise", "patch", "/listings/{id}", {"step_fen": 5}, "draft", frozenset({OWN})),
        Verb("submit", "post", "/listings/{id}/moves/submit", {}, "draft", frozenset({OWN})),
        Verb("accept", "post", "/listings/{id}/moves/accept", {}, "submitted", HOUSE | {SEEKER}),
        Verb("return", "post", "/listings/{id}/moves/return", {"reason": "改"}, "submitted",
             HOUSE | {SEEKER}),
        Verb("confirm", "post", "/listings/{id}/moves/accept", {}, "accepted", HOUSE),
        Verb("publish", "post", "/listings/{id}/moves/publish", {}, "accepted", HOUSE),
        Verb("change", "post", "/listings/{id}/moves/change", {"reason": "改"}, "disclosed",
             HOUSE | {SEEKER}),
        Verb("pause", "post", "/listings/{id}/moves/pause", {"reason": "改"}, "disclosed",
             HOUSE | {SEEKER}),
        Verb("end", "post", "/listings/{id}/moves/end", {"reason": "改"}, "disclosed",
             HOUSE | {SEEKER}),
        Verb("withdraw", "post", "/listings/{id}/moves/withdraw", {"reason": "改"}, "disclosed",
             HOUSE | {SEEKER, OWN}),
        Verb("sign_up", "post", "/listings/{id}/registrations", {"bank_account": "6222"}, "disclosed",
             frozenset({"enterprise", "tto", "broker"})),
        Verb("questions", "get", "/listings/{id}/questions", None, "disclosed", EVERYBODY),
        Verb("ask", "post", "/listings/{id}/questions", {"text": "？"}, "disclosed",
             SIGNED_IN - {OWN}),
    ],
    # OWN is the buyer, PROVIDER the seller, who never learns of it.
    "registrations": [
        Verb("list", "get", "/registrations", None, "deposited", SIGNED_IN),
        Verb("read", "get", "/registrations/{id}", None, "deposited", HOUSE | {OWN, "auditor"}),
        Verb("qualify", "post", "/registrations/{id}/moves/qualify", {}, "deposited", HOUSE),
        Verb("refuse", "post", "/registrations/{id}/moves/refuse", {"reason": "不符"}, "deposited",
             HOUSE),
        Verb("withdraw", "post", "/registrations/{id}/moves/withdraw", {}, "applied",
             frozenset({OWN})),
    ],
    "questions": [
        Verb("answer", "post", "/questions/{id}/answer", {"text": "答"}, "", HOUSE | {PROVIDER}),
    ],
}  # fmt: skip


def listing_in(state: str, deposit_fen: int = 0) -> tuple[int, dict[str, Person]]:
    """With every duty met; the exchange has accepted it as SEEKER, another published it."""
    owner = make.person(Role.TTO, of=make.organisation("university"))
    record, seller = brought(actor_of(owner)), actor_of(owner)
    one = trading.draft_listing(
        actor=seller,
        achievement_id=record.pk,
        values=terms(deposit_fen=deposit_fen, method="sealed"),
    )
    accepter = make.person(Role.EXCHANGE)
    steps = ("draft", "submitted", "accepted", "disclosed")
    reached = steps.index(state or "draft")
    trading.decide(actor=seller, achievement_id=record.pk, kind="collective", price_mode="listing")
    for item in ("price_basis", "title", "encumbrance", "priority"):
        trading.state(actor=seller, achievement_id=record.pk, item=item, verdict="pass")
    if reached > 0:
        trading.submit_listing(actor=seller, listing_id=one.pk)
    if reached > 1:
        trading.accept_listing(actor=actor_of(accepter), listing_id=one.pk)
    if reached > 2:
        trading.publish_listing(actor=make.actor(Role.EXCHANGE), listing_id=one.pk)
    return one.pk, {OWN: owner, SEEKER: accepter}


def _registration(state: str) -> Made:
    listing_id, own = listing_in("disclosed", 0 if state == "deposited" else 100)
    buyer = make.person(Role.ENTERPRISE)
    bank.open_account(
        actor=SYSTEM, number="310501", bank="东港银行", owner_id=make.organisation("exchange").pk
    )
    made = trading.sign_up(
        actor=actor_of(buyer), listing_id=listing_id, bank_account="6222000000001"
    )
    return made.pk, {OWN: buyer, PROVIDER: own[OWN]}


def _question(_state: str) -> Made:
    listing_id, own = listing_in("disclosed")
    asked = trading.ask(
        actor=make.actor(Role.ENTERPRISE), listing_id=listing_id, text="年费缴到哪年？"
    )
    return asked.pk, {PROVIDER: own[OWN]}


THINGS: Things = {
    "listings_to_be": brought_record,
    "listings": listing_in,
    "registrations": _registration,
    "questions": _question,
}
