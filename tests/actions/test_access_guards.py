"""Every guard of the grants by which an operator looks in has a probe that needs it (T7)."""

# ruff: noqa: S608 - statements are the tests' own

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests import guards
from tests.guards import Probe

pytestmark = pytest.mark.django_db
TABLES = ("access_grant",)
EDITION = (
    "(SELECT id FROM rulebook_edition WHERE table_name = 'access_terms' AND state = 'published')"
)
WORLD = """
INSERT INTO people_organisation (id, kind, name, state, created_at, short_name, sort_name, region,
  street, intro, website, contact_name, contact_email, contact_phone, is_demo)
  VALUES (-7, 'enterprise', '甲', 'verified', now(), '', '', '', '', '', '', '', '', '', false);
"""


def told(pk: int, owner: int = -7, person: int = 5, verb: str = "opened", audience: str = "parties",
         remark: str = "x") -> str:  # fmt: skip
    """The entry that tells of a grant."""
    return (
        "INSERT INTO journal_entry (xact, verb, subject_kind, subject_id, owner_id, person_id,"
        " party_ids, at_business, at_recorded, edition, audience, payload, salt, payload_jcs_sha256,"
        f" remark_sha256) VALUES (ybj_xact(), 'access.{verb}', 'access', {pk}, {owner}, {person}, '{{}}',"
        f" now(), now(), '', '{audience}', '{{}}', '', '', '{remark}');"
    )


def grant(pk: int, owner: int = -7, hours: int = 8, edition: str = EDITION, more: str = "") -> str:
    names = "id, owner_id, person_id, hours, edition_id" + (", ended_by" if more else "")
    end = f", {more}" if more else ""
    return f"INSERT INTO access_grant ({names}) VALUES ({pk}, {owner}, 5, {hours}, {edition}{end});"


NO_TRIGGER = "ALTER TABLE access_grant DISABLE TRIGGER access_grant_stands;"
PROBES = {
    "access_grant_pkey": Probe(grant(-1), told(-1) + grant(-1)),
    "access_grant_owner_id_fk": Probe(grant(-2, owner=-99), told(-2, owner=-99)),
    "access_grant_edition_id_fk": Probe(grant(-2, edition="-99"), told(-2) + NO_TRIGGER),
    "access_grant_stands": Probe(
        "UPDATE access_grant SET until = until + interval '1 year'", told(-1) + grant(-1)
    ),
    "access_grant_told": Probe(grant(-2)),
}
# What the two triggers refuse beside: each as it would be tried.
REFUSED = {
    "access_grant_stands": (
        (told(-2), grant(-2, hours=73)),
        (told(-2), grant(-2, hours=0)),
        (told(-2), grant(-2, edition="(SELECT min(id) FROM rulebook_edition WHERE table_name <> 'access_terms')")),
        (told(-2), grant(-2, more="5")),
        (told(-1) + grant(-1), "DELETE FROM access_grant"),
        (told(-1) + grant(-1), "UPDATE access_grant SET owner_id = owner_id, hours = 9, ended_by = 5"),
        (told(-1) + grant(-1), "UPDATE access_grant SET ended_at = now()"),
        (
            told(-1) + grant(-1) + "UPDATE access_grant SET ended_by = 5;",
            "UPDATE access_grant SET ended_by = 6",
        ),
    ),
    "access_grant_told": (
        (told(-2, owner=-8), grant(-2)),
        (told(-2, person=6), grant(-2)),
        (told(-2, verb="ended"), grant(-2)),
        (told(-2, audience="staff"), grant(-2)),
        (told(-2, remark=""), grant(-2)),
        (told(-3), grant(-2)),
    ),
}  # fmt: skip


@pytest.fixture
def found() -> Iterator[psycopg.Connection]:
    with guards.superuser() as connection:
        connection.execute(WORLD.encode())
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        yield connection


def test_T7_every_guard_has_a_probe(found: psycopg.Connection) -> None:
    assert set(guards.guards(found, TABLES)) == set(PROBES)


@pytest.mark.parametrize("name", PROBES)
def test_T7_without_the_guard_its_probe_goes_through(found: psycopg.Connection, name: str) -> None:
    guards.is_needed(found, name, PROBES[name], TABLES)


@pytest.mark.parametrize(
    ("name", "before", "tried"),
    [(name, before, tried) for name, cases in REFUSED.items() for before, tried in cases],
)
def test_T7_a_grant_is_told_and_bounded(
    found: psycopg.Connection, name: str, before: str, tried: str
) -> None:
    found.execute(before.encode())
    with pytest.raises(psycopg.errors.RestrictViolation) as refused, found.transaction():
        found.execute(tried.encode())
    assert refused.value.diag.constraint_name == name


def test_T7_the_database_says_from_when_until_when(found: psycopg.Connection) -> None:
    found.execute((told(-1) + grant(-1)).encode())
    row = found.execute(
        "SELECT until - opened_at = interval '8 hours', abs(extract(epoch FROM opened_at - clock_timestamp())) < 60"
        " FROM access_grant WHERE id = -1"
    ).fetchone()
    assert row == (True, True)
    found.execute("UPDATE access_grant SET ended_by = 5")
    assert found.execute(
        "SELECT ended_at >= opened_at FROM access_grant WHERE id = -1"
    ).fetchone() == (True,)


def test_T7_the_runtime_removes_no_grant(found: psycopg.Connection) -> None:
    rights = guards.revoked(found, TABLES)
    assert {right for _, right in rights} == {"DELETE", "TRUNCATE"}
    for table, right in rights:
        with found.transaction(force_rollback=True):
            guards.is_needed_right(found, table, right, "")
            found.execute("RESET ROLE")
