"""Choosing what to be told by e-mail with the link under a letter, without signing in."""

from __future__ import annotations

from django.core import signing
from django.utils.crypto import constant_time_compare

from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.people import letters
from yangbanjian.ground.people.models import Person
from yangbanjian.ground.people.rules import MAIL_CHOICES
from yangbanjian.ground.people.rules.typed import Typed
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Invalid
from yangbanjian.kernel.words import gettext_noop

SALT = "yangbanjian.people.mail_choice"
_BROKEN = gettext_noop("这个链接无效，请登录后在「账号设置」里选择。")


def mail_choice_path(person: Person) -> str:
    """Where the person can choose: works as long as the address is theirs, for that alone."""
    said = {"p": person.pk, "e": letters.address_digest(person.email or "")[:16]}
    return "/mail/" + signing.dumps(said, salt=SALT).replace(":", ".")


def read_mail_choice(signed: str) -> Person:
    """Whose link it is; refuses one that is changed, or of an address that is theirs no more."""
    try:
        said = signing.loads(signed[:500].replace(".", ":"), salt=SALT)
        person_id, digest = int(said["p"]), str(said["e"])
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        raise Invalid("people.mail_link_broken", _BROKEN) from None
    person = Person.objects.filter(pk=person_id, erased_at=None, email__isnull=False).first()
    if person is None or not constant_time_compare(
        letters.address_digest(person.email or "")[:16], digest
    ):
        raise Invalid("people.mail_link_broken", _BROKEN)
    return person


def choose_mail(*, actor: Actor, signed: str, mail: str) -> Person:
    """Set what the link's person is told. Whoever has the link reads the mailbox: no sign-in."""
    typed = Typed()
    typed.one_of("mail", mail, MAIL_CHOICES)
    typed.or_refuse()
    with acting(actor):
        person = Person.objects.select_for_update().get(pk=read_mail_choice(signed).pk)
        person.preferences = {**person.preferences, "mail": mail}
        person.save(update_fields=["preferences"])
        fact = journal.Fact("people.preferences_set", "person", person.pk)
        journal.record(actor=actor, fact=fact)
        return person
