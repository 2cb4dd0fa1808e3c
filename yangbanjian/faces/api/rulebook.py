"""Rule tables and their editions, and the counting of days."""

# No postponed annotations here: ninja evaluates them.
from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema, Status
from pydantic import ConfigDict

from yangbanjian.faces.api.schemas import REFUSED, Id, MoveIn, Paging, PossibleMove
from yangbanjian.faces.api.wire import actor_of, check_version, etag, page, signed_in
from yangbanjian.faces.telling import counted
from yangbanjian.faces.web.words import translated
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.rulebook import actions, policy, queries
from yangbanjian.ground.rulebook.rules import editions as lives
from yangbanjian.ground.rulebook.rules.rows import MOST_ROWS
from yangbanjian.ground.rulebook.rules.shapes import SHAPES, Column
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.calendar import LONGEST_DAYS
from yangbanjian.kernel.flaws import FlawError
from yangbanjian.kernel.refusals import Invalid, NotFound, Problem
from yangbanjian.kernel.words import gettext_noop

router = Router(tags=["rules"])
MOVES = {"publish": actions.publish, "withdraw": actions.withdraw}
Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2199, 12, 31))]


class RuleColumnOut(Schema):
    """One column of a table; `choices` are code -> label. A percent is a decimal in text, fen an
    integer."""

    name: str
    label: str
    kind: Literal["choice", "integer", "fen", "percent", "line", "flag"]
    required: bool
    choices: dict[str, str]


class RuleTableOut(Schema):
    """A table; `house`: a rule of this installation, whose only jurisdiction is `site`."""

    table: str
    label: str
    about: str
    house: bool
    key: list[str]
    columns: list[RuleColumnOut]


class RuleTables(Schema):
    items: list[RuleTableOut]
    count: int
    page: int


class EditionOut(Schema):
    """One edition. It holds from `effective_from` until the day before `effective_until`; `edition`
    is its name, which records store. `provisional`: the source has not been checked."""

    id: int
    kind: Literal["edition"]
    state: str
    version: int
    edition: str
    url: str
    table: str
    jurisdiction: str
    number: int
    document: str
    clause: str
    unit: str
    source: str
    note: str
    provisional: bool
    effective_from: date
    effective_until: date | None
    author_id: int | None
    published_at: datetime | None
    published_alone: bool
    superseded_by: int | None
    rows: list[dict[str, Any]]
    moves: list[PossibleMove]


class RuleOut(Schema):
    """What holds: `edition` is the nearest of `looked_in`, and `rows` are its rows."""

    table: str
    asked: str
    on: date
    looked_in: list[str]
    jurisdiction: str
    edition: EditionOut
    rows: list[dict[str, Any]]


class RuleQuery(Schema):
    """`jurisdiction`: six digits of a region, CN or (house rules) site; `on`: today by default."""

    jurisdiction: str = Field(default="", max_length=20)
    on: Day | None = None


class EditionChange(Schema):
    """What is given is changed."""

    model_config = ConfigDict(extra="forbid")
    document: str | None = Field(default=None, max_length=200)
    clause: str | None = Field(default=None, max_length=100)
    unit: str | None = Field(default=None, max_length=40)
    source: str | None = Field(default=None, max_length=200)
    note: str | None = Field(default=None, max_length=2000)
    provisional: bool | None = None
    effective_from: Day | None = None
    effective_until: Day | None = None
    rows: list[dict[str, Any]] | None = Field(default=None, max_length=MOST_ROWS)


class EditionIn(EditionChange):
    """A draft: `document`, `effective_from` and `rows` are needed; the columns of `rows` are the
    table's."""

    jurisdiction: str = Field(default="", max_length=20)


class EditionPage(Schema):
    items: list[EditionOut]
    count: int
    page: int


class EditionQuery(Paging):
    jurisdiction: str = Field(default="", max_length=20)
    state: list[str] = []


class MoverOut(Schema):
    """A case that would be treated otherwise."""

    kind: str
    id: int
    title: str
    url: str
    jurisdiction: str
    before: str
    after: str


class Movers(Schema):
    """`tried` cases were looked at, `partial`: there are more. Nothing was changed."""

    items: list[MoverOut]
    count: int
    page: int
    tried: int
    partial: bool


