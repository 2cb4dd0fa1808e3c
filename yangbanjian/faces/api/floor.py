"""The way to the floor: decisions, duties, public notices and objections, the register of rights."""

# No postponed annotations here: ninja evaluates them.
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status

from yangbanjian.faces.api.floor_shapes import (
    DecisionIn,
    DecisionOut,
    DutiesOut,
    NoticeIn,
    NoticeOut,
    NoticePage,
    NoticeQuery,
    NoticeStep,
    ObjectionIn,
    ObjectionOut,
    ObjectionPage,
    ObjectionStep,
    RightIn,
    RightOut,
    RightQuery,
    StatementIn,
    StatementOut,
    WayIn,
    WayOut,
)
from yangbanjian.faces.api.schemas import REFUSED, Id, Paging
from yangbanjian.faces.api.wire import actor_of, check_version, etag, page, signed_in
from yangbanjian.faces.web.words import translated
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import actions, policy, queries
from yangbanjian.market.trading.rules import duties as duty_rules
from yangbanjian.market.trading.rules import notices as rules

router = Router(tags=["floor"])


def _said(given: Any) -> dict[str, Any]:
    """What a notice says, in the words of the action."""
    related = given.related_party
    return {
        "deal_mode": given.deal_mode, "price_mode": given.price_mode,
        "price_fen": given.price_fen, "days": given.days,
        "is_related": None if related is None else related.is_,
        "related_statement": None if related is None else related.statement,
    }  # fmt: skip


def _moves(actor: Actor, one: Any) -> list[dict[str, Any]]:
    who = policy.moves_of(actor, one.owner_id)
    return [
        {
            "move": m.name,
            "label": translated(m.label),
            "missing": ["reason"] if m.needs_reason else [],
        }
        for m in rules.TABLE.moves_from(one.state, who)
        if "owner" in m.who
    ]


def shown(actor: Actor, one: Any) -> dict[str, Any]:
    """A notice as this actor may read it."""
    opens_at, closes_at = queries.planned(one)
    return {
        "id": one.pk, "kind": "notice", "state": one.state, "version": one.version,
        "edition": one.edition.label, "url": f"/notices/{one.pk}",
        "achievement_id": one.achievement_id,
        "owner": {"id": one.owner_id, "name": one.owner.name},
        "title": one.title, "abstract": one.abstract, "deal_mode": one.deal_mode,
        "price_mode": one.price_mode, "price_fen": one.price_fen,
        "related_party": {"is": one.is_related, "statement": one.related_statement},
        "days": one.days, "unit": one.unit, "first_day": one.first_day,
        "counted": queries.counted(one).text, "opens_at": opens_at, "closes_at": closes_at,
        "paused_at": one.paused_at, "ended_at": one.ended_at,
        "objections": queries.objection_counts(one.pk), "moves": _moves(actor, one),
    }  # fmt: skip


def _whole(actor: Actor, response: HttpResponse, notice_id: int) -> dict[str, Any]:
    one = queries.notice(actor, notice_id)
    body = shown(actor, one)
    response["ETag"] = etag(one.version, body, one.state)
    return body


@router.post(
    "/achievements/{int:achievement_id}/decisions",
    response={201: DecisionOut, **REFUSED},
    operation_id="decisions_add",
)
def add_decision(request: HttpRequest, achievement_id: Id, payload: DecisionIn) -> Any:
    """Record what the unit has decided: how the price is found, which price, by which paper."""
    actor, _ = signed_in(request)
    made = actions.decide(
        actor=actor, achievement_id=achievement_id, kind=payload.kind,
        price_mode=payload.price_mode, price_fen=payload.price_fen, file_id=payload.file_id,
        decided_on=payload.on, note=payload.note,
    )  # fmt: skip
    return Status(201, _decision(made))


def _decision(made: Any) -> dict[str, Any]:
    return {
        "id": made.pk, "achievement_id": made.achievement_id, "kind": made.kind,
        "price_mode": made.price_mode, "price_fen": made.price_fen, "file_id": made.file_id,
        "on": made.decided_on, "note": made.note, "entry_id": made.entry_id,
        "made_at": made.made_at,
    }  # fmt: skip


