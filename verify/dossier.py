"""The dossier of a deal (进场免责证据包): what it says, held to the entries that it encloses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, NoReturn

from verify.deadline import check_deadline

DOSSIER = "yangbanjian-dossier/1"
DOSSIER_PARTS = {
    "deal", "jurisdiction", "edition", "price_mode", "made_at", "note", "duties", "sections",
    "left_out", "notice", "contract", "signatures", "instalments", "lot_log", "certificate", "files",
    "packets",
}  # fmt: skip
# Dossiers of open bids may lack it: it came with sealed ones.
DOSSIER_SEALING = "sealing"
# What the diligence room held, and who has taken it: dossiers from before there was one lack both.
DOSSIER_ROOM = {"papers", "readings"}
# States of a deal from the contract on, and from the money on.
DOSSIER_SIGNED = ("signed", "paid", "handed_over", "archived")
DOSSIER_PAID = ("paid", "handed_over", "archived")


class Checks(NamedTuple):
    """What the verifier knows already, lent to this part: how a packet, a certificate and a lot's
    log are checked, the canonical form, an Ed25519 signature, and how a check fails."""

    packet: Callable[[dict[str, Any]], dict[str, Any]]
    certificate: Callable[[dict[str, Any]], dict[str, Any]]
    lot_log: Callable[[str], dict[str, Any]]
    canonical: Callable[[Any], str]
    holds: Callable[[bytes, bytes, bytes], bool]
    fail: Callable[[str, str], NoReturn]


def check_dossier(said: dict[str, Any], by: Checks) -> dict[str, Any]:
    """Everything that a dossier says, against what it encloses. Raises what `by.fail` raises."""
    _dossier_shape(said, by)
    body, evidence = said["body"], said["evidence"]
    # First what vouches for the body: from here on nothing in it can have been changed.
    digest = hashlib.sha256(by.canonical(body).encode()).hexdigest()
    vouched = evidence.get("payload") if isinstance(evidence, dict) else None
    if not isinstance(vouched, dict) or vouched.get("dossier_sha256") != digest:
        by.fail("dossier", "证据包的内容与存证不符。The body is not the one that was recorded.")
    found = by.packet(_dossier_packet(evidence, by))
    if (
        found["verb"] != "certificates.dossier_recorded"
        or vouched.get("deal") != body["deal"]["id"]
    ):
        by.fail("dossier", "存证说的不是这笔交易。The evidence is about something else.")
    entries = _dossier_entries(body["packets"], found, by)
    _dossier_lists(body, entries, by)
    _dossier_room(body, entries, by)
    _dossier_deal(body, entries, by)
    _dossier_money(body, entries, by)
    lot = _dossier_bidding(body, entries, by)
    _dossier_certificate(body, by)
    lacks = [d["label"] for d in body["duties"] if d["verdict"] == "missing"]
    return {
        "kind": "dossier", "deal": body["deal"]["id"], "title": body["deal"]["title"],
        "price_fen": body["deal"]["price_fen"], "state": body["deal"]["state"],
        "jurisdiction": body["jurisdiction"], "entries": len(entries),
        "bidding": lot, "missing": "、".join(lacks) or "无 none",
        "duties": {
            f"{d['document']} {d['clause']} {d['label']}".strip(): d["verdict"] for d in body["duties"]
        },
        "origin": found["origin"], "index": found["index"], "key": found["key"],
    }  # fmt: skip


def _dossier_shape(said: dict[str, Any], by: Checks) -> None:
    body = said.get("body")
    is_whole = set(said) == {"type", "body", "evidence"} and isinstance(body, dict)
    known = (DOSSIER_PARTS, DOSSIER_PARTS | DOSSIER_ROOM)
    if not is_whole or set(said["body"]) - {DOSSIER_SEALING} not in known:
        by.fail("dossier", "证据包的栏目有误。The dossier has other parts than it should.")
    parts = said["body"]
    lists = ["duties", "sections", "instalments", "files", "packets", *DOSSIER_ROOM & set(parts)]
    objects = ("deal", "contract", "signatures")
    is_shaped = all(isinstance(parts[n], list) for n in lists) and all(
        isinstance(row, dict) for n in lists for row in parts[n]
    )
    if not is_shaped or not all(isinstance(parts[n], dict) for n in objects):
        by.fail("dossier", "证据包的栏目有误。The dossier has other parts than it should.")


def _dossier_packet(packet: Any, by: Checks) -> dict[str, Any]:
    if not isinstance(packet, dict) or packet.get("type") != "yangbanjian-packet/1":
        by.fail("packets", "附的存证不是存证包。What is enclosed is no packet.")
    return packet


def _dossier_entries(
    packets: list[Any], vouching: Mapping[str, Any], by: Checks
) -> dict[int, dict[str, Any]]:
    """Entry -> its packet; each stands in the log of the dossier's own entry, before that."""
    found: dict[int, dict[str, Any]] = {}
    for packet in packets:
        one = by.packet(_dossier_packet(packet, by))
        if one["origin"] != vouching["origin"] or one["index"] >= vouching["index"]:
            by.fail("packets", "有记录不在同一日志、或晚于证据包。An entry is later, or elsewhere.")
        if one["entry"] in found:
            by.fail("packets", "同一条记录出现两次。An entry stands twice.")
        found[one["entry"]] = packet
    return found


