"""Oneself: who calls, a copy of one's data, another address, being forgotten."""

# No postponed annotations here: ninja evaluates them.
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema
from ninja.responses import Status

from yangbanjian.faces.api import schemas
from yangbanjian.faces.api.schemas import REFUSED
from yangbanjian.faces.api.wire import signed_in
from yangbanjian.faces.web.forms_on_pages import client_address
from yangbanjian.ground.people import actions, queries

router = Router(tags=["people"])


class PersonOut(Schema):
    id: int
    username: str
    name: str
    email: str | None
    phone: str
    language: str
    created_at: datetime


class MembershipOut(Schema):
    organisation: schemas.Organisation
    role: str
    since: datetime | None
    until: datetime | None


class MeOut(Schema):
    """Who calls, and for whom this token acts."""

    person: PersonOut
    organisation: schemas.Organisation | None
    roles: list[str]
    memberships: list[MembershipOut]


class ErasedOut(Schema):
    erased: bool


class EmailIn(Schema):
    """The new address, and the password as on the page: a token alone must not move an account."""

    email: str = Field(max_length=600)
    password: str = Field(max_length=600)


class SentOut(Schema):
    sent: bool


@router.get("/me", response={200: MeOut, **REFUSED}, operation_id="me")
def me(request: HttpRequest) -> Any:
    """Who I am, for whom I act, and where I belong."""
    actor, person_id = signed_in(request)
    acting_for = queries.organisation(actor.organisation_id) if actor.organisation_id else None
    return {
        "person": queries.person(person_id),
        "organisation": acting_for,
        "roles": sorted(actor.roles),
        "memberships": [
            {
                "organisation": m.organisation,
                "role": m.role,
                "since": m.period.lower,
                "until": m.period.upper,
            }
            for m in queries.memberships_of(person_id)
        ],
    }


@router.get("/me/export", response={200: dict[str, Any], **REFUSED}, operation_id="me_export")
def export(request: HttpRequest) -> Any:
    """Everything that is kept about me."""
    actor, person_id = signed_in(request)
    return actions.export_my_data(actor=actor, person_id=person_id)


@router.post("/me/erase", response={200: ErasedOut, **REFUSED}, operation_id="me_erase")
def erase(request: HttpRequest) -> Any:
    """Forget me. There is no way back; this token ends too."""
    actor, person_id = signed_in(request)
    actions.erase(actor=actor, person_id=person_id)
    return {"erased": True}


@router.post("/me/email", response={202: SentOut, **REFUSED}, operation_id="me_email")
def change_email(request: HttpRequest, payload: EmailIn) -> Any:
    """Change my address: it takes effect when the link that is sent there is opened."""
    actor, person_id = signed_in(request)
    actions.ask_email_change(
        actor=actor,
        person_id=person_id,
        email=payload.email,
        password=payload.password,
        client_address=client_address(request),
    )
    return Status(202, {"sent": True})