class DeadlineQuery(Schema):
    """`first_day`: whether the day itself counts, or counting begins with the next one."""

    from_: Day = Field(alias="from")
    days: int = Field(ge=1, le=LONGEST_DAYS)
    unit: Literal["calendar", "working"] = "calendar"
    first_day: Literal["counted", "next"] = "counted"
    last_on_working_day: bool = False


class DeadlineOut(Schema):
    """`last` counts to its end; `edition` is the table of holidays that was used."""

    last: date
    text: str
    edition: str


def _column(column: Column) -> dict[str, Any]:
    return {
        "name": column.name, "label": translated(column.label), "kind": column.kind,
        "required": column.is_required,
        "choices": {code: translated(label) for code, label in column.choices.items()},
    }  # fmt: skip


def _moves(actor: Actor, one: Any) -> list[dict[str, Any]]:
    """The moves that this actor may make now."""
    who = ["operator"] if policy.may_write(actor).allowed else []
    found = lives.TABLE.moves_from(one.state, who)
    return [
        {"move": m.name, "label": m.label, "missing": []}
        for m in found
        if m.name != "publish" or policy.may_publish(actor, one).allowed
    ]


def _shown(actor: Actor, one: Any) -> dict[str, Any]:
    staff = policy.may_try(actor).allowed
    return {
        "id": one.pk, "kind": "edition", "state": one.state, "version": one.version,
        "edition": one.label, "url": f"/desk/rules/editions/{one.pk}", "table": one.table,
        "jurisdiction": one.jurisdiction, "number": one.number, "document": one.document,
        "clause": one.clause, "unit": one.unit, "source": one.source, "note": one.note,
        "provisional": one.is_provisional, "effective_from": one.begins,
        "effective_until": one.ends, "author_id": one.author_id if staff else None,
        "published_at": one.published_at, "published_alone": one.was_alone,
        "superseded_by": one.superseded_by_id, "rows": one.rows, "moves": _moves(actor, one),
    }  # fmt: skip


def _whole(actor: Actor, response: HttpResponse, one: Any) -> dict[str, Any]:
    body = _shown(actor, one)
    response["ETag"] = etag(one.version, body, one.state)
    return body


@router.get(
    "/calendar/deadline",
    response={200: DeadlineOut, **REFUSED},
    operation_id="calendar_deadline",
    by_alias=True,
)
def deadline(request: HttpRequest, query: Query[DeadlineQuery]) -> Any:
    """The last day of a period, and the sentence that says how it was counted."""
    calendar = clock.calendar()
    try:
        found = calendar.add_days(
            query.from_, query.days, unit=query.unit, first_day=query.first_day,
            last_on_working_day=query.last_on_working_day,
        )  # fmt: skip
    except FlawError as error:
        flaw = error.problem
        problem = Problem("from", flaw.code, flaw.message, dict(flaw.params))
        raise Invalid(flaw.code, flaw.message, [problem], **dict(flaw.params)) from None
    text = counted(found)
    return {"last": found.last, "text": text, "edition": calendar.edition}


@router.get("/rules", response={200: RuleTables, **REFUSED}, operation_id="rules_tables")
def tables(request: HttpRequest, query: Query[Paging]) -> Any:
    """All rule tables with their columns."""
    return page(
        list(SHAPES.values()), query.page, query.size,
        lambda of: {
            "table": of.name, "label": translated(of.label), "about": translated(of.about),
            "house": of.is_house, "key": list(of.key),
            "columns": [_column(c) for c in of.all_columns],
        },
    )  # fmt: skip


@router.get("/rules/{table}", response={200: RuleOut, **REFUSED}, operation_id="rules_in_force")
def in_force(request: HttpRequest, table: str, query: Query[RuleQuery]) -> Any:
    """What holds on a day: the jurisdiction's own edition, else the next wider one's (district,
    city, province, state)."""
    of = queries.shape(table)
    asked = query.jurisdiction or queries.default_jurisdiction(of)
    day = query.on or clock.today()
    one = queries.rule(table, asked, day)
    return {
        "table": table, "asked": asked, "on": day, "looked_in": list(lives.chain(asked)),
        "jurisdiction": one.jurisdiction, "edition": _shown(actor_of(request), one),
        "rows": one.rows,
    }  # fmt: skip


