"""Looks into what an organisation keeps to itself: its own people read of them, an operator opens
and ends them."""

# No postponed annotations here: ninja evaluates them.
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from yangbanjian.faces.api.schemas import REFUSED, Id, Paging
from yangbanjian.faces.api.wire import page, signed_in
from yangbanjian.ground.access import actions, queries, rules
from yangbanjian.ground.clock import queries as clock
from yangbanjian.kernel.actor import Actor

router = Router(tags=["access"])


class GrantIn(Schema):
    """Whose private rows, why (its people read it), and for how many hours."""

    owner_id: Id
    reason: str = Field(max_length=rules.LONGEST_REASON)
    hours: int = Field(ge=-(2**31), lt=2**31)


class GrantOut(Schema):
    """A look: open from `opened_at` until `until`, or until it was ended."""

    id: int
    owner_id: int
    owner: str
    person: str
    reason: str
    hours: int
    edition: str
    is_open: bool
    opened_at: datetime
    until: datetime
    ended_at: datetime | None


class GrantPage(Schema):
    items: list[GrantOut]
    count: int
    page: int


class GrantQuery(Paging):
    owner_id: int | None = None


def _shown(actor: Actor, some: list[Any]) -> list[dict[str, Any]]:
    now = clock.now()
    return [
        {
            "id": look.grant.pk,
            "owner_id": look.grant.owner_id,
            "owner": look.owner,
            "person": look.person,
            "reason": look.reason,
            "hours": look.grant.hours,
            "edition": look.grant.edition.label,
            "is_open": look.is_open(now),
            "opened_at": look.grant.opened_at,
            "until": look.grant.until,
            "ended_at": look.grant.ended_at,
        }
        for look in queries.looks(actor, some)
    ]


@router.get("/access", response={200: GrantPage, **REFUSED}, operation_id="access_list")
def grants(request: HttpRequest, query: Query[GrantQuery]) -> Any:
    """Who looked into what is the caller's organisations'; operators and auditors read all."""
    actor, _ = signed_in(request)
    rows = queries.grants(actor, query.owner_id)
    found = page(rows, query.page, query.size, lambda row: row)
    return {**found, "items": _shown(actor, found["items"])}


@router.post("/access", response={201: GrantOut, **REFUSED}, operation_id="access_open")
def begin(request: HttpRequest, payload: GrantIn) -> Any:
    """Open an organisation's private rows to the caller, an operator; its people are told."""
    actor, _ = signed_in(request)
    made = actions.open_access(
        actor=actor, owner_id=payload.owner_id, reason=payload.reason, hours=payload.hours
    )
    return Status(201, _shown(actor, [made])[0])


@router.post("/access/{int:grant_id}/end", response={200: GrantOut, **REFUSED},
             operation_id="access_end")  # fmt: skip
def end(request: HttpRequest, grant_id: Id) -> Any:
    """End a look before its time."""
    actor, _ = signed_in(request)
    ended = actions.end_access(actor=actor, grant_id=grant_id)
    return _shown(actor, [ended])[0]
