"""Who looks at the books and the log from outside, and believes only what adds up."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from tests.simulator.house import Head, House, Placed, Row, Said
from verify import __main__ as verifier
from verify.heads import read_head
from verify.tree import is_consistent, is_included
from verify.trust import Key
from yangbanjian.ground.ledger.rules.book import Balance

MOST = 2**53 - 1
EMPTY = hashlib.sha256(b"").digest()
NET = {"posted": (1, 0), "pending": (0, 1), "void": (0, -1), "expire": (0, -1)}


class Violation(AssertionError):
    """A promise is broken."""


def need(holds: bool, promise: str) -> None:
    if not holds:
        raise Violation(promise)


def tree_hash(hashes: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962 as its text defines it, over hashes of leaves."""
    if len(hashes) < 2:
        return hashes[0] if hashes else EMPTY
    at = 1
    while at * 2 < len(hashes):
        at *= 2
    both = tree_hash(hashes[:at]) + tree_hash(hashes[at:])
    return hashlib.sha256(b"\x01" + both).digest()


@dataclass
class Witness:
    """All that was ever seen."""

    house: House
    limited: dict[UUID, bool] = field(default_factory=dict)
    assets: dict[UUID, str] = field(default_factory=dict)
    rows: dict[UUID, Row] = field(default_factory=dict)
    seqs: set[int] = field(default_factory=set)
    resolved: dict[UUID, UUID] = field(default_factory=dict)
    folded: dict[UUID, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0] * 4))
    chains: dict[UUID, int] = field(default_factory=dict)
    asked_chains: dict[UUID, int] = field(default_factory=dict)
    entries: dict[int, Said] = field(default_factory=dict)
    placed: list[Placed] = field(default_factory=list)
    places: dict[int, int] = field(default_factory=dict)
    heads: list[Head] = field(default_factory=list)
    base: int = 0

    def began(self) -> None:
        """What stood before this world is taken as it is."""
        self.house.rows()
        for said in self.house.entries():
            self.entries[said.id] = said
        for leaf in self.house.leaves():
            self._place(leaf)
        self.heads = self.house.heads()

    # --- books ----------------------------------------------------------------------------------

    def look(self) -> list[Row]:
        """L1, L2, L5 to L7, L9, L11 over what has changed; returns the new rows."""
        fresh = self.house.rows()
        for row in sorted(fresh, key=lambda r: r.seq):
            self._one(row)
        linked = Counter(row.chain for row in fresh if row.chain is not None)
        for chain, count in linked.items():
            need(chain not in self.chains, f"L7 chain {chain} came in two parts")
            need(count == self.asked_chains[chain], f"L7 {count} of chain {chain} stand")
            self.chains[chain] = count
        self._balanced(self.house.balances())
        return fresh

    def _one(self, row: Row) -> None:
        if row.id in self.rows or row.seq in self.seqs:
            raise Violation(f"L3 {row.id} or number {row.seq} stands twice")
        need(isinstance(row.amount, int) and 0 < row.amount <= MOST, f"L9 amount {row.amount}")
        need(row.debit != row.credit, "L1 a transfer has two accounts")
        for key in (row.debit, row.credit):
            need(self.assets.get(key) == row.asset, f"L11 {row.asset} on {key}")
        if row.kind == "post":
            need(row.posted == row.amount, "L2 what is paid is the amount")
        else:
            posted, pending = NET[row.kind]
            need(row.posted == posted * row.amount, "L2 what is posted is the amount")
            need(row.pending == pending * row.amount, "L2 what is reserved is the amount")
        if row.hold_id is not None:
            self._resolution(row, row.hold_id)
        for at, key in ((0, row.debit), (2, row.credit)):
            self.folded[key][at] += row.pending
            self.folded[key][at + 1] += row.posted
        self.rows[row.id] = row
        self.seqs.add(row.seq)

    def _resolution(self, row: Row, hold_id: UUID) -> None:
        hold = self.rows.get(hold_id)
        need(hold is not None and hold.kind == "pending", f"L5 {row.id} resolves no hold")
        need(hold_id not in self.resolved, f"L5 hold {hold_id} is resolved twice")
        assert hold is not None
        whole = (hold.debit, hold.credit, -hold.amount)
        need((row.debit, row.credit, row.pending) == whole, "L5 a hold is released whole")
        need(row.amount <= hold.amount, "L5 more is paid than was held")
        self.resolved[hold_id] = row.id

    def _balanced(self, kept: dict[UUID, Balance]) -> None:
        totals: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for key, b in kept.items():
            told = [b.debits_pending, b.debits_posted, b.credits_pending, b.credits_posted]
            # What a promise is called is not spelled out before it is broken: this runs most.
            if told != self.folded[key]:
                raise Violation(f"L2 {key} has {told}, its rows {self.folded[key]}")
            if min(told) < 0 or max(told) > MOST:
                raise Violation(f"L9 {key} has {told}")
            if self.limited[key] and told[0] + told[1] > told[3]:
                raise Violation(f"L6 {key} has {told}")
            total = totals[self.assets[key]]
            total[0] += told[0] - told[2]
            total[1] += told[1] - told[3]
        if any(total != [0, 0] for total in totals.values()):
            raise Violation(f"L1 {dict(totals)}")

    # --- journal and log ------------------------------------------------------------------------

    def hear(self, wanted: Sequence[tuple[str, object]]) -> None:
        """E1: exactly these entries (verb, what one looks at of the payload) have come."""
        fresh = self.house.entries()
        told = [(said.verb, _told(said)) for said in fresh]
        need(sorted(told, key=repr) == sorted(wanted, key=repr), f"E1 {told}, not {wanted}")
        self.entries |= {said.id: said for said in fresh}

    def look_at_log(self) -> None:
        """E4: leaves only follow, in the order of (transaction, entry), and every head is over
        them, signed, and continues the one before."""
        for leaf in self.house.leaves():
            self._place(leaf)
        for head in self.house.heads():
            need(head.size <= len(self.placed), f"E4 a head over {head.size}")
            self._continues(head)
            self._signed(head)
            self.heads.append(head)
        need(not self.heads or self.heads[-1].size == len(self.placed), "E4 leaves without a head")

    def _place(self, leaf: Placed) -> None:
        need(leaf.position == len(self.placed), f"E4 leaf {leaf.position} after a gap")
        need(leaf.entry_id not in self.places, f"E1 entry {leaf.entry_id} has two leaves")
        need(leaf.entry_id in self.entries, f"E1 leaf {leaf.position} has no entry")
        if self.placed:
            last = self.entries[self.placed[-1].entry_id]
            here = self.entries[leaf.entry_id]
            need((last.xact, last.id) < (here.xact, here.id), f"E4 {leaf.position} out of order")
        again = self.house.leaf_hash_of(leaf.entry_id)
        need(again == leaf.leaf_hash, f"E5 leaf {leaf.position} is not what its entry says")
        self.places[leaf.entry_id] = leaf.position
        self.placed.append(leaf)

    def _continues(self, head: Head) -> None:
        before = self.heads[-1] if self.heads else None
        if before is not None and before.size:
            need(before.size <= head.size, "E4 the tree has shrunk")
            self.consistent(before, head)

    def consistent(self, old: Head, new: Head) -> None:
        path = self.house.consistency(old.size, new.size)
        need(
            is_consistent(old.size, new.size, old.root, new.root, path),
            f"E4 no proof from {old.size} to {new.size}",
        )

    def included(self, position: int, head: Head) -> None:
        path, leaf = self.house.inclusion(position, head.size), self.placed[position].leaf_hash
        need(
            is_included(position, head.size, leaf, path, head.root),
            f"E3 no proof that {position} stands among {head.size}",
        )

    def _signed(self, head: Head) -> None:
        verdict = verifier.verify(head.note.encode(), self.trust())
        need(verdict.code == verifier.HOLDS, f"E9 head {head.size}: {verdict.sentence}")
        said = read_head(head.note)
        need((said.size, said.root) == (head.size, head.root), "E4 the note says otherwise")

    def trust(self) -> verifier.Trust:
        known = {public: Key(public, revoked) for public, revoked in
                 self.house.trusted().items()}  # fmt: skip
        return verifier.Trust(known, [])

    def recompute(self) -> None:
        """The newest head by the definition itself."""
        if self.heads:
            head, hashes = self.heads[-1], [leaf.leaf_hash for leaf in self.placed]
            need(tree_hash(hashes[: head.size]) == head.root, f"E4 the head of {head.size}")

    def unsealed(self) -> list[int]:
        """Entries without a leaf."""
        return [pk for pk in self.entries if pk not in self.places]


def _told(said: Said) -> object:
    if said.verb == "ledger.post":
        return said.payload["first"], said.payload["last"], said.payload["count"]
    return said.payload["holds"] if said.verb == "ledger.expire" else None
