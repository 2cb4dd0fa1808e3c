"""How two parties meet: suggested -> seen -> interested -> agreed | declined | lapsed.

Contacts open to both when the second has agreed, never before. Whose turn it is, since when and
until when is always known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from yangbanjian.kernel.moves import Move, State, StateTable
from yangbanjian.kernel.refusals import Conflict, NotAllowed
from yangbanjian.kernel.words import gettext_noop as _

OPEN = ("suggested", "seen", "interested")

TABLE = StateTable(
    name="matches",
    start="suggested",
    states=(
        State("suggested", _("推荐")),
        State("seen", _("已查看")),
        State("interested", _("有意向")),
        State("agreed", _("已约谈"), is_final=True),
        State("declined", _("已婉拒"), is_final=True),
        State("lapsed", _("逾期未回应"), is_final=True),
    ),
    moves=(
        Move("see", ("suggested",), "seen", _("查看"), ("seeker", "provider")),
        Move("interested", ("suggested", "seen"), "interested", _("我有意向"), ("seeker", "provider")),
        Move("agree", ("interested",), "agreed", _("同意约谈"), ("seeker", "provider")),
        Move(
            "decline", ("suggested", "seen", "interested"), "declined", _("婉拒"),
            ("seeker", "provider"), needs_reason=True,
        ),
        Move("lapse", ("interested",), "lapsed", _("逾期"), ("system",)),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose move it is: seeker, provider or nobody; since and until."""

    side: str
    since: datetime
    until: datetime | None


def answer_days(rows: Sequence[Mapping[str, Any]]) -> int:
    """How many days the other side has, by the rows of an edition of `answer_days`."""
    return next(int(r["days"]) for r in rows if r["step"] == "introduction")


def until(since: datetime, days: int) -> datetime:
    """When a turn that began then ends: days of 24 hours."""
    return since + timedelta(days=days)


def after(
    state: str, move: str, side: str, first: str, now: datetime, days: int
) -> tuple[str, Turn]:
    """The state and turn after `side` makes the move; `first` is who showed interest first, `days`
    how many the other side has for its answer.

    Only the other side can agree to an interest; refusing one's own is a withdrawal, and allowed.
    """
    step = TABLE.move(move)
    if step is not None and side not in step.who:
        # Time alone ends an introduction: see `may_lapse`.
        raise NotAllowed("matches.not_by_parties", _("这一步由系统到期时自动做，您不用操作。"))
    if move == "agree" and side == first:
        raise NotAllowed("matches.other_side_agrees", _("对方同意后才能约谈，请等对方回应。"))
    target = TABLE.advance(state, move)
    if target == "interested":
        other = "provider" if side == "seeker" else "seeker"
        return target, Turn(other, now, until(now, days))
    return target, Turn("", now, None)


def may_lapse(state: str, until: datetime | None, now: datetime) -> None:
    """Refuses to end an introduction before its time."""
    if state != "interested" or until is None or now < until:
        raise Conflict("matches.not_due", _("还没到期限。"))
