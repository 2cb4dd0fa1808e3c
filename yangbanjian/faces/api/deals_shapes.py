"""What goes over the wire of deals, certificates and dossiers."""

# No postponed annotations here: ninja evaluates them.
from datetime import date, datetime
from typing import Any, Literal

from ninja import Field, Schema
from pydantic import ConfigDict

from yangbanjian.faces.api.schemas import Id, Organisation, Paging, PossibleMove


class DealQuery(Paging):
    """`own`: those of the caller's organisations alone."""

    state: list[str] = []
    own: bool = False


class InstalmentOut(Schema):
    """`open_fen` is waited for at the house's bank `account` under `reference`, from the account that
    the deposit came from; `from_deposit_fen` the deposit has paid."""

    seq: int
    due_at: datetime
    amount_fen: int
    paid_fen: int
    from_deposit_fen: int
    open_fen: int
    account: str
    reference: str
    paid_at: datetime | None


class DealOut(Schema):
    """A deal. Instalments, contract and certificate are shown to both parties, the exchange and the
    auditor; to others they are empty."""

    id: int
    kind: Literal["deal"]
    state: str
    version: int
    edition: str
    url: str
    title: str
    listing_id: int
    lot_id: int
    achievement_id: int
    seller: Organisation
    buyer: Organisation
    price_fen: int
    start_fen: int
    premium_percent: str
    deal_mode: str
    method: str
    payment: dict[str, Any]
    follows: int | None
    awarded_at: datetime
    sign_by: datetime
    signed_at: datetime | None
    paid_at: datetime | None
    handed_over_at: datetime | None
    settled_at: datetime | None
    registered_no: str
    default_case: str
    claim_fen: int
    security: str
    instalments: list[InstalmentOut]
    contract: dict[str, Any]
    certificate: str | None
    moves: list[PossibleMove]


class DealPage(Schema):
    items: list[DealOut]
    count: int
    page: int


class DealStep(Schema):
    """What goes with a move: `reason` and `case` with default, `no` with register, `territory` and
    `until` with hand_over, `security` with secure."""

    model_config = ConfigDict(extra="ignore")
    reason: str = Field(default="", max_length=1000)
    case: str = Field(default="", max_length=40)
    no: str = Field(default="", max_length=60)
    territory: str = Field(default="", max_length=200)
    until: date | None = None
    security: str = Field(default="", max_length=300)


class ContractIn(Schema):
    """Clauses that are the parties' own, by name; `other_fen`: the part that is not technical."""

    model_config = ConfigDict(extra="forbid")
    fields: dict[str, str] = Field(default_factory=dict, max_length=20)
    other_fen: int | None = Field(default=None, ge=0, lt=2**53)


class RegistryOut(Schema):
    """The check before the contract is filed, and what is filed."""

    kind: str
    label: str
    total_fen: int
    technical_fen: int
    missing: list[str]
    contract: dict[str, Any]


class CostOut(Schema):
    cost: str
    label: str
    fen: int


class ShareOut(Schema):
    to: str
    kind: str
    fen: int


class FloorOut(Schema):
    permille: int
    clause: str
    document: str
    edition: str


class SplitOut(Schema):
    """Gross less costs is net; reward and what the unit keeps are the shares, to the fen."""

    gross_fen: int
    costs: list[CostOut]
    net_fen: int
    floor: FloorOut
    reward_fen: int
    shares: list[ShareOut]


class RoyaltyIn(Schema):
    model_config = ConfigDict(extra="forbid")
    period_from: date
    period_to: date
    base_fen: int = Field(ge=0, lt=2**53)


class RoyaltyOut(Schema):
    id: int
    period_from: date
    period_to: date
    base_fen: int
    royalty_fen: int


class IssueIn(Schema):
    """`replaces`: issue anew; the one that holds is revoked in the same commit."""

    model_config = ConfigDict(extra="ignore")
    replaces: bool = False


class UseOut(Schema):
    use: str
    label: str
    accepted: bool
    lacks: list[str]


class CertificateOut(Schema):
    """A certificate as anybody reads it who has its number."""

    no: str
    deal_id: int
    url: str
    title: str
    issuer: str
    notice: str
    state: str
    since: datetime
    reason: str
    fields: dict[str, Any]
    rows: list[tuple[str, str]]
    status_list: str
    uses: list[UseOut]


class ReadingOut(Schema):
    """What one reader needs of a certificate, and whether it does for that use."""

    use: str
    accepted: bool
    lacks: list[str]
    fields: dict[str, Any]


class RevokeIn(Schema):
    model_config = ConfigDict(extra="ignore")
    reason: str = Field(default="", max_length=1000)


class JobRef(Schema):
    job: int


class JobOut(Schema):
    """`state` queued, recorded (waits for the signed log), done or failed; `file` and `paper` are
    addresses once it is done."""

    id: Id
    state: str
    file: str | None
    paper: str | None
    failure: str
    deal_id: int
