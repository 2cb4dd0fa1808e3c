"""Asking, and what came of it: the answer to a sentence, stored matches, introductions."""

# No postponed annotations here: ninja evaluates them.
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from yangbanjian.engines.matching import actions, policy, queries
from yangbanjian.engines.matching.rules import introductions
from yangbanjian.engines.matching.rules.why_codes import is_why_code
from yangbanjian.faces.api.schemas import REFUSED, Id, Organisation, Paging, PossibleMove
from yangbanjian.faces.api.wire import actor_of, page, signed_in
from yangbanjian.faces.telling import change_text, reason_text
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Invalid, NotFound, Problem
from yangbanjian.kernel.text import clean_line
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.demands.queries import LIBRARY as DEMANDS
from yangbanjian.libraries.demands.queries import may_see_owner
from yangbanjian.libraries.records import queries as records

SHORTEST_TEXT = 2
MOVES = ("see", "interested", "agree", "decline")
Kind = Literal["achievement", "expert", "demand"]

router = Router(tags=["match"])


class Ask(Schema):
    """A sentence, and what kinds of record may answer it."""

    text: str = Field(description="The problem in the caller's own words, 2 to 20,000 code points.")
    kinds: list[Kind] = Field(default=["achievement", "expert"], min_length=1, max_length=3)
    limit: int = Field(default=10, ge=1, le=queries.MOST)


Span = list[int]


class TargetOut(Schema):
    metric: str
    op: str
    value: int | float
    value_to: int | float | None = None
    unit: str | None
    span: Span
    direction: str | None = None
    change: bool = False


class ConstraintOut(Schema):
    text: str
    span: Span


class GuessOut(Schema):
    kind: str
    text: str
    span: Span
    confidence: float


class BudgetOut(Schema):
    fen: int | None
    floor_fen: int | None
    hard: bool
    negotiable: bool
    span: Span


class ModeOut(Schema):
    code: str
    span: Span


class TrlOut(Schema):
    low: int
    high: int | None
    span: Span


class QuestionOut(Schema):
    code: str
    text: str
    answers: list[str]


class UnderstandingOut(Schema):
    """What was read out of the text; spans are code points of the text as sent."""

    field: str | None
    targets: list[TargetOut]
    constraints: list[ConstraintOut]
    budget_fen: int | None
    deadline: date | None
    region: str | None
    guesses: list[GuessOut]
    field_spans: list[Span] = []
    budget: BudgetOut | None = None
    deadline_span: Span | None = None
    region_span: Span | None = None
    modes: list[ModeOut] = []
    trl: TrlOut | None = None
    question: QuestionOut | None = None
    content_spans: list[Span] = []


class ReasonOut(Schema):
    """Why a record fits; `record_span` is of the field as stored."""

    verdict: Literal["yes", "unknown", "no"]
    text: str
    demand_span: Span | None
    record_field: str | None
    record_span: Span | None
    code: str = ""
    change: str | None = None


class ItemOut(Schema):
    """A record found. `parts` are signed addends that sum to `score`."""

    kind: Kind
    id: int
    external_id: str | None
    title: str
    url: str
    score: float
    percent: int
    parts: dict[str, float]
    reasons: list[ReasonOut]


class AnswerOut(Schema):
    understanding: UnderstandingOut
    items: list[ItemOut]
    nothing_here: bool
    compared: int
    took_ms: int


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


def usable(text: str) -> str:
    """The text as sent, or a refusal that says what to do."""
    if len(text) > queries.LONGEST_TEXT:
        raise _unusable("too_long", gettext_noop("最多 20000 字，请只留下难题本身。"))
    if len(clean_line(text, cap=SHORTEST_TEXT)) < SHORTEST_TEXT:
        sentence = gettext_noop("请用一句话说说您的难题，例如「冷库电费太高，想降两成」。")
        raise _unusable("too_short", sentence)
    return text


def _unusable(code: str, sentence: str) -> Invalid:
    return Invalid(f"matches.text_{code}", sentence, [Problem("text", code, sentence)])


