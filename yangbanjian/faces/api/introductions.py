"""What came of asking: stored matches, and the introductions that they become."""

# No postponed annotations here: ninja evaluates them.
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from yangbanjian.engines.matching import actions, policy, queries
from yangbanjian.engines.matching.rules import introductions
from yangbanjian.engines.matching.rules.why_codes import is_why_code
from yangbanjian.faces.api.match import Kind, ReasonOut, reasons_told, subject
from yangbanjian.faces.api.schemas import REFUSED, Id, Organisation, Paging, PossibleMove
from yangbanjian.faces.api.wire import actor_of, check_version, etag, page, signed_in
from yangbanjian.faces.introductions_shown import contact_of
from yangbanjian.ground.journal import queries as journal
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.demands.queries import LIBRARY as DEMANDS
from yangbanjian.libraries.records import queries as records

MOVES = ("see", "interested", "agree", "decline")
MOVED = tuple(f"matches.{past}" for past in ("seen", "interested", "agreed", "declined", "lapsed"))

router = Router(tags=["match"])


class Subject(Schema):
    """A record that a match speaks of."""

    kind: Kind
    id: int
    title: str
    url: str


class ContactOut(Schema):
    organisation: Organisation
    name: str
    email: str
    phone: str


class MatchOut(Schema):
    """A stored match and the introduction that may come of it."""

    id: int
    kind: Literal["match"]
    state: str
    version: int
    edition: str
    url: str
    percent: int
    score: float
    parts: dict[str, float]
    reasons: list[ReasonOut]
    demand: Subject | None
    supply: Subject
    seeker: Organisation | None
    provider: Organisation
    broker: Organisation | None
    side: Literal["seeker", "provider", ""]
    first: str
    turn: str
    turn_since: datetime | None
    turn_until: datetime | None
    why: str
    note: str
    made_at: datetime
    state_since: datetime
    contacts: list[ContactOut] | None
    moves: list[PossibleMove]


class MatchPage(Schema):
    items: list[MatchOut]
    count: int
    page: int


class MatchQuery(Paging):
    q: str = ""
    state: list[str] = []
    demand: Id | None = None
    my_turn: bool = False


class Feedback(Schema):
    verdict: Literal["good", "bad"]
    why: str = Field(default="", max_length=40, description="A why-code; needed for bad.")


class FeedbackOut(Schema):
    match: int
    verdict: Literal["good", "bad"]
    why: str
    made_at: datetime


class Step(Schema):
    """What goes with a move: `why` is a code (needed to decline), `note` a message to the other
    side; `reason` stands for either."""

    why: str = Field(default="", max_length=40)
    note: str = Field(default="", max_length=500)
    reason: str = Field(default="", max_length=500)


def _named(organisation: Any) -> dict[str, Any] | None:
    return {"id": organisation.pk, "name": organisation.name} if organisation else None


def _contacts(actor: Actor, row: Any) -> list[dict[str, Any]] | None:
    """Both sides' contacts once they are open to this actor, else None."""
    if not policy.may_see_contacts(actor, row).allowed:
        return None
    return [
        {"organisation": _named(party), **contact_of(party)._asdict()}
        for party in (row.seeker, row.provider)
    ]


def _moves(side: str, row: Any) -> list[dict[str, Any]]:
    """The moves that this side may make; nobody agrees to their own interest."""
    return [
        {"move": m.name, "label": m.label, "missing": ["why"] if m.needs_reason else []}
        for m in introductions.TABLE.moves_from(row.state, [side] if side else [])
        if not (m.name == "agree" and side == row.first)
    ]


def _moves_made(match_ids: list[int]) -> Mapping[int, int]:
    """How many moves of each introduction the journal knows; its version is one more."""
    return journal.times(verbs=MOVED, kind="match", subject_ids=match_ids)


