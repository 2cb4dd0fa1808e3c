"""The log of a lot, and the verifier's own rules: they agree byte for byte, and every change is
found."""

from __future__ import annotations

import ast
import hashlib
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
import rfc8785
from typer.testing import CliRunner

from tests.bidding import METHODS, WAN, RandomCourse, Room, at, sealed_bid, terms
from verify import __main__ as verifier
from verify import auction, lot_log
from verify.trust import Key
from yangbanjian.faces.cli.commands import app
from yangbanjian.faces.verifier import verifier_source
from yangbanjian.ground.keys import rules as keys
from yangbanjian.ground.log.rules import merkle, notes
from yangbanjian.market.trading.rules import logs, sealed
from yangbanjian.market.trading.rules.closing import Reserve
from yangbanjian.market.trading.rules.lots import Method

NO_TRUST = verifier.Trust({}, [])
SHARDS, OF_EACH = 4, 2_500


def recounted(text: str) -> auction.Recount:
    return auction.recount([json.loads(line) for line in text.splitlines()])


def agree(seeds: range, capsys: pytest.CaptureFixture[str] | None = None) -> None:
    reached: Counter[str] = Counter()
    for seed in seeds:
        course = RandomCourse(seed, reached).course
        try:
            lot = recounted(course.text)
        except lot_log.Mismatch as odd:
            pytest.fail(f"seed={seed}: {odd}\n{course.text}")
        said = None if course.result is None else logs.result_line(
            course.lot, course.result, course.state.closes_at, None
        )  # fmt: skip
        told = lot.result and {**lot.result}
        assert told == (said and {k: v for k, v in said.items() if k in (told or {})}), seed
    if capsys is not None:
        with capsys.disabled():
            told_counts = ", ".join(f"{name}: {n}" for name, n in sorted(reached.items()))
            print(f"\nseed={seeds.start} steps={len(seeds)} violations=0 reached={{{told_counts}}}")


@pytest.mark.parametrize("shard", range(SHARDS))
def test_a8_ten_thousand_random_logs_agree_byte_for_byte(shard: int) -> None:
    agree(range(shard * OF_EACH, (shard + 1) * OF_EACH))


@pytest.mark.proof
def test_a8_a_hundred_thousand_random_logs_agree(capsys: pytest.CaptureFixture[str]) -> None:
    agree(range(1_000_000, 1_100_000), capsys)


def sample(method: Method = Method.RISING) -> Room:
    """A lot with a little of everything, sold."""
    reserve = Reserve(fen=230 * WAN, nonce="3c" * 32)
    lot = terms(
        method=method, priority_plates=("M2",), priority_s=300, shows_losing=True,
        reserve_commitment=reserve.commitment,
    )  # fmt: skip
    room = Room(lot, reserve)
    if method is Method.SEALED:
        inside: dict[str, bytes | None] = {}
        for number, (plate, wan) in enumerate((("A3", 240), ("K7", 260), ("M2", 230)), 1):
            received, inside[f"s{number}"] = sealed_bid(lot, plate, wan * WAN, number)
            room.receive(received, at(number))
        room.open(inside, at(601))
    else:
        room.bid("A3", 200, 10)
        room.ceiling("K7", 260, 20)
        room.bid("A3", 205, 30)
        room.bid("M2", 230, 40)
        room.pause(at(50), "核实资格")
        room.resume(at(60))
        room.bid("A3", 250, 700)
        room.outage(at(705), at(760))
    room.close_at(2000)
    room.claim("M2", 2001)
    room.close_at(2002)
    assert room.result is not None
    return room


@pytest.mark.parametrize("method", [Method.RISING, Method.SEALED])
def test_a_log_holds_line_by_line(method: Method) -> None:
    room = sample(method)
    lot = recounted(room.text)
    assert lot.result is not None
    assert (lot.result["winner"], lot.result["price_fen"]) == ("M2", 260 * WAN)
    assert all(line == rfc8785.dumps(json.loads(line)).decode() for line in room.text.splitlines())


# --- evidence -------------------------------------------------------------------------------------

SIGNER = keys.Ed25519Signer(b"\x07" * 32)
TRUST = verifier.Trust({SIGNER.public: Key(SIGNER.public, False)}, [])
ORIGIN = "market.example/log"


