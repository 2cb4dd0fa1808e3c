"""What the catalogue says of the walls (promise T4): no leak, and each kind of leak is told."""

from __future__ import annotations

import pytest

from tests import walls
from tests.permissions.strangers import Found

pytestmark = pytest.mark.django_db


LEAKS = {
    "passes the policies": "ALTER TABLE demands_demand NO FORCE ROW LEVEL SECURITY",
    "the view peephole": "CREATE VIEW peephole AS SELECT * FROM demands_demand",
    "the materialised view heap": "CREATE MATERIALIZED VIEW heap AS SELECT * FROM demands_demand",
    "the definer function lent": "CREATE FUNCTION lent() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
    " SET search_path = pg_catalog, public, pg_temp AS 'SELECT count(*) FROM demands_demand'",
    "has no fixed search path": "ALTER FUNCTION matching_met(text) RESET search_path",
    "tells of other owners' rows": "CREATE UNIQUE INDEX once ON demands_demand (external_id)",
    "newcomer has rows that belong": "CREATE TABLE newcomer (id bigint, owner_id bigint)",
    "follower has rows that belong": "CREATE TABLE follower"
    " (id bigint, match_id bigint REFERENCES matching_match)",
    "a policy is missing": "DROP POLICY demands_demand_remove ON demands_demand",
    "may DELETE in journal_entry": "GRANT DELETE ON journal_entry TO ybj_runtime",
    "may TRUNCATE in files_file": "GRANT TRUNCATE ON files_file TO ybj_runtime",
}


def test_T4_the_catalogue_shows_no_leak(superuser: Found) -> None:
    assert walls.faults(superuser) == []


@pytest.mark.parametrize("told", LEAKS)
def test_a_leak_is_told(superuser: Found, told: str) -> None:
    superuser.execute("SET LOCAL ROLE ybj_migrator")
    superuser.execute(LEAKS[told].encode())
    superuser.execute("RESET ROLE")
    faults = walls.faults(superuser)
    assert any(told in fault for fault in faults), faults


def test_a_view_that_reads_as_its_caller_is_no_leak(superuser: Found) -> None:
    superuser.execute(
        "CREATE VIEW window_pane WITH (security_invoker=true) AS SELECT * FROM demands_demand"
    )
    assert walls.faults(superuser) == []


def test_every_exception_still_stands(superuser: Found) -> None:
    """An exception for what is gone would one day excuse something else."""
    names = {r[0] for r in superuser.execute("SELECT relname::text FROM pg_class").fetchall()}
    assert set(walls.OPEN) <= names
    assert set(walls.PUBLIC) <= set(walls.walled(superuser))
    assert {key for key in walls.KEYS if not any(n.startswith(key) for n in names)} == set()
    lent = superuser.execute("SELECT proname::text FROM pg_proc WHERE prosecdef").fetchall()
    assert {row[0] for row in lent} >= walls.LENT