@router.post("/match", response={200: AnswerOut, **REFUSED}, operation_id="match")
def match(request: HttpRequest, payload: Ask) -> Any:
    """What a sentence means, and which records can answer it, each with its reasons."""
    actor = actor_of(request)
    kinds = list(dict.fromkeys(payload.kinds))
    answer = queries.ask(actor=actor, text=usable(payload.text), kinds=kinds, limit=payload.limit)
    return {
        "understanding": answer.said.as_json(),
        "items": [_item(actor, item) for item in answer.items],
        "nothing_here": answer.nothing_here,
        "compared": answer.compared,
        "took_ms": answer.took_ms,
    }


def _item(actor: Actor, item: queries.Item) -> dict[str, Any]:
    record = item.record
    is_told = item.kind != "demand" or may_see_owner(actor, record)
    return {
        **_subject(item.kind, record),
        "external_id": record.external_id if is_told else None,
        "score": item.score,
        "percent": item.percent,
        "parts": item.parts,
        "reasons": _told(item.reasons),
    }


def _told(reasons: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Reasons in the caller's language; spans are of the texts they quote, so they stay."""
    return [
        {**one, "text": reason_text(one), "change": change_text(one) or None} for one in reasons
    ]


def _subject(kind: str, record: Any) -> dict[str, Any]:
    room = records.library_of_kind(kind).room
    return {
        "kind": kind, "id": record.pk, "title": record.title, "url": f"/{room}/{record.pk}",
    }  # fmt: skip


def _named(organisation: Any) -> dict[str, Any] | None:
    return {"id": organisation.pk, "name": organisation.name} if organisation else None


def _contacts(actor: Actor, row: Any) -> list[dict[str, Any]] | None:
    """Both sides' contacts once they are open to this actor, else None."""
    if not policy.may_see_contacts(actor, row).allowed:
        return None
    return [
        {
            "organisation": _named(party),
            "name": party.contact_name,
            "email": party.contact_email,
            "phone": party.contact_phone,
        }
        for party in (row.seeker, row.provider)
    ]


def _moves(side: str, row: Any) -> list[dict[str, Any]]:
    """The moves that this side may make; nobody agrees to their own interest."""
    return [
        {"move": m.name, "label": m.label, "missing": ["why"] if m.needs_reason else []}
        for m in introductions.TABLE.moves_from(row.state, [side] if side else [])
        if not (m.name == "agree" and side == row.first)
    ]


def shown(actor: Actor, row: Any) -> dict[str, Any]:
    """A match as this actor may read it."""
    side = policy.side_of(actor, row)
    kind = "achievement" if row.achievement_id else "expert"
    is_seeker_told = policy.may_see_seeker(actor, row)
    return {
        "id": row.pk,
        "kind": "match",
        "state": row.state,
        "version": 1,
        "edition": "",
        "url": f"/matches/{row.pk}",
        "percent": row.percent,
        "score": float(row.score),
        "parts": row.parts,
        "reasons": _told(row.reasons),
        "demand": _subject("demand", row.demand) if row.demand else None,
        "supply": _subject(kind, row.achievement or row.expert),
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
    return page(rows, query.page, query.size, lambda row: shown(actor, row))


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
    return page(rows, query.page, query.size, lambda row: shown(actor, row))


@router.get(
    "/matches/{int:match_id}", response={200: MatchOut, **REFUSED}, operation_id="matches_read"
)
def read_match(request: HttpRequest, match_id: Id) -> Any:
    """One match; `contacts` open to both sides once both have agreed."""
    actor, _ = signed_in(request)
    return shown(actor, queries.match(actor, match_id))


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
def advance(request: HttpRequest, match_id: Id, move: str, payload: Step | None = None) -> Any:
    """Advance an introduction: see, interested, agree or decline."""
    actor, _ = signed_in(request)
    said = payload or Step()
    if move not in MOVES:
        raise NotFound("matches.no_such_move", gettext_noop("没有「%(move)s」这一步。"), move=move)
    why = said.why or (said.reason if is_why_code(said.reason) else "")
    note = said.note or (said.reason if said.reason != why else "")
    actions.move(actor=actor, match_id=match_id, name=move, why=why, note=note)
    return shown(actor, queries.match(actor, match_id))
