"""The diligence room of a listing."""

# No postponed annotations here: ninja evaluates them.
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema, Status
from pydantic import ConfigDict

from yangbanjian.faces.api.schemas import REFUSED, Id, Paging
from yangbanjian.faces.api.wire import actor_of, page, signed_in
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import actions, policy, queries
from yangbanjian.market.trading.rules import papers as rules

router = Router(tags=["floor"])
Tier = Literal["public", "nda", "qualified"]


class PaperIn(Schema):
    """`file_id` of POST /files; `slot` of the paper that it replaces; `reason` once the listing is
    public."""

    model_config = ConfigDict(extra="ignore")
    file_id: Id
    tier: str = Field(max_length=20)
    name: str = Field(max_length=rules.LONGEST_NAME)
    slot: Id | None = None
    reason: str = Field(default="", max_length=300)


class PaperOut(Schema):
    """A paper that is open to the caller. `is_shown`: buyers see it (those whom its tier lets); a
    paper put in after publication counts from the listing's version `since`."""

    id: int
    kind: Literal["paper"]
    listing_id: int
    slot: int
    version: int
    tier: Tier
    name: str
    sha256: str
    size: int
    media_type: str
    since: int
    is_shown: bool
    reason: str
    made_at: datetime
    withdrawn_at: datetime | None
    url: str


class UndertakingOut(Schema):
    """The text to read, its digest to send back, and when this person gave it."""

    text: str
    sha256: str
    edition: str
    given_at: datetime | None
    may_give: bool


class RoomOut(Schema):
    """What the caller is shown; `closed`: how many papers of each tier are not open to them."""

    items: list[PaperOut]
    closed: dict[str, int]
    undertaking: UndertakingOut


class UndertakingIn(Schema):
    """The digest of the text that the person has read."""

    sha256: str = Field(max_length=64)


class ReadingOut(Schema):
    """A paper given out. `reader` tells readers apart; `organisation` and `person` stand there for
    the exchange, and for the seller once it is known who has bid."""

    paper_id: int
    slot: int
    version: int
    sha256: str
    at: datetime
    reader: int
    organisation: str
    person: str


class ReadingPage(Schema):
    items: list[ReadingOut]
    count: int
    page: int


def _shown(one: Any, listing: Any) -> dict[str, Any]:
    is_public = listing.published_at is not None
    return {
        "id": one.pk, "kind": "paper", "listing_id": one.listing_id, "slot": one.slot,
        "version": one.version, "tier": one.tier, "name": one.name, "sha256": one.sha256,
        "size": one.size, "media_type": one.media_type, "since": one.since,
        "is_shown": not one.withdrawn_at
        and rules.is_shown(one.since, listing.version, is_public=is_public),
        "reason": one.reason, "made_at": one.made_at, "withdrawn_at": one.withdrawn_at,
        "url": f"/papers/{one.pk}",
    }  # fmt: skip


def _undertaking(actor: Actor, one: Any) -> dict[str, Any]:
    given = queries.undertaking_of(actor, one)
    terms = queries.undertaking_terms()
    may = policy.may_undertake(actor, queries.standing_in(actor, one)).allowed
    return {
        "text": terms.text, "sha256": terms.sha256, "edition": terms.edition.label,
        "given_at": given.made_at if given else None, "may_give": may and given is None,
    }  # fmt: skip


@router.get(
    "/listings/{int:listing_id}/papers", response={200: RoomOut, **REFUSED},
    operation_id="papers_list",
)  # fmt: skip
def list_papers(request: HttpRequest, listing_id: Id) -> Any:
    """The diligence room as the caller is shown it: what is closed is counted, not named."""
    actor = actor_of(request)
    one = queries.listing(actor, listing_id)
    return {
        "items": [_shown(p, one) for p in queries.papers(actor, one)],
        "closed": dict(queries.closed(actor, one)), "undertaking": _undertaking(actor, one),
    }  # fmt: skip


@router.post(
    "/listings/{int:listing_id}/papers", response={201: PaperOut, **REFUSED},
    operation_id="papers_add",
)  # fmt: skip
def add_paper(request: HttpRequest, listing_id: Id, payload: PaperIn) -> Any:
    """Put a paper in, or replace one. Of a public listing it waits for a change of the listing,
    with which the disclosure begins anew."""
    actor, _ = signed_in(request)
    made = actions.put_paper(
        actor=actor, listing_id=listing_id, file_id=payload.file_id, tier=payload.tier,
        name=payload.name, slot=payload.slot, reason=payload.reason,
    )  # fmt: skip
    return Status(201, _shown(made, queries.listing(actor, listing_id)))


@router.post(
    "/listings/{int:listing_id}/undertaking", response={200: UndertakingOut, **REFUSED},
    operation_id="papers_undertake",
)  # fmt: skip
def undertake(request: HttpRequest, listing_id: Id, payload: UndertakingIn) -> Any:
    """Undertake to keep the papers, for the caller's organisation and person."""
    actor, _ = signed_in(request)
    actions.undertake(actor=actor, listing_id=listing_id, sha256=payload.sha256)
    return _undertaking(actor, queries.listing(actor, listing_id))


@router.get(
    "/listings/{int:listing_id}/readings", response={200: ReadingPage, **REFUSED},
    operation_id="papers_readings",
)  # fmt: skip
def list_readings(request: HttpRequest, listing_id: Id, query: Query[Paging]) -> Any:
    """Who has taken which paper when; for the seller, the exchange and the auditor."""
    actor = actor_of(request)
    rows = queries.readings(actor, queries.listing(actor, listing_id))
    return page(rows, query.page, query.size, _reading)


def _reading(given: Any) -> dict[str, Any]:
    return {
        "paper_id": given.paper.pk, "slot": given.paper.slot, "version": given.paper.version,
        "sha256": given.sha256, "at": given.at, "reader": given.number, "organisation": given.who,
        "person": given.person,
    }  # fmt: skip


@router.get(
    "/papers/{int:paper_id}/content", response={200: dict[str, Any], **REFUSED},
    operation_id="papers_content",
)  # fmt: skip
def read_content(request: HttpRequest, paper_id: Id) -> Any:
    """The file itself; that it was taken, by whom and when, is written down."""
    return given_out(actor_of(request), paper_id)


@router.post(
    "/papers/{int:paper_id}/moves/{move}", response={200: PaperOut, **REFUSED},
    operation_id="papers_move",
)  # fmt: skip
def move_paper(request: HttpRequest, paper_id: Id, move: str) -> Any:
    """Take back (`take_back`) a paper that buyers have not been shown."""
    actor, _ = signed_in(request)
    if move != "take_back":
        raise NotFound("papers.no_such_move", gettext_noop("没有「%(move)s」这一步。"), move=move)
    one = actions.take_back_paper(actor=actor, paper_id=paper_id)
    return _shown(one, queries.listing(actor, one.listing_id))


def given_out(actor: Actor, paper_id: int) -> HttpResponse:
    """The file as an answer: saved, never shown by a browser, kept by no cache."""
    one, content = actions.read_paper(actor=actor, paper_id=paper_id)
    answer = HttpResponse(content, content_type=one.media_type)
    ending = one.file_name[one.file_name.rfind(".") :][:10] if "." in one.file_name else ""
    named = one.name if one.name.endswith(ending) else one.name + ending
    answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(named)}"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = "private, no-store"
    return answer
