"""What pages and API show alike of an introduction: whom to call on each side."""

from __future__ import annotations

from typing import Any, NamedTuple

from yangbanjian.ground.people import queries as people
from yangbanjian.kernel.actor import Role

# Whose people speak for an organisation that names no contact, first come first.
_SPEAKERS = (Role.ENTERPRISE, Role.TTO, Role.BROKER, Role.EXPERT)


class Contact(NamedTuple):
    """Who answers for an organisation. Open only once `policy.may_see_contacts` says so."""

    name: str
    email: str
    phone: str


def contact_of(organisation: Any) -> Contact:
    """The organisation's contact, else one of its members: contacts that open are never empty."""
    said = Contact(
        organisation.contact_name, organisation.contact_email, organisation.contact_phone
    )
    if any(said):
        return said
    for role in _SPEAKERS:
        found = people.people_with_role(role, [organisation.pk]).order_by("pk").first()
        if found is not None:
            return Contact(found.name, found.email or "", found.phone)
    return said
