"""Journal, keys, log, rulebook, files and the count of transactions: every guard of their tables has a probe that needs it."""

# ruff: noqa: S608 - statements are the tests' own

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests import guards
from tests.actions.test_rulebook_guards import PROBES as EDITIONS
from tests.actions.test_rulebook_guards import PUBLISHED, SHIPPED, _row
from tests.guards import Probe

pytestmark = pytest.mark.django_db
ENTRY = (
    "INSERT INTO journal_entry (id, xact, verb, subject_kind, subject_id, party_ids, at_business,"
    " at_recorded, edition, audience, payload, salt, payload_jcs_sha256, remark_sha256)"
    " VALUES ({0}, 1, 'x', 'x', 1, '{{}}', now(), now(), '', '{1}', '{{}}', '', '', '');"
)
REMARK = "INSERT INTO journal_remark (entry_id, text, salt) VALUES ({0}, 'x', '');"
FOLLOWING = (
    "INSERT INTO journal_subscription (name, xact, entry_id, failures) VALUES ('x', 0, 0, 0);"
)
A, B = "a" * 64, "b" * 64
UNDELIVERED = "INSERT INTO journal_undelivered (id, subscription, entry_id, error) VALUES (-1, 'x', {0}, 'x');"


def key(pk: int, public: str = "", purpose: str = "", algorithm: str = "ed25519",
        revoked: str = "NULL", follows: str = "NULL", statement: str = "") -> str:  # fmt: skip
    return (
        "INSERT INTO keys_key (id, purpose, algorithm, public, made_at, revoked_at, follows_id,"
        f" statement, endorsement) VALUES ({pk}, '{purpose or pk}', '{algorithm}',"
        f" '{public or pk}', now(), {revoked}, {follows}, '{statement}', '');"
    )


def leaf(position: int, entry: int) -> str:
    return f"INSERT INTO log_leaf VALUES ({position}, sha256('x'), {entry});"


def subtree(pk: int, level: int = 1, index: int = 0) -> str:
    return f"INSERT INTO log_subtree (id, level, index, hash) VALUES ({pk}, {level}, {index}, '');"


def head(pk: int, key_id: int = -1, size: int = 1, number: int = 2) -> str:
    return (
        "INSERT INTO log_checkpoint (id, number, size, root, note, at, xact, key_id)"
        f" VALUES ({pk}, {number}, {size}, '', '', now(), 1, {key_id});"
    )


def anchor(pk: int, kind: str = "file", checkpoint: int = -1, failure: str = "") -> str:
    return (
        "INSERT INTO log_anchor (id, kind, place, at, checkpoint_id, failure)"
        f" VALUES ({pk}, '{kind}', '', now(), {checkpoint}, '{failure}');"
    )


def log(pk: int, origin: str = "a/log") -> str:
    return f"INSERT INTO log_log (id, origin, made_at) VALUES ({pk}, '{origin}', now());"


def stored(pk: int, digest: str = A, size: int = 0, owner: str = "NULL", name: str = "") -> str:
    return (
        "INSERT INTO files_file (id, sha256, size, media_type, name, owner_id, made_at, is_public)"
        f" VALUES ({pk}, '{digest}', {size}, '', '{name}', {owner}, now(), false);"
    )


def content(digest: str = A, sm3: str = "") -> str:
    return f"INSERT INTO files_content (sha256, sm3) VALUES ('{digest}', '{sm3}');"


def count(pk: int = 2, ahead: int = 0, era: int = 0) -> str:
    return f"INSERT INTO database_numbering VALUES ({pk}, {ahead}, {era}, 'here');"


# Entries 1 to 3 (the first in the log, with a remark), two keys, a head that stands outside.
WORLD = (
    "".join(ENTRY.format(-n, "staff") for n in (1, 2, 3)) + REMARK.format(-1) + FOLLOWING
    + UNDELIVERED.format(-1) + key(-1) + key(-2) + log(1) + leaf(0, -1) + subtree(-1)
    + head(-1, number=1) + anchor(-1) + stored(-1) + content()
    + "DELETE FROM database_numbering;" + count(1)
)  # fmt: skip
NO_ORDER = "ALTER TABLE log_leaf DISABLE TRIGGER log_leaf_next;"
NO_COUNT = "ALTER TABLE log_checkpoint DISABLE TRIGGER log_checkpoint_whole;"
NO_LOG = "ALTER TABLE log_log DISABLE TRIGGER USER; DELETE FROM log_log; ALTER TABLE log_log ENABLE TRIGGER USER;"
STAY = ("journal_entry", "log_log", "log_leaf", "log_subtree", "log_checkpoint", "log_anchor")