@router.get(
    "/rules/{table}/editions",
    response={200: EditionPage, **REFUSED},
    operation_id="rules_editions",
)
def editions(request: HttpRequest, table: str, query: Query[EditionQuery]) -> Any:
    """The editions of a table, the latest of each jurisdiction first; drafts for staff only."""
    actor = actor_of(request)
    queries.shape(table)
    rows = queries.editions(actor, table)
    if query.jurisdiction:
        rows = rows.filter(jurisdiction=query.jurisdiction)
    if query.state:
        rows = rows.filter(state__in=query.state[:20])
    return page(rows, query.page, query.size, lambda one: _shown(actor, one))


_NAMES = {"provisional": "is_provisional", "effective_from": "begins", "effective_until": "ends"}


def _values(payload: EditionChange) -> dict[str, Any]:
    given = payload.dict(exclude_unset=True)
    given.pop("jurisdiction", None)
    return {_NAMES.get(name, name): value for name, value in given.items()}


def _in_wire_names(refusal: Invalid) -> Invalid:
    names = {mine: wire for wire, mine in _NAMES.items()}
    problems = [
        Problem(names.get(p.field, p.field), p.code, p.sentence, p.params) for p in refusal.problems
    ]
    return Invalid(refusal.code, refusal.sentence, problems, **refusal.params)


@router.post(
    "/rules/{table}/editions",
    response={201: EditionOut, **REFUSED},
    operation_id="rules_draft",
)
def draft(request: HttpRequest, response: HttpResponse, table: str, payload: EditionIn) -> Any:
    """Write a draft of a table's next edition."""
    actor, _ = signed_in(request)
    place = payload.jurisdiction or queries.default_jurisdiction(queries.shape(table))
    try:
        made = actions.draft(actor=actor, table=table, jurisdiction=place, values=_values(payload))
    except Invalid as refusal:
        raise _in_wire_names(refusal) from None
    return Status(201, _whole(actor, response, made))


@router.get(
    "/editions/{int:edition_id}",
    response={200: EditionOut, **REFUSED},
    operation_id="editions_read",
)
def read(request: HttpRequest, response: HttpResponse, edition_id: Id) -> Any:
    """One edition, whether or not it holds today."""
    actor = actor_of(request)
    return _whole(actor, response, queries.edition(actor, edition_id))


@router.patch(
    "/editions/{int:edition_id}",
    response={200: EditionOut, **REFUSED},
    operation_id="editions_change",
)
def change(
    request: HttpRequest, response: HttpResponse, edition_id: Id, payload: EditionChange
) -> Any:
    """Change a draft; what is published is never changed."""
    actor, _ = signed_in(request)
    one = actions.locked(actor, edition_id)
    check_version(request, one.version, one.state)
    try:
        made = actions.change(actor=actor, edition_id=edition_id, values=_values(payload))
    except Invalid as refusal:
        raise _in_wire_names(refusal) from None
    return _whole(actor, response, made)


@router.get(
    "/editions/{int:edition_id}/movers",
    response={200: Movers, **REFUSED},
    operation_id="editions_movers",
)
def movers(request: HttpRequest, edition_id: Id, query: Query[Paging]) -> Any:
    """Who would be treated otherwise under this edition than under what holds: tried on the cases
    under way. Nothing is changed, and what has begun keeps its edition."""
    actor, _ = signed_in(request)
    found = queries.movers(actor, edition_id)

    def shown(mover: Any) -> dict[str, Any]:
        case = mover.case
        return {
            "kind": case.kind, "id": case.id, "title": case.title, "url": case.url,
            "jurisdiction": case.jurisdiction, "before": mover.before, "after": mover.after,
        }  # fmt: skip

    listed = page(found.movers, query.page, query.size, shown)
    return {**listed, "tried": found.tried, "partial": found.is_partial}


@router.post(
    "/editions/{int:edition_id}/moves/{move}",
    response={200: EditionOut, **REFUSED},
    operation_id="editions_move",
)
def advance(
    request: HttpRequest,
    response: HttpResponse,
    edition_id: Id,
    move: str,
    payload: MoveIn | None = None,
) -> Any:
    """Publish a draft (another operator than its author does) or withdraw it."""
    actor, _ = signed_in(request)
    if move not in MOVES:
        raise NotFound(
            "rulebook.no_such_move", gettext_noop("没有「%(move)s」这一步。"), move=move[:40]
        )
    one = actions.locked(actor, edition_id)
    check_version(request, one.version, one.state)
    reason = payload.reason if payload else ""
    made = MOVES[move](actor=actor, edition_id=edition_id, reason=reason)
    return _whole(actor, response, made)
