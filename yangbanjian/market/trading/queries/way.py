"""Reading the floor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import queries as journal
from yangbanjian.ground.people.rules import PUBLIC_UNITS
from yangbanjian.ground.rulebook import queries as rulebook
from yangbanjian.ground.rulebook.models import Edition
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.kernel.calendar import Deadline
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.kernel.text import clean_line
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.achievements.models import Achievement
from yangbanjian.libraries.achievements.queries import LIBRARY
from yangbanjian.libraries.records import queries as records
from yangbanjian.market.trading import policy
from yangbanjian.market.trading.models import (
    Decision,
    Objection,
    PublicNotice,
    Right,
    RightEntry,
    Statement,
    Way,
)
from yangbanjian.market.trading.rules import duties as duty_rules
from yangbanjian.market.trading.rules import notices as notice_rules
from yangbanjian.market.trading.rules import rights as right_rules
from yangbanjian.market.trading.rules import statements as statement_rules

NOTICE_DAYS, DUTIES = "notice_days", "duties"
MOST_ENTRIES = 200
PATENTS = ("invention", "utility", "design")


def achievement(actor: Actor, achievement_id: int) -> Achievement:
    """The achievement, where the actor may see it."""
    found: Achievement = records.get(LIBRARY, actor, achievement_id)
    return found


def jurisdiction(record: Achievement) -> str:
    """Where the rules are looked up: the owner's region, else the achievement's, else the state."""
    return record.owner.region or record.region or "CN"


def is_public_unit(record: Achievement) -> bool:
    """Is it a state-established unit's service invention? What nobody said counts as one: the
    stricter reading keeps the unit safe."""
    return record.owner.kind in PUBLIC_UNITS and record.is_service is not False


def notice_rule(record: Achievement) -> Edition:
    """The edition under which a notice is born (or changed) now."""
    return rulebook.rule(NOTICE_DAYS, jurisdiction(record))


def notices(actor: Actor) -> QuerySet[PublicNotice]:
    """The notices this actor may read, the latest opened first."""
    found = PublicNotice.objects.filter(policy.notices_for(actor))
    return found.select_related("owner", "achievement", "edition").order_by("-id")


def notice(actor: Actor, notice_id: int) -> PublicNotice:
    """One notice; what may not be seen does not exist."""
    found = notices(actor).filter(pk=notice_id).first()
    if found is None:
        raise NotFound("notices.not_found", gettext_noop("没有找到这份公示，它可能还没有公开。"))
    return found


def objections(actor: Actor, notice_id: int) -> QuerySet[Objection]:
    """Of a notice, those that this actor may read."""
    return Objection.objects.filter(policy.objections_for(actor), notice_id=notice_id).order_by(
        "id"
    )


def objection_counts(notice_id: int) -> Mapping[str, int]:
    """How many objections in which state: what the public is told of them."""
    rows = Objection.objects.filter(notice_id=notice_id).values_list("state")
    with acting(SYSTEM):
        return dict(rows.annotate(count=Count("id")).order_by("state"))


def objection(actor: Actor, objection_id: int) -> Objection:
    """One objection; what may not be seen does not exist."""
    found = Objection.objects.filter(policy.objections_for(actor), pk=objection_id)
    one = found.select_related("notice").first()
    if one is None:
        raise NotFound("objections.not_found", gettext_noop("没有找到这条异议。"))
    return one


def counted(one: PublicNotice) -> Deadline:
    """How the days of a notice are counted, in words; from today where it is not yet open."""
    period = notice_rules.Period(one.days, one.unit, one.first_day)
    opened = one.opened_at or clock.now()
    return notice_rules.counted(clock.calendar(), opened, period, clock.site_zone())


def planned(one: PublicNotice) -> tuple[datetime, datetime]:
    """When it opened and closes; for a draft, when it would if it were opened now."""
    if one.opened_at is not None and one.closes_at is not None:
        return one.opened_at, one.closes_at
    now = clock.now()
    period = notice_rules.Period(one.days, one.unit, one.first_day)
    return now, notice_rules.closing(clock.calendar(), now, period, clock.site_zone())


def decisions(actor: Actor, record: Achievement) -> QuerySet[Decision]:
    """What the unit has decided, the latest first; for itself and the staff."""
    if not policy.may_see_inside(actor, record.owner_id):
        return Decision.objects.none()
    return Decision.objects.filter(achievement=record).select_related("file").order_by("-id")


def right_of(record: Achievement) -> Right | None:
    return Right.objects.filter(achievement=record).first()


def right(no: str) -> Right:
    """A registered right by its number."""
    found = Right.objects.select_related("achievement", "owner").filter(
        no=clean_line(no, cap=60).upper()
    )
    one = found.first()
    if one is None:
        raise NotFound("rights.not_found", gettext_noop("登记簿上没有这个编号，请核对后再查。"))
    return one


def entries_of(one: Right) -> list[RightEntry]:
    return list(one.entries.order_by("seq"))


def standing(one: Right | None, on: date | None = None) -> right_rules.Standing:
    """The register's state on a day (today); without a right, an empty one."""
    if one is None:
        return right_rules.Standing()
    rows = [right_rules.Entry(e.seq, e.kind, e.holds_from, e.content) for e in entries_of(one)]
    return right_rules.standing(rows, on or clock.today())


