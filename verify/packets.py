"""What the log hands out: the packet of an entry, a proof of consistency, a head by itself."""

from __future__ import annotations

import hashlib
from typing import Any

from verify.canonical_json import canonical
from verify.heads import read_chain, read_head, signer_of
from verify.shapes import count_of, exactly, from_base64, from_hex, hashes_of, list_of
from verify.tree import is_consistent, is_included, leaf_hash
from verify.trust import Trust
from verify.verdicts import fail


def check_packet(packet: dict[str, Any], trust: Trust) -> dict[str, Any]:
    """One entry, with all that belongs to it."""
    wanted = {"type", "leaf", "payload", "salt", "remark", "files", "proof", "checkpoint", "keys"}
    exactly(packet, wanted, "packet")
    leaf = packet["leaf"]
    if not isinstance(leaf, dict) or leaf.get("v") != 1:
        fail("leaf", "不认识的记录格式。An entry of an unknown form.")
    salted = from_hex(packet["salt"], "salt") + canonical(packet["payload"]).encode()
    if hashlib.sha256(salted).hexdigest() != leaf.get("payload_sha256"):
        fail("payload", "内容与记录不符。The payload is not the one that was recorded.")
    _check_remark(packet["remark"], leaf.get("remark_sha256"))
    _check_files(packet["files"], packet["payload"])
    proof = packet["proof"]
    exactly(proof, {"index", "size", "leaf_hash", "hashes"}, "proof")
    index, size = count_of(proof["index"], "proof"), count_of(proof["size"], "proof")
    here = leaf_hash(canonical(leaf).encode())
    if here.hex() != proof["leaf_hash"]:
        fail("leaf", "记录与证明不符。The entry is not the one that the proof is about.")
    head = read_head(packet["checkpoint"])
    if head.size != size:
        fail("proof", "证明与树头的条数不符。The proof is for a tree of another size.")
    if not is_included(index, size, here, hashes_of(proof["hashes"], "proof"), head.root):
        fail("inclusion", "记录不在这棵树里。The entry does not stand in this tree.")
    key = trust.judge(head, read_chain(packet["keys"]))
    return {
        "kind": "packet", "origin": head.origin, "index": index, "size": size, "key": key,
        "entry": leaf.get("id"), "verb": leaf.get("verb"), "subject": leaf.get("subject"),
        "recorded_at": leaf.get("at_recorded"),
    }  # fmt: skip


def _check_remark(remark: Any, digest: Any) -> None:
    if digest is None or remark == "erased":
        if (remark is None) != (digest is None):
            fail("remark", "说明与记录不符。The remark is not the one that was recorded.")
        return
    exactly(remark, {"text", "salt"}, "remark")
    text = remark["text"] if isinstance(remark["text"], str) else ""
    if hashlib.sha256(from_hex(remark["salt"], "remark") + text.encode()).hexdigest() != digest:
        fail("remark", "说明与记录不符。The remark is not the one that was recorded.")


def _check_files(rows: Any, payload: Any) -> None:
    for row in list_of(rows, "files"):
        exactly(row, {"sha256", "content"}, "files")
        content = from_base64(row["content"] if isinstance(row["content"], str) else "-")
        is_named = isinstance(payload, dict) and payload.get("sha256") == row["sha256"]
        if not is_named or hashlib.sha256(content).hexdigest() != row["sha256"]:
            fail("files", "文件与记录不符。A file is not the one that was recorded.")


def check_consistency(proof: dict[str, Any], trust: Trust) -> dict[str, Any]:
    """The tree of the older checkpoint is the beginning of the newer one's."""
    exactly(proof, {"type", "from", "to", "old", "new", "hashes", "keys"}, "consistency")
    chain = read_chain(proof["keys"])
    old, new = read_head(proof["old"]), read_head(proof["new"])
    hashes = hashes_of(proof["hashes"], "consistency")
    if (proof["from"], proof["to"], old.origin) != (old.size, new.size, new.origin):
        fail("consistency", "证明与两个树头不符。The proof is about other heads.")
    if not is_consistent(old.size, new.size, old.root, new.root, hashes):
        fail("consistency", "新树不是旧树的延续。The newer tree does not continue the older.")
    key = trust.judge(new, chain)
    earlier = signer_of(old, dict.fromkeys([*chain, *trust.keys]))
    if earlier is None:
        fail("signature", "旧树头不是所附密钥签的。None of the keys has signed the older head.")
    return {
        "kind": "consistency",
        "origin": new.origin,
        "from": old.size,
        "to": new.size,
        "key": key,
    }


def check_checkpoint(note: str, trust: Trust) -> dict[str, Any]:
    """A signed head by itself."""
    head = read_head(note)
    key = trust.judge(head, [])
    return {"kind": "checkpoint", "origin": head.origin, "size": head.size, "key": key}
