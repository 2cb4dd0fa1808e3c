"""One's tokens, and organisations."""

# No postponed annotations here: ninja evaluates them.
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema
from ninja.responses import Status

from yangbanjian.faces.api import schemas
from yangbanjian.faces.api.records import entry
from yangbanjian.faces.api.schemas import REFUSED, Id, Paging, PossibleMove
from yangbanjian.faces.api.wire import actor_of, check_version, etag, page, signed_in
from yangbanjian.ground.journal import queries as journal
from yangbanjian.ground.people import actions, policy, queries
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.kernel.words import gettext_noop

router = Router(tags=["people"])
# What makes another version of an organisation.
CHANGES = tuple(
    f"people.organisation_{past}" for past in ("changed", "verified", "suspended", "tagged")
)
MOVES = (
    ("verify", gettext_noop("核实"), ("claimed",)),
    ("suspend", gettext_noop("停用"), ("claimed", "verified")),
    ("reinstate", gettext_noop("恢复"), ("suspended",)),
)


class TokenIn(Schema):
    """A new token; without `organisation_id` it acts for the same organisation as this call."""

    name: str = Field(default="", max_length=200)
    organisation_id: Id | None = None
    expires_days: int | None = Field(default=None, ge=1, le=3660)


class TokenOut(Schema):
    id: int
    name: str
    prefix: str
    organisation_id: int | None
    made_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


class NewTokenOut(TokenOut):
    """`token` is shown this once and cannot be had again."""

    token: str


class TokenPage(Schema):
    items: list[TokenOut]
    count: int
    page: int


class OrganisationIn(Schema):
    """The profile; PATCH changes what is given."""

    name: str | None = None
    short_name: str | None = None
    uscc: str | None = Field(default=None, description="统一社会信用代码, 18 characters")
    region: str | None = None
    street: str | None = Field(default=None, description="one of the site's streets, by name")
    intro: str | None = None
    website: str | None = None
    contact_name: str | None = None
    contact_email: str | None = None
    contact_phone: str | None = None


OrganisationIn.model_config["extra"] = "forbid"
OrganisationIn.model_rebuild(force=True)


class NewOrganisationIn(OrganisationIn):
    kind: str


class TagOut(Schema):
    kind: str
    code: str
    source: str


class OrganisationOut(Schema):
    """An organisation; contacts only to its own people and to operators."""

    id: int
    kind: str
    state: str
    version: int
    edition: str
    url: str
    name: str
    short_name: str
    uscc: str | None
    region: str
    street: str
    intro: str
    website: str
    contact_name: str | None = None
    contact_email: str | None = None
    contact_phone: str | None = None
    verified_at: datetime | None
    created_at: datetime
    tags: list[TagOut] = []
    moves: list[PossibleMove] = []
    duplicates: list[schemas.Duplicate] | None = None


class OrganisationPage(Schema):
    items: list[OrganisationOut]
    count: int
    page: int


class OrganisationQuery(Paging):
    q: str = ""
    kind: str = ""
    state: Literal["", "claimed", "verified", "suspended"] = ""


class OrganisationHistory(Schema):
    versions: list[schemas.VersionOut]
    entries: list[schemas.EntryOut]


# --- tokens ----------------------------------------------------------------------------------


@router.get("/tokens", response={200: TokenPage, **REFUSED}, operation_id="tokens_list")
def tokens(request: HttpRequest, query: Query[Paging]) -> Any:
    """My tokens that still work; never their secrets."""
    _, person_id = signed_in(request)
    return page(queries.tokens_of(person_id), query.page, query.size, lambda token: token)


@router.post("/tokens", response={201: NewTokenOut, **REFUSED}, operation_id="tokens_add")
def add_token(request: HttpRequest, response: HttpResponse, payload: TokenIn) -> Any:
    """Make a token; its secret is in this answer and nowhere else."""
    actor, person_id = signed_in(request)
    token, secret = actions.create_token(
        actor=actor,
        person_id=person_id,
        name=payload.name,
        organisation_id=payload.organisation_id or actor.organisation_id,
        expires_days=payload.expires_days,
    )
    response["Cache-Control"] = "no-store"
    return Status(201, {**TokenOut.from_orm(token).dict(), "token": secret})


@router.delete("/tokens/{int:token_id}", response={204: None, **REFUSED},
               operation_id="tokens_end")  # fmt: skip
def end_token(request: HttpRequest, token_id: Id) -> Any:
    """End a token; ending it twice is no error."""
    actor, _ = signed_in(request)
    actions.revoke_token(actor=actor, token_id=token_id)
    return Status(204, None)


# --- organisations ---------------------------------------------------------------------------


def _version(organisation_ids: list[int]) -> Mapping[int, int]:
    """An organisation's version: one more than the number of its changes in the journal."""
    return journal.times(verbs=CHANGES, kind="organisation", subject_ids=organisation_ids)


def _hold(request: HttpRequest, organisation_id: int) -> None:
    """Lock the organisation to the end of the request and see whether it is still the version
    that the caller read: of two writers at once one wins."""
    actions.locked(_found(request, organisation_id).pk)
    check_version(request, 1 + _version([organisation_id]).get(organisation_id, 0))


def _moves(actor: Actor, organisation: Any) -> list[dict[str, Any]]:
    if not policy.JUDGE_ORGANISATION.may(actor, organisation).allowed:
        return []
    return [
        {"move": name, "label": label, "missing": ["reason"] if name == "suspend" else []}
        for name, label, sources in MOVES
        if organisation.state in sources
    ]


