"""A listing from draft to the start of bidding, on the database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests import make
from tests.actions.test_notices import advance, brought
from tests.trading import DAY, WAN, Market, fresh, terms
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.messages.models import Notice
from yangbanjian.ground.people.models import Membership, Organisation, Person
from yangbanjian.ground.people.queries import actor_of
from yangbanjian.kernel.actor import ANONYMOUS, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound
from yangbanjian.market.trading import actions, queries
from yangbanjian.market.trading.models import Listing, ListingVersion, Lot, Registration, Reserve

pytestmark = pytest.mark.django_db


@pytest.fixture
def market(settings: Any) -> Market:
    settings.YBJ_SANDBOX = True
    return Market()


def test_a_draft_has_its_lot_and_a_planned_end_and_its_reserve_is_told_nowhere(
    market: Market,
) -> None:
    one = market.drafted(reserve_fen=333 * WAN + 7)
    lot = queries.lot_of(one)

    assert (lot.state, lot.method, lot.start_fen) == ("waiting", "rising", 200 * WAN)
    assert (lot.resume_s, lot.outage_s) == (300, 30)
    assert queries.planned_end(one) > clock.now() + 9 * DAY
    assert Reserve.objects.get(lot=lot).fen == 333 * WAN + 7
    assert len(lot.reserve_commitment) == 64
    told = str(list(Entry.objects.filter(subject_kind="listing").values_list("payload", flat=True)))
    assert str(333 * WAN + 7) not in told
    with pytest.raises(NotFound):
        queries.listing(ANONYMOUS, one.pk)


def test_what_a_draft_must_say(market: Market) -> None:
    record = brought(market.tto)
    wrong = terms(
        step_fen=0, deposit_fen=61 * WAN, free_s=59, cycle_s=1, reserve_fen=0,
        commission=[{"organisation_id": 1, "permille": 301}], forfeitures=["late"],
        payment={"kind": "cows"}, deal_mode="x",
    )  # fmt: skip
    with pytest.raises(Invalid) as refused:
        actions.draft_listing(actor=market.tto, achievement_id=record.pk, values=wrong)

    assert {p.field for p in refused.value.problems} == {
        "step_fen", "deposit_fen", "free_s", "cycle_s", "reserve_fen", "commission", "forfeitures",
        "payment", "deal_mode",
    }  # fmt: skip
    assert not Listing.objects.exists()
    assert not Lot.objects.exists()
    for bad in ({"days": 9}, {"days": 10, "unit": "calendar"}, {"days": 10, "unit": "moons"}):
        with pytest.raises(Invalid) as refused:
            actions.draft_listing(
                actor=market.tto, achievement_id=record.pk, values=terms(**bad)
            )  # fmt: skip
        assert [p.field for p in refused.value.problems] == ["disclosure"]
    for bad in ({"method": "auction"}, {"start_fen": None}, {"start_fen": 0}, {"start_fen": 2**53}):
        with pytest.raises(Invalid):
            actions.draft_listing(
                actor=market.tto, achievement_id=record.pk, values=terms(**bad)
            )  # fmt: skip


def test_without_its_duties_a_listing_is_not_handed_in(market: Market) -> None:
    record = brought(market.tto)
    one = market.drafted(record)
    with pytest.raises(Conflict) as refused:
        actions.submit_listing(actor=market.tto, listing_id=one.pk)

    assert refused.value.code == "listings.duties_missing"
    lacks = set(refused.value.params["missing"])
    assert {"decision", "notice"} <= lacks
    assert "title" not in lacks, "told on the checklist, and in nobody's way"
    assert fresh(one).state == "draft"
    with pytest.raises(Conflict):
        market.drafted(record)


def test_two_persons_stand_behind_a_publication(market: Market) -> None:
    one = market.accepted()
    with pytest.raises(NotAllowed) as refused:
        actions.publish_listing(actor=market.exchange, listing_id=one.pk)
    assert refused.value.code == "trading.second_person"
    with pytest.raises(NotAllowed):
        actions.accept_listing(actor=market.exchange, listing_id=one.pk)
    confirmed = actions.accept_listing(actor=market.second, listing_id=one.pk)
    assert (confirmed.state, confirmed.version) == ("accepted", 1)
    made = actions.publish_listing(actor=market.exchange, listing_id=one.pk)

    assert made.state == "disclosed"
    assert {made.accepted_by, made.confirmed_by} == {
        market.exchange.person_id, market.second.person_id,
    }  # fmt: skip
    assert made.disclosure_ends_at is not None
    assert queries.listing(ANONYMOUS, one.pk).pk == one.pk


def test_attack_22_who_drafted_it_does_not_accept_it(market: Market) -> None:
    """Nobody approves their own listing, in whatever role they come."""
    one = market.accepted()
    both = make.person(Role.EXCHANGE, of=make.organisation("exchange"))
    Membership.objects.create(
        person=both, organisation=Organisation.objects.get(pk=one.owner_id), role=Role.TTO,
        period=(clock.now() - DAY, None),
    )  # fmt: skip
    with pytest.raises(NotAllowed) as refused:
        actions.publish_listing(actor=actor_of(both), listing_id=one.pk)
    assert refused.value.code == "trading.own_listing"


def test_returned_mended_and_handed_in_again(market: Market) -> None:
    one = market.drafted(reserve_fen=250 * WAN)
    actions.submit_listing(actor=market.tto, listing_id=one.pk)
    with pytest.raises(Invalid):
        actions.return_listing(actor=market.exchange, listing_id=one.pk, reason=" ")
    actions.return_listing(actor=market.exchange, listing_id=one.pk, reason="起始价写错了")
    actions.revise_listing(actor=market.tto, listing_id=one.pk, values={"start_fen": 210 * WAN})
    again = actions.submit_listing(actor=market.tto, listing_id=one.pk)

    assert (again.state, again.start_fen) == ("submitted", 210 * WAN)
    lot = queries.lot_of(again)
    assert (lot.start_fen, lot.reserve.fen) == (210 * WAN, 250 * WAN)
    with pytest.raises(Conflict):
        actions.revise_listing(actor=market.tto, listing_id=one.pk, values={"start_fen": 1})


def test_a_change_begins_the_disclosure_anew_and_keeps_what_was_said(market: Market) -> None:
    one = market.published()
    made = market.signed_up(one)
    advance(5 * DAY)
    changed = actions.change_listing(
        actor=market.exchange, listing_id=one.pk, reason="补充条件", values={"step_fen": 5 * WAN}
    )

    assert (changed.version, changed.state) == (2, "disclosed")
    assert changed.disclosure_ends_at > one.disclosure_ends_at
    kept = ListingVersion.objects.get(listing=one)
    assert (kept.version, kept.content["step_fen"]) == (1, 10 * WAN)
    assert queries.lot_of(changed).step_fen == 5 * WAN
    assert fresh(made).due_at == changed.disclosure_ends_at
    with pytest.raises(Conflict) as refused:
        actions.change_listing(
            actor=market.exchange, listing_id=one.pk, reason="改", values={"deposit_fen": 1}
        )
    assert refused.value.code == "listings.has_registrations"


def test_a_pause_puts_the_end_off_by_as_long_as_it_lasts(market: Market) -> None:
    one = market.published()
    actions.pause_listing(actor=market.exchange, listing_id=one.pk, reason="核实权属")
    with pytest.raises(Conflict):
        market.signed_up(one)
    advance(20 * DAY)
    assert fresh(one).state == "paused"
    resumed = actions.resume_listing(actor=market.exchange, listing_id=one.pk)

    waited = resumed.disclosure_ends_at - one.disclosure_ends_at
    assert 20 * DAY <= waited < 20 * DAY + timedelta(minutes=1)


def test_two_qualified_bid_one_negotiates_nobody_ends(market: Market) -> None:
    one = market.published()
    first, second = (
        market.qualified(one),
        market.qualified(one, is_priority=True, statement="完成人创办"),
    )
    late = market.signed_up(one)
    advance(30 * DAY)

    assert fresh(one).state == "bidding"
    lot = queries.lot_of(one)
    assert (lot.state, lot.method, lot.priority_plates) == ("open", "rising", [second.plate])
    assert first.plate != second.plate
    assert fresh(late).state == "lapsed"

    other = Market()
    alone = other.published()
    other.qualified(alone)
    advance(30 * DAY)
    assert fresh(alone).state == "negotiating"
    lot = queries.lot_of(alone)
    assert (lot.state, lot.method) == ("open", "negotiated")
    assert lot.hard_close_at - lot.opens_at == 5 * DAY

    third = Market()
    empty = third.published()
    advance(30 * DAY)
    assert fresh(empty).state == "ended"
    assert queries.lot_of(empty).state == "stopped"


def test_who_has_paid_is_decided_on_before_it_goes_on(market: Market) -> None:
    one = market.published()
    market.qualified(one)
    waiting = market.deposited(one)
    advance(30 * DAY)
    assert fresh(one).state == "qualifying"
    actions.refuse_buyer(actor=market.exchange, registration_id=waiting.pk, reason="资质不符")
    assert fresh(one).state == "negotiating"
    assert fresh(waiting).outcome == "refunded"


def test_sealed_bids_wait_for_the_key_of_their_lot(market: Market) -> None:
    one = market.published(method="sealed", step_fen=0)
    houses = [market.exchange, market.tto, make.actor(Role.AUDITOR)]
    told = Notice.objects.filter(url=f"/lots/{queries.lot_of(one).pk}")
    assert {n.person_id for n in told} >= {h.person_id for h in houses[:2]}
    market.qualified(one)
    market.qualified(one)
    for house in houses[:2]:
        actions.keep_share(actor=house, lot_id=queries.lot_of(one).pk)
    advance(30 * DAY)
    lot = queries.lot_of(one)
    assert (fresh(one).state, lot.state) == ("qualifying", "waiting"), "nobody could bid"
    actions.keep_share(actor=houses[2], lot_id=lot.pk)
    lot = queries.lot_of(one)
    assert (fresh(one).state, lot.state) == ("bidding", "open")
    assert lot.closes_at - lot.opens_at == timedelta(seconds=lot.free_s)


def test_the_ladder_is_climbed_as_it_was_laid_down(market: Market) -> None:
    ladder = [{"days": 5}, {"start_fen": 160 * WAN, "method": "sealed"}]
    one = market.published(ladder=ladder, reserve_fen=150 * WAN)
    advance(30 * DAY)
    extended = fresh(one)
    assert (extended.state, extended.round, extended.start_fen) == ("disclosed", 2, 200 * WAN)
    advance(30 * DAY)
    lowered = fresh(one)

    assert (lowered.state, lowered.round, lowered.version) == ("disclosed", 3, 3)
    assert (lowered.start_fen, lowered.method, lowered.deposit_fen) == (
        160 * WAN,
        "sealed",
        16 * WAN,
    )
    lots = Lot.objects.filter(listing=one).order_by("round")
    assert [lot.state for lot in lots] == ["stopped", "stopped", "waiting"]
    assert lots[2].reserve.fen == 150 * WAN
    assert [v.version for v in queries.versions(lowered)] == [2, 1]
    advance(60 * DAY)
    assert fresh(one).state == "ended"


def test_a_ladder_does_not_rise(market: Market) -> None:
    record = brought(market.tto)
    for ladder in (
        [{"start_fen": 201 * WAN}], [{"start_fen": 0}], [{"method": "loud"}], [{"days": 0}],
        [{"start_fen": 100 * WAN, "method": "dutch"}], [{}] * 11,
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            market.drafted(record, ladder=ladder)
        assert {p.field for p in refused.value.problems} == {"ladder"}


def test_dynamic_bidding_opens_with_the_notice(market: Market) -> None:
    one = market.published(method="dynamic")
    lot = queries.lot_of(one)
    assert (lot.state, lot.needs_free_bid) == ("open", True)
    assert abs(lot.free_until - fresh(one).disclosure_ends_at) < timedelta(seconds=1)
    buyer = actor_of(Person.objects.get(pk=market.qualified(one).made_by))
    with pytest.raises(Conflict):
        actions.change_listing(
            actor=market.exchange, listing_id=one.pk, reason="改", values={"step_fen": 1}
        )
    actions.place_bid(actor=buyer, lot_id=lot.pk, bid_id="free", amount_fen=200 * WAN)
    advance(fresh(one).disclosure_ends_at - clock.now())
    assert fresh(one).state == "bidding"


def test_withdrawn_in_time_everybody_gets_the_deposit_back(market: Market) -> None:
    one = market.published()
    paid, waiting = market.deposited(one), market.signed_up(one)
    gone = actions.withdraw_listing(actor=market.tto, listing_id=one.pk, reason="另有安排")

    assert gone.state == "withdrawn"
    assert (fresh(paid).state, fresh(paid).outcome) == ("lost", "refunded")
    assert fresh(waiting).state == "lapsed"
    advance(DAY)
    assert queries.refund_state(fresh(paid))["paid_at"] is not None
    # The achievement is free for another listing.
    assert market.drafted(queries.achievement(market.tto, one.achievement_id)).pk != one.pk


def test_questions_are_public_with_their_answer(market: Market) -> None:
    one = market.published()
    buyer = market.buyer()
    asked = actions.ask(actor=buyer, listing_id=one.pk, text="年费缴到哪一年？")
    assert not queries.questions(ANONYMOUS, one)
    with pytest.raises(NotAllowed):
        actions.answer(actor=buyer, question_id=asked.pk, text="2028 年")
    actions.answer(actor=market.tto, question_id=asked.pk, text="缴到 2028 年。")
    assert [q.answer for q in queries.questions(ANONYMOUS, one)] == ["缴到 2028 年。"]
    with pytest.raises(Conflict):
        actions.answer(actor=market.tto, question_id=asked.pk, text="改")
    with pytest.raises(NotAllowed):
        actions.ask(actor=market.tto, listing_id=one.pk, text="？")
    assert Registration.objects.count() == 0
