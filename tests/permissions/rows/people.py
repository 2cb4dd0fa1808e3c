"""Rows of organisations, of oneself, and of what one lets others do."""

from __future__ import annotations

from typing import Any

from tests import make
from tests.permissions.cells import (
    EVERYBODY,
    OPERATOR,
    OWN,
    SIGNED_IN,
    Made,
    Table,
    Things,
    Verb,
    nothing,
)
from yangbanjian.ground.people import actions as people
from yangbanjian.ground.people.queries import actor_of
from yangbanjian.kernel.actor import SYSTEM, Role

ORGANISATION = "/organisations/{id}"
MOVE_ORGANISATION = f"{ORGANISATION}/moves"


def a_look(owner_id: int) -> dict[str, Any]:
    return {"owner_id": owner_id, "reason": "核对一条举报的原文", "hours": 4}


TABLE: Table = {
    "organisations": [
        Verb("list", "get", "/organisations", None, "verified", EVERYBODY),
        Verb("read", "get", ORGANISATION, None, "verified", EVERYBODY),
        Verb("read", "get", ORGANISATION, None, "suspended", OPERATOR),
        Verb("add", "post", "/organisations", {"kind": "society", "name": "新学会"}, "", OPERATOR),
        Verb("change", "patch", ORGANISATION, {"intro": "新简介"}, "verified", OPERATOR | {OWN}),
        Verb("verify", "post", f"{MOVE_ORGANISATION}/verify", {}, "claimed", OPERATOR),
        Verb(
            "suspend", "post", f"{MOVE_ORGANISATION}/suspend", {"reason": "证照过期"}, "verified",
            OPERATOR,
        ),
        Verb("reinstate", "post", f"{MOVE_ORGANISATION}/reinstate", {}, "suspended", OPERATOR),
    ],
    "tokens": [
        Verb("list", "get", "/tokens", None, "", SIGNED_IN),
        # Outside a sandbox these two need a second factor first, and here have none.
        Verb("add", "post", "/tokens", {}, "", SIGNED_IN - {"operator", "exchange"}),
        Verb("end", "delete", "/tokens/{id}", None, "", OPERATOR | {OWN}),
    ],
    "access": [
        Verb("list", "get", "/access", None, "", SIGNED_IN),
        Verb("open", "post", "/access", a_look, "", OPERATOR),
        Verb("end", "post", "/access/{id}/end", {}, "open", OPERATOR),
    ],
    "oneself": [
        Verb("me", "get", "/me", None, "", SIGNED_IN),
        Verb("export", "get", "/me/export", None, "", SIGNED_IN),
        Verb("erase", "post", "/me/erase", {}, "", SIGNED_IN),
        Verb("inbox", "get", "/inbox", None, "", SIGNED_IN),
        Verb("read", "post", "/inbox/read", {}, "", SIGNED_IN),
        Verb("file", "post", "/files", "a file", "", SIGNED_IN),
    ],
}  # fmt: skip


def _organisation(state: str) -> Made:
    organisation = make.organisation("university", state=state or "verified")
    return organisation.pk, {OWN: make.person(Role.TTO, of=organisation)}


def _token(_state: str) -> Made:
    person = make.person(Role.TTO)
    token, _ = people.create_token(actor=SYSTEM, person_id=person.pk)
    return token.pk, {OWN: person}


def _grant(state: str) -> Made:
    owner = make.person(Role.ENTERPRISE)
    owner_id = actor_of(owner).organisation_id
    assert owner_id is not None
    if not state:
        return owner_id, {OWN: owner}
    return make.look_in(make.actor(Role.OPERATOR), owner_id)[0].pk, {OWN: owner}


THINGS: Things = {
    "organisations": _organisation,
    "tokens": _token,
    "access": _grant,
    "oneself": nothing,
}
