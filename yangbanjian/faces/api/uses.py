"""Whether what a deal sold is put to use."""

# No postponed annotations here: ninja evaluates them.
from datetime import date, datetime
from typing import Any, Literal
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status
from pydantic import ConfigDict

from yangbanjian.faces.api.schemas import REFUSED, Id
from yangbanjian.faces.api.wire import actor_of, signed_in
from yangbanjian.kernel.actor import Actor
from yangbanjian.market.trading import actions, queries
from yangbanjian.market.trading.rules import follow_up as rules

router = Router(tags=["deals"])


class UseIn(Schema):
    """Since when and how; `file_id` of POST /files, the buyer's own."""

    model_config = ConfigDict(extra="ignore")
    used_on: date
    text: str = Field(max_length=rules.LONGEST_REPORT)
    file_id: Id | None = None


class UseOut(Schema):
    id: int
    used_on: date
    text: str
    sha256: str
    file_name: str
    made_at: datetime


class UsesOut(Schema):
    """`unused_on`: the first day on which the deal counts as unused, where no use is reported;
    `unused_at`: when that was noted, which stands also when a use is reported later."""

    state: Literal["none", "waiting", "reported", "unused"]
    unused_on: date | None
    unused_at: datetime | None
    items: list[UseOut]


def _use(one: Any) -> dict[str, Any]:
    return {
        "id": one.pk, "used_on": one.used_on, "text": one.text, "sha256": one.sha256,
        "file_name": one.file_name, "made_at": one.made_at,
    }  # fmt: skip


@router.get(
    "/deals/{int:deal_id}/uses", response={200: UsesOut, **REFUSED}, operation_id="uses_list"
)
def list_uses(request: HttpRequest, deal_id: Id) -> Any:
    """What the buyer has reported, for both parties, the exchange and the auditor."""
    actor = actor_of(request)
    one = queries.deal(actor, deal_id)
    rows = [_use(use) for use in queries.uses(actor, one)]
    last_day = queries.unused_on(one)
    return {
        "state": rules.state_of_use(one.used_at, one.unused_at, last_day), "unused_on": last_day,
        "unused_at": one.unused_at, "items": rows,
    }  # fmt: skip


@router.post(
    "/deals/{int:deal_id}/uses", response={201: UseOut, **REFUSED}, operation_id="uses_add"
)
def add_use(request: HttpRequest, deal_id: Id, payload: UseIn) -> Any:
    """The buyer reports that what was bought is put to use."""
    actor, _ = signed_in(request)
    made = actions.report_use(
        actor=actor, deal_id=deal_id, used_on=payload.used_on, text=payload.text,
        file_id=payload.file_id,
    )  # fmt: skip
    return Status(201, _use(made))


@router.get(
    "/uses/{int:report_id}/content", response={200: dict[str, Any], **REFUSED},
    operation_id="uses_content",
)  # fmt: skip
def read_content(request: HttpRequest, report_id: Id) -> Any:
    """The paper of a report."""
    return use_paper(actor_of(request), report_id)


def use_paper(actor: Actor, report_id: int) -> HttpResponse:
    """The paper as an answer: saved, never shown by a browser, kept by no cache."""
    one, content = actions.read_use_paper(actor=actor, report_id=report_id)
    answer = HttpResponse(content, content_type=one.media_type)
    answer["Content-Disposition"] = (
        f"attachment; filename*=UTF-8''{quote(one.file_name or 'paper')}"
    )
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = "private, no-store"
    return answer
