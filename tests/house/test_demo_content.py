"""The demo district's files hold together: keys, references, shares, lengths, variety.

Every pair of files ``<library>-a.jsonl`` / ``<library>-b.jsonl`` that exists is read as one
district. The checks are the ones a reader would notice when they fail: a link that leads nowhere,
shares that do not add up, an answer that does not answer, two records that say the same.
"""

import datetime
import json
import re
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "yangbanjian" / "faces" / "cli" / "demo"
LIBRARIES = ("achievements", "demands", "experts", "organisations")
FIELDS = {"it", "design", "marine", "paediatrics", "printing", "air", "manufacturing"}
MODES = {
    "transfer",
    "licence_exclusive",
    "licence_sole",
    "licence_ordinary",
    "equity",
    "development",
    "service",
    "consulting",
}
IP_KINDS = {"invention", "utility", "design", "software", "new_variety", "secret"}
ORGANISATION_KINDS = {
    "enterprise",
    "university",
    "institute",
    "hospital",
    "society",
    "agency",
    "investor",
    "broker",
    "exchange",
}
OPS = {">=": float.__ge__, "<=": float.__le__, "=": float.__eq__, ">": float.__gt__}
OPS["<"] = float.__lt__

# (library, field, least, most) in characters. The lower limits keep a listing from being empty
# talk, the upper ones keep it on a card.
LENGTHS = (
    ("achievements", "title", 6, 40),
    ("achievements", "abstract", 120, 260),
    ("achievements", "value_line", 8, 40),
    ("achievements", "problem", 30, 80),
    ("achievements", "advantage", 25, 90),
    ("demands", "title", 4, 40),
    ("demands", "problem", 30, 250),
    ("experts", "bio", 60, 150),
    ("organisations", "intro", 40, 120),
)
# A few listings carry a superlative on purpose, so that the editorial hint has something to show.
SUPERLATIVES = re.compile("国际领先|国际先进|国内首创|填补.{0,4}空白|世界一流|全球首")
PLACEHOLDERS = re.compile(
    r"TODO|FIXME|lorem|占位|待补|测试数据|(?<!\d)1[3-9]\d{9}(?!\d)|@\w+\.", re.I
)
NEAR_IDENTICAL = 0.5


def _read(library: str) -> list[dict[str, Any]]:
    rows = []
    for path in sorted(FOLDER.glob(f"{library}-[ab].jsonl")):
        rows += [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return rows


DISTRICT = {library: _read(library) for library in LIBRARIES}
BY_KEY = {library: {row["key"]: row for row in rows} for library, rows in DISTRICT.items()}


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in inner for text in _strings(one)]


def _bigrams(text: str) -> frozenset[str]:
    packed = re.sub(r"\W+", "", text)
    return frozenset(packed[i : i + 2] for i in range(len(packed) - 1))


def _near_identical(rows: list[dict[str, Any]], fields: tuple[str, ...]) -> list[tuple[str, str]]:
    sets = [(row["key"], _bigrams("".join(row[field] for field in fields))) for row in rows]
    return [
        (one, other)
        for (one, a), (other, b) in combinations(sets, 2)
        if len(a & b) > NEAR_IDENTICAL * len(a | b)
    ]


def test_near_identical_finds_a_template_with_swapped_nouns() -> None:
    text = "该装置用于{}的在线检测，采用多光谱成像与轻量网络，漏检率低于千分之三，节拍两秒。"
    rows = [
        {"key": "1", "text": text.format("玻璃盖板")},
        {"key": "2", "text": text.format("针织面料")},
        {"key": "3", "text": "养殖网箱按水流衰减判断哪一面堵了，只清洗迎流的两面，鱼少受惊。"},
    ]
    assert _near_identical(rows, ("text",)) == [("1", "2")]


@pytest.mark.parametrize("library", LIBRARIES)
def test_keys_are_unique(library: str) -> None:
    rows = DISTRICT[library]
    assert rows
    assert [key for key, n in Counter(row["key"] for row in rows).items() if n > 1] == []


@pytest.mark.parametrize("library", LIBRARIES)
def test_no_placeholder_or_private_number(library: str) -> None:
    found = [
        (row["key"], text)
        for row in DISTRICT[library]
        for text in _strings(row)
        if PLACEHOLDERS.search(text)
    ]
    assert found == []


@pytest.mark.parametrize(("library", "field", "least", "most"), LENGTHS)
def test_lengths(library: str, field: str, least: int, most: int) -> None:
    wrong = [
        (row["key"], len(row[field]))
        for row in DISTRICT[library]
        if not least <= len(row[field]) <= most
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("library", "fields"),
    [
        ("achievements", ("title", "abstract")),
        ("achievements", ("value_line",)),
        ("demands", ("title", "problem")),
        ("experts", ("bio",)),
        ("organisations", ("intro",)),
    ],
)
def test_no_two_records_say_the_same(library: str, fields: tuple[str, ...]) -> None:
    assert _near_identical(DISTRICT[library], fields) == []


def test_achievement_references_resolve() -> None:
    organisations = BY_KEY["organisations"]
    for row in DISTRICT["achievements"]:
        named = [row["holder"], *(one["organisation"] for one in row["co_holders"])]
        assert [key for key in named if key not in organisations] == [], row["key"]
        assert len(named) == len(set(named)), row["key"]
        broker = row["custody_broker"]
        assert broker is None or organisations[broker]["kind"] == "broker", row["key"]


