"""E5: a superuser with the triggers off changes, deletes, moves, inserts, or makes the whole chain
anew; the next audit finds it and names where. (The heads of the first 300 entries are outside.)"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings as django_settings
from django.db import connection, connections

from tests import database
from tests.actions.test_log import written
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.keys import queries as keys
from yangbanjian.ground.keys import rules as signing
from yangbanjian.ground.log import actions, audit, queries
from yangbanjian.ground.log.models import Leaf
from yangbanjian.ground.log.rules import leaves, merkle, notes
from yangbanjian.kernel.actor import SYSTEM

OUTSIDE = 300
Sql = Callable[..., Any]


@pytest.fixture
def sql(committed: None) -> Iterator[Sql]:
    """A superuser at the tables, past every guard."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        name = str((cursor.fetchone() or ("",))[0])
    with psycopg.connect(database._on(database.admin_url(), name), autocommit=True) as server:
        server.execute("SET session_replication_role = replica")
        yield lambda text, *values: server.execute(text, values or None)


def fill() -> int:
    """300 entries of which the head is outside, then 40 in two heads; returns the size."""
    # The key tells of itself, and a new database of the editions that came with it.
    written(OUTSIDE - 1 - Entry.objects.count(), remark="甲方说明")
    actions.sequence_all(include_own=True)
    assert queries.head_or_refuse().size == OUTSIDE
    assert actions.anchor_if_due(actor=SYSTEM) == 1
    for _ in range(2):
        written(20)
        actions.sequence_all(include_own=True)
    assert audit.audit().is_whole
    return Leaf.objects.count()


PLACES = {"head": 0, "middle": 150, "tail": 339}
# The head is the key's own entry or the first of ours, whichever was sequenced first: both do.
EDITS = {
    "change of the payload": "UPDATE journal_entry SET payload = '{{\"n\": 99}}' WHERE id = {entry}",
    "change of the time": "UPDATE journal_entry SET at_recorded = at_recorded - interval '1 day'"
    " WHERE id = {entry}",
    "change of the audience": "UPDATE journal_entry SET audience = 'parties' WHERE id = {entry}",
    "change of salt and payload": "UPDATE journal_entry SET payload = '{{}}', salt = '',"
    " payload_jcs_sha256 = sha256('{{}}') WHERE id = {entry}",
    "an added remark": "INSERT INTO journal_remark (entry_id, text, salt) VALUES ({entry}, 'x', '')"
    " ON CONFLICT (entry_id) DO UPDATE SET text = 'x'",
    "deletion of the entry": "DELETE FROM journal_entry WHERE id = {entry}",
    "deletion of the leaf": "DELETE FROM log_leaf WHERE position = {at}",
    "deletion of both": "DELETE FROM log_leaf WHERE position = {at};"
    " DELETE FROM journal_entry WHERE id = {entry}",
    "another hash": "UPDATE log_leaf SET leaf_hash = sha256(leaf_hash) WHERE position = {at}",
    "another entry in its place": "UPDATE log_leaf SET entry_id = -1 WHERE position = {at}",
}


# A letter of the signature: another one, whatever it is.
CHANGED_NOTE = """
UPDATE log_checkpoint SET note = overlay(note PLACING translate(substr(note, length(note) - 20, 1),
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
  'BCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/A')
  FROM length(note) - 20 FOR 1) WHERE size = 320
"""


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("edit", EDITS)
def test_e5_an_edited_row_is_found_and_its_index_named(sql: Sql, edit: str, place: str) -> None:
    fill()
    at = PLACES[place]
    entry = Leaf.objects.get(position=at).entry_id
    text = EDITS[edit]
    for part in text.format(at=at, entry=entry).split(";"):
        sql(part)
    assert audit.audit().first_bad == at


@pytest.mark.parametrize("at", [1, 150, 325])
def test_e5_two_leaves_that_change_places_are_found(sql: Sql, at: int) -> None:
    fill()
    rows = {
        r[0]: r[1:] for r in sql("SELECT * FROM log_leaf WHERE position IN (%s, %s)", at, at + 5)
    }
    sql("DELETE FROM log_leaf WHERE position IN (%s, %s)", at, at + 5)
    sql("INSERT INTO log_leaf VALUES (%s, %s, %s)", at, *rows[at + 5])
    sql("INSERT INTO log_leaf VALUES (%s, %s, %s)", at + 5, *rows[at])
    found = audit.audit()
    assert {f.what for f in found.findings} >= {"order", "head"}
    assert at in {f.index for f in found.findings if f.what == "order"}


@pytest.mark.parametrize("at", [10, 150, 325])
def test_e5_an_inserted_entry_is_found(sql: Sql, at: int) -> None:
    fill()
    before = Leaf.objects.get(position=at).entry
    sql(
        "INSERT INTO journal_entry (xact, verb, subject_kind, subject_id, party_ids, at_business,"
        " at_recorded, edition, audience, payload, salt, payload_jcs_sha256, remark_sha256)"
        " SELECT xact - 1, 'things.forged', subject_kind, 1, party_ids, at_business, at_recorded,"
        " edition, audience, payload, salt, payload_jcs_sha256, '' FROM journal_entry WHERE id = %s",
        before.pk,
    )
    found = audit.audit()
    assert "unplaced" in {f.what for f in found.findings}
    first = Leaf.objects.filter(entry__xact__gte=before.xact).order_by("position").first()
    assert first is not None
    assert found.first_bad == first.position


