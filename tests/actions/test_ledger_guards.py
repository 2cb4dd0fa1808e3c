"""Every guard of the ledger's tables is needed: without it, a probe breaks the promise.

Each constraint, unique index and trigger of the two tables has a probe: a statement by the most
powerful writer there is (the poster; or a superuser, where the poster has no right to begin with).
With the guard the probe is refused by that guard's name; with the guard dropped, in the same
transaction, it goes through. A guard without a probe fails the test.
"""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests import guards
from tests.guards import Probe

pytestmark = pytest.mark.django_db
TABLES = ("ledger_account", "ledger_transfer")
# Suspense is an account like the others here; that it holds the bank's lines has a probe of its own.
# Accounts 1 to 5 are the house's own, which need no owner: 5 is limited, 3 and 4 count units of V.
WORLD = """
INSERT INTO ledger_account (id, key, owner_id, code, asset, is_limited, opened_at) VALUES
  (-1, gen_random_uuid(), NULL, 'clearing', 'CNY', false, now()),
  (-2, gen_random_uuid(), NULL, 'suspense', 'CNY', false, now()),
  (-3, gen_random_uuid(), NULL, 'clearing', 'V', false, now()),
  (-4, gen_random_uuid(), NULL, 'suspense', 'V', false, now()),
  (-5, gen_random_uuid(), NULL, 'rounding', 'CNY', true, now());
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE ledger_account DISABLE TRIGGER bank_suspense_adds_up;
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


def probe(statement: str, before: str = "", *, as_poster: bool = True) -> Probe:
    """By the poster, or by the superuser where the poster has no right to begin with."""
    return Probe(statement, before, "ybj_poster" if as_poster else "")


PROBES: dict[str, Probe] = {
    "ledger_account_pkey": probe(account(-1)),
    "ledger_account_key_key": probe(
        account(key="(SELECT key FROM ledger_account WHERE id = -1)")
    ),
    "ledger_account_owner_id_fk": probe(account(owner="-1")),
    "ledger_account_range": probe(
        new(1, amount=9007199254740991), before=new(2, amount=9007199254740991)
    ),
    "ledger_account_limit": probe(new(1, accounts="-5, -2")),
    "ledger_account_owned": probe(account(code="mine")),
    "ledger_account_asset": probe(account(asset=" W")),
    "ledger_account_named_once": probe(account(code="clearing", asset="CNY")),
    "ledger_account_stays": probe("DELETE FROM ledger_account WHERE id = -5", as_poster=False),
    "ledger_account_table_stays": probe("TRUNCATE ledger_account", as_poster=False),
    "ledger_account_born_empty": probe(account(more=(", credits_posted", ", 5"))),
    "ledger_account_fixed": probe(
        within_a_trigger("UPDATE ledger_account SET is_limited = false WHERE id = -5;"),
        as_poster=False,
    ),
    "ledger_account_by_transfer": probe(
        "UPDATE ledger_account SET debits_posted = 5, credits_posted = 5 WHERE id IN (-1, -2)"
    ),
    "ledger_account_balanced": probe(
        within_a_trigger("UPDATE ledger_account SET credits_posted = 5 WHERE id = -1;"),
        as_poster=False,
    ),
    # What is put into suspense by hand is no bank's line.
    "bank_suspense_adds_up": probe(
        new(1), before="ALTER TABLE ledger_account ENABLE ALWAYS TRIGGER bank_suspense_adds_up"
    ),
    "ledger_transfer_pkey": probe(new(2, id=named(1)), before=new(1)),
    "ledger_transfer_seq": probe(new(1, id=named(2)), before=new(1)),
    "ledger_transfer_resolved_once": probe(
        new(5, "void", posted=0, pending=-5, hold_id=named(1)),
        before=HOLDS + new(4, "void", posted=0, pending=-5, hold_id=named(1)),
    ),
    "ledger_transfer_chain_once": probe(
        new(2, chain_size="1", **CHAIN), before=new(1, chain_size="1", **CHAIN)
    ),
    "ledger_transfer_two_accounts": probe(new(1, accounts="-1, -1")),
    "ledger_transfer_amount": probe(new(1, amount=0)),
    "ledger_transfer_changes": probe(new(1, pending=5)),
    "ledger_transfer_resolves": probe(new(4, "void", posted=0, pending=-5), before=HOLDS),
    "ledger_transfer_expiry": probe(new(1, expires_at="'2026-04-01'")),
    "ledger_transfer_chain": probe(new(1, chain=named(77), chain_size="1")),
    "ledger_transfer_corrects": probe(
        new(4, "post", pending=-5, hold_id=named(1), corrects_id=named(3)), before=HOLDS
    ),
    "ledger_transfer_stays": probe(
        "UPDATE ledger_transfer SET cause = 'x'", before=new(1), as_poster=False
    ),
    "ledger_transfer_table_stays": probe("TRUNCATE ledger_transfer", as_poster=False),
    "ledger_transfer_moves": probe(new(1, asset="V")),
    "ledger_transfer_holds": probe(
        new(4, "expire", posted=0, pending=-5, hold_id=named(1)), before=HOLDS
    ),
    "ledger_transfer_links": probe(new(1, chain_size="2", **CHAIN)),
}  # fmt: skip


@pytest.fixture
def superuser() -> Iterator[psycopg.Connection]:
    """The superuser on this database, in one transaction that is rolled back."""
    with guards.superuser() as found:
        yield found


def test_every_guard_has_a_probe(superuser: psycopg.Connection) -> None:
    assert set(guards.guards(superuser, TABLES)) == set(PROBES)


@pytest.mark.parametrize("name", PROBES)
def test_without_the_guard_its_probe_goes_through(superuser: psycopg.Connection, name: str) -> None:
    superuser.execute(WORLD.encode())
    guards.is_needed(superuser, name, PROBES[name], TABLES)


def test_without_its_right_the_runtime_role_can_not(superuser: psycopg.Connection) -> None:
    rights = guards.revoked(superuser, TABLES)
    assert len(rights) == len(TABLES) * len(guards.RIGHTS), "the functions alone write"
    for table, right in rights:
        with superuser.transaction(force_rollback=True):
            guards.is_needed_right(superuser, table, right, "")
            superuser.execute("RESET ROLE")


def test_the_functions_that_lend_rights_are_few_and_fixed(superuser: psycopg.Connection) -> None:
    rows = superuser.execute(
        """
        SELECT proname, pg_get_userbyid(proowner), 'search_path=pg_catalog, public, pg_temp' = ANY (proconfig),
          has_function_privilege('ybj_runtime', oid, 'EXECUTE'), has_function_privilege('ybj_auditor', oid, 'EXECUTE')
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef
          AND proname ~ '^(bank|ledger|post)' ORDER BY proname
        """
    ).fetchall()
    asks = [
        "account_fits",
        "adds_up",
        "expectation_fits",
        "line_posted",
        "match_fits",
        "match_undone",
    ]
    names = [
        *(f"bank_{name}" for name in asks),
        "ledger_expire",
        "ledger_open_account",
        "ledger_settled",
        "post_batch",
    ]
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
