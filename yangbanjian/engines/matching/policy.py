"""Who may see, move and judge a match."""

from __future__ import annotations

from django.db.models import Q

from yangbanjian.engines.matching.models import Match
from yangbanjian.ground.database.opened import of_opened
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.answers import SIGN_IN, YES, Answer
from yangbanjian.kernel.words import gettext_noop

NOT_A_PARTY = Answer(
    False, "matches.not_a_party", gettext_noop("您不是这次对接的任何一方，不能操作。")
)
# A provider learns of a demand that is for brokers, and of an enterprise that has only its tags,
# when the seeker has shown interest: neither is an invitation.
_TOLD_PROVIDER = Q(demand__visibility__in=["anonymous", "named"]) | Q(first="seeker")


def visible_to(actor: Actor) -> Q:
    """To which may the actor look: their own sides, brokers those they see anyway, auditors all,
    operators those of an organisation that is opened to them."""
    if actor.has_any(Role.AUDITOR):
        return Q()
    mine = sorted(actor.mandates)
    if not mine:
        return Q(pk__in=[])
    found = _concerned(actor, mine)
    if Role.OPERATOR in actor.roles:
        found |= of_opened("seeker_id", "provider_id")
    return found


def _concerned(actor: Actor, mine: list[int]) -> Q:
    found = (
        Q(seeker_id__in=mine) | Q(broker_id__in=mine) | (Q(provider_id__in=mine) & _TOLD_PROVIDER)
    )
    if actor.is_broker:
        # Introducing is a broker's work: those of their field's custody, or nobody's.
        found |= Q(broker__isnull=True)
    return found


def side_of(actor: Actor, match: Match) -> str:
    """seeker, provider, or "" for neither; the seeker's side first where one is both."""
    if actor.acts_for(match.seeker_id):
        return "seeker"
    return "provider" if actor.acts_for(match.provider_id) else ""


def may_move(actor: Actor, match: Match) -> Answer:
    """May the actor advance this introduction?"""
    if actor.is_anonymous:
        return SIGN_IN
    return YES if side_of(actor, match) else NOT_A_PARTY


def may_judge(actor: Actor, match: Match) -> Answer:
    """May the actor say whether this match is a good one? The parties, brokers, operators."""
    if actor.is_anonymous:
        return SIGN_IN
    # An operator has come to it through a grant (T7), or has not come to it.
    if side_of(actor, match) or actor.has_any(Role.BROKER, Role.OPERATOR):
        return YES
    return NOT_A_PARTY


def may_see_contacts(actor: Actor, match: Match) -> Answer:
    """Contacts are open to both sides and to the broker once both have agreed."""
    if match.state != "agreed":
        return Answer(
            False, "matches.contacts_closed", gettext_noop("双方都同意后，才能看到联系方式。")
        )
    if side_of(actor, match) or actor.acts_for(match.broker_id) or actor.is_operator:
        return YES
    return NOT_A_PARTY


def may_see_seeker(actor: Actor, match: Match) -> bool:
    """May the actor read who is asking? Not the provider, before both agreed, if anonymous."""
    if match.demand is None or match.demand.visibility == "named" or match.state == "agreed":
        return True
    return actor.acts_for(match.seeker_id) or actor.has_any(
        Role.OPERATOR, Role.AUDITOR, Role.BROKER
    )
