"""Keeping matches, and introducing the parties."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from yangbanjian.engines.matching import policy, queries
from yangbanjian.engines.matching.answering import answer_rule
from yangbanjian.engines.matching.keeping import Found as Found
from yangbanjian.engines.matching.keeping import fact
from yangbanjian.engines.matching.keeping import keep as keep
from yangbanjian.engines.matching.models import Feedback, Match
from yangbanjian.engines.matching.prefilling import prefilled
from yangbanjian.engines.matching.rules import introductions
from yangbanjian.engines.matching.rules.why_codes import is_why_code
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.log.requirements import Subject, require_entries
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.kernel.refusals import Conflict, Invalid, NotFound, Problem
from yangbanjian.kernel.text import clean_text
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.demands import actions as demands
from yangbanjian.libraries.demands import policy as demand_policy
from yangbanjian.libraries.records import queries as records
from yangbanjian.libraries.records.rules.states import LIVE


def move(*, actor: Actor, match_id: int, name: str, why: str = "", note: str = "") -> Match:
    """Make one move of the introduction for the actor's side; returns the match."""
    with acting(actor):
        match = locked(actor, match_id)
        policy.may_move(actor, match).or_refuse()
        side = policy.side_of(actor, match)
        if name == "decline":
            _known_why(why)
        now = clock.now()
        came_from = match.state
        days = 0
        if name == "interested":
            match.edition = answer_rule()
            days = introductions.answer_days(match.edition.rows)
        match.state, turn = introductions.after(came_from, name, side, match.first, now, days)
        require_entries(Subject("match", match.pk), process="introduction", state=match.state)
        match.turn, match.turn_since, match.turn_until = turn.side, turn.since, turn.until
        match.state_since = now
        match.why = why
        if name == "interested":
            match.first = side
            match.note = note.strip()[:500]
        match.save()
        if name == "decline" and side == "seeker" and came_from in ("suggested", "seen"):
            # No to a suggestion is also a word on it: one step, not two. A withdrawal is not.
            _keep_word(actor, match, "bad", why)
        payload = {"from": came_from, "to": match.state, "side": side, "why": why}
        journal.record(actor=actor, fact=fact(match, _PAST[name], payload, note))
        return match


_PAST = {
    "see": "seen",
    "interested": "interested",
    "agree": "agreed",
    "decline": "declined",
    "lapse": "lapsed",
}


def approach(*, actor: Actor, text: str, kind: str, record_id: int, note: str = "") -> Match:
    """One tap from a sentence to an introduction: keep the sentence as a demand that only the
    matcher and brokers see, and show interest in the record. Asking twice gives the same match."""
    if kind not in queries.SUPPLY:
        raise NotFound("matches.not_found", gettext_noop("没有找到这条匹配。"))
    record = records.get(records.library_of_kind(kind), actor, record_id)
    if record.state not in LIVE:
        raise Conflict("matches.not_live", gettext_noop("这一项已经不公开，不能再约谈。"))
    with acting(actor):
        if actor.organisation_id is not None and actor.acts_for(record.owner_id):
            raise Conflict("matches.own_record", gettext_noop("这是您自己单位的，不用约谈。"))
        demand = _demand_for(actor, text)
        found = Match.objects.filter(demand=demand, **{f"{kind}_id": record_id}).first()
        if found is None:
            keep(
                seeker_id=demand.owner_id,
                demand_id=demand.pk,
                found=[_found_for(actor, text, kind, record)],
            )
            found = Match.objects.get(demand=demand, **{f"{kind}_id": record_id})
        if found.state in ("suggested", "seen"):
            found = move(actor=actor, match_id=found.pk, name="interested", note=note)
        return found


def _demand_for(actor: Actor, text: str) -> Any:
    """The actor's own open demand with exactly these words, or a new one."""
    library = records.library_of_kind("demand")
    words = clean_text(text, cap=queries.LONGEST_TEXT)
    demand_policy.may_add(actor, actor.organisation_id).or_refuse()
    mine = records.owned(library, actor, ("draft", "submitted", *LIVE))
    same = mine.filter(owner_id=actor.organisation_id, abstract=words).first()
    if same is not None:
        return same
    assert actor.organisation_id is not None  # the policy has refused otherwise
    demand = demands.add(
        actor=actor, owner_id=actor.organisation_id, values=prefilled(queries.read(words))
    )
    return demands.move(actor=actor, record_id=demand.pk, name="submit")


