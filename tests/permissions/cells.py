"""What a cell of the table says: who calls, which verb on a thing in which state, and who may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tests import make
from yangbanjian.ground.people.models import Person
from yangbanjian.kernel.actor import Role

# Callers: nobody; a person of each role, of an organisation that the thing tried has nothing to
# do with; and those whose own it is.
NOBODY, OWN = "nobody", "own"
SEEKER, PROVIDER = "seeker", "provider"
ROLES = frozenset(role.value for role in Role)
STAFF = frozenset({"operator", "auditor"})
EVERYBODY = ROLES | {NOBODY, OWN, SEEKER, PROVIDER}
SIGNED_IN = EVERYBODY - {NOBODY}
OPERATOR = frozenset({"operator"})
HOUSE = frozenset({"exchange", "operator"})


class Verb(NamedTuple):
    """A verb of the API: how it is called on a thing in a state, and who may."""

    name: str
    method: str
    path: str
    body: Any
    state: str
    may: frozenset[str]


# The number (or name) of a thing, and those whose own it is, by caller.
Made = tuple[int | str, dict[str, Person]]
# A part of the table: subject -> its verbs, and subject -> what makes one in a state.
Table = dict[str, list[Verb]]
Things = dict[str, Callable[[str], Made]]


def nothing(_state: str) -> Made:
    make.person(Role.OPERATOR)  # so that no caller is the last one
    return 0, {}
