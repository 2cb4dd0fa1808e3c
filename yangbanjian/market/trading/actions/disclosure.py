"""A public listing until bidding begins: changed, paused, resumed, withdrawn, ended; and what
happens when its disclosure is over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.messages import actions as messages
from yangbanjian.ground.messages.actions import Word
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Conflict
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import policy, queries
from yangbanjian.market.trading.actions import deposits, holders, lots
from yangbanjian.market.trading.actions.listings import (
    SAID,
    apply,
    begin_disclosure,
    locked_listing,
    looked_at_listing,
    needed_reason,
    tell,
    waiting_lot,
)
from yangbanjian.market.trading.models import Listing, ListingVersion, Registration
from yangbanjian.market.trading.rules import listings as rules
from yangbanjian.market.trading.rules import lot_states, registration_states
from yangbanjian.market.trading.rules.listing_states import TABLE
from yangbanjian.market.trading.rules.lots import Method

ALIVE = ("applied", "deposited", "qualified")


def change_listing(
    *, actor: Actor, listing_id: int, reason: str, values: Mapping[str, Any]
) -> Listing:
    """Change what a public listing says: its disclosure begins anew, under the edition of today.
    What is not given stays; what it said before is kept. Who has signed up stays signed up."""
    with acting(actor):
        one = looked_at_listing(actor, listing_id)
        policy.may_accept(actor, one).or_refuse()
        why = needed_reason(reason)
        state = TABLE.advance(one.state, "change")
        if waiting_lot(one) is None:
            raise Conflict(
                "listings.lot_open",
                gettext_noop("已经开始报价，条件不能再改。确需变更的，先终结再另行挂牌。"),
            )
        fixed = {"deposit_fen", "method"} & {k for k, v in values.items() if v is not None}
        if fixed and one.registrations.filter(state__in=ALIVE).exists():
            raise Conflict(
                "listings.has_registrations",
                gettext_noop("已有人报名，保证金和报价方式不能再改；可以终结后另行挂牌。"),
            )
        before, papers = content(one), queries.waiting_papers(one)
        _keep(one, before, why)
        apply(actor, one, values)
        one.state, one.version = state, one.version + 1
        begin_disclosure(actor, one)
        one.save()
        _put_off(one)
        after = content(one)
        tell(
            actor, one, "listing_changed", remark=why,
            changed=[name for name in after if after[name] != before[name]], papers=papers,
        )  # fmt: skip
        sentence = gettext_noop("「%(title)s」的挂牌有变更，披露期重新计算，请查看。")
        _tell_buyers(one, sentence, f"listing.changed.{one.pk}.{one.version}")
        return one


def content(one: Listing) -> dict[str, Any]:
    """What a listing says, as its versions keep it."""
    said = {name: getattr(one, name) for name in (*SAID, "title", "abstract", "days", "unit")}
    return {
        **said, "round": one.round, "edition": one.edition.label,
        "published_at": one.published_at.isoformat() if one.published_at else None,
        "disclosure_ends_at": one.disclosure_ends_at.isoformat() if one.disclosure_ends_at else None,
    }  # fmt: skip


def _keep(one: Listing, said: Mapping[str, Any], why: str) -> None:
    ListingVersion.objects.create(
        listing=one, owner_id=one.owner_id, version=one.version, content=said, reason=why,
        made_at=clock.now(),
    )  # fmt: skip


def _put_off(one: Listing) -> None:
    """Who has still to pay may pay to the new end."""
    assert one.disclosure_ends_at is not None
    one.registrations.filter(state="applied", due_at__lt=one.disclosure_ends_at).update(
        due_at=one.disclosure_ends_at
    )


def pause_listing(*, actor: Actor, listing_id: int, reason: str) -> Listing:
    """Let a disclosure stand still, with the reason told to everybody."""
    with acting(actor):
        one = looked_at_listing(actor, listing_id)
        policy.may_accept(actor, one).or_refuse()
        why = needed_reason(reason)
        _refuse_open_lot(one)
        one.state = TABLE.advance(one.state, "pause")
        one.paused_at = clock.now()
        one.save()
        tell(actor, one, "listing_paused", remark=why)
        sentence = gettext_noop("「%(title)s」的挂牌已中止，恢复后会告诉您。")
        _tell_buyers(one, sentence, f"listing.paused.{one.pk}.{one.paused_at.isoformat()}")
        return one


def _refuse_open_lot(one: Listing) -> None:
    if one.published_at is not None and waiting_lot(one) is None:
        raise Conflict(
            "listings.lot_open_pause", gettext_noop("已经开始报价，请在竞价厅里暂停或终结。")
        )


def resume_listing(*, actor: Actor, listing_id: int) -> Listing:
    """Let a disclosure go on: its end moves by exactly as long as it stood still."""
    with acting(actor):
        one = looked_at_listing(actor, listing_id)
        policy.may_accept(actor, one).or_refuse()
        one.state = TABLE.advance(one.state, "resume")
        assert one.paused_at is not None
        assert one.disclosure_ends_at is not None
        one.disclosure_ends_at += clock.now() - one.paused_at
        one.paused_at = None
        one.save()
        _put_off(one)
        tell(actor, one, "listing_resumed")
        return one


def withdraw_listing(*, actor: Actor, listing_id: int, reason: str) -> Listing:
    """Take a listing back before bidding; whoever has paid gets it back."""
    with acting(actor):
        one = looked_at_listing(actor, listing_id)
        policy.may_withdraw_listing(actor, one).or_refuse()
        return _close(actor, one, "withdraw", "listing_withdrawn", needed_reason(reason))


def end_listing(*, actor: Actor, listing_id: int, reason: str) -> Listing:
    """End a listing that can't go on (termination, 终结); whoever has paid gets it back."""
    with acting(actor):
        one = looked_at_listing(actor, listing_id)
        policy.may_accept(actor, one).or_refuse()
        return _close(actor, one, "end", "listing_ended", needed_reason(reason))


