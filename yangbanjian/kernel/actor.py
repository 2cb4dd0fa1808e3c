"""Who acts. The journal stores it, policies ask it, and neither needs the people room."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person does in an organisation."""

    OPERATOR = "operator"
    BROKER = "broker"
    TTO = "tto"
    ENTERPRISE = "enterprise"
    EXPERT = "expert"
    EXCHANGE = "exchange"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person acting for one organisation; `mandates` are the organisations they may act for."""

    person_id: int | None = None
    organisation_id: int | None = None
    roles: frozenset[Role] = frozenset()
    mandates: frozenset[int] = frozenset()
    is_system: bool = False

    @property
    def is_anonymous(self) -> bool:
        return self.person_id is None and not self.is_system

    @property
    def is_operator(self) -> bool:
        return self.is_system or Role.OPERATOR in self.roles

    @property
    def is_broker(self) -> bool:
        return Role.BROKER in self.roles

    def acts_for(self, organisation_id: int | None) -> bool:
        """May this actor speak for the organisation?"""
        return self.is_system or (organisation_id is not None and organisation_id in self.mandates)

    def has_any(self, *roles: Role) -> bool:
        return self.is_system or not self.roles.isdisjoint(roles)


SYSTEM = Actor(is_system=True)
ANONYMOUS = Actor()
