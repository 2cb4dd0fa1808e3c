"""A house in memory: the product's pure rules over lists, with what a database would do beside."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import rfc8785

from tests.simulator.house import Crash, Fault, Head, Placed, Row, Said
from yangbanjian.ground.keys import rules as signing
from yangbanjian.ground.ledger.rules import Outcome, Result, Transfer
from yangbanjian.ground.ledger.rules.book import Balance, Book, Standing
from yangbanjian.ground.log.rules import leaves, merkle, notes

EPOCH = datetime(2026, 3, 1, 8, tzinfo=UTC)
ORIGIN = "simulated.example/log"
AT_ONCE = 7


class QuickBook(Book):
    """The book in memory with running sums: folding an account anew at every look takes too long."""

    def __init__(self) -> None:
        self._standing: dict[UUID, Standing] = {}
        self.sums: dict[UUID, Balance] = {}
        super().__init__()

    @property  # type: ignore[override]
    def standing(self) -> dict[UUID, Standing]:
        return self._standing

    @standing.setter
    def standing(self, found: dict[UUID, Standing]) -> None:
        for pk in self._standing.keys() - found.keys():
            self._count(self._standing[pk], -1)
        self._standing = found

    def balance(self, key: UUID, at_seq: int | None = None) -> Balance:
        if at_seq is not None:
            return super().balance(key, at_seq)
        return self.sums.get(key, Balance())

    def _count(self, one: Standing, times: int) -> None:
        for is_debit, key in ((True, one.debit), (False, one.credit)):
            self.sums[key] = self.balance(key).after(
                is_debit=is_debit, posted=one.posted * times, pending=one.pending * times
            )

    def _write(self, asked: Transfer, *args: Any, **more: Any) -> None:
        super()._write(asked, *args, **more)
        self._count(self._standing[asked.id], 1)


@dataclass
class Secret:
    """A key of the log; `statement` and `endorsement` are those of the one before."""

    signer: signing.Ed25519Signer
    statement: str = ""
    endorsement: bytes = b""
    is_revoked: bool = False

    def row(self) -> dict[str, Any]:
        return {
            "algorithm": self.signer.algorithm, "public": self.signer.public.hex(),
            "statement": self.statement or None, "endorsement": self.endorsement.hex() or None,
        }  # fmt: skip


class Log:
    """Leaves, full subtrees, signed heads: the log's tables as lists."""

    def __init__(self, pick: random.Random) -> None:
        self.pick = pick
        self.placed: list[Placed] = []
        self.subtrees: dict[tuple[int, int], bytes] = {}
        self.heads: list[Head] = []
        self.keys = [self._new()]
        # From where the chain of endorsements begins: a lost key endorses nothing.
        self.first = 0

    def _new(self) -> Secret:
        return Secret(signing.Ed25519Signer(self.pick.randbytes(32)))

    def read(self, level: int, first: int, count: int) -> list[bytes]:
        if level == 0:
            found = [leaf.leaf_hash for leaf in self.placed[first : first + count]]
        else:
            found = [self.subtrees[level, index] for index in range(first, first + count)]
        assert len(found) == count
        return found

    def append(self, rows: Sequence[leaves.Row]) -> None:
        old = len(self.placed)
        for row in rows:
            value = merkle.leaf_hash(leaves.leaf_bytes(leaves.leaf_of(row)))
            self.placed.append(Placed(len(self.placed), row.id, value))
        for level, index in merkle.completed(old, len(self.placed)):
            below = self.read(level - 1, index * merkle.WIDTH, merkle.WIDTH)
            self.subtrees[level, index] = merkle.folded(below)

    def sign(self) -> None:
        size = len(self.placed)
        root, signer = merkle.root(self.read, size), self.keys[-1].signer
        text = notes.Checkpoint(ORIGIN, size, root).text()
        name = signing.note_id(ORIGIN, signer.algorithm, signer.public)
        signature = notes.Signature(ORIGIN, name, signer.sign(text.encode()))
        self.heads.append(Head(size, root, notes.signed(text, [signature])))

    def rotate(self, *, is_lost: bool) -> None:
        old, new = self.keys[-1], self._new()
        if is_lost:
            old.is_revoked = True
            self.first = len(self.keys)
        else:
            said = signing.rotation_statement(
                "log", old.signer.public, new.signer.public, signing.ED25519, EPOCH.isoformat()
            )
            new.statement, new.endorsement = said.decode(), old.signer.sign(said)
        self.keys.append(new)
        if self.heads:
            self.sign()

    def chain(self) -> list[dict[str, Any]]:
        return [key.row() for key in self.keys[self.first :]]


