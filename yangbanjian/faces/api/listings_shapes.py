"""What goes over the wire of listings, registrations and questions."""

# No postponed annotations here: ninja evaluates them.
from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Field, Schema
from pydantic import ConfigDict, StrictInt

from yangbanjian.faces.api.schemas import Id, Organisation, Paging, PossibleMove

Fen = Annotated[StrictInt, Field(ge=0, le=2**53 - 1)]
Seconds = Annotated[StrictInt, Field(ge=0, le=2**31 - 1)]


class DisclosureIn(Schema):
    """How long: `unit` calendar or working; at least what the rules ask."""

    days: StrictInt = Field(ge=1, le=10**6)
    unit: str = Field(default="", max_length=20)


class RungIn(Schema):
    """A next round, laid down in advance; without a price or method it only extends."""

    model_config = ConfigDict(extra="forbid")
    start_fen: Fen | None = None
    floor_fen: Fen | None = None
    method: str | None = Field(default=None, max_length=20)
    days: StrictInt | None = None
    unit: Literal["calendar", "working"] | None = None


class CommissionIn(Schema):
    """A commission: thousandths of the price."""

    organisation_id: Id
    permille: StrictInt


class PaymentIn(Schema):
    model_config = ConfigDict(extra="allow")
    kind: str = Field(max_length=20)


class ListingSaid(Schema):
    """What a listing says; what is left out is as the rulebook or the notice has it."""

    model_config = ConfigDict(extra="ignore")
    deal_mode: str | None = Field(default=None, max_length=40)
    method: str | None = Field(default=None, max_length=20)
    start_fen: Fen | None = None
    step_fen: Fen | None = None
    floor_fen: Fen | None = None
    reserve_fen: Fen | None = None
    deposit_fen: Fen | None = None
    disclosure: DisclosureIn | None = None
    free_s: Seconds | None = None
    cycle_s: Seconds | None = None
    hard_close_s: Seconds | None = None
    priority_s: Seconds | None = None
    shows_losing: bool | None = None
    ladder: list[RungIn] | None = Field(default=None, max_length=100)
    commission: list[CommissionIn] | None = Field(default=None, max_length=100)
    payment: PaymentIn | None = None
    forfeitures: list[str] | None = Field(default=None, max_length=50)
    conditions: str | None = Field(default=None, max_length=5000)

    def values(self) -> dict[str, Any]:
        """In the words of the action."""
        given = self.dict(
            exclude={"disclosure", "achievement_id", "notice_id", "reason"}, exclude_none=True
        )
        if self.disclosure is not None:
            given["days"] = self.disclosure.days
            given["unit"] = self.disclosure.unit or None
        return given


class ListingIn(ListingSaid):
    achievement_id: Id
    notice_id: Id | None = None
    method: str = Field(max_length=20)
    start_fen: Fen


class ListingStep(ListingSaid):
    """What goes with a move; a change takes `reason` and what it changes."""

    reason: str = Field(default="", max_length=1000)


class ListingVersionOut(Schema):
    version: int
    reason: str
    at: datetime
    content: dict[str, Any]


class ListingOut(Schema):
    """A listing. Of a draft, `disclosure_ends_at` is what it would be if it were published now;
    `has_reserve` says that there is a secret reserve, which nobody is told. `registrations`: how
    many in which state, for the exchange alone."""

    id: int
    kind: Literal["listing"]
    lot_id: int
    state: str
    version: int
    round: int
    edition: str
    url: str
    achievement_id: int
    notice_id: int | None
    owner: Organisation
    title: str
    abstract: str
    deal_mode: str
    method: str
    start_fen: int
    step_fen: int
    floor_fen: int | None
    has_reserve: bool
    deposit_fen: int
    disclosure: dict[str, Any]
    free_s: int
    cycle_s: int
    hard_close_s: int
    priority_s: int
    shows_losing: bool
    ladder: list[dict[str, Any]]
    commission: list[dict[str, Any]]
    payment: dict[str, Any]
    forfeitures: list[str]
    conditions: str
    published_at: datetime | None
    disclosure_ends_at: datetime
    paused_at: datetime | None
    server_now: datetime
    missing: list[str]
    registrations: dict[str, int] | None
    versions: list[ListingVersionOut]
    moves: list[PossibleMove]


class ListingPage(Schema):
    items: list[ListingOut]
    count: int
    page: int


class ListingQuery(Paging):
    state: list[str] = []
    achievement: Id | None = None
    q: str = Field(default="", max_length=200)


class RegistrationIn(Schema):
    """`bank_account`: the buyer's own, from which alone the deposit counts and to which alone it
    goes back (in a sandbox there is one already). `is_related`, `is_priority` need a statement."""

    model_config = ConfigDict(extra="ignore")
    bank_account: str = Field(default="", max_length=64)
    is_related: bool = False
    is_priority: bool = False
    statement: str = Field(default="", max_length=2000)


class RefundOut(Schema):
    amount_fen: int
    promised_on: date
    paid_at: datetime | None
    failure: str


class DepositOut(Schema):
    """Where and by when to pay, with the reference to write; `refund` once it goes back."""

    account: str
    reference: str
    amount_fen: int
    due_at: datetime
    payer: str
    outcome: str
    refund: RefundOut | None = None


class RegistrationOut(Schema):
    """The buyer's own, or for the exchange; nobody else reads it. `plate` stands for the buyer."""

    id: int
    kind: Literal["registration"]
    listing_id: int
    lot_id: int
    owner: Organisation
    state: str
    version: int
    plate: str
    is_related: bool
    is_priority: bool
    statement: str
    deposit: DepositOut
    made_at: datetime
    qualified_at: datetime | None
    moves: list[PossibleMove]


class RegistrationPage(Schema):
    items: list[RegistrationOut]
    count: int
    page: int


class RegistrationQuery(Paging):
    state: list[str] = []
    listing: Id | None = None


class RegistrationStep(Schema):
    model_config = ConfigDict(extra="ignore")
    reason: str = Field(default="", max_length=1000)


class AskedIn(Schema):
    model_config = ConfigDict(extra="ignore")
    text: str = Field(max_length=5000)


class AskedOut(Schema):
    id: int
    listing_id: int
    text: str
    answer: str
    asked_at: datetime
    answered_at: datetime | None


class AskedPage(Schema):
    items: list[AskedOut]
    count: int
    page: int
