"""Rising bids by hand: steps, cycles, ceilings to the fen, pauses; and what the best public code
gets wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.bidding import T0, WAN, Room, at, terms
from yangbanjian.kernel.refusals import Conflict
from yangbanjian.market.trading.rules import checking, rising, timing
from yangbanjian.market.trading.rules.lots import (
    MOST_FEN,
    Bid,
    Facts,
    Method,
    Standing,
    State,
    Terms,
    Verdict,
    standing,
)

V = Verdict


@pytest.mark.parametrize(
    ("wan", "verdict"),
    [
        (199.99, V.TOO_LOW), (200, V.ACCEPTED), (210, V.ACCEPTED), (205, V.OFF_STEP),
        (200.0001, V.OFF_STEP), (0, V.TOO_LOW), (-10, V.TOO_LOW), (1000, V.ACCEPTED),
    ],
)  # fmt: skip
def test_the_first_bid_is_the_start_or_steps_above_it(wan: float, verdict: Verdict) -> None:
    assert Room(terms()).bid("A3", wan, 1).verdict is verdict


@pytest.mark.parametrize(
    ("wan", "verdict"),
    [
        (210, V.TOO_LOW), (219, V.TOO_LOW), (220, V.ACCEPTED), (221, V.OFF_STEP), (300, V.ACCEPTED),
    ],
)  # fmt: skip
def test_a_bid_is_the_top_and_whole_steps(wan: float, verdict: Verdict) -> None:
    room = Room(terms())
    room.bid("A3", 210, 1)
    assert room.bid("K7", wan, 2).verdict is verdict


def test_nobody_outbids_themselves() -> None:
    room = Room(terms())
    room.bid("A3", 200, 1)
    assert room.bid("A3", 300, 2).verdict is V.OWN_TOP
    room.bid("K7", 210, 3)
    assert room.bid("A3", 220, 4).verdict is V.ACCEPTED


def test_the_order_of_questions_tells_a_stranger_nothing_about_amounts() -> None:
    room = Room(terms())
    for wan in (1, 200, 205):
        assert room.bid("A3", wan, 1, standing=Standing.RELATED).verdict is V.NOT_QUALIFIED


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, Standing.OK),
        ({"is_qualified": False}, Standing.UNQUALIFIED),
        ({"holds_deposit": False}, Standing.NO_DEPOSIT),
        ({"is_seller": True}, Standing.SELLER),
        ({"is_related": True, "is_qualified": False}, Standing.RELATED),
        ({"is_operator": True, "is_seller": True}, Standing.OPERATOR),
        ({"has_defaulted": True}, Standing.DEFAULTED),
    ],
)
def test_a7_who_may_bid(facts: dict[str, bool], expected: Standing) -> None:
    known = {"is_qualified": True, "holds_deposit": True, **facts}
    assert standing(Facts(**known)) is expected
    room = Room(terms())
    answer = room.bid("A3", 200, 1, standing=expected)
    assert (answer.verdict is V.ACCEPTED) == (expected is Standing.OK)
    assert (room.state.top is not None) == (expected is Standing.OK)


# --- time -----------------------------------------------------------------------------------------


def test_the_free_period_ends_the_same_however_often_one_bids() -> None:
    room = Room(terms())
    assert room.bid("A3", 200, 1).closes_at == at(780)
    assert room.bid("K7", 210, 599.999).closes_at == at(780)
    assert room.bid("A3", 220, 600).closes_at == at(780)
    assert room.bid("K7", 230, 601).closes_at == at(781)
    assert room.state.extensions == 1


def test_before_it_opens_and_from_the_close_on_nothing_is_taken() -> None:
    room = Room(terms())
    assert room.bid("A3", 200, -0.000001).verdict is V.CLOSED
    assert room.bid("A3", 200, 0).verdict is V.ACCEPTED
    assert room.bid("K7", 210, 780).verdict is V.CLOSED
    assert room.close_at(780) is not None


def test_a3_a_bid_a_millisecond_before_the_close_extends_exactly_and_one_at_it_is_refused() -> None:
    room = Room(terms())
    room.bid("A3", 200, 700)
    closes = room.state.closes_at
    assert closes == at(880)
    late = closes - timedelta(milliseconds=1)
    answer = room.receive(Bid(id="x", plate="K7", amount_fen=210 * WAN), late)
    assert (answer.verdict, answer.closes_at) == (V.ACCEPTED, late + timedelta(seconds=180))
    at_it = room.receive(Bid(id="y", plate="A3", amount_fen=220 * WAN), room.state.closes_at)
    assert at_it.verdict is V.CLOSED
    just_before = room.state.closes_at
    assert just_before == late + timedelta(seconds=180), "a refused bid moves nothing"


def test_a3_the_hard_close_is_the_end_whoever_bids() -> None:
    room = Room(terms(free_s=0, hard_close_s=300))
    for number, seconds in enumerate((100, 200, 299.999999)):
        assert room.bid("AK"[number % 2], 200 + 10 * number, seconds).verdict is V.ACCEPTED
    assert room.state.closes_at == room.state.hard_close_at == at(300)
    assert room.bid("K", 300, 300).verdict is V.CLOSED


def test_a4_a_clock_that_goes_back_never_turns_the_order() -> None:
    room = Room(terms())
    first = room.bid("A3", 200, 100)
    second = room.bid("K7", 210, 40)
    third = room.bid("A3", 220, 100)
    assert first.at < second.at < third.at
    assert second.at == first.at + timing.TICK
    assert timing.has_gone_back(room.state, at(99)), "and somebody is alarmed"
    with pytest.raises(ValueError, match="zone"):
        timing.guarded(room.state, at(1).replace(tzinfo=None))


def test_a_bid_that_waited_for_the_lock_past_the_close_is_late() -> None:
    """Attack 2: the clock is read after the lock, so the verdict is that of the later instant."""
    room = Room(terms())
    room.bid("A3", 200, 1)
    assert room.bid("K7", 210, 780.5).verdict is V.CLOSED


# --- pauses ---------------------------------------------------------------------------------------


def test_a11_a_pause_moves_every_end_by_its_length() -> None:
    room = Room(terms())
    room.bid("A3", 200, 700)
    room.pause(at(800), "设备检修")
    assert room.bid("K7", 210, 801).verdict is V.PAUSED
    assert room.close_at(5000) is None, "a paused lot does not close"
    room.resume(at(900))
    assert room.state.closes_at == at(880 + 100)
    assert room.state.hard_close_at == at(3600 + 100)
    assert room.bid("K7", 210, 979.9).verdict is V.ACCEPTED


def test_a11_after_a_pause_some_time_is_left() -> None:
    room = Room(terms())
    room.bid("A3", 200, 700)
    room.pause(at(879), "设备检修")
    room.resume(at(889))
    assert room.state.closes_at == at(889 + 60)


def test_a_pause_in_the_free_period_moves_that_too() -> None:
    room = Room(terms())
    room.pause(at(100), "核实资格")
    room.resume(at(150))
    assert (room.state.free_until, room.state.closes_at) == (at(650), at(830))


def test_a11_an_outage_counts_from_its_length_on() -> None:
    for seconds, closes in ((30, 880), (30.000001, 880 + 30.000001)):
        room = Room(terms())
        room.bid("A3", 200, 700)
        assert room.outage(at(720), at(720 + seconds)) is (closes != 880)
        assert room.state.closes_at == at(closes)


def test_a11_a_close_that_fell_into_an_outage_is_moved() -> None:
    room = Room(terms())
    room.bid("A3", 200, 700)
    assert room.outage(at(870), at(2000))
    assert room.state.closes_at == at(2060)
    assert room.bid("K7", 210, 2001).verdict is V.ACCEPTED


def test_an_outage_in_the_free_period_or_after_the_close_moves_nothing() -> None:
    room = Room(terms())
    assert not room.outage(at(10), at(599))
    room.bid("A3", 200, 599.5)
    assert not room.outage(at(780), at(9000))
    assert room.close_at(9000) is not None


def test_a_pause_that_makes_no_sense_is_refused() -> None:
    room = Room(terms())
    with pytest.raises(Conflict):
        room.resume(at(1))
    for seconds in (-1, 780):
        with pytest.raises(Conflict):
            room.pause(at(seconds), "设备检修")
    room.pause(at(1), "设备检修")
    with pytest.raises(Conflict):
        room.pause(at(2), "设备检修")


# --- ceilings -------------------------------------------------------------------------------------


def test_a_ceiling_bids_for_who_is_absent() -> None:
    room = Room(terms())
    answer = room.ceiling("A3", 300, 1)
    assert (answer.verdict, answer.seq, room.ladder) == (V.ACCEPTED, None, [("A3", 200)])
    room.bid("K7", 210, 2)
    assert room.ladder[1:] == [("K7", 210), ("A3", 220)]
    assert room.bids[2].at == room.bids[1].at + timing.TICK


@pytest.mark.parametrize(
    ("first", "second", "ladder"),
    [
        (250, 300, [("A3", 250), ("K7", 260)]),  # the higher stands one step above
        (300, 250, [("K7", 250), ("A3", 260)]),
        (250, 250, [("K7", 240), ("A3", 250)]),  # equal: the earlier wins
        (210, 210, [("A3", 210)]),  # equal, and no room for the later one below
        (210, 220, [("A3", 210), ("K7", 220)]),
        (200, 500, [("K7", 210)]),  # nobody is left to bid against: one step, no more
    ],
)
def test_where_two_ceilings_meet(
    first: float, second: float, ladder: list[tuple[str, float]]
) -> None:
    room = Room(terms())
    room.ceiling("A3", first, 1)
    room.ceiling("K7", second, 2)
    assert room.ladder[1:] == ladder


def test_a_bid_that_a_ceiling_can_only_equal_stands() -> None:
    """The screen said 210 is enough, so it is; the ceiling can't go a step above."""
    room = Room(terms())
    room.ceiling("A3", 210, 1)
    assert room.bid("K7", 210, 2).verdict is V.ACCEPTED
    assert room.state.best[0].plate == "K7"


