"""The scheduler: which client, message, sweep, fault or look comes next is drawn from the seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

from tests.simulator.desk import Desk
from tests.simulator.house import Fault, House
from tests.simulator.memory import QuickBook
from tests.simulator.wishes import CNY
from tests.simulator.witness import Violation, need
from tests.telling import Telling
from yangbanjian.ground.ledger.rules import Outcome, Transfer
from yangbanjian.ground.ledger.rules.book import Balance

STEP = timedelta(minutes=30)


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


class World(Desk):
    """One market from its opening to its rest."""

    def __init__(
        self, seed: str, house: House, tell: Telling, *, is_compared: bool, has_log: bool = True
    ) -> None:
        super().__init__(seed, house, tell, is_compared=is_compared)
        self.clients = [Client(n) for n in range(3)]
        self.wire: list[Message] = []
        self.requests = 0
        self.past: list[tuple[int, dict[UUID, Balance]]] = []
        self.slow: list[Transfer] = []
        self.steps = 0
        self.open_books()
        self.acts: list[tuple[Callable[[], None], float]] = [
            (self.ask, 26), (self.deliver, 40), (self.lose, 5), (self.ask_again, 8),
            (self.client_crashes, 1), (self.server_restarts, 0.6), (self.time_passes, 3),
            (self.sweep, 3), (self.sequence, 6), (self.look_back, 3), (self.prove, 1),
            (self.slow_turn, 2), (self.rotate, 0.4),
        ]  # fmt: skip
        self.has_log = has_log
        if not has_log:
            of_the_log = {self.sequence, self.prove, self.rotate}
            self.acts = [(act, weight) for act, weight in self.acts if act not in of_the_log]

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

    def time_passes(self) -> None:
        by = STEP * self.pick.choice((1, 1, 2, 3))
        self.house.pass_time(by)
        if self.is_compared:
            self.now += by
        else:
            self.now = self.house.now  # type: ignore[attr-defined]

    # --- what stood, and what is slow -----------------------------------------------------------

    def look_back(self) -> None:
        """L10: what stood at a number stands there for good."""
        for seq, then in self.pick.sample(self.past, min(1, len(self.past))):
            self._stood(seq, then)
        if len(self.past) < 12 or self.slow:
            seq, keys = (
                self.house.settled(),
                [self.pick.choice(self.wishes.free), self.keys["slow"]],
            )
            self.past.append((seq, {key: self.house.balance_at(key, seq) for key in keys}))

    def _stood(self, seq: int, then: dict[UUID, Balance]) -> None:
        for key, one in then.items():
            need(self.house.balance_at(key, seq) == one, f"L10 {key} at {seq}")
            self.reached["past balance"] += 1

    def slow_turn(self) -> None:
        """A session that writes early and commits late: numbers are not the order of commits."""
        # One, and several, are posted in different ways.
        batch = [
            Transfer(id=self.wishes.new_id(), debit=self.keys["slow"], asset=CNY, amount=3,
                     credit=self.keys["slower"])
            for _ in range(self.pick.choice((1, 2)))
        ]  # fmt: skip
        if not self.slow:
            self.slow = batch
            self.slow_since = len(self.witness.entries)
            self.house.slow_begin(self.slow)
            self.execute(self.wishes.batch(), Fault.NONE)
            self.look_back()
            return
        commits = self.pick.random() < 0.7
        first, self.slow = self.slow, []
        self.reached["slow writer overtaken"] += len(self.witness.entries) > self.slow_since
        self.house.slow_end(batch, commits=commits)
        fresh = self.witness.look()
        for said in self.house.entries():
            self.witness.entries[said.id] = said
        if self.is_compared:
            wanted = len(first + batch) if commits else 0
            need(len(fresh) == wanted, "L4 a session that ended left another number of rows")
            if commits:
                self.book.post(first + batch, self.now)
            self._as_in_the_book()
        self.reached["slow writer committed" if commits else "slow writer died"] += 1
        for seq, then in self.past[-3:]:
            self._stood(seq, then)

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
        for seq, then in self.past:
            self._stood(seq, then)
        if self.has_log:
            self.settle_log()
        need(
            not self.has_log or not self.witness.unsealed(),
            f"liveness: {self.witness.unsealed()} is not sealed",
        )
        self.witness.recompute()
        for key in self.keys.values() if not self.is_compared else ():
            plain = super(QuickBook, self.book).balance(key, self.book.last_seq)
            need(plain == self.book.balance(key), f"L2 {key} has {plain}")

    def settle_log(self) -> None:
        for _ in range(400):
            if not self.sequence(can_fail=False) and not self.witness.unsealed():
                return
            self.house.patience()


def simulate(
    tell: Telling, build: Callable[[random.Random], House], *, worlds: int, steps: int,
    is_compared: bool, has_log: bool = True,
) -> None:  # fmt: skip
    """That many worlds from one seed; the first thing in a world that does not hold ends it."""
    for number in range(worlds):
        seed = f"{tell.seed}.{number}"
        world: World | None = None
        house = build(random.Random(f"{seed} of the house"))
        try:
            world = World(seed, house, tell, is_compared=is_compared, has_log=has_log)
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
