"""The tests of the tests: slips put into the rules one at a time, each of which must be found.

Found means: on some random course the mutant's log is not what the verifier's own rules give, or a
hand-made course comes out otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from tests.bidding import RandomCourse, Room, at, sealed_bid, terms
from verify import auction
from yangbanjian.market.trading.rules import (
    closing,
    dutch,
    negotiated,
    replaying,
    rising,
    sealed,
    sealing,
    timing,
)
from yangbanjian.market.trading.rules.lots import Bid, Method, Standing

MUTANTS: list[tuple[ModuleType, str, str]] = [
    # time
    (timing, "max(now, state.last_at + TICK)", "now"),
    (timing, "max(now, state.last_at + TICK)", "max(now, state.last_at)"),
    (timing, "lot.opens_at <= at < state.closes_at", "lot.opens_at <= at <= state.closes_at"),
    (timing, "lot.opens_at <= at < state.closes_at", "lot.opens_at < at < state.closes_at"),
    (timing, "min(whole, state.hard_close_at)", "whole"),
    (timing, "max(state.closes_at, min(", "max(min("),
    (timing, "max(at, state.free_until) +", "at +"),
    (timing, "closes = max(state.closes_at + still, at +", "closes = max(state.closes_at, at +"),
    (timing, "at + timedelta(seconds=lot.resume_s)", "at"),
    (timing, "hard_close_at=max(state.hard_close_at + still, closes)", "hard_close_at=closes"),
    (timing, "if state.paused_at < state.free_until", "if True"),
    (timing, "> timedelta(seconds=lot.outage_s)", ">= timedelta(seconds=lot.outage_s)"),
    (timing, "        since = max(since, state.free_until)", "        pass"),
    (timing, "if lot.needs_free_bid else", "if False else"),
    (timing, "held=state.held + still", "held=still"),
    # amounts
    (rising, "amount_fen + lot.step_fen if state.best", "amount_fen if state.best"),
    (rising, "if amount_fen < least:", "if amount_fen <= least:"),
    (rising, "(amount_fen - lot.start_fen) % lot.step_fen", "amount_fen % lot.step_fen"),
    (rising, "state.best[0].plate == bid.plate", "False"),
    (rising, "if standing is Standing.OK else", "if True else"),
    (rising, "if state.paused_at is not None:", "if False:"),
    (rising, "not timing.is_open(lot, state, at)", "at >= state.closes_at"),
    (rising, "state = replace(state, last_at=at)\n    verdict", "verdict"),
    (rising, "(*others, ceiling)", "(*state.ceilings, ceiling)"),
    (rising, "limit >= next_fen(lot, state)", "limit > next_fen(lot, state)"),
    (rising, "if ceiling.max_fen > limit:", "if ceiling.max_fen >= limit:"),
    (rising, "(ceiling.plate, limit + step)", "(ceiling.plate, ceiling.max_fen)"),
    (rising, "(defender, ceiling.max_fen + step)", "(defender, limit)"),
    (rising, "if limit - step >= least else []", "if False else []"),
    (rising, "at is None or at >= state.closes_at", "at is None"),
    (rising, "if b.plate != plate", "if True"),
    # other methods
    (dutch, "bid.amount_fen >= price_at(", "bid.amount_fen > price_at("),
    (dutch, "(state.paused_at or at) - lot.opens_at - state.held", "at - lot.opens_at"),
    (dutch, "return max(lot.start_fen - falls * lot.step_fen, floor)", "return lot.start_fen - falls * lot.step_fen"),
    (dutch, ", stage=Stage.TAKEN", ""),
    (negotiated, "bid.amount_fen < lot.start_fen", "bid.amount_fen <= lot.start_fen"),
    (sealed, "if bid.plate in state.sealed", "if False"),
    (sealed, "(-b.amount_fen, b.seq)", "(-b.amount_fen, -b.seq)"),
    (sealed, "(-b.amount_fen, b.seq)", "(b.amount_fen, b.seq)"),
    (sealed, "found.amount_fen < lot.start_fen", "False"),
    (sealed, "if not o.void and", "if"),
    (sealing, "!= bid.commitment", "== b''"),
    (sealing, '"" if named == (lot, bid.plate, bid.id) else', '"" if True else'),
    # the end
    (closing, "at >= state.closes_at and not", "at > state.closes_at and not"),
    (closing, ">= reserve.fen)", "> reserve.fen)"),
    (closing, "top.amount_fen < reserve.fen", "top.amount_fen <= reserve.fen"),
    (closing, "state.matched or top.plate", "top.plate"),
    (closing, "if p not in state.passed", "if True"),
    (closing, "claim.plate not in lot.priority_plates", "False"),
    (closing, "at >= priority_until(lot, state)", "False"),
    (closing, "if at < priority_until(lot, state):", "if False:"),
    (closing, "state.matched is not None or", ""),
    (closing, "state.asked_at or state.closes_at", "state.closes_at"),
    (closing, "if is_taken else state.closes_at", "if state.best else state.closes_at"),
    (replaying, "if _said(received) == _said(first.received)", "if True"),
    (replaying, "return replace(received, standing=Standing.OK)", "return received"),
]  # fmt: skip


@contextmanager
def mutated(module: ModuleType, old: str, new: str) -> Iterator[None]:
    """The module with one slip in it: its functions anew, in the place of the true ones."""
    path = Path(str(module.__file__))
    source, kept = path.read_text(encoding="utf-8"), dict(vars(module))
    assert source.count(old) >= 1, f"the source no longer says: {old}"
    slipped = compile(source.replace(old, new), f"{path.name} with a slip", "exec")
    try:
        exec(slipped, vars(module))  # noqa: S102 - our own source with our own slip
        for name, value in kept.items():  # classes stay what others have taken in
            if isinstance(value, type):
                setattr(module, name, value)
        yield
    finally:
        vars(module).clear()
        vars(module).update(kept)


def is_found() -> bool:
    """Does anything come out otherwise than it should?"""
    try:
        _by_hand()
        for seed in range(1500):
            text = RandomCourse(seed).course.text
            auction.recount([json.loads(line) for line in text.splitlines()])
    except Exception:
        return True
    return False


def _by_hand() -> None:
    """What chance meets too seldom."""
    room = Room(terms(free_s=120, hard_close_s=300))
    room.ceiling("A3", 300, 200)
    room.bid("K7", 210, 299.999999)
    auction.recount([json.loads(line) for line in room.text.splitlines()])
    room = Room(terms())
    bid = Bid(id="b", plate="A3", amount_fen=room.lot.start_fen)
    room.receive(bid, at(1))
    room.receive(replace(bid, standing=Standing.NO_DEPOSIT), at(2))
    auction.recount([json.loads(line) for line in room.text.splitlines()])
    room = Room(terms(method=Method.SEALED))
    received, inside = sealed_bid(terms(lot="another"), "A3", room.lot.start_fen)
    room.receive(received, at(1))
    room.open({received.id: inside}, at(600))
    room.close(at(601))
    auction.recount([json.loads(line) for line in room.text.splitlines()])
    room = Room(terms(priority_plates=("M2", "P9"), priority_s=10))
    room.bid("A3", 200, 1)
    room.close(at(800))
    room.claim("M2", 801)
    room.claim("P9", 802)
    room.close(at(803))
    auction.recount([json.loads(line) for line in room.text.splitlines()])


def test_without_a_slip_nothing_is_found() -> None:
    assert not is_found()


@pytest.mark.parametrize("number", range(len(MUTANTS)))
def test_a_slip_is_found(number: int) -> None:
    module, old, new = MUTANTS[number]
    with mutated(module, old, new):
        assert is_found(), f"{module.__name__}: «{old}» as «{new}» was not noticed"
