"""An organisation in the workspace: one's own, and any one for the operator."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache

from yangbanjian.faces.web.forms_on_pages import Act, actor_of, answer_acts, client_address
from yangbanjian.faces.web.people import FORM
from yangbanjian.faces.web.people_desk import signed_in
from yangbanjian.faces.web.people_forms import (
    AddPersonForm,
    ClaimKnownForm,
    ClaimNewForm,
    ConfirmTagForm,
    IdForm,
    InviteForm,
    OrganisationForm,
    ReasonForm,
    TagsForm,
)
from yangbanjian.ground.codes import queries as codes
from yangbanjian.ground.people import actions, policy, queries
from yangbanjian.ground.people.rules import (
    CLAIM_STATES,
    ORGANISATION_KINDS,
    ROLE_LABELS,
    SOURCE_LABELS,
    STATE_LABELS,
    TAG_LABELS,
)
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.kernel.text import clean_line
from yangbanjian.kernel.words import gettext_noop

TONES = {"claimed": "warn", "verified": "ok", "suspended": "bad"}
PROFILE = tuple(OrganisationForm.base_fields)
TAG_FIELDS = {"field": "fields", "industry": "industries", "chain": "chains"}
TAG_TABLES = {"field": "field", "industry": "industries"}


def _label(kind: str, code: str) -> str:
    """What a tag's code is called, in the reader's language."""
    return codes.label(TAG_TABLES.get(kind, ""), code, get_language() or "")


def asked(request: HttpRequest) -> str:
    """What is searched for, without characters that no name has."""
    return clean_line(request.GET.get("q", ""), cap=100)


def _profile_acts(actor: Actor, organisation: Any) -> dict[str, Act]:
    """What an organisation says of itself, and what a broker confirms of it."""
    number = organisation.pk

    def profile(values: dict[str, Any]) -> str:
        actions.change_organisation(actor=actor, organisation_id=number, values=values)
        return gettext("已保存。")

    def tags(values: dict[str, Any]) -> str:
        for kind, name in TAG_FIELDS.items():
            actions.set_stated_tags(
                actor=actor, organisation_id=number, kind=kind, codes=values[name]
            )
        return gettext("标签已更新。")

    def confirm_tag(values: dict[str, Any]) -> str:
        actions.confirm_tag(actor=actor, organisation_id=number, **values)
        return gettext("标签已更新。")

    initial = {name: getattr(organisation, name) for name in PROFILE}
    stated = {
        name: [t.code for t in queries.tags(number) if (t.kind, t.source) == (kind, "stated")]
        for kind, name in TAG_FIELDS.items()
    }
    stated_initial = {
        "fields": stated["fields"],
        "industries": ", ".join(_label("industry", c) for c in stated["industries"]),
        "chains": ", ".join(stated["chains"]),
    }
    return {
        "profile": Act(OrganisationForm, profile, initial),
        "tags": Act(TagsForm, tags, stated_initial),
        "confirm_tag": Act(ConfirmTagForm, confirm_tag),
    }


def _member_acts(request: HttpRequest, actor: Actor, organisation: Any) -> dict[str, Act]:
    """Who belongs to an organisation."""
    number = organisation.pk

    def invite(values: dict[str, Any]) -> str:
        actions.invite(
            actor=actor,
            organisation_id=number,
            client_address=client_address(request),
            **values,
        )
        return gettext("邀请已发出，14 天内有效。")

    def withdraw(values: dict[str, Any]) -> str:
        actions.withdraw_invitation(actor=actor, invitation_id=values["id"])
        return gettext("邀请已撤回。")

    def end_member(values: dict[str, Any]) -> str:
        actions.end_membership(actor=actor, membership_id=values["id"])
        return gettext("成员已移出。")

    def add_person(values: dict[str, Any]) -> str:
        found = queries.person_by_username(values["username"].strip().lower())
        found = found or queries.person_by_username(values["username"].strip())
        if found is None:
            raise NotFound("people.no_person", gettext_noop("没有这个人。"))
        actions.add_membership(
            actor=actor, person_id=found.pk, organisation_id=number, role=values["role"]
        )
        return gettext("成员已加入。")

    kind = {"kind": organisation.kind}
    acts = {
        "invite": Act(InviteForm, invite, options=kind),
        "withdraw": Act(IdForm, withdraw),
        "end_member": Act(IdForm, end_member),
    }
    if actor.is_operator:
        acts["add_person"] = Act(AddPersonForm, add_person, options=kind)
    return acts


def _all_acts(request: HttpRequest, actor: Actor, organisation: Any) -> dict[str, Act]:
    return _profile_acts(actor, organisation) | _member_acts(request, actor, organisation)


def _about(actor: Actor, organisation: Any) -> dict[str, Any]:
    number = organisation.pk
    return {
        "organisation": organisation,
        "kind_label": gettext(ORGANISATION_KINDS[organisation.kind]),
        "state_label": gettext(STATE_LABELS[organisation.state]),
        "state_tone": TONES[organisation.state],
        "may_change": policy.CHANGE_ORGANISATION.may(actor, organisation).allowed,
        "may_confirm": policy.CONFIRM_TAG.may(actor, organisation).allowed,
        "tags": [
            {
                "kind": t.kind,
                "code": t.code,
                "label": _label(t.kind, t.code),
                "is_confirmed": t.source == "broker",
                "kind_label": gettext(TAG_LABELS[t.kind]),
                "source_label": gettext(SOURCE_LABELS[t.source]),
            }
            for t in queries.tags(number)
        ],
        "members": [
            {"id": m.pk, "person": m.person, "role": gettext(ROLE_LABELS[Role(m.role)])}
            for m in queries.members(number)[:200]
        ],
        "invitations": [
            {"id": i.pk, "email": i.email, "role": gettext(ROLE_LABELS[Role(i.role)])}
            for i in queries.open_invitations(number)
        ],
    }


def _claim_acts(actor: Actor, known: Any) -> dict[str, Act]:
    def claim_new(values: dict[str, Any]) -> str:
        claim = actions.claim_organisation(
            actor=actor,
            role=values["role"],
            kind=values["kind"],
            values={"name": values["name"], "uscc": values["uscc"]},
            evidence=values["evidence"],
        )
        return _claimed(actor, claim)

    def claim_known(values: dict[str, Any]) -> str:
        return _claimed(actor, actions.claim_organisation(actor=actor, **values))

    acts = {"claim_new": Act(ClaimNewForm, claim_new)}
    if known is not None:
        acts["claim_known"] = Act(
            ClaimKnownForm,
            claim_known,
            {"organisation_id": known.pk},
            {"kind": known.kind},
        )
    return acts


def _claimed(actor: Actor, claim: Any) -> str:
    held = queries.memberships_of(actor.person_id or 0)
    if held.filter(organisation_id=claim.organisation_id).exists():
        return gettext("单位已登记，您现在就可以起草和发布；运营人员会核实单位。")
    return gettext("申请已提交，运营人员审核后会发邮件告诉您。")


@signed_in
@never_cache
@FORM
def own_organisation(request: HttpRequest) -> HttpResponse:
    """/desk/organisation: the one that I act for; and claiming one."""
    actor = actor_of(request)
    q = asked(request)
    wanted = request.POST.get("organisation_id") or request.GET.get("claim") or ""
    known = queries.organisation(int(wanted)) if wanted.isdecimal() and len(wanted) < 18 else None
    mine = queries.organisation(actor.organisation_id or 0)
    acts = _all_acts(request, actor, mine) if mine is not None else {}
    acts |= _claim_acts(actor, known)

    def context() -> dict[str, Any]:
        now = queries.organisation(actor.organisation_id or 0)
        return {
            "page_title": gettext("我的单位"),
            "q": q,
            "found": list(queries.organisations(q=q).exclude(state="suspended")[:10]) if q else [],
            "known": known,
            "claims": [
                {"claim": c, "state": gettext(CLAIM_STATES[c.state])}
                for c in queries.claims_of(actor.person_id or 0)[:20]
            ],
            "is_own_page": True,
            "tab": "organisation",
            **(_about(actor, now) if now is not None else {}),
        }

    return answer_acts(request, "people/organisation.html", acts, context)


def operators_only(request: HttpRequest) -> HttpResponse | None:
    answer = policy.may_operate(actor_of(request))
    if answer.allowed:
        return None
    context = {"page_title": gettext("没有权限"), "why": gettext(answer.reason)}
    return render(request, "people/not_allowed.html", context, status=403)


@signed_in
@never_cache
@FORM
def one_organisation(request: HttpRequest, organisation_id: int) -> HttpResponse:
    """/desk/organisations/{id}: as the operator (or, for tags, a broker) sees it."""
    actor = actor_of(request)
    found = queries.organisation(organisation_id)
    if found is None:
        raise Http404
    if not policy.CONFIRM_TAG.may(actor, found).allowed:
        return operators_only(request) or HttpResponse(status=403)
    acts = _all_acts(request, actor, found)
    if actor.is_operator:
        acts |= judge_acts(actor)
    return answer_acts(
        request,
        "people/organisation.html",
        acts,
        lambda: {
            "page_title": found.name,
            **_about(actor, queries.organisation(organisation_id) or found),
        },
    )


def judge_acts(actor: Actor) -> dict[str, Act]:
    def verify(values: dict[str, Any]) -> str:
        actions.verify_organisation(actor=actor, organisation_id=values["id"])
        return gettext("单位已核实。")

    def suspend(values: dict[str, Any]) -> str:
        actions.suspend_organisation(
            actor=actor, organisation_id=values["id"], reason=values["reason"]
        )
        return gettext("单位已停用。")

    def reinstate(values: dict[str, Any]) -> str:
        actions.reinstate_organisation(actor=actor, organisation_id=values["id"])
        return gettext("单位已恢复。")

    def approve(values: dict[str, Any]) -> str:
        actions.decide_claim(actor=actor, claim_id=values["id"], is_right=True)
        return gettext("申请已通过。")

    def refuse(values: dict[str, Any]) -> str:
        actions.decide_claim(
            actor=actor, claim_id=values["id"], is_right=False, reason=values["reason"]
        )
        return gettext("申请未通过，原因已告诉对方。")

    return {
        "verify": Act(IdForm, verify),
        "suspend": Act(ReasonForm, suspend),
        "reinstate": Act(IdForm, reinstate),
        "approve": Act(IdForm, approve),
        "refuse": Act(ReasonForm, refuse),
    }
