"""Listings, buyers' registrations and questions."""

# No postponed annotations here: ninja evaluates them.
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status

from yangbanjian.faces.api.listings_shapes import (
    AskedIn,
    AskedOut,
    AskedPage,
    ListingIn,
    ListingOut,
    ListingPage,
    ListingQuery,
    ListingSaid,
    ListingStep,
    RegistrationIn,
    RegistrationOut,
    RegistrationPage,
    RegistrationQuery,
    RegistrationStep,
)
from yangbanjian.faces.api.schemas import REFUSED, Id, Paging
from yangbanjian.faces.api.wire import actor_of, check_version, etag, page, signed_in
from yangbanjian.faces.web.words import translated
from yangbanjian.ground.clock import queries as clock
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import actions, policy, queries
from yangbanjian.market.trading.rules import listing_states, registration_states

router = Router(tags=["floor"])
OURS = ("submit", "return", "accept", "publish", "change", "pause", "resume", "withdraw", "end")


def _moves(actor: Actor, one: Any, lacks: tuple[str, ...]) -> list[dict[str, Any]]:
    who = policy.moves_of(actor, one.owner_id)
    told = []
    for move in listing_states.TABLE.moves_from(one.state, who):
        if move.name in OURS:
            missing = ["reason"] if move.needs_reason else []
            if move.name in ("submit", "publish"):
                missing += lacks
            told.append(
                {"move": move.name, "label": translated(move.label), "missing": missing}
            )  # fmt: skip
    return told


def shown(actor: Actor, one: Any, *, is_whole: bool = False) -> dict[str, Any]:
    """A listing as this actor may read it; `is_whole` with its versions and what is missing."""
    lot = queries.lot_of(one)
    is_before = one.state in ("draft", "submitted", "returned", "accepted")
    may_look = is_whole and is_before and policy.may_see_inside(actor, one.owner_id)
    lacks = queries.missing(one.achievement, one) if may_look else ()
    return {
        "id": one.pk, "kind": "listing", "lot_id": lot.pk, "state": one.state,
        "version": one.version, "round": one.round, "edition": one.edition.label,
        "url": f"/listings/{one.pk}", "achievement_id": one.achievement_id,
        "notice_id": one.notice_id, "owner": {"id": one.owner_id, "name": one.owner.name},
        "title": one.title, "abstract": one.abstract, "deal_mode": one.deal_mode,
        "method": one.method, "start_fen": one.start_fen, "step_fen": one.step_fen,
        "floor_fen": one.floor_fen, "has_reserve": bool(lot.reserve_commitment),
        "deposit_fen": one.deposit_fen,
        "disclosure": {"days": one.days, "unit": one.unit, "first_day": one.first_day},
        "free_s": one.free_s, "cycle_s": one.cycle_s, "hard_close_s": one.hard_close_s,
        "priority_s": one.priority_s, "shows_losing": one.shows_losing, "ladder": one.ladder,
        "commission": one.commission, "payment": one.payment, "forfeitures": one.forfeitures,
        "conditions": one.conditions, "published_at": one.published_at,
        "disclosure_ends_at": queries.planned_end(one), "paused_at": one.paused_at,
        "server_now": clock.now(), "missing": list(lacks),
        "registrations": dict(queries.counts(one)) if policy.is_exchange(actor) else None,
        "versions": [
            {"version": v.version, "reason": v.reason, "at": v.made_at, "content": v.content}
            for v in (queries.versions(one)[:20] if is_whole else ())
        ],
        "moves": _moves(actor, one, lacks),
    }  # fmt: skip


def _whole(actor: Actor, response: HttpResponse, listing_id: int) -> dict[str, Any]:
    one = queries.listing(actor, listing_id)
    body = shown(actor, one, is_whole=True)
    steady = {k: v for k, v in body.items() if k != "server_now"}
    if one.disclosure_ends_at is None:
        steady["disclosure_ends_at"] = None  # of a draft it moves with the clock
    response["ETag"] = etag(one.version, steady, one.state)
    return body


@router.get("/listings", response={200: ListingPage, **REFUSED}, operation_id="listings_list")
def list_listings(request: HttpRequest, query: Query[ListingQuery]) -> Any:
    """Public listings, and the caller's own drafts."""
    actor = actor_of(request)
    rows = queries.listings(actor)
    if query.state:
        rows = rows.filter(state__in=query.state[:20])
    if query.achievement is not None:
        rows = rows.filter(achievement_id=query.achievement)
    if query.q.strip():
        rows = rows.filter(title__icontains=query.q.strip())
    return page(rows, query.page, query.size, lambda one: shown(actor, one))


