"""The evidence log: entries, proofs, packets."""

# No postponed annotations here: ninja evaluates them.
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field as PydanticField

from yangbanjian.faces.api.schemas import REFUSED, Id, Paging
from yangbanjian.faces.api.wire import LARGEST_ID, actor_of, page
from yangbanjian.ground.log import queries

router = Router(tags=["log"])
Size = Annotated[int, PydanticField(ge=0, le=LARGEST_ID)]


class LogEntryOut(Schema):
    """A journal entry; `index` is its place in the log, null until it is sequenced."""

    id: int
    verb: str
    subject: str
    at: datetime
    recorded_at: datetime
    audience: str
    payload: dict[str, Any]
    remark: str
    index: int | None


class LogEntries(Schema):
    items: list[LogEntryOut]
    count: int
    page: int


class LogQuery(Paging):
    """`subject` is `kind:id`, as `achievement:12`."""

    subject: str = PydanticField(max_length=100)


class Proof(Schema):
    """RFC 6962 audit path of a leaf in the newest signed tree, lowest first; in hexadecimal."""

    index: int
    size: int
    leaf_hash: str
    hashes: list[str]


class Consistency(Schema):
    """RFC 6962 consistency proof in hexadecimal. Where both sizes have a signed head, the rest is
    there and the answer is a file for the verifier."""

    from_: int = PydanticField(alias="from")
    to: int
    hashes: list[str]
    type: str | None = None
    old: str | None = None
    new: str | None = None
    keys: list[dict[str, Any]] | None = None


class ConsistencyQuery(Schema):
    """Two tree sizes, the older first."""

    from_: Size = PydanticField(alias="from")
    to: Size


def _shown(row: Any) -> dict[str, Any]:
    leaf = getattr(row, "leaf", None)
    return {
        "id": row.pk,
        "verb": row.verb,
        "subject": f"{row.subject_kind}:{row.subject_id}",
        "at": row.at_business,
        "recorded_at": row.at_recorded,
        "audience": row.audience,
        "payload": row.payload,
        "remark": row.remark.text if hasattr(row, "remark") else "",
        "index": leaf.position if leaf is not None else None,
    }


@router.get("/entries", response={200: LogEntries, **REFUSED}, operation_id="entries_list")
def entries(request: HttpRequest, query: Query[LogQuery]) -> Any:
    """What the caller may read about one thing, oldest first."""
    rows = queries.entries_about(actor_of(request), query.subject)
    return page(rows, query.page, query.size, _shown)


@router.get("/entries/{entry_id}/proof", response={200: Proof, **REFUSED},
            operation_id="entries_proof")  # fmt: skip
def proof(request: HttpRequest, entry_id: Id) -> Any:
    """That an entry stands in the newest signed head; 409 until it is sequenced."""
    return queries.proof(queries.entry_for(actor_of(request), entry_id))


@router.get("/entries/{entry_id}/packet", response={200: dict[str, Any], **REFUSED},
            operation_id="entries_packet")  # fmt: skip
def packet(request: HttpRequest, entry_id: Id) -> Any:
    """All that is needed to check an entry offline, as canonical JSON: keep the bytes as they
    are."""
    actor = actor_of(request)
    said = queries.packet(actor, queries.entry_for(actor, entry_id))
    return HttpResponse(said, content_type="application/json")


@router.get("/log/consistency", response={200: Consistency, **REFUSED},
            operation_id="log_consistency", by_alias=True, exclude_none=True)  # fmt: skip
def consistency(request: HttpRequest, query: Query[ConsistencyQuery]) -> Any:
    """That the tree of `to` leaves continues that of `from`. Kept as a file it must keep its
    bytes: it is canonical JSON."""
    found = queries.consistency(query.from_, query.to)
    return HttpResponse(queries.canonical(found), content_type="application/json")
