"""Organisations: brought in, described, tagged, judged."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from django.db import IntegrityError, transaction

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.people import policy
from yangbanjian.ground.people.models import Organisation, OrganisationTag
from yangbanjian.ground.people.rules import ORGANISATION_KINDS, TAG_KINDS
from yangbanjian.ground.people.rules.sorting import sort_key
from yangbanjian.ground.people.rules.typed import LONGEST_NAME, LONGEST_ORGANISATION, Typed
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Conflict, Invalid, NotFound, Problem
from yangbanjian.kernel.words import gettext_noop

MOST_TAGS = 30
PROFILE_FIELDS = (
    "name",
    "short_name",
    "uscc",
    "region",
    "street",
    "intro",
    "website",
    "contact_name",
    "contact_email",
    "contact_phone",
)


def locked(organisation_id: int) -> Organisation:
    """The organisation under a row lock. Refuses what does not exist."""
    found = Organisation.objects.select_for_update().filter(pk=organisation_id).first()
    if found is None:
        raise NotFound("people.no_organisation", gettext_noop("没有这个单位。"))
    return found


def _cleaned(typed: Typed, values: Mapping[str, str]) -> dict[str, Any]:
    """The given fields of a profile, cleaned; problems go to `typed`."""
    clean: dict[str, Callable[[str], str | None]] = {
        "name": lambda v: typed.line("name", v, cap=LONGEST_ORGANISATION, required=True),
        "short_name": lambda v: typed.line("short_name", v, cap=40),
        "uscc": lambda v: typed.uscc("uscc", v) or None,
        "region": lambda v: typed.code("region", v) if v.strip() else "",
        "street": lambda v: typed.line("street", v, cap=40),
        "intro": lambda v: typed.text("intro", v),
        "website": lambda v: typed.website("website", v),
        "contact_name": lambda v: typed.line("contact_name", v, cap=LONGEST_NAME),
        "contact_email": lambda v: typed.email("contact_email", v, required=False),
        "contact_phone": lambda v: typed.phone("contact_phone", v),
    }
    for name in values:
        if name not in clean:
            typed.wrong(name, "unknown", gettext_noop("没有这一栏。"))
    return {name: clean[name](value) for name, value in values.items() if name in clean}


def _save(organisation: Organisation) -> None:
    try:
        with transaction.atomic():
            organisation.save()
    except IntegrityError as problem:
        if "organisation_uscc_once" not in str(problem):
            raise
        sentence = gettext_noop("这个统一社会信用代码已有单位登记，请认领那个单位。")
        raise Invalid("people.uscc_taken", sentence, [Problem("uscc", "taken", sentence)]) from None


def write_organisation(
    *, actor: Actor, kind: str, values: Mapping[str, str], state: str, is_demo: bool = False
) -> Organisation:
    """Make the row and its entry. The caller has asked whether the actor may."""
    typed = Typed()
    typed.one_of("kind", kind, ORGANISATION_KINDS)
    cleaned = _cleaned(typed, {"name": "", **values})
    typed.or_refuse()
    now = clock.now()
    made = Organisation(
        kind=kind,
        state=state,
        created_at=now,
        verified_at=now if state == "verified" else None,
        sort_name=sort_key(cleaned["name"]),
        is_demo=is_demo,
        **cleaned,
    )
    _save(made)
    journal.record(
        actor=actor,
        fact=journal.Fact(
            "people.organisation_added",
            "organisation",
            made.pk,
            owner_id=made.pk,
            audience="parties",
            payload={"kind": kind, "state": state},
        ),
    )
    return made


def add_organisation(
    *, actor: Actor, kind: str, values: Mapping[str, str], is_demo: bool = False
) -> Organisation:
    """The operator brings in an organisation, verified from the start. `values`: the fields of
    its profile by name, at least `name`."""
    policy.may_operate(actor).or_refuse()
    with acting(actor):
        return write_organisation(
            actor=actor, kind=kind, values=values, state="verified", is_demo=is_demo
        )


def change_organisation(
    *, actor: Actor, organisation_id: int, values: Mapping[str, str]
) -> Organisation:
    """Change the given fields of a profile. Name and code of a verified organisation stand as
    they were verified: only the operator changes those."""
    typed = Typed()
    cleaned = _cleaned(typed, values)
    typed.or_refuse()
    with acting(actor):
        organisation = locked(organisation_id)
        policy.CHANGE_ORGANISATION.may(actor, organisation).or_refuse()
        changed = sorted(n for n, v in cleaned.items() if getattr(organisation, n) != v)
        if not changed:
            return organisation
        fixed = {"name", "uscc"} & set(changed)
        if fixed and organisation.state == "verified" and not actor.is_operator:
            raise Conflict(
                "people.verified_name",
                gettext_noop("单位已核实，名称和代码要由运营人员修改，请联系运营人员。"),
            )
        for name in changed:
            setattr(organisation, name, cleaned[name])
        organisation.sort_name = sort_key(organisation.name)
        _save(organisation)
        _tell(actor, organisation, "people.organisation_changed", {"fields": changed})
        return organisation


def _tell(
    actor: Actor,
    organisation: Organisation,
    verb: str,
    payload: Mapping[str, Any],
    remark: str = "",
) -> None:
    journal.record(
        actor=actor,
        fact=journal.Fact(
            verb,
            "organisation",
            organisation.pk,
            owner_id=organisation.pk,
            audience="parties",
            payload=payload,
            remark=remark,
        ),
    )


def _judge(
    actor: Actor, organisation_id: int, *, sources: Collection[str], target: str, reason: str
) -> Organisation:
    with acting(actor):
        organisation = locked(organisation_id)
        policy.JUDGE_ORGANISATION.may(actor, organisation).or_refuse()
        if organisation.state not in sources:
            raise Conflict(
                "people.state_changed", gettext_noop("单位的状态已经变了，请刷新页面再看。")
            )
        organisation.state = target
        if target == "verified":
            organisation.verified_at = organisation.verified_at or clock.now()
        organisation.save(update_fields=["state", "verified_at"])
        _tell(actor, organisation, f"people.organisation_{target}", {}, reason)
        return organisation


def verify_organisation(*, actor: Actor, organisation_id: int) -> Organisation:
    """The operator has checked that the organisation is what it says."""
    return _judge(actor, organisation_id, sources=("claimed",), target="verified", reason="")


def reason_or_refuse(reason: str) -> str:
    """A reason that has to be given."""
    typed = Typed()
    kept = typed.text("reason", reason, cap=500)
    if not kept and not typed.problems:
        typed.wrong("reason", "required", gettext_noop("请写明原因，对方会看到。"))
    typed.or_refuse()
    return kept


def suspend_organisation(*, actor: Actor, organisation_id: int, reason: str) -> Organisation:
    """Nobody can act for it until it is reinstated; its records stay. Refused where it would
    leave the site without an operator."""
    kept = reason_or_refuse(reason)
    with acting(actor):
        suspended = _judge(
            actor,
            organisation_id,
            sources=("claimed", "verified"),
            target="suspended",
            reason=kept,
        )
        if suspended.kind == "authority" and not policy.operators().exists():
            raise Conflict(policy.LAST_OPERATOR.code, policy.LAST_OPERATOR.reason)
        return suspended


def reinstate_organisation(*, actor: Actor, organisation_id: int) -> Organisation:
    """Undo a suspension; the organisation counts as verified."""
    return _judge(actor, organisation_id, sources=("suspended",), target="verified", reason="")


# --- tags ------------------------------------------------------------------------------------


def _replace_tags(
    actor: Actor, organisation: Organisation, kind: str, codes: Collection[str], source: str
) -> None:
    typed = Typed()
    typed.one_of("kind", kind, TAG_KINDS)
    kept = sorted({typed.tag("codes", kind, c) for c in codes})
    if len(kept) > MOST_TAGS:
        typed.wrong("codes", "too_many", gettext_noop("最多选 %(most)d 个。"), most=MOST_TAGS)
    typed.or_refuse()
    held = OrganisationTag.objects.filter(organisation=organisation, kind=kind, source=source)
    before = sorted(held.values_list("code", flat=True))
    if before == kept:
        return
    held.exclude(code__in=kept).delete()
    OrganisationTag.objects.bulk_create(
        OrganisationTag(
            organisation=organisation,
            kind=kind,
            code=code,
            source=source,
            set_by=actor.person_id,
            set_at=clock.now(),
        )
        for code in kept
        if code not in before
    )
    _tell(
        actor,
        organisation,
        "people.organisation_tagged",
        {"kind": kind, "source": source, "codes": kept},
    )


def set_stated_tags(
    *, actor: Actor, organisation_id: int, kind: str, codes: Collection[str]
) -> None:
    """What the organisation says of itself; replaces what it said before of this kind."""
    with acting(actor):
        organisation = locked(organisation_id)
        policy.CHANGE_ORGANISATION.may(actor, organisation).or_refuse()
        _replace_tags(actor, organisation, kind, codes, "stated")


def note_tags_of_demands(
    *, actor: Actor, organisation_id: int, kind: str, codes: Collection[str]
) -> None:
    """What its demands show; called by the rooms that read demands, as the system."""
    policy.may_operate(actor).or_refuse()
    with acting(actor):
        _replace_tags(actor, locked(organisation_id), kind, codes, "demands")


def confirm_tag(
    *, actor: Actor, organisation_id: int, kind: str, code: str, is_right: bool = True
) -> None:
    """A broker confirms a tag, or takes the confirmation back."""
    with acting(actor):
        organisation = locked(organisation_id)
        policy.CONFIRM_TAG.may(actor, organisation).or_refuse()
        held = set(
            OrganisationTag.objects.filter(
                organisation=organisation, kind=kind, source="broker"
            ).values_list("code", flat=True)
        )
        wanted = held | {code} if is_right else held - {code}
        _replace_tags(actor, organisation, kind, wanted, "broker")
