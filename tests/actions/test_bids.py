"""Bids on the database: verdicts, replays, standing, ceilings, what is written of them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from tests import ledger, lots, make
from verify.auction import recount
from yangbanjian.faces.cli import health
from yangbanjian.ground.clock import actions as clock_actions
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.clock.jobs import run_due
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.ledger.rules import Kind, Transfer
from yangbanjian.kernel.actor import ANONYMOUS, SYSTEM, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound
from yangbanjian.market.trading import actions, queries
from yangbanjian.market.trading.actions import closing, deals, sittings, stuck
from yangbanjian.market.trading.models import (
    Beat,
    Deal,
    Inbox,
    Listing,
    Lot,
    PlacedBid,
    Received,
    Registration,
    Stuck,
)
from yangbanjian.market.trading.rules.lots import Verdict

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sandbox(settings: Any) -> None:
    settings.YBJ_SANDBOX = True
    make.sandbox()


def test_A1_accepted_bids_are_numbered_and_their_times_rise() -> None:
    lot, by = lots.opened()
    told = [lots.bid(by[p], lot, wan) for p, wan in (("A3", 200), ("K7", 210), ("A3", 230))]
    assert [t.verdict for t in told] == [Verdict.ACCEPTED] * 3
    rows = list(PlacedBid.objects.filter(lot=lot).order_by("seq"))
    assert [r.seq for r in rows] == [t.seq for t in told] == [1, 2, 3]
    assert rows[0].at < rows[1].at < rows[2].at
    lot.refresh_from_db()
    assert (lot.top_fen, lot.top_plate, lot.seq) == (230 * lots.WAN, "A3", 3)


def test_A2_each_bid_is_steps_above_and_the_answer_says_which_is_wrong() -> None:
    lot, by = lots.opened()
    told = [
        lots.bid(by[plate], lot, wan).verdict
        for plate, wan in (("A3", 190), ("A3", 200), ("K7", 205), ("K7", 200), ("K7", 215), ("K7", 220))
    ]  # fmt: skip
    wanted = ["too_low", "accepted", "too_low", "too_low", "off_step", "accepted"]
    assert [v.value for v in told] == wanted
    assert lots.bid(by["K7"], lot, 240).verdict is Verdict.OWN_TOP


def test_A3_a_bid_at_the_close_is_late_and_a_valid_one_gives_a_whole_cycle_anew() -> None:
    lot, by = lots.opened()
    first = lots.bid(by["A3"], lot, 200)
    assert first.closes_at == lot.opens_at + timedelta(seconds=780)  # type: ignore[operator]
    clock_actions.advance(actor=SYSTEM, by=timedelta(seconds=700))
    second = lots.bid(by["K7"], lot, 210)
    assert second.closes_at == second.at + timedelta(seconds=180)
    clock_actions.advance(actor=SYSTEM, by=timedelta(seconds=181))
    assert lots.bid(by["A3"], lot, 220).verdict is Verdict.CLOSED


def test_A4_the_time_is_the_databases_read_after_the_lock() -> None:
    lot, by = lots.opened()
    told = [lots.bid(by[p], lot, w) for p, w in (("A3", 200), ("K7", 210))]
    rows = Received.objects.filter(lot=lot).order_by("id")
    assert [(r.at, r.clock) for r in rows] == [(t.at, t.at) for t in told]


def test_A5_everything_received_has_one_verdict_and_is_in_the_log() -> None:
    lot, by = lots.opened()
    for plate, wan in (("A3", 150), ("A3", 200), ("A3", 210), ("K7", 210)):
        lots.bid(by[plate], lot, wan)
    assert Received.objects.filter(lot=lot).count() == 4
    said = [json.loads(line) for line in lots.log_of(lot).splitlines()]
    assert [one.get("verdict") for one in said[1:]] == [
        "too_low",
        "accepted",
        "own_top",
        "accepted",
    ]
    assert recount(said).close > 0
    assert not Inbox.objects.filter(at=None).exists()


def test_A6_the_same_bid_again_gives_the_first_verdict_and_changes_nothing() -> None:
    lot, by = lots.opened()
    first = lots.bid(by["A3"], lot, 200, "mine")
    lots.bid(by["K7"], lot, 210)
    assert lots.bid(by["A3"], lot, 200, "mine") == first
    assert lots.bid(by["A3"], lot, 220, "mine").verdict is Verdict.CONFLICT
    assert lots.bid(by["K7"], lot, 200, "mine").verdict is Verdict.CONFLICT
    assert PlacedBid.objects.filter(lot=lot).count() == 2
    assert Received.objects.filter(lot=lot).count() == 2
    kinds = [json.loads(line).get("verdict") for line in lots.log_of(lot).splitlines()]
    assert kinds == [None, "accepted", "accepted", "accepted", "conflict", "conflict"]


def test_A7_only_who_may_bid_at_that_instant() -> None:
    lot, by = lots.opened()
    one = lot.listing
    assert lots.bid(by["A3"], lot, 200).verdict is Verdict.ACCEPTED
    wrong = [
        lots.bidder(one, "B1", state="deposited"),
        lots.bidder(one, "B2", is_held=False),
        lots.bidder(one, "B3", is_related=True),
        lots.bidder(one, "B4", state="forfeited"),
        make.actor(Role.ENTERPRISE),
        make.actor(Role.EXCHANGE),
        make.actor(Role.TTO, one.owner),
    ]
    assert {lots.bid(actor, lot, 300).verdict for actor in wrong} == {Verdict.NOT_QUALIFIED}
    standings = list(
        Received.objects.filter(lot=lot).order_by("id").values_list("standing", flat=True)
    )
    assert standings == ["ok", "unqualified", "no_deposit", "related", "defaulted", "unqualified",
                         "operator", "seller"]  # fmt: skip
    gone = Registration.objects.get(listing=one, plate="K7")
    assert gone.hold_id is not None
    ledger.post(Transfer(id=ledger.new_id(), kind=Kind.VOID, hold_id=gone.hold_id))
    assert lots.bid(by["K7"], lot, 210).verdict is Verdict.NOT_QUALIFIED, "the deposit went back"
    with pytest.raises(NotAllowed):
        lots.bid(ANONYMOUS, lot, 210)


def test_A9_one_award_and_closing_again_changes_nothing() -> None:
    lot, by = lots.opened(reserve_fen=205 * lots.WAN)
    lots.bid(by["A3"], lot, 200)
    lots.bid(by["K7"], lot, 210)
    assert actions.close_lot(actor=SYSTEM, lot_id=lot.pk).state == "open", "asked early"
    clock_actions.advance(actor=SYSTEM, by=timedelta(seconds=800))
    for _ in range(3):
        assert actions.close_lot(actor=ANONYMOUS, lot_id=lot.pk).state == "sold"
    deal = Deal.objects.get(lot=lot)
    assert (deal.price_fen, deal.buyer_id) == (210 * lots.WAN, by["K7"].organisation_id)
    lot.refresh_from_db()
    assert lot.result["winner"] == "K7"
    assert lot.result["order"][1]["plate"] == "A3"
    assert Entry.objects.filter(verb="trading.lot_closed", subject_id=lot.pk).count() == 1
    assert lots.bid(by["A3"], lot, 400).verdict is Verdict.CLOSED
    assert recount([json.loads(line) for line in lots.log_of(lot).splitlines()]).result


def test_a_lot_without_enough_goes_back_to_its_listing() -> None:
    lot, by = lots.opened(reserve_fen=500 * lots.WAN)
    lots.bid(by["A3"], lot, 200)
    empty, _ = lots.opened()
    clock_actions.advance(actor=SYSTEM, by=timedelta(seconds=800))
    assert actions.close_due(now=lot.closes_at + timedelta(hours=1), most=10) == 2  # type: ignore[operator]
    found = Lot.objects.filter(pk__in=[lot.pk, empty.pk]).order_by("pk")
    assert [(one.state, one.result["outcome"]) for one in found] == [
        ("unsold", "reserve_not_met"), ("unsold", "no_bid"),
    ]  # fmt: skip
    assert Listing.objects.get(pk=lot.listing_id).state == "ended"


@pytest.fixture
def _long_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, a rest is not over by itself."""
    monkeypatch.setattr(stuck, "FIRST_WAIT", timedelta(hours=1))
    monkeypatch.setattr(stuck, "LONGEST_WAIT", timedelta(hours=1))


