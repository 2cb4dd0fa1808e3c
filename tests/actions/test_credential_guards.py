"""Every guard of the room's tables is needed: without it, a probe breaks the promise.

As for the ledger: each constraint, unique index and trigger has a probe, a statement by the most
powerful writer there is. With the guard it is refused by that guard's name; without it, it goes
through. A guard without a probe fails the test.
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
TABLES = (
    "credentials_issuer", "credentials_status_list", "credentials_credential", "credentials_seal",
    "credentials_page",
)  # fmt: skip
DOCUMENT = (
    '\'{{"id": "x/credentials/{token}", "credentialStatus": {{"statusListIndex": "{position}",'
    ' "statusListCredential": "x/status/-1"}}}}\''
)


def token(number: int) -> str:
    return f"{number:032x}"


def issuing(
    pk: int = -1, position: int = 5, about: int = 1, said: int | None = None, **more: str
) -> str:
    """An INSERT of one credential; `said` is the bit that its document names."""
    document = DOCUMENT.format(token=token(-pk), position=position if said is None else said)
    columns = {
        "id": str(pk), "token": f"'{token(-pk)}'", "type": "'T'", "about_kind": "'thing'",
        "about_id": str(about), "status_list_id": "-1", "position": str(position), "key_id": "-1",
        "document": document, "issued_at": "now()", "reason": "''", **more,
    }  # fmt: skip
    return (
        f"INSERT INTO credentials_credential ({', '.join(columns)})"  # noqa: S608
        f" VALUES ({', '.join(columns.values())});"
    )


REVOKED = "UPDATE credentials_credential SET revoked_at = now(), reason = 'x' WHERE id = -1;"
PAGE = "INSERT INTO credentials_page (id, credential_id, seal_id, content, sealed_at) VALUES ({0}, {1}, {2}, 'x', now());"
SEAL = "INSERT INTO credentials_seal (id, key_id, certificate) VALUES ({0}, {1}, 'x');"
ISSUER = "INSERT INTO credentials_issuer (id, did, base, made_at) VALUES ({0}, '{1}', 'https://x', now());"
LIST = "INSERT INTO credentials_status_list (id, opened_at) VALUES ({0}, now());"
KEY = "INSERT INTO keys_key (id, purpose, algorithm, public, made_at, statement, endorsement) VALUES ({0}, 'p{0}', '{1}', '{0}', now(), '', '');"
WORLD = (
    KEY.format(-1, "ed25519") + KEY.format(-2, "ed25519") + LIST.format(-1) + SEAL.format(-1, -1)
)
ONE = issuing()


@dataclass(frozen=True)
class Probe:
    """What stands before, and the statement that the guard must stop."""

    statement: str
    before: str = ""


PROBES: dict[str, Probe] = {
    "credentials_issuer_pkey": Probe(ISSUER.format(1, "did:web:b"), ISSUER.format(1, "did:web:a")),
    "issuer_is_one": Probe(ISSUER.format(2, "did:web:a")),
    "issuer_did_is_web": Probe(ISSUER.format(1, "did:key:z6Mk")),
    "issuer_stays": Probe("UPDATE credentials_issuer SET base = 'y'", ISSUER.format(1, "did:web:a")),
    "issuer_table_stays": Probe("TRUNCATE credentials_issuer"),
    "credentials_status_list_pkey": Probe(LIST.format(-1)),
    "status_list_stays": Probe("UPDATE credentials_status_list SET opened_at = now() WHERE id = -1"),
    "status_list_table_stays": Probe("TRUNCATE credentials_status_list CASCADE"),
    "credentials_seal_pkey": Probe(SEAL.format(-1, -2)),
    "credentials_seal_key_id_key": Probe(SEAL.format(-2, -1)),
    "credentials_seal_key_id_fk": Probe(SEAL.format(-2, -99)),
    "seal_stays": Probe("DELETE FROM credentials_seal WHERE id = -1"),
    "seal_table_stays": Probe("TRUNCATE credentials_seal CASCADE"),
    "credentials_page_pkey": Probe(
        PAGE.format(-1, -2, -1), ONE + issuing(-2, 6, 2) + PAGE.format(-1, -1, -1)
    ),
    "credentials_page_credential_id_key": Probe(
        PAGE.format(-2, -1, -1), ONE + PAGE.format(-1, -1, -1)
    ),
    "credentials_page_credential_id_fk": Probe(PAGE.format(-1, -99, -1)),
    "credentials_page_seal_id_fk": Probe(PAGE.format(-1, -1, -99), ONE),
    "page_stays": Probe("UPDATE credentials_page SET content = 'y'", ONE + PAGE.format(-1, -1, -1)),
    "page_table_stays": Probe("TRUNCATE credentials_page"),
    "credentials_credential_pkey": Probe(
        issuing(-1, 6, 2, token=f"'{token(9)}'",
                document=DOCUMENT.format(token=token(9), position=6)), ONE),
    "credentials_credential_token_key": Probe(
        issuing(-2, 6, 2, token=f"'{token(1)}'",
                document=DOCUMENT.format(token=token(1), position=6)), ONE),
    "credential_token_unguessable": Probe(
        issuing(token="'17'", document=DOCUMENT.format(token="17", position=5))
    ),
    "credential_own_bit": Probe(issuing(-2, 5, 2), ONE),
    "credential_bit_in_list": Probe(issuing(position=131072)),
    "credential_one_live": Probe(issuing(-2, 6, 1), ONE),
    "credential_revoked_with_reason": Probe(
        "UPDATE credentials_credential SET revoked_at = now() WHERE id = -1", ONE
    ),
    "credential_says_its_bit": Probe(issuing(said=6)),
    "credentials_credential_key_id_fk": Probe(issuing(key_id="-99")),
    "credentials_credenti_status_list_id_fk": Probe(
        issuing(status_list_id="-99", document=DOCUMENT.format(token=token(1), position=5).replace(
            "status/-1", "status/-99"))),
    "credentials_credenti_replaced_by_id_fk": Probe(
        REVOKED.replace("reason = 'x'", "reason = 'x', replaced_by_id = -99"), ONE),
    "credential_stays": Probe("DELETE FROM credentials_credential WHERE id = -1", ONE),
    "credential_table_stays": Probe("TRUNCATE credentials_credential CASCADE"),
    "credential_born_live": Probe(issuing(revoked_at="now()", reason="'x'")),
    "credential_revoked_once": Probe(
        "UPDATE credentials_credential SET revoked_at = NULL, reason = '' WHERE id = -1",
        ONE + REVOKED),
    "credential_fixed": Probe(
        REVOKED.replace("reason = 'x'", "reason = 'x', about_id = 2"), ONE),
}  # fmt: skip
# TRUNCATE of what others point at takes them along: their guards stand in its way as well.
ALONG = {
    "status_list_table_stays": {"credential_table_stays", "page_table_stays"},
    "seal_table_stays": {"page_table_stays"},
    "credential_table_stays": {"page_table_stays"},
}


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
    found.execute(probe.statement.encode())
    found.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_every_guard_has_a_probe(superuser: psycopg.Connection) -> None:
    assert set(guards(superuser)) == set(PROBES)


@pytest.mark.parametrize("name", PROBES)
def test_without_the_guard_its_probe_goes_through(superuser: psycopg.Connection, name: str) -> None:
    probe, found = PROBES[name], superuser
    found.execute(WORLD.encode())
    found.execute(probe.before.encode() or b"SELECT")
    found.execute("SET CONSTRAINTS ALL IMMEDIATE")
    drops = guards(found)
    for other in ALONG.get(name, ()):
        found.execute(drops[other].encode())
    with pytest.raises(errors.IntegrityError) as refused, found.transaction():
        _probe(found, probe)
    assert _known(refused.value.diag.constraint_name or "") == name, "another guard has caught it"
    found.execute(drops[name].encode())
    _probe(found, probe)


def test_who_has_which_rights_on_the_tables(superuser: psycopg.Connection) -> None:
    rows = superuser.execute(
        """
        SELECT t, string_agg(p, ' ' ORDER BY p) FROM unnest(%s::text[]) AS t,
          unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS p
        WHERE has_table_privilege('ybj_runtime', t, p) GROUP BY t
        """,
        [list(TABLES)],
    ).fetchall()
    assert dict(rows) == {
        name: "INSERT SELECT UPDATE" if name == "credentials_credential" else "INSERT SELECT"
        for name in TABLES
    }
