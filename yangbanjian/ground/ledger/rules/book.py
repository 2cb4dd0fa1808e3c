"""The ledger in memory: what the database must do, said as simply as it can be said.

Batches are posted in their order, one transfer after the other, a chain as one at the place of its
first member. Nothing here is fast, and nothing here is used to keep accounts: it is the measure
that the tests hold PostgreSQL to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from yangbanjian.ground.ledger.rules import MOST_UNITS, Kind, Outcome, Result, Transfer


@dataclass(frozen=True, slots=True)
class Balance:
    """The four sums of an account."""

    debits_pending: int = 0
    debits_posted: int = 0
    credits_pending: int = 0
    credits_posted: int = 0

    def after(self, *, is_debit: bool, posted: int, pending: int) -> Balance:
        if is_debit:
            return replace(
                self,
                debits_pending=self.debits_pending + pending,
                debits_posted=self.debits_posted + posted,
            )
        return replace(
            self,
            credits_pending=self.credits_pending + pending,
            credits_posted=self.credits_posted + posted,
        )

    @property
    def is_small(self) -> bool:
        """No sum is beyond what every reader keeps exactly."""
        sums = (self.debits_pending, self.debits_posted, self.credits_pending, self.credits_posted)
        return max(sums) <= MOST_UNITS


@dataclass(frozen=True, slots=True)
class Opened:
    """An account as it was opened."""

    asset: str
    is_limited: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """A transfer that is in the book: as asked for, and what it did."""

    asked: Transfer
    seq: int
    debit: UUID
    credit: UUID
    asset: str
    amount: int
    posted: int
    pending: int
    expires_at: datetime | None = None


@dataclass(slots=True)
class Book:
    """Accounts, and transfers in order."""

    accounts: dict[UUID, Opened] = field(default_factory=dict)
    standing: dict[UUID, Standing] = field(default_factory=dict)
    resolved: dict[UUID, Kind] = field(default_factory=dict)
    last_seq: int = 0

    def open(self, key: UUID, asset: str, *, is_limited: bool = False) -> None:
        self.accounts[key] = Opened(asset, is_limited)

    def balance(self, key: UUID, at_seq: int | None = None) -> Balance:
        """The fold of the account's transfers, up to a number or of all."""
        found = Balance()
        for one in self.standing.values():
            if at_seq is None or one.seq <= at_seq:
                for is_debit, account in ((True, one.debit), (False, one.credit)):
                    if account == key:
                        found = found.after(
                            is_debit=is_debit, posted=one.posted, pending=one.pending
                        )
        return found

    def post(self, transfers: Sequence[Transfer], now: datetime) -> list[Outcome]:
        """Post a batch; what became of each, in the order given."""
        outcomes: dict[int, Outcome] = {}
        for unit in _units(transfers):
            before = dict(self.standing), dict(self.resolved), self.last_seq
            told = self._post_unit([transfers[place] for place in unit], now)
            if any(not outcome.stands for outcome in told) and transfers[unit[0]].chain:
                self.standing, self.resolved, self.last_seq = before
                told = [
                    Outcome(o.id, Result.CHAIN_FAILED) if o.result is Result.OK else o for o in told
                ]
            outcomes.update(zip(unit, told, strict=True))
        return [outcomes[place] for place in range(len(transfers))]

    def expire(self, now: datetime, new_ids: Iterator[UUID]) -> int:
        """Resolve every hold whose time has run out; returns how many."""
        late = [
            one
            for one in self.standing.values()
            if one.expires_at is not None
            and one.expires_at <= now
            and one.asked.id not in self.resolved
        ]
        for hold in late:
            asked = Transfer(id=next(new_ids), kind=Kind.EXPIRE, hold_id=hold.asked.id)
            self._write(asked, hold, hold.amount, 0, -hold.amount)
        return len(late)

    def _post_unit(self, members: Sequence[Transfer], now: datetime) -> list[Outcome]:
        told: list[Outcome] = []
        is_broken = False
        closed = {one.asked.chain for one in self.standing.values() if one.asked.chain}
        at_first = set(self.standing)
        for asked in members:
            there = self.standing.get(asked.id)
            if there is not None and (asked.chain is None or asked.id in at_first):
                same = there.asked == asked
                result = Result.EXISTS if same else Result.CONFLICT
                told.append(Outcome(asked.id, result, there.seq if same else None))
            elif is_broken:
                told.append(Outcome(asked.id, Result.CHAIN_FAILED))
            elif there is not None or asked.chain in closed:
                told.append(Outcome(asked.id, Result.CONFLICT))
            else:
                result = self._post_one(asked, now)
                seq = self.last_seq if result is Result.OK else None
                told.append(Outcome(asked.id, result, seq))
            is_broken = is_broken or not told[-1].stands
        return told

    def _post_one(self, asked: Transfer, now: datetime) -> Result:
        if asked.kind in (Kind.POST, Kind.VOID):
            return self._resolve(asked, now)
        assert asked.debit is not None
        assert asked.credit is not None
        assert asked.amount is not None
        debit, credit = self.accounts.get(asked.debit), self.accounts.get(asked.credit)
        if debit is None or credit is None:
            return Result.NO_ACCOUNT
        if not debit.asset == credit.asset == asked.asset:
            return Result.WRONG_ASSET
        if asked.corrects_id is not None and not self._can_correct(asked):
            return Result.CONFLICT
        owed = self.balance(asked.debit)
        claims = owed.debits_pending + owed.debits_posted + asked.amount
        if debit.is_limited and claims > owed.credits_posted:
            return Result.OVER_LIMIT
        is_posted = asked.kind is Kind.POSTED
        posted, pending = (asked.amount, 0) if is_posted else (0, asked.amount)
        if not self._fits(asked.debit, asked.credit, posted, pending):
            return Result.OVER_LIMIT
        expires_at = now + timedelta(seconds=asked.timeout_s) if asked.timeout_s else None
        # Where it goes, in the shape of a hold that has all of it.
        place = Standing(asked, 0, asked.debit, asked.credit, debit.asset, asked.amount, 0, 0)
        self._write(asked, place, asked.amount, posted, pending, expires_at)
        return Result.OK

    def _resolve(self, asked: Transfer, now: datetime) -> Result:
        assert asked.hold_id is not None
        hold = self.standing.get(asked.hold_id)
        refused = self._unlike(asked, hold)
        if hold is None or refused is not None:
            return refused or Result.CONFLICT
        amount = asked.amount or hold.amount
        resolution = self.resolved.get(asked.hold_id)
        if resolution is not None:
            return Result.EXPIRED if resolution is Kind.EXPIRE else Result.RESOLVED
        if hold.expires_at is not None and now >= hold.expires_at:
            return Result.EXPIRED
        if amount > hold.amount:
            return Result.OVER_LIMIT
        if asked.kind is Kind.VOID and amount != hold.amount:
            return Result.CONFLICT
        posted = amount if asked.kind is Kind.POST else 0
        if not self._fits(hold.debit, hold.credit, posted, -hold.amount):
            return Result.OVER_LIMIT
        self._write(asked, hold, amount, posted, -hold.amount)
        return Result.OK

    def _unlike(self, asked: Transfer, hold: Standing | None) -> Result | None:
        """What is wrong with naming this hold so."""
        if hold is None or hold.asked.kind is not Kind.PENDING:
            return Result.CONFLICT
        for account in (asked.debit, asked.credit):
            if account is not None and account not in self.accounts:
                return Result.NO_ACCOUNT
        if asked.asset not in (None, hold.asset):
            return Result.WRONG_ASSET
        if asked.debit not in (None, hold.debit) or asked.credit not in (None, hold.credit):
            return Result.CONFLICT
        return None

    def _can_correct(self, asked: Transfer) -> bool:
        assert asked.corrects_id is not None
        wrong = self.standing.get(asked.corrects_id)
        return (
            wrong is not None
            and wrong.asked.kind in (Kind.POSTED, Kind.POST)
            and wrong.asset == asked.asset
        )

    def _fits(self, debit: UUID, credit: UUID, posted: int, pending: int) -> bool:
        change = {"posted": posted, "pending": pending}
        return (
            self.balance(debit).after(is_debit=True, **change).is_small
            and self.balance(credit).after(is_debit=False, **change).is_small
        )

    def _write(
        self, asked: Transfer, where: Standing, amount: int, posted: int, pending: int,
        expires_at: datetime | None = None,
    ) -> None:  # fmt: skip
        self.last_seq += 1
        self.standing[asked.id] = Standing(
            asked, self.last_seq, where.debit, where.credit, where.asset, amount, posted, pending,
            expires_at,
        )  # fmt: skip
        if asked.hold_id is not None:
            self.resolved[asked.hold_id] = asked.kind


def _units(transfers: Sequence[Transfer]) -> list[list[int]]:
    """The places of what is posted together, in the order of the first places."""
    units: dict[object, list[int]] = {}
    for place, transfer in enumerate(transfers):
        units.setdefault(transfer.chain or place, []).append(place)
    return list(units.values())
