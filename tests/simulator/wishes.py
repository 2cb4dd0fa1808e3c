"""What clients ask for: mostly sound, near the limits, leaning on what stands; some of it wrong."""

from __future__ import annotations

import random
from dataclasses import replace
from uuid import UUID

from yangbanjian.ground.ledger.rules import Kind, Transfer
from yangbanjian.ground.ledger.rules.book import Book, Standing

CNY, V = "CNY", "V:2026:310000"
MOST = 2**53 - 1
TIMEOUTS = (3600, 5400)


class Wishes:
    """Makes batches for a book of which it knows what stands."""

    def __init__(self, pick: random.Random, book: Book, keys: dict[str, UUID]) -> None:
        self.pick, self.book, self.keys = pick, book, keys
        # The others are locked for as long as a slow session writes.
        self.free = [key for name, key in keys.items() if not name.startswith("slow")]
        self.holds: list[Transfer] = []
        self.stood: list[UUID] = []
        self.chains: list[UUID] = []
        self.refused: list[UUID] = []

    def new_id(self) -> UUID:
        return UUID(int=self.pick.getrandbits(128))

    def batch(self) -> list[Transfer]:
        pick, made = self.pick, list[Transfer]()
        if pick.random() < 0.12:
            return self._knot()
        size = pick.choice((1, 1, 1, 2, 4))
        while len(made) < size:
            unit = [self.one(made) for _ in range(pick.choice((1, 1, 1, 1, 1, 2, 3)))]
            if len(unit) > 1:
                is_used = self.chains and pick.random() < 0.08
                name = pick.choice(self.chains) if is_used else self.new_id()
                unit = [replace(t, chain=name) for t in unit]
            made += unit
        turn = pick.random()
        if turn < 0.04:
            one = pick.choice(made)
            made.append(replace(one, cause=one.cause + "?"))
        elif turn < 0.08:
            made.append(pick.choice(made))
        elif turn < 0.2:
            pick.shuffle(made)
        return made

    def _knot(self) -> list[Transfer]:
        """What is rare by chance: a chain that breaks after it has done something, and then
        somebody who leans on what was undone; or one hold resolved in many ways at once."""
        pick = self.pick
        chain, nobody = self.new_id(), self.new_id()
        hold = self._some_hold([])
        if hold is not None and pick.random() < 0.5:
            first = Transfer(id=self.new_id(), kind=Kind.POST, hold_id=hold.id)
            again = [replace(first, id=self.new_id(), kind=k) for k in (Kind.VOID, Kind.POST)]
        else:
            buyer, seller = self.keys["buyer"], self.keys["seller"]
            owed = self.book.balance(buyer)
            free = max(2, owed.credits_posted - owed.debits_posted - owed.debits_pending)
            first = Transfer(id=self.new_id(), debit=buyer, credit=seller, asset=CNY, amount=free)
            again = [replace(first, id=self.new_id(), amount=a) for a in (free - 1, 2)]
            if pick.random() < 0.5:
                held = replace(first, id=self.new_id(), kind=Kind.PENDING)
                ways = (Kind.POST, Kind.VOID, Kind.POST)
                return [
                    held,
                    *(Transfer(id=self.new_id(), kind=k, hold_id=held.id, amount=n)
                      for k, n in zip(ways, (free // 2, None, None), strict=True)),
                ]  # fmt: skip
        bad = Transfer(
            id=self.new_id(), debit=self.keys["bank"], credit=nobody, asset=CNY, amount=1
        )
        broken = [replace(t, chain=chain) for t in (first, bad)]
        if pick.random() < 0.3:
            return [again[0], broken[0], again[1], broken[1]]
        return [*broken, *again]

    def one(self, beside: list[Transfer]) -> Transfer:
        pick = self.pick
        here = [t for t in beside if t.kind is Kind.PENDING]
        if pick.random() < 0.4:
            hold = self._some_hold(here)
            if hold is not None:
                return self._resolution(hold)
        if pick.random() < 0.08:
            made = self._huge()
        else:
            names = ("bank", "buyer", "seller") if pick.random() < 0.7 else ("fund", "holder")
            debit, credit = pick.sample(names, 2)
            made = self._movement(self.keys[debit], self.keys[credit])
        return self._marred(made)

    def _some_hold(self, here: list[Transfer]) -> Transfer | None:
        turn, pick = self.pick.random(), self.pick
        if here and turn < 0.5:
            return pick.choice(here)
        is_open = [h for h in self.holds[-40:] if h.id not in self.book.resolved]
        timed = [h for h in is_open if h.timeout_s is not None]
        if timed and turn < 0.3:  # the oldest: its time may have run out, and nobody has swept
            return timed[0]
        if is_open and turn < 0.93:
            return pick.choice(is_open)
        return pick.choice(self.holds[-12:]) if self.holds else None

    def _movement(self, debit: UUID, credit: UUID) -> Transfer:
        pick = self.pick
        account = self.book.accounts[debit]
        amount = pick.randint(1, 40)
        if account.is_limited:
            owed = self.book.balance(debit)
            free = owed.credits_posted - owed.debits_posted - owed.debits_pending
            amount = max(1, pick.choice((amount, free, free + 1, free // 2)))
        kind = pick.choice((Kind.POSTED, Kind.POSTED, Kind.PENDING))
        made = Transfer(
            id=self.new_id(), debit=debit, credit=credit, asset=account.asset, amount=amount,
            kind=kind, cause=pick.choice(("", "deal:1")),
        )  # fmt: skip
        if kind is Kind.PENDING and pick.random() < 0.6:
            made = replace(made, timeout_s=pick.choice(TIMEOUTS))
        return made

    def _huge(self) -> Transfer:
        """Between accounts that count up to where exact numbers end."""
        debit, credit = self.pick.sample([self.keys[n] for n in ("whale", "sea", "deep")], 2)
        owed = self.book.balance(debit)
        free = max(1, MOST - owed.debits_posted)
        amount = self.pick.choice((MOST, MOST // 2, free, min(MOST, free + 1)))
        kind = self.pick.choice((Kind.POSTED, Kind.PENDING))
        return Transfer(
            id=self.new_id(), debit=debit, credit=credit, asset=CNY, amount=amount, kind=kind
        )

    def _marred(self, made: Transfer) -> Transfer:
        turn, pick = self.pick.random(), self.pick
        if turn < 0.03:
            return replace(made, credit=self.new_id())
        if turn < 0.05:
            return replace(made, debit=self.new_id())
        if turn < 0.07:
            return replace(made, asset=V if made.asset == CNY else CNY)
        if turn < 0.09:
            other = "holder" if made.asset == CNY else "bank"
            return replace(made, credit=self.keys[other])
        if turn < 0.15 and self.stood:
            return replace(made, corrects_id=pick.choice(self.stood[-30:]))
        if turn < 0.19 and self.refused:
            return replace(made, id=pick.choice(self.refused[-10:]))
        return made

    def _resolution(self, hold: Transfer) -> Transfer:
        pick = self.pick
        assert hold.amount is not None
        kind = pick.choice((Kind.POST, Kind.POST, Kind.VOID))
        amount = pick.choice(
            (None, max(1, hold.amount // 2), hold.amount, min(MOST, hold.amount + 1))
        )
        made = Transfer(id=self.new_id(), kind=kind, hold_id=hold.id, amount=amount)
        turn = pick.random()
        if turn < 0.06:
            return replace(made, debit=pick.choice(self.free), asset=hold.asset)
        if turn < 0.09:
            return replace(made, credit=self.new_id())
        if turn < 0.12:
            return replace(made, asset=V if hold.asset == CNY else CNY)
        if turn < 0.15 and self.stood:
            return replace(made, hold_id=pick.choice(self.stood[-30:]))
        if turn < 0.18:
            return replace(made, debit=hold.debit, credit=hold.credit, asset=hold.asset)
        return made

    def happened(self, asked: Transfer, one: Standing | None) -> None:
        """What became of a wish: it stands now, or does not."""
        if one is None:
            self.refused.append(asked.id)
            return
        self.stood.append(asked.id)
        if asked.chain is not None:
            self.chains.append(asked.chain)
        if asked.kind is Kind.PENDING:
            self.holds.append(asked)

    def releases(self) -> list[Transfer]:
        """What gives every hold back that no clock will."""
        return [
            Transfer(id=self.new_id(), kind=Kind.VOID, hold_id=hold.id)
            for hold in self.holds
            if hold.id not in self.book.resolved
        ]
