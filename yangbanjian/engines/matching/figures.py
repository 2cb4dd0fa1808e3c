"""The facts behind the cockpit's numbers, read from the libraries, the matches and the journal."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Min, QuerySet
from django.db.models.functions import TruncDate

from yangbanjian.engines.matching.models import Match
from yangbanjian.engines.matching.rules import figures as rules
from yangbanjian.engines.matching.rules.figures import DemandFact, Span
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import queries as journal
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.libraries.records import queries as records
from yangbanjian.libraries.records.rules.states import LIVE, SHOWN

DAY_S = 86_400
QUIET_DAYS, LAPSE_DAYS, REVIEW_DAYS = 3, 3, 2


@dataclass(frozen=True, slots=True)
class Figures:
    """All numbers of one span with those of the span before."""

    span: Span
    earlier: Span
    in_library: int
    added: int
    answered: tuple[int, int]
    answered_before: tuple[int, int]
    response: Decimal | None
    response_before: Decimal | None
    agreed: int
    agreed_before: int
    stale: tuple[int, int]
    waiting: int
    funnel: tuple[int, int, int, int]
    months: list[date]
    new_demands: list[int]
    new_achievements: list[int]
    new_agreed: list[int]
    fields: list[tuple[str, int]]
    regions: list[tuple[str, int]]
    streets: Counter[str]


def _day(at: datetime) -> date:
    return at.astimezone(clock.site_zone()).date()


def demand_facts() -> list[DemandFact]:
    """Every demand that was ever public, with the days of its funnel. Numbers of the whole market:
    read by the house, and telling no word of a demand."""
    with acting(SYSTEM):
        return _demand_facts()


def _demand_facts() -> list[DemandFact]:
    demands = records.LIBRARIES["demands"].model.objects.filter(published_at__isnull=False)
    matched = dict(
        Match.objects.filter(demand__isnull=False).values_list("demand").annotate(Min("made_at"))
    )
    interested = _first("matches.interested")
    agreed = _first("matches.agreed")
    facts = []
    told = demands.values_list("pk", "published_at", "field", "region", "owner__street")
    for pk, at, field, region, street in told:
        answered = interested.get(pk) or agreed.get(pk)
        waited = max(0.0, (answered - at).total_seconds()) if answered else None
        facts.append(
            DemandFact(
                published=_day(at),
                matched=_day(matched[pk]) if pk in matched else None,
                interested=_day(answered) if answered else None,
                agreed=_day(agreed[pk]) if pk in agreed else None,
                field=field,
                region=region[:4],
                street=street,
                response_days=None if waited is None else Decimal(str(waited)) / DAY_S,
                demand_id=pk,
            )
        )
    return facts


def _first(verb: str) -> dict[int, datetime]:
    """For each demand when one of its matches was first told of by this verb."""
    demand_of = dict(Match.objects.filter(demand__isnull=False).values_list("pk", "demand_id"))
    first: dict[int, datetime] = {}
    for match_id, at in journal.times_of(verb):
        demand_id = demand_of.get(match_id)
        if demand_id is not None and (demand_id not in first or at < first[demand_id]):
            first[demand_id] = at
    return first


def published_days(room: str) -> Counter[date]:
    """How many records of a library first became public on each day."""
    rows = records.LIBRARIES[room].model.objects.filter(published_at__isnull=False)
    day = TruncDate("published_at", tzinfo=clock.site_zone())
    counted = rows.annotate(day=day).values_list("day").annotate(n=Count("pk")).order_by()
    return Counter(dict(counted))


def figures(span: Span, earlier: Span) -> Figures:
    """The numbers of a span. System reading: the page has asked who may see them."""
    with acting(SYSTEM):
        return _figures(span, earlier)


def _figures(span: Span, earlier: Span) -> Figures:
    facts = demand_facts()
    achieved = published_days("achievements")
    agreed = Counter(_day(at) for _, at in journal.times_of("matches.agreed"))
    last = span.end - timedelta(days=1)
    shares = [records.stale_share(library) for library in records.LIBRARIES.values()]
    live = records.LIBRARIES["achievements"].model.objects.filter(state__in=LIVE)
    mine = [d for d in facts if d.published in span]
    return Figures(
        span=span, earlier=earlier,
        in_library=live.count(), added=rules.within(achieved, span),
        answered=rules.answered(facts, span), answered_before=rules.answered(facts, earlier),
        response=rules.response(facts, span), response_before=rules.response(facts, earlier),
        agreed=rules.within(agreed, span), agreed_before=rules.within(agreed, earlier),
        stale=(sum(s for s, _ in shares), sum(n for _, n in shares)),
        waiting=records.waiting_count(), funnel=rules.funnel(facts, span),
        months=rules.months_back(last), new_demands=rules.by_month(Counter(d.published for d in facts), last),
        new_achievements=rules.by_month(achieved, last), new_agreed=rules.by_month(agreed, last),
        fields=rules.ranked(d.field for d in mine), regions=rules.ranked(d.region for d in mine),
        streets=Counter(d.street for d in mine if d.street),
    )  # fmt: skip


def agreed_in(span: Span) -> list[tuple[int, datetime]]:
    """(number, when) of the introductions that both sides agreed to in the span, the latest first:
    the number's reader learns that there were so many, and reads of those that are open to them."""
    ids = [pk for pk, at in journal.times_of("matches.agreed") if _day(at) in span]
    with acting(SYSTEM):
        found = Match.objects.filter(pk__in=ids).order_by("-state_since", "-pk")
        return list(found.values_list("pk", "state_since"))


def counted(found: QuerySet[Any]) -> int:
    """How many there are, seen or not."""
    with acting(SYSTEM):
        return found.count()


def quiet_demands(now: datetime) -> QuerySet[Any]:
    """Public demands that nobody has shown interest in for three days, the newest first."""
    model = records.LIBRARIES["demands"].model
    wanted = Match.objects.filter(demand__isnull=False, state__in=["interested", "agreed"])
    found: QuerySet[Any] = model.objects.filter(
        state__in=LIVE, published_at__lte=now - timedelta(days=QUIET_DAYS)
    )
    return found.exclude(pk__in=wanted.values("demand_id")).order_by("-published_at")


def about_to_lapse(now: datetime) -> QuerySet[Match]:
    """Introductions whose answer is due within three days, the most urgent first."""
    soon = now + timedelta(days=LAPSE_DAYS)
    found = Match.objects.filter(state="interested", turn_until__lte=soon)
    return found.select_related("demand", "achievement", "expert").order_by("turn_until")


def published_in(room: str, span: Span) -> QuerySet[Any]:
    """The records that first became public in the span and may be shown, oldest first."""
    zone = clock.site_zone()
    start, end = (datetime(d.year, d.month, d.day, tzinfo=zone) for d in (span.start, span.end))
    rows: QuerySet[Any] = records.LIBRARIES[room].model.objects.filter(
        published_at__gte=start, published_at__lt=end, state__in=SHOWN
    )
    shown = rows.select_related("owner").defer(*records.UNREAD)
    return shown.order_by("published_at", "pk")


def moved_in(span: Span) -> QuerySet[Match]:
    """Introductions that changed their state in the span."""
    zone = clock.site_zone()
    start, end = (datetime(d.year, d.month, d.day, tzinfo=zone) for d in (span.start, span.end))
    rows = Match.objects.filter(state_since__gte=start, state_since__lt=end).exclude(
        state__in=["suggested", "seen"]
    )
    related = rows.select_related("demand", "achievement", "expert", "seeker", "provider")
    return related.order_by("state_since", "pk")
