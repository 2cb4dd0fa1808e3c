"""Deals, their certificates and dossiers."""

# No postponed annotations here: ninja evaluates them.
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status

from yangbanjian.faces.api.deals_shapes import (
    CertificateOut,
    ContractIn,
    DealOut,
    DealPage,
    DealQuery,
    DealStep,
    IssueIn,
    JobOut,
    JobRef,
    ReadingOut,
    RegistryOut,
    RevokeIn,
    RoyaltyIn,
    RoyaltyOut,
    SplitOut,
)
from yangbanjian.faces.api.schemas import REFUSED, Id
from yangbanjian.faces.api.wire import actor_of, check_version, etag, page, signed_in
from yangbanjian.faces.deals_shown import certificate_shown, moves_of
from yangbanjian.faces.web.words import translated
from yangbanjian.ground.credentials import actions as credential_actions
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.certificates import actions as certificate_actions
from yangbanjian.market.certificates import queries as certificate_queries
from yangbanjian.market.trading import actions, policy, queries
from yangbanjian.market.trading.rules import closing, splits

router = Router(tags=["deals"])
VC = "application/vc"


def shown(actor: Actor, one: Any) -> dict[str, Any]:
    """A deal as this actor may read it."""
    is_inside = policy.may_see_deal(actor, one).allowed
    live = certificate_queries.live(one) if is_inside else None
    return {
        "id": one.pk, "kind": "deal", "state": one.state, "version": one.version,
        "edition": one.edition.label, "url": f"/deals/{one.pk}", "title": one.listing.title,
        "listing_id": one.listing_id, "lot_id": one.lot_id, "achievement_id": one.achievement_id,
        "seller": {"id": one.owner_id, "name": one.owner.name},
        "buyer": {"id": one.buyer_id, "name": one.buyer.name}, "price_fen": one.price_fen,
        "start_fen": one.lot.start_fen,
        "premium_percent": str(closing.premium_percent(one.lot.start_fen, one.price_fen)),
        "deal_mode": one.deal_mode, "method": one.lot.method, "payment": one.payment,
        "follows": one.follows_id, "awarded_at": one.awarded_at, "sign_by": one.sign_by,
        "signed_at": one.signed_at, "paid_at": one.paid_at, "handed_over_at": one.handed_over_at,
        "settled_at": one.settled_at, "registered_no": one.registered_no,
        "default_case": one.default_case, "claim_fen": one.claim_fen if is_inside else 0,
        "security": one.security if is_inside else "",
        "instalments": [_instalment(i) for i in queries.instalments(one)] if is_inside else [],
        "contract": one.contract if is_inside else {},
        "certificate": live.no if live else None, "moves": moves_of(actor, one),
    }  # fmt: skip


def _instalment(one: Any) -> dict[str, Any]:
    return {
        "seq": one.seq, "due_at": one.due_at, "amount_fen": one.amount_fen,
        "paid_fen": one.paid_fen, "from_deposit_fen": one.from_deposit_fen,
        "open_fen": one.amount_fen - one.paid_fen, "paid_at": one.paid_at,
        "account": queries.house_account() if one.expectation else "",
        "reference": one.expectation.reference if one.expectation else "",
    }  # fmt: skip


def _whole(actor: Actor, response: HttpResponse, deal_id: int) -> dict[str, Any]:
    one = queries.deal(actor, deal_id)
    body = shown(actor, one)
    response["ETag"] = etag(one.version, body, one.state)
    return body


@router.get("/deals", response={200: DealPage, **REFUSED}, operation_id="deals_list")
def list_deals(request: HttpRequest, query: Query[DealQuery]) -> Any:
    """Results of the floor, the newest first."""
    actor = actor_of(request)
    rows = queries.deals(actor, only_own=query.own)
    if query.state:
        rows = rows.filter(state__in=query.state[:20])
    return page(rows, query.page, query.size, lambda one: shown(actor, one))


@router.get("/deals/{int:deal_id}", response={200: DealOut, **REFUSED}, operation_id="deals_read")
def read_deal(request: HttpRequest, response: HttpResponse, deal_id: Id) -> Any:
    """One deal."""
    return _whole(actor_of(request), response, deal_id)