class Memory:
    """Books, journal and log of one world."""

    def __init__(self, pick: random.Random) -> None:
        self.pick = pick
        self.book = QuickBook()
        self.log = Log(pick)
        self.now = EPOCH
        self.xact = 100
        self.journal: dict[int, leaves.Row] = {}
        self.remarks: dict[int, tuple[str, bytes]] = {}
        self.waiting: list[leaves.Row] = []
        self.slow: tuple[int, int] | None = None
        self.last_entry = 0
        self.shown: dict[str, int] = {"rows": 0, "leaves": 0, "heads": 0}
        self.fresh: list[Said] = []

    def open(self, key: UUID, asset: str, *, is_limited: bool) -> None:
        self.book.open(key, asset, is_limited=is_limited)
        self._record(self._began(), "ledger.open_account", {"asset": asset})

    def pass_time(self, by: timedelta) -> None:
        self.now += by

    def post(self, batch: Sequence[Transfer], fault: Fault) -> list[Outcome]:
        xact = self._began()
        if fault is Fault.BEFORE:
            raise Crash
        told = self.book.post(batch, self.now)
        seqs = [o.seq for o in told if o.result is Result.OK and o.seq is not None]
        if seqs:
            payload = {"first": min(seqs), "last": max(seqs), "count": len(seqs)}
            self._record(xact, "ledger.post", payload)
        if fault is Fault.AFTER:
            raise Crash
        return told

    def expire(self, most: int, fault: Fault) -> int:
        xact = self._began()
        if fault is Fault.BEFORE:
            raise Crash
        ids = iter(lambda: UUID(int=self.pick.getrandbits(128)), None)
        done = self.book.expire(self.now, ids)
        if done:
            self._record(xact, "ledger.expire", {"holds": done})
        if fault is Fault.AFTER:
            raise Crash
        return done

    def sequence(self, fault: Fault) -> int:
        settled = self.slow[0] if self.slow else self.xact
        self.waiting.sort(key=lambda row: (row.xact, row.id))
        batch = [row for row in self.waiting[:AT_ONCE] if row.xact < settled]
        if fault is Fault.BEFORE:
            raise Crash
        if batch:
            self.log.append(batch)
            self.log.sign()
            del self.waiting[: len(batch)]
        if fault is Fault.AFTER:
            raise Crash
        return len(batch)

    def rotate(self, *, is_lost: bool) -> None:
        self._record(self._began(), "keys.put_to_work", {})
        self.log.rotate(is_lost=is_lost)

    def restart(self) -> None:
        self.slow = None

    def patience(self) -> None:
        """Nothing here needs time to be seen."""

    def slow_begin(self, batch: Sequence[Transfer]) -> None:
        """Its transaction and its entry have their numbers before others that commit earlier."""
        self.last_entry += 1
        self.slow = self._began(), self.last_entry

    def slow_end(self, batch: Sequence[Transfer], *, commits: bool) -> None:
        assert self.slow is not None
        (xact, pk), self.slow = self.slow, None
        if commits:
            self._record(xact, "things.made", {}, pk)
            self._record(xact, "things.made", {})

    def _began(self) -> int:
        self.xact += 1
        return self.xact - 1

    def _record(self, xact: int, verb: str, payload: Mapping[str, Any], pk: int = 0) -> None:
        if not pk:
            self.last_entry += 1
            pk = self.last_entry
        salt, beside, remark = self.pick.randbytes(16), b"", b""
        if pk % 3 == 0:
            beside = self.pick.randbytes(16)
            self.remarks[pk] = f"说明 {pk}", beside
            remark = hashlib.sha256(beside + f"说明 {pk}".encode()).digest()
        digest = hashlib.sha256(salt + rfc8785.dumps(dict(payload))).digest()
        self.journal[pk] = leaves.Row(
            pk, xact, verb, "ledger", 1, None, [], None, None, self.now, self.now, "", "staff",
            payload, salt, digest, remark,
        )  # fmt: skip
        self.waiting.append(self.journal[pk])
        self.fresh.append(Said(pk, xact, verb, dict(payload)))

    # --- what can be seen -----------------------------------------------------------------------

    def rows(self) -> list[Row]:
        found = []
        for one in reversed(self.book.standing.values()):
            if one.seq <= self.shown["rows"]:
                break
            asked = one.asked
            found.append(
                Row(asked.id, one.seq, asked.kind.value, one.debit, one.credit, one.asset,
                    one.amount, one.posted, one.pending, asked.hold_id, asked.chain)
            )  # fmt: skip
        self.shown["rows"] = self.book.last_seq
        return found

    def entries(self) -> list[Said]:
        found, self.fresh = self.fresh, []
        return found

    def leaves(self) -> list[Placed]:
        found = self.log.placed[self.shown["leaves"] :]
        self.shown["leaves"] += len(found)
        return found

    def heads(self) -> list[Head]:
        found = self.log.heads[self.shown["heads"] :]
        self.shown["heads"] += len(found)
        return found

    def balances(self) -> dict[UUID, Balance]:
        return {key: self.book.balance(key) for key in self.book.accounts}

    def settled(self) -> int:
        return self.book.last_seq

    def balance_at(self, key: UUID, seq: int) -> Balance:
        return self.book.balance(key, seq)

    def leaf_hash_of(self, entry_id: int) -> bytes:
        return merkle.leaf_hash(leaves.leaf_bytes(leaves.leaf_of(self.journal[entry_id])))

    def inclusion(self, position: int, size: int) -> list[bytes]:
        return merkle.inclusion_proof(self.log.read, position, size)

    def consistency(self, old: int, new: int) -> list[bytes]:
        return merkle.consistency_proof(self.log.read, old, new)

    def trusted(self) -> dict[bytes, bool]:
        return {key.signer.public: key.is_revoked for key in self.log.keys}

    def packet(self, entry_id: int) -> bytes:
        row, head = self.journal[entry_id], self.log.heads[-1]
        place = next(p for p in self.log.placed if p.entry_id == entry_id)
        remark = self.remarks.get(entry_id)
        return rfc8785.dumps(
            {
                "type": "yangbanjian-packet/1", "leaf": leaves.leaf_of(row),
                "payload": dict(row.payload), "salt": row.salt.hex(),
                "remark": {"text": remark[0], "salt": remark[1].hex()} if remark else None,
                "files": [], "checkpoint": head.note, "keys": self.log.chain(),
                "proof": {
                    "index": place.position, "size": head.size,
                    "leaf_hash": place.leaf_hash.hex(),
                    "hashes": [h.hex() for h in self.inclusion(place.position, head.size)],
                },
            }
        )  # fmt: skip
