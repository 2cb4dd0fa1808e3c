"""What is paid out of deals, and where an organisation wants to be paid."""

# No postponed annotations here: ninja evaluates them.
from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema
from pydantic import ConfigDict

from yangbanjian.faces.api.schemas import REFUSED, Id, Organisation, Paging, PossibleMove
from yangbanjian.faces.api.wire import page, signed_in
from yangbanjian.faces.web.words import translated
from yangbanjian.ground.bank import actions as bank
from yangbanjian.ground.bank import policy as bank_policy
from yangbanjian.ground.bank import queries as bank_queries
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import actions, policy, queries
from yangbanjian.market.trading.rules import payouts as rules

router = Router(tags=["deals"])
REPEAT, FAIL = gettext_noop("重新付款"), gettext_noop("银行没有付成")


class PayoutOut(Schema):
    """A payment out of a deal to whoever has earned it. `bank_account` is told to them and to the
    exchange; `reference` is what the bank writes beside it; a failed one says why."""

    id: int
    kind: Literal["payout"]
    deal_id: int
    of: str
    owner: Organisation
    seq: int
    attempt: int
    amount_fen: int
    state: str
    bank_account: str
    reference: str
    made_at: datetime
    paid_at: datetime | None
    failed_at: datetime | None
    failure: str
    moves: list[PossibleMove]


class PayoutPage(Schema):
    items: list[PayoutOut]
    count: int
    page: int


class PayoutQuery(Paging):
    deal: Id | None = None


class PayoutStep(Schema):
    model_config = ConfigDict(extra="ignore")
    reason: str = Field(default="", max_length=200)


class PayeeIn(Schema):
    """The organisation's own account at a bank."""

    number: str = Field(max_length=80)
    bank: str = Field(max_length=100)


class PayeeOut(Schema):
    """Where the caller's organisation is paid; "" where it has named no account."""

    number: str
    bank: str
    made_at: datetime | None


def payout_moves(actor: Actor, one: Any) -> list[dict[str, Any]]:
    """What this actor may do with a payment now."""
    if not policy.may_pay_out(actor).allowed:
        return []
    state = rules.state_of(one.paid_at, one.failed_at)
    if state == "ordered":
        return [{"move": "fail", "label": translated(FAIL), "missing": ["reason"]}]
    is_last = not one.deal.payouts.filter(seq=one.seq, attempt__gt=one.attempt).exists()
    if state == "failed" and is_last:
        return [{"move": "repeat", "label": translated(REPEAT), "missing": []}]
    return []


def _shown(actor: Actor, one: Any) -> dict[str, Any]:
    ordered = one.expectation_id is not None
    return {
        "id": one.pk, "kind": "payout", "deal_id": one.deal_id, "of": one.kind,
        "owner": {"id": one.owner_id, "name": one.owner.name}, "seq": one.seq,
        "attempt": one.attempt, "amount_fen": one.amount_fen,
        "state": rules.state_of(one.paid_at, one.failed_at),
        "bank_account": one.bank_account if policy.sees_account(actor, one) else "",
        "reference": rules.reference(one.deal_id, one.seq, one.attempt) if ordered else "",
        "made_at": one.made_at, "paid_at": one.paid_at, "failed_at": one.failed_at,
        "failure": translated(one.failure) if one.failure else "",
        "moves": payout_moves(actor, one),
    }  # fmt: skip


@router.get("/payouts", response={200: PayoutPage, **REFUSED}, operation_id="payouts_list")
def list_payouts(request: HttpRequest, query: Query[PayoutQuery]) -> Any:
    """Payments to the caller's organisations and out of their deals; for the exchange all."""
    actor, _ = signed_in(request)
    rows = queries.payouts(actor)
    if query.deal is not None:
        rows = rows.filter(deal_id=query.deal)
    return page(rows, query.page, query.size, lambda one: _shown(actor, one))


@router.post(
    "/payouts/{int:payout_id}/moves/{move}", response={200: PayoutOut, **REFUSED},
    operation_id="payouts_move",
)  # fmt: skip
def move_payout(
    request: HttpRequest, payout_id: Id, move: str, payload: PayoutStep | None = None
) -> Any:
    """Say that the bank has not paid (`fail`, with its reason), or order a failed payment again to
    the account that its owner has named by now (`repeat`)."""
    actor, _ = signed_in(request)
    said = payload or PayoutStep()
    if move == "fail":
        made = actions.fail_payout(actor=actor, payout_id=payout_id, reason=said.reason)
    elif move == "repeat":
        made = actions.repeat_payout(actor=actor, payout_id=payout_id)
    else:
        raise NotFound("payouts.no_such_move", gettext_noop("没有「%(move)s」这一步。"), move=move)
    return _shown(actor, queries.payout(actor, made.pk))


def _payee(actor: Actor) -> dict[str, Any]:
    known = bank_queries.payee_of(actor.organisation_id) if actor.organisation_id else None
    return {
        "number": known.number if known else "", "bank": known.bank if known else "",
        "made_at": known.made_at if known else None,
    }  # fmt: skip


@router.get("/payee", response={200: PayeeOut, **REFUSED}, operation_id="payee_read")
def read_payee(request: HttpRequest) -> Any:
    """Where the caller's organisation is paid."""
    actor, _ = signed_in(request)
    return _payee(actor)


@router.post("/payee", response={200: PayeeOut, **REFUSED}, operation_id="payee_name")
def name_payee(request: HttpRequest, payload: PayeeIn) -> Any:
    """Name the account to which the caller's organisation is paid from now on."""
    actor, _ = signed_in(request)
    bank_policy.may_name_payee(actor, actor.organisation_id).or_refuse()
    bank.name_payee(actor=actor, number=payload.number, bank=payload.bank)
    return _payee(actor)
