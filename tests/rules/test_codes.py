"""The code tables in the house, and the reader, tree and search over them."""

import csv
from collections import Counter
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yangbanjian.ground.codes.rules import CodeTable, read_table

FOLDER = files("yangbanjian.ground.codes").joinpath("tables")
NAMES = sorted(f.name.removesuffix(".csv") for f in FOLDER.iterdir() if f.name.endswith(".csv"))


def load(name: str) -> CodeTable:
    table, problems = read_table(name, FOLDER.joinpath(f"{name}.csv").read_text("utf-8"))
    assert problems == []
    return table


TABLES = {name: load(name) for name in NAMES}
INDUSTRIES = TABLES["industries"]
REGIONS = TABLES["regions"]


@pytest.mark.parametrize("name", NAMES)
def test_every_row_is_complete_and_its_level_true(name: str) -> None:
    text = FOLDER.joinpath(f"{name}.csv").read_text("utf-8")
    for row in csv.DictReader(text.splitlines()):
        code = TABLES[name].codes[row["code"]]
        assert str(code.level) == row["level"]
        assert code.edition
        assert code.source
        assert name == "regions" or (code.label_hant and code.label_en)
        assert bool(code.note_zh) == bool(code.note_en) == bool(code.note_hant)


def levels(name: str) -> Counter[int]:
    return Counter(code.level for code in TABLES[name])


def test_counts_of_the_published_tables() -> None:
    assert levels("industries") == {1: 20, 2: 97}
    assert levels("disciplines")[1] == 62
    assert levels("regions")[1] == 34
    assert len(REGIONS) > 3000
    assert [len(TABLES[n]) for n in ("emerging", "technology", "field", "trl")] == [9, 11, 8, 9]
    assert sum(1 for code in TABLES["deal_modes"] if code.level == 1) == 6


def test_codes_follow_their_parents() -> None:
    assert [code.code for code in INDUSTRIES.children("C")] == [str(n) for n in range(13, 44)]
    for code in TABLES["disciplines"]:
        assert code.level == 1 or code.code.startswith(code.parent)
    assert all(code.code[:2] == code.parent[:2] for code in REGIONS if code.parent)


def test_labels_by_language() -> None:
    yangpu = REGIONS.codes["310110"]
    assert [yangpu.label(x) for x in ("zh-hans", "zh-hant", "en")] == ["杨浦区", "楊浦區", "Yangpu"]
    assert REGIONS.codes["419001"].label("en") == "济源市"
    assert "报告" in TABLES["trl"].codes["4"].note()


def test_path_and_distance() -> None:
    path = [code.label_zh for code in REGIONS.path("310110")]
    assert path == ["上海市", "上海市", "杨浦区"]
    assert INDUSTRIES.path("nowhere") == ()
    assert INDUSTRIES.distance("27", "27") == 0
    assert INDUSTRIES.distance("27", "C") == 1
    assert INDUSTRIES.distance("27", "28") == 2
    assert INDUSTRIES.distance("C", "D") == 2
    assert INDUSTRIES.distance("27", "44") == 4
    assert INDUSTRIES.distance("27", "nowhere") is None


CODES = st.sampled_from(sorted(REGIONS.codes))


@given(CODES, CODES, CODES)
def test_distance_is_a_distance(a: str, b: str, c: str) -> None:
    def steps(one: str, other: str) -> int:
        found = REGIONS.distance(one, other)
        assert found is not None
        return found

    assert steps(a, b) == steps(b, a)
    assert (steps(a, b) == 0) == (a == b)
    assert steps(a, c) <= steps(a, b) + steps(b, c)


@pytest.mark.parametrize(
    ("table", "query", "first"),
    [
        ("industries", "27", "27"),
        ("industries", "c27", "27"),
        ("industries", "医药", "27"),
        ("industries", "醫藥", "27"),
        ("industries", "PHARMA", "27"),
        ("regions", "杨浦", "310110"),
        ("regions", "３１０１１０", "310110"),
        ("disciplines", "人工智能", "52020"),
    ],
)
def test_search(table: str, query: str, first: str) -> None:
    assert TABLES[table].search(query)[0].code == first


def test_search_is_bounded_and_calm() -> None:
    assert len(REGIONS.search("区", limit=5)) == 5
    assert REGIONS.search("") == []
    assert REGIONS.search("\u202e%_'") == []


def test_bad_rows_are_named_and_good_ones_kept() -> None:
    text = (
        "\ufeffcode,parent,label_zh\r\n"
        "510,,电子\r\n510.10,510,电子技术\r\n510,,又一个\r\n,,没有代码\r\n"
        "999,998,孤儿\r\nA,B,环\r\nB,A,环\r\n520,,\r\n" + "9" * 30 + ",,长\r\n"
    )
    table, problems = read_table("disciplines", text)
    assert list(table.codes) == ["510", "51010"]
    assert table.codes["51010"].level == 2
    found = [(p.row, p.column, p.problem.code) for p in problems]
    assert found == [
        (4, "code", "codes.twice"),
        (5, "code", "codes.blank"),
        (6, "parent", "codes.no_parent"),
        (7, "parent", "codes.no_parent"),
        (8, "parent", "codes.no_parent"),
        (9, "label_zh", "codes.blank"),
        (10, "code", "codes.too_long"),
    ]
    assert all("请" in p.problem.sentence for p in problems)


def test_a_file_without_the_columns_is_unusable() -> None:
    table, problems = read_table("x", "a,b\n1,2\n")
    assert len(table) == 0
    assert [p.problem.code for p in problems] == ["codes.no_column"]
    assert read_table("x", "")[1][0].row == 1


def test_an_open_quote_that_swallows_the_file_is_told() -> None:
    table, problems = read_table("x", 'code,label_zh\n1,"' + "字" * 140_000)
    assert len(table) == 0
    assert problems[0].problem.code == "codes.unreadable"


@given(st.text("code,parnt_lbzh\n\"' 1", max_size=200))
def test_reading_never_raises(text: str) -> None:
    read_table("x", "code,parent,label_zh\n" + text)
