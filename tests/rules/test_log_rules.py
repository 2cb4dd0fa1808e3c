"""The tree, its proofs and notes: against the RFCs' numbers, others' vectors and the verifier."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from verify import __main__ as verifier
from verify.heads import holds
from verify.shapes import from_base64
from verify.tree import is_consistent, is_included
from yangbanjian.ground.files.rules import sm3_of
from yangbanjian.ground.keys import rules as keys
from yangbanjian.ground.log.rules import leaves, merkle, notes, tiles

VECTORS = Path(__file__).parents[1] / "vectors"
# Golang's sumdb/note, documentation of the package.
NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
NOTE_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NOTE_SEED = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"


class Kept:
    """A tree in memory, kept as the tables keep it."""

    def __init__(self, size: int) -> None:
        self.rows: dict[tuple[int, int], bytes] = {}
        for i in range(size):
            self.rows[0, i] = merkle.leaf_hash(str(i).encode())
        for level, index in merkle.completed(0, size):
            below = [self.rows[level - 1, index * 256 + i] for i in range(256)]
            self.rows[level, index] = merkle.folded(below)

    def read(self, level: int, first: int, count: int) -> list[bytes]:
        return [self.rows[level, i] for i in range(first, first + count)]


BIG = Kept(70_000)


def plain_root(hashes: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if len(hashes) < 2:
        return hashes[0] if hashes else hashlib.sha256(b"").digest()
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return merkle.node_hash(plain_root(hashes[:k]), plain_root(hashes[k:]))


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 255, 256, 257, 511, 513, 65_536, 65_793, 70_000])
def test_the_root_from_kept_subtrees_is_that_of_the_definition(size: int) -> None:
    assert merkle.root(BIG.read, size) == plain_root(BIG.read(0, 0, size))


@given(st.data())
def test_the_verifier_takes_every_inclusion_proof_and_no_altered_one(data: st.DataObject) -> None:
    size = data.draw(st.one_of(st.integers(1, 70_000), st.integers(1, 20)))
    index = data.draw(st.integers(0, size - 1))
    path = merkle.inclusion_proof(BIG.read, index, size)
    leaf, root = BIG.rows[0, index], merkle.root(BIG.read, size)
    assert is_included(index, size, leaf, path, root)
    assert not is_included(index, size, b"\x00" * 32, path, root)
    assert not is_included(index, size, leaf, [*path, leaf], root)
    if path:
        spoiled = data.draw(st.integers(0, len(path) - 1))
        other = [h if i != spoiled else hashlib.sha256(h).digest() for i, h in enumerate(path)]
        assert not is_included(index, size, leaf, other, root)
        assert not is_included(index, size, leaf, path[:-1], root)


@given(st.data())
def test_e4_any_two_heads_have_a_consistency_proof(data: st.DataObject) -> None:
    new = data.draw(st.one_of(st.integers(1, 70_000), st.integers(1, 20)))
    old = data.draw(st.integers(1, new))
    path = merkle.consistency_proof(BIG.read, old, new)
    roots = merkle.root(BIG.read, old), merkle.root(BIG.read, new)
    assert is_consistent(old, new, *roots, path)
    if old != new:
        assert not is_consistent(old, new, *roots[::-1], path)
        assert not is_consistent(old, new, *roots, path[:-1])
        assert not is_consistent(old, new, b"\x01" * 32, roots[1], path)


@pytest.mark.parametrize("kind", ["inclusion", "consistency"])
def test_published_proofs_are_judged_as_their_authors_judge(kind: str) -> None:
    cases = json.loads((VECTORS / "merkle" / f"{kind}.json").read_text(encoding="utf-8"))
    assert len(cases) == 98
    wrong = [name for name, case in cases.items() if _accepts(kind, case) is case["wantErr"]]
    assert not wrong


def _accepts(kind: str, case: dict[str, Any]) -> bool:
    path = [from_base64(h) for h in case["proof"] or []]
    if kind == "inclusion":
        leaf, root = (from_base64(case[k] or "") for k in ("leafHash", "root"))
        return is_included(case["leafIdx"], case["treeSize"], leaf, path, root)
    roots = [from_base64(case[k] or "") for k in ("root1", "root2")]
    return is_consistent(case["size1"], case["size2"], roots[0], roots[1], path)


def test_the_numbers_of_tiles_are_those_of_the_specification() -> None:
    def wide(size: int) -> list[tuple[int, int, int]]:
        return [
            (level, index, width)
            for level in range(4)
            for index in range(300)
            if (width := tiles.width_at(level, index, size))
        ]

    found = wide(70_000)
    assert [f for f in found if f[2] < 256] == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    assert len(found) == 273 + 1 + 1 + 1 + 1
    assert wide(256) == [(0, 0, 256), (1, 0, 1)]


def test_tile_addresses() -> None:
    assert tiles.Tile(0, 1234067).address == "0/x001/x234/067"
    assert tiles.Tile(1, 0, 17).address == "1/000.p/17"
    assert tiles.read_address(0, "x001/x234/067") == tiles.Tile(0, 1234067)
    assert tiles.read_address(2, "000.p/3") == tiles.Tile(2, 0, 3)
    assert tiles.read_address(0, "7") == tiles.Tile(0, 7)
    for bad in ("000.p/256", "000.p/0", "x000/001", "x1/000", "07", "", "000/", "²", "-1"):
        assert tiles.read_address(0, bad) is None, bad
    assert tiles.read_address(8, "000") is None


@given(st.integers(0, 10**12), st.integers(1, 256))
def test_tile_addresses_come_back(index: int, width: int) -> None:
    tile = tiles.Tile(3, index, width)
    assert tiles.read_address(3, tile.address[2:]) == tile


def test_a_note_is_that_of_the_reference() -> None:
    text, signatures = notes.opened(NOTE)
    name, _, rest = NOTE_KEY.partition("+")
    public = from_base64(rest.partition("+")[2])[1:]
    signer = keys.Ed25519Signer(from_base64(NOTE_SEED)[1:])
    assert signer.public == public
    assert keys.verifier_key(name, signer.algorithm, public) == NOTE_KEY
    assert keys.is_signed(signer.algorithm, public, text.encode(), signatures[0].signature)
    mine = notes.Signature(
        name, keys.note_id(name, signer.algorithm, public), signer.sign(text.encode())
    )
    assert notes.signed(text, [mine]) == NOTE


@pytest.mark.parametrize(
    "bad",
    [
        "", "a\n", "a\n\n", NOTE[:-1], NOTE.replace("— ", "- "), NOTE.replace("\n\n", "\n"),
        NOTE.replace("AM=", "AN="), NOTE + "x", "\t" + NOTE, "a\n\n— a b AAAAAAA=\n",
    ],
)  # fmt: skip
def test_what_is_no_note_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="not"):
        notes.opened(bad)


def test_a_checkpoint_comes_back_and_a_crooked_one_does_not() -> None:
    head = notes.Checkpoint("example.com/log", 20852163, b"\x0a" * 32)
    assert notes.checkpoint_of(head.text()) == head
    for bad in (
        head.text().replace("20852163", "020852163"), head.text() + "more\n", head.text()[:-1],
        head.text().replace("20852163", "-1"), "\n" + head.text(), head.text().replace("=", ""),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="not"):
            notes.checkpoint_of(bad)


@pytest.mark.parametrize("name", ["arrays", "french", "structures", "unicode", "values", "weird"])
def test_canonical_json_of_the_verifier_is_that_of_the_published_vectors(name: str) -> None:
    given_ = (VECTORS / "jcs" / "input" / f"{name}.json").read_text(encoding="utf-8")
    wanted = bytes.fromhex((VECTORS / "jcs" / "outhex" / f"{name}.txt").read_text())
    assert verifier.canonical(json.loads(given_)).encode() == wanted


JSON = st.recursive(
    st.none() | st.booleans() | st.text(st.characters(exclude_categories=["Cs"]))
    | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False),
    lambda v: st.lists(v, max_size=4)
    | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), v, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(JSON)
def test_two_canonisers_agree(value: Any) -> None:
    assert verifier.canonical(value).encode() == rfc8785.dumps(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_two_canonisers_agree_on_numbers(value: float) -> None:
    assert verifier.canonical(value).encode() == rfc8785.dumps(value)


def row(**changed: Any) -> leaves.Row:
    at = datetime(2026, 3, 1, 8, 30, 0, 1200, tzinfo=UTC)
    values: dict[str, Any] = {
        "id": 7, "xact": 900, "verb": "achievements.published", "subject_kind": "achievement",
        "subject_id": 3, "owner_id": 1, "party_ids": [4, 2], "person_id": None,
        "organisation_id": 1, "at_business": at, "at_recorded": at, "edition": "",
        "audience": "public", "payload": {"状态": "公开"}, "salt": b"\x01" * 16,
        "payload_jcs_sha256": b"\x02" * 32, "remark_sha256": b"",
    }  # fmt: skip
    return leaves.Row(**(values | changed))


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 2**53 - 1))
def test_a_leaf_is_written_as_the_general_canoniser_would(text: str, number: int) -> None:
    leaf = leaves.leaf_of(row(edition=text, verb=text, subject_id=number, party_ids=[number]))
    assert leaves.leaf_bytes(leaf) == rfc8785.dumps(leaf)
    assert leaves.leaf_bytes(leaf) == verifier.canonical(leaf).encode()


def test_a_leaf_changes_with_everything_that_an_entry_says() -> None:
    later = datetime(2026, 3, 1, 8, 30, 0, 1201, tzinfo=UTC)
    changes: dict[str, Any] = {
        "id": 8, "xact": 901, "verb": "x", "subject_kind": "demand", "subject_id": 4,
        "owner_id": None, "party_ids": [2, 4], "person_id": 1, "organisation_id": 2,
        "at_business": later, "at_recorded": later, "edition": "2", "audience": "staff",
        "payload_jcs_sha256": b"\x03" * 32, "remark_sha256": b"\x03" * 32,
    }  # fmt: skip
    plain = leaves.leaf_bytes(leaves.leaf_of(row()))
    said = {leaves.leaf_bytes(leaves.leaf_of(row(**{k: v}))) for k, v in changes.items()}
    assert len(said) == len(changes)
    assert plain not in said


def test_ed25519_is_judged_as_wycheproof_does() -> None:
    groups = json.loads((VECTORS / "wycheproof" / "ed25519_test.json").read_text())["testGroups"]
    count = 0
    for group in groups:
        public = bytes.fromhex(group["publicKey"]["pk"])
        for case in group["tests"]:
            message, signature = bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"])
            for judged in (
                keys.is_signed(keys.ED25519, public, message, signature),
                holds(public, message, signature),
            ):
                assert judged is (case["result"] == "valid"), case["tcId"]
            count += 1
    assert count == 151


def _hmac_sm3(key: bytes, message: bytes) -> str:
    """RFC 2104 over the very digest that files are given."""
    block = bytes.fromhex(sm3_of(key)) if len(key) > 64 else key
    inner, outer = (bytes(b ^ pad for b in block.ljust(64, b"\0")) for pad in (0x36, 0x5C))
    return sm3_of(outer + bytes.fromhex(sm3_of(inner + message)))


def test_hmac_sm3_is_judged_as_wycheproof_does() -> None:
    groups = json.loads((VECTORS / "wycheproof" / "hmac_sm3_test.json").read_text())["testGroups"]
    count = 0
    for group in groups:
        size = group["tagSize"] // 4  # in hex digits; some tags are cut short
        for case in group["tests"]:
            made = _hmac_sm3(bytes.fromhex(case["key"]), bytes.fromhex(case["msg"]))
            assert (made[:size] == case["tag"]) is (case["result"] == "valid"), case["tcId"]
            count += 1
    assert count == 174


def test_the_worked_example_of_the_handbook() -> None:
    """docs/algorithms/log.md: a tree of three by hand."""
    told = (Path(__file__).parents[2] / "docs/algorithms/log.md").read_text(encoding="utf-8")
    a, b, c = (merkle.leaf_hash(x) for x in (b"a", b"b", b"c"))
    node = merkle.node_hash(a, b)
    root = merkle.node_hash(node, c)
    assert merkle.folded([a, b, c]) == root
    for one in (a, b, c, node, root):
        assert one.hex()[:8] in told
    assert is_included(1, 3, b, [a, c], root)
    assert is_consistent(2, 3, node, root, [c])
