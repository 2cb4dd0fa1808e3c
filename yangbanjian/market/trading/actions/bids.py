"""What bidders send: a bid, a ceiling, a claim of priority, a sealed bid. Each gets one verdict.

Outside a transaction it first goes into the lot's inbox, by a commit that waits for no disk: nobody
has been answered yet, and the commit of the verdict carries it along. Then its sender waits for the
lot; whoever comes to have it decides all that waits. Inside a transaction (a page's) it is the same,
in that one transaction.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import DatabaseError, Error, connection

from yangbanjian.ground.database import prepared
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.keys import actions as keys
from yangbanjian.ground.keys import queries as key_queries
from yangbanjian.ground.log import actions as evidence
from yangbanjian.ground.log import queries as evidence_queries
from yangbanjian.ground.sealing.rules import hpke
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, NotFound, Problem
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import policy, queries
from yangbanjian.market.trading.actions.decisions import INVALID
from yangbanjian.market.trading.actions.sittings import Sitting, Told
from yangbanjian.market.trading.models import Lot
from yangbanjian.market.trading.rules import checking, logs
from yangbanjian.market.trading.rules.lots import Method, Verdict

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ALL = tuple(m.value for m in Method)
_METHODS = {
    "bid": ("rising", "dynamic", "dutch", "negotiated"), "ceiling": ("rising", "dynamic"),
    "claim": _ALL, "sealed": ("sealed",),
}  # fmt: skip
_TAKE_IN = """
SELECT trading_take_in(%s::bigint, %s::text, %s::text, %s::bigint, %s::bigint, %s::jsonb, %s::boolean,
  %s::bigint, %s::float8, %s::text[])
"""
_SEND = """
CALL trading_send(%s::bigint, %s::bigint, %s::text, %s::text, %s::bigint, %s::bigint, %s::jsonb, %s::boolean,
  %s::bigint, %s::float8, %s::text[], NULL, NULL, NULL, NULL, NULL)
"""
_GIVE_BACK = "SELECT pg_advisory_unlock(hashtext('trading.lot'), %s::int)"


@dataclass(frozen=True, slots=True)
class _Said:
    kind: str
    key: str
    amount_fen: int | None = None
    content: dict[str, Any] = field(default_factory=dict)


def place_bid(*, actor: Actor, lot_id: int, bid_id: str, amount_fen: int) -> Told:
    """Bid. The same again gives the first verdict; the id with something else in it `conflict`."""
    problems = [*_key_problems(bid_id), *checking.problems_of_amount("amount_fen", amount_fen)]
    return _sent(actor, lot_id, _Said("bid", bid_id, amount_fen), problems)


def set_ceiling(*, actor: Actor, lot_id: int, max_fen: int, bid_id: str = "") -> Told:
    """Set, raise or lower one's standing maximum (委托最高价); it bids by itself."""
    key = bid_id or _fresh_key()
    problems = [*_key_problems(key), *checking.problems_of_amount("max_fen", max_fen)]
    return _sent(actor, lot_id, _Said("ceiling", key, max_fen), problems)


def claim_priority(*, actor: Actor, lot_id: int, match: bool, bid_id: str = "") -> Told:
    """Take the lot at the top's price by priority right, or let it pass."""
    key = bid_id or _fresh_key()
    return _sent(actor, lot_id, _Said("claim", key, content={"match": match}), _key_problems(key))


def place_sealed(
    *, actor: Actor, lot_id: int, bid_id: str, commitment: str, ciphertext: str
) -> tuple[Told, dict[str, Any] | None]:
    """Hand in a sealed bid: its commitment (SHA-256, hex) and its ciphertext (base64); what is
    returned beside the verdict is the signed receipt of an accepted one (S2)."""
    problems = _key_problems(bid_id)
    if not _SHA256.fullmatch(commitment):
        sentence = gettext_noop("commitment 应是 64 位小写十六进制（SHA-256）。")
        problems.append(Problem("commitment", "unusable", sentence))
    raw = _decoded(ciphertext)
    if len(raw) != hpke.sealed_length(queries.PAD_TO):
        sentence = gettext_noop("密文长度不对，请用页面或 ybj seal 重新封存报价。")
        problems.append(Problem("ciphertext", "unusable", sentence))
    content = {
        "commitment": commitment, "ciphertext": ciphertext,
        "ciphertext_sha256": hashlib.sha256(raw).hexdigest(),
    }  # fmt: skip
    if not problems:
        queries.sealing(actor, lot_id)  # nobody seals to a key that is not there
    told = _sent(actor, lot_id, _Said("sealed", bid_id, content=content), problems)
    if told.verdict is not Verdict.ACCEPTED or told.seq is None:
        return told, None
    return told, _receipt(lot_id, bid_id, content, told.seq, told.at)


def receipt(*, actor: Actor, lot_id: int) -> dict[str, Any] | None:
    """The receipt of the sealed bid that the actor's organisation has handed in, once more."""
    bid = queries.own_sealed_bid(actor, queries.lot(actor, lot_id))
    if bid is None or bid.seq is None:
        return None
    return _receipt(lot_id, bid.key, bid.content, bid.seq, bid.at)


def _receipt(
    lot_id: int, bid_id: str, content: dict[str, Any], seq: int, at: datetime
) -> dict[str, Any]:
    said = {
        "lot": str(lot_id), "bid_id": bid_id, "commitment": content["commitment"],
        "ciphertext_sha256": content["ciphertext_sha256"], "seq": seq, "at": logs.instant(at),
        "entry_id": queries.sealed_entry(lot_id, seq),
    }  # fmt: skip
    return _signed(said)