PUBLIC = (
    "kind", "state", "name", "short_name", "uscc", "region", "street", "intro", "website",
    "verified_at", "created_at",
)  # fmt: skip
CONTACTS = ("contact_name", "contact_email", "contact_phone")


def _shown(actor: Actor, organisation: Any, changes: Mapping[int, int]) -> dict[str, Any]:
    body = {name: getattr(organisation, name) for name in PUBLIC}
    body |= {
        "id": organisation.pk,
        "version": 1 + changes.get(organisation.pk, 0),
        "edition": "",
        "url": f"/organisations/{organisation.pk}",
        "moves": _moves(actor, organisation),
    }
    if policy.CHANGE_ORGANISATION.may(actor, organisation).allowed:
        body |= {name: getattr(organisation, name) for name in CONTACTS}
    return body


def _whole(request: HttpRequest, response: HttpResponse, organisation: Any) -> dict[str, Any]:
    body = _shown(actor_of(request), organisation, _version([organisation.pk]))
    body["tags"] = [
        {"kind": t.kind, "code": t.code, "source": t.source} for t in queries.tags(organisation.pk)
    ]
    response["ETag"] = etag(body["version"], body)
    return body


def _found(request: HttpRequest, organisation_id: int) -> Any:
    """The organisation; a suspended one exists for its own people and operators only."""
    organisation = queries.organisation(organisation_id)
    if organisation is not None and organisation.state == "suspended":
        may = policy.CHANGE_ORGANISATION.may(actor_of(request), organisation)
        organisation = organisation if may.allowed else None
    if organisation is None:
        raise NotFound("people.no_organisation", gettext_noop("没有这个单位。"))
    return organisation


@router.get("/organisations", response={200: OrganisationPage, **REFUSED},
            operation_id="organisations_list")  # fmt: skip
def list_organisations(request: HttpRequest, query: Query[OrganisationQuery]) -> Any:
    """Organisations by name; suspended ones are for operators."""
    actor = actor_of(request)
    rows = queries.organisations(kind=query.kind, q=query.q[:120], state=query.state)
    if not actor.is_operator:
        rows = rows.exclude(state="suspended")
    found = page(rows, query.page, query.size, lambda row: row)
    changes = _version([row.pk for row in found["items"]])
    found["items"] = [_shown(actor, row, changes) for row in found["items"]]
    return found


@router.post("/organisations", response={201: OrganisationOut, **REFUSED},
             operation_id="organisations_add")  # fmt: skip
def add_organisation(
    request: HttpRequest, response: HttpResponse, payload: NewOrganisationIn
) -> Any:
    """Bring in an organisation, verified from the start. For operators; others register or claim
    theirs on the page."""
    values = {k: v for k, v in payload.dict(exclude_unset=True).items() if v is not None}
    kind = values.pop("kind")
    made = actions.add_organisation(actor=actor_of(request), kind=kind, values=values)
    body = _whole(request, response, made)
    same = queries.organisations(q=made.name).exclude(pk=made.pk)[:5]
    body["duplicates"] = [{"id": o.pk, "title": o.name, "why": "name"} for o in same]
    return Status(201, body)


@router.get("/organisations/{int:organisation_id}", response={200: OrganisationOut, **REFUSED},
            operation_id="organisations_read")  # fmt: skip
def read_organisation(request: HttpRequest, response: HttpResponse, organisation_id: Id) -> Any:
    """One organisation."""
    return _whole(request, response, _found(request, organisation_id))


@router.patch("/organisations/{int:organisation_id}", response={200: OrganisationOut, **REFUSED},
              operation_id="organisations_change")  # fmt: skip
def change_organisation(
    request: HttpRequest, response: HttpResponse, organisation_id: Id, payload: OrganisationIn
) -> Any:
    """Change the profile; name and code of a verified organisation only by operators."""
    _hold(request, organisation_id)
    values = {k: v or "" for k, v in payload.dict(exclude_unset=True).items()}
    changed = actions.change_organisation(
        actor=actor_of(request), organisation_id=organisation_id, values=values
    )
    return _whole(request, response, changed)


@router.get("/organisations/{int:organisation_id}/history",
            response={200: OrganisationHistory, **REFUSED},
            operation_id="organisations_history")  # fmt: skip
def history(request: HttpRequest, organisation_id: Id) -> Any:
    """What the journal says of it, as the caller may read it."""
    _found(request, organisation_id)
    entries = journal.timeline(
        actor=actor_of(request), kind="organisation", subject_id=organisation_id
    )
    return {"versions": [], "entries": [entry(e) for e in entries[:200]]}


@router.post("/organisations/{int:organisation_id}/moves/{move}",
             response={200: OrganisationOut, **REFUSED},
             operation_id="organisations_move")  # fmt: skip
def judge_organisation(
    request: HttpRequest, response: HttpResponse, organisation_id: Id, move: str,
    payload: schemas.MoveIn | None = None,
) -> Any:  # fmt: skip
    """Verify, suspend (with a reason) or reinstate. For operators."""
    actor = actor_of(request)
    _hold(request, organisation_id)
    if move == "verify":
        judged = actions.verify_organisation(actor=actor, organisation_id=organisation_id)
    elif move == "suspend":
        policy.may_operate(actor).or_refuse()
        reason = payload.reason if payload else ""
        judged = actions.suspend_organisation(
            actor=actor, organisation_id=organisation_id, reason=reason
        )
    elif move == "reinstate":
        judged = actions.reinstate_organisation(actor=actor, organisation_id=organisation_id)
    else:
        sentence = gettext_noop("没有「%(move)s」这一步。")
        raise NotFound("people.no_such_move", sentence, move=move)
    return _whole(request, response, judged)