def checks(record: Achievement) -> list[statement_rules.Check]:
    """Every check of an achievement as it stands now: told to everybody, whoever stated it."""
    with acting(SYSTEM):
        return _checks(record)


def _checks(record: Achievement) -> list[statement_rules.Check]:
    stated = {s.item: s for s in Statement.objects.filter(achievement=record).order_by("id")}
    now = standing(right_of(record))
    facts = {
        "secrecy": record.secrecy,
        "is_export_controlled": record.is_export_controlled,
        "holders": len(record.holders),
        "completers": len(record.completers),
        "pledges": len(now.pledges),
        "objections": len(now.objections),
        "has_patent": any(r.get("kind") in PATENTS for r in record.rights),
    }
    return [
        statement_rules.check(item, facts, stated[item].verdict if item in stated else None)
        for item in statement_rules.ITEMS
    ]


@dataclass(frozen=True, slots=True)
class Checklist:
    """The duty checklist of an achievement, computed now, under an edition."""

    jurisdiction: str
    edition: Edition
    price_mode: str
    items: list[duty_rules.Duty]

    @property
    def missing(self) -> tuple[str, ...]:
        return duty_rules.missing(self.items)

    @property
    def in_the_way(self) -> tuple[str, ...]:
        return duty_rules.in_the_way(self.items)


def duties(record: Achievement) -> Checklist:
    """What is there, what is missing, who has the ball: from the rows of the rulebook and what
    stands on record at this moment. The list is public, the papers behind it are not: the house
    looks."""
    with acting(SYSTEM):
        return _duties(record)


def _duties(record: Achievement) -> Checklist:
    place = jurisdiction(record)
    edition = rulebook.rule(DUTIES, place)
    decided = Decision.objects.filter(achievement=record).order_by("-id").first()
    shown = (
        PublicNotice.objects.filter(achievement=record)
        .exclude(state="withdrawn")
        .order_by("-id")
        .first()
    )
    mode = decided.price_mode if decided else (shown.price_mode if shown else "agreement")
    facts = _decision_facts(decided) | _notice_facts(record, decided, shown)
    last = dict(
        Statement.objects.filter(achievement=record).order_by("id").values_list("item", "entry_id")
    )
    for check in checks(record):
        is_met = statement_rules.is_good(check)
        if check.item in facts:
            continue
        said = last.get(check.item)
        facts[check.item] = duty_rules.Fact(is_met, (said,) if said else ())
    items = duty_rules.checklist(
        edition.rows, facts, price_mode=mode, is_public_unit=is_public_unit(record),
        document=edition.document,
    )  # fmt: skip
    return Checklist(place, edition, mode, items)


def _decision_facts(decided: Decision | None) -> dict[str, duty_rules.Fact]:
    entries = (decided.entry_id,) if decided and decided.entry_id else ()
    return {"decision": duty_rules.Fact(decided is not None, entries)}


def _notice_facts(
    record: Achievement, decided: Decision | None, shown: PublicNotice | None
) -> dict[str, duty_rules.Fact]:
    """A notice counts when it stood to its end for what the unit decided, and nothing that it said
    has changed since."""
    if shown is None:
        return {"notice": duty_rules.Fact(False), "objections": duty_rules.Fact(False)}
    waiting = shown.objections.filter(state__in=notice_rules.WAITING).exists()
    agrees = decided is None or (
        decided.price_mode == shown.price_mode and decided.price_fen in (None, shown.price_fen)
    )
    is_current = shown.title == record.title
    over = shown.state == "ended" and agrees and is_current
    ball = "system" if shown.state == "open" else ""
    entries = entries_about("notice", shown.pk)
    return {
        "notice": duty_rules.Fact(over, entries, ball),
        "related_party": duty_rules.Fact(True, entries),
        "objections": duty_rules.Fact(over and not waiting, entries, ball),
    }


def entries_about(kind: str, subject_id: int) -> tuple[int, ...]:
    """The journal's entries about a row of this room, in their order."""
    rows = journal.timeline(actor=SYSTEM, kind=kind, subject_id=subject_id)
    with acting(SYSTEM):
        return tuple(reversed(rows.values_list("id", flat=True)[:MOST_ENTRIES]))


def duty_label(duty: str) -> str:
    """What a duty is called, by the table's own column."""
    return rulebook.shape(DUTIES).column("duty").choices[duty]


def today() -> date:
    return clock.today()


def floor_share() -> tuple[int, int]:
    """(fiscally funded achievements that take the floor, all that have chosen a way)."""
    rows = Way.objects.filter(achievement__is_fiscally_funded=True)
    with acting(SYSTEM):
        told = rows.aggregate(floor=Count("pk", filter=Q(is_floor=True)), all=Count("pk"))
    return int(told["floor"]), int(told["all"])


def right_entries(one: Right) -> list[dict[str, Any]]:
    """A right's entries as they are shown."""
    return [
        {
            "seq": e.seq, "kind": e.kind, "holds_from": e.holds_from, "content": e.content,
            "basis": e.basis, "entered_at": e.made_at, "entry_id": e.entry_id,
        }
        for e in entries_of(one)
    ]  # fmt: skip