@router.post(
    "/deals/{int:deal_id}/moves/{move}",
    response={200: DealOut, **REFUSED},
    operation_id="deals_move",
)
def move_deal(
    request: HttpRequest, response: HttpResponse, deal_id: Id, move: str,
    payload: DealStep | None = None,
) -> Any:  # fmt: skip
    """Sign, default, register, hand over, archive, secure; settle (one of the exchange proposes,
    another confirms)."""
    actor, _ = signed_in(request)
    said = payload or DealStep()
    one = actions.locked_deal(actor, deal_id)
    check_version(request, one.version, one.state)
    until = said.until.isoformat() if said.until else ""
    verbs: dict[str, Any] = {
        "sign": lambda: actions.sign(actor=actor, deal_id=deal_id),
        "default": lambda: actions.default(
            actor=actor, deal_id=deal_id, reason=said.reason, case=said.case
        ),
        "register": lambda: actions.register(actor=actor, deal_id=deal_id, no=said.no),
        "hand_over": lambda: actions.hand_over(
            actor=actor, deal_id=deal_id, territory=said.territory, until=until
        ),
        "archive": lambda: actions.archive(actor=actor, deal_id=deal_id),
        "secure": lambda: actions.note_security(
            actor=actor, deal_id=deal_id, security=said.security
        ),
        "settle": lambda: (
            actions.propose_settlement if one.settle_proposed_at is None else actions.settle
        )(actor=actor, deal_id=deal_id),
    }
    if move not in verbs:
        raise NotFound("deals.no_such_move", gettext_noop("没有「%(move)s」这一步。"), move=move)
    verbs[move]()
    return _whole(actor, response, deal_id)


@router.post(
    "/deals/{int:deal_id}/contract", response={200: DealOut, **REFUSED}, operation_id="deals_word"
)
def word_contract(
    request: HttpRequest, response: HttpResponse, deal_id: Id, payload: ContractIn
) -> Any:
    """Word the parties' own clauses before anybody signs."""
    actor, _ = signed_in(request)
    actions.draft_contract(
        actor=actor, deal_id=deal_id, fields=payload.fields, other_fen=payload.other_fen
    )
    return _whole(actor, response, deal_id)


def _inside(request: HttpRequest, deal_id: int) -> Any:
    actor = actor_of(request)
    one = queries.deal(actor, deal_id)
    policy.may_see_deal(actor, one).or_refuse()
    return one


@router.get(
    "/deals/{int:deal_id}/registry", response={200: RegistryOut, **REFUSED},
    operation_id="deals_registry",
)  # fmt: skip
def read_registry(request: HttpRequest, deal_id: Id) -> Any:
    """The check before the technology contract is filed, with the contract to file."""
    one = _inside(request, deal_id)
    check = queries.registry_check(one)
    return {
        "kind": check.kind, "label": translated(check.label), "total_fen": check.total_fen,
        "technical_fen": check.technical_fen, "missing": list(check.missing),
        "contract": one.contract,
    }  # fmt: skip


@router.get(
    "/deals/{int:deal_id}/split", response={200: SplitOut, **REFUSED}, operation_id="deals_split"
)
def read_split(request: HttpRequest, deal_id: Id) -> Any:
    """Whose the income is: costs, the reward's floor where the seller is, shares to the fen."""
    found, edition = queries.split(_inside(request, deal_id))
    return {
        "gross_fen": found.gross_fen, "net_fen": found.net_fen, "reward_fen": found.reward_fen,
        "costs": [
            {"cost": name, "label": translated(splits.COSTS[name]), "fen": fen}
            for name, fen in found.costs
        ],
        "floor": {
            "permille": found.floor_permille, "clause": edition.clause,
            "document": edition.document, "edition": edition.label,
        },
        "shares": [{"to": s.to, "kind": s.kind, "fen": s.fen} for s in found.shares],
    }  # fmt: skip


@router.post(
    "/deals/{int:deal_id}/royalties", response={201: RoyaltyOut, **REFUSED},
    operation_id="deals_royalty",
)  # fmt: skip
def report_royalty(request: HttpRequest, deal_id: Id, payload: RoyaltyIn) -> Any:
    """The buyer reports the base of a period."""
    actor, _ = signed_in(request)
    made = actions.report_royalty(
        actor=actor, deal_id=deal_id, period_from=payload.period_from,
        period_to=payload.period_to, base_fen=payload.base_fen,
    )  # fmt: skip
    return Status(
        201,
        {"id": made.pk, "period_from": made.period_from, "period_to": made.period_to,
         "base_fen": made.base_fen, "royalty_fen": made.royalty_fen},
    )  # fmt: skip


# --- certificates --------------------------------------------------------------------------------


@router.post(
    "/deals/{int:deal_id}/certificate",
    response={201: CertificateOut, **REFUSED},
    operation_id="certificates_issue",
)
def issue(request: HttpRequest, deal_id: Id, payload: IssueIn | None = None) -> Any:
    """Issue the deal's certificate; 409 with `missing` while something is not there."""
    actor, _ = signed_in(request)
    said = payload or IssueIn()
    made = certificate_actions.issue(actor=actor, deal_id=deal_id, replaces=said.replaces)
    return Status(201, certificate_shown(certificate_queries.certificate(made.no)))


