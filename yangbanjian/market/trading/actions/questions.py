"""Asking about a listing, and answering: what is answered everybody reads."""

from __future__ import annotations

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.messages import actions as messages
from yangbanjian.ground.messages.actions import Word
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, Problem
from yangbanjian.kernel.text import clean_text
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import policy, queries
from yangbanjian.market.trading.actions.decisions import INVALID, fact
from yangbanjian.market.trading.models import Question

MOST_WAITING = 200


def ask(*, actor: Actor, listing_id: int, text: str) -> Question:
    """Ask about a listing while it is disclosed. Who asks stays with the exchange."""
    with acting(actor):
        one = queries.listing(actor, listing_id)
        policy.may_ask(actor, one).or_refuse()
        if one.state not in ("disclosed", "paused"):
            raise Conflict(
                "questions.not_open", gettext_noop("这项挂牌不在信息发布期内，不能再提问。")
            )
        said = _said("text", text, cap=2000)
        with acting(SYSTEM):  # of what others ask nobody sees that it waits
            waiting = one.questions.filter(answered_at=None).count()
        if waiting >= MOST_WAITING:
            raise Conflict("questions.many", gettext_noop("等待答复的提问已经很多，请稍后再提。"))
        with acting(SYSTEM):  # also who speaks for no organisation may ask
            made = Question.objects.create(
                listing=one, owner_id=one.owner_id, asker_id=actor.organisation_id, text=said,
                made_by=actor.person_id, made_at=clock.now(),
            )  # fmt: skip
        told = fact(made, "asked", "listing_question", {"listing": one.pk}, audience="staff")
        journal.record(actor=actor, fact=told)
        word = Word(
            "trading", gettext_noop("「%(title)s」有人提问，请答复。"), {"title": one.title},
            f"/listings/{one.pk}", needs_action=True, once=f"question.{made.pk}",
        )  # fmt: skip
        messages.tell_organisation(one.owner_id, word, Role.TTO, Role.ENTERPRISE)
        return made


def answer(*, actor: Actor, question_id: int, text: str) -> Question:
    """Answer a question, once; question and answer are public from then on."""
    with acting(actor):
        seen = queries.question(actor, question_id)
        policy.may_answer(actor, seen.listing).or_refuse()
        one = Question.objects.select_for_update(no_key=True).get(pk=question_id)
        if one.answer:
            raise Conflict("questions.answered", gettext_noop("这个提问已经答复，答复后不能再改。"))
        one.answer = _said("text", text, cap=4000)
        one.answered_by, one.answered_at = actor.person_id, clock.now()
        one.save()
        payload = {"listing": one.listing_id}
        told = fact(one, "answered", "listing_question", payload, audience="public")
        journal.record(actor=actor, fact=told)
        if one.made_by is not None:
            word = Word(
                "trading", gettext_noop("您对「%(title)s」的提问已有答复。"),
                {"title": seen.listing.title}, f"/listings/{one.listing_id}",
                once=f"question.answered.{one.pk}",
            )  # fmt: skip
            messages.tell([one.made_by], word)
        return one


def _said(field: str, text: str, *, cap: int) -> str:
    said = clean_text(text, cap=cap)
    if not said:
        sentence = gettext_noop("请写明内容。")
        raise Invalid("questions.invalid", INVALID, [Problem(field, "required", sentence)])
    return said
