"""What goes over the wire of bidding."""

# No postponed annotations here: ninja evaluates them.
from datetime import datetime
from typing import Any, Literal

from ninja import Field, Schema
from pydantic import ConfigDict

from yangbanjian.faces.api.schemas import PossibleMove

Whole = Field(ge=-(2**53), le=2**53)
KEY = Field(default="", max_length=64)
VerdictCode = Literal[
    "accepted", "too_low", "off_step", "closed", "not_qualified", "own_top", "paused", "conflict"
]


class TopOut(Schema):
    seq: int
    amount_fen: int
    plate: str


class ResultOut(Schema):
    outcome: Literal["sold", "no_bid", "reserve_not_met"]
    winner: str | None
    price_fen: int | None
    by: str
    closed_at: datetime
    order: list[TopOut]


class MineOut(Schema):
    """What the caller is to the lot."""

    plate: str
    standing: str
    is_top: bool
    ceiling_fen: int | None


class LotOut(Schema):
    id: int
    kind: str
    listing_id: int
    title: str
    state: str
    version: int
    edition: str
    url: str
    method: str
    round: int
    start_fen: int
    step_fen: int
    top: TopOut | None
    next_fen: int | None
    opens_at: datetime | None
    free_until: datetime | None
    closes_at: datetime | None
    hard_close_at: datetime | None
    paused_at: datetime | None
    server_now: datetime
    extensions: int
    sealed_count: int | None = None
    result: ResultOut | None = None
    deal_id: int | None = None
    winner_id: int | None = None
    runner_up: TopOut | None = None
    mine: MineOut | None = None
    moves: list[PossibleMove] = []


class BidIn(Schema):
    """`bid_id`: made by the bidder, new for each bid; sent again it gives the first verdict."""

    model_config = ConfigDict(extra="forbid")
    bid_id: str = Field(max_length=64)
    amount_fen: int = Whole


class CeilingIn(Schema):
    model_config = ConfigDict(extra="forbid")
    max_fen: int = Whole
    bid_id: str = KEY


class PriorityIn(Schema):
    model_config = ConfigDict(extra="forbid")
    match: bool
    bid_id: str = KEY


class VerdictOut(Schema):
    verdict: VerdictCode
    seq: int | None
    decided_at: datetime
    closes_at: datetime


class TrialIn(Schema):
    model_config = ConfigDict(extra="forbid")
    amount_fen: int = Whole


class TrialOut(Schema):
    """What the rules would say at the opening; `opens_at`: the instant that was assumed for it."""

    is_trial: Literal[True]
    verdict: VerdictCode
    opens_at: datetime
    closes_at: datetime


class LotStep(Schema):
    model_config = ConfigDict(extra="ignore")
    reason: str = Field(default="", max_length=1000)


class HolderOut(Schema):
    place: int
    role: str


class SealingOut(Schema):
    """Everything to seal a bid with; `public_key` in hex, `aad` with `{bid_id}` to be filled in."""

    lot: str
    suite: str
    public_key: str
    pad_to: int
    aad: str
    plate: str
    deadline: datetime
    holders: list[HolderOut]


class SealedBidIn(Schema):
    model_config = ConfigDict(extra="forbid")
    bid_id: str = Field(max_length=64)
    commitment: str = Field(max_length=64)
    ciphertext: str = Field(max_length=2000)


class ReceiptOut(Schema):
    """`receipt`: what is signed, canonical, with the signature; `log_index`: the place of the
    entry in the evidence log, null until it has one (seconds)."""

    verdict: VerdictCode
    seq: int | None
    decided_at: datetime
    receipt: dict[str, Any] | None
    log_index: int | None


class ShareOut(Schema):
    """Shown once."""

    place: int
    role: str
    share: str


class ShareIn(Schema):
    model_config = ConfigDict(extra="forbid")
    share: str = Field(max_length=200)


class SharesOut(Schema):
    shares: int
    needed: int
    state: str