def test_e5_an_act_that_is_written_down_a_week_late_is_found(sql: Sql) -> None:
    size = fill()
    (pk,) = written(1)
    sql("UPDATE journal_entry SET at_recorded = at_recorded - interval '7 days' WHERE id = %s", pk)
    actions.sequence_all(include_own=True)
    found = audit.audit()
    assert [(f.what, f.index) for f in found.findings] == [("backdated", size)]


@pytest.mark.parametrize("level", [1])
def test_e5_a_changed_subtree_is_found(sql: Sql, level: int) -> None:
    fill()
    sql("UPDATE log_subtree SET hash = sha256(hash) WHERE level = %s", level)
    assert [(f.what, f.index) for f in audit.audit().findings] == [("subtree", 0)]


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE log_checkpoint SET root = sha256(root) WHERE size = 320",
        CHANGED_NOTE,
    ],
)
def test_e5_a_changed_head_is_found(sql: Sql, edit: str) -> None:
    fill()
    sql(edit)
    found = audit.audit()
    assert found.first_bad == OUTSIDE


@pytest.mark.parametrize("kept", [310, 100])
def test_e5_a_tail_that_was_cut_off_is_found(sql: Sql, kept: int) -> None:
    """Entries, leaves and heads: as if they had never been. Beyond the last head that stands
    outside nobody can tell, and so it is put there."""
    fill()
    actions.anchor(actor=SYSTEM, checkpoint=queries.head_or_refuse())
    sql(
        "DELETE FROM journal_entry WHERE id IN (SELECT entry_id FROM log_leaf WHERE position >= %s)",
        kept,
    )
    sql(
        "DELETE FROM journal_remark r WHERE NOT EXISTS (SELECT FROM journal_entry WHERE id = r.entry_id)"
    )
    sql("DELETE FROM log_leaf WHERE position >= %s", kept)
    sql("DELETE FROM log_subtree WHERE (index + 1) * 256 > %s", kept)
    sql("DELETE FROM log_checkpoint WHERE size > %s", kept)
    found = audit.audit()
    assert "head_too_long" in {f.what for f in found.findings}
    assert found.first_bad == kept


@pytest.mark.parametrize("place", PLACES)
def test_e5_a_chain_made_anew_contradicts_the_head_outside(sql: Sql, place: str) -> None:
    """The worst: tables and key in one hand. Everything agrees inside; what was handed out does
    not."""
    size = fill()
    actions.anchor(actor=SYSTEM, checkpoint=queries.head_or_refuse())
    entry = Leaf.objects.get(position=PLACES[place]).entry
    sql(
        "UPDATE journal_entry SET payload = '{}', payload_jcs_sha256 = sha256(salt || '{}')"
        " WHERE id = %s",
        entry.pk,
    )
    _chain_anew(sql, size)
    inside = _without_anchors()
    assert inside.is_whole
    found = audit.audit()
    assert {f.what for f in found.findings} == {"outside"}
    assert found.first_bad == (0 if PLACES[place] < OUTSIDE else OUTSIDE)


def _chain_anew(sql: Sql, size: int) -> None:
    for leaf in Leaf.objects.select_related("entry"):
        made = merkle.leaf_hash(leaves.leaf_bytes(leaves.leaf_of(queries.row_of(leaf.entry))))
        sql("UPDATE log_leaf SET leaf_hash = %s WHERE position = %s", made, leaf.position)
    first = merkle.folded(queries.read_hashes(0, 0, 256))
    sql("UPDATE log_subtree SET hash = %s WHERE level = 1 AND index = 0", first)
    key = keys.at_work("log")
    assert key is not None
    signer, origin = keys.signer_of(key), queries.origin()
    for (at,) in sql("SELECT size FROM log_checkpoint").fetchall():
        root = merkle.root(queries.read_hashes, at)
        text = notes.Checkpoint(origin, at, root).text()
        mark = signing.note_id(origin, signer.algorithm, signer.public)
        note = notes.signed(text, [notes.Signature(origin, mark, signer.sign(text.encode()))])
        sql("UPDATE log_checkpoint SET root = %s, note = %s WHERE size = %s", root, note, at)


def _without_anchors() -> audit.Report:
    folder = Path(django_settings.ANCHORS_ROOT)
    hidden = folder.with_name("taken-away")
    folder.rename(hidden)
    try:
        return audit.audit()
    finally:
        hidden.rename(folder)


def test_e5_a_head_that_an_auditor_brings_along_is_compared(sql: Sql, tmp_path: Path) -> None:
    fill()
    mine = tmp_path / "mine.txt"
    mine.write_text(queries.head_or_refuse().note, encoding="utf-8")
    assert audit.audit(outside=[mine]).outside == 2
    sql("DELETE FROM log_checkpoint WHERE size > 320")
    sql(
        "DELETE FROM journal_entry WHERE id IN (SELECT entry_id FROM log_leaf WHERE position >= 320)"
    )
    sql("DELETE FROM log_leaf WHERE position >= 320")
    assert audit.audit().is_whole
    assert audit.audit(outside=[mine]).first_bad == 320


def test_a_log_with_an_unreadable_head_outside_says_so(sql: Sql, tmp_path: Path) -> None:
    fill()
    (tmp_path / "odd").write_text("not a head", encoding="utf-8")
    assert [f.what for f in audit.audit(outside=[tmp_path / "odd"]).findings] == [
        "outside_unreadable"
    ]
    connections.close_all()