def _signed(said: dict[str, Any]) -> dict[str, Any]:
    """With the signature of the log's key over its canonical form; everybody knows that key."""
    key = keys.ensure(actor=SYSTEM, purpose=evidence_queries.PURPOSE)
    said = {"type": "yangbanjian-receipt/1", "key": bytes(key.public).hex(), **said}
    signer = key_queries.signer_of(key)
    return {**said, "signature": signer.sign(evidence_queries.canonical(said)).hex()}


def log_index(receipt: dict[str, Any], *, is_waiting: bool = False) -> int | None:
    """The place of a receipt's entry in the evidence log; None while it has none. `is_waiting`:
    two seconds at most, outside a transaction, in which the log is brought on."""
    ends = time.monotonic() + (2.0 if is_waiting and not connection.in_atomic_block else 0.0)
    while True:
        place = evidence_queries.position_of(receipt["entry_id"])
        if place is not None or time.monotonic() >= ends:
            return place
        evidence.sequence_all()
        time.sleep(0.05)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _fresh_key() -> str:
    return secrets.token_hex(16)


def _key_problems(key: str) -> list[Problem]:
    if _KEY.fullmatch(key):
        return []
    sentence = gettext_noop("bid_id 用 1 到 64 个字母、数字或 . _ : - ，每次报价换一个。")
    return [Problem("bid_id", "unusable", sentence)]


def _sent(actor: Actor, lot_id: int, said: _Said, problems: list[Problem]) -> Told:
    came = time.time()
    policy.may_bid(actor).or_refuse()
    if problems:
        raise Invalid("bids.invalid", INVALID, problems)
    values = _values(actor, lot_id, said, came)
    if connection.in_atomic_block:
        return _in_one(lot_id, values)
    number, is_alone = None, False
    while True:
        with _turn_at(lot_id, number, values) as (number, told):
            if told is not None:
                return told
            try:
                found = _sit(lot_id, number if is_alone else None)
            except DatabaseError:
                # One of those that wait can't be written: ours alone, so that it stops nobody.
                if is_alone:
                    raise
                is_alone = True
            else:
                if number in found:
                    return found[number]


def _values(actor: Actor, lot_id: int, said: _Said, came: float) -> list[Any]:
    """What goes into the inbox. `came` (seconds since 1970, by this host's clock) puts in order
    those that wait at the same time: on its way to the inbox one overtakes another by what the
    processors happen to be at. The database holds it to the last second, so that a host whose clock
    is wrong can do no more than that."""
    is_operator = actor.has_any(Role.OPERATOR, Role.EXCHANGE, Role.AUDITOR)
    return [
        lot_id, said.key, said.kind, actor.organisation_id, said.amount_fen,
        json.dumps(said.content), is_operator, actor.person_id, came, list(_METHODS[said.kind]),
    ]  # fmt: skip


def _in_one(lot_id: int, values: list[Any]) -> Told:
    """Take in and decide in the transaction that is open: nobody else sees it before its end."""
    number = prepared.rows(_TAKE_IN, values)[0][0]
    if number is None:
        raise _why_not(lot_id)
    for only in (None, number):
        try:
            with acting(SYSTEM):
                found = Sitting(lot_id, only=only, is_deciding=True).told
        except DatabaseError:
            if only is not None:
                raise
        else:
            if number in found:
                return found[number]
    raise _gone()


def _why_not(lot_id: int) -> Conflict | NotFound:
    lot = Lot.objects.filter(pk=lot_id).first()
    if lot is None:
        return NotFound("trading.no_lot", gettext_noop("没有这个标的，或者它还没有公开。"))
    if lot.opens_at is None:
        return Conflict(
            "trading.not_open_yet", gettext_noop("这个标的还没有开始竞价，请稍后再来。")
        )
    return Conflict(
        "trading.other_method", gettext_noop("这个标的的竞价方式不接受这样的报价，请看竞价规则。")
    )


def _sit(lot_id: int, only: int | None) -> dict[int, Told]:
    with acting(SYSTEM):
        return Sitting(lot_id, only=only, is_deciding=True, is_locked=True).told


@contextmanager
def _turn_at(
    lot_id: int, number: int | None, values: list[Any]
) -> Iterator[tuple[int, Told | None]]:
    """Take in what has no number yet, and wait: to be told, or to have the lot. Whoever is not told
    a verdict has the lot to the end of the block, over the commit inside."""
    try:
        row = prepared.apart(_SEND, [number, *values])[0]
    except Error:
        connection.close()  # it may have had the lot already
        raise
    number, is_there, verdict, at, seq, closes_at = row
    if number is None:
        raise _why_not(lot_id)
    if not is_there:
        raise _gone()
    if at is not None:
        yield number, Told(Verdict(verdict), at, seq, closes_at)
        return
    try:
        yield number, None
    finally:
        _give_back(lot_id)


def _gone() -> Conflict:
    return Conflict("bids.gone", gettext_noop("这次报价没有送到，请用同一个编号再报一次。"))


def _give_back(lot_id: int) -> None:
    """A session that can't give the lot back is ended, so that it stops nobody."""
    try:
        prepared.apart(_GIVE_BACK, [lot_id])
    except Error:
        if connection.connection is not None:
            connection.connection.close()


def decide_waiting(*, actor: Actor, lot_id: int) -> int:
    """Decide what waits for a lot and has nobody to wait for it any more; how many."""
    with acting(actor):
        return len(Sitting(lot_id, is_deciding=True).told)
