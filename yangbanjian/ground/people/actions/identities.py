"""Other ways in: a person ties what another provider knows them by to their account."""

from __future__ import annotations

from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.people import letters, policy, queries
from yangbanjian.ground.people.actions.passwords import confirm_password
from yangbanjian.ground.people.actions.second_factor import check_second_factor
from yangbanjian.ground.people.models import Identity, Person
from yangbanjian.ground.people.providers import Proven
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Conflict, NotAllowed, NotFound
from yangbanjian.kernel.words import gettext_noop

MOST_IDENTITIES = 5


def _needs_second_factor(person: Person) -> bool:
    return person.totp_confirmed_at is None and queries.must_have_second_factor(person.pk)


def _second_factor_first() -> NotAllowed:
    return NotAllowed(
        "people.second_factor_before_link",
        gettext_noop("请先开启两步验证，再关联其他登录方式。"),
    )


def prove_owner(
    *, actor: Actor, person_id: int, password: str, code: str = "", client_address: str = ""
) -> None:
    """Refuse unless it is the owner of the account who sits there: the password, and a code where
    the second factor is on. Failures count towards the lock-out."""
    person = confirm_password(
        actor=actor, person_id=person_id, password=password, client_address=client_address
    )
    if _needs_second_factor(person):
        raise _second_factor_first()
    if person.totp_confirmed_at is not None:
        check_second_factor(
            actor=actor, person_id=person_id, code=code, client_address=client_address
        )


def link_identity(*, actor: Actor, person_id: int, proven: Proven) -> Identity:
    """From now on this identity opens the account; once more changes nothing. One's own only.
    The caller has had the owner prove themself (`prove_owner`) and the provider its word."""
    policy.may_be(actor, person_id).or_refuse()
    with acting(actor):
        person = Person.objects.select_for_update().filter(pk=person_id, is_active=True).first()
        if person is None:
            raise NotFound("people.no_person", gettext_noop("没有这个人。"))
        if _needs_second_factor(person):
            raise _second_factor_first()
        claims = {"issuer": proven.issuer, "subject": proven.subject}
        if Identity.objects.filter(person=person).exclude(**claims).count() >= MOST_IDENTITIES:
            raise Conflict(
                "people.too_many_identities",
                gettext_noop("最多关联 %(most)d 个身份，请先解除不用的。"),
                most=MOST_IDENTITIES,
            )
        # The database lets an identity stand once: of two that link it at once, one finds the
        # other's row.
        linked, is_new = Identity.objects.get_or_create(**claims, defaults={"person": person})
        if linked.person_id != person_id:
            raise Conflict(
                "people.identity_taken",
                gettext_noop("这个身份已经关联了另一个账号。请先用那个账号登录并解除关联。"),
            )
        if is_new:
            _told(actor, person, linked, "identity_linked")
        return linked


def unlink_identity(*, actor: Actor, identity_id: int) -> None:
    """It opens the account no more. One's own only; password and sessions stay as they are."""
    with acting(actor):
        mine = Identity.objects.select_for_update(of=("self",)).select_related("person")
        linked = mine.filter(pk=identity_id, person_id=actor.person_id or 0).first()
        if linked is None:
            raise NotFound("people.no_identity", gettext_noop("没有这个关联，可能已经解除了。"))
        _told(actor, linked.person, linked, "identity_unlinked")
        linked.delete()


def _told(actor: Actor, person: Person, linked: Identity, what: str) -> None:
    """Journal and letter: whoever did not do this themself must learn of it."""
    if person.email:
        letters.send(what, to=person.email, language=person.language)
    fact = journal.Fact(f"people.{what}", "person", person.pk, payload={"identity": linked.pk})
    journal.record(actor=actor, fact=fact)