def test_shares_add_up() -> None:
    for row in DISTRICT["achievements"]:
        shares = [one["share_percent"] for one in row["completers"]]
        assert sum(shares) == 100, row["key"]
        assert shares == sorted(shares, reverse=True), row["key"]
        # The holder keeps what the co-holders do not have, so it must be something.
        assert 0 <= sum(one["share_percent"] for one in row["co_holders"]) < 100, row["key"]
        names = [one["name"] for one in row["completers"]]
        assert 2 <= len(names) == len(set(names)) <= 5, row["key"]


def test_achievement_values_are_known() -> None:
    for row in DISTRICT["achievements"]:
        assert row["field"] in FIELDS, row["key"]
        assert row["modes"], row["key"]
        assert set(row["modes"]) <= MODES, row["key"]
        assert row["price_fen"] is None or row["price_fen"] > 0, row["key"]
        assert re.fullmatch(r"\d{6}", row["region"]), row["key"]
        assert 3 <= len(row["keywords"]) <= 6, row["key"]
        assert all(re.fullmatch(r"[A-T]\d{2}", code) for code in row["industry_codes"]), row["key"]
        assert all(re.fullmatch(r"\d{3}(\d{2})?", code) for code in row["discipline_codes"]), row[
            "key"
        ]


def test_maturity_has_evidence_for_the_level_claimed() -> None:
    for row in DISTRICT["achievements"]:
        levels = [one["level"] for one in row["trl_evidence"]]
        assert 1 <= row["trl"] <= 9, row["key"]
        assert max(levels) == row["trl"], row["key"]
    spread = Counter(row["trl"] for row in DISTRICT["achievements"])
    assert len(spread) >= 7


def test_intellectual_property_dates_run_forward() -> None:
    for row in DISTRICT["achievements"]:
        for right in row["ip"]:
            assert right["kind"] in IP_KINDS, row["key"]
            assert right["status"] in {"granted", "pending"}, row["key"]
            filed, expires = right["filed_on"], right["expires_on"]
            if filed and expires:
                assert datetime.date.fromisoformat(filed) < datetime.date.fromisoformat(expires)


def test_superlatives_are_few() -> None:
    for part in "ab":
        rows = [row for row in DISTRICT["achievements"] if row["key"].startswith(part)]
        flagged = [row["key"] for row in rows if any(map(SUPERLATIVES.search, _strings(row)))]
        assert len(flagged) <= 4, flagged


def test_results_are_measured_and_some_are_missing() -> None:
    rows = DISTRICT["achievements"]
    for row in rows:
        for result in row["results"]:
            assert result["op"] in OPS, row["key"]
            assert isinstance(result["value"], int | float), row["key"]
            assert result["metric"], row["key"]
            assert result["evidence"], row["key"]
    without = sum(not row["results"] for row in rows) / len(rows)
    assert 0.1 <= without <= 0.2


def test_demand_references_resolve() -> None:
    for row in DISTRICT["demands"]:
        assert BY_KEY["organisations"][row["enterprise"]]["kind"] == "enterprise", row["key"]
        near = [one["achievement"] for one in row["near_misses"]]
        assert all(key in BY_KEY["achievements"] for key in row["answers"] + near), row["key"]
        assert not set(row["answers"]) & set(near), row["key"]
        assert all(one["why"] for one in row["near_misses"]), row["key"]


def test_demand_values_are_known() -> None:
    for row in DISTRICT["demands"]:
        assert row["ip_wish"] in {"own", "share", "licence", "open"}, row["key"]
        assert row["visibility"] in {"brokers", "anonymous", "named"}, row["key"]
        assert set(row["modes"]) <= MODES, row["key"]
        assert 1 <= row["trl_wanted"] <= 9, row["key"]
        assert row["deadline_in_days"] > 0, row["key"]
        assert row["budget_fen"] is None or row["budget_fen"] > 0, row["key"]


def _unmet(demand: dict[str, Any]) -> list[str]:
    """Targets that answers speak about, in the same metric and unit, and none of them reaches."""
    results = [r for key in demand["answers"] for r in BY_KEY["achievements"][key]["results"]]
    unmet = []
    for target in demand["targets"]:
        same = [
            r for r in results if (r["metric"], r["unit"]) == (target["metric"], target["unit"])
        ]
        meets = OPS[target["op"]]
        if same and not any(meets(float(r["value"]), float(target["value"])) for r in same):
            unmet.append(f"{demand['key']} {target['metric']}")
    return unmet


def test_answers_reach_the_targets_they_speak_about() -> None:
    assert [line for row in DISTRICT["demands"] for line in _unmet(row)] == []
    answered = [row for row in DISTRICT["demands"] if row["answers"]]
    assert 0 < len(answered) < len(DISTRICT["demands"])


def test_expert_references_resolve() -> None:
    for row in DISTRICT["experts"]:
        assert row["organisation"] in BY_KEY["organisations"], row["key"]
        assert all(key in BY_KEY["achievements"] for key in row["achievements"]), row["key"]
        assert row["field"] in FIELDS, row["key"]
        assert row["availability"] in {"open", "limited", "closed"}, row["key"]
        assert all(w["kind"] in {"paper", "patent", "project", "standard"} for w in row["works"])
    names = Counter(row["name"] for row in DISTRICT["experts"])
    assert [name for name, n in names.items() if n > 1] == []


def test_organisations_are_fictional_and_distinct() -> None:
    for row in DISTRICT["organisations"]:
        assert row["kind"] in ORGANISATION_KINDS, row["key"]
        assert row["uscc"] == "", row["key"]
        # Reserved top-level domain: a click in the demo must never reach somebody's real site.
        assert re.fullmatch(r"https://[a-z0-9.-]+\.example/?", row["website"]), row["key"]
        assert set(row["fields"]) <= FIELDS, row["key"]
    names = Counter(row["name"] for row in DISTRICT["organisations"])
    assert [name for name, n in names.items() if n > 1] == []
