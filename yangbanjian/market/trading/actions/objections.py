"""Objecting to a notice, ruling, appealing."""

from __future__ import annotations

from datetime import datetime

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.messages import actions as messages
from yangbanjian.ground.messages.actions import Word
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, Problem
from yangbanjian.kernel.text import clean_line, clean_text
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import policy, queries
from yangbanjian.market.trading.actions.decisions import INVALID, fact
from yangbanjian.market.trading.actions.notices import locked_notice
from yangbanjian.market.trading.models import Objection, PublicNotice
from yangbanjian.market.trading.rules import notices as rules

MOST_WAITING = 200


def object_to(
    *, actor: Actor, notice_id: int, text: str, name: str = "", contact: str = ""
) -> Objection:
    """Object to a notice: its days stand still until the ruling. Somebody without an account leaves
    a name and how to be reached."""
    with acting(actor):
        queries.notice(actor, notice_id)
        one = locked_notice(notice_id)
        policy.may_object(actor, one).or_refuse()
        now = clock.now()
        _in_time(one, now)
        said, who, how = (
            clean_text(text, cap=5000),
            clean_line(name, cap=60),
            clean_line(contact, cap=120),
        )
        problems = []
        if not said:
            sentence = gettext_noop("请写明异议的内容和理由。")
            problems.append(Problem("text", "required", sentence))
        if actor.is_anonymous and not (who and how):
            sentence = gettext_noop("未登录的，请留下姓名和联系方式，便于答复；不会公开。")
            problems.append(Problem("contact", "required", sentence))
        if problems:
            raise Invalid("objections.invalid", INVALID, problems)
        # Whoever objects does not see the others' objections: the house counts and writes.
        with acting(SYSTEM):
            if one.objections.filter(state__in=rules.WAITING).count() >= MOST_WAITING:
                told = gettext_noop("这份公示的异议已经很多，处理后再提。")
                raise Conflict("objections.many", told)
            made = Objection.objects.create(
                notice=one, owner_id=one.owner_id, text=said,
                name="" if actor.person_id else who, contact="" if actor.person_id else how,
                made_by=actor.person_id, made_at=now,
            )  # fmt: skip
            _pause(one, now)
        # What somebody says may hold personal data: the log has that it was said, not the words.
        journal.record(
            actor=actor, fact=fact(made, "objected", "notice_objection", {"notice": one.pk})
        )
        _tell_notice(SYSTEM, one, "notice_objected")
        word = Word(
            "trading", gettext_noop("「%(title)s」的公示收到异议，已暂停计时，请处理。"),
            {"title": one.title}, f"/notices/{one.pk}", needs_action=True,
            once=f"objection.{made.pk}",
        )  # fmt: skip
        messages.tell_organisation(one.owner_id, word, Role.TTO)
        return made


def _in_time(one: PublicNotice, now: datetime) -> None:
    """Only while the notice stands: a minute late is late, whether or not the end was written."""
    is_open = one.state == "paused" or (
        one.state == "open" and one.closes_at is not None and now < one.closes_at
    )
    if not is_open:
        raise Conflict("notices.not_open", gettext_noop("这份公示不在公示期内，不能再提异议。"))


def _pause(one: PublicNotice, now: datetime) -> None:
    if one.state == "open":
        one.state = rules.TABLE.advance(one.state, "pause")
        one.paused_at = now
        one.save()