def _close(actor: Actor, one: Listing, move: str, past: str, why: str) -> Listing:
    was_public = one.published_at is not None
    state = TABLE.advance(one.state, move)
    if one.state != "nobody":
        _refuse_open_lot(one)
    one.state, one.ended_at = state, clock.now()
    one.save()
    # A seller who withdraws does not see who has signed up: the house lets them go.
    with acting(SYSTEM):
        stop_waiting_lot(one)
        let_go(SYSTEM, one)
    tell(actor, one, past, audience="public" if was_public else "parties", remark=why)
    sentence = gettext_noop("「%(title)s」的挂牌已结束，已交的保证金原路退回。")
    _tell_buyers(one, sentence, f"listing.over.{one.pk}")
    return one


def end_stopped(*, actor: Actor, listing: Listing, why: str) -> None:
    """The lot of this listing was stopped: the listing ends, whoever has paid gets it back."""
    one = locked_listing(listing.pk)
    one.state, one.ended_at = TABLE.advance(one.state, "end"), clock.now()
    one.save()
    let_go(SYSTEM, one)
    tell(actor, one, "listing_ended", remark=why)
    sentence = gettext_noop("「%(title)s」的挂牌已结束，已交的保证金原路退回。")
    _tell_buyers(one, sentence, f"listing.over.{one.pk}")


def stop_waiting_lot(one: Listing) -> None:
    lot = waiting_lot(one)
    if lot is not None:
        lot.state = lot_states.TABLE.advance(lot.state, "stop")
        lot.save(update_fields=["state"])


def let_go(actor: Actor, one: Listing) -> None:
    """Nobody can win any more: deposits go back, and who has not paid need not."""
    for pk in _registered(one, "applied", "deposited", "qualified"):
        registration = deposits.locked(pk)
        if registration.state == "applied" and not deposits.keep_if_paid(registration):
            _lapse(actor, registration)
        else:
            deposits.release_all(actor=actor, registrations=[registration])


def _registered(one: Listing, *states: str) -> list[int]:
    found = Registration.objects.filter(listing=one, state__in=states).order_by("id")
    return list(found.values_list("pk", flat=True))


def _lapse(actor: Actor, registration: Registration) -> None:
    if registration.state != "applied":
        return  # what came too late has gone back already
    registration.state = registration_states.TABLE.advance(registration.state, "lapse")
    registration.save()
    deposits.tell(actor, registration, "registration_lapsed")


def _tell_buyers(one: Listing, sentence: str, once: str) -> None:
    word = Word("trading", sentence, {"title": one.title}, f"/listings/{one.pk}", once=once)
    with acting(SYSTEM):  # who has signed up is not the seller's to read
        buyers = list(one.registrations.values_list("owner_id", flat=True).distinct())
    for owner_id in buyers:
        messages.tell_organisation(owner_id, word, Role.ENTERPRISE, Role.TTO, Role.BROKER)


def end_disclosures(*, now: datetime, most: int) -> int:
    """Let up to `most` listings whose disclosure is over go on; returns how many."""
    found = Listing.objects.filter(state="disclosed", disclosure_ends_at__lte=now)
    done = 0
    for pk in list(found.order_by("disclosure_ends_at").values_list("pk", flat=True)[:most]):
        with acting(SYSTEM):
            one = locked_listing(pk)
            ends = one.disclosure_ends_at
            if one.state == "disclosed" and ends is not None and ends <= clock.now():
                _expire(one)
                done += 1
    return done


def _expire(one: Listing) -> None:
    for pk in _registered(one, "applied"):
        registration = deposits.locked(pk)
        if not deposits.keep_if_paid(registration):
            _lapse(SYSTEM, registration)
    one.state = TABLE.advance(one.state, "expire")
    one.save()
    tell(SYSTEM, one, "listing_expired")
    one.state = TABLE.advance(one.state, "qualify")
    one.save()
    go_on(SYSTEM, one)


