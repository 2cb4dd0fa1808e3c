"""What goes over the wire of the way to the floor: decisions, duties, notices, objections, rights."""

# No postponed annotations here: ninja evaluates them.
from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Field, Schema
from pydantic import ConfigDict

from yangbanjian.faces.api.schemas import Id, Organisation, Paging, PossibleMove

Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2199, 12, 31))]
Fen = Annotated[int, Field(ge=-(2**53), le=2**53)]
Text = Annotated[str, Field(max_length=5000)]


class DecisionIn(Schema):
    """`kind`: a code such as collective; `on`: today by default; `file_id`: the minutes."""

    model_config = ConfigDict(extra="forbid")
    kind: str = Field(max_length=60)
    price_mode: str = Field(max_length=40)
    price_fen: Fen | None = None
    file_id: Id | None = None
    on: Day | None = None
    note: str = Field(default="", max_length=2000)


class DecisionOut(Schema):
    id: int
    achievement_id: int
    kind: str
    price_mode: str
    price_fen: int | None
    file_id: int | None
    on: date
    note: str
    entry_id: int | None
    made_at: datetime


class StatementIn(Schema):
    """A check before listing: `item` and `verdict` (pass, fail, not_applicable)."""

    model_config = ConfigDict(extra="forbid")
    item: str = Field(max_length=40)
    verdict: str = Field(max_length=40)
    note: str = Field(default="", max_length=2000)
    file_id: Id | None = None


class StatementOut(Schema):
    id: int
    item: str
    verdict: str
    entry_id: int | None
    made_at: datetime


class WayIn(Schema):
    """`floor` false: traded elsewhere, which needs a `reason`."""

    model_config = ConfigDict(extra="forbid")
    floor: bool
    reason: str = Field(default="", max_length=500)


class WayOut(Schema):
    achievement_id: int
    floor: bool
    reason: str


class DutyOut(Schema):
    """`entries`: the journal's entries that say so; `ball`: who has to act while it is missing."""

    clause: str
    document: str
    duty: str
    label: str
    verdict: Literal["met", "missing", "not_required"]
    entries: list[int]
    ball: str


class DutiesOut(Schema):
    jurisdiction: str
    edition: str
    price_mode: str
    items: list[DutyOut]


class RelatedParty(Schema):
    """Is the buyer a completer or a related party; if so, who and how."""

    model_config = ConfigDict(populate_by_name=True)
    is_: bool = Field(alias="is")
    statement: str = Field(default="", max_length=2000)


class NoticeIn(Schema):
    """`days`: as many as the rules ask, or more."""

    model_config = ConfigDict(extra="forbid")
    achievement_id: Id
    deal_mode: str = Field(max_length=40)
    price_mode: str = Field(max_length=40)
    price_fen: Fen
    related_party: RelatedParty
    days: int | None = Field(default=None, ge=-(10**6), le=10**6)


class NoticeStep(Schema):
    """What goes with a move; a change takes `reason` and what it changes."""

    model_config = ConfigDict(extra="ignore")
    reason: str = Field(default="", max_length=1000)
    deal_mode: str | None = Field(default=None, max_length=40)
    price_mode: str | None = Field(default=None, max_length=40)
    price_fen: Fen | None = None
    related_party: RelatedParty | None = None
    days: int | None = Field(default=None, ge=-(10**6), le=10**6)


class NoticeOut(Schema):
    """A notice. Of a draft, `opens_at` and `closes_at` are what they would be if it were opened
    now; `counted` says how the days are counted; `objections`: how many in which state."""

    id: int
    kind: Literal["notice"]
    state: str
    version: int
    edition: str
    url: str
    achievement_id: int
    owner: Organisation
    title: str
    abstract: str
    deal_mode: str
    price_mode: str
    price_fen: int
    related_party: dict[str, Any]
    days: int
    unit: str
    first_day: str
    counted: str
    opens_at: datetime
    closes_at: datetime
    paused_at: datetime | None
    ended_at: datetime | None
    objections: dict[str, int]
    moves: list[PossibleMove]


class NoticePage(Schema):
    items: list[NoticeOut]
    count: int
    page: int


class NoticeQuery(Paging):
    state: list[str] = []
    achievement: Id | None = None


class ObjectionIn(Schema):
    """Without an account, `name` and `contact` are needed; they are not published."""

    model_config = ConfigDict(extra="ignore")
    text: Text
    name: str = Field(default="", max_length=200)
    contact: str = Field(default="", max_length=200)


class ObjectionOut(Schema):
    id: int
    kind: Literal["objection"]
    notice_id: int
    state: str
    text: str
    ruling: str
    appeal: str
    final_ruling: str
    made_at: datetime
    ruled_at: datetime | None
    moves: list[PossibleMove]


class ObjectionPage(Schema):
    items: list[ObjectionOut]
    count: int
    page: int


class ObjectionStep(Schema):
    """`outcome` upheld or dismissed goes with rule, `reason` with both."""

    model_config = ConfigDict(extra="ignore")
    outcome: str = Field(default="", max_length=40)
    reason: str = Field(default="", max_length=2000)


class HolderIn(Schema):
    """`share_bp`: hundredths of a percent; all together make 10,000."""

    name: str = Field(max_length=200)
    organisation_id: Id | None = None
    share_bp: int = Field(ge=1, le=10_000)


class RightIn(Schema):
    """One entry. `holders` go with initial, transfer, change and correction; `licence`, `to`,
    `territory`, `until` with a licence; `to`, `until` with a pledge; `of` (an entry's seq) with a
    release; `text` with an objection."""

    model_config = ConfigDict(extra="forbid")
    kind: str = Field(max_length=40)
    holds_from: Day | None = None
    basis: str = Field(default="", max_length=200)
    title: str | None = Field(default=None, max_length=400)
    holders: list[HolderIn] | None = Field(default=None, max_length=50)
    licence: Literal["exclusive", "sole", "ordinary"] | None = None
    to: str | None = Field(default=None, max_length=200)
    territory: str | None = Field(default=None, max_length=200)
    until: Day | None = None
    of: int | None = Field(default=None, ge=1, le=10_000)
    text: str | None = Field(default=None, max_length=1000)


class RightEntryOut(Schema):
    seq: int
    kind: str
    holds_from: date
    content: dict[str, Any]
    basis: str
    entered_at: datetime
    entry_id: int | None


class RightOut(Schema):
    """The register's state on a day, and every entry, also later ones."""

    no: str
    url: str
    on: date
    achievement_id: int
    title: str
    holders: list[dict[str, Any]]
    licences: list[dict[str, Any]]
    pledges: list[dict[str, Any]]
    objections: list[dict[str, Any]]
    cancelled: bool
    entries: list[RightEntryOut]


class RightQuery(Schema):
    on: Day | None = None
