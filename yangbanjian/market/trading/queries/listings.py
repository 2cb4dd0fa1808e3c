"""Reading listings, registrations, questions; the figures that hold for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet

from yangbanjian.ground.bank.actions.sandbox import number_of
from yangbanjian.ground.bank.models import BankAccount, Expectation
from yangbanjian.ground.bank.queries import is_returned
from yangbanjian.ground.bank.queries import standing as matches
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.people import queries as people
from yangbanjian.ground.rulebook import queries as rulebook
from yangbanjian.ground.rulebook.models import Edition
from yangbanjian.ground.rulebook.rules.rows import row_of
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.kernel.refusals import Conflict, NotFound
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.achievements.models import Achievement
from yangbanjian.market.trading import policy
from yangbanjian.market.trading.models import (
    Decision,
    Listing,
    ListingVersion,
    Lot,
    Question,
    Registration,
    Reserve,
)
from yangbanjian.market.trading.queries.way import checks, duties, jurisdiction
from yangbanjian.market.trading.rules import listings as rules
from yangbanjian.market.trading.rules import periods
from yangbanjian.market.trading.rules.lots import Method
from yangbanjian.market.trading.rules.payouts import RETURNED

PERIODS, DEPOSITS, TERMS = "disclosure_periods", "deposit_rules", "bidding_terms"


def disclosure_rule(record: Achievement) -> Edition:
    """The edition under which a disclosure begins now."""
    return rulebook.rule(PERIODS, jurisdiction(record))


def figures(record: Achievement) -> rules.Figures:
    """What bidding for an achievement is held to now."""
    return rules.figures(rulebook.rule(TERMS, jurisdiction(record)).rows)


def deposit_figure(record: Achievement, item: str) -> tuple[int, str]:
    """(value, unit) of an item of `deposit_rules` that holds now. Conflict where there is none."""
    row = row_of(rulebook.rule(DEPOSITS, jurisdiction(record)).rows, item=item)
    if row is None:
        raise Conflict(
            "listings.no_deposit_rule",
            gettext_noop("规则里没有保证金的这一项，请先由运营人员补上。"),
        )
    return int(row["value"]), str(row["unit"])


def shortest(record: Achievement, method: Method) -> periods.Span:
    """The shortest disclosure for this way of selling; an auction by what the unit has decided."""
    decided = Decision.objects.filter(achievement=record).order_by("-id").first()
    case = periods.case_of(method, decided.price_mode if decided else "")
    return periods.least(disclosure_rule(record).rows, case)


def span(one: Listing) -> periods.Span:
    """The disclosure that a listing asks for."""
    return periods.Span(one.days, one.unit, one.first_day)


def discloses_until(one: Listing, now: datetime) -> datetime:
    """When the disclosure would end if it began now."""
    return periods.disclosed_until(
        clock.calendar(), now, span(one), shortest(one.achievement, Method(one.method)),
        clock.site_zone(),
    )  # fmt: skip


def closing(one: Listing, now: datetime) -> datetime:
    """When the days that a listing asks for are over, counted from now."""
    return periods.closing(clock.calendar(), now, span(one), clock.site_zone())


def round_span(one: Listing, kind: rules.Rung, step: Mapping[str, Any]) -> periods.Span:
    """How long the next round is disclosed: as the ladder says, and at least as long as the rule
    asks of an extension, or of a listing with other terms."""
    record = one.achievement
    if kind is rules.Rung.EXTEND:
        least = periods.least(disclosure_rule(record).rows, "extension")
    else:
        least = shortest(record, Method(one.method))
    unit, days = step.get("unit") or least.unit, step.get("days") or 0
    return periods.Span(max(days, least.days), unit, least.first_day) if days else least


def planned_end(one: Listing) -> datetime:
    """When the disclosure ends; of a draft, when it would if it were published now."""
    return one.disclosure_ends_at or discloses_until(one, clock.now())


def working_days_after(record: Achievement, item: str, begun: datetime) -> date:
    """The last of an item's days (`deposit_rules`) that begin the day after something happened."""
    value, unit = deposit_figure(record, item)
    first = begun.astimezone(clock.site_zone()).date()
    return periods.last_day(clock.calendar(), first, periods.Span(value, unit, "next"))


def missing(record: Achievement, one: Listing | None = None) -> tuple[str, ...]:
    """What still stands in the way of handing a listing in: duties without which there is no way
    on, checks that were found wanting, a notice that has not stood its days."""
    lacks = list(duties(record).in_the_way)
    for check in checks(record):
        if check.verdict == "fail" and check.item not in lacks:
            lacks.append(check.item)
    if one is not None and one.notice is not None and one.notice.state != "ended":
        lacks += [] if "notice" in lacks else ["notice"]
    return tuple(lacks)


def listings(actor: Actor) -> QuerySet[Listing]:
    """The listings this actor may read, the latest first."""
    found = Listing.objects.filter(policy.listings_for(actor))
    return found.select_related("owner", "achievement__owner", "edition", "notice").order_by("-id")