@router.post(
    "/achievements/{int:achievement_id}/statements",
    response={201: StatementOut, **REFUSED},
    operation_id="statements_add",
)
def add_statement(request: HttpRequest, achievement_id: Id, payload: StatementIn) -> Any:
    """State a check of an achievement; the last statement of an item counts."""
    actor, _ = signed_in(request)
    made = actions.state(
        actor=actor, achievement_id=achievement_id, item=payload.item, verdict=payload.verdict,
        note=payload.note, file_id=payload.file_id,
    )  # fmt: skip
    return Status(
        201,
        {"id": made.pk, "item": made.item, "verdict": made.verdict, "entry_id": made.entry_id,
         "made_at": made.made_at},
    )  # fmt: skip


@router.post(
    "/achievements/{int:achievement_id}/way",
    response={200: WayOut, **REFUSED},
    operation_id="ways_choose",
)
def choose_way(request: HttpRequest, achievement_id: Id, payload: WayIn) -> Any:
    """Say whether an achievement is traded on the floor."""
    actor, _ = signed_in(request)
    way = actions.choose_way(
        actor=actor, achievement_id=achievement_id, is_floor=payload.floor, reason=payload.reason
    )
    return {"achievement_id": achievement_id, "floor": way.is_floor, "reason": way.reason}


@router.get(
    "/achievements/{int:achievement_id}/duties",
    response={200: DutiesOut, **REFUSED},
    operation_id="duties_read",
)
def read_duties(request: HttpRequest, achievement_id: Id) -> Any:
    """The duty checklist as it stands now: what is there, what is missing, who has the ball."""
    actor = actor_of(request)
    found = queries.duties(queries.achievement(actor, achievement_id))
    return {
        "jurisdiction": found.jurisdiction,
        "edition": found.edition.label,
        "price_mode": found.price_mode,
        "items": [
            {
                "clause": d.clause, "document": d.document, "duty": d.duty,
                "label": translated(queries.duty_label(d.duty)), "verdict": d.verdict,
                "entries": list(d.entries),
                "ball": translated(duty_rules.BALLS[d.ball]) if d.ball else "",
            }
            for d in found.items
        ],
    }  # fmt: skip


@router.get("/notices", response={200: NoticePage, **REFUSED}, operation_id="notices_list")
def list_notices(request: HttpRequest, query: Query[NoticeQuery]) -> Any:
    """Public notices, and the caller's own drafts."""
    actor = actor_of(request)
    rows = queries.notices(actor)
    if query.state:
        rows = rows.filter(state__in=query.state[:20])
    if query.achievement is not None:
        rows = rows.filter(achievement_id=query.achievement)
    return page(rows, query.page, query.size, lambda one: shown(actor, one))


@router.post("/notices", response={201: NoticeOut, **REFUSED}, operation_id="notices_add")
def add_notice(request: HttpRequest, response: HttpResponse, payload: NoticeIn) -> Any:
    """Draft a notice of what is to be sold, how and for how much."""
    actor, _ = signed_in(request)
    made = actions.draft_notice(
        actor=actor, achievement_id=payload.achievement_id, values=_said(payload)
    )
    return Status(201, _whole(actor, response, made.pk))


@router.get(
    "/notices/{int:notice_id}", response={200: NoticeOut, **REFUSED}, operation_id="notices_read"
)
def read_notice(request: HttpRequest, response: HttpResponse, notice_id: Id) -> Any:
    """One notice."""
    return _whole(actor_of(request), response, notice_id)


@router.post(
    "/notices/{int:notice_id}/moves/{move}",
    response={200: NoticeOut, **REFUSED},
    operation_id="notices_move",
)
def move_notice(
    request: HttpRequest, response: HttpResponse, notice_id: Id, move: str,
    payload: NoticeStep | None = None,
) -> Any:  # fmt: skip
    """Open, change (the days begin anew), end or withdraw a notice."""
    actor, _ = signed_in(request)
    said = payload or NoticeStep()
    one = actions.looked_at(actor, notice_id)
    check_version(request, one.version, one.state)
    if move == "open":
        actions.open_notice(actor=actor, notice_id=notice_id)
    elif move == "change":
        actions.change_notice(
            actor=actor, notice_id=notice_id, reason=said.reason, values=_said(said)
        )
    elif move == "end":
        actions.end_notice(actor=actor, notice_id=notice_id)
    elif move == "withdraw":
        actions.withdraw_notice(actor=actor, notice_id=notice_id, reason=said.reason)
    else:
        raise NotFound("notices.no_such_move", gettext_noop("没有「%(move)s」这一步。"), move=move)
    return _whole(actor, response, notice_id)


