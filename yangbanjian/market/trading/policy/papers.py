"""Who may put papers into a diligence room, undertake to keep them, see who has read them."""

from __future__ import annotations

from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.answers import SIGN_IN, YES, Answer
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading.models import Listing, Paper
from yangbanjian.market.trading.policy.listings import NO_ORGANISATION, NOT_A_BUYER, NOT_THE_SELLER
from yangbanjian.market.trading.policy.way import is_exchange, is_owner, may_see_inside
from yangbanjian.market.trading.rules import papers as rules

SIGN_UP_FIRST = Answer(
    False, "papers.sign_up_first", gettext_noop("这份材料只给报名受让的单位，请先报名。")
)
UNDERTAKE_FIRST = Answer(
    False, "papers.undertake_first", gettext_noop("请先阅读并同意保密承诺，再看这份材料。")
)
QUALIFY_FIRST = Answer(
    False,
    "papers.qualify_first",
    gettext_noop("这份材料在取得资格后开放，请先交保证金并等交易机构确认资格。"),
)
LOG_CLOSED = Answer(
    False, "papers.log_closed", gettext_noop("查阅记录只给转让方、交易机构和审计人员。")
)
FIRST = {"sign_up": SIGN_UP_FIRST, "undertake": UNDERTAKE_FIRST, "qualify": QUALIFY_FIRST}


def may_undertake(actor: Actor, standing: rules.Standing) -> Answer:
    """Give the undertaking: a person of a buyer that has signed up and is still in."""
    if actor.is_anonymous:
        return SIGN_IN
    if actor.is_system or actor.has_any(Role.OPERATOR, Role.EXCHANGE, Role.AUDITOR):
        return NOT_A_BUYER
    if actor.organisation_id is None:
        return NO_ORGANISATION
    return YES if standing.registration in rules.STILL_IN else SIGN_UP_FIRST


def may_read_paper(actor: Actor, one: Paper, standing: rules.Standing) -> Answer:
    """Take a paper: the seller, the exchange and the auditor any; others what they are shown, by
    what they have done."""
    listing = one.listing
    if may_see_inside(actor, one.owner_id):
        return YES
    is_public = listing.published_at is not None
    if one.withdrawn_at or not rules.is_shown(one.since, listing.version, is_public=is_public):
        return SIGN_UP_FIRST
    missing = rules.lacks(one.tier, standing)
    if missing and actor.is_anonymous:
        return SIGN_IN
    return FIRST[missing] if missing else YES


def may_take_back(actor: Actor, one: Paper) -> Answer:
    """Take a paper back that nobody has been shown: the seller, or the exchange that refuses it."""
    if actor.is_anonymous:
        return SIGN_IN
    return YES if is_owner(actor, one.owner_id) or is_exchange(actor) else NOT_THE_SELLER


def may_see_readings(actor: Actor, one: Listing) -> Answer:
    """See what was read when; who it was, the exchange and the auditor at any time, the seller when
    it is known who has bid."""
    if may_see_inside(actor, one.owner_id):
        return YES
    return SIGN_IN if actor.is_anonymous else LOG_CLOSED


def knows_readers(actor: Actor, one: Listing) -> bool:
    is_staff = is_exchange(actor) or actor.has_any(Role.AUDITOR)
    return is_staff or one.state in rules.READERS_KNOWN
