"""Who may offer, accept, publish, sign up, qualify, ask and answer; who sees what of it."""

from __future__ import annotations

from django.db.models import Q

from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.answers import SIGN_IN, YES, Answer
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading.models import Listing, Registration
from yangbanjian.market.trading.policy.way import EXCHANGE_ONLY, is_exchange, is_owner
from yangbanjian.market.trading.rules import listings as rules

NOT_THE_SELLER = Answer(
    False, "trading.seller_or_exchange_only", gettext_noop("这一步由转让方或交易机构办理。")
)
SECOND_LISTING = Answer(
    False,
    "trading.second_person",
    gettext_noop("挂牌要由交易机构的两个人先后核过才能发布，请另一位同事受理或发布。"),
)
OWN_LISTING = Answer(
    False,
    "trading.own_listing",
    gettext_noop("您参与了起草或代表转让方，不能再受理、发布，请由另一位同事办理。"),
)
NOT_A_BUYER = Answer(
    False,
    "trading.not_a_buyer",
    gettext_noop("交易机构、运营和审计人员不能报名受让，请由受让单位的人员报名。"),
)
NO_ORGANISATION = Answer(
    False, "trading.no_organisation", gettext_noop("报名和报价要代表一个单位，请先加入或认领单位。")
)
SELLER_OUT = Answer(False, "trading.seller_out", gettext_noop("转让方自己不能报名受让自己的成果。"))
OWN_REGISTRATION = Answer(
    False,
    "trading.own_registration",
    gettext_noop("您代表报名的单位，不能确认自己的资格，请由另一位同事办理。"),
)
NOT_THE_BUYER = Answer(False, "trading.not_the_buyer", gettext_noop("只有报名的单位可以这样做。"))
OWN_QUESTION = Answer(
    False, "trading.own_question", gettext_noop("自己单位的挂牌不用提问，请直接补充说明。")
)


def may_accept(actor: Actor, one: Listing) -> Answer:
    """Check and accept, return, qualify and the like: the exchange, and nobody who has drafted it
    or speaks for the seller."""
    if actor.is_anonymous:
        return SIGN_IN
    if not is_exchange(actor):
        return EXCHANGE_ONLY
    is_own = actor.person_id is not None and actor.person_id == one.made_by
    if not actor.is_system and (is_own or actor.acts_for(one.owner_id)):
        return OWN_LISTING
    return YES


def may_confirm(actor: Actor, one: Listing) -> Answer:
    """Be the second who accepts."""
    answer = may_accept(actor, one)
    if not answer.allowed:
        return answer
    return SECOND_LISTING if actor.person_id == one.accepted_by else YES


def may_publish(actor: Actor, one: Listing) -> Answer:
    """Publish: two different persons stand behind it, by their identity and not their account."""
    answer = may_accept(actor, one)
    if not answer.allowed:
        return answer
    people = rules.behind(
        accepted=one.accepted_by, confirmed=one.confirmed_by, publisher=actor.person_id
    )
    return YES if people >= 2 else SECOND_LISTING


def may_withdraw_listing(actor: Actor, one: Listing) -> Answer:
    if actor.is_anonymous:
        return SIGN_IN
    return YES if is_owner(actor, one.owner_id) or is_exchange(actor) else NOT_THE_SELLER


def may_sign_up(actor: Actor, one: Listing) -> Answer:
    """Register as a buyer, for the organisation that the actor speaks for now."""
    if actor.is_anonymous:
        return SIGN_IN
    if actor.is_system or actor.has_any(Role.OPERATOR, Role.EXCHANGE, Role.AUDITOR):
        return NOT_A_BUYER
    if actor.organisation_id is None or not actor.roles - {Role.EXPERT}:
        return NO_ORGANISATION
    return SELLER_OUT if one.owner_id in actor.mandates else YES


def may_qualify(actor: Actor, one: Registration) -> Answer:
    """Confirm a buyer's qualification, or refuse it."""
    if actor.is_anonymous:
        return SIGN_IN
    if not is_exchange(actor):
        return EXCHANGE_ONLY
    if not actor.is_system and actor.acts_for(one.owner_id):
        return OWN_REGISTRATION
    return YES


def may_leave(actor: Actor, one: Registration) -> Answer:
    """Take one's own registration back."""
    if actor.is_anonymous:
        return SIGN_IN
    return YES if actor.acts_for(one.owner_id) and not actor.is_system else NOT_THE_BUYER


def may_ask(actor: Actor, one: Listing) -> Answer:
    if actor.is_anonymous:
        return SIGN_IN
    return OWN_QUESTION if one.owner_id in actor.mandates else YES


def may_answer(actor: Actor, one: Listing) -> Answer:
    if actor.is_anonymous:
        return SIGN_IN
    return YES if is_owner(actor, one.owner_id) or is_exchange(actor) else NOT_THE_SELLER


def listings_for(actor: Actor) -> Q:
    """Everybody what is or was public; the seller and the staff all."""
    if is_exchange(actor) or actor.has_any(Role.AUDITOR):
        return Q()
    return Q(published_at__isnull=False) | Q(owner_id__in=sorted(actor.mandates))


def registrations_for(actor: Actor) -> Q:
    """The buyer their own, the staff all; never the seller: until the end nobody outside the
    exchange learns who bids (A10)."""
    if is_exchange(actor) or actor.has_any(Role.AUDITOR):
        return Q()
    return Q(owner_id__in=sorted(actor.mandates))


def questions_for(actor: Actor) -> Q:
    """Everybody those with an answer; the seller, who asked and the staff all."""
    if is_exchange(actor) or actor.has_any(Role.AUDITOR):
        return Q()
    mine = Q(owner_id__in=sorted(actor.mandates)) | Q(asker_id__in=sorted(actor.mandates))
    return Q(answered_at__isnull=False) | mine


def buyer_kinds(actor: Actor, one: Registration) -> tuple[str, ...]:
    """What the actor is to a registration, in the words of its state table."""
    kinds = []
    if may_leave(actor, one).allowed:
        kinds.append("buyer")
    if may_qualify(actor, one).allowed:
        kinds.append("exchange")
    return tuple(kinds)
