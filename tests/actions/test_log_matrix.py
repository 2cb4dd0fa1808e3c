# ruff: noqa: S608 - the statements are put together from our own words
"""E5, the whole matrix: change, delete, move and insert a row of every evidence table at head,
middle and tail, as a superuser past every guard; each is found and its first bad index named.

One log is made and committed; each edit is made and audited in a transaction that is undone. A log
that is made anew as a whole: test_log_insider."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections, transaction

from tests import database, make
from tests.actions.test_log import written
from tests.races.conftest import own_database  # noqa: F401
from yangbanjian.ground.files import actions as files
from yangbanjian.ground.files import queries as stored
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.log import actions, audit
from yangbanjian.ground.log.models import Checkpoint, Leaf
from yangbanjian.kernel.actor import Role

pytestmark = pytest.mark.usefixtures("superuser")
PLACES = ("head", "middle", "tail")
BATCHES = 6


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("matrix")


@pytest.fixture(autouse=True)
def _folders_of_the_module(settings: Any, folders: Path) -> None:
    settings.KEYS_ROOT, settings.ANCHORS_ROOT = folders / "keys", folders / "anchors"
    settings.MEDIA_ROOT = folders / "files"


@pytest.fixture(scope="module")
def superuser(own_database: None, folders: Path) -> Iterator[None]:  # noqa: F811
    """Six batches of some 134 entries under a head each, every entry with a remark, and a stored
    file in each; then the tables in the hands of a superuser."""
    from django.conf import settings

    before = settings.KEYS_ROOT, settings.MEDIA_ROOT
    settings.KEYS_ROOT, settings.MEDIA_ROOT = folders / "keys", folders / "files"
    actor = make.actor(Role.TTO)
    for n in range(BATCHES):
        written(66, remark="甲方说明")
        files.attach(actor=actor, content=b"%%PDF-1.7 %d" % n, name=f"{n}.pdf")
        written(66, remark="乙方说明")
        actions.sequence_all(include_own=True)
    settings.KEYS_ROOT, settings.MEDIA_ROOT = before
    runtime = dict(connections["default"].settings_dict)
    url = database._on(database.admin_url(), str(runtime["NAME"]))
    database.point_default_at(url)
    yield
    connections["default"].close()
    connections["default"].settings_dict.update(runtime)


def sql(text: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(text, values or None)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def free() -> Iterator[None]:
    """Past every guard, and undone afterwards."""
    with transaction.atomic():
        sql("SET LOCAL session_replication_role = replica")
        assert audit.audit().findings == []
        yield
        transaction.set_rollback(True)


def row_at(place: str, count: int) -> int:
    return {"head": 0, "middle": count // 2, "tail": count - 1}[place]


def found() -> int | None:
    return audit.audit().first_bad


def swapped(table: str, key: str, column: str, one: int, other: int) -> None:
    """Two rows exchange what stands in a column, also where it is unique."""
    (a,), (b,) = (sql(f"SELECT {column} FROM {table} WHERE {key} = %s", k)[0] for k in (one, other))
    for value, row in ((-1 if isinstance(a, int) else b"\0", one), (a, other), (b, one)):
        sql(f"UPDATE {table} SET {column} = %s WHERE {key} = %s", value, row)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("edit", ["change", "delete", "move", "insert"])
def test_e5_entries(edit: str, place: str, free: None) -> None:
    size = Leaf.objects.count()
    at = row_at(place, size)
    entry = Leaf.objects.get(position=at).entry_id
    neighbour = max(0, at - 3) if at else at + 3
    if edit == "change":
        sql("UPDATE journal_entry SET verb = verb || '!' WHERE id = %s", entry)
        assert found() == at
    elif edit == "delete":
        sql("DELETE FROM journal_entry WHERE id = %s", entry)
        assert found() == at
    elif edit == "move":
        swapped(
            "journal_entry",
            "id",
            "subject_id",
            entry,
            Leaf.objects.get(position=neighbour).entry_id,
        )
        assert found() == min(at, neighbour)
    else:
        sql(
            "INSERT INTO journal_entry (xact, verb, subject_kind, subject_id, party_ids, at_business,"
            " at_recorded, edition, audience, payload, salt, payload_jcs_sha256, remark_sha256)"
            " SELECT xact - 1, 'things.forged', 'thing', 1, '{}', at_business, at_recorded, '',"
            " 'public', payload, salt, payload_jcs_sha256, '' FROM journal_entry WHERE id = %s", entry,
        )  # fmt: skip
        xact = Entry.objects.get(pk=entry).xact
        after = Leaf.objects.filter(entry__xact__gte=xact).order_by("position").first()
        assert after is not None
        assert found() == after.position


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("edit", ["change", "delete", "move", "insert"])
def test_e5_remarks(edit: str, place: str, free: None) -> None:
    has = "SELECT l.position, l.entry_id FROM log_leaf l {} JOIN journal_remark r USING (entry_id)"
    rows = sql(f"{has.format('')} ORDER BY 1")
    at, entry = rows[row_at(place, len(rows))]
    if edit == "change":
        sql("UPDATE journal_remark SET text = text || ' ' WHERE entry_id = %s", entry)
    elif edit == "delete":
        sql("DELETE FROM journal_remark WHERE entry_id = %s", entry)
    elif edit == "move":
        other = rows[2][1] if place == "head" else rows[0][1]
        swapped("journal_remark", "entry_id", "salt", entry, other)
        at = rows[0][0] if place != "head" else at
    else:
        bare = sql(f"{has.format('LEFT')} WHERE r.entry_id IS NULL ORDER BY 1")
        at, entry = bare[row_at(place, len(bare))]
        sql("INSERT INTO journal_remark VALUES (%s, 'x', NULL, 's')", entry)
    assert found() == at


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("edit", ["change", "delete", "move", "insert"])
def test_e5_leaves(edit: str, place: str, free: None) -> None:
    size = Leaf.objects.count()
    at = row_at(place, size)
    if edit == "change":
        sql("UPDATE log_leaf SET leaf_hash = sha256(leaf_hash) WHERE position = %s", at)
        assert found() == at
    elif edit == "delete":
        sql("DELETE FROM log_leaf WHERE position = %s", at)
        assert found() == at
    elif edit == "move":
        other = at + 2 if place == "head" else at - 2
        swapped("log_leaf", "position", "leaf_hash", at, other)
        assert found() == min(at, other)
    else:
        new = at + (place == "tail")
        sql("UPDATE log_leaf SET position = position + 1000000 WHERE position >= %s", new)
        sql("UPDATE log_leaf SET position = position - 999999 WHERE position >= 1000000")
        sql("INSERT INTO log_leaf (position, entry_id, leaf_hash) VALUES (%s, -1, sha256(''))", new)
        assert found() == new


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("edit", ["change", "delete", "move", "insert"])
def test_e5_tiles(edit: str, place: str, free: None) -> None:
    index = row_at(place, 3)
    where = f"level = 1 AND index = {index}"
    if edit == "change":
        sql(f"UPDATE log_subtree SET hash = sha256(hash) WHERE {where}")
    elif edit == "delete":
        sql(f"DELETE FROM log_subtree WHERE {where}")
    elif edit == "move":
        ids = [pk for (pk,) in sql("SELECT id FROM log_subtree WHERE level = 1 ORDER BY index")]
        swapped("log_subtree", "id", "hash", ids[index], ids[(index + 1) % 3])
        index = min(index, (index + 1) % 3)
    else:
        level, index = {"head": (2, 0), "middle": (2, 0), "tail": (1, 3)}[place]
        sql(
            "INSERT INTO log_subtree (level, index, hash) VALUES (%s, %s, sha256(''))", level, index
        )
    assert found() == index * 256


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("edit", ["change", "change the note", "delete", "move", "insert"])
def test_e5_heads(edit: str, place: str, free: None) -> None:
    heads = list(Checkpoint.objects.order_by("number"))
    at = row_at(place, len(heads))
    before = heads[at - 1].size if at else 0
    pk = heads[at].pk
    if edit == "change":
        sql("UPDATE log_checkpoint SET root = sha256(root) WHERE id = %s", pk)
    elif edit == "change the note":
        sql("UPDATE log_checkpoint SET note = replace(note, '— ', '— x') WHERE id = %s", pk)
    elif edit == "delete":
        sql("DELETE FROM log_checkpoint WHERE id = %s", pk)
    elif edit == "move":
        other = at + 1 if place == "head" else at - 1
        swapped("log_checkpoint", "id", "number", pk, heads[other].pk)
        before = max(0, heads[min(at, other) - 1].size if min(at, other) else 0)
        # The one that came too early is in its turn longer than the next: seen there.
        assert found() in (before, heads[min(at, other)].size, heads[max(at, other)].size)
        return
    else:
        sql(
            "INSERT INTO log_checkpoint (number, size, root, note, at, xact, key_id)"
            " SELECT 99, size - 1, root, note, at, xact, key_id FROM log_checkpoint WHERE id = %s", pk,
        )  # fmt: skip
        assert found() in {head.size for head in heads} | {0}
        return
    assert found() == before


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("edit", ["change", "delete", "move", "insert", "bytes", "bytes gone"])
def test_e5_files(edit: str, place: str, free: None) -> None:
    told = list(
        Entry.objects.filter(verb="files.stored")
        .order_by("leaf__position").values_list("leaf__position", "subject_id", "payload")
    )  # fmt: skip
    assert len(told) == BATCHES
    n = row_at(place, BATCHES)
    at, number, said = told[n]
    path = stored.path_of(said["sha256"])
    good = path.read_bytes()
    if edit == "change":
        sql("UPDATE files_file SET size = size + 1 WHERE id = %s", number)
    elif edit == "delete":
        sql("DELETE FROM files_file WHERE id = %s", number)
    elif edit == "move":
        other = (n + 1) % BATCHES
        one, two = said["sha256"], told[other][2]["sha256"]
        sql("UPDATE files_file SET sha256 = %s WHERE id = %s", two, number)
        sql("UPDATE files_file SET sha256 = %s WHERE id = %s", one, told[other][1])
        at = min(at, told[other][0])
    elif edit == "insert":
        sql("INSERT INTO files_file (sha256, size, media_type, name, made_at, is_public)"
            " SELECT sha256, size, media_type, 'forged', made_at, true FROM files_file"
            " WHERE id = %s", number)  # fmt: skip
        at = Leaf.objects.count()
    elif edit == "bytes":
        path.write_bytes(good[:-1] + b"!")
    else:
        path.unlink()
    try:
        assert found() == at
    finally:
        path.write_bytes(good)


def test_e5_the_name_of_the_log(free: None) -> None:
    sql("UPDATE log_log SET origin = 'elsewhere/log'")
    assert found() == 0


def test_e5_a_key_that_is_gone(free: None) -> None:
    sql("DELETE FROM keys_key")
    assert found() == 0