def _dossier_lists(body: Mapping[str, Any], entries: Mapping[int, Any], by: Checks) -> None:
    """What is called met names entries, and every entry that is named is enclosed."""
    for duty in body["duties"]:
        named = duty.get("entries")
        is_known = duty.get("verdict") in ("met", "missing", "not_required")
        if not is_known or not isinstance(named, list):
            by.fail("duties", "尽责清单的格式有误。A line of the checklist is odd.")
        if duty["verdict"] == "met" and not body["left_out"] and not set(named) <= set(entries):
            by.fail("duties", "说已满足的职责没有附上记录。A duty is called met without its entry.")
    told = [e for section in body["sections"] for e in section["entries"]]
    if not body["left_out"] and not set(told) <= set(entries):
        by.fail("sections", "目录列出的记录没有附上。An entry of the contents is not enclosed.")
    for stored in body["files"]:
        enclosed = [p["payload"] for p in entries.values() if isinstance(p["payload"], dict)]
        if not body["left_out"] and all(p.get("sha256") != stored["sha256"] for p in enclosed):
            by.fail("files", "列出的文件没有附上存证。A file has no entry.")


def _dossier_room(body: Mapping[str, Any], entries: Mapping[int, Any], by: Checks) -> None:
    """Each paper of the diligence room has the entry by which it was put in, each reading its own."""
    told: dict[str, list[tuple[Any, ...]]] = {"trading.paper_put": [], "trading.paper_read": []}
    for packet in entries.values():
        said, verb = packet["payload"], packet["leaf"].get("verb")
        if verb in told and isinstance(said, dict):
            digest = said.get("sha256", said.get("content_sha256"))
            told[verb].append((said.get("slot"), said.get("version"), digest))
    if body["left_out"]:
        return
    rows = {
        "trading.paper_put": body.get("papers", []), "trading.paper_read": body.get("readings", [])
    }  # fmt: skip
    for verb, listed in rows.items():
        for row in listed:
            if (row.get("slot"), row.get("version"), row.get("sha256")) not in told[verb]:
                by.fail(
                    "papers", "资料室的材料或查阅没有附上记录。A paper or reading has no entry."
                )
    if len(rows["trading.paper_read"]) != len(told["trading.paper_read"]) and "readings" in body:
        by.fail("papers", "查阅记录不全。Readings were left out.")