def _objection(actor: Actor, one: Any) -> dict[str, Any]:
    moves = []
    if one.state in rules.WAITING and policy.may_rule(actor, one).allowed:
        moves.append(
            {"move": "rule", "label": translated(gettext_noop("裁定")), "missing": ["outcome"]}
        )
    if one.state == "dismissed" and policy.may_appeal(actor, one).allowed:
        moves.append(
            {"move": "appeal", "label": translated(gettext_noop("申诉")), "missing": ["reason"]}
        )
    return {
        "id": one.pk, "kind": "objection", "notice_id": one.notice_id, "state": one.state,
        "text": one.text, "ruling": one.ruling, "appeal": one.appeal,
        "final_ruling": one.final_ruling, "made_at": one.made_at, "ruled_at": one.ruled_at,
        "moves": moves,
    }  # fmt: skip


@router.get(
    "/notices/{int:notice_id}/objections",
    response={200: ObjectionPage, **REFUSED},
    operation_id="objections_list",
)
def list_objections(request: HttpRequest, notice_id: Id, query: Query[Paging]) -> Any:
    """The objections that the caller may read: one's own, the unit's, the staff's."""
    actor = actor_of(request)
    queries.notice(actor, notice_id)
    rows = queries.objections(actor, notice_id)
    return page(rows, query.page, query.size, lambda one: _objection(actor, one))


@router.post(
    "/notices/{int:notice_id}/objections",
    response={201: ObjectionOut, **REFUSED},
    operation_id="objections_add",
)
def add_objection(request: HttpRequest, notice_id: Id, payload: ObjectionIn) -> Any:
    """Object to a notice, with or without an account; its days stand still until the ruling."""
    actor = actor_of(request)
    made = actions.object_to(
        actor=actor, notice_id=notice_id, text=payload.text, name=payload.name,
        contact=payload.contact,
    )  # fmt: skip
    return Status(201, _objection(actor, made))


@router.post(
    "/objections/{int:objection_id}/moves/{move}",
    response={200: ObjectionOut, **REFUSED},
    operation_id="objections_move",
)
def move_objection(
    request: HttpRequest, objection_id: Id, move: str, payload: ObjectionStep | None = None
) -> Any:
    """Rule on an objection (or on its appeal), or appeal against a dismissal."""
    actor, _ = signed_in(request)
    said = payload or ObjectionStep()
    if move == "rule":
        made = actions.rule(
            actor=actor, objection_id=objection_id, outcome=said.outcome, reason=said.reason
        )
    elif move == "appeal":
        made = actions.appeal(actor=actor, objection_id=objection_id, reason=said.reason)
    else:
        raise NotFound(
            "objections.no_such_move", gettext_noop("没有「%(move)s」这一步。"), move=move
        )
    return _objection(actor, made)


@router.post(
    "/achievements/{int:achievement_id}/rights",
    response={201: RightOut, **REFUSED},
    operation_id="rights_enter",
)
def enter_right(request: HttpRequest, achievement_id: Id, payload: RightIn) -> Any:
    """Make one entry in the register; the first gives the right its number."""
    actor, _ = signed_in(request)
    content = payload.dict(exclude={"kind", "holds_from", "basis"}, exclude_none=True)
    if payload.until is not None:
        content["until"] = payload.until.isoformat()
    actions.enter_right(
        actor=actor, achievement_id=achievement_id, kind=payload.kind, content=content,
        holds_from=payload.holds_from, basis=payload.basis,
    )  # fmt: skip
    one = queries.right_of(queries.achievement(actor, achievement_id))
    assert one is not None
    return Status(201, _right(one, None))


@router.get("/rights/{no}", response={200: RightOut, **REFUSED}, operation_id="rights_read")
def read_right(request: HttpRequest, no: str, query: Query[RightQuery]) -> Any:
    """The register's state on a day (`on`, today by default)."""
    return _right(queries.right(no), query.on)


def _right(one: Any, on: date | None) -> dict[str, Any]:
    day = on or queries.today()
    state = queries.standing(one, day)
    return {
        "no": one.no, "url": f"/rights/{one.no}", "on": day,
        "achievement_id": one.achievement_id, "title": state.title,
        "holders": list(state.holders), "licences": list(state.licences),
        "pledges": list(state.pledges), "objections": list(state.objections),
        "cancelled": state.is_cancelled, "entries": queries.right_entries(one),
    }  # fmt: skip
