"""The form of a lot's log: what its lines may hold, and how its times and texts are written."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any, NoReturn

LOT_LOG = "yangbanjian-lot-log/1"
SECOND = 10**6
TERMS: dict[str, type | tuple[type, ...]] = {
    "type": str, "kind": str, "n": int, "lot": str, "edition": str, "method": str,
    "start_fen": int, "step_fen": int, "opens_at": str, "free_s": int, "cycle_s": int,
    "hard_close_s": int, "resume_s": int, "outage_s": int, "needs_free_bid": bool,
    "floor_fen": (int, type(None)), "priority_s": int, "priority_plates": list,
    "reserve_commitment": (str, type(None)), "shows_losing": bool,
}  # fmt: skip
RECEIVED: dict[str, type | tuple[type, ...]] = {
    "id": str, "plate": str, "standing": str, "clock": str,
}  # fmt: skip
INPUTS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "bid": {**RECEIVED, "amount_fen": int},
    "ceiling": {**RECEIVED, "max_fen": int},
    "claim": {**RECEIVED, "match": bool},
    "sealed": {**RECEIVED, "commitment": str, "ciphertext_sha256": str},
    "pause": {"clock": str, "reason": str},
    "resume": {"clock": str},
    "outage": {"begun": str, "clock": str},
    "auto": {},
    "deadline": {},
    "opening": {"clock": str},
    "opened": {
        "seq": int, "is_withheld": bool, "text": (str, type(None)), "nonce": (str, type(None)),
    },
    "asked": {"clock": str},
    "result": {"clock": str, "reserve": (dict, type(None))},
}  # fmt: skip
METHODS = {
    "rising": ("bid", "ceiling"), "dynamic": ("bid", "ceiling"), "dutch": ("bid",),
    "negotiated": ("bid",), "sealed": ("sealed",),
}  # fmt: skip
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


class Mismatch(Exception):
    """The log says what its own rules do not give: which check, and a sentence."""

    def __init__(self, check: str, sentence: str) -> None:
        super().__init__(sentence)
        self.check, self.sentence = check, sentence


def odd(check: str, number: object, chinese: str, english: str) -> NoReturn:
    raise Mismatch(check, f"第 {number} 行：{chinese}。Line {number}: {english}.")


def micros(text: str) -> int:
    """An instant as whole microseconds since 1970."""
    if not _TIME.fullmatch(text):
        raise ValueError(text)
    at = datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)
    return (at.days * 86400 + at.seconds) * SECOND + at.microseconds


def told(at: int) -> str:
    """And back."""
    second, micro = divmod(at, SECOND)
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}.{micro:06d}Z"


def plain(value: Any) -> str:
    """One text for one value: True is not 1 here."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def check_types(line: dict[str, Any], wanted: dict[str, Any], number: int) -> None:
    for name, kind in wanted.items():
        value = line.get(name)
        is_flag = isinstance(value, bool)
        if name not in line or not isinstance(value, kind) or (is_flag and kind is not bool):
            odd("format", number, f"「{name}」有误", f"“{name}” is missing or of a wrong kind")


def sealed_text(text: Any) -> dict[str, Any] | None:
    """What a sealed bid says; None unless it is exactly one, in canonical form."""
    try:
        said = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or set(said) != {"amount_fen", "bid_id", "lot", "plate"}:
        return None
    amount = said["amount_fen"]
    is_whole = isinstance(amount, int) and not isinstance(amount, bool) and 0 < amount < 2**53
    is_text = all(isinstance(said[n], str) for n in ("bid_id", "lot", "plate"))
    form = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return said if is_whole and is_text and form == text else None


def inside(terms: dict[str, Any], bid: dict[str, Any], text: Any, nonce: Any) -> tuple[str, int]:
    """Why an opened bid does not count ("" if it does), and its amount."""
    said = sealed_text(text)
    if said is None or not isinstance(nonce, str) or not re.fullmatch("[0-9a-f]{64}", nonce):
        return "unreadable", 0
    made = b"yangbanjian-sealed-bid/1\n" + text.encode() + bytes.fromhex(nonce)
    if hashlib.sha256(made).hexdigest() != bid["commitment"]:
        return "other_commitment", 0
    if (said["lot"], said["plate"], said["bid_id"]) != (
        terms["lot"], bid["plate"], bid["id"],
    ):  # fmt: skip
        return "other_bid", 0
    amount = int(said["amount_fen"])
    return ("below_start", 0) if amount < terms["start_fen"] else ("", amount)


def reserve_told(committed: Any, told_now: Any, number: int) -> int:
    """The secret reserve as it is told now, held to what was committed to at the start."""
    if told_now is None and committed is None:
        return 0
    check_types(told_now or {}, {"fen": int, "nonce": str}, number)
    nonce = told_now["nonce"]
    made = f"yangbanjian-reserve/1\n{told_now['fen']}\n".encode()
    is_hex = re.fullmatch("[0-9a-f]{64}", nonce) is not None
    if not is_hex or hashlib.sha256(made + bytes.fromhex(nonce)).hexdigest() != committed:
        odd("reserve", number, "保留价与事先的承诺不符", "not the reserve that was committed to")
    return int(told_now["fen"])


def check_terms(line: dict[str, Any]) -> None:
    """The first line of a log."""
    if set(line) != set(TERMS):
        odd("terms", 0, "竞价规则的字段有误", "the terms have other fields than they should")
    check_types(line, TERMS, 0)
    wants_step = line["method"] in ("rising", "dynamic", "dutch")
    is_odd = (line["type"], line["kind"], line["n"]) != (LOT_LOG, "terms", 0)
    is_odd = is_odd or line["method"] not in METHODS or line["start_fen"] < 1
    numbers = ("free_s", "cycle_s", "hard_close_s", "resume_s", "outage_s", "priority_s")
    is_odd = is_odd or any(line[n] < 0 for n in numbers)
    if is_odd or (wants_step and (line["step_fen"] < 1 or line["cycle_s"] < 1)):
        odd("terms", 0, "竞价规则有误", "these are no terms")


def which_check(expected: dict[str, Any], line: dict[str, Any]) -> str:
    """The check that a difference belongs to."""
    names = {
        "verdict": "verdict", "seq": "order", "closes_at": "close", "closed_at": "close",
        "winner": "winner", "price_fen": "price", "outcome": "winner", "order": "winner",
        "at": "time", "void": "opening", "sealed_sha256": "opening", "amount_fen": "amount",
    }  # fmt: skip
    wrong = [k for k in expected if plain(expected[k]) != plain(line.get(k))]
    return next((names[k] for k in names if k in wrong), "line")
