"""The public notice: drafted, opened, changed, ended, withdrawn."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.codes import queries as codes
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.messages import actions as messages
from yangbanjian.ground.messages.actions import Word
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, Problem
from yangbanjian.kernel.text import clean_text
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.achievements.models import Achievement
from yangbanjian.market.trading import policy, queries
from yangbanjian.market.trading.actions.decisions import INVALID, fact, locked, price_problem
from yangbanjian.market.trading.models import NoticeVersion, PublicNotice
from yangbanjian.market.trading.rules import notices as rules

_SAID = ("deal_mode", "price_mode", "price_fen", "is_related", "related_statement", "days")


def draft_notice(*, actor: Actor, achievement_id: int, values: Mapping[str, Any]) -> PublicNotice:
    """A draft. `values`: deal_mode, price_mode, price_fen, is_related, related_statement, and days
    (none: as many as the law asks). Name and abstract are the achievement's as they stand."""
    with acting(actor):
        record = locked(actor, achievement_id)
        policy.may_prepare(actor, record.owner_id).or_refuse()
        if PublicNotice.objects.filter(
            achievement=record, state__in=["draft", "open", "paused"]
        ).exists():
            raise Conflict(
                "notices.one_at_a_time",
                gettext_noop("这项成果已有一份公示在办，请变更或撤回它，不用另起一份。"),
            )
        made = PublicNotice(
            achievement=record, owner_id=record.owner_id, made_by=actor.person_id,
            made_at=clock.now(),
        )  # fmt: skip
        _say(made, record, values)
        made.save()
        _tell(actor, made, "notice_drafted", audience="parties")
        return made


def _say(one: PublicNotice, record: Achievement, values: Mapping[str, Any]) -> None:
    """Put into a notice what it says now, under the edition that holds now."""
    said = {name: values.get(name) for name in _SAID}
    _check(said)
    edition = queries.notice_rule(record)
    period = rules.period(edition.rows, said["days"])
    one.edition = edition
    one.days, one.unit, one.first_day = period.days, period.unit, period.first_day
    one.title, one.abstract = record.title, record.abstract
    one.achievement_version = record.version
    one.deal_mode, one.price_mode = str(said["deal_mode"]), str(said["price_mode"])
    one.price_fen = int(said["price_fen"] or 0)
    one.is_related = bool(said["is_related"])
    one.related_statement = clean_text(str(said["related_statement"] or ""), cap=2000)


def _check(said: Mapping[str, Any]) -> None:
    problems = []
    if said["deal_mode"] not in codes.table("deal_modes"):
        sentence = gettext_noop("请选合作方式，如转让、许可。")
        problems.append(Problem("deal_mode", "unknown", sentence))
    if said["price_mode"] not in rules.PRICE_MODES:
        sentence = gettext_noop("定价方式选协议定价、挂牌交易或拍卖。")
        problems.append(Problem("price_mode", "unknown", sentence))
    if said["price_fen"] is None:
        sentence = gettext_noop("公示要写明拟交易价格。")
        problems.append(Problem("price_fen", "required", sentence))
    elif (problem := price_problem(said["price_fen"])) is not None:
        problems.append(problem)
    if said["is_related"] is None:
        sentence = gettext_noop("请写明受让方是不是完成人或关联方。")
        problems.append(Problem("related_party", "required", sentence))
    elif said["is_related"] and not clean_text(str(said["related_statement"] or "")):
        sentence = gettext_noop("受让方是完成人或关联方的，请写明是谁、什么关系。")
        problems.append(Problem("related_party", "statement_required", sentence))
    if problems:
        raise Invalid("notices.invalid", INVALID, problems)


def open_notice(*, actor: Actor, notice_id: int) -> PublicNotice:
    """Make a draft public; its days begin to run."""
    with acting(actor):
        one = _owned(actor, notice_id)
        one.state = rules.TABLE.advance(one.state, "open")
        record = locked(actor, one.achievement_id)
        # Born now: the edition of today, the achievement as it stands today.
        _say(one, record, {name: getattr(one, name) for name in _SAID})
        _begin(one)
        one.save()
        _tell(actor, one, "notice_opened")
        return one


def _begin(one: PublicNotice) -> None:
    now = clock.now()
    period = rules.Period(one.days, one.unit, one.first_day)
    one.opened_at = now
    one.closes_at = rules.closing(clock.calendar(), now, period, clock.site_zone())
    one.ended_at = None