@router.get(
    "/certificates/{no}.vc.json", response={200: dict[str, Any], **REFUSED},
    operation_id="certificates_document",
)  # fmt: skip
def read_document(request: HttpRequest, no: str) -> Any:
    """The signed document, byte for byte as it was issued."""
    one = certificate_queries.certificate(no)
    return HttpResponse(one.credential.document, content_type=VC)


@router.get(
    "/certificates/{no}.pdf", response={200: dict[str, Any], **REFUSED},
    operation_id="certificates_paper",
)  # fmt: skip
def read_paper(request: HttpRequest, no: str) -> Any:
    """The sealed PDF."""
    one = certificate_queries.certificate(no)
    content = credential_actions.page(credential=one.credential)
    return HttpResponse(content, content_type="application/pdf")


@router.get(
    "/certificates/{no}/uses/{use}", response={200: ReadingOut, **REFUSED},
    operation_id="certificates_use",
)  # fmt: skip
def read_use(request: HttpRequest, no: str, use: str) -> Any:
    """«一证通用»: what the contract registry, a reward payout or a voucher claim reads of it."""
    return certificate_queries.read_for(certificate_queries.certificate(no), use)


@router.get(
    "/certificates/{no}", response={200: CertificateOut, **REFUSED},
    operation_id="certificates_read",
)  # fmt: skip
def read_certificate(request: HttpRequest, no: str) -> Any:
    """A certificate by its number: fields, standing, uses."""
    return certificate_shown(certificate_queries.certificate(no))


@router.post(
    "/certificates/{no}/moves/{move}", response={200: CertificateOut, **REFUSED},
    operation_id="certificates_move",
)  # fmt: skip
def move_certificate(
    request: HttpRequest, no: str, move: str, payload: RevokeIn | None = None
) -> Any:
    """Revoke a certificate, by another person than who issued it."""
    actor, _ = signed_in(request)
    if move != "revoke":
        raise NotFound("deals.no_such_move", gettext_noop("没有「%(move)s」这一步。"), move=move)
    said = payload or RevokeIn()
    one = certificate_actions.revoke(actor=actor, no=no, reason=said.reason or "撤销")
    return certificate_shown(certificate_queries.certificate(one.no))


# --- dossiers ------------------------------------------------------------------------------------


@router.post(
    "/deals/{int:deal_id}/dossier", response={202: JobRef, **REFUSED}, operation_id="dossiers_ask"
)
def ask_for_dossier(request: HttpRequest, deal_id: Id) -> Any:
    """Assemble the dossier of a deal; the job says when it is there."""
    actor, _ = signed_in(request)
    made = certificate_actions.ask_for_dossier(actor=actor, deal_id=deal_id)
    return Status(202, {"job": made.pk})


@router.get("/jobs/{int:job_id}", response={200: JobOut, **REFUSED}, operation_id="jobs_read")
def read_job(request: HttpRequest, job_id: Id) -> Any:
    """How far a dossier is, and where it lies."""
    one = certificate_queries.dossier(actor_of(request), job_id)
    is_done = one.state == "done"
    at = f"/api/v1/jobs/{one.pk}"
    return {
        "id": one.pk, "state": one.state, "file": f"{at}/file" if is_done else None,
        "paper": f"{at}/paper" if is_done else None, "failure": one.failure,
        "deal_id": one.deal_id,
    }  # fmt: skip


@router.get(
    "/jobs/{int:job_id}/file", response={200: dict[str, Any], **REFUSED}, operation_id="jobs_file"
)
def read_job_file(request: HttpRequest, job_id: Id) -> Any:
    """The dossier: what `python -m verify` checks without a network."""
    content = certificate_actions.content_of(actor=actor_of(request), dossier_id=job_id)
    return _download(content, "application/json", f"dossier-{job_id}.json")


@router.get(
    "/jobs/{int:job_id}/paper", response={200: dict[str, Any], **REFUSED}, operation_id="jobs_paper"
)
def read_job_paper(request: HttpRequest, job_id: Id) -> Any:
    """The same for people: a PDF that says what is met and what is missing, clause by clause."""
    actor = actor_of(request)
    content = certificate_actions.content_of(actor=actor, dossier_id=job_id, part="pdf")
    return _download(content, "application/pdf", f"dossier-{job_id}.pdf")


def _download(content: bytes, kind: str, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "private, no-store"
    return answer
