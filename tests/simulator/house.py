"""What a world asks of whoever keeps the books and the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any, Protocol
from uuid import UUID

from yangbanjian.ground.ledger.rules import Outcome, Transfer
from yangbanjian.ground.ledger.rules.book import Balance


class Crash(Exception):
    """The process died here. What was committed stands, nobody was answered."""


class Fault(Enum):
    """When the process dies in an act."""

    NONE = "none"
    BEFORE = "before the commit"
    AFTER = "after the commit"


@dataclass(frozen=True, slots=True)
class Row:
    """A transfer as it stands in the books."""

    id: UUID
    seq: int
    kind: str
    debit: UUID
    credit: UUID
    asset: str
    amount: int
    posted: int
    pending: int
    hold_id: UUID | None
    chain: UUID | None


@dataclass(frozen=True, slots=True)
class Said:
    """An entry of the journal."""

    id: int
    xact: int
    verb: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Head:
    """A signed head as it was published."""

    size: int
    root: bytes
    note: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A leaf: its place, its entry, and its hash as it is kept."""

    position: int
    entry_id: int
    leaf_hash: bytes


class House(Protocol):
    """Books and log. Every act is one transaction; `fault` says where it dies (raises Crash)."""

    def open(self, key: UUID, asset: str, *, is_limited: bool) -> None: ...
    def pass_time(self, by: timedelta) -> None: ...
    def post(self, batch: Sequence[Transfer], fault: Fault) -> list[Outcome]: ...
    def expire(self, most: int, fault: Fault) -> int: ...
    def sequence(self, fault: Fault) -> int: ...
    def rotate(self, *, is_lost: bool) -> None: ...
    def restart(self) -> None:
        """What was open is undone."""

    def patience(self) -> None:
        """Wait a moment for what others hold up."""

    def slow_begin(self, batch: Sequence[Transfer]) -> None:
        """Another session writes, and does not commit yet."""

    def slow_end(self, batch: Sequence[Transfer], *, commits: bool) -> None:
        """It writes once more, and ends."""

    # What anybody can see.
    def rows(self) -> list[Row]:
        """Transfers that were not there when last asked."""

    def entries(self) -> list[Said]:
        """Entries that were not there when last asked."""

    def leaves(self) -> list[Placed]:
        """Leaves that were not there when last asked."""

    def balances(self) -> dict[UUID, Balance]: ...
    def settled(self) -> int: ...
    def balance_at(self, key: UUID, seq: int) -> Balance: ...
    def heads(self) -> list[Head]:
        """Heads that were not there when last asked."""

    def leaf_hash_of(self, entry_id: int) -> bytes:
        """Computed anew from the entry as it stands now."""

    def inclusion(self, position: int, size: int) -> list[bytes]: ...
    def consistency(self, old: int, new: int) -> list[bytes]: ...
    def packet(self, entry_id: int) -> bytes: ...
    def trusted(self) -> dict[bytes, bool]:
        """Public keys of the log -> whether it is revoked."""
