"""The time of a lot: when it opens and closes, what a bid, a pause and an outage do to that.

Time is given: the database's clock, read after the lot's lock. No function here reads a clock. All
intervals are half-open: a lot takes bids from `opens_at` up to, not including, `closes_at`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from yangbanjian.kernel.refusals import Conflict
from yangbanjian.kernel.words import gettext_noop as _
from yangbanjian.market.trading.rules.lots import Method, Stage, State, Terms

TICK = timedelta(microseconds=1)


def opening(lot: Terms) -> State:
    """The state of a lot before its first bid."""
    free_until = lot.opens_at + timedelta(seconds=lot.free_s)
    hard = lot.opens_at + timedelta(seconds=lot.hard_close_s)
    if lot.method is Method.SEALED:
        return State(free_until=free_until, closes_at=free_until, hard_close_at=free_until)
    if lot.method is Method.DUTCH:
        closes = lot.opens_at + timedelta(seconds=lot.cycle_s * (steps_down(lot) + 1))
        return State(free_until=lot.opens_at, closes_at=closes, hard_close_at=closes)
    cycle = timedelta(0) if lot.needs_free_bid else timedelta(seconds=lot.cycle_s)
    return State(free_until=free_until, closes_at=min(free_until + cycle, hard), hard_close_at=hard)


def steps_down(lot: Terms) -> int:
    """How often a Dutch price falls: the last fall may be shorter than a step."""
    fall = lot.start_fen - (lot.floor_fen if lot.floor_fen is not None else lot.start_fen)
    return -(-fall // lot.step_fen)


def guarded(state: State, now: datetime) -> datetime:
    """The instant of this decision: the clock's, or just after the last one where the clock has
    gone back (A4). Raises ValueError for a time without a zone: it would be somebody's guess."""
    if now.tzinfo is None:
        raise ValueError("a time without a zone")
    return now if state.last_at is None else max(now, state.last_at + TICK)


def has_gone_back(state: State, now: datetime) -> bool:
    """Is the clock behind the last decision? Then somebody must be alarmed (A4)."""
    return state.last_at is not None and now < state.last_at


def is_open(lot: Terms, state: State, at: datetime) -> bool:
    """Are bids taken at this instant, were the lot not paused?"""
    return state.stage is Stage.BIDDING and lot.opens_at <= at < state.closes_at


def closes_after(lot: Terms, state: State, at: datetime) -> datetime:
    """The close after a valid bid at `at`: one whole cycle from the bid, or from the end of the
    free period; never beyond the hard close, never earlier than it stood (A3)."""
    whole = max(at, state.free_until) + timedelta(seconds=lot.cycle_s)
    return max(state.closes_at, min(whole, state.hard_close_at))


def pause(lot: Terms, state: State, now: datetime) -> State:
    """Stop the lot's time. Refuses a lot that takes no bids at this instant anyway."""
    at = guarded(state, now)
    if state.paused_at is not None or not is_open(lot, state, at):
        raise Conflict("trading.not_open", _("这个标的现在不在竞价，不能暂停。请刷新页面再看。"))
    return replace(state, last_at=at, paused_at=at)


def resume(lot: Terms, state: State, now: datetime) -> State:
    """Let the lot's time run on: every end moves by as long as it stood still, and nobody finds
    less than `resume_s` left (A11)."""
    if state.paused_at is None:
        raise Conflict("trading.not_paused", _("这个标的没有暂停，不用恢复。请刷新页面再看。"))
    at = guarded(state, now)
    still = at - state.paused_at
    closes = max(state.closes_at + still, at + timedelta(seconds=lot.resume_s))
    return replace(
        state,
        last_at=at,
        paused_at=None,
        held=state.held + still,
        free_until=state.free_until + (still if state.paused_at < state.free_until else TICK * 0),
        closes_at=closes,
        hard_close_at=max(state.hard_close_at + still, closes),
    )


def outage(lot: Terms, state: State, begun: datetime, now: datetime) -> State | None:
    """The state after the platform could take no bids from `begun` until now: as if the lot had
    been paused for that time, where more than `outage_s` of it fell into the timed period (A11).
    None where it did not, or where the lot had closed, or was paused, before."""
    since = begun if state.last_at is None else max(begun, state.last_at + TICK)
    if lot.method is not Method.SEALED:
        since = max(since, state.free_until)
    since = max(since, lot.opens_at)
    is_long = guarded(state, now) - since > timedelta(seconds=lot.outage_s)
    if not is_long or state.paused_at is not None or not is_open(lot, state, since):
        return None
    return resume(lot, replace(state, last_at=since, paused_at=since), now)