def test_who_is_on_top_raises_and_lowers_their_ceiling_without_a_bid() -> None:
    room = Room(terms())
    room.bid("A3", 250, 1)
    assert room.ceiling("A3", 300, 2).verdict is V.ACCEPTED
    assert room.ceiling("A3", 240, 3).verdict is V.TOO_LOW
    assert room.ceiling("A3", 255, 3).verdict is V.OFF_STEP
    assert room.ceiling("A3", 250, 4).verdict is V.ACCEPTED, "as good as none"
    room.bid("K7", 260, 5)
    assert room.ladder == [("A3", 250), ("K7", 260)]


def test_a_ceiling_below_the_next_step_is_too_low() -> None:
    room = Room(terms())
    room.bid("A3", 250, 1)
    assert room.ceiling("K7", 250, 2).verdict is V.TOO_LOW
    assert room.state.ceilings == ()


def test_no_ceiling_bids_at_or_past_the_close() -> None:
    room = Room(terms(free_s=120, hard_close_s=300))
    room.ceiling("A3", 300, 200)
    room.bid("K7", 210, 299.999999)
    assert room.ladder == [("A3", 200), ("K7", 210)], "its turn would fall on the hard close"


def test_a_ceiling_gives_a_cycle_like_any_bid() -> None:
    room = Room(terms())
    room.ceiling("A3", 300, 700)
    room.bid("K7", 210, 800)
    assert room.state.closes_at == at(980) + timing.TICK


