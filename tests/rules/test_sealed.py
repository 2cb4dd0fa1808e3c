"""一次报价: S1 to S7 on the level of the rules, with the real encryption."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from tests.bidding import WAN, Room, at, sealed_bid, terms
from yangbanjian.ground.sealing import fresh
from yangbanjian.ground.sealing.rules import hpke, sharing
from yangbanjian.kernel.refusals import Conflict
from yangbanjian.market.trading.rules import sealed, sealing
from yangbanjian.market.trading.rules.lots import Method, SealedBid, Standing, Verdict
from yangbanjian.market.trading.rules.sealed import Kept

PAD_TO = 512
LOT = terms(method=Method.SEALED)


class Sealing:
    """A sealed lot with its key: bidders seal, holders open."""

    def __init__(self, **changed: Any) -> None:
        self.secret = fresh.fresh_secret()
        self.public = hpke.public_of(self.secret)
        self.shares = fresh.split(self.secret, holders=3, needed=2)
        self.room = Room(terms(method=Method.SEALED, **changed))
        self.stored: dict[str, bytes] = {}

    def seal(
        self, plate: str, wan: float, seconds: float = 1, *, bid_id: str = "", commit: str = ""
    ) -> Verdict:
        """What the bidder's browser does, then what the platform is given."""
        name, nonce = bid_id or f"bid-{plate}", hashlib.sha256(plate.encode()).digest()
        text = sealing.text_of(
            lot=self.room.lot.lot, plate=plate, bid_id=name, amount_fen=round(wan * WAN)
        )
        aad = sealing.bound_to(lot=self.room.lot.lot, plate=plate, bid_id=name)
        body = fresh.seal(self.public, sealing.padded(text, nonce, PAD_TO), aad=aad)
        return self.hand_in(plate, name, body, commit or sealing.commitment(text, nonce), seconds)

    def hand_in(
        self, plate: str, name: str, body: bytes, commitment: str, seconds: float = 1
    ) -> Verdict:
        self.stored[name] = body
        digest = hashlib.sha256(body).hexdigest()
        bid = SealedBid(id=name, plate=plate, commitment=commitment, ciphertext_sha256=digest)
        return self.room.receive(bid, at(seconds)).verdict

    def open(self, shares: list[sharing.Share], seconds: float = 600) -> dict[str, str]:
        """Open with these shares; each bid's fault by plate."""
        secret, _ = sharing.recovered(shares, 2, lambda s: hpke.is_key_of(s, self.public))
        assert secret is not None
        inside: dict[str, bytes | None] = {}
        for kept in self.room.kept:
            aad = sealing.bound_to(lot=self.room.lot.lot, plate=kept.bid.plate, bid_id=kept.bid.id)
            try:
                inside[kept.bid.id] = hpke.open_sealed(secret, self.stored[kept.bid.id], aad=aad)
            except hpke.Unopened:
                inside[kept.bid.id] = None
        self.room.open(inside, at(seconds))
        found = [line for line in self.room.lines if line["kind"] == "opened"]
        return {k.bid.plate: f["void"] for k, f in zip(self.room.kept, found, strict=True)}


def test_s1_what_is_stored_holds_no_amount_and_its_length_tells_nothing() -> None:
    lot = Sealing()
    for plate, wan in (("A3", 200), ("K7", 98_765_432)):
        lot.seal(plate, wan)
    assert len({len(body) for body in lot.stored.values()}) == 1
    everything = lot.room.text.encode() + b"".join(lot.stored.values())
    for amount in (200 * WAN, 98_765_432 * WAN):
        for form in (str(amount).encode(), amount.to_bytes(8, "big"), amount.to_bytes(8, "little")):
            assert form not in everything.replace(str(lot.room.lot.start_fen).encode(), b"")
    for share in lot.shares:
        with pytest.raises(hpke.Unopened):
            hpke.open_sealed(share.body, lot.stored["bid-A3"], aad=b"")


