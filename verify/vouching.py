"""The log of a lot: recounted, and held to the entry that vouches for it."""

from __future__ import annotations

import hashlib
from typing import Any

from verify.auction import Recount, recount
from verify.canonical_json import canonical, read_json
from verify.lot_log import Mismatch
from verify.packets import check_packet
from verify.shapes import exactly
from verify.trust import Trust
from verify.verdicts import UNTRUSTED, Verdict, fail, unreadable


def check_lot_log(text: str, trust: Trust) -> dict[str, Any]:
    """The bidding of one lot: recounted, then held to the entry that vouches for the log."""
    *rows, rest = text.split("\n")
    lines = [read_json(row) for row in rows]
    if rest or any(not isinstance(line, dict) for line in lines):
        unreadable("日志不完整。The log is cut off, or holds what is not a line of it.")
    if any(canonical(line) != row for line, row in zip(lines, rows, strict=True)):
        fail("canonical", "日志不是规范形式，可能被改过。The log is not in canonical form.")
    evidence = lines.pop() if lines[1:] and lines[-1].get("kind") == "evidence" else None
    try:
        lot = recount(lines)
    except Mismatch as odd_line:
        fail(odd_line.check, odd_line.sentence)
    proven = {
        "kind": "lot-log", "lot": lot.terms["lot"], "lines": len(lines), "withheld": lot.withheld,
        "unreadable": lot.unreadable, **(lot.result or {"outcome": None}),
    }  # fmt: skip
    if evidence is None:
        sentence = "重算无误，但日志没有附上存证。Recounted, but nobody has vouched for the log."
        raise Verdict(UNTRUSTED, "trust", sentence, proven)
    digest = hashlib.sha256("".join(f"{row}\n" for row in rows[: len(lines)]).encode()).hexdigest()
    proven.update(
        _check_evidence(evidence, lot, {"log_sha256": digest, "lines": len(lines)}, trust)
    )
    return proven


def _check_evidence(
    evidence: dict[str, Any], lot: Recount, said: dict[str, Any], trust: Trust
) -> dict[str, Any]:
    exactly(evidence, {"kind", "n", "deadline", "result"}, "evidence")
    found = _check_vouching(evidence["result"], lot, said, trust)
    if (evidence["n"], evidence["deadline"] is None) != (said["lines"], lot.digest is None):
        fail("evidence", "存证与日志不符。The evidence is not that of this log.")
    if lot.digest is not None:
        early = _check_vouching(evidence["deadline"], lot, {"sealed_sha256": lot.digest}, trust)
        if early["size"] > found["index"]:
            sentence = "开标以前没有公布已收报价。The bids received were in no head before opening."
            fail("deadline", sentence)
    return {"origin": found["origin"], "index": found["index"], "key": found["key"]}


def _check_vouching(
    packet: Any, lot: Recount, said: dict[str, Any], trust: Trust
) -> dict[str, Any]:
    if not isinstance(packet, dict) or packet.get("type") != "yangbanjian-packet/1":
        fail("evidence", "存证包的格式有误。What vouches for the log is no packet.")
    found = check_packet(packet, trust)
    payload = packet["payload"] if isinstance(packet["payload"], dict) else {}
    wanted = {"lot": lot.terms["lot"], **said}
    if canonical({k: payload.get(k) for k in wanted}) != canonical(wanted):
        fail("evidence", "存证与日志不符。The evidence is not that of this log.")
    return found