# --- what the best public code gets wrong (reliability 3.1) ---------------------------------------


def test_prozorro_the_stage_is_asked_of_the_state_that_is_written() -> None:
    """There the stage is validated on an earlier read and the write filters on the id alone. Here
    one function sees one state: a stage that has moved on gives another verdict."""
    lot, before = terms(), timing.opening(terms())
    bid = Bid(id="b", plate="A3", amount_fen=lot.start_fen)
    assert rising.decide(lot, before, bid, at(1))[1].verdict is V.ACCEPTED
    for later in (replace(before, paused_at=at(1)), replace(before, closes_at=at(1))):
        assert rising.decide(lot, later, bid, at(1))[1].verdict is not V.ACCEPTED


def test_prozorro_closing_never_writes_bids_back() -> None:
    """There the timer writes the whole list of bids back, and loses one that came meanwhile. Here
    closing reads: a bid just before it is in the result."""
    room = Room(terms())
    room.bid("A3", 200, 1)
    assert room.close_at(779) is None
    room.bid("K7", 210, 779.999)
    result = room.close_at(2000)
    assert result is not None
    assert (result.winner, [b.plate for b in result.order]) == ("K7", ["K7", "A3"])


def test_prozorro_amounts_are_whole_fen() -> None:
    """There amounts are floats. 0.1 + 0.2 makes no step here, and 2^53 - 1 is still exact."""
    lot = terms(start_fen=10, step_fen=20)
    state = timing.opening(lot)
    bid = Bid(id="a", plate="A3", amount_fen=30)
    assert rising.decide(lot, state, bid, at(1))[1].verdict is V.ACCEPTED
    top = MOST_FEN - (MOST_FEN - 10) % 20
    state, _ = rising.decide(lot, state, replace(bid, amount_fen=top - 20), at(1))
    for amount, verdict in ((top, V.ACCEPTED), (top - 1, V.TOO_LOW), (top + 1, V.OFF_STEP)):
        other = Bid(id="c", plate="K7", amount_fen=amount)
        assert rising.decide(lot, state, other, at(2))[1].verdict is verdict


