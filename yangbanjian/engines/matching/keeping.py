"""Storing what the matcher found: once each, whoever looks at the same time. System work."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count

from yangbanjian.engines.matching.models import Match
from yangbanjian.engines.matching.rules import directions
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.kernel.actor import SYSTEM

A_DAY = 3
"""Suggestions by tags that an enterprise gets on one day."""
A_SUPPLY = 20
"""Enterprises that one technology is suggested to at one time."""
_REFRESHED = ["score", "percent", "parts", "reasons", "versions"]
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Found:
    """What the matcher found for a seeker: one supply record with score, parts and reasons."""

    kind: str
    record_id: int
    provider_id: int
    broker_id: int | None
    score: Decimal
    percent: int
    parts: Mapping[str, float]
    reasons: Sequence[Mapping[str, Any]]
    versions: tuple[int, int] = (0, 0)


def keep(*, seeker_id: int, demand_id: int | None, found: Sequence[Found]) -> list[Match]:
    """Store or refresh what was found; an introduction under way keeps its state. New ones only
    are returned. System work: the matcher calls it, nobody else."""
    return keep_all([(seeker_id, demand_id, item) for item in found])


def keep_all(found: Iterable[tuple[int, int | None, Found]]) -> list[Match]:
    """The same for many seekers (seeker, demand or None, found); returns the new ones. What one
    search finds for a demand waits until another search for it has ended."""
    wanted = [w for w in found if w[2].provider_id != w[0]]
    new: list[Match] = []
    for start in range(0, len(wanted), AT_ONCE):
        new += _kept(wanted[start : start + AT_ONCE])
    return new


def _kept(wanted: Sequence[tuple[int, int | None, Found]]) -> list[Match]:
    with acting(SYSTEM):
        # 0 stands for tags: searches by tags follow one another, for the sake of their caps.
        _wait_for_turn({demand_id or 0 for _, demand_id, _ in wanted})
        standing = _standing(wanted)
        now = clock.now()
        fresh: dict[_Key, Match] = {}
        changed = []
        for seeker_id, demand_id, item in wanted:
            made = _match(seeker_id, demand_id, item, now)
            old = standing.get(_key(made))
            if old is None:
                fresh.setdefault(_key(made), made)
            elif any(getattr(old, name) != getattr(made, name) for name in _REFRESHED):
                for name in _REFRESHED:
                    setattr(old, name, getattr(made, name))
                changed.append(old)
        new = Match.objects.bulk_create(fresh.values())
        Match.objects.bulk_update(changed, _REFRESHED)
        journal.record_many(actor=SYSTEM, facts=[fact(m, "suggested", {}) for m in new])
        return new


def suggest(found: Sequence[tuple[int, Found]]) -> list[Match]:
    """Store what lies in the direction of enterprises' tags (seeker, found): the best of it within
    the caps of a day. What was suggested once, whatever came of it, is not suggested again."""
    with acting(SYSTEM):
        _wait_for_turn({0})
        known = set(
            Match.objects.filter(
                seeker_id__in=[s for s, _ in found],
                achievement_id__in=[item.record_id for _, item in found],
            ).values_list("seeker_id", "achievement_id")
        )
        by_pair = {(s, i.record_id): i for s, i in found if (s, i.record_id) not in known}
        offers = [
            directions.Offer(seeker, supply, float(item.score))
            for (seeker, supply), item in by_pair.items()
        ]
        given = _given_today({offer.seeker_id for offer in offers})
        kept = directions.within_caps(offers, given_today=given, a_day=A_DAY, a_supply=A_SUPPLY)
        return keep_all(
            [(o.seeker_id, None, by_pair[o.seeker_id, o.supply_id]) for o in kept],
        )


def _given_today(seekers: Collection[int]) -> dict[int, int]:
    """How many suggestions by tags each enterprise has had since midnight."""
    midnight = datetime.combine(clock.today(), time(), clock.site_zone())
    rows = Match.objects.filter(demand=None, seeker_id__in=seekers, made_at__gte=midnight)
    return dict(rows.values_list("seeker_id").annotate(n=Count("pk")).order_by())


def _wait_for_turn(demand_ids: Collection[int]) -> None:
    """Until the end of the transaction nobody else stores matches of these demands."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('matching.keep'), k)"
            " FROM (SELECT (unnest(%s::bigint[]) %% 2147483648)::int AS k ORDER BY 1) AS keys",
            [sorted(demand_ids)],
        )


_Key = tuple[int, int | None, int | None, int | None]


def _key(match: Match) -> _Key:
    """What a match is the only one of: a demand or, without one, an enterprise, and a supply."""
    seeker = 0 if match.demand_id else match.seeker_id
    return seeker, match.demand_id, match.achievement_id, match.expert_id


def _standing(wanted: Sequence[tuple[int, int | None, Found]]) -> dict[_Key, Match]:
    demands = {d for _, d, _ in wanted if d is not None}
    seekers = {s for s, d, _ in wanted if d is None}
    found: list[Match] = []
    if demands:
        found += Match.objects.filter(demand_id__in=demands)
    if seekers:
        found += Match.objects.filter(demand=None, seeker_id__in=seekers)
    return {_key(match): match for match in found}


def _match(seeker_id: int, demand_id: int | None, item: Found, now: datetime) -> Match:
    return Match(
        demand_id=demand_id,
        achievement_id=item.record_id if item.kind == "achievement" else None,
        expert_id=item.record_id if item.kind == "expert" else None,
        seeker_id=seeker_id,
        provider_id=item.provider_id,
        broker_id=item.broker_id,
        score=item.score,
        percent=item.percent,
        parts=dict(item.parts),
        reasons=[dict(reason) for reason in item.reasons],
        versions=list(item.versions),
        made_at=now,
        state_since=now,
    )


def fact(match: Match, past: str, payload: Mapping[str, Any], remark: str = "") -> journal.Fact:
    """What the journal is told about a match: ids and facts, for its parties."""
    parties = {match.seeker_id, match.provider_id, match.broker_id} - {None}
    return journal.Fact(
        verb=f"matches.{past}",
        subject_kind="match",
        subject_id=match.pk,
        owner_id=match.seeker_id,
        party_ids=tuple(sorted(p for p in parties if p is not None)),
        audience="parties",
        edition=match.edition.label if match.edition else "",
        payload={
            "demand": match.demand_id,
            "achievement": match.achievement_id,
            "expert": match.expert_id,
            **payload,
        },
        remark=remark,
    )
