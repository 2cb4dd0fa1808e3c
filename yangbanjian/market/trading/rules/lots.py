"""What a lot is, what a bidder sends, and what is remembered between two bids.

Everything here can be rebuilt from rows: `Terms` is the lot's row as it was published, `State` is
its times, the highest accepted bid of each plate and the ceilings that stand.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# The largest whole number that every JSON reader keeps exactly.
MOST_FEN = 2**53 - 1


class Method(StrEnum):
    """How a lot is sold."""

    RISING = "rising"
    DYNAMIC = "dynamic"
    DUTCH = "dutch"
    SEALED = "sealed"
    NEGOTIATED = "negotiated"


class Verdict(StrEnum):
    """What became of a bid; there is no other answer (A5)."""

    ACCEPTED = "accepted"
    TOO_LOW = "too_low"
    OFF_STEP = "off_step"
    CLOSED = "closed"
    NOT_QUALIFIED = "not_qualified"
    OWN_TOP = "own_top"
    PAUSED = "paused"
    CONFLICT = "conflict"


class Standing(StrEnum):
    """May this bidder bid at this instant, and if not, why (A7)."""

    OK = "ok"
    UNQUALIFIED = "unqualified"
    NO_DEPOSIT = "no_deposit"
    SELLER = "seller"
    RELATED = "related"
    OPERATOR = "operator"
    DEFAULTED = "defaulted"


class Stage(StrEnum):
    """Where the sale stands: bids are taken only while `BIDDING`."""

    BIDDING = "bidding"
    TAKEN = "taken"  # a Dutch price was taken, or sealed bids were opened
    PRIORITY = "priority"
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a bidder at the instant of the decision."""

    is_qualified: bool
    holds_deposit: bool
    is_seller: bool = False
    is_related: bool = False
    is_operator: bool = False
    has_defaulted: bool = False


def standing(facts: Facts) -> Standing:
    """The first thing that stands against the bidder. A conflict of interest outweighs a paper:
    it can't be mended by paying."""
    if facts.is_operator:
        return Standing.OPERATOR
    if facts.is_seller:
        return Standing.SELLER
    if facts.is_related:
        return Standing.RELATED
    if facts.has_defaulted:
        return Standing.DEFAULTED
    if not facts.is_qualified:
        return Standing.UNQUALIFIED
    return Standing.OK if facts.holds_deposit else Standing.NO_DEPOSIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The rules of one lot as published; they come from the listing and its edition.

    rising   `free_s` of free bidding, then cycles of `cycle_s`, at most until `hard_close_s`
             (both counted from `opens_at`).
    dynamic  the same; with `needs_free_bid` there is no timed period unless somebody bids before.
    dutch    the price falls from `start_fen` by `step_fen` every `cycle_s` down to `floor_fen`.
    sealed   bids are received for `free_s`; `start_fen` is the least that counts; no step.

    After a pause at least `resume_s` remain. An outage counts when it is longer than `outage_s`.
    Who stands in `priority_plates` may match the result within `priority_s` of being asked. The
    secret reserve is not here: only its commitment, so no decision about a bid can tell anything
    of it. Without `shows_losing` the amounts of sealed bids that lose are not told (S7).
    """

    lot: str
    edition: str
    method: Method
    start_fen: int
    step_fen: int
    opens_at: datetime
    free_s: int
    cycle_s: int
    hard_close_s: int
    resume_s: int
    outage_s: int
    needs_free_bid: bool = False
    floor_fen: int | None = None
    priority_s: int = 0
    priority_plates: tuple[str, ...] = ()
    reserve_commitment: str | None = None
    shows_losing: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Bid:
    """One bid as received. `id` is made by the bidder and names it for ever (A6)."""

    id: str
    plate: str
    amount_fen: int
    standing: Standing = Standing.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """A standing maximum bid (委托最高价) as received, and as remembered."""

    id: str
    plate: str
    max_fen: int
    standing: Standing = Standing.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedBid:
    """A sealed bid as received: what it says is known to nobody here (S1)."""

    id: str
    plate: str
    commitment: str  # SHA-256, hex
    ciphertext_sha256: str
    standing: Standing = Standing.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A priority holder matches the result, or lets it pass."""

    id: str
    plate: str
    match: bool
    standing: Standing = Standing.OK


@dataclass(frozen=True, slots=True)
class Placed:
    """An accepted bid: a row of the lot's bids. `closes_at` is the close after it."""

    seq: int
    plate: str
    amount_fen: int
    at: datetime
    closes_at: datetime
    is_auto: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """The one verdict on what was received, when it fell, and the bids that it placed: its own
    first (not for a ceiling), then those that ceilings placed in answer."""

    verdict: Verdict
    at: datetime
    closes_at: datetime
    placed: tuple[Placed, ...] = ()
    number: int | None = None  # of a sealed bid: its place in the order of receipt

    @property
    def seq(self) -> int | None:
        """The place of the bid itself among the accepted ones."""
        if self.number is not None:
            return self.number
        return next((p.seq for p in self.placed if not p.is_auto), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is remembered between two decisions about one lot.

    `best` has each plate's highest accepted bid, the highest first: its first is the top, the
    others are the runners-up in their order. `held` is how long the lot has been paused in all.
    `sealed` are the plates that have a sealed bid, in the order of receipt.
    """

    free_until: datetime
    closes_at: datetime
    hard_close_at: datetime
    stage: Stage = Stage.BIDDING
    seq: int = 0
    last_at: datetime | None = None
    paused_at: datetime | None = None
    held: timedelta = timedelta(0)
    extensions: int = 0
    best: tuple[Placed, ...] = ()
    ceilings: tuple[Ceiling, ...] = ()
    sealed: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()  # priority holders who let it pass
    matched: str | None = None
    asked_at: datetime | None = None  # when priority holders were asked

    @property
    def top(self) -> Placed | None:
        return self.best[0] if self.best else None
