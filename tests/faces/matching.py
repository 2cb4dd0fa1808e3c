"""A stored match between two parties, made by the real verbs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests import make
from yangbanjian.engines.matching import actions, keeping
from yangbanjian.engines.matching.actions import Found
from yangbanjian.engines.matching.models import Match
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.libraries.achievements import actions as achievements
from yangbanjian.libraries.demands import actions as demands

REASON = {
    "verdict": "yes", "text": "指标够", "demand_span": [0, 2], "record_field": "title",
    "record_span": [0, 2], "code": "target_met", "change": None,
}  # fmt: skip


def published(verbs: Any, record: Any, owner: Actor) -> Any:
    """The record after its owner and an operator have brought it before the public."""
    verbs.move(actor=owner, record_id=record.pk, name="submit")
    return verbs.move(actor=make.actor(Role.OPERATOR), record_id=record.pk, name="approve")


def match_between(seeker: Actor, provider: Actor, **demand: Any) -> Match:
    """A suggested match of the seeker's public demand with the provider's public achievement."""
    wanted = published(demands, make.demand(seeker, **demand), seeker)
    offered = published(achievements, make.achievement(provider), provider)
    found = Found(
        kind="achievement",
        record_id=offered.pk,
        provider_id=offered.owner_id,
        broker_id=None,
        score=Decimal("1.250000"),
        percent=81,
        parts={"words": 1.0, "trl": 0.25},
        reasons=[REASON],
        versions=(wanted.version, offered.version),
    )
    return actions.keep(seeker_id=wanted.owner_id, demand_id=wanted.pk, found=[found])[0]


def direction_between(seeker: Actor, provider: Actor) -> Match:
    """The provider's public achievement, suggested to the seeker's organisation by its tags."""
    offered = published(achievements, make.achievement(provider), provider)
    assert seeker.organisation_id is not None
    found = Found(
        kind="achievement",
        record_id=offered.pk,
        provider_id=offered.owner_id,
        broker_id=None,
        score=Decimal("0.500000"),
        percent=50,
        parts={"tag_chain": 0.5},
        reasons=[REASON],
        versions=(0, offered.version),
    )
    return keeping.suggest([(seeker.organisation_id, found)])[0]
