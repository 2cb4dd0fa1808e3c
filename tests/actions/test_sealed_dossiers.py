"""The dossier of a deal by sealed bids: every bid was in the log before anybody could open it (S4)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.actions.test_dossiers import keys
from tests.actions.test_log import sequenced
from tests.actions.test_sealings import Room
from verify import __main__ as verifier
from verify.deadline import check_deadline
from yangbanjian.ground.log import queries as log
from yangbanjian.market.certificates import actions
from yangbanjian.market.trading import actions as trading
from yangbanjian.market.trading.models import Deal

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sandbox(settings: Any) -> None:
    settings.YBJ_SANDBOX = True


def dossier_of(room: Room) -> bytes:
    """Of the deal that came of a sealed lot."""
    one = actions.ask_for_dossier(actor=room.holders[1], deal_id=Deal.objects.get(lot=room.lot).pk)
    for _ in range(2):
        sequenced()
        actions.go_on(dossier_id=one.pk)
    return actions.content_of(actor=room.holders[1], dossier_id=one.pk)


def opened(**terms: Any) -> Room:
    room = Room(**terms).ready()
    said = room.sealed("A3", 210)
    for _ in range(2):  # the second is answered as the first
        trading.place_sealed(actor=room.by["A3"], lot_id=room.lot.pk, **said)
    room.send("K7", 230)
    room.over().hand_in(0)
    sequenced()
    room.hand_in(2)
    return room


def test_a_dossier_of_sealed_bids_holds_and_says_that_they_came_first() -> None:
    said = verifier.verify(dossier_of(opened()), keys())
    assert (said.code, said.check) == (0, ""), said.sentence
    assert "2 sealed bids in the log before the opening" in said.proven["bidding"]


def test_also_where_losing_amounts_stay_untold() -> None:
    content = dossier_of(opened(shows_losing=False))
    assert verifier.verify(content, keys()).code == 0
    assert b"210000000" not in content


def _entry(body: dict[str, Any], verb: str) -> dict[str, Any]:
    found: dict[str, Any] = next(p for p in body["packets"] if p["leaf"]["verb"] == verb)
    return found


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "no proof at all": lambda b: b.update(sealing=None),
    "no part for it": lambda b: b.pop("sealing"),
    "a bid without a proof": lambda b: b["sealing"]["proofs"].pop(),
    "a proof of another entry": lambda b: b["sealing"]["proofs"][0].update(entry=10**9),
    "a proof that leads elsewhere": lambda b: b["sealing"]["proofs"][0]["hashes"].reverse(),
    "a proof for another size": lambda b: b["sealing"]["proofs"][0].update(size=1),
    "a later head": lambda b: b["sealing"].update(checkpoint=b["packets"][-1]["checkpoint"]),
    "an entry left out": lambda b: b["packets"].remove(_entry(b, "trading.bid_sealed")),
    "an entry of another commitment": (
        lambda b: _entry(b, "trading.bid_sealed")["payload"].update(commitment="0" * 64)
    ),
    "an entry of another place": (
        lambda b: _entry(b, "trading.bid_sealed")["proof"].update(index=10**9)
    ),
    "an opening before the head": (
        lambda b: _entry(b, "trading.share_handed_in")["proof"].update(index=0)
    ),
}


@pytest.fixture
def body() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(dossier_of(opened()))["body"]
    return found


def _judged(body: dict[str, Any]) -> str:
    entries = {p["leaf"]["id"]: p for p in body["packets"]}
    try:
        check_deadline(body.get("sealing"), body["lot_log"], entries)
    except verifier.Verdict as found:
        return found.check
    return ""


def test_each_way_to_have_known_the_bids_earlier_is_found(body: dict[str, Any]) -> None:
    """By the inner check alone: the packets' own checks would find most of it before."""
    text = json.dumps(body)
    assert _judged(json.loads(text)) == ""
    for name, change in CHANGES.items():
        changed = json.loads(text)
        change(changed)
        assert _judged(changed) == "sealing", name


def test_S2_the_receipt_is_checked_by_whoever_has_it() -> None:
    room = Room().ready()
    _, receipt = room.send("K7", 210)
    assert receipt is not None
    assert trading.receipt(actor=room.by["K7"], lot_id=room.lot.pk) == receipt
    assert trading.receipt(actor=room.by["A3"], lot_id=room.lot.pk) is None
    said = verifier.verify(log.canonical(receipt), keys())
    assert (said.code, said.proven["commitment"]) == (0, receipt["commitment"]), said.sentence
    forged = log.canonical({**receipt, "commitment": "0" * 64})
    assert verifier.verify(forged, keys()).check == "signature"
    assert verifier.verify(log.canonical(receipt), verifier.Trust({}, [])).code == 3