ROOMS: dict[tuple[str, ...], dict[str, Probe]] = {
    ("journal_entry", "journal_remark", "journal_subscription", "journal_undelivered"): {
        "journal_entry_pkey": Probe(ENTRY.format(-1, "staff")),
        "journal_audience_known": Probe(ENTRY.format(-9, "all")),
        "journal_entry_rows": Probe("UPDATE journal_entry SET verb = 'y' WHERE id = -1"),
        "journal_entry_table": Probe("TRUNCATE journal_entry"),
        "journal_remark_pkey": Probe(REMARK.format(-1)),
        "journal_remark_entry_id_fk": Probe(REMARK.format(-99)),
        "journal_remark_rows": Probe("UPDATE journal_remark SET text = 'y' WHERE entry_id = -1"),
        "journal_remark_table": Probe("TRUNCATE journal_remark"),
        "journal_subscription_pkey": Probe(FOLLOWING),
        "journal_undelivered_pkey": Probe(UNDELIVERED.format(-1)),
        "journal_undelivered_entry_id_fk": Probe(
            UNDELIVERED.format(-99).replace("VALUES (-1", "VALUES (-2")
        ),
    },
    ("keys_key",): {
        "keys_key_pkey": Probe(key(-1, "other", "other")),
        "keys_key_public_key": Probe(key(-9, "-1")),
        "key_algorithm_known": Probe(key(-9, algorithm="rot13")),
        "key_one_at_work": Probe(key(-9, purpose="-1")),
        "key_followed_by_one": Probe(
            key(-9, follows="-1", statement="x"), before=key(-8, follows="-1", statement="x")
        ),
        "key_endorsed_if_it_follows": Probe(key(-9, follows="-1")),
        "key_revoked_is_retired": Probe(key(-9, revoked="now()")),
        "keys_key_follows_id_fk": Probe(key(-9, follows="-99", statement="x")),
        "keys_key_rows": Probe("UPDATE keys_key SET made_at = now() - interval '1 day'"),
        "keys_key_table": Probe("TRUNCATE keys_key"),
    },
    ("log_log", "log_leaf", "log_subtree", "log_checkpoint", "log_anchor"): {
        "log_log_pkey": Probe(log(1)),
        "log_is_one": Probe(log(2)),
        "log_origin_has_no_space": Probe(log(1, "a log"), before=NO_LOG),
        "log_log_rows": Probe("UPDATE log_log SET origin = 'b/log'"),
        "log_log_table": Probe("TRUNCATE log_log"),
        "log_leaf_pkey": Probe(leaf(0, -2), before=NO_ORDER),
        "log_leaf_entry_id_key": Probe(leaf(1, -1)),
        "log_leaf_entry_id_fk": Probe(leaf(1, -99)),
        "log_leaf_next": Probe(leaf(2, -2)),
        "leaf_position_from_0": Probe(leaf(-1, -2), before=NO_ORDER),
        "log_leaf_rows": Probe("UPDATE log_leaf SET leaf_hash = '' WHERE position = 0"),
        "log_leaf_table": Probe("TRUNCATE log_leaf"),
        "log_subtree_pkey": Probe(subtree(-1, index=1)),
        "subtree_once": Probe(subtree(-2)),
        "subtree_above_leaves": Probe(subtree(-2, level=0)),
        "log_subtree_rows": Probe("DELETE FROM log_subtree"),
        "log_subtree_table": Probe("TRUNCATE log_subtree"),
        "log_checkpoint_pkey": Probe(head(-1, key_id=-2)),
        "log_checkpoint_number_uniq": Probe(head(-2, key_id=-2, number=1), before=NO_COUNT),
        "checkpoint_once": Probe(head(-2)),
        "log_checkpoint_key_id_fk": Probe(head(-2, key_id=-99)),
        "log_checkpoint_whole": Probe(head(-2, key_id=-2, size=2)),
        "log_checkpoint_rows": Probe("UPDATE log_checkpoint SET note = 'x'"),
        "log_checkpoint_table": Probe("TRUNCATE log_checkpoint"),
        "log_anchor_pkey": Probe(anchor(-1, failure="x")),
        "anchor_once": Probe(anchor(-2)),
        "anchor_kind_known": Probe(anchor(-2, "pigeon")),
        "log_anchor_checkpoint_id_fk": Probe(anchor(-2, checkpoint=-99)),
        "log_anchor_rows": Probe("DELETE FROM log_anchor"),
        "log_anchor_table": Probe("TRUNCATE log_anchor"),
    },
    ("files_file", "files_content"): {
        "files_file_pkey": Probe(stored(-1, B)),
        "files_file_owner_id_fk": Probe(stored(-2, B, owner="-99")),
        "file_sha256_is_hex": Probe(stored(-2, "../x")),
        "file_size_not_negative": Probe(stored(-2, B, size=-1)),
        "file_once": Probe(stored(-2)),
        "files_content_pkey": Probe(content()),
        "content_sha256_is_hex": Probe(content("../x")),
        "content_sm3_is_hex": Probe(content(B, "x")),
    },
    ("database_numbering",): {
        "database_numbering_pkey": Probe(count(1)),
        "database_numbering_id_check": Probe(count()),
        "database_numbering_ahead_check": Probe("UPDATE database_numbering SET ahead = -1"),
        "database_numbering_era_check": Probe("UPDATE database_numbering SET era = -1"),
    },
    ("rulebook_edition",): {
        "rulebook_edition_pkey": Probe(
            _row(1, author_id=1, id=f"(SELECT id FROM rulebook_edition WHERE {SHIPPED})")
        ),
        "rulebook_edition_superseded_by_id_fk": Probe(
            _row(1, "superseded", superseded_by_id=-99, **PUBLISHED)
        ),
        "rulebook_edition_rows": Probe(f"DELETE FROM rulebook_edition WHERE {SHIPPED}"),
        "rulebook_edition_table": Probe("TRUNCATE rulebook_edition"),
        **{
            taken_away.split()[-1]: Probe(probe, before=";".join(before))
            for before, probe, _, taken_away in EDITIONS.values()
            if "DROP CONSTRAINT" in taken_away
        },
    },
}  # fmt: skip
# Only the tables' owner may bring in what is already published.
OWNER = "SET LOCAL ROLE ybj_migrator; SET LOCAL ybj.system = 'on';"
ALL = [(tables, name) for tables, probes in ROOMS.items() for name in probes]


