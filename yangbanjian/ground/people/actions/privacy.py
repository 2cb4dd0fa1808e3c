"""A person's rights over their data: to have a copy, and to be forgotten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.journal import queries as journal_queries
from yangbanjian.ground.people import letters, policy, queries
from yangbanjian.ground.people.actions.memberships import end_now
from yangbanjian.ground.people.actions.sessions import end_all_sessions
from yangbanjian.ground.people.credentials import LOCK_OPERATORS, lock, name_digest
from yangbanjian.ground.people.models import (
    Claim,
    Identity,
    Invitation,
    Letter,
    Membership,
    Organisation,
    Person,
    RecoveryCode,
    SignIn,
    Token,
)
from yangbanjian.ground.people.rules.personal import PERSONAL_DATA
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.kernel.words import gettext_noop

MOST_ENTRIES = 10_000
Part = Callable[[int], Any]
_PARTS: dict[str, Part] = {}


def contribute_export(name: str) -> Callable[[Part], Part]:
    """Register what a higher room adds to a person's export: a function of the person's id."""

    def register(part: Part) -> Part:
        _PARTS[name] = part
        return part

    return register


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _person(person: Person) -> dict[str, Any]:
    return {
        "id": person.pk,
        "username": person.username,
        "name": person.name,
        "email": person.email,
        "email_wanted": person.email_wanted,
        "phone": person.phone,
        "language": person.language,
        "preferences": person.preferences,
        "second_factor_since": _time(person.totp_confirmed_at),
        "created_at": _time(person.created_at),
    }


def _memberships(person: Person) -> list[dict[str, Any]]:
    held = Membership.objects.filter(person=person).select_related("organisation").order_by("id")
    return [
        {
            "organisation": m.organisation.name,
            "role": m.role,
            "from": _time(m.period.lower),
            "until": _time(m.period.upper),
            "contact_name": m.organisation.contact_name,
            "contact_email": m.organisation.contact_email,
            "contact_phone": m.organisation.contact_phone,
        }
        for m in held
    ]


def _claims(person: Person) -> list[dict[str, Any]]:
    return [
        {
            "organisation": c.organisation.name,
            "role": c.role,
            "evidence": c.evidence,
            "state": c.state,
            "reason": c.reason,
            "made_at": _time(c.made_at),
        }
        for c in queries.claims_of(person.pk)
    ]


def _invitations(person: Person) -> list[dict[str, Any]]:
    if not person.email:
        return []
    mine = Invitation.objects.filter(email__iexact=person.email).select_related("organisation")
    return [
        {
            "organisation": i.organisation.name,
            "email": i.email,
            "role": i.role,
            "made_at": _time(i.made_at),
        }
        for i in mine.order_by("id")
    ]


def _digests(person: Person) -> list[str]:
    return [name_digest(n) for n in (person.username, person.email or "") if n]


def _sign_ins(person: Person) -> list[dict[str, Any]]:
    mine = SignIn.objects.filter(username_digest__in=_digests(person)).order_by("-id")
    return [
        {"at": _time(s.at), "address": s.address, "succeeded": s.succeeded}
        for s in mine[:MOST_ENTRIES]
    ]


def _sessions(person: Person) -> list[dict[str, Any]]:
    return [
        {
            "agent": s.agent,
            "address": s.address,
            "made_at": _time(s.made_at),
            "seen_at": _time(s.seen_at),
        }
        for s in queries.sessions_of(person.pk)
    ]


def _tokens(person: Person) -> list[dict[str, Any]]:
    return [
        {
            "name": t.name,
            "prefix": t.prefix,
            "made_at": _time(t.made_at),
            "expires_at": _time(t.expires_at),
            "used_at": _time(t.used_at),
            "revoked_at": _time(t.revoked_at),
        }
        for t in Token.objects.filter(person=person).order_by("id")
    ]


def _entries(person: Person) -> list[dict[str, Any]]:
    mine = journal_queries.written_by(person.pk)[:MOST_ENTRIES]
    return [
        {
            "verb": e.verb,
            "subject": f"{e.subject_kind}:{e.subject_id}",
            "at": _time(e.at_recorded),
            "remark": e.remark.text if hasattr(e, "remark") else "",
        }
        for e in mine
    ]


def _register() -> list[dict[str, Any]]:
    return [
        {
            "what": gettext(f.label),
            "purpose": gettext(f.purpose),
            "basis": gettext(f.basis),
            "retention_days": f.retention_days,
            **({"retention_setting": f.setting} if f.setting else {}),
        }
        for f in PERSONAL_DATA
    ]


def export_my_data(*, actor: Actor, person_id: int) -> dict[str, Any]:
    """Everything that is kept about a person, as plain values fit for JSON. One's own only."""
    policy.may_be(actor, person_id).or_refuse()
    with acting(actor):
        person = Person.objects.filter(pk=person_id, erased_at=None).first()
        if person is None:
            raise NotFound("people.no_person", gettext_noop("没有这个人。"))
        identities = Identity.objects.filter(person=person).values("issuer", "subject")
        said = {
            "made_at": _time(clock.recorded_now()),
            "register": _register(),
            "person": _person(person),
            "memberships": _memberships(person),
            "claims": _claims(person),
            "invitations": _invitations(person),
            "sign_ins": _sign_ins(person),
            "sessions": _sessions(person),
            "tokens": _tokens(person),
            "identities": list(identities),
            "entries": _entries(person),
        }
        for name, part in sorted(_PARTS.items()):
            said[name] = part(person_id)
        journal.record(actor=actor, fact=journal.Fact("people.exported", "person", person_id))
        return said


