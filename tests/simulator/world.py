"""The scheduler: which client, message, sweep, fault or look comes next is drawn from the seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from tests.simulator.house import Crash, Fault, House
from tests.simulator.memory import EPOCH, QuickBook
from tests.simulator.tampering import alterations
from tests.simulator.wishes import CNY, V, Wishes
from tests.simulator.witness import Violation, Witness, need
from tests.telling import Telling
from verify import __main__ as verifier
from yangbanjian.ground.ledger.rules import Kind, Outcome, Result, Transfer
from yangbanjian.ground.ledger.rules.book import Balance

STEP = timedelta(minutes=30)
ACCOUNTS = {
    "bank": (CNY, False), "buyer": (CNY, True), "seller": (CNY, True), "fund": (V, False),
    "holder": (V, True), "whale": (CNY, False), "sea": (CNY, False), "slow": (CNY, False),
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


@dataclass
class Client:
    """Somebody with a notebook that survives their crashes."""

    number: int
    notebook: dict[int, tuple[Transfer, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Message:
    """On the wire: a question, or what was answered (then `told` is there)."""

    client: int
    request: int
    batch: tuple[Transfer, ...]
    sent: int
    told: tuple[Outcome, ...] | None = None


class World:
    """One market from its opening to its rest."""

    def __init__(self, seed: str, house: House, tell: Telling, *, is_compared: bool) -> None:
        self.pick = random.Random(seed)
        self.house, self.tell, self.is_compared = house, tell, is_compared
        self.reached = tell.reached
        self.book: QuickBook = getattr(house, "book", None) or QuickBook()
        self.now: datetime = EPOCH
        self.witness = Witness(house)
        self.witness.began()
        self.keys = {name: UUID(int=self.pick.getrandbits(128)) for name in ACCOUNTS}
        self.clients = [Client(n) for n in range(3)]
        self.wire: list[Message] = []
        self.requests = 0
        self.past: list[tuple[int, dict[UUID, Balance]]] = []
        self.first: dict[UUID, tuple[Transfer, int]] = {}
        self.refused: set[UUID] = set()
        self.slow: list[Transfer] = []
        self.steps = 0
        for name, (asset, is_limited) in ACCOUNTS.items():
            key = self.keys[name]
            house.open(key, asset, is_limited=is_limited)
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
        self.acts: list[tuple[Callable[[], None], float]] = [
            (self.ask, 26), (self.deliver, 40), (self.lose, 5), (self.ask_again, 8),
            (self.client_crashes, 1), (self.server_restarts, 0.6), (self.time_passes, 3),
            (self.sweep, 3), (self.sequence, 6), (self.look_back, 3), (self.prove, 1),
            (self.slow_turn, 2), (self.rotate, 0.4),
        ]  # fmt: skip

    def run(self, steps: int) -> None:
        """A storm of that many steps, then the calm in which everything comes to rest."""
        acts, weights = [a for a, _ in self.acts], [w for _, w in self.acts]
        for act in self.pick.choices(acts, weights, k=steps):
            self.steps += 1
            act()
        self.calm()

    # --- clients and the wire -------------------------------------------------------------------

    def ask(self) -> None:
        client = self.pick.choice(self.clients)
        if len(client.notebook) > 3:
            return
        self.requests += 1
        batch = tuple(self.wishes.batch())
        if self.first and self.pick.random() < 0.05:
            # Somebody uses an id that stands for something else.
            asked, _ = self.first[self.pick.choice(list(self.first)[-20:])]
            batch = (*batch, replace(asked, cause=asked.cause + "!", chain=None))
        client.notebook[self.requests] = batch
        self.wire.append(Message(client.number, self.requests, batch, self.steps))

    def ask_again(self) -> None:
        """What was not answered is sent once more, under the same ids."""
        client = self.pick.choice(self.clients)
        for number, batch in list(client.notebook.items())[:1]:
            self.reached["asked again"] += 1
            self.wire.append(Message(client.number, number, batch, self.steps))

    def deliver(self) -> None:
        if not self.wire:
            return
        at = self.pick.randrange(len(self.wire))
        message = self.wire[at]
        if self.pick.random() < 0.1:
            self.reached["message duplicated"] += 1
        else:
            self.wire.pop(at)
        self.reached["message overtaken"] += at > 0
        self.reached["message delayed"] += self.steps - message.sent > 20
        if message.told is not None:
            self.answered(message, message.told)
            return
        turn = self.pick.random()
        fault = Fault.BEFORE if turn < 0.04 else Fault.AFTER if turn < 0.08 else Fault.NONE
        told = self.execute(message.batch, fault)
        if fault is not Fault.NONE:
            self.reached[f"server crashed {fault.value}"] += 1
            return
        assert told is not None
        self.wire.append(replace(message, told=tuple(told), sent=self.steps))

    def lose(self) -> None:
        if self.wire:
            self.wire.pop(self.pick.randrange(len(self.wire)))
            self.reached["message dropped"] += 1

    def client_crashes(self) -> None:
        """Whatever is on the way to them finds nobody; the notebook is on paper."""
        client = self.pick.choice(self.clients)
        self.wire = [m for m in self.wire if m.client != client.number or m.told is None]
        self.reached["client crashed"] += 1

    def server_restarts(self) -> None:
        self.wire.clear()
        self.house.restart()
        self.slow = []
        self.reached["server restarted"] += 1

    def answered(self, message: Message, told: Sequence[Outcome]) -> None:
        """L4: whatever somebody was told stands, as they asked for it."""
        client = self.clients[message.client]
        client.notebook.pop(message.request, None)
        for asked, outcome in zip(message.batch, told, strict=True):
            if outcome.stands:
                row = self.witness.rows.get(asked.id)
                need(row is not None and row.seq == outcome.seq, "L4 answered for, and not there")
                need(self.first[asked.id][0] == asked, "L3 it stands for another")

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

    def time_passes(self) -> None:
        by = STEP * self.pick.choice((1, 1, 2, 3))
        self.house.pass_time(by)
        if self.is_compared:
            self.now += by
        else:
            self.now = self.house.now  # type: ignore[attr-defined]

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

    # --- what stood, and what is slow -----------------------------------------------------------

    def look_back(self) -> None:
        """L10: what stood at a number stands there for good."""
        for seq, then in self.pick.sample(self.past, min(1, len(self.past))):
            key = self.pick.choice(list(then))
            need(self.house.balance_at(key, seq) == then[key], f"L10 {key} at {seq}")
            self.reached["past balance"] += 1
        if len(self.past) < 12:
            seq, keys = (
                self.house.settled(),
                [self.pick.choice(self.wishes.free), self.keys["slow"]],
            )
            self.past.append((seq, {key: self.house.balance_at(key, seq) for key in keys}))

    def slow_turn(self) -> None:
        """A session that writes early and commits late: numbers are not the order of commits."""
        if not self.slow:
            self.slow = [
                Transfer(id=self.wishes.new_id(), debit=self.keys["slow"], asset=CNY, amount=3,
                         credit=self.keys["slower"])
            ]  # fmt: skip
            self.slow_since = len(self.witness.entries)
            self.house.slow_begin(self.slow)
            return
        commits = self.pick.random() < 0.7
        batch, self.slow = self.slow, []
        self.reached["slow writer overtaken"] += len(self.witness.entries) > self.slow_since
        self.house.slow_end(commits=commits)
        fresh = self.witness.look()
        for said in self.house.entries():
            self.witness.entries[said.id] = said
        if self.is_compared:
            need(len(fresh) == commits, "L4 a session that ended left another number of rows")
            if commits:
                self.book.post(batch, self.now)
            self._as_in_the_book()
        self.reached["slow writer committed" if commits else "slow writer died"] += 1

    # --- the calm -------------------------------------------------------------------------------

    def calm(self) -> None:
        """No more faults: everybody is answered, every hold is resolved, every entry sealed."""
        if self.slow:
            self.slow_turn()
        self.wire.clear()
        for client in self.clients:
            for number, batch in list(client.notebook.items()):
                told = self.execute(batch, Fault.NONE)
                assert told is not None
                self.answered(Message(client.number, number, batch, self.steps), told)
            need(not client.notebook, "liveness: somebody was never answered")
        for _ in range(4):
            self.time_passes()
        self.sweep(can_fail=False)
        releases = self.wishes.releases()
        for start in range(0, len(releases), 50):
            self.execute(releases[start : start + 50], Fault.NONE)
        while self.sweep(can_fail=False):
            pass
        self._at_rest()

    def _at_rest(self) -> None:
        for key, one in self.house.balances().items():
            need(one.debits_pending == one.credits_pending == 0, f"liveness: {key} holds {one}")
        self.settle_log()
        need(not self.witness.unsealed(), f"liveness: {self.witness.unsealed()} is not sealed")
        self.witness.recompute()
        for key in self.keys.values() if not self.is_compared else ():
            plain = super(QuickBook, self.book).balance(key, self.book.last_seq)
            need(plain == self.book.balance(key), f"L2 {key} has {plain}")

    def settle_log(self) -> None:
        for _ in range(10_000):
            if not self.sequence(can_fail=False) and not self.witness.unsealed():
                return
            self.house.patience()


def simulate(
    tell: Telling, build: Callable[[random.Random], House], *, worlds: int, steps: int,
    is_compared: bool,
) -> None:  # fmt: skip
    """That many worlds from one seed; the first thing in a world that does not hold ends it."""
    for number in range(worlds):
        seed = f"{tell.seed}.{number}"
        world: World | None = None
        house = build(random.Random(f"{seed} of the house"))
        try:
            world = World(seed, house, tell, is_compared=is_compared)
            world.run(steps)
        except Violation as broken:
            tell.violated(f"{seed} step {world.steps if world else 0}: {broken}")
        except Exception as failed:
            tell.violated(f"{seed} step {world.steps if world else 0}: {failed!r}")
        finally:
            house.restart()
        tell.steps += world.steps if world else 0
        if tell.found:
            return
