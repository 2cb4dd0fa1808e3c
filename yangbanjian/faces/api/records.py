"""Three libraries, one set of calls each: list, add, read, change, history, moves."""

# No postponed annotations here: the schemas are local names that must be evaluated.
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from ninja import Query, Router
from ninja.responses import Status

from yangbanjian.faces.api import schemas
from yangbanjian.faces.api.schemas import REFUSED, Id
from yangbanjian.faces.api.wire import actor_of, check_version, etag, expected_version, page
from yangbanjian.ground.journal import queries as journal
from yangbanjian.ground.people import queries as people
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.answers import SIGN_IN
from yangbanjian.kernel.refusals import Conflict, Invalid, Problem
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.achievements import actions as achievements
from yangbanjian.libraries.achievements.queries import LIBRARY as ACHIEVEMENTS
from yangbanjian.libraries.demands import actions as demands
from yangbanjian.libraries.demands.queries import LIBRARY as DEMANDS
from yangbanjian.libraries.demands.queries import may_see_owner
from yangbanjian.libraries.experts import actions as experts
from yangbanjian.libraries.experts.queries import LIBRARY as EXPERTS
from yangbanjian.libraries.records import beside, policy, queries
from yangbanjian.libraries.records.actions import Origin, locked
from yangbanjian.libraries.records.queries import Library
from yangbanjian.libraries.records.rules.fields import completeness
from yangbanjian.libraries.records.rules.filters import filters_from


class ListQuery(schemas.Paging):
    q: str = ""
    field: list[str] = []
    trl: list[str] = []
    mode: list[str] = []
    region: list[str] = []
    kind: list[str] = []
    state: list[str] = []
    owner: str = ""
    sort: Literal["latest", "complete", "price"] = "latest"


def shown(library: Library, actor: Actor, record: Any, *, whole: bool = True) -> dict[str, Any]:
    """A record as this actor may read it."""
    is_writer = library.may_write(actor, record)
    body: dict[str, Any] = {
        "id": record.pk,
        "kind": library.kind,
        "external_id": record.external_id,
        "state": record.state,
        "version": record.version,
        "edition": record.edition,
        "url": f"/{library.room}/{record.pk}",
        "completeness": record.completeness,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "published_at": record.published_at,
        "valid_until": record.valid_until,
    }
    if library is not DEMANDS or may_see_owner(actor, record):
        body["owner"] = {"id": record.owner_id, "name": record.owner.name}
    else:
        body["external_id"] = None
    for field in library.fields:
        if field.is_public or is_writer:
            body[field.name] = getattr(record, field.name)
    kinds = policy.kinds_of(actor, library, record)
    body["moves"] = [
        {"move": m.name, "label": gettext(m.label), "missing": ["reason"] if m.needs_reason else []}
        for m in library.table.moves_from(record.state, kinds)
    ]
    if whole and is_writer:
        values = {f.name: getattr(record, f.name) for f in library.fields}
        body["advice"] = [text for _, text in completeness(library.fields, values).advice]
    return body


def owner_for(actor: Actor, given: int | None) -> int:
    """Whose the new record is: as said, or the organisation that the actor acts for."""
    owner_id = given if given is not None else actor.organisation_id
    if owner_id is None:
        if actor.is_anonymous:
            SIGN_IN.or_refuse()
        policy.NO_ORGANISATION.or_refuse()
    assert owner_id is not None
    if actor.is_operator and people.organisation(owner_id) is None:
        sentence = gettext_noop("没有这个单位。")
        raise Invalid("people.no_organisation", sentence, [Problem("owner", "unknown", sentence)])
    return owner_id