@pytest.fixture
def found() -> Iterator[psycopg.Connection]:
    with guards.superuser() as connection:
        connection.execute(WORLD.encode())
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        yield connection


@pytest.mark.parametrize("tables", ROOMS, ids=lambda tables: tables[0])
def test_every_guard_has_a_probe(found: psycopg.Connection, tables: tuple[str, ...]) -> None:
    assert set(guards.guards(found, tables)) == set(ROOMS[tables])


@pytest.mark.parametrize(("tables", "name"), ALL, ids=[name for _, name in ALL])
def test_without_the_guard_its_probe_goes_through(
    found: psycopg.Connection, tables: tuple[str, ...], name: str
) -> None:
    probe = ROOMS[tables][name]
    if tables == ("rulebook_edition",) and not name.endswith("_table"):
        before = f"{OWNER}{probe.before}; RESET ROLE" if probe.before else ""
        probe = Probe(probe.statement, before, "ybj_migrator")
    guards.is_needed(found, name, probe, tables)


@pytest.mark.parametrize("tables", ROOMS, ids=lambda tables: tables[0])
def test_without_its_right_the_runtime_role_can_not(
    found: psycopg.Connection, tables: tuple[str, ...]
) -> None:
    rights = guards.revoked(found, tables)
    # Nothing of what is only ever appended to can be changed; nothing at all can be emptied.
    assert {(t, r) for t in STAY if t in tables for r in ("UPDATE", "DELETE")} <= set(rights)
    assert {(t, "TRUNCATE") for t in tables} <= set(rights)
    for table, right in rights:
        with found.transaction(force_rollback=True):
            guards.is_needed_right(found, table, right, "")
            found.execute("RESET ROLE")
