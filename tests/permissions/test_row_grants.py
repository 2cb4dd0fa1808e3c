"""Who runs the site sees what the office needs, and the rest by a grant alone (promise T7)."""

from __future__ import annotations

import re

import pytest
from psycopg import errors, sql

from tests import walls
from tests.permissions.strangers import (
    OURS,
    ROW,
    THEIRS,
    Found,
    act_as_another,
    fill,
    insert,
    private_row,
)

pytestmark = pytest.mark.django_db


def _looks(found: Found) -> None:
    """The operator has a grant for THEIRS."""
    found.execute(
        f"UPDATE access_grant SET person_id = {OURS}, owner_id = {THEIRS},"  # noqa: S608
        " until = now() + interval '1 hour'"
    )


def _seen_by_operator(found: Found, roles: str = "operator") -> set[str]:
    """The tables of which who runs the site sees the private row of another."""
    tables = walls.walled(found)
    with found.transaction(force_rollback=True):
        act_as_another(found)
        found.execute("SELECT set_config('ybj.roles', %s, true)", [roles])
        return {
            t
            for t in tables
            if found.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier(t))).rowcount
        }


def test_T7_by_the_role_the_operator_sees_what_the_office_needs(superuser: Found) -> None:
    found = superuser
    fill(found)
    assert _seen_by_operator(found) == set(walls.OFFICE)


def test_T7_a_live_grant_opens_the_rest_but_what_is_kept(superuser: Found) -> None:
    found = superuser
    fill(found)
    _looks(found)
    assert _seen_by_operator(found) == set(walls.walled(found)) - set(walls.KEPT)
    # Of nobody else's rows.
    found.execute(f"UPDATE access_grant SET owner_id = {OURS}")  # noqa: S608
    assert _seen_by_operator(found) == set(walls.OFFICE)


# What makes a grant no grant, and the condition of `ybj_opened` that sees to it.
DEAD = {
    "its time is over": ("until = now() - interval '1 second'", r"AND g\.until > [^;]*?, 0\)\)"),
    "it was ended": ("ended_at = now()", r"AND g\.ended_at IS NULL"),
    "it is a colleague's": (f"person_id = {ROW}", r"g\.person_id = public\.ybj_me\(\) AND"),
}


@pytest.mark.parametrize("why", DEAD)
def test_T7_a_dead_grant_opens_nothing_and_each_condition_is_needed(
    superuser: Found, why: str
) -> None:
    found = superuser
    fill(found)
    changed, condition = DEAD[why]
    _looks(found)
    found.execute(f"UPDATE access_grant SET {changed}")  # noqa: S608 - the test's own words
    assert _seen_by_operator(found) == set(walls.OFFICE)
    row = found.execute("SELECT pg_get_functiondef('ybj_opened()'::regprocedure)").fetchone()
    assert row is not None
    lifted, times = re.subn(condition, "", row[0])
    assert times == 1, "the condition stands in the function"
    found.execute(lifted.encode())
    assert _seen_by_operator(found) == set(walls.walled(found)) - set(walls.KEPT)


def test_T7_a_grant_without_the_role_opens_nothing(superuser: Found) -> None:
    found = superuser
    fill(found)
    before = {roles: _seen_by_operator(found, roles) for roles in ("enterprise", "exchange")}
    _looks(found)
    for roles, seen in before.items():
        assert _seen_by_operator(found, roles) == seen


def test_T7_an_operator_opens_only_for_themselves(superuser: Found) -> None:
    found = superuser
    fill(found)
    row = {**private_row(found, "access_grant"), "id": ROW + 1, "hours": 1, "edition_id": 0}
    for person, roles, goes in (
        (OURS, "operator", True), (THEIRS, "operator", False), (OURS, "exchange", False),
    ):  # fmt: skip
        with found.transaction(force_rollback=True):
            act_as_another(found)
            found.execute("SELECT set_config('ybj.roles', %s, true)", [roles])
            try:
                with found.transaction():
                    insert(found, "access_grant", {**row, "person_id": person})
            except errors.InsufficientPrivilege:
                assert not goes, (person, roles)
            else:
                assert goes, (person, roles)
