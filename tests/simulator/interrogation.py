"""The verifier under questioning: files that hold, and files that somebody has made up."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import random
from collections.abc import Iterator
from itertools import product
from typing import Any

import rfc8785

from tests.simulator.house import Fault, Head
from tests.simulator.memory import ORIGIN, Memory
from tests.simulator.tampering import alterations
from tests.simulator.witness import need, tree_hash
from tests.telling import Telling
from verify import __main__ as verifier
from verify.heads import read_head
from verify.tree import is_consistent, is_included
from verify.trust import Key
from yangbanjian.ground.keys import rules as signing
from yangbanjian.ground.log.rules import leaves, merkle, notes

HOLDS, FAILS, UNREADABLE, UNTRUSTED = 0, 1, 2, 3
CHECKS = {
    "holds", "small trees", "leaf", "payload", "remark", "files", "proof", "inclusion",
    "checkpoint", "encoding", "signature", "keys", "seen", "trust", "revoked", "consistency",
    "packet", "canonical", "file",
}  # fmt: skip
# What is asked: the file, whom the reader trusts, the code to come out (None: any but HOLDS).
Question = tuple[str, bytes, verifier.Trust, int | None]


def interrogate(tell: Telling, steps: int = 1) -> None:
    """Ask everything about that many made-up logs; what is answered wrongly is a violation."""
    for number in range(steps):
        pick = random.Random(f"{tell.seed} {number}")
        small_trees(tell)
        house = filled(pick)
        for name, content, trust, code in questions(house, pick):
            verdict = verifier.verify(content, trust)
            is_right = verdict.code == code if code is not None else verdict.code != HOLDS
            tell.steps += 1
            tell.reached[verdict.check or "holds"] += 1
            if not is_right:
                tell.violated(f"{name}: {verdict.code} {verdict.check} {verdict.sentence}")


def small_trees(tell: Telling) -> None:
    """Every proof in every small tree, by the definition; and none of them for anything else."""
    hashes = [hashlib.sha256(bytes([n])).digest() for n in range(11)]
    roots = [tree_hash(hashes[:size]) for size in range(12)]

    def read(level: int, first: int, count: int) -> list[bytes]:
        assert level == 0
        return hashes[first : first + count]

    for size in range(1, 12):
        need(merkle.root(read, size) == roots[size], f"the root over {size}")
        need(merkle.folded(hashes[:size]) == roots[size], f"the fold of {size}")
        for index, other in product(range(size), range(size + 1)):
            path = merkle.inclusion_proof(read, index, size)
            holds = is_included(other, size, hashes[index], path, roots[size])
            need(holds == (index == other), f"{index} of {size} taken for {other}")
        for old, other in product(range(1, size + 1), range(1, size + 1)):
            path = merkle.consistency_proof(read, old, size)
            holds = is_consistent(other, size, roots[other], roots[size], path)
            need(holds == (old == other), f"{old} of {size} taken for {other}")
            forged = is_consistent(old, size, hashes[0][::-1], roots[size], path)
            need(not forged, f"a forged root of {old} taken in {size}")
        tell.reached["small trees"] += 1
    need(not is_included(0, 1, b"short", [], b"short"), "what is no hash is taken")
    need(not is_consistent(0, 5, roots[0], roots[5], []), "nothing proves nothing")


def filled(pick: random.Random) -> Memory:
    """A log of some hundred entries, sequenced by and by, its key handed over twice."""
    house = Memory(pick)
    count = pick.randint(260, 320)
    turns = sorted(pick.sample(range(20, count - 20), 2))
    for n in range(count):
        payload: dict[str, Any] = {"n": n, "名": "甲", "x": pick.choice((1.5, -0.25, 1e21))}
        if n == turns[0]:
            payload["sha256"] = hashlib.sha256(b"a file").hexdigest()
        house._record(house._began(), "things.made", payload)
        if pick.random() < 0.05:
            house.sequence(Fault.NONE)
        if n in turns and house.log.heads:
            house.log.rotate(is_lost=False)
    while house.sequence(Fault.NONE):
        pass
    return house


def trust_of(house: Memory, *, revoked: bool = False, only_first: bool = False,
             seen: list[Head] | None = None) -> verifier.Trust:  # fmt: skip
    publics = [key.signer.public for key in house.log.keys][: 1 if only_first else None]
    return verifier.Trust({p: Key(p, revoked) for p in publics}, seen or [])


def resigned(head: Head, signer: signing.Ed25519Signer, **said: Any) -> str:
    """A note of the same head (or of what is said instead), by this signer."""
    text = notes.Checkpoint(ORIGIN, said.get("size", head.size), said.get("root", head.root)).text()
    return _note(said.get("text", text), signer)


def _note(text: str, signer: signing.Ed25519Signer) -> str:
    mark = signing.note_id(ORIGIN, signer.algorithm, signer.public)
    return notes.signed(text, [notes.Signature(ORIGIN, mark, signer.sign(text.encode()))])


def questions(house: Memory, pick: random.Random) -> Iterator[Question]:
    yield from _about_packets(house, pick)
    yield from _about_keys(house, pick)
    yield from _about_heads(house, pick)
    yield from _about_consistency(house, pick)
    yield from _about_forms(house)


def _some_packet(house: Memory, pick: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(house.packet(pick.choice(list(house.journal))))
    return found


def _with(packet: dict[str, Any], **changed: Any) -> bytes:
    return rfc8785.dumps({**copy.deepcopy(packet), **changed})


def _about_packets(house: Memory, pick: random.Random) -> Iterator[Question]:
    trust = trust_of(house)
    for pk in [*pick.sample(sorted(house.journal), 4), 3, 4]:
        packet = house.packet(pk)
        yield f"packet {pk}", packet, trust, HOLDS
        for name, changed in alterations(packet, pick):
            yield name, changed, trust, None
    remarked = json.loads(house.packet(3))
    yield "an erased remark", _with(remarked, remark="erased"), trust, HOLDS
    yield "a lost remark", _with(remarked, remark=None), trust, FAILS
    named = next(pk for pk, row in house.journal.items() if "sha256" in row.payload)
    packet = json.loads(house.packet(named))
    digest = packet["payload"]["sha256"]
    for content, code in ((b"a file", HOLDS), (b"another", FAILS)):
        file = {"sha256": digest, "content": base64.b64encode(content).decode()}
        yield f"with {content!r}", _with(packet, files=[file]), trust, code
    stray = {"sha256": hashlib.sha256(b"x").hexdigest(), "content": base64.b64encode(b"x").decode()}
    yield "a file that nobody named", _with(packet, files=[stray]), trust, FAILS
    spaced = {"sha256": digest, "content": base64.b64encode(b"a file").decode() + "\n"}
    yield "a content with a line end", _with(packet, files=[spaced]), trust, FAILS
    yield "an entry that was never written", _forged_entry(house, packet), trust, FAILS
    for index in (-1, True, "0"):
        proof = {**packet["proof"], "index": index}
        yield f"index {index!r}", _with(packet, proof=proof), trust, FAILS


def _forged_entry(house: Memory, packet: dict[str, Any]) -> bytes:
    """All of it fits together but for the tree."""
    forged = copy.deepcopy(packet)
    forged["leaf"] |= {"id": 10**6, "verb": "things.forged"}
    bytes_ = leaves.leaf_bytes(forged["leaf"])
    forged["proof"]["leaf_hash"] = hashlib.sha256(b"\x00" + bytes_).hexdigest()
    return rfc8785.dumps(forged)


def _about_keys(house: Memory, pick: random.Random) -> Iterator[Question]:
    packet, head = _some_packet(house, pick), house.log.heads[-1]
    content, trust = rfc8785.dumps(packet), trust_of(house)
    seen = [read_head(head.note)]
    yield "by who trusts the first key", content, trust_of(house, only_first=True), HOLDS
    yield "by who trusts nobody", content, verifier.Trust({}, []), UNTRUSTED
    yield "a revoked key", content, trust_of(house, revoked=True), UNTRUSTED
    yield "a revoked key, seen", content, trust_of(house, revoked=True, seen=seen), HOLDS
    other = read_head(resigned(head, house.log.keys[-1].signer, root=b"\x07" * 32))
    yield "another head was seen", content, trust_of(house, seen=[other]), FAILS
    stranger = signing.Ed25519Signer(pick.randbytes(32))
    alone = {"algorithm": "ed25519", "public": stranger.public.hex(), "statement": None,
             "endorsement": None}  # fmt: skip
    note = resigned(head, stranger)
    yield "a stranger's", _with(packet, keys=[alone], checkpoint=note), trust, UNTRUSTED
    for said, by, code in (
        ("by itself", stranger, FAILS),
        ("by another", house.log.keys[0].signer, FAILS),
        ("by the one before", house.log.keys[-1].signer, HOLDS),
    ):
        link = _link(house, stranger, by)
        keys = [*packet["keys"], link]
        yield f"a key endorsed {said}", _with(packet, keys=keys, checkpoint=note), trust, code
    for field, value in (("purpose", "mail"), ("old", "00" * 32), ("new", "00" * 32),
                         ("type", "x"), ("algorithm", "sm2")):  # fmt: skip
        link = _link(house, stranger, house.log.keys[-1].signer, **{field: value})
        keys = [*packet["keys"], link]
        yield f"a rotation of {field}", _with(packet, keys=keys, checkpoint=note), trust, FAILS
    link = _link(house, stranger, house.log.keys[-1].signer)
    yield "a key too many", _with(packet, keys=[*packet["keys"], link]), trust, FAILS
    yield "no first key", _with(packet, keys=packet["keys"][1:]), trust, FAILS


def _link(
    house: Memory, made: signing.Ed25519Signer, signer: Any, /, **changed: str
) -> dict[str, Any]:
    old = house.log.keys[-1].signer.public
    said = {
        "algorithm": "ed25519", "at": "2026-03-01", "new": made.public.hex(), "old": old.hex(),
        "purpose": "log", "type": "yangbanjian-key-rotation/1", **changed,
    }  # fmt: skip
    text = rfc8785.dumps(said)
    return {"algorithm": "ed25519", "public": made.public.hex(), "statement": text.decode(),
            "endorsement": signer.sign(text).hex()}  # fmt: skip


def _about_heads(house: Memory, pick: random.Random) -> Iterator[Question]:
    head, signer, trust = house.log.heads[-1], house.log.keys[-1].signer, trust_of(house)
    yield "a head", head.note.encode(), trust, HOLDS
    yield "a stranger's head", resigned(head, signing.Ed25519Signer(b"7" * 32)).encode(), trust, 3
    root = base64.b64encode(head.root).decode()
    for name, text in {
        "a size with a zero": f"{ORIGIN}\n0{head.size}\n{root}\n",
        "a size that is none": f"{ORIGIN}\n-{head.size}\n{root}\n",
        "a short root": f"{ORIGIN}\n{head.size}\n{base64.b64encode(head.root[:31]).decode()}\n",
        "a line more": f"{ORIGIN}\n{head.size}\n{root}\nmore\n",
        "no name": f"\n{head.size}\n{root}\n",
    }.items():
        yield name, _note(text, signer).encode(), trust, FAILS
    good, at = head.note, len(head.note) - 20
    bad = good[:at] + ("A" if good[at] != "A" else "B") + good[at + 1 :]
    yield "a changed signature", bad.encode(), trust, FAILS
    yield "good and bad", (good + bad.rpartition("\n\n")[2]).encode(), trust, FAILS
    other = notes.signed(
        head.note.rpartition("\n\n")[0] + "\n",
        [notes.Signature("else", signing.note_id("else", "ed25519", signer.public),
                         signer.sign(head.note.encode()))],
    )  # fmt: skip
    yield "signed for another log", other.encode(), trust, UNTRUSTED


def _about_consistency(house: Memory, pick: random.Random) -> Iterator[Question]:
    trust, signer = trust_of(house), house.log.keys[-1].signer
    heads = {head.size: head for head in house.log.heads}
    new = house.log.heads[-1]
    for size in pick.sample([s for s in heads if s < new.size], 6):
        old = heads[size]
        path = [h.hex() for h in house.consistency(size, new.size)]
        said = {"type": "yangbanjian-consistency/1", "from": size, "to": new.size,
                "old": old.note, "new": new.note, "hashes": path, "keys": house.log.chain()}  # fmt: skip
        yield f"{size} continued", rfc8785.dumps(said), trust, HOLDS
        yield "from elsewhere", _with(said, **{"from": size - 1}), trust, FAILS
        yield "to elsewhere", _with(said, to=new.size + 1), trust, FAILS
        yield "a shorter path", _with(said, hashes=path[:-1]), trust, FAILS
        yield "a longer path", _with(said, hashes=[*path, "00" * 32]), trust, FAILS
        at = pick.randrange(len(path))
        wrong = [*path[:at], "11" * 32, *path[at + 1 :]]
        yield "another path", _with(said, hashes=wrong), trust, FAILS
        # Whoever holds the key signs a history of their own.
        forked = [leaf.leaf_hash for leaf in house.log.placed[:size]]
        forked[pick.randrange(size)] = b"\x05" * 32
        fork = resigned(old, signer, root=tree_hash(forked))
        yield "a forked history", _with(said, old=fork), trust, FAILS
        unsigned = resigned(old, signing.Ed25519Signer(b"8" * 32))
        yield "an old head by a stranger", _with(said, old=unsigned), trust, FAILS
        at = len(old.note) - 20
        broken = old.note[:at] + ("A" if old.note[at] != "A" else "B") + old.note[at + 1 :]
        yield "an old head badly signed", _with(said, old=broken), trust, FAILS
        turned = {**said, "old": new.note, "new": old.note, "from": new.size, "to": size}
        yield "turned around", rfc8785.dumps(turned), trust, None


def _about_forms(house: Memory) -> Iterator[Question]:
    trust = trust_of(house)
    packet = house.packet(1)
    for name, content in {
        "a key twice": b'{"type":"yangbanjian-packet/1","type":"yangbanjian-packet/1"}',
        "no json": b"{", "no text": b"\xff{", "not a number": b'{"type":NaN}',
        "another type": b'{"type":"x"}', "deep": b'{"type":' + b"[" * 5000,
        "a large number": packet.replace(b'"v":1', b'"v":9007199254740993', 1),
    }.items():  # fmt: skip
        yield name, content, trust, UNREADABLE
    for name, changed in {
        "a space": packet.replace(b'":', b'": ', 1), "a line": packet + b"\n",
        "an exponent": packet.replace(b'"v":1', b'"v":1e0', 1),
        "another version": packet.replace(b'"v":1', b'"v":2', 1),
    }.items():  # fmt: skip
        yield name, changed, trust, FAILS
