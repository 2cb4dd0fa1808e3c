"""Rows of lots, open and sealed."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any
from unittest import mock

from tests import lots, make
from tests.actions.test_log import sequenced
from tests.permissions.cells import EVERYBODY, HOUSE, OWN, SIGNED_IN, Table, Things, Verb
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.people.models import Person
from yangbanjian.ground.people.queries import actor_of
from yangbanjian.kernel.actor import SYSTEM, Role
from yangbanjian.market.trading import actions as trading
from yangbanjian.market.trading.actions import sittings

LOT, MOVE_LOT = "/lots/{id}", "/lots/{id}/moves"
TRIAL = {"amount_fen": 200_000_000}
BID = {"bid_id": "x", "amount_fen": 200_000_000}
SEALED_BID = {
    "bid_id": "x",
    "commitment": "0" * 64,
    "ciphertext": base64.b64encode(bytes(593)).decode(),
}
HOLDERS_OF_KEYS = frozenset({OWN, "exchange", "auditor"})
_shares: dict[int, str] = {}


def a_share(lot_id: int) -> dict[str, Any]:
    return {"share": _shares[lot_id]}


TABLE: Table = {
    # Whoever is signed in has a verdict; whether they may bid is part of it. OWN is the seller.
    "lots": [
        Verb("read", "get", LOT, None, "open", EVERYBODY),
        Verb("bid", "post", f"{LOT}/bids", BID, "open", SIGNED_IN),
        Verb("try", "post", f"{LOT}/trial-bids", TRIAL, "waiting", SIGNED_IN),
        Verb("ceiling", "post", f"{LOT}/ceiling", {"max_fen": 200_000_000}, "open", SIGNED_IN),
        Verb("priority", "post", f"{LOT}/priority", {"match": True}, "open", SIGNED_IN),
        Verb("pause", "post", f"{MOVE_LOT}/pause", {"reason": "检修"}, "open", HOUSE),
        Verb("resume", "post", f"{MOVE_LOT}/resume", {}, "paused", HOUSE),
        Verb("sealing", "get", f"{LOT}/sealing", None, "sealed", EVERYBODY),
        Verb("seal", "post", f"{LOT}/sealed-bids", SEALED_BID, "sealed", SIGNED_IN),
        Verb("keep", "post", f"{LOT}/key-holders", {}, "unsealed", HOLDERS_OF_KEYS),
        Verb("hand in", "post", f"{LOT}/key-shares", a_share, "opening", frozenset({OWN})),
    ],
}  # fmt: skip


def _lot(state: str) -> tuple[int, dict[str, Person]]:
    """A lot in a state, and its seller; the sealed ones with three holders, one of them the seller."""
    seller = make.person(Role.TTO)
    own = actor_of(seller)
    if state == "waiting":
        return lots.waiting(seller=own)[0].pk, {OWN: seller}
    if state in ("open", "paused"):
        lot, _ = lots.opened(seller=own)
        if state == "paused":
            trading.pause_lot(actor=SYSTEM, lot_id=lot.pk, reason="检修")
        return lot.pk, {OWN: seller}
    at = clock.now() - timedelta(seconds=3)
    lot, by = lots.opened(seller=own, method="sealed", step_fen=0, opens_at=at, free_s=3600)
    if state == "unsealed":
        return lot.pk, {OWN: seller}
    holders = [own, make.actor(Role.EXCHANGE), make.actor(Role.AUDITOR)]
    shown = [trading.keep_share(actor=holder, lot_id=lot.pk) for holder in holders]
    if state == "opening":
        _shares[lot.pk] = shown[0].share
        trading.place_sealed(actor=by["A3"], lot_id=lot.pk, **SEALED_BID)
        with mock.patch.object(
            sittings, "clocks", return_value=(at + timedelta(hours=2), at, None)
        ):
            trading.close_lot(actor=SYSTEM, lot_id=lot.pk)
        sequenced()
    return lot.pk, {OWN: seller}


THINGS: Things = {
    "lots": _lot,
}
