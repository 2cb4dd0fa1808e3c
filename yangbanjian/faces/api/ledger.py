"""The books: accounts, batches of transfers, balances at any number, the trial balance."""

# No postponed annotations here: ninja evaluates them.
from datetime import date
from typing import Annotated, Any, Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema
from ninja.responses import Status
from pydantic import ConfigDict, StrictBool, StrictInt, StringConstraints

from yangbanjian.faces.api.schemas import REFUSED, Id
from yangbanjian.faces.api.wire import LARGEST_ID, actor_of
from yangbanjian.ground.bank import queries as bank
from yangbanjian.ground.ledger import actions, queries
from yangbanjian.ground.ledger.rules import (
    LONGEST_CAUSE,
    MOST_TRANSFERS,
    Kind,
    Result,
    Transfer,
)
from yangbanjian.ground.ledger.rules.book import Balance

router = Router(tags=["ledger"])
LONGEST_NAME = 64
Number = Annotated[StrictInt, Field(ge=1, le=LARGEST_ID)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME, pattern=r"^[!-~]+$")]
# 128 bits of the caller's choosing: a UUID, a number, or any other short name.
Key = Number | Name
Asset = Annotated[
    str, StringConstraints(max_length=LONGEST_NAME, pattern=r"^[A-Za-z0-9][A-Za-z0-9:._/-]*$")
]
Seq = Annotated[int, Field(ge=0, le=LARGEST_ID)]


def read_key(said: int | str) -> UUID:
    """The 128 bits that a caller's id stands for; the same however a UUID or number is written."""
    if isinstance(said, int) or (said.isascii() and said.isdigit() and int(said) <= LARGEST_ID):
        return UUID(int=int(said))
    try:
        return UUID(said)
    except ValueError:
        return uuid5(NAMESPACE_URL, f"urn:ybj:ledger:id:{said}")


def _key(said: int | str | None) -> UUID | None:
    return None if said is None else read_key(said)


class LedgerAccountIn(Schema):
    """An account: `id` is yours to choose, `owner_id` an organisation (else your own), `code` what
    the account is for. `limited`: debits, posted and pending, never exceed the credits posted."""

    model_config = ConfigDict(extra="forbid")
    id: Key
    owner_id: Id | None = None
    code: (
        Annotated[int, Field(ge=0, le=LARGEST_ID)]
        | Annotated[str, StringConstraints(min_length=1, max_length=40)]
    )
    asset: Asset
    limited: StrictBool = False


class LedgerAccountOut(Schema):
    """An account and its sums at the number `seq`, in fen or whole units of the asset."""

    id: int | str
    owner_id: int | None
    code: int | str
    asset: str
    limited: bool
    seq: int
    debits_pending: int
    debits_posted: int
    credits_pending: int
    credits_posted: int


class TransferIn(Schema):
    """A transfer: `posted` at once, or `pending` (a hold, for `timeout_s` seconds or until it is
    resolved); `post` pays the hold `pending_id` whole or the `amount` of it, `void` gives it back.
    Those with the same `chain` are posted all or none. `corrects_id` names a posted one that this
    one corrects."""

    model_config = ConfigDict(extra="forbid")
    id: Key
    kind: Literal["posted", "pending", "post", "void"] = "posted"
    debit: Key | None = None
    credit: Key | None = None
    amount: StrictInt | None = None
    asset: Asset | None = None
    pending_id: Key | None = None
    chain: Key | None = None
    timeout_s: StrictInt | None = None
    cause: Annotated[str, StringConstraints(max_length=LONGEST_CAUSE)] | None = None
    corrects_id: Key | None = None
    effective_date: date | None = None

    def asked(self) -> Transfer:
        return Transfer(
            id=read_key(self.id), kind=Kind(self.kind), debit=_key(self.debit),
            credit=_key(self.credit), asset=self.asset, hold_id=_key(self.pending_id),
            # Nought says what leaving it out says, where there is nothing to say.
            amount=None if self.kind == "void" and not self.amount else self.amount,
            chain=_key(self.chain), timeout_s=self.timeout_s or None, cause=self.cause or "",
            corrects_id=_key(self.corrects_id), effective_on=self.effective_date,
        )  # fmt: skip


class BatchIn(Schema):
    """Transfers, posted in this order."""

    model_config = ConfigDict(extra="forbid")
    transfers: Annotated[list[TransferIn], Field(max_length=MOST_TRANSFERS)]


class ResultOut(Schema):
    """What became of one transfer, and its number if it stands."""

    id: int | str
    result: Result
    seq: int | None


class BatchOut(Schema):
    results: list[ResultOut]


class AtSeq(Schema):
    """At which number; the last one without it."""

    at_seq: Seq | None = None


class LedgerAssetOut(Schema):
    asset: str
    debits_posted: int
    credits_posted: int
    debits_pending: int
    credits_pending: int