@router.post("/listings", response={201: ListingOut, **REFUSED}, operation_id="listings_add")
def add_listing(request: HttpRequest, response: HttpResponse, payload: ListingIn) -> Any:
    """Draft a listing: what is sold, by which method, from which price; its lot is laid out."""
    actor, _ = signed_in(request)
    made = actions.draft_listing(
        actor=actor, achievement_id=payload.achievement_id, values=payload.values(),
        notice_id=payload.notice_id,
    )  # fmt: skip
    return Status(201, _whole(actor, response, made.pk))


@router.get(
    "/listings/{int:listing_id}",
    response={200: ListingOut, **REFUSED},
    operation_id="listings_read",
)
def read_listing(request: HttpRequest, response: HttpResponse, listing_id: Id) -> Any:
    """One listing with what it said before."""
    return _whole(actor_of(request), response, listing_id)


@router.patch(
    "/listings/{int:listing_id}",
    response={200: ListingOut, **REFUSED},
    operation_id="listings_revise",
)
def revise_listing(
    request: HttpRequest, response: HttpResponse, listing_id: Id, payload: ListingSaid
) -> Any:
    """Change a draft, or one that was returned; what is not given stays."""
    actor, _ = signed_in(request)
    one = actions.looked_at_listing(actor, listing_id)
    check_version(request, one.version, one.state)
    actions.revise_listing(actor=actor, listing_id=listing_id, values=payload.values())
    return _whole(actor, response, listing_id)


@router.post(
    "/listings/{int:listing_id}/moves/{move}",
    response={200: ListingOut, **REFUSED},
    operation_id="listings_move",
)
def move_listing(
    request: HttpRequest, response: HttpResponse, listing_id: Id, move: str,
    payload: ListingStep | None = None,
) -> Any:  # fmt: skip
    """Submit, return, accept (a second time, by another person: confirm), publish, change (the
    disclosure begins anew), pause, resume, withdraw or end a listing."""
    actor, _ = signed_in(request)
    said = payload or ListingStep()
    one = actions.looked_at_listing(actor, listing_id)
    check_version(request, one.version, one.state)
    plain = {
        "submit": actions.submit_listing, "accept": actions.accept_listing,
        "publish": actions.publish_listing, "resume": actions.resume_listing,
    }  # fmt: skip
    reasoned = {
        "return": actions.return_listing, "pause": actions.pause_listing,
        "withdraw": actions.withdraw_listing, "end": actions.end_listing,
    }  # fmt: skip
    if move in plain:
        plain[move](actor=actor, listing_id=listing_id)
    elif move in reasoned:
        reasoned[move](actor=actor, listing_id=listing_id, reason=said.reason)
    elif move == "change":
        actions.change_listing(
            actor=actor, listing_id=listing_id, reason=said.reason, values=said.values()
        )
    else:
        raise NotFound("listings.no_such_move", gettext_noop("没有「%(move)s」这一步。"), move=move)
    return _whole(actor, response, listing_id)


def _refund(one: Any) -> dict[str, Any] | None:
    found = queries.refund_state(one)
    if found is None or not found["failure"]:
        return found
    return {**found, "failure": translated(found["failure"])}


def registered(actor: Actor, one: Any) -> dict[str, Any]:
    """A registration as its buyer or the exchange reads it."""
    needs = one.deposit_fen > 0
    return {
        "id": one.pk, "kind": "registration", "listing_id": one.listing_id,
        "lot_id": queries.lot_of(one.listing).pk,
        "owner": {"id": one.owner_id, "name": one.owner.name}, "state": one.state,
        "version": one.version, "plate": one.plate, "is_related": one.is_related,
        "is_priority": one.is_priority, "statement": one.statement,
        "deposit": {
            "account": queries.house_account() if needs else "",
            "reference": one.expectation.reference if one.expectation else "",
            "amount_fen": one.deposit_fen, "due_at": one.due_at, "payer": one.bank_account,
            "outcome": one.outcome, "refund": _refund(one),
        },
        "made_at": one.made_at, "qualified_at": one.qualified_at,
        "moves": [
            {
                "move": m.name, "label": translated(m.label),
                "missing": ["reason"] if m.needs_reason else [],
            }
            for m in registration_states.TABLE.moves_from(one.state, policy.buyer_kinds(actor, one))
            if m.name != "forfeit"
        ],
    }  # fmt: skip


