"""All organisations and all persons, for the operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from yangbanjian.faces.web.forms_on_pages import Act, actor_of, answer_acts
from yangbanjian.faces.web.organisations_desk import TONES, asked, judge_acts, operators_only
from yangbanjian.faces.web.people import FORM
from yangbanjian.faces.web.people_desk import signed_in
from yangbanjian.faces.web.people_forms import (
    AddOrganisationForm,
    IdForm,
    ReasonForm,
    labelled,
)
from yangbanjian.ground.people import actions, queries
from yangbanjian.ground.people.rules import (
    ORGANISATION_KINDS,
    ROLE_LABELS,
    STATE_LABELS,
)
from yangbanjian.kernel.actor import Role
from yangbanjian.kernel.words import gettext_noop

PAGE = 20


def _page_number(request: HttpRequest) -> int:
    typed = request.GET.get("page", "1")
    return max(1, int(typed)) if typed.isdecimal() and len(typed) < 7 else 1


def _listed(
    request: HttpRequest, rows: Any, show: Callable[[Any], dict[str, Any]]
) -> dict[str, Any]:
    page = _page_number(request)
    return {
        "rows": [show(row) for row in rows[(page - 1) * PAGE : page * PAGE]],
        "count": rows.count(),
        "page": page,
        "size": PAGE,
        "q": asked(request),
        "state": request.GET.get("state", ""),
        "kind": request.GET.get("kind", ""),
    }


@signed_in
@never_cache
@FORM
def all_organisations(request: HttpRequest) -> HttpResponse:
    """/desk/organisations: verify, suspend, decide claims."""
    refused = operators_only(request)
    if refused is not None:
        return refused
    actor = actor_of(request)

    def add(values: dict[str, Any]) -> str:
        made = actions.add_organisation(
            actor=actor,
            kind=values["kind"],
            values={"name": values["name"], "uscc": values["uscc"]},
        )
        return gettext("「%(name)s」已登记。") % {"name": made.name}

    def show(row: Any) -> dict[str, Any]:
        return {
            "organisation": row,
            "kind": gettext(ORGANISATION_KINDS[row.kind]),
            "state": gettext(STATE_LABELS[row.state]),
            "tone": TONES[row.state],
        }

    def context() -> dict[str, Any]:
        rows = queries.organisations(
            kind=request.GET.get("kind", ""),
            q=asked(request),
            state=request.GET.get("state", ""),
        )
        return {
            "page_title": gettext("单位"),
            "kinds": labelled(ORGANISATION_KINDS),
            "states": labelled(STATE_LABELS),
            "claims": [
                {"claim": c, "role": gettext(ROLE_LABELS[Role(c.role)])}
                for c in queries.claims()[:50]
            ],
            **_listed(request, rows, show),
        }

    acts = {"add": Act(AddOrganisationForm, add), **judge_acts(actor)}
    return answer_acts(request, "people/organisations.html", acts, context)


PERSON_STATES = {
    "active": gettext_noop("可以登录"),
    "unconfirmed": gettext_noop("邮箱未确认"),
    "suspended": gettext_noop("已停用"),
    "erased": gettext_noop("已注销"),
}


def _state_of(person: Any) -> str:
    if person.erased_at is not None:
        return "erased"
    if person.is_active:
        return "active"
    return "suspended" if person.email_verified_at or not person.email else "unconfirmed"


@signed_in
@never_cache
@FORM
def all_people(request: HttpRequest) -> HttpResponse:
    """/desk/people: find, suspend, reinstate, erase on request."""
    refused = operators_only(request)
    if refused is not None:
        return refused
    actor = actor_of(request)

    def suspend(values: dict[str, Any]) -> str:
        actions.suspend_person(actor=actor, person_id=values["id"], reason=values["reason"])
        return gettext("账号已停用。")

    def reinstate(values: dict[str, Any]) -> str:
        actions.reinstate_person(actor=actor, person_id=values["id"])
        return gettext("账号已恢复。")

    def erase(values: dict[str, Any]) -> str:
        actions.erase(actor=actor, person_id=values["id"])
        return gettext("账号已注销。")

    tones = {"active": "ok", "unconfirmed": "warn", "suspended": "bad", "erased": ""}

    def show(row: Any) -> dict[str, Any]:
        state = _state_of(row)
        held = [
            f"{m.organisation.short_name or m.organisation.name} "
            f"{gettext(ROLE_LABELS[Role(m.role)])}"
            for m in queries.memberships_of(row.pk)[:5]
        ]
        return {
            "person": row,
            "code": state,
            "state": gettext(PERSON_STATES[state]),
            "tone": tones[state],
            "held": held,
        }

    def context() -> dict[str, Any]:
        rows = queries.people(q=asked(request), state=request.GET.get("state", ""))
        return {
            "page_title": gettext("用户"),
            "states": labelled(PERSON_STATES),
            **_listed(request, rows, show),
        }

    acts = {
        "suspend": Act(ReasonForm, suspend),
        "reinstate": Act(IdForm, reinstate),
        "erase": Act(IdForm, erase),
    }
    return answer_acts(request, "people/people.html", acts, context)