def packets(payloads: list[dict[str, Any]], sizes: list[int]) -> list[dict[str, Any]]:
    """A packet for each payload, entry by entry in one tree; the head of each has that size."""
    salt = b"\x05" * 16
    rows = [
        {
            "v": 1, "id": number, "verb": "trading.tell", "subject": "lot:1", "remark_sha256": None,
            "payload_sha256": hashlib.sha256(salt + rfc8785.dumps(payload)).hexdigest(),
        }
        for number, payload in enumerate(payloads)
    ]  # fmt: skip
    hashes = [merkle.leaf_hash(rfc8785.dumps(row)) for row in rows]

    def read(_level: int, first: int, count: int) -> list[bytes]:
        return hashes[first : first + count]

    found = []
    for number, (row, payload, size) in enumerate(zip(rows, payloads, sizes, strict=True)):
        text = notes.Checkpoint(ORIGIN, size, merkle.root(read, size)).text()
        name = keys.note_id(ORIGIN, keys.ED25519, SIGNER.public)
        signature = notes.Signature(ORIGIN, name, SIGNER.sign(text.encode()))
        path = [h.hex() for h in merkle.inclusion_proof(read, number, size)]
        found.append(
            {
                "type": "yangbanjian-packet/1", "leaf": row, "payload": payload, "salt": salt.hex(),
                "remark": None, "files": [], "keys": [], "checkpoint": notes.signed(text, [signature]),
                "proof": {
                    "index": number, "size": size, "leaf_hash": hashes[number].hex(), "hashes": path,
                },
            }
        )  # fmt: skip
    return found


def vouched(room: Room, *, deadline_size: int = 1) -> str:
    """The log with its last line: what was received stands in a head of that many entries."""
    text, lot = room.text, room.lot.lot
    digest = hashlib.sha256(text.encode()).hexdigest()
    said = {"lot": lot, "log_sha256": digest, "lines": len(room.lines)}
    if room.lot.method is not Method.SEALED:
        (result,) = packets([said], [1])
        return logs.text_of([*room.lines, logs.evidence_line(None, result)])
    early = {"lot": lot, "sealed_sha256": sealed.digest(room.kept)}
    deadline, result = packets([early, said], [deadline_size, 2])
    return logs.text_of([*room.lines, logs.evidence_line(deadline, result)])


@pytest.mark.parametrize("method", [Method.RISING, Method.SEALED])
def test_a_vouched_log_holds_and_the_signer_has_to_be_known(method: Method) -> None:
    text = vouched(sample(method)).encode()
    verdict = verifier.verify(text, TRUST)
    assert (verdict.code, verdict.proven["winner"]) == (0, "M2")
    assert verdict.proven["key"] == SIGNER.public.hex()
    assert verifier.verify(text, NO_TRUST).code == 3


def test_s4_what_was_received_must_be_in_a_head_before_it_is_opened() -> None:
    verdict = verifier.verify(vouched(sample(Method.SEALED), deadline_size=2).encode(), TRUST)
    assert (verdict.code, verdict.check) == (1, "deadline")


def test_evidence_of_another_lot_or_log_is_refused() -> None:
    room, other = sample(), sample(Method.SEALED)
    borrowed = json.loads(vouched(other).splitlines()[-1])
    for result in (borrowed["result"], borrowed["deadline"], None, {}, {"type": "x"}):
        text = logs.text_of([*room.lines, logs.evidence_line(None, result)])
        assert verifier.verify(text.encode(), TRUST).code == 1
    missing = logs.text_of([*other.lines, logs.evidence_line(None, borrowed["result"])])
    assert verifier.verify(missing.encode(), TRUST).code == 1


def every_byte(text: bytes, places: range, rng: Random) -> None:
    for place in places:
        spoiled = bytearray(text)
        spoiled[place] = rng.choice([b for b in b'0127aA"{}\n' if b != text[place]])
        verdict = verifier.verify(bytes(spoiled), TRUST)
        assert verdict.code != 0, (place, text[place - 60 : place + 20])


@pytest.mark.parametrize("method", [Method.RISING, Method.SEALED])
def test_bytes_of_a_vouched_log_changed_are_refused(method: Method) -> None:
    text = vouched(sample(method)).encode()
    every_byte(text, range(3, len(text), 23), Random(1))


@pytest.mark.proof
@pytest.mark.parametrize("method", [Method.RISING, Method.SEALED])
def test_every_byte_of_a_vouched_log_changed_is_refused(method: Method) -> None:
    text = vouched(sample(method)).encode()
    for seed in (1, 2, 3):
        every_byte(text, range(len(text)), Random(seed))


# --- recounting -----------------------------------------------------------------------------------


def changed(lines: list[dict[str, Any]], number: int, **said: Any) -> list[dict[str, Any]]:
    return [{**line, **said} if at == number else line for at, line in enumerate(lines)]


def test_what_the_rules_give_cannot_be_said_otherwise() -> None:
    lines = [json.loads(line) for line in sample().text.splitlines()]
    auction.recount(lines)
    computed = {
        "verdict", "at", "closes_at", "seq", "winner", "price_fen", "closed_at", "outcome", "by",
        "order", "until", "free_until", "hard_close_at", "plates", "n", "kind",
    }  # fmt: skip
    for number, line in enumerate(lines):
        for name in computed & set(line):
            value = line[name]
            other: Any = "x" if isinstance(value, str) else 7 if value != 7 else 8
            for said in [v for v in (other, None, True) if v is not value]:
                with pytest.raises(lot_log.Mismatch):
                    auction.recount(changed(lines, number, **{name: said}))
        with pytest.raises(lot_log.Mismatch):
            auction.recount(changed(lines, number, extra=1))