def test_s1_nothing_is_opened_before_the_deadline() -> None:
    lot = Sealing()
    lot.seal("A3", 200)
    with pytest.raises(Conflict):
        lot.open(lot.shares, 599.999)
    lot.open(lot.shares, 600)
    with pytest.raises(Conflict):
        lot.open(lot.shares, 601)


def test_s3_an_opened_bid_is_the_one_committed_to_or_void_with_the_evidence() -> None:
    lot = Sealing()
    lot.seal("A3", 210)
    lot.seal("K7", 900, commit="00" * 32)
    lot.hand_in("M2", "bid-M2", b"\x04" + bytes(600), "11" * 32)
    lot.seal("P9", 199)
    assert lot.open(lot.shares[1:]) == {
        "A3": "", "K7": "other_commitment", "M2": "unreadable", "P9": "below_start",
    }  # fmt: skip
    told = next(line for line in lot.room.lines if line.get("void") == "other_commitment")
    assert '"amount_fen":900000000' in told["text"], "what was found is the evidence"
    result = lot.room.close_at(601)
    assert result is not None
    assert (result.winner, result.price_fen) == ("A3", 210 * WAN)


def test_s3_a_ciphertext_copied_from_another_bidder_opens_for_nobody() -> None:
    lot = Sealing()
    lot.seal("A3", 300)
    copied = lot.room.kept[0].bid
    lot.hand_in("K7", "bid-K7", lot.stored["bid-A3"], copied.commitment)
    assert lot.open(lot.shares)["K7"] == "unreadable"


@pytest.mark.parametrize("changed", [{"lot": "lot-2"}, {"plate": "K7"}, {"bid_id": "bid-x"}])
def test_s3_a_bid_that_names_another_lot_plate_or_id_is_void(changed: dict[str, str]) -> None:
    said = {"lot": LOT.lot, "plate": "A3", "bid_id": "bid-A3", **changed}
    text = sealing.text_of(amount_fen=210 * WAN, **said)
    inside = sealing.padded(text, bytes(32), PAD_TO)
    bid = SealedBid(
        id="bid-A3", plate="A3", commitment=sealing.commitment(text, bytes(32)),
        ciphertext_sha256="",
    )  # fmt: skip
    assert sealing.fault(LOT.lot, bid, sealing.read(inside)) == "other_bid"


def test_s4_what_was_received_has_one_digest_and_every_change_another() -> None:
    rows = [
        Kept(n, sealed_bid(LOT, plate, 210 * WAN, n)[0]) for n, plate in enumerate(("A3", "K7"), 1)
    ]
    first = sealed.digest(rows)
    changed = [
        rows[:1], rows[::-1], [*rows, Kept(3, sealed_bid(LOT, "M2", 1, 3)[0])],
        [rows[0], Kept(2, replace(rows[1].bid, ciphertext_sha256="00"))],
        [rows[0], Kept(2, replace(rows[1].bid, commitment="00"))],
    ]  # fmt: skip
    assert first not in {sealed.digest(r) for r in changed}


def test_s4_nothing_is_received_at_the_deadline_or_later_and_one_bid_each() -> None:
    lot = Sealing()
    assert lot.seal("A3", 210, 599.999) is Verdict.ACCEPTED
    assert lot.seal("A3", 500, 599.9999, bid_id="second") is Verdict.CONFLICT
    assert lot.seal("K7", 500, 600) is Verdict.CLOSED
    again = lot.room.receive(lot.room.kept[0].bid, at(700))
    assert again.verdict is Verdict.ACCEPTED, "the first verdict again, and nothing else"
    assert lot.seal("A3", 210, 700) is Verdict.CONFLICT, "sealed anew, it is another ciphertext"
    assert [k.bid.id for k in lot.room.kept] == ["bid-A3"]


def test_s6_ties_break_by_the_order_of_receipt() -> None:
    lot = Sealing()
    for plate in ("K7", "A3", "M2"):
        lot.seal(plate, 210 if plate != "M2" else 200)
    lot.open(lot.shares)
    result = lot.room.close_at(601)
    assert result is not None
    assert [b.plate for b in result.order] == ["K7", "A3", "M2"]


