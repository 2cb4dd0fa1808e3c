"""Rows of matches, whoever suggested them."""

from __future__ import annotations

from tests import make
from tests.faces.matching import direction_between, match_between
from tests.permissions.cells import PROVIDER, SEEKER, SIGNED_IN, Made, Table, Things, Verb
from yangbanjian.engines.matching import actions as matching
from yangbanjian.ground.people.queries import actor_of
from yangbanjian.kernel.actor import Role

MATCH = "/matches/{id}"
PARTIES = frozenset({SEEKER, PROVIDER})
ONLY_SEEKER = frozenset({SEEKER})
TABLE: Table = {
    "matches": [
        Verb("list", "get", "/matches", None, "suggested", SIGNED_IN),
        Verb("read", "get", MATCH, None, "suggested", PARTIES | {"auditor", "broker"}),
        Verb("see", "post", f"{MATCH}/moves/see", {}, "suggested", PARTIES),
        Verb("interested", "post", f"{MATCH}/moves/interested", {}, "suggested", PARTIES),
        Verb("agree", "post", f"{MATCH}/moves/agree", {}, "interested", frozenset({PROVIDER})),
        Verb("decline", "post", f"{MATCH}/moves/decline", {"why": "price"}, "interested", PARTIES),
        Verb("lapse", "post", f"{MATCH}/moves/lapse", {}, "interested", frozenset()),
        Verb(
            "judge", "post", f"{MATCH}/feedback", {"verdict": "good"}, "suggested",
            PARTIES | {"broker"},
        ),
    ],
    # Suggested by an enterprise's tags: the provider is not told before the enterprise is
    # interested.
    "directions": [
        Verb("read", "get", MATCH, None, "suggested", frozenset({SEEKER, "auditor", "broker"})),
        Verb("see", "post", f"{MATCH}/moves/see", {}, "suggested", ONLY_SEEKER),
        Verb("interested", "post", f"{MATCH}/moves/interested", {}, "suggested", ONLY_SEEKER),
        Verb(
            "decline", "post", f"{MATCH}/moves/decline", {"why": "too_early"}, "suggested",
            ONLY_SEEKER,
        ),
        Verb("agree", "post", f"{MATCH}/moves/agree", {}, "interested", frozenset({PROVIDER})),
        Verb("lapse", "post", f"{MATCH}/moves/lapse", {}, "interested", frozenset()),
        Verb(
            "judge", "post", f"{MATCH}/feedback", {"verdict": "good"}, "suggested",
            frozenset({SEEKER, "broker"}),
        ),
    ],
}  # fmt: skip


def _match(state: str) -> Made:
    seeker, provider = make.person(Role.ENTERPRISE), make.person(Role.TTO)
    match = match_between(actor_of(seeker), actor_of(provider), visibility="named")
    if state == "interested":
        matching.move(actor=actor_of(seeker), match_id=match.pk, name="interested")
    return match.pk, {SEEKER: seeker, PROVIDER: provider}


def _direction(state: str) -> Made:
    seeker, provider = make.person(Role.ENTERPRISE), make.person(Role.TTO)
    match = direction_between(actor_of(seeker), actor_of(provider))
    if state == "interested":
        matching.move(actor=actor_of(seeker), match_id=match.pk, name="interested")
    return match.pk, {SEEKER: seeker, PROVIDER: provider}


THINGS: Things = {
    "matches": _match,
    "directions": _direction,
}
