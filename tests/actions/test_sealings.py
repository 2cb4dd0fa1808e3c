"""Sealed bids: holders' shares, receipts, the deadline, the opening (S1 to S7)."""

from __future__ import annotations

import base64
import json
import secrets
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from tests import lots, make
from tests.actions.test_log import sequenced
from verify.__main__ import main
from verify.auction import recount
from yangbanjian.ground.clock import actions as clock_actions
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.keys.rules import is_signed
from yangbanjian.ground.log import queries as evidence
from yangbanjian.ground.messages.models import Notice
from yangbanjian.ground.sealing import fresh
from yangbanjian.kernel.actor import SYSTEM, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, NotAllowed
from yangbanjian.market.trading import actions, queries
from yangbanjian.market.trading.models import Deal, Lot
from yangbanjian.market.trading.rules import sealing
from yangbanjian.market.trading.rules.lots import Verdict

pytestmark = pytest.mark.django_db
TERMS: dict[str, Any] = {"method": "sealed", "step_fen": 0, "free_s": 600}


@pytest.fixture(autouse=True)
def _sandbox(settings: Any) -> None:
    settings.YBJ_SANDBOX = True


class Room:
    """A sealed lot, its bidders, its three holders with what they were shown."""

    def __init__(self, **values: Any) -> None:
        make.sandbox()
        seller = make.actor(Role.TTO)
        self.lot, self.by = lots.opened(plates=("A3", "K7", "M2"), seller=seller, **TERMS, **values)
        self.holders = [make.actor(Role.EXCHANGE), seller, make.actor(Role.AUDITOR)]
        self.shares: list[str] = []

    def ready(self) -> Room:
        for holder in self.holders:
            shown = actions.keep_share(actor=holder, lot_id=self.lot.pk)
            self.shares.append(shown.share)
        return self

    def sealed(self, plate: str, wan: float, *, said: float | None = None) -> dict[str, Any]:
        """What this bidder sends; `said`: the amount inside, where it is another."""
        how = queries.sealing(self.by[plate], self.lot.pk)
        bid_id, nonce = f"s-{plate}", secrets.token_bytes(32)
        amounts = [round(w * lots.WAN) for w in (wan, wan if said is None else said)]
        texts = [
            sealing.text_of(lot=how["lot"], plate=plate, bid_id=bid_id, amount_fen=a)
            for a in amounts
        ]
        inside = sealing.padded(texts[1], nonce, how["pad_to"])
        aad = how["aad"].replace("{bid_id}", bid_id).encode()
        raw = fresh.seal(bytes.fromhex(how["public_key"]), inside, aad=aad)
        return {
            "bid_id": bid_id, "commitment": sealing.commitment(texts[0], nonce),
            "ciphertext": base64.b64encode(raw).decode(),
        }  # fmt: skip

    def send(self, plate: str, wan: float, **more: Any) -> tuple[Any, Any]:
        return actions.place_sealed(
            actor=self.by[plate], lot_id=self.lot.pk, **self.sealed(plate, wan, **more)
        )

    def hand_in(self, number: int, share: str = "") -> int:
        return actions.hand_in_share(
            actor=self.holders[number], lot_id=self.lot.pk, share=share or self.shares[number]
        )

    def over(self) -> Room:
        """The deadline has passed, and what was received stands in a signed head."""
        clock_actions.advance(actor=SYSTEM, by=timedelta(seconds=601))
        actions.close_lot(actor=SYSTEM, lot_id=self.lot.pk)
        sequenced()
        return self

    @property
    def now(self) -> Lot:
        return Lot.objects.get(pk=self.lot.pk)


def everything() -> str:
    """Every row of every table, as text: what somebody with the whole database can read."""
    said = []
    with connection.cursor() as cursor:
        for model in apps.get_models():
            cursor.execute(f"SELECT t::text FROM {model._meta.db_table} AS t")  # noqa: S608
            said += [row[0] for row in cursor.fetchall()]
    return "\n".join(said)


