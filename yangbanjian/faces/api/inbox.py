"""One's own messages."""

# No postponed annotations here: ninja evaluates them.
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from yangbanjian.faces.api.problems import say
from yangbanjian.faces.api.schemas import REFUSED, Id, Paging
from yangbanjian.faces.api.wire import page, signed_in
from yangbanjian.ground.messages import actions, queries

router = Router(tags=["inbox"])
MOST_READ_AT_ONCE = 1000


class NoticeOut(Schema):
    """One message, in the caller's language."""

    id: int
    topic: str
    text: str
    url: str
    organisation_id: int | None
    needs_action: bool
    made_at: datetime
    read_at: datetime | None


class Inbox(Schema):
    items: list[NoticeOut]
    count: int
    page: int
    unread: int


class InboxQuery(Paging):
    topic: str = ""
    unread: bool = False


class ReadIn(Schema):
    """Which messages have been read; all of them without `ids`."""

    ids: list[Id] | None = Field(default=None, max_length=MOST_READ_AT_ONCE)


class ReadOut(Schema):
    read: int
    unread: int


def _shown(notice: Any) -> dict[str, Any]:
    return {
        "id": notice.pk,
        "topic": notice.topic,
        "text": say(notice.sentence, notice.params),
        "url": notice.url,
        "organisation_id": notice.organisation_id,
        "needs_action": notice.needs_action,
        "made_at": notice.made_at,
        "read_at": notice.read_at,
    }


@router.get("/inbox", response={200: Inbox, **REFUSED}, operation_id="inbox_list")
def inbox(request: HttpRequest, query: Query[InboxQuery]) -> Any:
    """One's own messages, newest first."""
    actor, _ = signed_in(request)
    rows = queries.inbox(actor, topic=query.topic, unread=query.unread)
    found = page(rows, query.page, query.size, _shown)
    return {**found, "unread": queries.unread_count(actor)}


@router.post("/inbox/read", response={200: ReadOut, **REFUSED}, operation_id="inbox_read")
def read(request: HttpRequest, payload: ReadIn | None = None) -> Any:
    """Mark messages as read."""
    actor, _ = signed_in(request)
    done = actions.read(actor=actor, notice_ids=payload.ids if payload else None)
    return {"read": done, "unread": queries.unread_count(actor)}
