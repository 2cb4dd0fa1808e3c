"""动态报价, Dutch, negotiated; closing, reserve, priority, runner-up; replays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.bidding import WAN, Room, at, sealed_bid, terms
from yangbanjian.market.trading.rules import closing, course, dutch, negotiated
from yangbanjian.market.trading.rules.closing import Outcome, Reserve
from yangbanjian.market.trading.rules.lots import Bid, Method, Stage, Standing, Verdict

V = Verdict


def dutch_room(**changed: object) -> Room:
    """From 100 万 by 10 万 every minute down to 65 万: 100, 90, 80, 70, 65."""
    said = {"start_fen": 100 * WAN, "floor_fen": 65 * WAN, "cycle_s": 60, **changed}
    return Room(terms(method=Method.DUTCH, **said))


# --- dynamic --------------------------------------------------------------------------------------


def test_dynamic_without_a_free_bid_ends_with_the_free_period() -> None:
    room = Room(terms(method=Method.DYNAMIC, needs_free_bid=True))
    assert room.bid("A3", 200, 600).verdict is V.CLOSED
    result = room.close_at(600)
    assert result is not None
    assert (result.outcome, result.closed_at) == (Outcome.NO_BID, at(600))


def test_dynamic_with_a_free_bid_goes_on_in_cycles() -> None:
    room = Room(terms(method=Method.DYNAMIC, needs_free_bid=True))
    assert room.bid("A3", 200, 599).closes_at == at(780)
    assert room.bid("K7", 210, 700).closes_at == at(880)
    assert room.ceiling("M2", 300, 701).verdict is V.ACCEPTED
    assert room.state.best[0].plate == "M2"


def test_dynamic_lets_in_who_qualifies_on_the_way() -> None:
    room = Room(terms(method=Method.DYNAMIC))
    assert room.bid("A3", 200, 10, standing=Standing.NO_DEPOSIT).verdict is V.NOT_QUALIFIED
    assert room.bid("A3", 200, 20).verdict is V.ACCEPTED


# --- Dutch ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "wan"),
    [(0, 100), (59.999999, 100), (60, 90), (120, 80), (180, 70), (240, 65), (299.9, 65)],
)
def test_the_price_falls_by_the_clock_to_the_floor(seconds: float, wan: float) -> None:
    room = dutch_room()
    assert dutch.price_at(room.lot, room.state, at(seconds)) == wan * WAN
    assert room.bid("A3", wan - 0.01, seconds).verdict is V.TOO_LOW
    assert room.bid("A3", wan, seconds + 0.00001).verdict is V.ACCEPTED


def test_who_takes_it_first_has_it_at_the_price_on_the_clock() -> None:
    room = dutch_room()
    assert room.bid("A3", 100, 60).placed[0].amount_fen == 90 * WAN, "sent before the price fell"
    assert room.bid("K7", 100, 61).verdict is V.CLOSED
    result = room.close_at(61)
    assert result is not None
    assert (result.winner, result.price_fen, result.closed_at) == ("A3", 90 * WAN, at(60))


def test_nobody_takes_it_and_it_ends_one_step_after_the_floor() -> None:
    room = dutch_room()
    assert room.state.closes_at == at(300)
    assert room.close_at(299) is None
    result = room.close_at(300)
    assert result is not None
    assert result.outcome is Outcome.NO_BID


def test_a_paused_price_stands_still() -> None:
    room = dutch_room()
    room.pause(at(70), "核实资格")
    assert room.bid("A3", 100, 100).verdict is V.PAUSED
    room.resume(at(170))
    assert dutch.price_at(room.lot, room.state, at(219)) == 90 * WAN
    assert dutch.price_at(room.lot, room.state, at(220)) == 80 * WAN
    assert room.state.closes_at == at(400)
    assert room.bid("A3", 100, 175, standing=Standing.SELLER).verdict is V.NOT_QUALIFIED


# --- one buyer ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("qualified", "way"), [(0, "nobody"), (1, "negotiated"), (2, "bidding")])
def test_how_many_qualify_decides_the_way(qualified: int, way: str) -> None:
    assert negotiated.way_on(qualified) == way


def test_one_buyer_signs_at_the_listed_price_or_above() -> None:
    room = Room(terms(method=Method.NEGOTIATED))
    assert room.bid("A3", 199, 1).verdict is V.TOO_LOW
    assert room.bid("A3", 203, 2, standing=Standing.RELATED).verdict is V.NOT_QUALIFIED
    assert room.bid("A3", 203, 3).verdict is V.ACCEPTED, "there is no step"
    assert room.bid("A3", 205, 4).verdict is V.CLOSED
    result = room.close_at(5)
    assert result is not None
    assert (result.winner, result.price_fen, result.closed_at) == ("A3", 203 * WAN, at(3))


# --- the end --------------------------------------------------------------------------------------


def sold(*, priority: tuple[str, ...] = (), reserve: Reserve | None = None) -> Room:
    committed = reserve.commitment if reserve else None
    lot = terms(priority_plates=priority, priority_s=300, reserve_commitment=committed)
    room = Room(lot, reserve)
    for number, plate in enumerate(("A3", "K7", "M2", "K7")):
        room.bid(plate, 200 + 10 * number, 10 + number)
    return room


def test_the_order_of_runners_up_is_that_of_their_highest_bids() -> None:
    result = sold().close_at(780)
    assert result is not None
    assert [(b.plate, b.amount_fen // WAN) for b in result.order] == [
        ("K7", 230), ("M2", 220), ("A3", 200),
    ]  # fmt: skip
    for barred, plate in (({"K7"}, "M2"), ({"K7", "M2"}, "A3"), ({"K7", "M2", "A3"}, None)):
        found = closing.runner_up(result, barred)
        assert (found.plate if found else None) == plate


def test_asking_again_gives_the_same_result() -> None:
    room = sold()
    first, lines = room.close_at(780), len(room.lines)
    assert room.close_at(9000) == first
    assert len(room.lines) == lines
    state, again = closing.close(room.lot, room.state, at(9999))
    assert (state, again) == (room.state, first)


@pytest.mark.parametrize(
    ("fen", "outcome"), [(230, "sold"), (229, "sold"), (231, "reserve_not_met")]
)
def test_the_reserve_decides_only_at_the_end(fen: int, outcome: str) -> None:
    reserve = Reserve(fen=fen * WAN, nonce="07" * 32)
    result = sold(reserve=reserve).close_at(780)
    assert result is not None
    assert (result.outcome, result.closed_at) == (outcome, at(780))
    assert (result.winner is None) == (outcome != "sold")
    if outcome == "sold":
        found = closing.runner_up(result, {"K7"}, reserve)
        assert found is None, "220 is below the reserve: no effect for a runner-up either"


def test_another_reserve_than_the_one_committed_to_is_a_bug() -> None:
    reserve = Reserve(fen=230 * WAN, nonce="07" * 32)
    room = sold(reserve=reserve)
    for other in (None, replace(reserve, fen=1), replace(reserve, nonce="08" * 32)):
        with pytest.raises(ValueError, match="commit"):
            closing.close(room.lot, room.state, at(780), other)


def test_a_priority_holder_has_it_on_equal_terms() -> None:
    room = sold(priority=("M2",))
    assert room.claim("M2", 779).verdict is V.CLOSED, "bidding is still on"
    assert room.close_at(785) is None
    assert room.state.stage is Stage.PRIORITY
    assert room.bid("A3", 500, 786).verdict is V.CLOSED
    assert room.claim("A3", 787).verdict is V.NOT_QUALIFIED
    assert room.claim("M2", 788).verdict is V.ACCEPTED
    result = room.close_at(789)
    assert result is not None
    assert (result.winner, result.price_fen, result.by) == ("M2", 230 * WAN, "priority")
    assert result.closed_at == at(780)
    found = closing.runner_up(result, {"M2"})
    assert found is not None
    assert found.plate == "K7", "who was on top is the first to be asked"


def test_the_priority_step_ends_by_time_by_answer_or_is_not_needed() -> None:
    room = sold(priority=("M2", "A3"))
    assert room.close_at(800) is None
    assert room.claim("M2", 801, match=False).verdict is V.ACCEPTED
    assert room.claim("M2", 802).verdict is V.CLOSED, "let pass is let pass"
    assert room.close_at(803) is None
    assert room.close_at(1099) is None
    assert room.claim("A3", 1100).verdict is V.CLOSED, "300 s from being asked at 800"
    result = room.close_at(1100)
    assert result is not None
    assert (result.winner, result.by) == ("K7", "bid")
    both = sold(priority=("M2", "A3"))
    both.close_at(800)
    both.claim("A3", 801)
    assert both.claim("M2", 802).verdict is V.CLOSED, "the first to take it has it"
    own = sold(priority=("K7",))
    assert own.close_at(780) is not None, "the holder has won already"


def test_no_priority_step_where_nothing_was_sold() -> None:
    unmet = sold(priority=("M2",), reserve=Reserve(fen=900 * WAN, nonce="07" * 32))
    assert unmet.close_at(780) is not None
    empty = Room(terms(priority_plates=("M2",), priority_s=300))
    assert empty.close_at(780) is not None


def test_a_sealed_lot_is_not_closed_before_it_is_opened() -> None:
    room = Room(terms(method=Method.SEALED))
    received, inside = sealed_bid(room.lot, "A3", 210 * WAN)
    room.receive(received, at(1))
    assert room.close_at(9000) is None
    room.open({received.id: inside}, at(9001))
    result = room.close_at(9002)
    assert result is not None
    assert (result.winner, result.closed_at) == ("A3", at(600))


# --- replays and rows -----------------------------------------------------------------------------


def test_a6_the_same_id_gives_the_first_verdict_and_changes_nothing() -> None:
    room = Room(terms())
    bid = Bid(id="mine", plate="A3", amount_fen=200 * WAN)
    first = room.receive(bid, at(1))
    room.bid("K7", 210, 2)
    before = room.state
    assert room.receive(bid, at(3)) == first
    assert room.receive(replace(bid, standing=Standing.NO_DEPOSIT), at(3)) == first
    for other in (replace(bid, amount_fen=220 * WAN), replace(bid, plate="K7")):
        assert room.receive(other, at(4)).verdict is V.CONFLICT
    assert room.state == before


def test_the_state_is_rebuilt_from_rows() -> None:
    room = sold()
    room.ceiling("A3", 400, 650)
    room.pause(at(700), "核实资格")
    room.resume(at(720))
    room.bid("M2", 250, 730)
    state = room.state
    names = ("free_until", "closes_at", "hard_close_at", "last_at", "paused_at", "held", "stage")
    lot_row = {name: getattr(state, name) for name in (*names, "extensions")}
    assert course.rebuilt(room.lot, **lot_row, bids=room.bids, ceilings=state.ceilings) == state


def test_plates_without_a_bid_are_nobody() -> None:
    result = Room(terms()).close_at(780)
    assert result is not None
    assert (result.outcome, result.order, closing.runner_up(result, ())) == ("no_bid", (), None)
