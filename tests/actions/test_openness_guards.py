"""What the database itself keeps of releases: every guard of their table has a probe that needs it."""

# ruff: noqa: S608 - statements are the tests' own

from __future__ import annotations

from typing import Any

import pytest

from tests import guards
from tests.guards import Probe
from tests.trading import Market
from yangbanjian.ground.journal.models import Entry
from yangbanjian.market.openness import actions
from yangbanjian.market.openness.models import Release

TABLES = ("openness_release",)


def copied(**changed: Any) -> str:
    """Another row as the first, but for what is changed; its content is told to agree."""
    said = {"id": "-1", **changed}
    columns = {
        "id": "id", "ocid": "ocid", "listing_id": "listing_id", "entry_id": "entry_id",
        "kind": "kind", "date": "date", "is_sandbox": "is_sandbox", **said,
    }  # fmt: skip
    content = said.get("content") or (
        "jsonb_build_object('ocid', {ocid}, 'id', {ocid} || '-' || {entry_id}, 'date',"
        " content::jsonb -> 'date', 'isDemonstration', {is_sandbox})::text"
    ).format(**columns)
    columns["content"] = content
    return (
        f"INSERT INTO openness_release ({', '.join(columns)})"
        f" SELECT {', '.join(columns.values())} FROM openness_release ORDER BY id LIMIT 1"
    )


# An entry that no release is of, a listing that none is about.
FREE_ENTRY = (
    "(SELECT max(id) FROM journal_entry WHERE id NOT IN (SELECT entry_id FROM openness_release))"
)
OTHER = "(SELECT max(id) FROM trading_listing WHERE id NOT IN (SELECT listing_id FROM openness_release))"
PROBES = {
    "openness_release_pkey": Probe(copied(id="id", entry_id=FREE_ENTRY)),
    "openness_release_entry_id_key": Probe(copied()),
    "openness_release_entry_id_fk": Probe(copied(entry_id="-99")),
    "openness_release_listing_id_fk": Probe(
        copied(entry_id=FREE_ENTRY, listing_id="-99", ocid="'ocds-000000-99'")
    ),
    "release_one_ocid": Probe(copied(entry_id=FREE_ENTRY, ocid="'ocds-000000-77'")),
    "release_one_listing": Probe(copied(entry_id=FREE_ENTRY, listing_id=OTHER)),
    "release_says_who_it_is": Probe(copied(entry_id=FREE_ENTRY, content="content")),
    "openness_release_rows": Probe("DELETE FROM openness_release"),
    "openness_release_table": Probe("TRUNCATE openness_release"),
}


@pytest.mark.usefixtures("committed")
def test_every_guard_is_needed(settings: Any) -> None:
    settings.YBJ_SANDBOX = True
    market = Market()
    market.published()
    actions.publish(list(Entry.objects.filter(verb="trading.listing_published")))
    market.accepted()
    assert Release.objects.count() == 1
    with guards.superuser() as found:
        known = set(guards.guards(found, TABLES))
        assert known == set(PROBES), known ^ set(PROBES)
    for name, probe in PROBES.items():
        with guards.superuser() as found:
            guards.is_needed(found, name, probe, TABLES)
    with guards.superuser() as found:
        missing = guards.revoked(found, TABLES)
    assert sorted(missing) == [
        ("openness_release", right) for right in ("DELETE", "TRUNCATE", "UPDATE")
    ]
    for table, right in missing:
        with guards.superuser() as found:
            guards.is_needed_right(found, table, right, "")