def change_notice(
    *, actor: Actor, notice_id: int, reason: str, values: Mapping[str, Any]
) -> PublicNotice:
    """Change what a notice says: the period begins anew, under the edition of today. What is not
    given stays; what it said before is kept."""
    with acting(actor):
        one = _owned(actor, notice_id)
        why = clean_text(reason, cap=1000)
        if not why:
            sentence = gettext_noop("请写明为什么变更，变更后重新计算公示期。")
            raise Invalid("notices.invalid", INVALID, [Problem("reason", "required", sentence)])
        one.state = rules.TABLE.advance(one.state, "change")
        record = locked(actor, one.achievement_id)
        before = _content(one)
        NoticeVersion.objects.create(
            notice=one, owner_id=one.owner_id, version=one.version, content=before, reason=why,
            made_at=clock.now(),
        )  # fmt: skip
        given = {name: value for name, value in values.items() if value is not None}
        _say(one, record, {name: getattr(one, name) for name in _SAID} | given)
        one.version += 1
        _begin(one)
        one.save()
        after = _content(one)
        changed = [name for name in after if after[name] != before[name]]
        _tell(actor, one, "notice_changed", remark=why, changed=changed)
        return one


def _content(one: PublicNotice) -> dict[str, Any]:
    """What a notice says and how long it stood, as it is kept."""
    names = (*_SAID, "title", "abstract", "unit", "first_day", "achievement_version", "state")
    times = {n: getattr(one, n) for n in ("opened_at", "closes_at", "ended_at")}
    return {
        **{name: getattr(one, name) for name in names},
        **{n: t.isoformat() if t else None for n, t in times.items()},
        "edition": one.edition.label,
    }


def end_notice(*, actor: Actor, notice_id: int) -> PublicNotice:
    """End a notice whose days are over. Ended already: nothing changes."""
    with acting(actor):
        one = _owned(actor, notice_id)
        return one if one.state == "ended" else _end(actor, one)


def _end(actor: Actor, one: PublicNotice) -> PublicNotice:
    now = clock.now()
    rules.may_end(one.state, one.closes_at, now)
    one.state = rules.TABLE.advance(one.state, "end")
    one.ended_at = now
    one.save()
    _tell(actor, one, "notice_ended")
    sentence = gettext_noop("「%(title)s」公示期满，可以办理下一步。")
    word = Word(
        "trading", sentence, {"title": one.title}, f"/notices/{one.pk}", needs_action=True,
        once=f"notice.ended.{one.pk}.{one.version}",
    )  # fmt: skip
    messages.tell_organisation(one.owner_id, word, Role.TTO)
    return one


def end_due(*, now: datetime, most: int) -> int:
    """End up to `most` notices whose days are over; returns how many."""
    found = PublicNotice.objects.filter(state="open", closes_at__lte=now).order_by("closes_at")
    done = 0
    for notice_id in list(found.values_list("pk", flat=True)[:most]):
        with acting(SYSTEM):
            one = PublicNotice.objects.select_for_update(no_key=True).get(pk=notice_id)
            if one.state == "open" and one.closes_at is not None and one.closes_at <= now:
                _end(SYSTEM, one)
                done += 1
    return done


def withdraw_notice(*, actor: Actor, notice_id: int, reason: str) -> PublicNotice:
    """Take a notice back; nothing can be sold on its strength any more."""
    with acting(actor):
        one = _owned(actor, notice_id)
        why = clean_text(reason, cap=1000)
        if not why:
            sentence = gettext_noop("请写明为什么撤回。")
            raise Invalid("notices.invalid", INVALID, [Problem("reason", "required", sentence)])
        was_public = one.opened_at is not None
        one.state = rules.TABLE.advance(one.state, "withdraw")
        one.save()
        audience: journal.Reader = "public" if was_public else "parties"
        _tell(actor, one, "notice_withdrawn", audience=audience, remark=why)
        return one


def locked_notice(notice_id: int) -> PublicNotice:
    """The notice with its row locked to the end of the transaction. Callers have asked whether the
    actor may see it; the house locks, for who objects changes nothing of it themselves."""
    found = PublicNotice.objects.select_for_update(of=("self",), no_key=True)
    with acting(SYSTEM):
        return found.select_related("edition").get(pk=notice_id)


def looked_at(actor: Actor, notice_id: int) -> PublicNotice:
    """The notice as it is before a move, locked to the end of the request: one of two wins."""
    queries.notice(actor, notice_id)
    return locked_notice(notice_id)


def _owned(actor: Actor, notice_id: int) -> PublicNotice:
    queries.notice(actor, notice_id)
    one = locked_notice(notice_id)
    policy.may_prepare(actor, one.owner_id).or_refuse()
    return one


def _tell(
    actor: Actor, one: PublicNotice, past: str, *, audience: journal.Reader = "public",
    remark: str = "", **more: Any,
) -> None:  # fmt: skip
    payload = {
        "state": one.state, "version": one.version, "price_fen": one.price_fen,
        "price_mode": one.price_mode, "deal_mode": one.deal_mode, "days": one.days,
        "closes_at": one.closes_at.isoformat() if one.closes_at else None, **more,
    }  # fmt: skip
    told = fact(
        one, past, "notice", payload, edition=one.edition.label, audience=audience, remark=remark
    )
    journal.record(actor=actor, fact=told)
