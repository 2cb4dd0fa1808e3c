"""Reading grants: which there were, which are open, and whether one opens an organisation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from yangbanjian.ground.access import policy, rules
from yangbanjian.ground.access.models import Grant
from yangbanjian.ground.journal import queries as journal
from yangbanjian.ground.people import queries as people
from yangbanjian.ground.rulebook import queries as rulebook
from yangbanjian.ground.rulebook.models import Edition
from yangbanjian.kernel.actor import Actor

TABLE = "access_terms"


@dataclass(frozen=True, slots=True)
class Look:
    """A grant as it is read: whose, by whom, why. `reason` and `person` are "" where erased."""

    grant: Grant
    owner: str
    person: str
    reason: str

    def is_open(self, now: datetime) -> bool:
        return (
            self.grant.ended_at is None and self.grant.until is not None and now < self.grant.until
        )


def terms() -> Edition:
    """What holds now of how long a look may last."""
    return rulebook.rule(TABLE)


def longest_hours() -> int:
    return rules.longest_hours(terms().rows)


def grants(actor: Actor, owner_id: int | None = None) -> QuerySet[Grant]:
    """The grants that the actor may read, the latest first."""
    found = policy.readable(actor).select_related("owner", "edition")
    if owner_id is not None:
        found = found.filter(owner_id=owner_id)
    return found.order_by("-id")


def looks(actor: Actor, some: list[Grant]) -> list[Look]:
    """Grants with the names and reasons that belong to them."""
    found = []
    for grant in some:
        told = journal.timeline(actor=actor, kind="access", subject_id=grant.pk)
        entry = told.filter(verb="access.opened").first()
        person = people.person(grant.person_id)
        found.append(
            Look(
                grant,
                grant.owner.name,
                person.name if person is not None else "",
                getattr(getattr(entry, "remark", None), "text", ""),
            )
        )
    return found
