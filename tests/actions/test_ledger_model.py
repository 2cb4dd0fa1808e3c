"""PostgreSQL against the ledger in memory: the same batches, the same answers, the same balances.

Each run counts what it has reached; a run that never saw a result or a situation proves nothing and
fails (a settlement in part, a chain that fell after members had been posted, a hold run out).
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests import ledger as books
from tests import make
from tests.telling import telling
from yangbanjian.ground.clock import actions as clock
from yangbanjian.ground.clock import queries as clock_queries
from yangbanjian.ground.ledger import actions, queries
from yangbanjian.ground.ledger.models import Account
from yangbanjian.ground.ledger.models import Transfer as Row
from yangbanjian.ground.ledger.rules import Kind, Result, Transfer
from yangbanjian.ground.ledger.rules.book import Balance, Book
from yangbanjian.kernel.actor import SYSTEM

pytestmark = pytest.mark.django_db
V = "V:2026:310000"
REACHED: Counter[str] = Counter()
SITUATIONS = {
    *(result.value for result in Result),
    "post in part", "post whole", "void", "expire", "chain ok", "chain undone",
    "chain undone with a hold", "replay", "altered replay", "hold and post in one batch",
    "refused, then posted under its id", "correction", "past balance",
    "up to the limit",
}  # fmt: skip
# Half an hour a step keeps the model's time and the database's on the same side of every deadline.
TIMEOUTS, STEP = (3600, 5400), timedelta(minutes=30)


class Ledgers(RuleBasedStateMachine):
    """The database's books and the book in memory, side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.outer = transaction.atomic()
        self.outer.__enter__()
        self.book = Book()
        self.keys: list[UUID] = []
        for asset, is_limited in (
            ("CNY", False),
            ("CNY", True),
            ("CNY", True),
            (V, False),
            (V, True),
        ):
            key = books.account(asset=asset, is_limited=is_limited)
            self.keys.append(key)
            self.book.open(key, asset, is_limited=is_limited)
        self.asked: list[Transfer] = []
        self.refused: set[UUID] = set()
        self.born = clock_queries.now()
        self.advanced = timedelta(0)
        # The model's numbers are its own; the database's are kept beside them.
        self.seqs: dict[UUID, int] = {}
        self.seen: list[tuple[int, dict[UUID, Balance]]] = []
        poor, rich = self.keys[1:3], self.keys[0]
        self.both([books.posted(rich, key, 150) for key in poor])
        self.both([books.posted(self.keys[3], self.keys[4], 100, asset=V)])

    def now(self) -> datetime:
        return self.born + self.advanced

    @rule(number=st.integers(0, 2**32))
    def post(self, number: int) -> None:
        self.post_some(random.Random(f"{number} {len(self.asked)}"))

    # Twice as often as any other step; and never twice the same, whatever numbers are drawn.
    post_more = rule(number=st.integers(0, 2**32))(
        lambda self, number: self.post_some(random.Random(f"{len(self.asked)} {number}"))
    )

    def post_some(self, pick: random.Random) -> None:
        batch: list[Transfer] = []
        while len(batch) < pick.choice((1, 2, 5, 9)):
            unit = [self.one(pick, batch) for _ in range(pick.choice((1, 1, 2, 3)))]
            if len(unit) > 1:
                name = books.new_id()
                unit = [replace(t, chain=name) for t in unit]
            batch += unit
        if pick.random() < 0.2:
            batch.append(replace(pick.choice(batch), amount=pick.randint(1, 40)))
        if pick.random() < 0.3:
            pick.shuffle(batch)
        self.both(batch)

    def one(self, pick: random.Random, batch: list[Transfer]) -> Transfer:
        """A transfer that has a chance: most are sound, some are not, many lean on what stands."""
        holds = self.open_holds() + [t for t in batch if t.kind is Kind.PENDING]
        turn = pick.random()
        if holds and turn < 0.4:
            return self.resolution(pick, holds)
        debit, credit = pick.sample(self.keys[:3] if pick.random() < 0.6 else self.keys[3:], 2)
        asset = self.book.accounts[debit].asset
        owed, amount = self.book.balance(debit), pick.randint(1, 40)
        if self.book.accounts[debit].is_limited and pick.random() < 0.4:
            free = owed.credits_posted - owed.debits_posted - owed.debits_pending
            amount = max(1, free + pick.choice((-1, 0, 0, 1)))
        made = Transfer(
            id=books.new_id(), debit=debit, credit=credit, asset=asset, amount=amount,
            kind=pick.choice((Kind.POSTED, Kind.POSTED, Kind.PENDING)),
            cause=pick.choice(("", "deal:1")),
        )  # fmt: skip
        if made.kind is Kind.PENDING and pick.random() < 0.6:
            made = replace(made, timeout_s=pick.choice(TIMEOUTS))
        return self.marred(pick, made)

    def marred(self, pick: random.Random, made: Transfer) -> Transfer:
        turn = pick.random()
        if turn < 0.04:
            return replace(made, credit=books.new_id())
        if turn < 0.08:
            return replace(made, asset=V if made.asset == "CNY" else "CNY")
        if turn < 0.14 and self.seqs:
            return replace(made, corrects_id=pick.choice(sorted(self.seqs)))
        if turn < 0.18 and self.refused:
            return replace(made, id=pick.choice(sorted(self.refused)))
        return made

    def resolution(self, pick: random.Random, holds: list[Transfer]) -> Transfer:
        hold = pick.choice(holds)
        kind = pick.choice((Kind.POST, Kind.POST, Kind.VOID))
        assert hold.amount is not None
        amount = pick.choice((None, max(1, hold.amount // 2), hold.amount, hold.amount + 1))
        made = Transfer(id=books.new_id(), kind=kind, hold_id=hold.id, amount=amount)
        if pick.random() < 0.1:
            made = replace(made, debit=pick.choice(self.keys), asset=hold.asset)
        return made

    def open_holds(self) -> list[Transfer]:
        """Holds, those that are resolved less often than those that are open."""
        found = [s.asked for s in self.book.standing.values() if s.asked.kind is Kind.PENDING]
        still = [hold for hold in found if hold.id not in self.book.resolved]
        return still * 3 + found[-2:]

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), is_altered=st.booleans())
    def replay(self, data: st.DataObject, is_altered: bool) -> None:
        start = data.draw(st.integers(0, len(self.asked) - 1))
        batch = self.asked[start : start + data.draw(st.integers(1, 6))]
        standing = [t for t in batch if t.id in self.seqs]
        if is_altered:
            batch = [replace(t, cause=t.cause + "!") for t in batch]
        told = self.both(batch)
        if standing and is_altered:
            REACHED["altered replay"] += Result.CONFLICT in told
        elif standing:
            REACHED["replay"] += Result.EXISTS in told

    @rule(steps=st.integers(1, 3))
    def wait(self, steps: int) -> None:
        clock.advance(actor=SYSTEM, by=steps * STEP)
        self.advanced += steps * STEP

    @rule()
    def sweep(self) -> None:
        done = actions.expire_due(actor=SYSTEM, most=1000)
        late = {s.asked.id for s in self.book.standing.values() if s.asked.kind is Kind.PENDING}
        new = Row.objects.filter(kind="expire", hold__in=late - self.book.resolved.keys())
        rows = list(new.order_by("seq").values_list("id", "seq"))
        assert self.book.expire(self.now() + timedelta(minutes=1), (pk for pk, _ in rows)) == done
        assert len(rows) == done
        self.seqs |= dict(rows)
        REACHED["expire"] += bool(done)

    def both(self, batch: list[Transfer]) -> list[Result]:
        """Post to both, and compare what they say."""
        before = set(self.book.standing)
        # The database's clock runs on a little meanwhile; no deadline lies in that little.
        expected = self.book.post(batch, self.now() + timedelta(minutes=1))
        # A deadline is a step's multiple from when the hold was made, by either clock.
        for standing in self.book.standing.values():
            if standing.asked.id not in before and standing.expires_at is not None:
                self.book.standing[standing.asked.id] = replace(
                    standing, expires_at=standing.expires_at - timedelta(minutes=1)
                )
        told = actions.post(actor=SYSTEM, transfers=batch)
        assert [o.result for o in told] == [o.result for o in expected], batch
        for outcome in told:
            if outcome.result is Result.OK:
                assert outcome.seq is not None
                self.seqs[outcome.id] = outcome.seq
            elif outcome.result is Result.EXISTS:
                assert outcome.seq == self.seqs[outcome.id]
            else:
                assert outcome.seq is None
        self.count(batch, [o.result for o in told])
        self.asked += [t for t in batch if t not in self.asked]
        return [o.result for o in told]

    def count(self, batch: list[Transfer], told: list[Result]) -> None:
        REACHED.update(result.value for result in told)
        for asked, result in zip(batch, told, strict=True):
            if result is Result.OK:
                REACHED["refused, then posted under its id"] += asked.id in self.refused
                REACHED["correction"] += asked.corrects_id is not None
                REACHED["chain ok"] += asked.chain is not None
                REACHED["up to the limit"] += self.is_used_up(asked)
                REACHED["void"] += asked.kind is Kind.VOID
                if asked.kind is Kind.POST:
                    one = self.book.standing[asked.id]
                    REACHED["post in part" if one.amount < -one.pending else "post whole"] += 1
                    REACHED["hold and post in one batch"] += asked.hold_id in {t.id for t in batch}
                self.refused.discard(asked.id)
            elif asked.id not in self.seqs:
                self.refused.add(asked.id)
            if result is Result.CHAIN_FAILED:
                REACHED["chain undone"] += 1
                REACHED["chain undone with a hold"] += asked.hold_id is not None

    def is_used_up(self, asked: Transfer) -> bool:
        if asked.debit is None or not self.book.accounts[asked.debit].is_limited:
            return False
        owed = self.book.balance(asked.debit)
        return owed.debits_posted + owed.debits_pending == owed.credits_posted

    @invariant()
    def the_same_balances(self) -> None:
        REACHED["steps"] += 1
        for key in self.keys:
            one = self.book.balance(key)
            assert books.sums(key) == (
                one.debits_pending, one.debits_posted, one.credits_pending, one.credits_posted
            )  # fmt: skip
        assert queries.differing() == []
        _, lines = queries.trial_balance(SYSTEM)
        for line in lines:
            assert line.balance.debits_posted == line.balance.credits_posted
            assert line.balance.debits_pending == line.balance.credits_pending

    @invariant()
    def no_past_balance_changes(self) -> None:
        accounts = {a.key: a for a in Account.objects.filter(key__in=self.keys)}
        for seq, then in self.seen[-2:]:
            for key, one in then.items():
                assert queries.balance(accounts[key], seq)[1] == one
                REACHED["past balance"] += 1
        if self.seqs and len(self.seen) < 3:
            self.seen.append(
                (max(self.seqs.values()), {key: self.book.balance(key) for key in self.keys})
            )

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.outer.__exit__(None, None, None)


def _run(runs: int, steps: int, number: int, capsys: pytest.CaptureFixture[str]) -> None:
    bound = settings(
        max_examples=runs, stateful_step_count=steps, deadline=None, database=None,
        phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    REACHED.clear()

    @seed(number)
    class Seeded(Ledgers):
        pass

    with telling(number, SITUATIONS, capsys) as tell:
        tell.reached = REACHED
        try:
            run_state_machine_as_test(Seeded, settings=bound)
        finally:
            tell.steps = REACHED.pop("steps", 0)


@pytest.fixture
def _sandbox(settings: Any) -> None:
    settings.YBJ_SANDBOX = True
    make.sandbox()


@pytest.mark.usefixtures("_sandbox")
def test_postgresql_keeps_the_books_as_the_model_does(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _run(12, 30, 20260101, capsys)


@pytest.mark.proof
@pytest.mark.usefixtures("_sandbox")
@pytest.mark.parametrize("number", range(1, 6))
def test_postgresql_keeps_the_books_as_the_model_does_for_long(
    number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    _run(200, 50, number, capsys)
