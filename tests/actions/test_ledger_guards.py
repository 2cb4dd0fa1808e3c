"""Every guard of the ledger's tables is needed: without it, a probe breaks the promise.

Each constraint, unique index and trigger of the two tables has a probe: a statement by the most
powerful writer there is (the poster; or a superuser, where the poster has no right to begin with).
With the guard the probe is refused by that guard's name; with the guard dropped, in the same
transaction, it goes through. A guard without a probe fails the test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connections
from psycopg import errors

from tests import database

pytestmark = pytest.mark.django_db
TABLES = ("ledger_account", "ledger_transfer")
# Accounts 1 to 5 are the house's own, which need no owner: 5 is limited, 3 and 4 count units of V.
WORLD = """
INSERT INTO ledger_account (id, key, owner_id, code, asset, is_limited, opened_at) VALUES
  (-1, gen_random_uuid(), NULL, 'clearing', 'CNY', false, now()),
  (-2, gen_random_uuid(), NULL, 'suspense', 'CNY', false, now()),
  (-3, gen_random_uuid(), NULL, 'clearing', 'V', false, now()),
  (-4, gen_random_uuid(), NULL, 'suspense', 'V', false, now()),
  (-5, gen_random_uuid(), NULL, 'rounding', 'CNY', true, now());
