"""Sealed bids inside a dossier: what was handed in stood in the log before anybody could open it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verify.canonical_json import canonical, read_json
from verify.heads import read_head
from verify.shapes import count_of, exactly, hashes_of, list_of
from verify.tree import is_included, leaf_hash
from verify.verdicts import fail

_NAMED = ("seq", "plate", "commitment", "ciphertext_sha256")


def check_deadline(told: Any, lot_log: str, entries: Mapping[int, Any]) -> int:
    """How many sealed bids the log of a lot (which has been recounted) has received: for each of
    them its entry, included in the very head that was signed before the opening; and no other
    entry tells of one (S4). `entries` are the packets that the dossier encloses."""
    lines = [read_json(row) for row in lot_log.splitlines()]
    if all(line["kind"] != "deadline" for line in lines):
        if told is not None:
            fail("sealing", "没有密封报价，却附有截止证明。There were no sealed bids to be proven.")
        return 0
    exactly(told, {"checkpoint", "proofs"}, "sealing")
    vouching = lines[-1].get("deadline")
    if vouching is None or told["checkpoint"] != vouching["checkpoint"]:
        fail("sealing", "截止证明用的不是开标前的树头。Not the head signed before the opening.")
    head = read_head(told["checkpoint"])
    proofs = {}
    for one in list_of(told["proofs"], "sealing"):
        exactly(one, {"entry", "index", "size", "hashes"}, "sealing")
        proofs[count_of(one["entry"], "sealing")] = one
    # Sent again it is answered as before, on a line of its own: the same bid, the same place.
    accepted = [x for x in lines if x["kind"] == "sealed" and x["verdict"] == "accepted"]
    bids = {line["seq"]: line for line in accepted}
    about = f"lot:{lines[0]['lot']}"
    found = _about(entries, about, "trading.bid_sealed")
    by_seq = {packet["payload"].get("seq"): packet for packet in found}
    if not len(found) == len(by_seq) == len(proofs) == len(bids):
        fail("sealing", "密封报价与存证记录的份数不符。Not as many entries as sealed bids.")
    for seq, bid in bids.items():
        packet = by_seq.get(seq)
        if packet is None or any(packet["payload"].get(n) != bid[n] for n in _NAMED):
            fail("sealing", "有一份密封报价与存证记录不符。A sealed bid is not that of its entry.")
        _check_early(packet, proofs.get(packet["leaf"]["id"]), vouching, head)
    later = _about(entries, about, "trading.share_handed_in", "trading.bids_opened")
    if not later or any(p["proof"]["index"] < head.size for p in later):
        fail("sealing", "公布已收报价以前就用了密钥。A key was used before the head was signed.")
    return len(bids)


def _about(entries: Mapping[int, Any], subject: str, *verbs: str) -> list[Any]:
    """The packets of these verbs about a lot, with payloads that are objects."""
    return [
        p
        for p in entries.values()
        if p["leaf"].get("subject") == subject
        and p["leaf"].get("verb") in verbs
        and isinstance(p["payload"], dict)
    ]


def _check_early(packet: Any, told: Any, vouching: Any, head: Any) -> None:
    """The entry of a bid stands in the head, and before the entry that counts what was received."""
    index = packet["proof"]["index"]
    if told is None or (told["index"], told["size"]) != (index, head.size):
        fail("sealing", "有一份密封报价没有截止证明。A sealed bid is not proven for the deadline.")
    leaf = leaf_hash(canonical(packet["leaf"]).encode())
    if index >= vouching["proof"]["index"] or not is_included(
        index, head.size, leaf, hashes_of(told["hashes"], "sealing"), head.root
    ):
        fail("sealing", "有一份密封报价不在开标前的树头里。A sealed bid is not in the early head.")
