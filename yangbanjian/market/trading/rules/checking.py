"""What is wrong with a lot's terms before it is published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from yangbanjian.kernel.refusals import Problem
from yangbanjian.kernel.words import gettext_noop as _
from yangbanjian.market.trading.rules.lots import MOST_FEN, Method, Terms


@dataclass(frozen=True, slots=True)
class Limits:
    """What the edition asks of terms: the least free period and the least cycle, in seconds."""

    free_least_s: int
    cycle_least_s: int


_AMOUNT = _("金额要填 1 到 %(most)d 之间的整数（以分计）。")
_STEP = _("加价幅度（降价幅度）要大于零。")
_FREE = _("自由报价期至少 %(least)d 秒。")
_CYCLE = _("每个限时周期至少 %(least)d 秒。")
_HARD = _("最迟结束时间要在第一个限时周期结束以后。")
_FLOOR = _("降价的底价要低于起始价，并且大于零。")
_RESERVE = _("降价报价的底价是公开的，不能另设保留价。")
_PRIORITY = _("有优先权人时，要写明优先权的行使时间。")


def problems_of_amount(name: str, fen: int) -> Iterator[Problem]:
    """What is wrong with an amount in fen that stands in the field `name`."""
    if not 1 <= fen <= MOST_FEN:
        yield Problem(name, "out_of_range", _AMOUNT, {"most": MOST_FEN})


def problems_of(lot: Terms, limits: Limits) -> Iterator[Problem]:
    """Everything that is wrong with these terms, each naming its field."""
    yield from problems_of_amount("start_fen", lot.start_fen)
    if lot.priority_plates and lot.priority_s < 1:
        yield Problem("priority_s", "missing", _PRIORITY)
    if lot.method in (Method.RISING, Method.DYNAMIC, Method.DUTCH):
        yield from _problems_of_steps(lot, limits)
    if lot.method is Method.DUTCH:
        if lot.floor_fen is None or not 1 <= lot.floor_fen < lot.start_fen:
            yield Problem("floor_fen", "out_of_range", _FLOOR)
        if lot.reserve_commitment is not None:
            yield Problem("reserve_fen", "not_here", _RESERVE)
    elif lot.free_s < limits.free_least_s:
        yield Problem("free_s", "too_short", _FREE, {"least": limits.free_least_s})


def _problems_of_steps(lot: Terms, limits: Limits) -> Iterator[Problem]:
    if lot.step_fen < 1:
        yield Problem("step_fen", "out_of_range", _STEP)
    if lot.cycle_s < limits.cycle_least_s:
        yield Problem("cycle_s", "too_short", _CYCLE, {"least": limits.cycle_least_s})
    if lot.method is not Method.DUTCH and lot.hard_close_s < lot.free_s + lot.cycle_s:
        yield Problem("hard_close_s", "too_short", _HARD)