def listing(actor: Actor, listing_id: int) -> Listing:
    """One listing; what may not be seen does not exist."""
    found = listings(actor).filter(pk=listing_id).first()
    if found is None:
        raise NotFound("listings.not_found", gettext_noop("没有找到这项挂牌，它可能还没有发布。"))
    return found


def versions(one: Listing) -> QuerySet[ListingVersion]:
    """What a listing said before its changes and in its earlier rounds, the latest first."""
    return one.versions.order_by("-version")


def lot_of(one: Listing) -> Lot:
    """The lot of a listing's round."""
    return Lot.objects.get(listing=one, round=one.round)


def reserve_of(one: Listing) -> int | None:
    """The secret reserve of a round: for the actions that lay it out again, and nobody else."""
    with acting(SYSTEM):
        found = Reserve.objects.filter(lot__listing=one, lot__round=one.round).first()
    return found.fen if found else None


def offer(one: Listing, reserve_fen: int | None = None) -> rules.Offer:
    """The terms of a listing's round as the rules take them."""
    return rules.Offer(
        method=Method(one.method), start_fen=one.start_fen, step_fen=one.step_fen,
        floor_fen=one.floor_fen, reserve_fen=reserve_fen, deposit_fen=one.deposit_fen,
        free_s=one.free_s, cycle_s=one.cycle_s, hard_close_s=one.hard_close_s,
        priority_s=one.priority_s,
    )  # fmt: skip


def registrations(actor: Actor) -> QuerySet[Registration]:
    """The registrations this actor may read, the latest first."""
    found = Registration.objects.filter(policy.registrations_for(actor))
    related = "listing__achievement__owner", "listing__owner", "owner", "expectation", "line"
    return found.select_related(*related).order_by("-id")


def registration(actor: Actor, registration_id: int) -> Registration:
    """One registration; what may not be seen does not exist."""
    found = registrations(actor).filter(pk=registration_id).first()
    if found is None:
        raise NotFound("registrations.not_found", gettext_noop("没有找到这份报名。"))
    return found


def own_registration(actor: Actor, one: Listing) -> Registration | None:
    """The actor's organisation's own registration for a listing."""
    if actor.organisation_id is None:
        return None
    found = registrations(actor).filter(listing=one, owner_id=actor.organisation_id)
    return found.first()


def counts(one: Listing) -> Mapping[str, int]:
    """How many registrations in which state: for the staff, until the end."""
    rows = Registration.objects.filter(listing=one).values_list("state")
    return dict(rows.annotate(count=Count("id")).order_by("state"))


def house_account() -> str:
    """The number of the exchange's bank account that deposits are paid to."""
    with acting(SYSTEM):  # the house's own accounts, of which payers are told the number
        accounts = BankAccount.objects.filter(owner__kind="exchange", asset="CNY")
        known = accounts.order_by("id").first()
    if known is not None:
        return known.number
    first = people.organisations(kind="exchange", state="verified").order_by("id").first()
    if first is None or not clock.is_sandbox():
        raise Conflict(
            "registrations.no_house_account",
            gettext_noop("交易机构还没有登记收款的银行账户，暂时不能报名，请联系交易机构。"),
        )
    return number_of(first.pk)


def refund_of(one: Registration) -> Expectation | None:
    """The order by which a deposit goes back to its payer; the latest, where it was repeated."""
    found = Expectation.objects.filter(reference=refund_reference(one)).first()
    while found is not None:
        again = Expectation.objects.filter(repeats=found).first()
        if again is None:
            break
        found = again
    return found


def refund_reference(one: Registration) -> str:
    return f"TK-BZJ-{one.pk}"


def refund_state(one: Registration) -> dict[str, Any] | None:
    """{amount_fen, promised_on, paid_at, failure} of a deposit that goes back; None where none
    does. One that the bank has sent back is not paid."""
    with acting(SYSTEM):  # who sees the registration sees what becomes of its deposit
        order = refund_of(one)
        paid = matches().filter(expectation=order).first() if order is not None else None
        is_back = order is not None and is_returned(order.pk)
    if order is None:
        return None
    paid = None if is_back else paid
    return {
        "amount_fen": -order.amount,
        "promised_on": working_days_after(one.listing.achievement, "refund_losers", order.made_at),
        "paid_at": paid.made_at if paid else None,
        "failure": RETURNED if is_back else order.failure,
    }


def questions(actor: Actor, one: Listing) -> QuerySet[Question]:
    """The questions about a listing that this actor may read, in their order."""
    found = Question.objects.filter(policy.questions_for(actor), listing=one)
    return found.select_related("asker").order_by("id")


def question(actor: Actor, question_id: int) -> Question:
    found = Question.objects.filter(policy.questions_for(actor), pk=question_id)
    one = found.select_related("listing").first()
    if one is None:
        raise NotFound("questions.not_found", gettext_noop("没有找到这个提问。"))
    return one


def left(one: Listing, now: datetime) -> timedelta | None:
    """What is left of a running disclosure."""
    if one.state != "disclosed" or one.disclosure_ends_at is None:
        return None
    return max(one.disclosure_ends_at - now, timedelta())