def test_no_line_can_be_left_out_doubled_or_moved() -> None:
    lines = [json.loads(line) for line in sample().text.splitlines()]
    for number in range(1, len(lines) - 1):
        for altered in (
            lines[:number] + lines[number + 1 :],
            lines[:number] + lines[number : number + 1] + lines[number:],
            [*lines[:number], lines[number + 1], lines[number], *lines[number + 2 :]],
        ):
            renumbered = [{**line, "n": at} for at, line in enumerate(altered)]
            if _is_same_story(lines, renumbered):
                continue
            with pytest.raises(lot_log.Mismatch):
                auction.recount(renumbered)


def _is_same_story(lines: list[dict[str, Any]], other: list[dict[str, Any]]) -> bool:
    """A refused bid left out, or sent twice, is a log that may have been: nothing follows from
    it. Only the head of the evidence log tells that it is not the one that was."""
    try:
        auction.recount(other)
    except lot_log.Mismatch:
        return False
    kept = [_bare(line) for line in other if line.get("verdict", "accepted") == "accepted"]
    return [k for k in kept if k not in [_bare(line) for line in lines]] == []


def _bare(line: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in line.items() if k != "n"}


ODD_VALUES = [
    None, True, -1, 0, 2**53 - 1, 1.5, "", "x", [], {}, ["M2", 3], [[]], {"fen": 1}, "9999-12-31T23:59:59.999999Z",
    "0001-01-01T00:00:00.000000Z", "evidence", "result", "auto", "opened", "dutch", "sealed",
]  # fmt: skip


@pytest.mark.parametrize("method", [Method.RISING, Method.SEALED])
def test_odd_files_get_an_answer_and_no_traceback(method: Method) -> None:
    original, rng = vouched(sample(method)), Random(2)
    lines = [json.loads(line) for line in original.splitlines()]
    for _ in range(400):
        odd = [dict(line) for line in lines]
        for _ in range(rng.randrange(1, 4)):
            line = rng.choice(odd)
            line[rng.choice(sorted(line))] = rng.choice(ODD_VALUES)
        if rng.random() < 0.2:
            odd = odd[: rng.randrange(1, len(odd))]
        text = "".join(rfc8785.dumps(line).decode() + "\n" for line in odd)
        assert (verifier.verify(text.encode(), TRUST).code == 0) == (text == original)


@pytest.mark.parametrize(
    ("number", "said", "check"),
    [
        (1, {"verdict": "too_low"}, "verdict"),
        (1, {"closes_at": "2026-03-02T01:13:00.000001Z"}, "close"),
        (-1, {"price_fen": 1}, "price"),
        (-1, {"winner": "A3"}, "winner"),
        (-1, {"closed_at": "2026-03-02T01:16:00.000000Z"}, "close"),
        (-1, {"reserve": {"fen": 1, "nonce": "3c" * 32}}, "reserve"),
        (0, {"start_fen": -5}, "terms"),
        (0, {"opens_at": "yesterday"}, "format"),
        (2, {"clock": "2026-13-02T01:13:00.000001Z"}, "format"),
    ],
)
def test_the_first_check_that_fails_is_named(number: int, said: dict[str, Any], check: str) -> None:
    lines = [json.loads(line) for line in sample().text.splitlines()]
    with pytest.raises(lot_log.Mismatch) as odd:
        auction.recount(changed(lines, number % len(lines), **said))
    assert odd.value.check == check


def test_exit_codes_of_a_log_without_evidence(tmp_path: Path) -> None:
    text = sample().text
    files = {
        "as_it_is": (text, 3),
        "altered": (text.replace('"winner":"M2"', '"winner":"A3"'), 1),
        "not_canonical": (text.replace('"n":1,', '"n": 1,'), 1),
        "cut": (text[:-1], 2),
        "no_log": (text.replace("lot-log/1", "lot-log/9"), 2),
    }
    for name, (content, code) in files.items():
        assert verifier.verify(content.encode(), NO_TRUST).code == code, name
    running = "".join(text.splitlines(keepends=True)[:4])
    verdict = verifier.verify(running.encode(), NO_TRUST)
    assert (verdict.code, verdict.proven["outcome"]) == (3, None)


def test_the_single_file_works_alone_and_no_name_stands_twice(
    tmp_path: Path,
) -> None:
    source = verifier_source()
    assert CliRunner().invoke(app, ["log", "verifier"]).stdout == source
    assert "from verify" not in source
    (tmp_path / "verify.py").write_text(source, encoding="utf-8")
    (tmp_path / "log.jsonl").write_text(sample().text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", "verify.py", "log.jsonl", "--json"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (3, "")
    assert json.loads(done.stdout)["proven"]["winner"] == "M2"
    tops = [
        node.name if isinstance(node, ast.FunctionDef | ast.ClassDef) else target.id
        for node in ast.parse(source).body
        for target in getattr(node, "targets", [ast.Name("")])
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Assign)
        and isinstance(target, ast.Name)
    ]
    assert len(tops) > 50
    assert not [name for name, count in Counter(tops).items() if count > 1]


def test_methods_of_the_generator_are_all_methods() -> None:
    assert set(METHODS) == set(Method)