def test_S1_the_whole_database_tells_no_amount_and_no_share_before_the_opening() -> None:
    room = Room().ready()
    told, _ = room.send("A3", 234.567891)
    assert told.verdict is Verdict.ACCEPTED
    text = everything()
    assert "234567891" not in text
    for share in room.shares:
        assert share.split("-")[1] not in text
    with pytest.raises(Conflict):
        room.hand_in(0)
    assert room.now.state == "open"


def test_S2_the_receipt_is_signed_and_names_the_place_in_the_log() -> None:
    room = Room().ready()
    told, receipt = room.send("K7", 210)
    assert receipt is not None
    said = {name: value for name, value in receipt.items() if name != "signature"}
    key = bytes.fromhex(receipt["key"])
    assert is_signed("ed25519", key, evidence.canonical(said), bytes.fromhex(receipt["signature"]))
    assert receipt["key"] in json.dumps(evidence.published_keys())
    assert (receipt["seq"], receipt["lot"]) == (told.seq, str(room.lot.pk))
    sequenced()
    assert actions.log_index(receipt) is not None


def test_S3_an_opened_bid_is_the_one_committed_to_or_void() -> None:
    room = Room().ready()
    room.send("A3", 210, said=290)
    room.send("K7", 220)
    room.over().hand_in(0)
    room.hand_in(1)
    opened = [x for x in _lines(room) if x["kind"] == "opened"]
    assert [x["void"] for x in opened] == ["other_commitment", ""]
    assert room.now.result["winner"] == "K7"


def _lines(room: Room) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lots.log_of(room.lot).splitlines()]


def test_S4_after_the_deadline_nothing_is_added_and_the_digest_stands_first() -> None:
    room = Room().ready()
    room.send("A3", 210)
    late = room.sealed("K7", 300)
    room.over()
    assert actions.close_lot(actor=SYSTEM, lot_id=room.lot.pk).state == "opening"
    told, receipt = actions.place_sealed(actor=room.by["K7"], lot_id=room.lot.pk, **late)
    assert (told.verdict, receipt) == (Verdict.CLOSED, None)
    room.hand_in(0)
    room.hand_in(2)
    kinds = [x["kind"] for x in _lines(room)]
    assert kinds == ["terms", "sealed", "deadline", "sealed", "opening", "opened", "result"]
    counted = recount(_lines(room))
    assert counted.result is not None
    assert counted.result["winner"] == "A3"
    assert Deal.objects.get(lot=room.lot).price_fen == 210 * lots.WAN


def test_S5_two_of_three_open_and_one_does_not() -> None:
    room = Room().ready()
    room.send("A3", 210)
    room.over()
    assert room.hand_in(2) == 1
    assert room.now.state == "opening"
    assert room.hand_in(2) == 1, "the same share again is one share"
    told = Entry.objects.filter(subject_kind="lot", subject_id=room.lot.pk)
    assert told.filter(verb="trading.share_handed_in").count() == 1
    with pytest.raises(NotAllowed):
        room.hand_in(1, room.shares[0])
    with pytest.raises(Invalid):
        room.hand_in(1, room.shares[1][:-1] + "x")
    assert room.hand_in(1) == 2
    assert room.now.state == "sold"


def test_each_house_has_one_share_and_nobody_two() -> None:
    room = Room()
    with pytest.raises(Conflict):
        queries.sealing(room.by["A3"], room.lot.pk)
    with pytest.raises(NotAllowed):
        actions.keep_share(actor=room.by["A3"], lot_id=room.lot.pk)
    room.ready()
    for holder in (*room.holders, make.actor(Role.EXCHANGE)):
        with pytest.raises(Conflict):
            actions.keep_share(actor=holder, lot_id=room.lot.pk)
    rising, _ = lots.opened()
    with pytest.raises(Conflict):
        actions.keep_share(actor=room.holders[0], lot_id=rising.pk)