def go_on(actor: Actor, one: Listing) -> None:
    """What a locked listing does after its disclosure, by who is qualified now; waits while
    somebody who has paid is undecided, and for the key that sealed bids need."""
    if one.state != "qualifying":
        return
    states = list(one.registrations.values_list("state", flat=True))
    is_dynamic = one.method == Method.DYNAMIC
    step = rules.next_step(
        qualified=states.count("qualified"), undecided=states.count("deposited"),
        is_dynamic=is_dynamic,
    )  # fmt: skip
    if step is rules.Next.WAIT:
        word = Word(
            "trading", gettext_noop("「%(title)s」公告期满，还有报名等您确认资格。"),
            {"title": one.title}, f"/listings/{one.pk}", needs_action=True,
            once=f"listing.qualifying.{one.pk}.{one.version}",
        )  # fmt: skip
        messages.tell_role(Role.EXCHANGE, word)
    elif step is rules.Next.NOBODY:
        _find_nobody(actor, one, "find_nobody")
    elif step is rules.Next.BID and one.method == Method.SEALED and not _has_key(one):
        holders.call_for_keys(one, queries.lot_of(one), is_late=True)
    else:
        _open(actor, one, step)


def _has_key(one: Listing) -> bool:
    """Sealed bids wait for the key of their lot: a window in which nobody can bid would be none."""
    return queries.is_sealing_ready(queries.lot_of(one))


def _open(actor: Actor, one: Listing, step: rules.Next) -> None:
    """Bidding, or the contract with the only one, begins."""
    is_negotiated = step is rules.Next.NEGOTIATE
    one.state = TABLE.advance(one.state, "negotiate" if is_negotiated else "bid")
    one.save()
    lot = waiting_lot(one)
    if lot is not None:
        if is_negotiated:
            span = queries.figures(one.achievement).negotiation_s
            lot.method, lot.cycle_s = Method.NEGOTIATED.value, 0
            lot.free_s = lot.hard_close_s = max(span, one.free_s)
        elif one.method == Method.NEGOTIATED:
            lot.method = Method.RISING.value  # several came: they bid for it
        lot.save()
        plates = one.registrations.filter(state="qualified", is_priority=True)
        lots.open_lot(
            actor=actor, listing=one, priority_plates=list(plates.values_list("plate", flat=True))
        )
    tell(actor, one, "listing_negotiating" if is_negotiated else "listing_bidding")
    sentence = gettext_noop("「%(title)s」可以报价了，请进入竞价厅。")
    word = Word(
        "trading", sentence, {"title": one.title}, f"/lots/{queries.lot_of(one).pk}",
        needs_action=True, once=f"listing.bidding.{one.pk}.{one.round}",
    )  # fmt: skip
    for owner_id in one.registrations.filter(state="qualified").values_list("owner_id", flat=True):
        messages.tell_organisation(owner_id, word, Role.ENTERPRISE, Role.TTO, Role.BROKER)


def fail_round(*, actor: Actor, listing: Listing) -> Listing:
    """The round's lot has ended without an award: the deposits go back, and the next round that was
    laid down in advance begins, or the listing ends. Called with the lot over already."""
    with acting(actor):
        one = locked_listing(listing.pk)
        _find_nobody(actor, one, "fail")
        return one


def _find_nobody(actor: Actor, one: Listing, move: str) -> None:
    one.state = TABLE.advance(one.state, move)
    one.save()
    let_go(actor, one)
    tell(actor, one, "listing_found_nobody")
    if one.round <= len(one.ladder):
        _next_round(actor, one, one.ladder[one.round - 1])
        return
    one.state, one.ended_at = TABLE.advance(one.state, "end"), clock.now()
    one.save()
    stop_waiting_lot(one)
    tell(actor, one, "listing_ended")
    word = Word(
        "trading", gettext_noop("「%(title)s」公告期满，没有合格的受让方，挂牌已终结。"),
        {"title": one.title}, f"/listings/{one.pk}", once=f"listing.ended.{one.pk}",
    )  # fmt: skip
    messages.tell_organisation(one.owner_id, word, Role.TTO, Role.ENTERPRISE)


def _next_round(actor: Actor, one: Listing, step: Mapping[str, Any]) -> None:
    """The round that the ladder has laid down: a version of its own, a lot of its own, a disclosure
    from now on."""
    reserve = queries.reserve_of(one)
    stop_waiting_lot(one)
    kind = rules.rung(step)
    _keep(one, content(one), gettext_noop("按事先写明的安排进入下一轮"))
    offer = rules.climbed(queries.offer(one, reserve), step)
    for name in ("start_fen", "step_fen", "floor_fen", "deposit_fen"):
        setattr(one, name, getattr(offer, name))
    one.method = offer.method.value
    one.state = TABLE.advance(one.state, kind.value)
    one.version, one.round = one.version + 1, one.round + 1
    span = queries.round_span(one, kind, step)
    one.days, one.unit, one.first_day = span.days, span.unit, span.first_day
    lots.lay_out(actor=actor, listing=one, reserve_fen=offer.reserve_fen)
    begin_disclosure(actor, one, is_extension=kind is rules.Rung.EXTEND)
    one.save()
    tell(actor, one, "listing_extended" if kind is rules.Rung.EXTEND else "listing_lowered")