@pytest.mark.usefixtures("_long_rest")
def test_a_lot_that_can_not_end_keeps_no_other_from_its_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lot, by = lots.opened()
    lots.bid(by["A3"], lot, 200)
    other, _ = lots.opened()
    clock_actions.advance(actor=SYSTEM, by=timedelta(seconds=800))

    def broken(**_: object) -> None:
        raise ZeroDivisionError

    award = deals.award
    monkeypatch.setattr(deals, "award", broken)
    assert actions.close_due(now=lot.closes_at + timedelta(hours=1), most=10) == 1  # type: ignore[operator]
    assert "could not be closed" in caplog.text
    states = (
        Lot.objects.filter(pk__in=[lot.pk, other.pk]).order_by("pk").values_list("state", flat=True)
    )
    assert list(states) == ["open", "unsold"], "all of its end or nothing"
    # Written down for who watches the house, and told once: not tried again before its time.
    assert [pk for pk, _since in queries.stuck_lots()] == [lot.pk]
    caplog.clear()
    later = lot.closes_at + timedelta(hours=1)  # type: ignore[operator]
    assert actions.close_due(now=later, most=10) == 0
    assert Stuck.objects.get().tries == 1
    assert "could not" not in caplog.text
    assert "trading.lots" in run_due().failed
    check = health._lots()
    assert not check.ok
    assert str(lot.pk) in check.sentence
    Stuck.objects.update(next_at=clock.recorded_now())
    assert actions.close_due(now=later, most=10) == 0
    assert Stuck.objects.get().tries == 2
    monkeypatch.setattr(deals, "award", award)
    Stuck.objects.update(next_at=clock.recorded_now())
    assert actions.close_due(now=later, most=10) == 1
    assert queries.stuck_lots() == []
    assert not Stuck.objects.exists()
    assert "trading.lots" not in run_due().failed
    assert health._lots().ok