def shown(actor: Actor, row: Any, moves_made: Mapping[int, int]) -> dict[str, Any]:
    """A match as this actor may read it."""
    side = policy.side_of(actor, row)
    kind = "achievement" if row.achievement_id else "expert"
    is_seeker_told = policy.may_see_seeker(actor, row)
    return {
        "id": row.pk,
        "kind": "match",
        "state": row.state,
        "version": 1 + moves_made.get(row.pk, 0),
        "edition": row.edition.label if row.edition else "",
        "url": f"/matches/{row.pk}",
        "percent": row.percent,
        "score": float(row.score),
        "parts": row.parts,
        "reasons": reasons_told(row.reasons),
        "demand": subject("demand", row.demand) if row.demand else None,
        "supply": subject(kind, row.achievement or row.expert),
        "seeker": _named(row.seeker) if is_seeker_told else None,
        "provider": _named(row.provider),
        "broker": _named(row.broker),
        "side": side,
        "first": row.first,
        "turn": row.turn,
        "turn_since": row.turn_since,
        "turn_until": row.turn_until,
        "why": row.why,
        "note": row.note,
        "made_at": row.made_at,
        "state_since": row.state_since,
        "contacts": _contacts(actor, row),
        "moves": _moves(side, row),
    }


def _page(actor: Actor, rows: Any, query: Paging) -> dict[str, Any]:
    found = page(rows, query.page, query.size, lambda row: row)
    moves_made = _moves_made([row.pk for row in found["items"]])
    found["items"] = [shown(actor, row, moves_made) for row in found["items"]]
    return found


def _whole(actor: Actor, response: HttpResponse, match_id: int) -> dict[str, Any]:
    body = shown(actor, queries.match(actor, match_id), _moves_made([match_id]))
    response["ETag"] = etag(body["version"], body)
    return body


@router.get("/matches", response={200: MatchPage, **REFUSED}, operation_id="matches_list")
def list_matches(request: HttpRequest, query: Query[MatchQuery]) -> Any:
    """The matches that concern the caller, the freshest first."""
    actor, _ = signed_in(request)
    rows = queries.matches(actor)
    if query.q:
        rows = rows.filter(demand__title__icontains=query.q[:200])
    if query.state:
        rows = rows.filter(state__in=query.state[:20])
    if query.demand is not None:
        rows = rows.filter(demand_id=query.demand)
    if query.my_turn:
        mine = sorted(actor.mandates)
        rows = rows.filter(turn="seeker", seeker_id__in=mine) | rows.filter(
            turn="provider", provider_id__in=mine
        )
    return _page(actor, rows, query)


@router.get(
    "/demands/{int:record_id}/matches",
    response={200: MatchPage, **REFUSED},
    operation_id="demands_matches",
)
def demand_matches(request: HttpRequest, record_id: Id, query: Query[Paging]) -> Any:
    """What has been found for a demand, best first; of it, what the caller may see."""
    actor = actor_of(request)
    records.get(DEMANDS, actor, record_id)
    rows = queries.matches_of_demand(actor, record_id)
    return _page(actor, rows, query)


@router.get(
    "/matches/{int:match_id}", response={200: MatchOut, **REFUSED}, operation_id="matches_read"
)
def read_match(request: HttpRequest, response: HttpResponse, match_id: Id) -> Any:
    """One match; `contacts` open to both sides once both have agreed."""
    actor, _ = signed_in(request)
    return _whole(actor, response, match_id)


@router.post(
    "/matches/{int:match_id}/feedback",
    response={200: FeedbackOut, **REFUSED},
    operation_id="matches_feedback",
)
def judge(request: HttpRequest, match_id: Id, payload: Feedback) -> Any:
    """Say whether a match is good; an organisation's last word counts."""
    actor, _ = signed_in(request)
    said = actions.judge(actor=actor, match_id=match_id, verdict=payload.verdict, why=payload.why)
    return {
        "match": match_id, "verdict": said.verdict, "why": said.why, "made_at": said.made_at,
    }  # fmt: skip


@router.post(
    "/matches/{int:match_id}/moves/{move}",
    response={200: MatchOut, **REFUSED},
    operation_id="matches_move",
)
def advance(
    request: HttpRequest,
    response: HttpResponse,
    match_id: Id,
    move: str,
    payload: Step | None = None,
) -> Any:
    """Advance an introduction: see, interested, agree or decline."""
    actor, _ = signed_in(request)
    said = payload or Step()
    if move not in MOVES:
        raise NotFound("matches.no_such_move", gettext_noop("没有「%(move)s」这一步。"), move=move)
    why = said.why or (said.reason if is_why_code(said.reason) else "")
    note = said.note or (said.reason if said.reason != why else "")
    actions.locked(actor, match_id)  # to the end of the request, so that one of two wins
    check_version(request, 1 + _moves_made([match_id]).get(match_id, 0))
    actions.move(actor=actor, match_id=match_id, name=move, why=why, note=note)
    return _whole(actor, response, match_id)
