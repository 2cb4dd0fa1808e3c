"""What a release is made of, as it was when the step was taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A step that the journal tells of. `at` is business time; `entry_id` names the release."""

    entry_id: int
    verb: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What all releases of a listing share. `base`: where this house is found, without a path."""

    ocid: str
    listing_id: int
    base: str
    seller: Unit
    is_sandbox: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """An organisation by its public name; `uscc` is its unified social credit code, where known."""

    id: int
    name: str
    uscc: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A listing as it stood at a version; `start_fen` is the least that the seller asks for."""

    version: int
    round: int
    lot_id: int
    title: str
    abstract: str
    achievement_id: int
    method: str
    method_label: str
    mode_label: str
    start_fen: int
    step_fen: int
    deposit_fen: int
    conditions: str
    published_at: datetime | None
    ends_at: datetime | None
    notice_id: int | None = None
    notice_from: datetime | None = None
    notice_to: datetime | None = None
    relists: str = ""  # the ocid of the listing that this one follows
    earlier_lots: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Auction:
    """The bidding for a lot, as its terms laid it down when it was opened."""

    lot_id: int
    method: str
    step_fen: int
    opens_at: datetime
    free_s: int
    cycle_s: int
    hard_close_s: int
    priority_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A plate's best bid when the lot was over."""

    plate: str
    amount_fen: int
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """How a lot ended. `order`: what may be told of the bids, the best first."""

    lot_id: int
    outcome: str
    is_sold: bool
    closed_at: datetime
    bids: int
    bidders: int
    qualified: int
    extensions: int
    order: tuple[Standing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Enquiry:
    """An answered question. Who asked is told to nobody."""

    id: int
    text: str
    answer: str
    asked_at: datetime
    answered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """An award and what became of it; times are None for what has not been."""

    id: int
    lot_id: int
    title: str
    plate: str
    buyer: Unit
    price_fen: int
    awarded_at: datetime
    sign_by: datetime
    signed_at: datetime | None = None
    paid_at: datetime | None = None
    registered_no: str = ""
    right_no: str = ""