def _found_for(actor: Actor, text: str, kind: str, record: Any) -> Found:
    """What the matcher says of this record for this sentence; nothing much where it is far off."""
    answer = queries.ask(actor=actor, text=text, kinds=(kind,), limit=queries.MOST)
    item = next((i for i in answer.items if i.record.pk == record.pk), None)
    return Found(
        kind=kind,
        record_id=record.pk,
        provider_id=record.owner_id,
        broker_id=getattr(record, "custody_broker_id", None),
        score=Decimal(str(item.score)) if item else Decimal(0),
        percent=item.percent if item else 0,
        parts=item.parts if item else {},
        reasons=item.reasons if item else [],
    )


def lapse(*, match_id: int) -> None:
    """End an introduction whose turn has run out."""
    with acting(SYSTEM):
        match = Match.objects.select_for_update(no_key=True).get(pk=match_id)
        now = clock.now()
        introductions.may_lapse(match.state, match.turn_until, now)
        match.state, match.turn, match.state_since = "lapsed", "", now
        match.save()
        journal.record(actor=SYSTEM, fact=fact(match, "lapsed", {}))


def judge(*, actor: Actor, match_id: int, verdict: str, why: str = "") -> Feedback:
    """Say whether a match is good; the last word of an organisation counts."""
    with acting(actor):
        match = locked(actor, match_id)
        policy.may_judge(actor, match).or_refuse()
        if verdict not in ("good", "bad"):
            sentence = gettext_noop("请选「准」或「不准」。")
            raise Invalid("matches.verdict", sentence, [Problem("verdict", "unknown", sentence)])
        if verdict == "bad":
            _known_why(why)
        said = _keep_word(actor, match, verdict, why)
        journal.record(actor=actor, fact=fact(match, "judged", {"verdict": verdict, "why": why}))
        return said


def _keep_word(actor: Actor, match: Match, verdict: str, why: str) -> Feedback:
    said, _ = Feedback.objects.update_or_create(  # type: ignore[misc]
        match=match,
        organisation_id=actor.organisation_id,
        defaults={
            "verdict": verdict,
            "why": why if verdict == "bad" else "",
            "made_by": actor.person_id,
            "made_at": clock.now(),
        },
    )
    return said


def judge_answer(*, actor: Actor, kind: str, record_id: int, verdict: str, why: str = "") -> None:
    """Somebody's opinion of an answer that was not kept as a match: told to the journal."""
    if kind not in queries.SUPPLY:
        raise NotFound("matches.not_found", gettext_noop("没有找到这条匹配。"))
    if verdict not in ("good", "bad"):
        sentence = gettext_noop("请选「准」或「不准」。")
        raise Invalid("matches.verdict", sentence, [Problem("verdict", "unknown", sentence)])
    if verdict == "bad":
        _known_why(why)
    record = records.get(records.library_of_kind(kind), actor, record_id)
    with acting(actor):
        fact = journal.Fact(
            verb="matches.answer_judged",
            subject_kind=kind,
            subject_id=record.pk,
            owner_id=record.owner_id,
            payload={"verdict": verdict, "why": why if verdict == "bad" else ""},
        )
        journal.record(actor=actor, fact=fact)


def _known_why(why: str) -> None:
    if not is_why_code(why):
        sentence = gettext_noop("请从列表中选一个原因，方便对方改进。")
        raise Invalid("matches.why_needed", sentence, [Problem("why", "unknown_code", sentence)])


def locked(actor: Actor, match_id: int) -> Match:
    """The match under a row lock. Refuses what the actor may not see."""
    match = (
        Match.objects.select_for_update(no_key=True, of=("self",))
        .select_related("demand")
        .filter(policy.visible_to(actor), pk=match_id)
        .first()
    )
    if match is None:
        raise queries.not_found(actor, match_id)
    return match
