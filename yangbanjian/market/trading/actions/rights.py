"""Writing in the register of technology rights."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Invalid, Problem
from yangbanjian.kernel.text import clean_line
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import policy, queries
from yangbanjian.market.trading.actions.decisions import INVALID, fact, locked
from yangbanjian.market.trading.models import Right, RightEntry
from yangbanjian.market.trading.rules import rights as rules


def enter_right(
    *, actor: Actor, achievement_id: int, kind: str, content: Mapping[str, Any],
    holds_from: date | None = None, basis: str = "",
) -> RightEntry:  # fmt: skip
    """Make one entry about an achievement's right; the first gives it its number. `content`:
    title, holders [{name, organisation, share_bp}], or of a licence {licence, to, territory, until},
    of a pledge {to, until}, of a release {of}."""
    policy.may_register(actor).or_refuse()
    with acting(actor):
        record = locked(actor, achievement_id)
        if kind not in rules.KINDS:
            sentence = gettext_noop("请选登记的种类。")
            raise Invalid("rights.invalid", INVALID, [Problem("kind", "unknown", sentence)])
        now, today = clock.now(), clock.today()
        day = holds_from or today
        one = queries.right_of(record)
        # An entry that holds from an earlier day is checked against what is known today.
        rules.check_entry(queries.standing(one, max(day, today)), kind, content)
        if one is None:
            one = Right.objects.create(
                no=rules.number(today.year, record.pk), achievement=record,
                owner_id=record.owner_id, made_at=now,
            )  # fmt: skip
        made = RightEntry(
            right=one, owner_id=record.owner_id, seq=one.entries.count() + 1, kind=kind,
            holds_from=day, content=dict(content), basis=clean_line(basis, cap=200),
            made_by=actor.person_id, made_at=now,
        )  # fmt: skip
        payload = {
            "right": one.no, "seq": made.seq, "kind": kind, "holds_from": day.isoformat(),
            "content": dict(content),
        }  # fmt: skip
        made.entry_id = journal.record(
            actor=actor, fact=fact(one, "right_entered", "right", payload, audience="public")
        )
        made.save()
        return made
