"""What follows a deal: what is still to come of it, and what its buyer has reported."""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import QuerySet

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.rulebook import queries as rulebook
from yangbanjian.ground.rulebook.models import Edition
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import policy
from yangbanjian.market.trading.models import Deal, UseReport
from yangbanjian.market.trading.queries import way
from yangbanjian.market.trading.rules import follow_up as rules
from yangbanjian.market.trading.rules import payments

FOLLOW_UP = "follow_up"


def follow_rule(one: Deal) -> Edition:
    """The edition that holds where the seller is."""
    return rulebook.rule(FOLLOW_UP, way.jurisdiction(one.achievement))


def _day(at: datetime) -> date:
    return at.astimezone(clock.site_zone()).date()


def course(one: Deal) -> rules.Course:
    """How a deal stands, read by the house: a reminder depends on nobody's view."""
    with acting(SYSTEM):
        open_parts = [
            (i.seq, _day(i.due_at))
            for i in one.instalments.order_by("seq") if i.paid_fen < i.amount_fen
        ]  # fmt: skip
        last = one.reports.order_by("-period_to").first()
    basis = None
    if payments.kind_of(one.payment) in payments.WITH_ROYALTY and one.paid_at is not None:
        basis = last.period_to if last else _day(one.handed_over_at or one.paid_at)
    return rules.Course(
        deal_mode=one.deal_mode,
        handed_over_on=_day(one.handed_over_at) if one.handed_over_at else None,
        is_used=one.used_at is not None, open_parts=tuple(open_parts), royalty_from=basis,
    )  # fmt: skip


def events_of(one: Deal) -> list[rules.Event]:
    """Everything that is to be told of a deal; nothing of one that is not followed."""
    if one.state not in rules.FOLLOWED:
        return []
    return rules.events(course(one), rules.figures(follow_rule(one).rows))


def unused_on(one: Deal) -> date | None:
    """The day from which the deal counts as unused, where nobody reports a use; None where that is
    not asked."""
    return rules.unused_on(course(one), rules.figures(follow_rule(one).rows))


def followed(today: date, most: int) -> list[int]:
    """Deals that are to be looked at by today."""
    found = Deal.objects.filter(follow_on__lte=today).order_by("follow_on", "id")
    return list(found.values_list("pk", flat=True)[:most])


def uses(actor: Actor, one: Deal) -> QuerySet[UseReport]:
    """What the buyer has reported; for both parties, the exchange and the auditor."""
    policy.may_see_deal(actor, one).or_refuse()
    return one.uses.order_by("-id")


def use(actor: Actor, report_id: int) -> UseReport:
    """One report; what may not be seen does not exist."""
    found = UseReport.objects.filter(pk=report_id).select_related("deal").first()
    if found is None or not policy.may_see_deal(actor, found.deal).allowed:
        raise NotFound("uses.not_found", gettext_noop("没有找到这份实施情况。"))
    return found