def test_s7_losing_amounts_stay_untold_where_the_terms_say_so() -> None:
    lot = Sealing(shows_losing=False)
    for plate, wan in (("K7", 777), ("A3", 888), ("M2", 100)):
        lot.seal(plate, wan)
    lot.open(lot.shares)
    lot.room.close_at(601)
    assert "888000000" in lot.room.text
    assert "777000000" not in lot.room.text
    assert "100000000" in lot.room.text, "a void bid is told, with what makes it void"


def test_an_unqualified_bidder_is_not_received() -> None:
    received = sealed_bid(LOT, "A3", 210 * WAN, standing=Standing.UNQUALIFIED)[0]
    assert Room(LOT).receive(received, at(1)).verdict is Verdict.NOT_QUALIFIED


def test_a_paused_lot_receives_nothing_and_its_deadline_moves() -> None:
    lot = Sealing()
    lot.room.pause(at(500), "设备检修")
    assert lot.seal("A3", 210, 550) is Verdict.PAUSED
    lot.room.resume(at(800))
    assert lot.seal("K7", 210, 899) is Verdict.ACCEPTED
    with pytest.raises(Conflict):
        lot.open(lot.shares, 899.5)
    lot.open(lot.shares, 900)


def test_who_never_shows_up_cannot_stop_the_opening() -> None:
    """Unlike commit and reveal: what was handed in is opened whether its owner likes it or not."""
    lot = Sealing()
    lot.seal("A3", 210)
    assert lot.open(lot.shares[:2]) == {"A3": ""}


@pytest.mark.parametrize(
    "inside",
    [
        b"", b" " * 512, b"{}", b"[]", b'{"bid":1,"nonce":"00"}', b"\xff\xfe", b'{"bid":{}}',
        b'{"nonce":"%s","bid":{}}' % (b"00" * 32), b"[" * 20_000, b'{"bid":NaN}',
        b'{"bid":{"amount_fen":1.5,"bid_id":"a","lot":"l","plate":"p"},"nonce":"%s"}' % (b"00" * 32),
        b'{"bid":{"amount_fen":true,"bid_id":"a","lot":"l","plate":"p"},"nonce":"%s"}' % (b"00" * 32),
        b'{"bid":{"amount_fen":0,"bid_id":"a","lot":"l","plate":"p"},"nonce":"%s"}' % (b"00" * 32),
        b'{"bid":{"amount_fen":5,"bid_id":"a","lot":"l","plate":"p"},"nonce":"%s"}' % (b"00" * 31),
        b'{"bid": {"amount_fen":5,"bid_id":"a","lot":"l","plate":"p"},"nonce":"%s"}' % (b"00" * 32),
    ],
)  # fmt: skip
def test_what_is_no_sealed_bid_is_unreadable(inside: bytes) -> None:
    assert sealing.read(inside) is None


def test_the_worked_numbers_of_sealed_md() -> None:
    """Whoever writes a client can check it against these."""
    text = sealing.text_of(lot="lot-1", plate="A3", bid_id="bid-1", amount_fen=2_100_000_00)
    assert text == '{"amount_fen":210000000,"bid_id":"bid-1","lot":"lot-1","plate":"A3"}'
    found = sealing.commitment(text, bytes(range(32)))
    assert found == "ef8e2b2dec17058394f3f2d7f221f759e21a4ebc6bcb8ed816067e01b86fbcc6"
    padded = sealing.padded(text, bytes(range(32)), PAD_TO)
    assert len(padded) == PAD_TO
    content = sealing.read(padded)
    assert content is not None
    assert (content.text, content.amount_fen) == (text, 210_000_000)
    with pytest.raises(ValueError, match="fixed length"):
        sealing.padded(text, bytes(32), 100)
    with pytest.raises(ValueError, match="fen"):
        sealing.text_of(lot="l", plate="p", bid_id="b", amount_fen=2**53)
    with pytest.raises(ValueError, match="32"):
        sealing.commitment(text, b"short")
