"""A database that was dumped and restored elsewhere counts its transactions from the start: nothing
that follows by them skips anything or sees it twice. And the journal's rows from before remarks had
digests."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, transaction

from tests import database
from tests.races.test_log import all_sealed, until, whole, wrote
from yangbanjian.engines.matching.live import LiveIndex
from yangbanjian.engines.matching.models import Document
from yangbanjian.faces.cli.running import be_ready
from yangbanjian.ground.database import numbering
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import jobs as news
from yangbanjian.ground.journal.models import Entry, Remark
from yangbanjian.ground.log.models import Leaf
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.kernel.refusals import Conflict
from yangbanjian.supervisor.program import server_binaries

pytestmark = pytest.mark.usefixtures("own_database")
# So many transactions had the server from which the dump came.
FURTHER = 10**9
taken: list[int] = []


@pytest.fixture(autouse=True)
def _folders_of_the_module(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    place = tmp_path_factory.getbasetemp() / "brought-over"
    settings.KEYS_ROOT, settings.ANCHORS_ROOT = place / "keys", place / "anchors"


@pytest.fixture
def following(monkeypatch: pytest.MonkeyPatch) -> None:
    """One follower, which notes what it is given."""
    monkeypatch.setattr(news, "_FOLLOWING", {})
    taken.clear()

    @news.subscribe("tests.taker", "things.*")
    def take(entries: Sequence[Entry]) -> None:
        taken.extend(entry.pk for entry in entries)


def delivered(wanted: int) -> None:
    until(lambda: bool(news.deliver()) or len(taken) >= wanted)


def superuser(name: str) -> str:
    return database._on(database.admin_url(), name)


def tool(name: str, *arguments: str, url: str) -> None:
    subprocess.run(
        [str(server_binaries(None) / name), *arguments, "-d", url],
        check=True, capture_output=True, timeout=300, env={**os.environ, "PGOPTIONS": ""},
    )  # fmt: skip


@pytest.fixture
def elsewhere(own_database: None, tmp_path: Path) -> Iterator[str]:
    """The name for a database to restore to; dropped afterwards, and Django back where it was."""
    before = dict(connections["default"].settings_dict)
    name = f"{before['NAME']}_over"
    yield name
    for alias in ("default", "migrator"):
        if alias in connections.settings:
            connections[alias].close()
    if connections.settings.pop("migrator", None):
        del connections["migrator"]  # else the next to say so gets this one
    connections.settings["default"] = before
    connections["default"].settings_dict.update(before)
    with psycopg.connect(database.admin_url(), autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def restored(name: str, dump: Path) -> None:
    """The dump in a database of its own, on a server that has counted less."""
    source = str(connections["default"].settings_dict["NAME"])
    tool("pg_dump", "-Fc", "-f", str(dump), url=superuser(source))
    urls = database.create(name, database.admin_url())
    connections["default"].close()
    tool("pg_restore", "--exit-on-error", str(dump), url=superuser(name))
    with psycopg.connect(superuser(name), autocommit=True) as server:
        server.execute("UPDATE database_numbering SET ahead = 0")
    for alias, role in (("default", "runtime"), ("migrator", "migrator")):
        made = {**connections.settings["default"], **database.django_settings(urls[role])}
        connections.settings[alias] = made
        connections[alias].settings_dict.update(made)
    assert str(connection.settings_dict["NAME"]) == name
    assert urlunsplit(urlsplit(urls["runtime"])).endswith(name)


def test_what_follows_by_transactions_follows_on_after_a_restore(
    following: None, elsewhere: str, tmp_path: Path
) -> None:
    name = str(connections["default"].settings_dict["NAME"])
    with psycopg.connect(superuser(name), autocommit=True) as server:
        server.execute(
            "INSERT INTO database_numbering SELECT 1, %s, 0, system_identifier || '/' || oid"
            " FROM pg_control_system(), pg_database WHERE datname = current_database()"
            " ON CONFLICT (id) DO UPDATE SET ahead = EXCLUDED.ahead",
            [FURTHER],
        )
    assert numbering.is_at_home()
    first = wrote(5)
    Document.objects.create(kind="demand", record_id=1, text="冷库节能", is_live=True)
    delivered(5)
    all_sealed()
    index = LiveIndex(tmp_path / "index")
    until(lambda: index.catch_up() > 0 or len(index.index) == 1)
    index.compact()
    waiting = wrote(3)  # in the dump, but neither delivered nor sealed
    cursor = Entry.objects.get(pk=waiting[0]).xact
    assert cursor > FURTHER

    restored(elsewhere, tmp_path / "dump")
    assert not numbering.is_at_home()
    with pytest.raises(Conflict) as refused:
        be_ready()
    assert refused.value.code == "site.brought_over"
    with transaction.atomic():
        (lost,) = wrote()
        assert Entry.objects.get(pk=lost).xact < cursor, "else this test is blind"
        transaction.set_rollback(True)

    assert numbering.count_on("migrator")
    assert not numbering.count_on("migrator"), "once"
    assert numbering.is_at_home()
    new = wrote(4)
    Document.objects.filter(record_id=1).update(text="冷库余热回收")
    Document.objects.create(kind="demand", record_id=2, text="污泥干化", is_live=True)
    assert Entry.objects.get(pk=new[0]).xact > cursor
    delivered(12)
    assert taken == first + waiting + new
    whole()
    assert Leaf.objects.filter(entry_id__in=first + waiting + new).count() == 12
    # The index beside it was made of another database: a new one is made, of all there is.
    again = LiveIndex(tmp_path / "index")
    assert len(again.index) == 0
    until(lambda: again.catch_up() > 0 or len(again.index) == 2)
    assert len(again.index) == 2
    assert numbering.era() == 1


def test_entries_from_before_remarks_had_digests_are_sealed_like_all(elsewhere: str) -> None:
    urls = database.create(elsewhere, database.admin_url())
    connections["default"].close()
    for alias, role in (("default", "runtime"), ("migrator", "migrator")):
        made = {**connections.settings["default"], **database.django_settings(urls[role])}
        connections.settings[alias] = made
        connections[alias].settings_dict.update(made)
    call_command("migrate", "journal", "0002", database="migrator", verbosity=0)
    with connection.cursor() as cursor:
        for n, remark in enumerate(["甲方说明", "", None]):
            cursor.execute(
                "INSERT INTO journal_entry (verb, subject_kind, subject_id, party_ids, at_business,"
                " at_recorded, edition, audience, payload, salt, payload_jcs_sha256)"
                " VALUES ('things.made', 'thing', %s, '{}', clock_timestamp(), clock_timestamp(),"
                """ '', 'public', '{"n":1}', 's', sha256('s{"n":1}')) RETURNING id""",
                [n + 1],
            )
            (pk,) = cursor.fetchone() or (0,)
            if remark is not None:
                cursor.execute(
                    "INSERT INTO journal_remark (entry_id, text, erased_at) VALUES (%s, %s, %s)",
                    [pk, remark, None if remark else "2026-01-01"],
                )
    call_command("migrate", database="migrator", verbosity=0)
    stated, erased, bare = Entry.objects.order_by("id")[:3]
    assert [len(bytes(e.remark_sha256)) for e in (stated, erased, bare)] == [32, 32, 0]
    assert len(bytes(Remark.objects.get(pk=stated.pk).salt)) == 16
    # The guards that were lifted stand again.
    for change in ("UPDATE journal_entry SET verb = ''", "UPDATE journal_remark SET salt = 's'"):
        with pytest.raises(DatabaseError), acting(SYSTEM), connection.cursor() as cursor:
            cursor.execute(change)
    whole()