def _forget_traces(person: Person, now: datetime) -> None:
    """Blank what stands about the person in the other tables of this room."""
    SignIn.objects.filter(username_digest__in=_digests(person)).delete()
    Identity.objects.filter(person=person).delete()
    RecoveryCode.objects.filter(person=person).delete()
    Token.objects.filter(person=person, revoked_at=None).update(revoked_at=now)
    Token.objects.filter(person=person).update(name="", prefix="")
    Claim.objects.filter(person=person, state="pending").delete()
    Claim.objects.filter(person=person).update(evidence="", reason="")
    if person.email:
        mine = Invitation.objects.filter(email__iexact=person.email)
        mine.filter(accepted_at=None).delete()
        mine.update(email="")
        Organisation.objects.filter(contact_email__iexact=person.email).update(
            contact_name="", contact_email="", contact_phone=""
        )
        Letter.objects.filter(address_digest=letters.address_digest(person.email)).delete()


def erase(*, actor: Actor, person_id: int) -> None:
    """Forget a person («注销»): their data is blanked, sessions and tokens end, what they wrote
    beside journal entries is erased. The row and the entries stay, without a name. Refused to the
    last operator. Higher rooms follow by the entry `people.erased`."""
    with acting(actor):
        lock(LOCK_OPERATORS)
        person = Person.objects.select_for_update().filter(pk=person_id, erased_at=None).first()
        if person is None:
            raise NotFound("people.no_person", gettext_noop("没有这个人。"))
        policy.ERASE.may(actor, person).or_refuse()
        now, recorded = clock.both()
        for membership in Membership.objects.filter(person=person):
            if membership.period.upper is None or membership.period.upper > now:
                end_now(membership, now)
        end_all_sessions(actor=Actor(person_id=person_id), person_id=person_id)
        claims = list(Claim.objects.filter(person=person).values_list("pk", flat=True))
        about = {"person": [person_id], "claim": claims}
        # What is theirs stands in many places, some of which nobody else may see.
        with acting(SYSTEM):
            _forget_traces(person, recorded)
            journal.erase_remarks(actor=actor, person_id=person_id, about=about)
        person.refresh_from_db(fields=["session_epoch"])
        person.username, person.name, person.email = f"erased-{person_id}", "", None
        person.email_wanted, person.email_asked_at = "", None
        person.phone, person.preferences, person.language = "", {}, "zh-hans"
        person.totp_secret, person.totp_confirmed_at = "", None
        person.is_active, person.erased_at, person.last_login = False, now, None
        person.set_unusable_password()
        person.save()
        journal.record(actor=actor, fact=journal.Fact("people.erased", "person", person_id))