@contextmanager
def _naming_duplicates() -> Iterator[None]:
    """An external id stands for one record of its owner; the database says so."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as problem:
        if "external_id_once" not in str(problem):
            raise
        raise Conflict(
            "records.external_id_taken",
            gettext_noop("这个 external_id 已有一条记录，请修改那一条，或换一个编号。"),
        ) from None


def library_router(library: Library, verbs: Any) -> Router:
    """The calls of one library."""
    router = Router(tags=[library.room])
    body_in = schemas.incoming(library)
    body_out = schemas.outgoing(library)
    listing = schemas.page_of(body_out, library.kind.title())

    def answer(request: HttpRequest, response: HttpResponse, record: Any) -> dict[str, Any]:
        body = shown(library, actor_of(request), record)
        response["ETag"] = etag(record.version, body, _last_move(record))
        return body

    @router.get("", response={200: listing, **REFUSED}, operation_id=f"{library.room}_list")
    def list_records(request: HttpRequest, query: Query[ListQuery]) -> Any:
        """The live records that the filters leave (`state` asks for others), newest first."""
        actor = actor_of(request)
        filters = filters_from(query.dict(exclude={"page", "size"}))
        rows = queries.listed(library, actor, filters)
        return page(
            rows, query.page, query.size, lambda r: shown(library, actor, r, whole=False),
            cut=queries.part,
        )  # fmt: skip

    @router.post("", response={201: body_out, **REFUSED}, operation_id=f"{library.room}_add")
    def add(request: HttpRequest, response: HttpResponse, payload: body_in) -> Any:  # type: ignore[valid-type]
        """Add a draft. What may be the same thing already is told in `duplicates`."""
        actor = actor_of(request)
        values = payload.dict(exclude_unset=True)  # type: ignore[attr-defined]
        owner_id = owner_for(actor, values.pop("owner", None))
        origin = Origin(source="api", external_id=values.pop("external_id", None))
        values = {k: v for k, v in values.items() if v is not None}
        with _naming_duplicates():
            record = verbs.add(actor=actor, owner_id=owner_id, values=values, origin=origin)
        body = answer(request, response, record)
        body["duplicates"] = [
            {"id": d.record_id, "title": d.title, "why": d.why}
            for d in queries.duplicates(library, actor, record)
        ]
        return Status(201, body)

    @router.get("/{int:record_id}", response={200: body_out, **REFUSED},
                operation_id=f"{library.room}_read")  # fmt: skip
    def read(request: HttpRequest, response: HttpResponse, record_id: Id) -> Any:
        """One record as the caller may see it."""
        return answer(request, response, queries.get(library, actor_of(request), record_id))

    @router.patch("/{int:record_id}", response={200: body_out, **REFUSED},
                  operation_id=f"{library.room}_change")  # fmt: skip
    def change(
        request: HttpRequest,
        response: HttpResponse,
        record_id: Id,
        payload: body_in,  # type: ignore[valid-type]
    ) -> Any:
        """Change the fields given; the others stay."""
        actor = actor_of(request)
        queries.get(library, actor, record_id)
        values = payload.dict(exclude_unset=True)  # type: ignore[attr-defined]
        values.pop("owner", None)
        values.pop("external_id", None)
        record = verbs.revise(
            actor=actor, record_id=record_id, values=values,
            expected_version=expected_version(request),
        )  # fmt: skip
        return answer(request, response, record)

    @router.get("/{int:record_id}/history", response={200: schemas.HistoryOut, **REFUSED},
                operation_id=f"{library.room}_history")  # fmt: skip
    def history(request: HttpRequest, record_id: Id) -> Any:
        """Versions and journal entries, newest first."""
        actor = actor_of(request)
        record = queries.get(library, actor, record_id)
        return {
            "versions": [version(library, actor, record, v) for v in queries.history(library, actor, record)],
            "entries": [entry(e) for e in journal.timeline(
                actor=actor, kind=library.kind, subject_id=record_id)[:200]],
        }  # fmt: skip

    @router.post("/{int:record_id}/moves/{move}", response={200: body_out, **REFUSED},
                 operation_id=f"{library.room}_move")  # fmt: skip
    def move(
        request: HttpRequest, response: HttpResponse, record_id: Id, move: str,
        payload: schemas.MoveIn | None = None,
    ) -> Any:  # fmt: skip
        """Make one of the moves that the record offers."""
        actor = actor_of(request)
        queries.get(library, actor, record_id)
        held = locked(
            actor, library, record_id
        )  # to the end of the request, so that one of two wins
        check_version(request, held.version, _last_move(held))
        said = payload or schemas.MoveIn()
        record = verbs.move(
            actor=actor, record_id=record_id, name=move, reason=said.reason or said.changed
        )
        return answer(request, response, record)

    @router.post("/{int:record_id}/star", response={204: None, **REFUSED},
                 operation_id=f"{library.room}_star")  # fmt: skip
    def star(request: HttpRequest, record_id: Id) -> Any:
        """Mark it for oneself; once more changes nothing."""
        beside.star(actor=actor_of(request), library=library, record_id=record_id)
        return Status(204, None)

    @router.delete("/{int:record_id}/star", response={204: None, **REFUSED},
                   operation_id=f"{library.room}_unstar")  # fmt: skip
    def unstar(request: HttpRequest, record_id: Id) -> Any:
        """Take the mark away; once more changes nothing."""
        beside.unstar(actor=actor_of(request), library=library, record_id=record_id)
        return Status(204, None)

    return router


def _last_move(record: Any) -> str:
    return f"{record.state} {record.state_since.isoformat()}"


def version(library: Library, actor: Actor, record: Any, row: Any) -> dict[str, Any]:
    """A version as this actor may read it."""
    hidden = set()
    if not library.may_write(actor, record):
        hidden = {f.name for f in library.fields if not f.is_public}
    return {
        "version": row.version,
        "changed": [c for c in row.changed if c not in hidden],
        "note": row.note if not hidden else "",
        "at": row.made_at,
        "content": {k: v for k, v in row.content.items() if k not in hidden},
    }


def entry(row: Any) -> dict[str, Any]:
    """A journal entry on the wire."""
    return {
        "id": row.pk,
        "verb": row.verb,
        "at": row.at_business,
        "recorded_at": row.at_recorded,
        "audience": row.audience,
        "payload": row.payload,
        "remark": row.remark.text if hasattr(row, "remark") else "",
    }


LIBRARIES = ((ACHIEVEMENTS, achievements), (DEMANDS, demands), (EXPERTS, experts))
