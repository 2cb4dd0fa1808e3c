"""What goes over the wire. The records' schemas are built from the libraries' field tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import ConfigDict, create_model
from pydantic import Field as PydanticField

from yangbanjian.faces.api.wire import LARGEST_ID, LARGEST_PAGE, LAST_PAGE
from yangbanjian.libraries.records.queries import Library
from yangbanjian.libraries.records.rules.fields import Field

_TYPES: dict[str, Any] = {
    "line": str,
    "text": str,
    "code": str,
    "number": str,
    "integer": int | None,
    "fen": int | None,
    "boolean": bool | None,
    "date": date | None,
    "codes": list[str],
    "words": list[str],
}


Id = Annotated[int, PydanticField(ge=1, le=LARGEST_ID)]


class Paging(Schema):
    """Which page of a list."""

    page: int = PydanticField(default=1, ge=1, le=LAST_PAGE)
    size: int = PydanticField(default=20, ge=1, le=LARGEST_PAGE)


class Error(Schema):
    field: str
    code: str
    detail: str


class Problem(Schema):
    """RFC 9457."""

    type: str
    title: str
    status: int
    code: str
    errors: list[Error] = []
    missing: list[str] = []
    owner_id: int | None = None
    retry_after_seconds: int | None = None


REFUSED = dict.fromkeys((400, 401, 403, 404, 409, 412, 413, 422, 429), Problem)


class PossibleMove(Schema):
    move: str
    label: str
    missing: list[str] = []


class Duplicate(Schema):
    id: int
    title: str
    why: str


class Organisation(Schema):
    id: int
    name: str


class RecordOut(Schema):
    """What every record answers with."""

    id: int
    kind: str
    external_id: str | None = None
    state: str
    version: int
    edition: str
    url: str
    owner: Organisation | None = None
    completeness: int
    advice: list[str] = []
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None = None
    valid_until: datetime | None = None
    moves: list[PossibleMove] = []
    duplicates: list[Duplicate] | None = None


class MoveIn(Schema):
    model_config = ConfigDict(extra="ignore")
    reason: str = PydanticField(default="", max_length=1000)
    changed: str = PydanticField(default="", max_length=1000)


class EntryOut(Schema):
    id: int
    verb: str
    at: datetime
    recorded_at: datetime
    audience: Literal["public", "parties", "staff"]
    payload: dict[str, Any]
    remark: str = ""


class VersionOut(Schema):
    version: int
    changed: list[str]
    note: str
    at: datetime
    content: dict[str, Any]


class HistoryOut(Schema):
    versions: list[VersionOut]
    entries: list[EntryOut]


def _row_type(library: str, field: Field) -> Any:
    columns: dict[str, Any] = {c.name: (_TYPES[c.kind] | None, None) for c in field.columns}
    row = create_model(f"{library.title()}{field.name.title().replace('_', '')}Row",
                       __base__=Schema, **columns)  # fmt: skip
    return list[row]  # type: ignore[valid-type]


def _type_of(library: str, field: Field) -> Any:
    return _row_type(library, field) if field.kind == "rows" else _TYPES[field.kind]


def incoming(library: Library) -> type[Schema]:
    """The body of POST and PATCH: every field optional here, checked by the library's rules."""
    fields: dict[str, Any] = {
        f.name: (_type_of(library.kind, f) | None, PydanticField(None, description=str(f.label)))
        for f in library.fields
    }
    fields["owner"] = (Id | None, None)
    fields["external_id"] = (str | None, PydanticField(None, max_length=200))
    made = create_model(f"{library.kind.title()}In", __base__=Schema, __config__=None, **fields)
    made.model_config["extra"] = "forbid"
    made.model_rebuild(force=True)
    return made


def outgoing(library: Library) -> type[Schema]:
    """The answer: the common part and every public field; the rest only to who may write."""
    fields: dict[str, Any] = {}
    for f in library.fields:
        kind = list[dict[str, Any]] if f.kind == "rows" else _TYPES[f.kind]
        fields[f.name] = (kind | None, None)
    return create_model(f"{library.kind.title()}Out", __base__=RecordOut, **fields)


def page_of(item: type[Schema], name: str) -> type[Schema]:
    """A page of a list."""
    return create_model(
        f"{name}Page",
        __base__=Schema,
        items=(list[item], ...),  # type: ignore[valid-type]
        count=(int, ...),
        page=(int, ...),
    )