class TrialBalance(Schema):
    """Sums over all accounts at the number `seq`: debits and credits of each asset are equal."""

    seq: int
    assets: list[LedgerAssetOut]


class UnmatchedQuery(Schema):
    """Which of the lines; by default all there are room for."""

    asset: Asset = "CNY"
    page: int = Field(default=1, ge=1, le=100_000)
    size: int = Field(default=1000, ge=1, le=1000)


class BankLineOut(Schema):
    """A line of a bank statement; `amount_fen` above nought has come in, below has gone out."""

    line_id: int
    bank_account: str
    serial: str
    booked_on: date
    amount_fen: int
    counterparty: str
    counterparty_name: str
    reference: str


class UnmatchedOut(Schema):
    """Lines without a match, oldest first, and at the same moment their whole `sum` and what the
    suspense account holds: always equal."""

    items: list[BankLineOut]
    count: int
    page: int
    sum: int
    suspense_balance: int


def _sums(balance: Balance) -> dict[str, int]:
    return {
        "debits_pending": balance.debits_pending,
        "debits_posted": balance.debits_posted,
        "credits_pending": balance.credits_pending,
        "credits_posted": balance.credits_posted,
    }


def _number_or_text(text: str) -> int | str:
    """A code as a number where it is the usual writing of one."""
    is_number = text.isascii() and text.isdigit() and (text == "0" or text[0] != "0")
    return int(text) if is_number and int(text) <= LARGEST_ID else text


def _shown(account: Any, said: int | str, at_seq: int | None = None) -> dict[str, Any]:
    seq, balance = queries.balance(account, at_seq)
    return {
        "id": said,
        "owner_id": account.owner_id,
        "code": _number_or_text(account.code),
        "asset": account.asset,
        "limited": account.is_limited,
        "seq": seq,
        **_sums(balance),
    }


@router.post("/ledger/accounts", response={201: LedgerAccountOut, 200: LedgerAccountOut, **REFUSED},
             operation_id="ledger_open_account")  # fmt: skip
def open_account(request: HttpRequest, payload: LedgerAccountIn) -> Any:
    """Open an account (treasurers); 200 when the very same one is open already."""
    account, is_new = actions.keep_account(
        actor=actor_of(request), key=read_key(payload.id), owner_id=payload.owner_id,
        code=str(payload.code), asset=payload.asset, is_limited=payload.limited,
    )  # fmt: skip
    return Status(201 if is_new else 200, _shown(account, payload.id))


@router.post("/ledger/batches", response={200: BatchOut, **REFUSED}, operation_id="ledger_post")
def post_batch(request: HttpRequest, payload: BatchIn) -> Any:
    """Post transfers (treasurers). Each has its result; a batch sent again changes nothing."""
    outcomes = actions.keep(
        actor=actor_of(request), transfers=[sent.asked() for sent in payload.transfers]
    )
    return {
        "results": [
            {"id": sent.id, "result": outcome.result, "seq": outcome.seq}
            for sent, outcome in zip(payload.transfers, outcomes, strict=True)
        ]
    }


@router.get("/ledger/accounts/{account_id}", response={200: LedgerAccountOut, **REFUSED},
            operation_id="ledger_account")  # fmt: skip
def account(request: HttpRequest, account_id: Name, query: Query[AtSeq]) -> Any:
    """An account and its sums, now or at a number of the past: those who read the books, and its
    owner."""
    found = queries.account(actor_of(request), read_key(account_id))
    return _shown(found, _number_or_text(account_id), query.at_seq)


@router.get("/ledger/trial-balance", response={200: TrialBalance, **REFUSED},
            operation_id="ledger_trial_balance")  # fmt: skip
def trial_balance(request: HttpRequest, query: Query[AtSeq]) -> Any:
    """The sums of every asset, now or at a number of the past."""
    seq, lines = queries.trial_balance(actor_of(request), query.at_seq)
    return {"seq": seq, "assets": [{"asset": o.asset, **_sums(o.balance)} for o in lines]}


@router.get("/ledger/unmatched", response={200: UnmatchedOut, **REFUSED},
            operation_id="ledger_unmatched")  # fmt: skip
def unmatched(request: HttpRequest, query: Query[UnmatchedQuery]) -> Any:
    """The bank's lines that nobody has placed: those who read the books."""
    found = bank.unmatched(
        actor_of(request), asset=query.asset, skip=(query.page - 1) * query.size, most=query.size
    )
    items = [
        {
            "line_id": one.id, "bank_account": one.bank_account, "serial": one.serial,
            "booked_on": one.booked_on, "amount_fen": one.amount,
            "counterparty": one.counterparty, "counterparty_name": one.counterparty_name,
            "reference": one.reference,
        }
        for one in found.items
    ]  # fmt: skip
    return {
        "items": items, "count": found.count, "page": query.page, "sum": found.sum,
        "suspense_balance": found.suspense_balance,
    }  # fmt: skip
