"""The key of a lot of sealed bids: made, shared among three houses, used by two of them.

Each holder first gets a share of their own, shown once: it is the private key of a pair of which we
keep the public half. When the third has come the lot's key is made, split two of three, each part
sealed to one holder's public half, and forgotten, in one step. So no table and no file ever holds a
share, or the key, in clear (S1); after the deadline a holder hands in what was shown to them, and two
of them open the bids (S5).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.sealing import fresh
from yangbanjian.ground.sealing.rules import hpke, sharing
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.kernel.refusals import Conflict, Invalid, NotAllowed, Problem
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import policy, queries
from yangbanjian.market.trading.actions import closing, disclosure
from yangbanjian.market.trading.actions.decisions import INVALID, fact
from yangbanjian.market.trading.actions.listings import locked_listing
from yangbanjian.market.trading.actions.sittings import Sitting
from yangbanjian.market.trading.models import Lot, Sealing
from yangbanjian.market.trading.rules import sealing as rules
from yangbanjian.market.trading.rules.lots import Method

NEEDED = 2


@dataclass(frozen=True, slots=True)
class Shown:
    """A holder's share, as it is shown once."""

    place: int
    role: str
    share: str


def keep_share(*, actor: Actor, lot_id: int) -> Shown:
    """Become one of the three holders of a lot's key. What is returned can't be shown again."""
    with acting(SYSTEM):
        lot = _sealed_lot(actor, lot_id)
        policy.may_hold(actor, lot).or_refuse()
        role = policy.holder_role(actor, lot)
        one, _ = Sealing.objects.get_or_create(lot=lot, defaults={"made_at": clock.now()})
        one = Sealing.objects.select_for_update(no_key=True).get(pk=lot.pk)
        if any(h["role"] == role or h["person"] == actor.person_id for h in one.holders):
            raise Conflict(
                "sealing.taken", gettext_noop("这一方的密钥份额已经领取，只显示一次，不能再领。")
            )
        place = policy.HOLDERS.index(role) + 1
        secret = fresh.fresh_secret()
        one.holders.append(
            {
                "place": place, "role": role, "person": actor.person_id,
                "organisation": actor.organisation_id, "public": hpke.public_of(secret).hex(),
            }
        )  # fmt: skip
        if len(one.holders) == len(policy.HOLDERS):
            _make_key(one)
        one.save()
        payload = {"lot": str(lot.pk), "role": role, "public_key": one.public_key or None}
        told = fact(lot, "share_kept", "lot", payload, audience="public")
        journal.record(actor=actor, fact=told)
        if one.public_key:
            disclosure.go_on(
                SYSTEM, locked_listing(lot.listing_id)
            )  # it may wait for the key alone
        return Shown(place, role, sharing.written(sharing.Share(place, secret)))


def _make_key(one: Sealing) -> None:
    secret = fresh.fresh_secret()
    one.public_key = hpke.public_of(secret).hex()
    parts = {s.place: s for s in fresh.split(secret, holders=3, needed=NEEDED)}
    for holder in one.holders:
        part, public = parts[holder["place"]], bytes.fromhex(holder["public"])
        holder["box"] = fresh.seal(public, part.body, aad=_aad(one.pk, part.place)).hex()


def _aad(lot_id: int, place: int) -> bytes:
    return f"yangbanjian-share/1|{lot_id}|{place}".encode()


def _sealed_lot(actor: Actor, lot_id: int) -> Lot:
    lot = queries.lot(actor, lot_id)
    if lot.method != Method.SEALED:
        raise Conflict("sealing.not_sealed", gettext_noop("这个标的不是一次报价，没有密钥份额。"))
    return lot


def hand_in_share(*, actor: Actor, lot_id: int, share: str) -> int:
    """Hand in what was shown: by its holder, after the deadline, as soon as the log's signed head
    has what was received (S4). With the second the bids are opened and the lot ends; returns how
    many shares are there."""
    seen = _sealed_lot(actor, lot_id)
    policy.may_hold(actor, seen).or_refuse()
    with acting(SYSTEM):
        closing.close_lot(actor=SYSTEM, lot_id=lot_id)  # the deadline may just have passed
        sitting = Sitting(lot_id)
        if sitting.lot.state != "opening":
            raise Conflict(
                "trading.not_before_deadline",
                gettext_noop("还没到开标时间，或者已经开过标，现在不能开标。"),
            )
        one = Sealing.objects.select_for_update(no_key=True).get(pk=lot_id)
        given = _read(share)
        holder = next((h for h in one.holders if h["place"] == given.place), None)
        if holder is None or holder["person"] != actor.person_id:
            raise NotAllowed(
                "sealing.another_holder", gettext_noop("这份密钥不是发给您的，请由持有人本人交来。")
            )
        part = _part(one, holder, given)
        if str(part.place) in one.shares:
            return len(one.shares)  # the same share again is one share
        if one.deadline_packet is None:
            one.deadline_packet = queries.packet(one.deadline_entry_id)
        one.shares[str(part.place)] = sharing.written(part)
        one.save(update_fields=["shares", "deadline_packet"])
        sitting.tell("share_handed_in", {"role": holder["role"]}, actor=actor)
        if len(one.shares) >= NEEDED:
            _open(sitting, one)
        return len(one.shares)


def _read(share: str) -> sharing.Share:
    try:
        return sharing.read_share(share)
    except ValueError:
        raise _unusable() from None


def _unusable() -> Invalid:
    sentence = gettext_noop("密钥份额有误，请对照领取时的内容逐字核对。")
    return Invalid("sealing.invalid", INVALID, [Problem("share", "unusable", sentence)])


def _part(one: Sealing, holder: dict[str, Any], given: sharing.Share) -> sharing.Share:
    try:
        box = bytes.fromhex(holder["box"])
        body = hpke.open_sealed(given.body, box, aad=_aad(one.pk, given.place))
    except hpke.Unopened:
        raise _unusable() from None
    return sharing.Share(given.place, body)


def _open(sitting: Sitting, one: Sealing) -> None:
    public = bytes.fromhex(one.public_key)
    shares = [sharing.read_share(text) for text in one.shares.values()]
    secret, _ = sharing.recovered(shares, NEEDED, lambda found: hpke.is_key_of(found, public))
    if secret is None:  # each part was sealed by us, so this is a bug, not somebody's slip
        raise RuntimeError("two good shares give no key")
    plaintexts: dict[str, bytes | None] = {}
    raw = queries.ciphertexts(sitting.lot)
    for kept in queries.kept_bids(sitting.lot):
        bound = rules.bound_to(lot=str(sitting.lot.pk), plate=kept.bid.plate, bid_id=kept.bid.id)
        try:
            sealed = base64.b64decode(raw[kept.bid.id])
            plaintexts[kept.bid.id] = hpke.open_sealed(secret, sealed, aad=bound)
        except hpke.Unopened:
            plaintexts[kept.bid.id] = None
    closing.open_sealed(sitting, plaintexts)
