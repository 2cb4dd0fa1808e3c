"""What a unit decides and states about an achievement on its way to the floor."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.files import queries as files
from yangbanjian.ground.journal import actions as journal
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.kernel.refusals import Conflict, Invalid, Problem
from yangbanjian.kernel.text import clean_line, clean_text
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.achievements.models import Achievement
from yangbanjian.market.trading import policy, queries
from yangbanjian.market.trading.models import Decision, Statement, Way
from yangbanjian.market.trading.rules.notices import PRICE_MODES
from yangbanjian.market.trading.rules.statements import ITEMS, VERDICTS

LARGEST_FEN = 10**15
_KIND = re.compile(r"[a-z][a-z_]{0,39}", re.ASCII)
INVALID = gettext_noop("有几处需要修改，请看各栏的提示。")


def locked(actor: Actor, achievement_id: int) -> Achievement:
    """The achievement with its row locked: what is decided about one is decided in turn. The house
    locks, for the exchange registers rights of achievements that it may see and not change."""
    queries.achievement(actor, achievement_id)
    found = Achievement.objects.select_for_update(of=("self",), no_key=True)
    with acting(SYSTEM):
        one: Achievement = found.select_related("owner").get(pk=achievement_id)
    return one


def fact(
    record: Any, verb: str, kind: str, payload: dict[str, Any], *, edition: str = "",
    audience: journal.Reader = "parties", remark: str = "",
) -> journal.Fact:  # fmt: skip
    """What the journal is told about a row of the floor."""
    return journal.Fact(
        verb=f"trading.{verb}", subject_kind=kind, subject_id=record.pk, owner_id=record.owner_id,
        audience=audience, payload=payload, edition=edition, remark=remark,
    )  # fmt: skip


def price_problem(price_fen: int | None) -> Problem | None:
    """What is wrong with a price."""
    if price_fen is None or 0 < price_fen <= LARGEST_FEN:
        return None
    return Problem("price_fen", "out_of_range", gettext_noop("价格填大于零的金额，单位是分。"))


def decide(
    *, actor: Actor, achievement_id: int, kind: str, price_mode: str, price_fen: int | None = None,
    file_id: int | None = None, decided_on: date | None = None, note: str = "",
) -> Decision:  # fmt: skip
    """Record an internal decision: how the price is found, which price, on which day, by which
    paper. A later one stands beside it."""
    with acting(actor):
        record = locked(actor, achievement_id)
        policy.may_prepare(actor, record.owner_id).or_refuse()
        today = clock.today()
        problems = []
        if not _KIND.fullmatch(kind):
            sentence = gettext_noop("决策类型用小写英文代码，如 collective（集体决策）。")
            problems.append(Problem("kind", "unusable", sentence))
        if price_mode not in PRICE_MODES:
            sentence = gettext_noop("定价方式选协议定价、挂牌交易或拍卖。")
            problems.append(Problem("price_mode", "unknown", sentence))
        if (problem := price_problem(price_fen)) is not None:
            problems.append(problem)
        if decided_on is not None and decided_on > today:
            sentence = gettext_noop("决策日期不能晚于今天。")
            problems.append(Problem("on", "in_future", sentence))
        if problems:
            raise Invalid("decisions.invalid", INVALID, problems)
        if file_id is not None:
            files.owned(actor, file_id)
        made = Decision(
            achievement=record, owner_id=record.owner_id, kind=kind, price_mode=price_mode,
            price_fen=price_fen, file_id=file_id, decided_on=decided_on or today,
            note=clean_text(note, cap=2000), made_by=actor.person_id, made_at=clock.now(),
        )  # fmt: skip
        payload = {
            "kind": kind, "price_mode": price_mode, "price_fen": price_fen, "file": file_id,
            "on": made.decided_on.isoformat(),
        }  # fmt: skip
        made.entry_id = journal.record(
            actor=actor, fact=fact(record, "decided", "achievement", payload, remark=made.note)
        )
        made.save()
        return made


def state(
    *, actor: Actor, achievement_id: int, item: str, verdict: str, note: str = "",
    file_id: int | None = None,
) -> Statement:  # fmt: skip
    """State a check of an achievement; the last statement of an item counts, all stay."""
    with acting(actor):
        record = locked(actor, achievement_id)
        if not policy.is_exchange(actor):
            policy.may_prepare(actor, record.owner_id).or_refuse()
        if item not in ITEMS or verdict not in VERDICTS:
            sentence = gettext_noop("请从清单里选核对的事项和结论。")
            raise Invalid("statements.invalid", INVALID, [Problem("item", "unknown", sentence)])
        if file_id is not None:
            files.owned(actor, file_id)
        made = Statement(
            achievement=record, owner_id=record.owner_id, item=item, verdict=verdict,
            note=clean_text(note, cap=2000), file_id=file_id, made_by=actor.person_id,
            made_at=clock.now(),
        )  # fmt: skip
        payload = {"item": item, "verdict": verdict, "file": file_id}
        made.entry_id = journal.record(
            actor=actor, fact=fact(record, "stated", "achievement", payload, remark=made.note)
        )
        made.save()
        return made


def choose_way(*, actor: Actor, achievement_id: int, is_floor: bool, reason: str = "") -> Way:
    """Say whether an achievement is traded on the floor; another way needs a reason."""
    with acting(actor):
        record = locked(actor, achievement_id)
        policy.may_prepare(actor, record.owner_id).or_refuse()
        why = clean_line(reason, cap=500)
        if not is_floor and not why:
            sentence = gettext_noop("财政资金支持的成果原则上进场交易，不进场请写明理由。")
            raise Invalid("ways.invalid", INVALID, [Problem("reason", "required", sentence)])
        before = Way.objects.filter(achievement=record).first()
        if before is not None and before.is_floor and not is_floor and _has_begun(record):
            raise Conflict(
                "ways.begun", gettext_noop("这项成果已经公示或挂牌，请先撤回，再改走场外。")
            )
        made, _ = Way.objects.update_or_create(
            achievement=record,
            defaults={
                "owner_id": record.owner_id, "is_floor": is_floor,
                "reason": "" if is_floor else why, "made_by": actor.person_id,
                "made_at": clock.now(),
            },
        )  # fmt: skip
        payload = {"floor": is_floor}
        told = fact(record, "way_chosen", "achievement", payload, audience="public", remark=why)
        journal.record(actor=actor, fact=told)
        return made


def _has_begun(record: Achievement) -> bool:
    from yangbanjian.market.trading.models import PublicNotice

    return PublicNotice.objects.filter(
        achievement=record, state__in=["open", "paused", "ended"]
    ).exists()
