"""Reading editions: what holds, one by its id, whom a draft would move."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from django.db.models import QuerySet

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.codes import queries as codes
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.rulebook import cases, policy
from yangbanjian.ground.rulebook.models import Edition
from yangbanjian.ground.rulebook.rules import editions as lives
from yangbanjian.ground.rulebook.rules import trials
from yangbanjian.ground.rulebook.rules.rows import Row
from yangbanjian.ground.rulebook.rules.shapes import SHAPES, Shape
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.kernel.words import gettext_noop

TABLES = Path(__file__).parent / "tables"
MOST_CASES = 5000


def shape(table: str) -> Shape:
    """What the rows of a table hold."""
    if table not in SHAPES:
        sentence = gettext_noop("没有「%(table)s」这张规则表，GET /rules 列出所有表。")
        raise NotFound("rulebook.no_table", sentence, table=table[:40])
    return SHAPES[table]


def is_jurisdiction(of: Shape, code: str) -> bool:
    """Can the table have editions there? A house rule holds for this installation alone."""
    if of.is_house:
        return code == lives.HOUSE
    return code == lives.NATION or code in codes.table("regions")


def default_jurisdiction(of: Shape) -> str:
    return lives.HOUSE if of.is_house else lives.NATION


def in_force(table: str, jurisdiction: str, on: date) -> Edition | None:
    """The edition that holds on a day: the jurisdiction's own, else the next wider one's (district,
    city, province, state)."""
    places = lives.chain(jurisdiction)
    found = {
        e.jurisdiction: e
        for e in Edition.objects.filter(
            table=table, jurisdiction__in=places, effect__contains=on, state__in=lives.IN_PRINT
        )
    }
    return next((found[place] for place in places if place in found), None)


def rule(table: str, jurisdiction: str = "", on: date | None = None) -> Edition:
    """What holds (now, where no day is given), for a process that is born under it. NotFound where
    nothing does: a process can't begin without its rule."""
    of = shape(table)
    place = jurisdiction or default_jurisdiction(of)
    if not is_jurisdiction(of, place):
        sentence = gettext_noop("没有「%(place)s」这个地区。请填六位行政区划代码，全国填 CN。")
        raise NotFound("rulebook.no_jurisdiction", sentence, place=place[:20])
    day = on or clock.today()
    found = in_force(table, place, day)
    if found is None:
        sentence = gettext_noop("「%(table)s」在 %(on)s 没有生效的版次，请先由运营人员发布一版。")
        raise NotFound("rulebook.none_in_force", sentence, table=table, on=day.isoformat())
    return found


def editions(actor: Actor, table: str = "") -> QuerySet[Edition]:
    """The editions that this actor may read, a line together, the latest first."""
    found = policy.readable(actor)
    if table:
        found = found.filter(table=table)
    return found.order_by("table", "jurisdiction", "-number")


def edition(actor: Actor, edition_id: int) -> Edition:
    """One edition; a draft is not there for those who may not see it."""
    found = policy.readable(actor).filter(pk=edition_id).first()
    if found is None:
        raise NotFound("rulebook.not_found", gettext_noop("没有这一版规则。"))
    return found


def before(one: Edition) -> Edition | None:
    """What an edition takes over from, or (for a draft) what it would: the one of its own line, or
    a wider one's, that holds on the eve of its first day or on it."""
    held = in_force(one.table, one.jurisdiction, one.begins)
    if held is not None and held.pk != one.pk:
        return held
    line = Edition.objects.filter(
        table=one.table, jurisdiction=one.jurisdiction, state__in=lives.IN_PRINT
    )
    return line.filter(effect__endswith=one.begins).exclude(pk=one.pk).first()


def movers(actor: Actor, edition_id: int) -> trials.Trial:
    """The cases of other rooms under what holds and under this edition: who would be treated
    otherwise. Nothing is changed: each running case keeps the edition it was born under."""
    policy.may_try(actor).or_refuse()
    draft = edition(actor, edition_id)
    day = trials.holding_on(clock.today(), draft.begins)
    known: dict[str, tuple[Sequence[Row], Sequence[Row]]] = {}

    def both(place: str) -> tuple[Sequence[Row], Sequence[Row]]:
        if place not in known:
            known[place] = _both(draft, place, day)
        return known[place]

    # Counted by the house: of a case its address and its days are told, nothing of what it says.
    with acting(SYSTEM):
        return trials.tried(
            cases.of_table(draft.table), lambda p: both(p)[0], lambda p: both(p)[1], MOST_CASES
        )


def _both(draft: Edition, place: str, day: date) -> tuple[Sequence[Row], Sequence[Row]]:
    """The rows for a place without the draft and with it."""
    places = lives.chain(place)
    found = {
        e.jurisdiction: e
        for e in Edition.objects.filter(
            table=draft.table, jurisdiction__in=places, effect__contains=day,
            state__in=lives.IN_PRINT,
        ).exclude(pk=draft.pk)
    }  # fmt: skip
    held = next((found[p] for p in places if p in found), None)
    found[draft.jurisdiction] = draft
    then = next((found[p] for p in places if p in found), None)
    return (held.rows if held else [], then.rows if then else [])


def shipped() -> Iterator[Mapping[str, Any]]:
    """The editions that come with the product, with their table, in the order of the files."""
    for path in sorted(TABLES.glob("*.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        for one in told["editions"]:
            yield {"table": told["table"], **one}
