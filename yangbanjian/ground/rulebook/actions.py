"""Writing editions: draft, change, withdraw, publish; and bringing in those that are shipped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Max

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.rulebook import policy, queries
from yangbanjian.ground.rulebook.models import Edition
from yangbanjian.ground.rulebook.rules import editions as lives
from yangbanjian.ground.rulebook.rules.rows import checked
from yangbanjian.ground.rulebook.rules.shapes import Shape
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.kernel.refusals import Conflict, Invalid, Problem
from yangbanjian.kernel.text import clean_line, clean_text
from yangbanjian.kernel.words import gettext_noop

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
MOST_DRAFTS = 20
_LINES = {"document": 200, "clause": 100, "unit": 40, "source": 200}
_INVALID = gettext_noop("有几处需要修改，请看各栏的提示。")


def draft(*, actor: Actor, table: str, jurisdiction: str, values: Mapping[str, Any]) -> Edition:
    """Write a draft. `values`: document (needed), clause, unit, source, note, is_provisional,
    begins (needed) and ends as dates (`ends` is the first day on which it no longer holds), rows."""
    of = queries.shape(table)
    policy.may_write(actor).or_refuse()
    with acting(actor):
        kept = _checked(of, values)
        if not queries.is_jurisdiction(of, jurisdiction):
            sentence = gettext_noop("请填这张表可用的地区：六位行政区划代码，全国填 CN。")
            problem = Problem("jurisdiction", "unknown", sentence)
            raise Invalid("rulebook.invalid", _INVALID, [problem])
        _lock_line(table, jurisdiction)
        line = Edition.objects.filter(table=table, jurisdiction=jurisdiction)
        if line.filter(state="draft").count() >= MOST_DRAFTS:
            sentence = gettext_noop("这张表在这个地区已有 %(most)d 份草稿，请先发布或作废几份。")
            raise Conflict("rulebook.many_drafts", sentence, most=MOST_DRAFTS)
        now = clock.now()
        made = Edition.objects.create(
            table=table, jurisdiction=jurisdiction, number=_next_number(table, jurisdiction),
            author_id=actor.person_id, made_at=now, changed_at=now, **kept,
        )  # fmt: skip
        _tell(actor, made, "drafted")
        return made


def change(*, actor: Actor, edition_id: int, values: Mapping[str, Any]) -> Edition:
    """Change a draft; what is not given stays."""
    policy.may_write(actor).or_refuse()
    with acting(actor):
        one = locked(actor, edition_id)
        if one.state != "draft":
            raise Conflict(
                "rulebook.stands", gettext_noop("已经发布的版次不能修改，请另起草一版接替它。")
            )
        before = {name: getattr(one, name) for name in _GIVEN}
        for name, value in _checked(queries.shape(one.table), before | dict(values)).items():
            setattr(one, name, value)
        one.version += 1
        one.changed_at = clock.now()
        one.save()
        _tell(actor, one, "changed", version=one.version)
        return one


def withdraw(*, actor: Actor, edition_id: int, reason: str = "") -> Edition:
    """Give a draft up; it stays readable for staff."""
    policy.may_write(actor).or_refuse()
    with acting(actor):
        one = locked(actor, edition_id)
        one.state = lives.TABLE.advance(one.state, "withdraw")
        one.version += 1
        one.changed_at = clock.now()
        one.save()
        _tell(actor, one, "withdrawn", remark=reason)
        return one


def publish(*, actor: Actor, edition_id: int, reason: str = "") -> Edition:
    """Publish a draft: from its first day on it holds, and what held there before ends. Another
    operator than the author does it. Of two at once that overlap, one is refused."""
    policy.may_write(actor).or_refuse()
    with acting(actor):
        one = locked(actor, edition_id)
        policy.may_publish(actor, one).or_refuse()
        one.state = lives.TABLE.advance(one.state, "publish")
        _rows(queries.shape(one.table), one.rows)
        last = _take_over(one)
        one.version += 1
        one.published_by, one.published_at = actor.person_id, clock.now()
        one.was_alone = one.author_id == actor.person_id
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS edition_no_overlap DEFERRED")
            one.save()
            if last is not None:
                last.effect = DateRange(last.begins, one.begins)
                last.state = lives.TABLE.advance(last.state, "follow")
                last.superseded_by = one
                last.save(update_fields=["effect", "state", "superseded_by"])
            cursor.execute("SET CONSTRAINTS edition_no_overlap IMMEDIATE")
        told = {"follows": last.label if last else "", "alone": one.was_alone}
        _tell(actor, one, "published", remark=reason, **told)
        return one


def locked(actor: Actor, edition_id: int) -> Edition:
    """The edition with its line locked to the end of the transaction: the line first, so that two
    who write in it wait for each other in one order."""
    seen = queries.edition(actor, edition_id)
    _lock_line(seen.table, seen.jurisdiction)
    return Edition.objects.select_for_update().get(pk=edition_id)


def _take_over(one: Edition) -> Edition | None:
    """The edition that ends when this one begins; refuses where two would hold on one day."""
    line = Edition.objects.select_for_update().filter(
        table=one.table, jurisdiction=one.jurisdiction, state__in=lives.IN_PRINT
    )
    by_id = {e.pk: e for e in line}
    standing = [
        lives.Standing(e.pk, e.begins, e.ends, e.state == "superseded") for e in by_id.values()
    ]
    found = lives.followed_by(standing, one.begins, one.ends)
    return by_id[found.edition_id] if found else None


_GIVEN = (*_LINES, "note", "is_provisional", "begins", "ends", "rows")


def _checked(of: Shape, values: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of an edition from what was given; raises Invalid with every problem."""
    problems: list[Problem] = []
    kept: dict[str, Any] = {
        name: clean_line(str(values.get(name) or ""), cap=cap) for name, cap in _LINES.items()
    }
    kept["note"] = clean_text(str(values.get("note") or ""), cap=2000)
    kept["is_provisional"] = bool(values.get("is_provisional"))
    if not kept["document"]:
        sentence = gettext_noop("请填依据的文件和文号；本站自定的写“本站自定”。")
        problems.append(Problem("document", "required", sentence))
    begins, ends = values.get("begins"), values.get("ends")
    if not isinstance(begins, date) or not FIRST_DAY <= begins <= LAST_DAY:
        sentence = gettext_noop("请填施行日期，如 2026-01-01。")
        problems.append(Problem("begins", "unusable", sentence))
    elif ends is not None and not (isinstance(ends, date) and begins < ends <= LAST_DAY):
        sentence = gettext_noop("截止日应晚于施行日期。")
        problems.append(Problem("ends", "unusable", sentence))
    else:
        kept["effect"] = DateRange(begins, ends)
    kept["rows"], wrong = checked(of, values.get("rows") or [])
    if problems or wrong:
        raise Invalid("rulebook.invalid", _INVALID, [*problems, *wrong])
    return kept


