"""Names, amounts and merging of open data: the standard's own rules, on cases that tell them apart."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yangbanjian.market.openness.rules import packages, parts
from yangbanjian.market.openness.rules.merging import compiled, versioned


def one(day: int, **told: Any) -> dict[str, Any]:
    date = f"2026-01-{day:02d}T00:00:00.000000Z"
    return {"ocid": "ocds-000000-1", "id": f"r{day}", "date": date, "tag": ["tender"], **told}


def test_the_later_release_counts_whatever_the_order_they_come_in() -> None:
    early, late = (
        one(1, tender={"id": "t", "title": "甲", "status": "active"}),
        one(2, tender={"id": "t", "title": "乙"}),
    )
    said = compiled([late, early])
    assert said["tender"] == {"id": "t", "title": "乙", "status": "active"}
    assert (said["id"], said["tag"]) == (f"ocds-000000-1-{late['date']}", ["compiled"])
    assert (said["date"], said["ocid"]) == (late["date"], "ocds-000000-1")


def test_the_history_tells_each_value_once_with_the_release_that_gave_it() -> None:
    first = one(
        1, tender={"status": "active", "value": {"amount": 2}}, awards=[{"id": "a", "n": 1}]
    )
    second = one(
        2, tender={"status": "active", "value": {"amount": 3}}, awards=[{"id": "a", "n": None}]
    )
    told = versioned([second, first])
    assert told["ocid"] == first["ocid"]
    assert [v["value"] for v in told["tender"]["status"]] == ["active"]
    assert told["tender"]["value"]["amount"] == [
        {"releaseID": r["id"], "releaseDate": r["date"], "releaseTag": r["tag"], "value": n}
        for r, n in ((first, 2), (second, 3))
    ]
    (award,) = told["awards"]
    assert award["id"] == "a"
    assert [v["value"] for v in award["n"]] == [1, None]
    assert not {"id", "date", "tag"} & set(told)
    with pytest.raises(ValueError, match="at least one"):
        versioned([])


def test_things_with_an_id_are_merged_thing_by_thing_in_the_order_of_their_coming() -> None:
    first = one(1, awards=[{"id": "b", "status": "active"}, {"id": "a", "value": {"amount": 1}}])
    second = one(2, awards=[{"id": "c"}, {"id": "b", "status": "cancelled"}])
    assert compiled([first, second])["awards"] == [
        {"id": "b", "status": "cancelled"}, {"id": "a", "value": {"amount": 1}}, {"id": "c"},
    ]  # fmt: skip


def test_other_lists_are_taken_whole_and_null_takes_out() -> None:
    first = one(1, tender={"id": "t", "submissionMethod": ["written", "inPerson"], "title": "甲"})
    second = one(2, tender={"submissionMethod": ["electronicAuction"], "title": None})
    assert compiled([first, second])["tender"] == {
        "id": "t", "submissionMethod": ["electronicAuction"],
    }  # fmt: skip
    known = one(1, parties=[{"id": "p", "additionalIdentifiers": [{"id": "1"}, {"id": "2"}]}])
    again = one(2, parties=[{"id": "p", "additionalIdentifiers": [{"id": "3"}]}])
    assert compiled([known, again])["parties"][0]["additionalIdentifiers"] == [{"id": "3"}]


def test_what_is_empty_says_nothing_and_nothing_is_no_record() -> None:
    first = one(1, tender={"id": "t"}, awards=[{"id": "a"}])
    assert compiled([first, one(2, tender={}, awards=[])])["awards"] == [{"id": "a"}]
    with pytest.raises(ValueError, match="at least one"):
        compiled([])


def test_merging_changes_no_release() -> None:
    first, second = (
        one(1, awards=[{"id": "a", "value": {"amount": 1}}]),
        one(2, awards=[{"id": "a", "value": {"amount": 2}}]),
    )
    before = json.dumps([first, second])
    compiled([first, second])
    assert json.dumps([first, second]) == before


@given(st.integers(0, 10**15 - 1))
def test_an_amount_is_exact_to_the_fen_in_what_is_written(fen: int) -> None:
    text = json.dumps(parts.value(fen)["amount"])
    yuan, _, rest = text.partition(".")
    assert "e" not in text
    assert int(yuan) * 100 + int(rest.ljust(2, "0") or 0) == fen


def test_times_sort_as_text_and_are_in_utc() -> None:
    here = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=8)))
    assert parts.instant(here) == "2026-01-01T19:04:05.000000Z"
    assert parts.instant(here) < parts.instant(here + timedelta(microseconds=1))


@pytest.mark.parametrize("odd", ["", "x", "ocds-000000-", "ocds-000000-1-²", "-" + "9" * 30])
def test_what_is_no_release_has_no_entry(odd: str) -> None:
    assert parts.entry_of(odd) is None


def test_a_release_is_named_by_process_and_entry() -> None:
    name = parts.release_id(parts.ocid_of("ocds-000000", 12), 345)
    assert name == "ocds-000000-12-345"
    assert parts.entry_of(name) == 345


def test_a_package_names_every_extension_ours_at_this_house() -> None:
    by = packages.Publisher(
        name="某中心", base="https://market.example", licence="https://l.example"
    )
    made = packages.release_package(
        by, "https://market.example/x", datetime(2026, 1, 1, tzinfo=UTC), []
    )
    assert len(made["extensions"]) == 6
    assert made["extensions"][-1].startswith("https://market.example/ocds/extensions/auctions/")
    assert (made["version"], made["license"]) == ("1.1", "https://l.example")
