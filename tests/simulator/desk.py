"""What happens at the server's desk: batches, sweeps, the log; everything asked for at once."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tests.simulator.house import Crash, Fault, House
from tests.simulator.memory import EPOCH, QuickBook
from tests.simulator.tampering import alterations
from tests.simulator.wishes import CNY, V, Wishes
from tests.simulator.witness import Violation, Witness, need
from tests.telling import Telling
from verify import __main__ as verifier
from yangbanjian.ground.ledger.rules import Kind, Outcome, Result, Transfer

ACCOUNTS = {
    "bank": (CNY, False), "buyer": (CNY, True), "seller": (CNY, True), "fund": (V, False),
    "holder": (V, True), "whale": (CNY, False), "sea": (CNY, False), "deep": (CNY, False),
    "slow": (CNY, False),
    "slower": (CNY, False),
}  # fmt: skip
RESULTS = {result.value for result in Result}
LEDGER = RESULTS | {
    "post in part", "post whole", "void", "expire", "chain ok", "chain undone", "replay",
    "chain undone with a hold", "altered replay", "hold and post in one batch", "correction",
    "refused, then posted under its id", "past balance", "up to the limit",
}  # fmt: skip
FAULTS = {
    "message dropped", "message duplicated", "message overtaken", "message delayed",
    "client crashed", "server crashed before the commit", "server crashed after the commit",
    "sweep crashed before the commit", "sweep crashed after the commit", "asked again",
    "sequencer crashed before the commit", "sequencer crashed after the commit",
    "slow writer committed", "slow writer died", "slow writer overtaken", "server restarted",
}  # fmt: skip
LOG = {
    "sequenced", "key rotated", "key revoked", "old head continued", "entry proven",
    "packet verified", "tampering refused",
}  # fmt: skip


class Desk:
    """A house, who watches it, and the book that it is compared with."""

    def __init__(self, seed: str, house: House, tell: Telling, *, is_compared: bool) -> None:
        self.pick = random.Random(seed)
        self.house, self.tell, self.is_compared = house, tell, is_compared
        self.reached = tell.reached
        self.book: QuickBook = getattr(house, "book", None) or QuickBook()
        self.now: datetime = EPOCH
        self.witness = Witness(house)
        self.witness.began()
        self.keys = {name: UUID(int=self.pick.getrandbits(128)) for name in ACCOUNTS}
        self.first: dict[UUID, tuple[Transfer, int]] = {}
        self.refused: set[UUID] = set()

    def open_books(self) -> None:
        """The accounts, and something in them."""
        for name, (asset, is_limited) in ACCOUNTS.items():
            key = self.keys[name]
            self.house.open(key, asset, is_limited=is_limited)
            if self.is_compared:
                self.book.open(key, asset, is_limited=is_limited)
            self.witness.limited[key], self.witness.assets[key] = is_limited, asset
        self.witness.hear([("ledger.open_account", None)] * len(ACCOUNTS))
        self.wishes = Wishes(self.pick, self.book, self.keys)
        fund = [("bank", "buyer", CNY), ("bank", "seller", CNY), ("fund", "holder", V)]
        self.execute([
            Transfer(id=self.wishes.new_id(), debit=self.keys[d], credit=self.keys[c], asset=asset,
                     amount=150)
            for d, c, asset in fund
        ], Fault.NONE)  # fmt: skip

    # --- the server -----------------------------------------------------------------------------

    def execute(self, batch: Sequence[Transfer], fault: Fault) -> list[Outcome] | None:
        """One batch at the server; everything that is promised of it is asked at once."""
        before = {t.id for t in batch if t.id in self.witness.rows}
        linked = [t.chain for t in batch if t.chain is not None]
        self.witness.asked_chains.update({chain: linked.count(chain) for chain in linked})
        told: list[Outcome] | None = None
        try:
            told = self.house.post(batch, fault)
        except Crash:
            need(fault is not Fault.NONE, "L4 the server died of itself")
        expected: list[Outcome] | None = None
        if self.is_compared and fault is not Fault.BEFORE:
            expected = self.book.post(batch, self.now)
        fresh = self.witness.look()
        seqs = [row.seq for row in fresh]
        need(fault is not Fault.BEFORE or not fresh, "L4 what was not committed stands")
        wanted = [("ledger.post", (min(seqs), max(seqs), len(seqs)))] if seqs else []
        self.witness.hear(wanted)
        self._as_in_the_book()
        for row in fresh:
            # An id may stand in a batch twice; who died before answering did not say which it was.
            asked = next(
                (t for t, o in zip(batch, told or (), strict=False)
                 if t.id == row.id and o.result is Result.OK),
                None,
            ) or self.book.standing[row.id].asked  # fmt: skip
            self.first[row.id] = asked, row.seq
        if told is not None:
            self._judge(batch, told, before, expected)
        self._learn(batch)
        return told

    def _judge(
        self, batch: Sequence[Transfer], told: Sequence[Outcome], before: set[UUID],
        expected: Sequence[Outcome] | None,
    ) -> None:  # fmt: skip
        results = [o.result for o in told]
        if expected is not None:
            right = [o.result for o in expected]
            if results != right:
                raise Violation(f"{batch} got {results}, not {right}")
        made: set[UUID] = set()
        for asked, outcome in zip(batch, told, strict=True):
            row = self.witness.rows.get(asked.id)
            if asked.id in before:
                is_same = self.first[asked.id][0] == asked
                right = Result.EXISTS if is_same else Result.CONFLICT
                need(outcome.result is right, "L3 what stands is told of otherwise")
            if outcome.result is Result.OK:
                need(asked.id not in before and asked.id not in made, "L3 posted again")
                made.add(asked.id)
            if outcome.stands:
                need(row is not None and row.seq == outcome.seq, "L4 told of, and not there")
            else:
                need(outcome.seq is None, "a refused transfer has a number")
        fresh = {t.id for t in batch if t.id in self.witness.rows} - before
        need(fresh == made, "L4 some stand and were not told of, or the reverse")
        self._count(batch, told, before)

    def _count(self, batch: Sequence[Transfer], told: Sequence[Outcome], before: set[UUID]) -> None:
        here = {t.id for t in batch}
        for asked, outcome in zip(batch, told, strict=True):
            self.reached[outcome.result.value] += 1
            is_again = asked.id in before
            self.reached["replay"] += is_again and outcome.result is Result.EXISTS
            self.reached["altered replay"] += is_again and outcome.result is Result.CONFLICT
            if outcome.result is Result.CHAIN_FAILED:
                self.reached["chain undone"] += 1
                self.reached["chain undone with a hold"] += asked.hold_id is not None
            if outcome.result is not Result.OK:
                continue
            row = self.witness.rows[asked.id]
            self.reached["chain ok"] += asked.chain is not None
            self.reached["void"] += asked.kind is Kind.VOID
            self.reached["correction"] += asked.corrects_id is not None
            self.reached["hold and post in one batch"] += asked.hold_id in here
            self.reached["refused, then posted under its id"] += asked.id in self.refused
            if asked.kind is Kind.POST:
                is_part = row.amount < -row.pending
                self.reached["post in part" if is_part else "post whole"] += 1
            elif self.witness.limited[row.debit]:
                owed = self.book.balance(row.debit)
                is_full = owed.debits_pending + owed.debits_posted == owed.credits_posted
                self.reached["up to the limit"] += is_full

    def _learn(self, batch: Sequence[Transfer]) -> None:
        """What clients lean on next."""
        for asked in batch:
            one = self.book.standing.get(asked.id)
            if one is None:
                self.refused.add(asked.id)
            if one is None or one.asked == asked:
                self.wishes.happened(asked, one)

    def _as_in_the_book(self) -> None:
        if self.is_compared:
            kept = self.house.balances()
            for key, one in kept.items():
                need(one == self.book.balance(key), f"L2 {key} has {one}")

    def sweep(self, *, can_fail: bool = True) -> int:
        """Holds whose time has run out go back."""
        turn = self.pick.random() if can_fail else 1
        fault = Fault.BEFORE if turn < 0.1 else Fault.AFTER if turn < 0.2 else Fault.NONE
        done = 0
        try:
            done = self.house.expire(1000, fault)
        except Crash:
            self.reached[f"sweep crashed {fault.value}"] += 1
        fresh = self.witness.look()
        need(fault is not Fault.BEFORE or not fresh, "L4 what was not committed stands")
        self.witness.hear([("ledger.expire", len(fresh))] if fresh else [])
        if self.is_compared and fault is not Fault.BEFORE:
            in_order = sorted(fresh, key=lambda row: row.seq)
            late = self._late()
            need({row.hold_id for row in fresh} == late, "L5 other holds expired than were due")
            self.book.expire(self.now, iter([row.id for row in in_order]))
        need(all(row.kind == "expire" for row in fresh), "L5 a sweep expires, nothing else")
        need(fault is not Fault.NONE or done == len(fresh), f"{done} said, {len(fresh)} done")
        self._as_in_the_book()
        self.reached["expire"] += len(fresh)
        return len(fresh)

    def _late(self) -> set[UUID]:
        return {
            pk
            for pk, one in self.book.standing.items()
            if one.expires_at is not None
            and one.expires_at <= self.now
            and pk not in self.book.resolved
        }

    # --- the log --------------------------------------------------------------------------------

    def sequence(self, *, can_fail: bool = True) -> int:
        turn = self.pick.random() if can_fail else 1
        fault = Fault.BEFORE if turn < 0.1 else Fault.AFTER if turn < 0.2 else Fault.NONE
        before, done = len(self.witness.placed), 0
        try:
            done = self.house.sequence(fault)
        except Crash:
            self.reached[f"sequencer crashed {fault.value}"] += 1
        # The first batch of all makes the key first, and tells of it.
        self._hear_of_keys()
        self.witness.look_at_log()
        grown = len(self.witness.placed) - before
        need(fault is not Fault.BEFORE or not grown, "E1 what was not committed is sealed")
        need(fault is not Fault.NONE or done == grown, f"E1 {done} said, {grown} sealed")
        if done:
            self.reached["sequenced"] += 1
            self.witness.included(
                self.pick.randrange(before, before + done), self.witness.heads[-1]
            )
        return grown

    def _hear_of_keys(self) -> None:
        if not self.witness.heads:
            for said in self.house.entries():
                need(said.verb == "keys.put_to_work", f"E1 {said.verb} of itself")
                self.witness.entries[said.id] = said

    def rotate(self) -> None:
        if not self.witness.heads:
            return
        is_lost = self.pick.random() < 0.3
        self.house.rotate(is_lost=is_lost)
        fresh = self.house.entries()
        verb = {"keys.put_to_work", "keys.revoked"}
        need(len(fresh) == 1 and fresh[0].verb in verb, f"E1 {[said.verb for said in fresh]}")
        self.witness.entries |= {said.id: said for said in fresh}
        self.witness.look_at_log()
        self.reached["key revoked" if is_lost else "key rotated"] += 1

    def prove(self) -> None:
        """E4 between two heads that somebody kept; a packet, and what changing it is worth."""
        heads = [head for head in self.witness.heads if head.size]
        if len(heads) < 2:
            return
        old, new = sorted(self.pick.sample(heads, 2), key=lambda head: head.size)
        self.witness.consistent(old, new)
        self.reached["old head continued"] += old.size < new.size
        position = self.pick.randrange(heads[-1].size)
        self.witness.included(position, self.pick.choice(
            [head for head in heads if head.size > position]
        ))  # fmt: skip
        self.reached["entry proven"] += 1
        packet = self.house.packet(self.witness.placed[position].entry_id)
        trust = self.witness.trust()
        verdict = verifier.verify(packet, trust)
        need(verdict.code == verifier.HOLDS, f"E3 a packet: {verdict.sentence}")
        self.reached["packet verified"] += 1
        for name, changed in alterations(packet, self.pick, most=2):
            need(verifier.verify(changed, trust).code != verifier.HOLDS, f"E3 taken: {name}")
            self.reached["tampering refused"] += 1
