"""Ways of changing a file of evidence, each of which must be refused."""

from __future__ import annotations

import copy
import hashlib
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import rfc8785

Packet = dict[str, Any]


def _other(value: str, pick: random.Random) -> str:
    """The same hexadecimal, one digit of it changed."""
    at = pick.randrange(len(value))
    return (
        value[:at]
        + pick.choice([c for c in "0123456789abcdef" if c != value[at]])
        + value[at + 1 :]
    )


def _leaf_verb(p: Packet, pick: random.Random) -> None:
    p["leaf"]["verb"] += "x"


def _leaf_and_hash(p: Packet, pick: random.Random) -> None:
    """The leaf says something else, and the proof is made to be about it."""
    p["leaf"]["subject"] = "ledger:2"
    p["proof"]["leaf_hash"] = hashlib.sha256(b"\x00" + rfc8785.dumps(p["leaf"])).hexdigest()


def _hash(p: Packet, pick: random.Random) -> None:
    p["proof"]["leaf_hash"] = _other(p["proof"]["leaf_hash"], pick)


def _payload(p: Packet, pick: random.Random) -> None:
    p["payload"] = {**p["payload"], "count": 10**6}


def _salt(p: Packet, pick: random.Random) -> None:
    p["salt"] = _other(p["salt"], pick)


def _remark(p: Packet, pick: random.Random) -> None:
    p["remark"] = (
        {"text": "x", "salt": ""} if p["remark"] is None else {**p["remark"], "text": "另一句"}
    )


def _no_remark(p: Packet, pick: random.Random) -> None:
    p["remark"] = "erased" if p["remark"] is None else None


def _file(p: Packet, pick: random.Random) -> None:
    p["files"] = [{"sha256": "00" * 32, "content": ""}]


def _index(p: Packet, pick: random.Random) -> None:
    p["proof"]["index"] += pick.choice((1, 2, 256))


def _beyond(p: Packet, pick: random.Random) -> None:
    p["proof"]["index"] += p["proof"]["size"]


def _size(p: Packet, pick: random.Random) -> None:
    p["proof"]["size"] += 1


def _path(p: Packet, pick: random.Random) -> None:
    hashes = p["proof"]["hashes"]
    if hashes:
        at = pick.randrange(len(hashes))
        hashes[at] = _other(hashes[at], pick)
    else:
        hashes.append("00" * 32)


def _shorter(p: Packet, pick: random.Random) -> None:
    p["proof"]["hashes"] = p["proof"]["hashes"][:-1] or ["00" * 32]


def _longer(p: Packet, pick: random.Random) -> None:
    p["proof"]["hashes"].append("00" * 32)


def _head_size(p: Packet, pick: random.Random) -> None:
    """A head of another size, which nobody has signed; the proof says the same."""
    origin, size, *rest = p["checkpoint"].split("\n")
    p["checkpoint"] = "\n".join([origin, str(int(size) + 1), *rest])
    p["proof"]["size"] += 1


def _origin(p: Packet, pick: random.Random) -> None:
    p["checkpoint"] = "x" + p["checkpoint"]


def _signature(p: Packet, pick: random.Random) -> None:
    note = p["checkpoint"]
    at = len(note) - 12
    p["checkpoint"] = note[:at] + ("A" if note[at] != "A" else "B") + note[at + 1 :]


def _no_keys(p: Packet, pick: random.Random) -> None:
    p["keys"] = [{**p["keys"][-1], "public": "ab" * 32, "statement": None, "endorsement": None}]


def _endorsement(p: Packet, pick: random.Random) -> None:
    if len(p["keys"]) > 1:
        p["keys"][-1]["endorsement"] = _other(p["keys"][-1]["endorsement"], pick)
    else:
        p["keys"].append(dict(p["keys"][0]))


def _extra(p: Packet, pick: random.Random) -> None:
    p["note"] = "x"


ALTERATIONS: dict[str, Callable[[Packet, random.Random], None]] = {
    "the leaf": _leaf_verb, "the leaf and its hash": _leaf_and_hash, "its hash": _hash, "the payload": _payload,
    "the salt": _salt, "the remark": _remark, "a remark that goes or comes": _no_remark,
    "a file": _file, "the index": _index, "an index beyond": _beyond, "the size": _size,
    "the path": _path, "a shorter path": _shorter, "a longer path": _longer,
    "another head": _head_size, "another origin": _origin, "the signature": _signature,
    "other keys": _no_keys, "an endorsement": _endorsement, "a field more": _extra,
}  # fmt: skip


def alterations(packet: bytes, pick: random.Random, most: int = 100) -> Iterator[tuple[str, bytes]]:
    """(what was changed, the file changed so): in canonical form, so that form alone refuses none."""
    said = json.loads(packet)
    for name in pick.sample(list(ALTERATIONS), min(most, len(ALTERATIONS))):
        changed = copy.deepcopy(said)
        ALTERATIONS[name](changed, pick)
        yield name, rfc8785.dumps(changed)
    if most > 1:
        at = pick.randrange(len(packet))
        yield f"byte {at}", packet[:at] + bytes([packet[at] ^ 1]) + packet[at + 1 :]
        yield "not canonical", packet.replace(b'"leaf":', b'"leaf": ', 1)
