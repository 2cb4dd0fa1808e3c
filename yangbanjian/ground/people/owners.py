"""Whose the records of an import are."""

from __future__ import annotations

from django.db import connection
from django.db.models import Q

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.people.models import Organisation
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.kernel.words import gettext_noop

OPERATOR_NAME = "本站运营单位"


def find(said: str) -> int:
    """The organisation of this number, code or name. Raises NotFound."""
    text = said.strip()
    found = Organisation.objects.order_by("id")
    is_number = text.isascii() and text.isdigit() and len(text) < 19
    named = Q(uscc=text.upper()) | Q(name=text)
    match = found.filter(pk=int(text)).first() if is_number else None
    match = match or found.filter(named).first()
    if match is None:
        raise NotFound(
            "people.no_such_owner",
            gettext_noop("没有名为「%(name)s」的单位。请填单位全称、统一社会信用代码或编号。"),
            name=text[:60],
        )
    return int(match.pk)


def of_operator() -> int:
    """The operator's own organisation: the first authority; made where there is none yet."""
    with acting(SYSTEM):
        with connection.cursor() as cursor:
            # Two first imports at once must not make two operators.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('people.of_operator'))")
        first = Organisation.objects.filter(kind="authority").order_by("id").first()
        if first is not None:
            return int(first.pk)
        now = clock.now()
        made = Organisation.objects.create(
            kind="authority", name=OPERATOR_NAME, state="verified", verified_at=now, created_at=now
        )
        journal.record(
            actor=SYSTEM,
            fact=journal.Fact("people.organisation_added", "organisation", made.pk, made.pk),
        )
        return int(made.pk)