def _dossier_told(
    entries: Mapping[int, Any], verb: str, deal: int
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """(leaf, payload) of the entries of a verb about the deal."""
    return [
        (p["leaf"], p["payload"])
        for _, p in sorted(entries.items())
        if p["leaf"].get("verb") == verb and p["leaf"].get("subject") == f"deal:{deal}"
    ]


def _dossier_deal(body: Mapping[str, Any], entries: Mapping[int, Any], by: Checks) -> None:
    """Award, contract and signatures."""
    deal, contract = body["deal"], body["contract"]
    awarded = _dossier_told(entries, "trading.awarded", deal["id"])
    if len(awarded) != 1 or awarded[0][1].get("price_fen") != deal["price_fen"]:
        by.fail("deal", "成交价与成交记录不符。The price is not that of the award.")
    rest = {k: v for k, v in contract.items() if k != "sha256"}
    if hashlib.sha256(by.canonical(rest).encode()).hexdigest() != contract.get("sha256"):
        by.fail("contract", "合同文本与摘要不符。The contract is not the one of its digest.")
    for side, signature in body["signatures"].items():
        _dossier_signature(side, signature, contract["sha256"], by)
    if deal["state"] not in DOSSIER_SIGNED:
        return
    signed = _dossier_told(entries, "trading.deal_signed", deal["id"])
    if len(signed) != 1 or signed[0][1].get("contract_sha256") != contract["sha256"]:
        by.fail("contract", "合同与签约记录不符。The contract is not the one that was signed.")
    if set(body["signatures"]) != {"seller", "buyer"}:
        by.fail("contract", "没有双方的签字。The signatures of both sides are not there.")


def _dossier_signature(side: str, signature: Any, digest: str, by: Checks) -> None:
    if not isinstance(signature, dict) or signature.get("scheme") != "house-ed25519/1":
        by.fail("contract", "不认识的签字方式。A signature of an unknown scheme.")
    proof = {"scheme", "public", "signature"}
    will = {k: v for k, v in signature.items() if k not in proof}
    text = json.dumps(will, sort_keys=True, separators=(",", ":")).encode()
    try:
        public, value = bytes.fromhex(signature["public"]), bytes.fromhex(signature["signature"])
    except (KeyError, TypeError, ValueError):
        by.fail("contract", "签字的编码有误。A signature is not encoded as it should be.")
    is_its = will.get("side") == side and will.get("contract_sha256") == digest
    if not is_its or not by.holds(public, text, value):
        by.fail("contract", "签字与合同不符。A signature is not one of this contract.")


def _dossier_money(body: Mapping[str, Any], entries: Mapping[int, Any], by: Checks) -> None:
    """The instalments make up the price; a deal that counts as paid has them all, each by an entry
    unless the deposit was it."""
    deal, rows = body["deal"], body["instalments"]
    if sum(i["amount_fen"] for i in rows) != deal["price_fen"]:
        by.fail("money", "各期款加起来不是成交价。The instalments are not the price.")
    if any(not 0 <= i["paid_fen"] <= i["amount_fen"] for i in rows):
        by.fail("money", "已付超过应付。More is paid than was due.")
    told = _dossier_told(entries, "trading.instalment_paid", deal["id"])
    by_entry = {payload.get("seq"): payload.get("amount_fen") for _, payload in told}
    for row in rows:
        came = row["paid_fen"] > row["from_deposit_fen"]
        if came and by_entry.get(row["seq"]) != row["amount_fen"]:
            by.fail("money", "有一期款没有到账记录。An instalment is paid without an entry.")
    is_open = any(i["paid_fen"] < i["amount_fen"] for i in rows)
    if deal["state"] in DOSSIER_PAID and (
        is_open or not _dossier_told(entries, "trading.deal_paid", deal["id"])
    ):
        by.fail("money", "没有付清却说已到账。It is called paid and is not.")


def _dossier_bidding(body: Mapping[str, Any], entries: Mapping[int, Any], by: Checks) -> str:
    """The lot's bidding recounted, where its log is enclosed; who first won paid that price. Of
    sealed bids also that they were in the log before they were opened."""
    text, deal = body["lot_log"], body["deal"]
    if text is None:
        return "没有竞价日志 no log of bidding"
    if not isinstance(text, str):
        by.fail("lot_log", "竞价日志的格式有误。The log of the bidding is none.")
    proven = by.lot_log(text)
    if proven.get("lot") != str(deal["lot"]):
        by.fail("lot_log", "竞价日志是另一标的的。The log is that of another lot.")
    if deal["follows"] is None and proven.get("price_fen") != deal["price_fen"]:
        by.fail("lot_log", "成交价与竞价结果不符。The price is not that of the bidding.")
    if body["left_out"]:
        return "重算相符 recounted"
    count = check_deadline(body.get(DOSSIER_SEALING), text, entries)
    early = f"，{count} 份密封报价在开标前已存证 {count} sealed bids in the log before the opening"
    return "重算相符 recounted" + (early if count else "")


def _dossier_certificate(body: Mapping[str, Any], by: Checks) -> None:
    """The certificate holds, and says the deal's price, parties and contract."""
    document, deal = body["certificate"], body["deal"]
    if document is None:
        return
    if not isinstance(document, dict):
        by.fail("certificate", "凭证的格式有误。The certificate is none.")
    by.certificate(document)
    shown, fen = document.get("credentialSubject", {}), deal["price_fen"]
    wanted = {
        "price": f"¥{fen // 100:,}.{fen % 100:02d}",
        "contractDigest": body["contract"]["sha256"],
    }
    if any(shown.get(name) != value for name, value in wanted.items()):
        by.fail("certificate", "凭证与这笔交易不符。The certificate says another deal.")