def test_prozorro_nothing_secret_is_in_what_identifies_a_bid() -> None:
    """There the authorisation rides in the address. Here a bid is id, plate and amount; who may is
    asked of the facts, and the plate says nothing of the name."""
    assert set(Bid.__slots__) == {"id", "plate", "amount_fen", "standing"}
    assert not {"reserve_fen", "reserve"} & ({*Terms.__slots__} | {*State.__slots__})


# --- terms ----------------------------------------------------------------------------------------

LIMITS = checking.Limits(free_least_s=300, cycle_least_s=60)


@pytest.mark.parametrize(
    ("changed", "fields"),
    [
        ({}, set()),
        ({"start_fen": 0}, {"start_fen"}),
        ({"start_fen": MOST_FEN + 1}, {"start_fen"}),
        ({"step_fen": 0}, {"step_fen"}),
        ({"cycle_s": 59}, {"cycle_s"}),
        ({"free_s": 299}, {"free_s"}),
        ({"hard_close_s": 779}, {"hard_close_s"}),
        ({"priority_plates": ("M2",)}, {"priority_s"}),
        ({"method": Method.DUTCH}, {"floor_fen"}),
        ({"method": Method.DUTCH, "floor_fen": 1, "free_s": 0}, set()),
        ({"method": Method.DUTCH, "floor_fen": 1, "reserve_commitment": "00"}, {"reserve_fen"}),
        ({"method": Method.SEALED, "step_fen": 0, "cycle_s": 0}, set()),
    ],
)
def test_terms_are_held_to_the_edition(changed: dict[str, Any], fields: set[str]) -> None:
    assert {p.field for p in checking.problems_of(terms(**changed), LIMITS)} == fields
    assert T0.tzinfo is not None