def rule(*, actor: Actor, objection_id: int, outcome: str, reason: str = "") -> Objection:
    """Rule on an objection, or on its appeal: `outcome` upheld or dismissed. Upheld stops the
    notice; when none waits any more it goes on for the days that were left."""
    with acting(actor):
        seen = queries.objection(actor, objection_id)
        one = locked_notice(seen.notice_id)
        objection = _locked(objection_id)
        policy.may_rule(actor, objection).or_refuse()
        if outcome not in ("upheld", "dismissed"):
            sentence = gettext_noop("裁定选成立（upheld）或不成立（dismissed）。")
            raise Invalid("objections.invalid", INVALID, [Problem("outcome", "unknown", sentence)])
        is_final = objection.state == "appealed"
        verb = "uphold" if outcome == "upheld" else "dismiss"
        objection.state = rules.OBJECTIONS.advance(
            objection.state, f"{verb}_appeal" if is_final else verb
        )
        now, why = clock.now(), clean_text(reason, cap=2000)
        if is_final:
            objection.final_ruling, objection.final_ruled_by = why, actor.person_id
            objection.final_ruled_at = now
        else:
            objection.ruling, objection.ruled_by, objection.ruled_at = why, actor.person_id, now
        objection.save()
        payload = {"notice": one.pk, "outcome": outcome, "final": is_final}
        journal.record(
            actor=actor, fact=fact(objection, "ruled", "notice_objection", payload, remark=why)
        )
        _go_on(actor, one, now)
        _tell_objector(objection, one)
        return objection


def _locked(objection_id: int) -> Objection:
    """The objection with its row locked. Callers have asked whether the actor may see it; the house
    locks, so that whoever may see it and not rule is told why."""
    with acting(SYSTEM):
        return Objection.objects.select_for_update(no_key=True).get(pk=objection_id)


def _go_on(actor: Actor, one: PublicNotice, now: datetime) -> None:
    """What the notice does after a ruling."""
    if one.state != "paused":
        return  # stopped by another objection already
    # Those of an earlier version of the notice have had their effect: it was changed since.
    states = list(one.objections.filter(made_at__gte=one.opened_at).values_list("state", flat=True))
    move = rules.after_rulings(states)
    if not move:
        return
    assert one.paused_at is not None
    assert one.closes_at is not None
    one.state = rules.TABLE.advance(one.state, move)
    if move == "resume":
        one.closes_at = rules.resumed(one.closes_at, one.paused_at, now)
    one.paused_at = None
    one.save()
    _tell_notice(actor, one, "notice_resumed" if move == "resume" else "notice_stopped")


def appeal(*, actor: Actor, objection_id: int, reason: str) -> Objection:
    """Appeal against a dismissal while the notice stands: the exchange rules, another person."""
    with acting(actor):
        seen = queries.objection(actor, objection_id)
        one = locked_notice(seen.notice_id)
        objection = _locked(objection_id)
        policy.may_appeal(actor, objection).or_refuse()
        now = clock.now()
        _in_time(one, now)
        why = clean_text(reason, cap=2000)
        if not why:
            sentence = gettext_noop("请写明申诉的理由。")
            raise Invalid("objections.invalid", INVALID, [Problem("reason", "required", sentence)])
        objection.state = rules.OBJECTIONS.advance(objection.state, "appeal")
        objection.appeal, objection.appealed_at = why, now
        objection.save()
        with acting(SYSTEM):
            _pause(one, now)
        payload = {"notice": one.pk}
        journal.record(actor=actor, fact=fact(objection, "appealed", "notice_objection", payload))
        _tell_notice(SYSTEM, one, "notice_appealed")
        word = Word(
            "trading", gettext_noop("「%(title)s」的异议人提出申诉，请由另一人裁定。"),
            {"title": one.title}, f"/notices/{one.pk}", needs_action=True,
            once=f"objection.appeal.{objection.pk}",
        )  # fmt: skip
        messages.tell_role(Role.EXCHANGE, word)
        return objection


def _tell_objector(objection: Objection, one: PublicNotice) -> None:
    if objection.made_by is not None:
        word = Word(
            "trading", gettext_noop("您对「%(title)s」公示的异议已有裁定，请查看。"),
            {"title": one.title}, f"/notices/{one.pk}",
            once=f"objection.ruled.{objection.pk}.{objection.state}",
        )  # fmt: skip
        messages.tell([objection.made_by], word)


def _tell_notice(actor: Actor, one: PublicNotice, past: str) -> None:
    """What the public learns: that it paused, went on or stopped. Who objected stays inside: the
    entry of an objection is the parties', and the pause is the system's."""
    closes = one.closes_at.isoformat() if one.closes_at else None
    payload = {"state": one.state, "version": one.version, "closes_at": closes}
    told = fact(one, past, "notice", payload, edition=one.edition.label, audience="public")
    journal.record(actor=actor, fact=told)