def test_a_stuck_lot_rests_longer_each_time() -> None:
    assert [stuck.wait_after(n).total_seconds() for n in (1, 2, 3, 7, 99)] == [1, 2, 4, 60, 60]


@pytest.mark.usefixtures("_long_rest")
def test_bids_that_can_not_be_decided_are_told_and_tried_less_and_less(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lot, by = lots.opened()
    Inbox.objects.create(
        lot=lot, key="x", kind="bid", owner_id=by["A3"].organisation_id, amount_fen=200 * lots.WAN
    )

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(sittings.Sitting, "_decide", broken)
        for _ in range(3):
            actions.look_after()
        assert [pk for pk, _since in queries.stuck_lots()] == [lot.pk]
        assert Stuck.objects.get().tries == 1
        assert caplog.text.count("could not be decided") == 1
        for _ in range(4):
            Stuck.objects.update(next_at=clock.recorded_now())
            actions.look_after()
        assert Stuck.objects.get().tries == 5
        assert caplog.text.count("could not be decided") == 3, "at the 1st, 2nd and 4th try"
    Stuck.objects.update(next_at=clock.recorded_now())
    actions.look_after()
    assert queries.stuck_lots() == []
    assert Inbox.objects.get(key="x").verdict == Verdict.ACCEPTED


def test_A10_nobody_learns_who_bids_nor_the_reserve_before_the_end() -> None:
    lot, by = lots.opened(reserve_fen=205 * lots.WAN)
    lots.bid(by["A3"], lot, 200)
    actions.set_ceiling(actor=by["K7"], lot_id=lot.pk, max_fen=300 * lots.WAN)
    lots.bid(by["A3"], lot, 190)
    told = queries.log_text(Lot.objects.get(pk=lot.pk))
    assert [json.loads(line)["kind"] for line in told.splitlines()] == ["terms", "bid", "bid"]
    for hidden in ("205000000", "300000000", "ceiling", "auto", "too_low", "nonce"):
        assert hidden not in told
    entries = Entry.objects.filter(subject_kind="lot", subject_id=lot.pk, audience="public")
    assert entries.count() == 3
    for entry in entries:
        assert entry.person_id is None
        assert entry.organisation_id is None
        assert "300000000" not in json.dumps(entry.payload)


def test_A11_a_pause_moves_every_end_and_says_why() -> None:
    lot, by = lots.opened()
    exchange = make.actor(Role.EXCHANGE)
    lots.bid(by["A3"], lot, 200)
    with pytest.raises(NotAllowed):
        actions.pause_lot(actor=by["A3"], lot_id=lot.pk, reason="想停")
    with pytest.raises(Invalid):
        actions.pause_lot(actor=exchange, lot_id=lot.pk, reason=" ")
    actions.pause_lot(actor=exchange, lot_id=lot.pk, reason="设备检修")
    assert lots.bid(by["K7"], lot, 210).verdict is Verdict.PAUSED
    clock_actions.advance(actor=SYSTEM, by=timedelta(hours=2))
    assert actions.close_lot(actor=SYSTEM, lot_id=lot.pk).state == "paused"
    resumed = actions.resume_lot(actor=exchange, lot_id=lot.pk)
    assert resumed.closes_at is not None
    assert resumed.closes_at > lot.closes_at + timedelta(hours=2)  # type: ignore[operator]
    assert lots.bid(by["K7"], lot, 210).verdict is Verdict.ACCEPTED
    with pytest.raises(Conflict):
        actions.resume_lot(actor=exchange, lot_id=lot.pk)


def test_A11_after_an_outage_the_lot_has_its_time_back(monkeypatch: pytest.MonkeyPatch) -> None:
    lot, by = lots.opened(free_s=1)
    actions.beat()
    real = sittings.clocks

    def later(asked: object) -> object:
        now, recorded, beat = real(asked)
        return now + timedelta(minutes=2), recorded + timedelta(minutes=2), beat

    monkeypatch.setattr(sittings, "clocks", later)
    told = lots.bid(by["A3"], lot, 200)
    assert told.verdict is Verdict.ACCEPTED
    assert [json.loads(x)["kind"] for x in lots.log_of(lot).splitlines()] == [
        "terms",
        "outage",
        "bid",
    ]
    assert Entry.objects.filter(verb="trading.lot_extended", subject_id=lot.pk).count() == 1


def test_A11_a_lot_that_fails_keeps_the_time_of_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """After an outage the lots get their time back one by one, and the platform says that it is there."""
    broken, _ = lots.opened(free_s=1)
    lot, _ = lots.opened(free_s=1)
    actions.beat()
    Beat.objects.update(at=Beat.objects.get().at - timedelta(minutes=2))
    clock_actions.advance(actor=SYSTEM, by=timedelta(minutes=2))
    silent_since = Beat.objects.get().at
    real = sittings.Sitting

    def sitting(lot_id: int, **how: Any) -> Any:
        if lot_id == broken.pk:
            raise RuntimeError("broken")
        return real(lot_id, **how)

    monkeypatch.setattr(closing, "Sitting", sitting)
    actions.beat()
    assert Beat.objects.get().at > silent_since + timedelta(minutes=1)
    assert [json.loads(x)["kind"] for x in lots.log_of(lot).splitlines()] == ["terms", "outage"]
    assert [pk for pk, _since in queries.stuck_lots()] == [broken.pk]


def test_the_completer_steps_in_at_the_top_price() -> None:
    lot, by = lots.opened(plates=("A3", "K7", "M2"), priority=["M2"], priority_s=300)
    lots.bid(by["A3"], lot, 200)
    early = actions.claim_priority(actor=by["M2"], lot_id=lot.pk, match=True)
    assert early.verdict is Verdict.CLOSED
    clock_actions.advance(actor=SYSTEM, by=timedelta(seconds=800))
    assert actions.close_lot(actor=SYSTEM, lot_id=lot.pk).state == "priority"
    told = actions.claim_priority(actor=by["M2"], lot_id=lot.pk, match=True)
    assert told.verdict is Verdict.ACCEPTED
    assert actions.close_lot(actor=SYSTEM, lot_id=lot.pk).state == "sold"
    assert Deal.objects.get(lot=lot).buyer_id == by["M2"].organisation_id


def test_what_can_not_be_received_is_refused_and_leaves_nothing() -> None:
    lot, by = lots.opened()
    with pytest.raises(Invalid):
        actions.place_bid(actor=by["A3"], lot_id=lot.pk, bid_id="a b", amount_fen=1)
    for amount in (0, -1, 2**53):
        with pytest.raises(Invalid):
            actions.place_bid(actor=by["A3"], lot_id=lot.pk, bid_id="x", amount_fen=amount)
    with pytest.raises(NotFound):
        actions.place_bid(actor=by["A3"], lot_id=10**9, bid_id="x", amount_fen=1)
    waiting = actions.lay_out(actor=SYSTEM, listing=lots.listing())
    with pytest.raises(Conflict):
        lots.bid(by["A3"], waiting, 200)
    dutch, others = lots.opened(method="dutch", floor_fen=100 * lots.WAN)
    with pytest.raises(Conflict):
        actions.set_ceiling(actor=others["A3"], lot_id=dutch.pk, max_fen=300 * lots.WAN)
    assert not Received.objects.exists()
    assert not Inbox.objects.exists()


def test_verdicts_leave_the_inbox_after_an_hour_and_stay_in_the_log() -> None:
    lot, by = lots.opened()
    lots.bid(by["A3"], lot, 200, "first")
    assert actions.forget_verdicts(most=10) == 0
    clock_actions.advance(actor=SYSTEM, by=timedelta(hours=2))
    assert actions.forget_verdicts(most=10) == 1
    assert lots.bid(by["A3"], lot, 200, "first").verdict is Verdict.ACCEPTED


def test_a_bid_alone_costs_few_statements_and_they_are_kept_ready() -> None:
    """Many wait for one lot: what a verdict costs is what all of them wait for."""
    lot, by = lots.opened()
    for n in range(3):
        lots.bid(by[("A3", "K7")[n % 2]], lot, 200 + 10 * n)
    sent: list[str] = []

    def told(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        sent.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(told):
        assert lots.bid(by["K7"], lot, 230).verdict is Verdict.ACCEPTED
    asked = [sql for sql in sent if not sql.startswith(("SAVEPOINT", "RELEASE"))]
    # Who acts is told and taken back here, inside the test's own transaction.
    assert len(asked) <= 16, asked
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%trading_%'"
        )
        assert cursor.fetchone()[0] >= 8