def test_holders_are_told_that_the_deadline_has_passed() -> None:
    room = Room().ready()
    room.send("A3", 210)
    room.over()
    actions.close_lot(actor=SYSTEM, lot_id=room.lot.pk)
    told = Notice.objects.filter(url=f"/lots/{room.lot.pk}", sentence__contains="密钥份额")
    people = [(n.person_id, n.needs_action) for n in told.order_by("person_id")]
    assert people == sorted((h.person_id, True) for h in room.holders)


def test_where_shares_are_lost_the_exchange_ends_it_and_deposits_go_back() -> None:
    room = Room().ready()
    room.send("A3", 210)
    why = "两方的份额都找不到了"
    with pytest.raises(Conflict):
        actions.stop_lot(actor=room.holders[0], lot_id=room.lot.pk, reason=why)
    room.over().hand_in(0)
    with pytest.raises(NotAllowed):
        actions.stop_lot(actor=room.holders[1], lot_id=room.lot.pk, reason=why)
    with pytest.raises(Invalid):
        actions.stop_lot(actor=room.holders[0], lot_id=room.lot.pk, reason=" ")
    assert [m.name for m in queries.lot_moves(room.now, room.holders[0])] == ["stop"]
    actions.stop_lot(actor=room.holders[0], lot_id=room.lot.pk, reason=why)
    listing = room.now.listing
    assert (room.now.state, listing.state) == ("stopped", "ended")
    assert {r.outcome for r in listing.registrations.all()} == {"refunded"}
    assert "210000000" not in everything()
    with pytest.raises(Conflict):
        room.hand_in(1)
    late = room.sealed("K7", 300)
    told, _ = actions.place_sealed(actor=room.by["K7"], lot_id=room.lot.pk, **late)
    assert told.verdict is Verdict.CLOSED


def test_S6_of_equal_bids_the_earlier_wins() -> None:
    room = Room().ready()
    room.send("K7", 220)
    room.send("A3", 220)
    room.over().hand_in(0)
    room.hand_in(1)
    assert room.now.result["winner"] == "K7"


def test_S7_losing_amounts_are_told_only_where_the_terms_say_so() -> None:
    room = Room(shows_losing=False).ready()
    room.send("A3", 230)
    room.send("K7", 220)
    room.over().hand_in(0)
    room.hand_in(1)
    text = queries.log_text(room.now)
    board = queries.board(room.now)
    assert "230000000" in text
    assert "220000000" not in text
    assert board.result is not None
    assert [b["plate"] for b in board.result["order"]] == ["A3"]
    assert recount(_lines(room)).withheld == 1


def test_one_bid_each_and_the_same_again_is_the_same() -> None:
    room = Room().ready()
    said = room.sealed("A3", 210)
    first = actions.place_sealed(actor=room.by["A3"], lot_id=room.lot.pk, **said)
    assert actions.place_sealed(actor=room.by["A3"], lot_id=room.lot.pk, **said) == first
    other = {**said, "bid_id": "another"}
    told, _ = actions.place_sealed(actor=room.by["A3"], lot_id=room.lot.pk, **other)
    assert told.verdict is Verdict.CONFLICT
    with pytest.raises(Invalid):
        actions.place_sealed(
            actor=room.by["K7"], lot_id=room.lot.pk, bid_id="x", commitment="0" * 64,
            ciphertext=base64.b64encode(b"short").decode(),
        )  # fmt: skip


def test_nobody_handed_in_ends_without_holders() -> None:
    room = Room().over()
    assert actions.close_lot(actor=SYSTEM, lot_id=room.lot.pk).state == "unsold"


def test_the_evidence_line_makes_the_log_whole(tmp_path: Any) -> None:
    room = Room().ready()
    room.send("A3", 210)
    room.over()
    room.hand_in(0)
    room.hand_in(1)
    assert json.loads(queries.log_text(room.now).splitlines()[-1])["kind"] == "result"
    sequenced()
    log = tmp_path / "lot.jsonl"
    log.write_text(queries.log_text(room.now), encoding="utf-8")
    trust = tmp_path / "keys.json"
    trust.write_text(json.dumps(evidence.published_keys()), encoding="utf-8")
    assert main([str(log), "--trust", str(trust)]) == 0