def _rows(of: Shape, rows: Any) -> None:
    """A table's shape may have grown since the draft was written."""
    _, wrong = checked(of, rows)
    if wrong:
        raise Invalid("rulebook.invalid", _INVALID, wrong)


def _lock_line(table: str, jurisdiction: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"rulebook:{table}:{jurisdiction}"],
        )


def _next_number(table: str, jurisdiction: str, alias: str = "default") -> int:
    line = Edition.objects.using(alias).filter(table=table, jurisdiction=jurisdiction)
    return int(line.aggregate(last=Max("number"))["last"] or 0) + 1


def _tell(actor: Actor, one: Edition, verb: str, remark: str = "", **more: Any) -> None:
    fact = journal.Fact(
        f"rulebook.{verb}", "edition", one.pk,
        audience="public" if verb == "published" else "staff",
        payload={"table": one.table, "jurisdiction": one.jurisdiction, "number": one.number, **more},
        edition=one.label, remark=clean_text(remark, cap=1000),
    )  # fmt: skip
    journal.record(actor=actor, fact=fact)


def settle_shipped(alias: str) -> list[str]:
    """Bring in the editions that come with the product and are not here yet, as the login that
    owns the tables; returns the labels of the new ones. Where the operators have published one of
    their own for the same days, what is shipped comes as a draft for them to judge."""
    made: list[str] = []
    now = clock.now()
    with transaction.atomic(using=alias):
        mine = Edition.objects.using(alias)
        known = set(mine.filter(shipped_as__isnull=False).values_list("shipped_as", flat=True))
        for told in queries.shipped():
            if told["name"] in known:
                continue
            of = queries.shape(told["table"])
            begins = date.fromisoformat(told["begins"])
            ends = date.fromisoformat(told["ends"]) if told.get("ends") else None
            kept = _checked(of, {**told, "begins": begins, "ends": ends})
            line = mine.filter(table=told["table"], jurisdiction=told["jurisdiction"])
            is_free = not line.filter(
                state__in=lives.IN_PRINT, effect__overlap=kept["effect"]
            ).exists()
            one = mine.create(
                table=told["table"], jurisdiction=told["jurisdiction"],
                number=_next_number(told["table"], told["jurisdiction"], alias),
                shipped_as=told["name"], made_at=now, changed_at=now,
                state="published" if is_free else "draft",
                published_at=now if is_free else None, **kept,
            )  # fmt: skip
            made.append(one.label)
    if made:
        with acting(SYSTEM):
            fact = journal.Fact("rulebook.shipped", "edition", 0, payload={"editions": made})
            journal.record(actor=SYSTEM, fact=fact)
    return made
