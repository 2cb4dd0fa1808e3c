"""A1 to A11 as properties of whatever may happen to a lot; each named after its promise."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import fields, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bidding import T0, WAN, RandomCourse, Room, at, terms
from verify import auction
from yangbanjian.market.trading.rules import closing, logs, rising, timing
from yangbanjian.market.trading.rules.closing import Reserve
from yangbanjian.market.trading.rules.course import Course
from yangbanjian.market.trading.rules.lots import (
    Bid,
    Ceiling,
    Method,
    Placed,
    Standing,
    State,
    Terms,
    Verdict,
)

LOT = terms(start_fen=20, step_fen=5, free_s=20, cycle_s=10, hard_close_s=90, resume_s=5)
STANDINGS = st.sampled_from([Standing.OK] * 6 + list(Standing))
SENT = st.tuples(
    st.sampled_from(["bid"] * 5 + ["ceiling"] * 2 + ["pause", "resume", "outage"]),
    st.sampled_from("AKMP"),
    st.integers(-2, 6),  # steps from the next amount
    st.sampled_from([0] * 6 + [1, 3]),  # off the step
    st.sampled_from([-3.0, 0.0, 0.000001, 0.4, 1.0, 3.0, 9.999, 12.0]),
    STANDINGS,
)
HAPPENINGS = st.lists(SENT, min_size=1, max_size=40)


class Played(Course):
    """A course with every state between two things that happened."""

    def __init__(self, happenings: list[tuple[Any, ...]], lot: Terms = LOT) -> None:
        super().__init__(lot)
        self.steps: list[tuple[State, datetime, Any, State, Any]] = []
        now = T0
        for number, (kind, plate, steps, off, later, standing) in enumerate(happenings):
            now += timedelta(seconds=later)
            before = self.state
            amount = max(1, rising.next_fen(lot, before) + steps * lot.step_fen + off)
            what: Any = kind
            answer: Any = None
            if kind == "bid":
                what = Bid(id=f"i{number}", plate=plate, amount_fen=amount, standing=standing)
                answer = self.receive(what, now)
            elif kind == "ceiling":
                what = Ceiling(id=f"i{number}", plate=plate, max_fen=amount, standing=standing)
                answer = self.receive(what, now)
            elif kind == "outage":
                self.outage(now - timedelta(seconds=40), now)
            elif kind == "resume" and before.paused_at is not None:
                self.resume(now)
            elif kind == "pause" and self._may_pause(now):
                self.pause(now, "")
            self.steps.append((before, now, what, self.state, answer))

    def _may_pause(self, now: datetime) -> bool:
        at = timing.guarded(self.state, now)
        return self.state.paused_at is None and timing.is_open(self.lot, self.state, at)


@given(HAPPENINGS)
def test_a1_accepted_bids_are_numbered_through_and_their_times_rise(happenings: Any) -> None:
    bids = Played(happenings).bids
    assert [b.seq for b in bids] == list(range(1, len(bids) + 1))
    assert all(a.at < b.at for a, b in pairwise(bids))


@given(HAPPENINGS)
def test_a2_every_bid_is_whole_steps_above_the_one_before(happenings: Any) -> None:
    amounts = [b.amount_fen for b in Played(happenings).bids]
    assert all(a >= LOT.start_fen and (a - LOT.start_fen) % LOT.step_fen == 0 for a in amounts)
    assert all(b - a >= LOT.step_fen for a, b in pairwise(amounts))


@given(HAPPENINGS)
def test_a3_the_close_is_that_of_the_rule_and_never_moves_back(happenings: Any) -> None:
    course = Played(happenings)
    for before, _, what, after, answer in course.steps:
        assert after.closes_at >= before.closes_at
        assert after.closes_at <= after.hard_close_at
        if answer is None:
            continue
        expected = before.closes_at
        for bid in answer.placed:
            assert bid.at < expected, "no bid is taken at or after the close"
            whole = max(bid.at, before.free_until) + timedelta(seconds=LOT.cycle_s)
            expected = max(expected, min(whole, before.hard_close_at))
            assert bid.closes_at == expected
        assert after.closes_at == expected, what


@given(HAPPENINGS)
def test_a4_no_decision_is_earlier_than_the_one_before(happenings: Any) -> None:
    last: datetime | None = None
    for before, now, _, after, answer in Played(happenings).steps:
        if answer is None:
            last = after.last_at or last
            continue
        assert answer.at == (now if last is None else max(now, last + timing.TICK))
        assert before.last_at is None or answer.at > before.last_at
        last = after.last_at


@given(HAPPENINGS)
def test_a5_what_is_accepted_counts_and_has_one_verdict(happenings: Any) -> None:
    course = Played(happenings)
    told = [s[4] for s in course.steps if s[4] is not None]
    assert all(a.verdict in Verdict for a in told)
    accepted = [a for a in told if a.verdict is Verdict.ACCEPTED and a.seq is not None]
    own = [b for b in course.bids if not b.is_auto]
    assert [a.seq for a in accepted] == [b.seq for b in own]
    in_log = [line for line in map(json.loads, course.text.splitlines()) if line.get("seq")]
    assert [line["seq"] for line in in_log] == [b.seq for b in course.bids]


@given(HAPPENINGS, st.data())
def test_a6_replays_change_nothing_and_are_told_the_first_verdict(
    happenings: Any, data: st.DataObject
) -> None:
    course = Played(happenings)
    for _, _, what, _, answer in course.steps:
        if answer is None or not data.draw(st.booleans()):
            continue
        before, now = course.state, T0 + timedelta(seconds=data.draw(st.integers(0, 200)))
        assert course.receive(what, now) == answer
        for other in (replace(what, plate="Z"), _more(what)):
            assert course.receive(other, now).verdict is Verdict.CONFLICT
        assert course.state == before
    auction.recount([json.loads(line) for line in course.text.splitlines()])


def _more(what: Any) -> Any:
    if isinstance(what, Bid):
        return replace(what, amount_fen=what.amount_fen + 1)
    return Bid(id=what.id, plate=what.plate, amount_fen=what.max_fen)


@given(HAPPENINGS)
def test_a7_only_who_may_bid_at_that_instant_is_accepted(happenings: Any) -> None:
    for before, _, what, after, answer in Played(happenings).steps:
        if answer is not None and what.standing is not Standing.OK:
            assert answer.verdict is not Verdict.ACCEPTED
            assert replace(after, last_at=None) == replace(before, last_at=None)


def test_a8_ten_thousand_logs_agree_is_in_test_lot_log() -> None:
    course = RandomCourse(8).course
    auction.recount([json.loads(line) for line in course.text.splitlines()])


@given(HAPPENINGS, st.integers(1, 2**40), st.integers(1, 2**40))
def test_a10_nothing_before_the_close_depends_on_the_reserve(
    happenings: Any, one: int, other: int
) -> None:
    """Same bids, another secret reserve: the same verdicts, times and amounts to the byte."""
    told = []
    for fen in (one, other):
        reserve = Reserve(fen=fen, nonce="2b" * 32)
        lot = replace(LOT, reserve_commitment=reserve.commitment)
        told.append(Played(happenings, lot).text.split("\n", 1)[1])
    assert told[0] == told[1]


@given(HAPPENINGS)
def test_a10_while_bidding_is_on_nobody_learns_of_ceilings_or_refused_bids(happenings: Any) -> None:
    course = Played(happenings)
    told = logs.told_while_open(course.lines)
    bids = [line for line in told if line["kind"] == "bid"]
    assert [b["seq"] for b in bids] == [b.seq for b in course.bids]
    assert len({tuple(sorted(b)) for b in bids}) <= 1, "one form, whoever placed it"
    text = logs.text_of(told)
    assert not any(word in text for word in ("max_fen", "ceiling", "auto", "standing", '"id"'))


def test_a10_a_log_has_plates_and_no_names() -> None:
    room = Room(terms())
    room.bid("A3", 200, 1)
    keys = {key for line in map(json.loads, room.text.splitlines()) for key in line}
    assert not keys & {"bidder", "name", "organisation", "organisation_id", "owner", "reserve_fen"}
    assert {f.name for f in fields(Placed)} == {
        "seq", "plate", "amount_fen", "at", "closes_at", "is_auto",
    }  # fmt: skip


@given(
    st.integers(1, 89), st.integers(0, 400), st.lists(st.integers(1, 9), max_size=5), st.booleans()
)
def test_a11_an_outage_in_the_timed_period_gives_back_its_time(
    begun: int, length: int, bids: list[int], is_pause: bool
) -> None:
    lot = replace(LOT, free_s=0, cycle_s=30, outage_s=10)
    course, now = Course(lot), 0
    for number, later in enumerate(bids):
        now += later
        bid = Bid(id=f"b{number}", plate="AK"[number % 2], amount_fen=20 + 5 * number)
        course.receive(bid, at(now))
    before, begins = course.state, max(begun, now + 1)
    ends = begins + length
    if is_pause:
        if begins < (before.closes_at - T0).total_seconds():
            course.pause(at(begins), "")
            course.resume(at(max(ends, begins + 1)))
        ends = max(ends, begins + 1)
    else:
        course.outage(at(begins), at(ends))
    is_before_close = begins < (before.closes_at - T0).total_seconds()
    if is_before_close and (is_pause or length > lot.outage_s):
        still = timedelta(seconds=ends - begins)
        least = at(ends) + timedelta(seconds=lot.resume_s)
        assert course.state.closes_at == max(before.closes_at + still, least)
        assert course.state.hard_close_at >= before.hard_close_at + still
        assert any(line["kind"] in ("resume", "outage") for line in course.lines), "it is evidence"
    else:
        assert course.state == before


def test_a9_the_award_is_one_whoever_asks_when() -> None:
    room = Room(terms())
    room.bid("A3", 200, 1)
    found = {closing.close(room.lot, room.state, at(s))[1] for s in (780, 781, 9_000)}
    assert len(found) == 1


def test_the_model_and_the_verifier_reach_every_verdict() -> None:
    """A generator that never comes to a verdict proves nothing about it."""
    reached: Counter[str] = Counter()
    for seed in range(700):
        RandomCourse(seed, reached)
    wanted = {f"rising.{v}" for v in Verdict} | {f"dynamic.{v}" for v in Verdict}
    wanted |= {f"sealed.{v}" for v in ("accepted", "closed", "paused", "conflict", "not_qualified")}
    wanted |= {f"dutch.{v}" for v in ("accepted", "closed", "paused", "too_low", "not_qualified")}
    wanted |= {"auto", "pause", "resume", "outage", "sold.bid", "sold.priority", "no_bid.bid"}
    wanted |= {"reserve_not_met.bid", "claim.accepted", "claim.closed", "claim.not_qualified"}
    assert not wanted - {name for name, count in reached.items() if count}


@pytest.mark.parametrize("method", [Method.RISING, Method.DYNAMIC])
def test_sniping_schedules_equal_the_model(method: Method) -> None:
    """Attack 1: whoever waits for the last millisecond gives everybody a whole cycle."""
    room = Room(terms(method=method))
    room.bid("A3", 200, 599)
    for number in range(14):
        late = room.state.closes_at - timedelta(milliseconds=1)
        bid = Bid(id=f"s{number}", plate="KA"[number % 2], amount_fen=(210 + 10 * number) * WAN)
        assert room.receive(bid, late).verdict is Verdict.ACCEPTED
        cycle = late + timedelta(seconds=180)
        assert room.state.closes_at == min(cycle, room.state.hard_close_at)