SET CONSTRAINTS ALL IMMEDIATE;
"""


def new(
    seq: int, kind: str = "posted", amount: int = 5, posted: int | None = None,
    pending: int = 0, accounts: str = "-1, -2", asset: str = "CNY", **more: str,
) -> str:  # fmt: skip
    """An INSERT of one transfer whose id is its number."""
    columns = {
        "id": f"lpad('{seq}', 32, '0')::uuid", "seq": str(seq), "kind": f"'{kind}'",
        "amount": str(amount), "posted_change": str(amount if posted is None else posted),
        "pending_change": str(pending), "asset": f"'{asset}'", "cause": "''",
        "effective_on": "'2026-03-01'", "payload_sha256": "'\\x00'",
        "at_business": "'2026-03-01 08:00Z'", "at_recorded": "'2026-03-01 08:00Z'", **more,
    }  # fmt: skip
    return (
        f"INSERT INTO ledger_transfer (debit_id, credit_id, {', '.join(columns)})"  # noqa: S608
        f" VALUES ({accounts}, {', '.join(columns.values())});"
    )


def named(seq: int) -> str:
    return f"lpad('{seq}', 32, '0')::uuid"


def hold(seq: int, **more: str) -> str:
    return new(seq, "pending", posted=0, pending=5, **more)


# Holds 1 and 2 between the same accounts, 3 posted.
HOLDS = hold(1) + hold(2) + new(3)
ACCOUNT = (
    "INSERT INTO ledger_account (id, key, owner_id, code, asset, is_limited, opened_at{0})"
    " VALUES ({1}, {2}, {3}, '{4}', '{5}', false, now(){6});"
)
CHAIN = {"chain": named(77), "chain_place": "1"}


def account(
    pk: int = -9, key: str = "gen_random_uuid()", owner: str = "NULL", code: str = "rounding",
    asset: str = "W", more: tuple[str, str] = ("", ""),
) -> str:  # fmt: skip
    return ACCOUNT.format(more[0], pk, key, owner, code, asset, more[1])


def within_a_trigger(statement: str) -> str:
    """The statement as a trigger would run it: one level deeper."""
    return (
        "CREATE TEMP TABLE deeper (n int);"  # noqa: S608 - our own words
        f"CREATE FUNCTION pg_temp.deeper() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {statement} RETURN NULL; END $$;"
        "CREATE TRIGGER deeper AFTER INSERT ON deeper EXECUTE FUNCTION pg_temp.deeper();"
        "INSERT INTO deeper VALUES (1);"
    )


@dataclass(frozen=True)
class Probe:
    """What stands before, and the statement that the guard must stop."""

    statement: str
    before: str = ""
    as_poster: bool = True


PROBES: dict[str, Probe] = {
    "ledger_account_pkey": Probe(account(-1)),
    "ledger_account_key_key": Probe(
        account(key="(SELECT key FROM ledger_account WHERE id = -1)")
    ),
    "ledger_account_owner_id_fk": Probe(account(owner="-1")),
    "ledger_account_range": Probe(
        new(1, amount=9007199254740991), before=new(2, amount=9007199254740991)
    ),
    "ledger_account_limit": Probe(new(1, accounts="-5, -2")),
    "ledger_account_owned": Probe(account(code="mine")),
    "ledger_account_asset": Probe(account(asset=" W")),
    "ledger_account_named_once": Probe(account(code="clearing", asset="CNY")),
    "ledger_account_stays": Probe("DELETE FROM ledger_account WHERE id = -5", as_poster=False),
    "ledger_account_table_stays": Probe("TRUNCATE ledger_account", as_poster=False),
    "ledger_account_born_empty": Probe(account(more=(", credits_posted", ", 5"))),
    "ledger_account_fixed": Probe(
        within_a_trigger("UPDATE ledger_account SET is_limited = false WHERE id = -5;"),
        as_poster=False,
    ),
    "ledger_account_by_transfer": Probe(
        "UPDATE ledger_account SET debits_posted = 5, credits_posted = 5 WHERE id IN (-1, -2)"
    ),
    "ledger_account_balanced": Probe(
        within_a_trigger("UPDATE ledger_account SET credits_posted = 5 WHERE id = -1;"),
        as_poster=False,
    ),
    "ledger_transfer_pkey": Probe(new(2, id=named(1)), before=new(1)),
    "ledger_transfer_seq": Probe(new(1, id=named(2)), before=new(1)),
    "ledger_transfer_resolved_once": Probe(
        new(5, "void", posted=0, pending=-5, hold_id=named(1)),
        before=HOLDS + new(4, "void", posted=0, pending=-5, hold_id=named(1)),
    ),
    "ledger_transfer_chain_once": Probe(
        new(2, chain_size="1", **CHAIN), before=new(1, chain_size="1", **CHAIN)
    ),
    "ledger_transfer_two_accounts": Probe(new(1, accounts="-1, -1")),
    "ledger_transfer_amount": Probe(new(1, amount=0)),
    "ledger_transfer_changes": Probe(new(1, pending=5)),
    "ledger_transfer_resolves": Probe(new(4, "void", posted=0, pending=-5), before=HOLDS),
    "ledger_transfer_expiry": Probe(new(1, expires_at="'2026-04-01'")),
    "ledger_transfer_chain": Probe(new(1, chain=named(77), chain_size="1")),
    "ledger_transfer_corrects": Probe(
        new(4, "post", pending=-5, hold_id=named(1), corrects_id=named(3)), before=HOLDS
    ),
    "ledger_transfer_stays": Probe(
        "UPDATE ledger_transfer SET cause = 'x'", before=new(1), as_poster=False
    ),
    "ledger_transfer_table_stays": Probe("TRUNCATE ledger_transfer", as_poster=False),
    "ledger_transfer_moves": Probe(new(1, asset="V")),
    "ledger_transfer_holds": Probe(
        new(4, "expire", posted=0, pending=-5, hold_id=named(1)), before=HOLDS
    ),
    "ledger_transfer_links": Probe(new(1, chain_size="2", **CHAIN)),
}  # fmt: skip


@pytest.fixture
def superuser() -> Iterator[psycopg.Connection]:
    """The superuser on this database, in one transaction that is rolled back."""
    name = connections["default"].settings_dict["NAME"]
    url = urlsplit(database.admin_url())._replace(path=f"/{name}").geturl()
    with psycopg.connect(url) as found:
        try:
            yield found
        finally:
            found.rollback()


def guards(found: psycopg.Connection) -> dict[str, str]:
    """Name -> the statement that drops it, of every guard that the catalogue knows."""
    rows = found.execute(
        """
        SELECT conname, format('ALTER TABLE %%I DROP CONSTRAINT %%I CASCADE', conrelid::regclass, conname)
        FROM pg_constraint WHERE conrelid::regclass::text = ANY (%(tables)s) AND contype IN ('c', 'u', 'p', 'f', 'x')
        UNION ALL
        SELECT indexrelid::regclass::text, format('DROP INDEX %%s', indexrelid::regclass)
        FROM pg_index WHERE indrelid::regclass::text = ANY (%(tables)s) AND indisunique
          AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
        UNION ALL
        SELECT tgname, format('DROP TRIGGER %%I ON %%s', tgname, tgrelid::regclass)
        FROM pg_trigger WHERE tgrelid::regclass::text = ANY (%(tables)s) AND NOT tgisinternal
        """,
        {"tables": list(TABLES)},
    ).fetchall()
    return {_known(name): drop for name, drop in rows}


def _known(name: str) -> str:
    """Django puts a digest into the names of foreign keys."""
    return re.sub(r"_[0-9a-f]{8}_fk_.*", "_fk", name)


def _probe(found: psycopg.Connection, probe: Probe) -> None:
    if probe.as_poster:
        found.execute("SET LOCAL ROLE ybj_poster")
    found.execute(probe.statement.encode())


def test_every_guard_has_a_probe(superuser: psycopg.Connection) -> None:
    assert set(guards(superuser)) == set(PROBES)


@pytest.mark.parametrize("name", PROBES)
def test_without_the_guard_its_probe_goes_through(superuser: psycopg.Connection, name: str) -> None:
    probe, found = PROBES[name], superuser
    found.execute(WORLD.encode())
    found.execute(probe.before.encode() or b"SELECT")
    with pytest.raises(errors.IntegrityError) as refused, found.transaction():
        _probe(found, probe)
    assert _known(refused.value.diag.constraint_name or "") == name, "another guard has caught it"
    found.execute("RESET ROLE")
    found.execute(guards(found)[name].encode())
    _probe(found, probe)


def test_the_functions_that_lend_rights_are_few_and_fixed(superuser: psycopg.Connection) -> None:
    rows = superuser.execute(
        """
        SELECT proname, pg_get_userbyid(proowner), 'search_path=pg_catalog, public, pg_temp' = ANY (proconfig),
          has_function_privilege('ybj_runtime', oid, 'EXECUTE'), has_function_privilege('ybj_auditor', oid, 'EXECUTE')
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef
          AND (proname LIKE 'ledger%%' OR proname LIKE 'post%%') ORDER BY proname
        """
    ).fetchall()
    names = ["ledger_expire", "ledger_open_account", "ledger_settled", "post_batch"]
    assert rows == [(name, "ybj_poster", True, True, False) for name in names]


def test_who_has_which_rights_on_the_tables(superuser: psycopg.Connection) -> None:
    rows = superuser.execute(
        """
        SELECT r, string_agg(p, ' ' ORDER BY p) FROM unnest(%s::text[]) AS t,
          unnest(ARRAY['ybj_runtime', 'ybj_poster', 'ybj_auditor']) AS r,
          unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p
        WHERE has_table_privilege(r, t, p) GROUP BY t, r ORDER BY r, t
        """,
        [list(TABLES)],
    ).fetchall()
    assert rows == [
        *[("ybj_auditor", "SELECT")] * 2,
        *[("ybj_poster", "INSERT SELECT")] * 2,
        *[("ybj_runtime", "SELECT")] * 2,
    ]
    logins = superuser.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'ybj_poster'")
    assert logins.fetchone() == (False,)
