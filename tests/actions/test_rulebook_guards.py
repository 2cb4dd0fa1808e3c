"""What the database itself keeps. Each guard has a probe that breaks the promise: with the guard
it is refused, and with the guard taken away (in a transaction that is rolled back) it succeeds."""

# ruff: noqa: S608 - the statements are the test's own

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection as django_connection

from tests import database

pytestmark = pytest.mark.django_db
LINE = "table_name, jurisdiction, number, document, clause, unit, source, note, is_provisional"
REST = "effect, rows, state, version, made_at, changed_at, was_alone"


def _row(number: int, state: str = "draft", effect: str = "[2030-01-01,)", **more: Any) -> str:
    names = "".join(f", {name}" for name in more)
    values = "".join(f", {value}" for value in more.values())
    return (
        f"INSERT INTO rulebook_edition ({LINE}, {REST}{names}) VALUES ('notice_days', '310110',"
        f" {number}, '某文件', '', '', '', '', false, '{effect}', '[{{\"case\": \"reward\"}}]',"
        f" '{state}', 1, now(), now(), false{values})"
    )


PUBLISHED = {"author_id": 1, "published_by": 2, "published_at": "now()"}
THE_ROWS = "DROP TRIGGER rulebook_edition_rows ON rulebook_edition"
CONSTRAINT = "ALTER TABLE rulebook_edition DROP CONSTRAINT {}"
MINE = "table_name = 'notice_days' AND jurisdiction = '310110'"
SHIPPED = "shipped_as = 'notice_days/CN/1'"
# name -> (what is there before, the probe, the guard, how it is taken away)
# What refers to an edition is emptied with it, and some of that has a guard of its own.
OTHERS_TOO = """DO $$ DECLARE guard record; BEGIN
  FOR guard IN SELECT tgname, tgrelid::regclass AS place FROM pg_trigger WHERE NOT tgisinternal AND tgtype & 32 > 0
  LOOP EXECUTE format('DROP TRIGGER %I ON %s', guard.tgname, guard.place); END LOOP;
END $$"""
PROBES: dict[str, tuple[list[str], str, str, str]] = {
    "what is published is not changed": (
        [], f"UPDATE rulebook_edition SET rows = rows || rows WHERE {SHIPPED}",
        "stands as it was published", THE_ROWS,
    ),
    "its days are not cut without a follower": (
        [], f"UPDATE rulebook_edition SET state = 'superseded', superseded_by_id = id,"
        f" effect = daterange(lower(effect), '2030-01-01') WHERE {SHIPPED}",
        "stands as it was published", THE_ROWS,
    ),
    "what is published is not deleted": (
        [], f"DELETE FROM rulebook_edition WHERE {SHIPPED}", "stands as it was published", THE_ROWS,
    ),
    "nor are drafts": (
        [_row(1, author_id=1)], f"DELETE FROM rulebook_edition WHERE {MINE}",
        "stands as it was published", THE_ROWS,
    ),
    "a draft stays of its author": (
        [_row(1, author_id=1)], f"UPDATE rulebook_edition SET author_id = 2 WHERE {MINE}",
        "stays of its line and its author", THE_ROWS,
    ),
    "the runtime writes drafts only": (
        ["SET LOCAL ROLE ybj_runtime"], _row(1, "published", **PUBLISHED),
        "born a draft", THE_ROWS,
    ),
    "the table is not emptied": (
        [], "TRUNCATE rulebook_edition CASCADE", "stands as it was published",
        f"DROP TRIGGER rulebook_edition_table ON rulebook_edition; {OTHERS_TOO}",
    ),
    "a second person publishes": (
        [_row(1, author_id=1)],
        f"UPDATE rulebook_edition SET state = 'published', published_by = 1, published_at = now()"
        f" WHERE {MINE}",
        "edition_second_person", CONSTRAINT.format("edition_second_person"),
    ),
    "no two hold on one day": (
        [_row(1, "published", **PUBLISHED)], _row(2, "published", "[2031-01-01,)", **PUBLISHED),
        "edition_no_overlap", CONSTRAINT.format("edition_no_overlap"),
    ),
    "a number is given once": (
        [_row(1, author_id=1)], _row(1, author_id=1),
        "edition_number_once", CONSTRAINT.format("edition_number_once"),
    ),
    "an edition begins some day": (
        [], _row(1, effect="(,2030-01-01)", author_id=1),
        "edition_effect_begins", CONSTRAINT.format("edition_effect_begins"),
    ),
    "it names its document": (
        [], _row(1, author_id=1).replace("某文件", ""),
        "edition_document_named", CONSTRAINT.format("edition_document_named"),
    ),
    "it has rows": (
        [], _row(1, author_id=1).replace('[{"case": "reward"}]', "{}"),
        "edition_has_rows", CONSTRAINT.format("edition_has_rows"),
    ),
    "its state is known": (
        [], _row(1, "burnt", author_id=1),
        "edition_state_known", CONSTRAINT.format("edition_state_known"),
    ),
    "what is followed says by which": (
        [], _row(1, "superseded", **PUBLISHED),
        "edition_followed_by_one", CONSTRAINT.format("edition_followed_by_one"),
    ),
    "what is shipped is brought in once": (
        [], _row(1, shipped_as="'notice_days/CN/1'"),
        "shipped_as", "ALTER TABLE rulebook_edition DROP CONSTRAINT rulebook_edition_shipped_as_key",
    ),
}  # fmt: skip


@pytest.fixture
def owner() -> Iterator[psycopg.Connection[Any]]:
    """The superuser on this test's database, whose work is always rolled back."""
    name = str(django_connection.settings_dict["NAME"])
    url = urlsplit(database.admin_url())._replace(path=f"/{name}").geturl()
    with psycopg.connect(url) as connection:
        connection.execute("SET lock_timeout = '10s'")
        try:
            yield connection
        finally:
            connection.rollback()


@pytest.mark.parametrize("name", PROBES)
def test_the_guard_refuses_and_without_it_the_promise_breaks(
    name: str, owner: psycopg.Connection[Any]
) -> None:
    before, probe, says, taken_away = PROBES[name]
    setting = [s for s in before if s.startswith("SET ")]
    owner.execute("SET LOCAL ROLE ybj_migrator")
    for statement in before:
        owner.execute(statement)
    owner.execute("SAVEPOINT here")
    with pytest.raises(psycopg.Error) as refused:
        owner.execute(probe)
    assert says in str(refused.value)
    owner.execute("ROLLBACK TO here")
    owner.execute("SET LOCAL ROLE ybj_migrator")
    owner.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what waits for the commit stops ALTER TABLE
    owner.execute(taken_away)
    for statement in setting:
        owner.execute(statement)
    owner.execute(probe)


def test_the_runtime_has_no_right_to_delete(owner: psycopg.Connection[Any]) -> None:
    for statement in (
        f"DELETE FROM rulebook_edition WHERE {SHIPPED}", "TRUNCATE rulebook_edition",
    ):  # fmt: skip
        owner.rollback()
        owner.execute("SET LOCAL ROLE ybj_runtime")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            owner.execute(statement)