@router.post(
    "/listings/{int:listing_id}/registrations",
    response={201: RegistrationOut, **REFUSED},
    operation_id="registrations_add",
)
def sign_up(request: HttpRequest, listing_id: Id, payload: RegistrationIn | None = None) -> Any:
    """Register the caller's organisation as a buyer: the answer says how to pay the deposit."""
    actor, _ = signed_in(request)
    said = payload or RegistrationIn()
    made = actions.sign_up(
        actor=actor, listing_id=listing_id, bank_account=said.bank_account,
        is_related=said.is_related, is_priority=said.is_priority, statement=said.statement,
    )  # fmt: skip
    return Status(201, registered(actor, queries.registration(actor, made.pk)))


@router.get(
    "/registrations", response={200: RegistrationPage, **REFUSED}, operation_id="registrations_list"
)
def list_registrations(request: HttpRequest, query: Query[RegistrationQuery]) -> Any:
    """The caller's own registrations; for the exchange all."""
    actor, _ = signed_in(request)
    rows = queries.registrations(actor)
    if query.state:
        rows = rows.filter(state__in=query.state[:20])
    if query.listing is not None:
        rows = rows.filter(listing_id=query.listing)
    return page(rows, query.page, query.size, lambda one: registered(actor, one))


@router.get(
    "/registrations/{int:registration_id}",
    response={200: RegistrationOut, **REFUSED},
    operation_id="registrations_read",
)
def read_registration(request: HttpRequest, registration_id: Id) -> Any:
    """One registration: whether the deposit has come, and where it goes."""
    actor, _ = signed_in(request)
    return registered(actor, queries.registration(actor, registration_id))


@router.post(
    "/registrations/{int:registration_id}/moves/{move}",
    response={200: RegistrationOut, **REFUSED},
    operation_id="registrations_move",
)
def move_registration(
    request: HttpRequest, registration_id: Id, move: str, payload: RegistrationStep | None = None
) -> Any:
    """Qualify a buyer or refuse them (the exchange), or take one's own registration back."""
    actor, _ = signed_in(request)
    said = payload or RegistrationStep()
    one = actions.looked_at_registration(actor, registration_id)
    check_version(request, one.version, one.state)
    if move == "qualify":
        actions.qualify_buyer(actor=actor, registration_id=registration_id)
    elif move == "refuse":
        actions.refuse_buyer(actor=actor, registration_id=registration_id, reason=said.reason)
    elif move == "withdraw":
        actions.withdraw_registration(actor=actor, registration_id=registration_id)
    else:
        raise NotFound(
            "registrations.no_such_move", gettext_noop("没有「%(move)s」这一步。"), move=move
        )
    return registered(actor, queries.registration(actor, registration_id))


def _question(one: Any) -> dict[str, Any]:
    return {
        "id": one.pk, "listing_id": one.listing_id, "text": one.text, "answer": one.answer,
        "asked_at": one.made_at, "answered_at": one.answered_at,
    }  # fmt: skip


@router.get(
    "/listings/{int:listing_id}/questions",
    response={200: AskedPage, **REFUSED},
    operation_id="questions_list",
)
def list_questions(request: HttpRequest, listing_id: Id, query: Query[Paging]) -> Any:
    """Questions with their answers; open ones for the seller, who asked and the exchange."""
    actor = actor_of(request)
    rows = queries.questions(actor, queries.listing(actor, listing_id))
    return page(rows, query.page, query.size, _question)


@router.post(
    "/listings/{int:listing_id}/questions",
    response={201: AskedOut, **REFUSED},
    operation_id="questions_add",
)
def add_question(request: HttpRequest, listing_id: Id, payload: AskedIn) -> Any:
    """Ask about a listing; who asks is told to the exchange alone."""
    actor, _ = signed_in(request)
    return Status(
        201, _question(actions.ask(actor=actor, listing_id=listing_id, text=payload.text))
    )  # fmt: skip


@router.post(
    "/questions/{int:question_id}/answer",
    response={200: AskedOut, **REFUSED},
    operation_id="questions_answer",
)
def answer_question(request: HttpRequest, question_id: Id, payload: AskedIn) -> Any:
    """Answer a question, once: both are public from then on."""
    actor, _ = signed_in(request)
    return _question(actions.answer(actor=actor, question_id=question_id, text=payload.text))
