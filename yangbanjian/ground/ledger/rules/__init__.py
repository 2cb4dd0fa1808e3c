"""What a transfer is and what becomes of one, without a database.

`book.Book` is the same ledger in memory: the tests hold PostgreSQL to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from yangbanjian.kernel.refusals import Problem
from yangbanjian.kernel.words import gettext_noop

# The largest whole number that every JSON reader keeps exactly; no amount and no balance is above.
MOST_UNITS = 2**53 - 1
MOST_TRANSFERS = 8190
LONGEST_TIMEOUT_S = 10 * 366 * 24 * 3600
LONGEST_CAUSE = 200
# Accounts of the house itself, one for each asset; every other account belongs to somebody.
CLEARING, SUSPENSE, ROUNDING = "clearing", "suspense", "rounding"
NAMED = (CLEARING, SUSPENSE, ROUNDING)


class Kind(StrEnum):
    """What a transfer does; `EXPIRE` is the clock's alone."""

    POSTED = "posted"
    PENDING = "pending"
    POST = "post"
    VOID = "void"
    EXPIRE = "expire"


RESOLVING = frozenset({Kind.POST, Kind.VOID, Kind.EXPIRE})


class Result(StrEnum):
    """What became of one transfer of a batch."""

    OK = "ok"
    EXISTS = "exists"
    CONFLICT = "conflict"
    OVER_LIMIT = "over_limit"
    RESOLVED = "resolved"
    EXPIRED = "expired"
    NO_ACCOUNT = "no_account"
    WRONG_ASSET = "wrong_asset"
    CHAIN_FAILED = "chain_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A transfer as it is asked for. Accounts are named by their keys, amounts are whole units.

    `hold_id` is the hold that a post or void resolves; without `amount` it is resolved whole.
    Transfers with the same `chain` are posted together or not at all, at the first one's place.
    """

    id: UUID
    kind: Kind = Kind.POSTED
    debit: UUID | None = None
    credit: UUID | None = None
    amount: int | None = None
    asset: str | None = None
    hold_id: UUID | None = None
    chain: UUID | None = None
    timeout_s: int | None = None
    cause: str = ""
    corrects_id: UUID | None = None
    effective_on: date | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a transfer, and its place in the ledger if it has one."""

    id: UUID
    result: Result
    seq: int | None = None

    @property
    def stands(self) -> bool:
        """Is the transfer in the ledger, now or already before?"""
        return self.result in (Result.OK, Result.EXISTS)


_MISSING = gettext_noop("请填写这一项。")
_AMOUNT = gettext_noop("金额要填 1 到 %(most)d 之间的整数（以分或最小单位计）。")
_SAME = gettext_noop("借方和贷方不能是同一个账户。")
_NOT_HERE = gettext_noop("这种转账没有这一项，请删去。")
_CLOCK = gettext_noop("冻结的到期由时钟决定，不能由人提交。")
_TIMEOUT = gettext_noop("有效时间要填 1 到 %(most)d 秒。")
_TOO_LONG = gettext_noop("最多 %(max_length)s 个字。")


def problems_of(transfers: Sequence[Transfer]) -> Iterator[Problem]:
    """What makes a batch unusable, whatever the ledger holds; each names `transfers.N.field`."""
    for place, transfer in enumerate(transfers):
        for field, code, sentence, params in _faults(transfer):
            yield Problem(f"transfers.{place}.{field}", code, sentence, params)


_Fault = tuple[str, str, str, dict[str, int]]


def _faults(transfer: Transfer) -> Iterator[_Fault]:
    if transfer.kind is Kind.EXPIRE:
        yield "kind", "not_yours", _CLOCK, {}
        return
    yield from _common_faults(transfer)
    if transfer.kind in RESOLVING:
        yield from _faults_of_resolution(transfer)
    else:
        yield from _faults_of_movement(transfer)


def _common_faults(transfer: Transfer) -> Iterator[_Fault]:
    if transfer.amount is not None and not 1 <= transfer.amount <= MOST_UNITS:
        yield "amount", "out_of_range", _AMOUNT, {"most": MOST_UNITS}
    if transfer.debit is not None and transfer.debit == transfer.credit:
        yield "credit", "same_account", _SAME, {}
    if len(transfer.cause) > LONGEST_CAUSE:
        yield "cause", "too_long", _TOO_LONG, {"max_length": LONGEST_CAUSE}


def _faults_of_movement(transfer: Transfer) -> Iterator[_Fault]:
    for field in ("debit", "credit", "amount", "asset"):
        if getattr(transfer, field) is None:
            yield field, "missing", _MISSING, {}
    if transfer.hold_id is not None:
        yield "pending_id", "not_here", _NOT_HERE, {}
    if transfer.timeout_s is None:
        return
    if transfer.kind is not Kind.PENDING:
        yield "timeout_s", "not_here", _NOT_HERE, {}
    elif not 1 <= transfer.timeout_s <= LONGEST_TIMEOUT_S:
        yield "timeout_s", "out_of_range", _TIMEOUT, {"most": LONGEST_TIMEOUT_S}


def _faults_of_resolution(transfer: Transfer) -> Iterator[_Fault]:
    if transfer.hold_id is None:
        yield "pending_id", "missing", _MISSING, {}
    for field in ("timeout_s", "corrects_id"):
        if getattr(transfer, field) is not None:
            yield field, "not_here", _NOT_HERE, {}


def split(amount: int, shares: Sequence[int], whole: int) -> tuple[list[int], int]:
    """`amount` in parts of `shares`/`whole`, each rounded down, and what rounding left over.

    Parts and remainder add up to the amount less what no share claims, exactly: with all of
    `whole` shared out, to the amount. The remainder belongs to the account named `rounding`.
    Raises ValueError for negative shares or shares above the whole.
    """
    if whole < 1 or min(shares, default=0) < 0 or sum(shares) > whole or amount < 0:
        raise ValueError("shares are parts of a whole")
    parts = [amount * share // whole for share in shares]
    return parts, amount * sum(shares) // whole - sum(parts)
