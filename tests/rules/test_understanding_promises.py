"""What holds for any text: never raises, spans in range, bounded time, the contract's shape."""

from __future__ import annotations

import json
import time
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rules.understanding_cases import CASES, TODAY
from yangbanjian.engines.matching.rules.understanding import (
    FieldCode,
    RegionName,
    Understanding,
    default_fields,
    facts_of,
    understand,
)
from yangbanjian.engines.matching.rules.understanding.numerals import number
from yangbanjian.engines.matching.rules.understanding.offsets import LIMIT, fold
from yangbanjian.engines.matching.rules.understanding.units import unit_of

FIELDS = default_fields()
PIECES = [
    *"降升提零一二两三十百千万亿半成分之点预算年月日内前不停能必须从到至约的，。、 \n",
    *"0123456789.,-~%‰°℃≥≤<>=/²³①½＋－２５",
    "25%",
    "200 万",
    "以内",
    "以上",
    "明年",
    "能耗",
    "精度",
    "mg/m³",
    "within",
    "budget",
    "reduce",
    "by",
    "months",
    "\u202e",
    "\u200b",
    "\x00",
    "😀",
    "<script>",
    "=1+1",
    "\ud800",
    "百分之",
    "零下",
    "TRL",
    "上海",
    "後",
    "乾",
]
NOISE = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=40).map("".join)


def read(text: str) -> Understanding:
    return understand(text, today=TODAY, fields=FIELDS)


def all_spans(said: Understanding) -> list[tuple[int, int]]:
    single = [x.span for x in (said.budget, said.deadline, said.region, said.trl) if x]
    many: list[Any] = [*said.targets, *said.constraints, *said.modes, *said.guesses, *said.segments]
    return [*single, *said.field_spans, *(x.span for x in many)]


@settings(max_examples=100, deadline=None)
@given(NOISE)
def test_any_text_is_read_without_error_and_spans_lie_inside_it(text: str) -> None:
    said = read(text)
    assert all(0 <= s < e <= len(text) for s, e in all_spans(said))
    for constraint in said.constraints:
        assert text[slice(*constraint.span)] == constraint.text
    for fact in facts_of({"abstract": text}):
        assert 0 <= fact.claim.span[0] < fact.claim.span[1] <= len(text)


@settings(max_examples=60, deadline=None)
@given(NOISE)
def test_json_has_the_contract_shape_for_any_text(text: str) -> None:
    shape = json.loads(json.dumps(read(text).as_json()))
    assert {
        "field",
        "targets",
        "constraints",
        "budget_fen",
        "deadline",
        "region",
        "guesses",
    } <= set(shape)
    for target in shape["targets"]:
        assert {"metric", "op", "value", "unit", "span"} <= set(target)
        assert isinstance(target["value"], int | float)


@settings(max_examples=60, deadline=None)
@given(NOISE)
def test_folding_maps_every_character_back_in_order(text: str) -> None:
    folded = fold(text)
    assert len(folded.text) == len(folded.lower) == len(folded.starts) == len(folded.ends)
    assert list(folded.starts) == sorted(folded.starts)
    assert all(s < e for s, e in zip(folded.starts, folded.ends, strict=True))


@settings(max_examples=60, deadline=None)
@given(NOISE)
def test_segments_do_not_overlap_and_ranking_text_is_never_lost(text: str) -> None:
    said = read(text)
    ends = 0
    for segment in said.segments:
        assert segment.span[0] >= ends
        ends = segment.span[1]
    assert said.ranking_text.strip() or not text.strip()


@pytest.mark.parametrize(
    "unit",
    [
        "一",
        "1",
        "9-",
        "1,",
        "不停",
        "不能",
        "年",
        "月前",
        "a ",
        "降",
        "从1到",
        "万",
        "能耗降25%，",
        "25% ",
        "reduce ",
        "预算",
        "符合",
        "的",
        " ",
        "必须A",
        "(",
        "半",
        "百分之",
        "TRL",
        "上海",
        "²",
        "半年见效",
        "\u200b",
    ],
)
def test_hostile_repetition_stays_within_time(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    begin = time.process_time()
    read(text)
    assert time.process_time() - begin < 2.0


def test_only_the_first_code_points_are_read() -> None:
    text = "啊" * LIMIT + "，能耗降25%以上"
    assert read(text).targets == ()
    assert read(text[4:]).targets == ()
    assert len(read(text[20:]).targets) == 1


@pytest.mark.parametrize("text", ["", " ", "\n\t", "啊", "5", "%", "\x00\x01", "\u202e", "\ud800"])
def test_next_to_nothing_gives_next_to_nothing(text: str) -> None:
    said = read(text)
    assert (said.targets, said.constraints, said.budget, said.deadline) == ((), (), None, None)
    assert said.as_json()["budget_fen"] is None


def test_reading_is_deterministic() -> None:
    for text, _ in CASES[:20]:
        assert read(text).as_json() == read(text).as_json()


@pytest.mark.parametrize("text", [c[0] for c in CASES])
def test_an_answer_settles_its_question(text: str) -> None:
    """Tapping an answer appends it to the text; the same question must not come back."""
    said = read(text)
    if said.question is None:
        return
    assert 2 <= len(said.question.answers) <= 4
    for answer in said.question.answers:
        assert len(answer) <= 14
        after = read(f"{text}，{answer}")
        assert after.question is None or after.question.code != said.question.code


def test_traditional_and_full_width_read_like_the_plain_text() -> None:
    plain = read("把能耗降低25%以上，预算200万以内，无需停机")
    other = read("把能耗降低２５％以上，預算２００萬以內，無需停機")
    for one in (plain, other):
        assert [(t.metric, t.op, t.value) for t in one.targets] == [("能耗", ">=", Decimal(25))]
        assert one.budget_fen == 200_0000_00
    assert [c.core for c in plain.constraints] == [c.core for c in other.constraints] == ["停机"]


def test_fields_and_regions_are_data() -> None:
    fields = (FieldCode("bees", "养蜂", ("蜂箱", "蜂蜜")), FieldCode("tea", "制茶", ("茶",)))
    regions = (RegionName("0101", "云溪街道", ("云溪",)),)
    said = understand("云溪街道的蜂箱发霉", today=TODAY, fields=fields, regions=regions)
    assert said.field == "bees"
    assert said.region is not None
    assert said.region.code == "0101"
    assert understand("蜂箱", today=TODAY, fields=(), regions=()).field is None


def test_introduction_and_courtesy_are_not_ranked() -> None:
    text = (
        "您好，我公司成立于2008年，员工300人，是一家专业从事包装印刷的高新技术企业。"
        "现需解决凹印油墨残留的问题。欢迎高校对接，联系电话：021-00000000。谢谢"
    )
    said = read(text)
    assert said.ranking_text == "现需解决凹印油墨残留的问题"
    kinds = {s.kind for s in said.segments}
    assert kinds >= {"content", "introduction", "courtesy", "procurement"}
    only = read("我公司是一家专业从事包装印刷的企业")
    assert "包装印刷" in only.ranking_text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("三百万", 3_000_000),
        ("一百二十万", 1_200_000),
        ("两千三", 2300),
        ("三点五", "3.5"),
        ("1,234.5", "1234.5"),
        ("十五", 15),
        ("一千零五", 1005),
        ("3.5万", 35000),
        ("2亿", 200_000_000),
        ("零下18", -18),
        ("一万二", 12000),
        ("二〇二七", 2027),
        ("五百万", 5_000_000),
        ("十二万五千", 125_000),
    ],
)
def test_numerals(text: str, value: int | str) -> None:
    assert number(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "万", "点", "abc", "，"])
def test_no_numeral(text: str) -> None:
    assert number(text) is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("0.5", "微米"), ("500", "nm")),
        (("1", "MPa"), ("1000", "kPa")),
        (("1", "小时"), ("60", "分钟")),
        (("3", "吨/天"), ("125", "kg/h")),
        (("5", "‰"), ("0.5", "%")),
        (("1", "度电"), ("3.6", "MJ")),
        (("32", "°F"), ("0", "℃")),
        (("1", "g/L"), ("1", "kg/m3")),
        (("2", "丝"), ("20", "um")),
    ],
)
def test_units_compare_across_spellings(first: tuple[str, str], second: tuple[str, str]) -> None:
    a, b = unit_of(first[1].replace("℃", "°C")), unit_of(second[1].replace("℃", "°C"))
    assert a is not None
    assert b is not None
    assert a.dimension == b.dimension
    assert abs(a.base(Decimal(first[0])) - b.base(Decimal(second[0]))) < Decimal("1e-9")


def test_case_of_units_matters_only_where_it_must() -> None:
    milli, mega, any_case = unit_of("mW"), unit_of("MW"), unit_of("KW")
    assert milli is not None
    assert mega is not None
    assert any_case is not None
    assert mega.factor / milli.factor == 10**9
    assert any_case.symbol == "kW"


def test_deadline_counts_from_the_given_day() -> None:
    def day(text: str, today: date) -> date | None:
        said = understand(text, today=today, fields=())
        return said.deadline.day if said.deadline else None

    assert day("三个月内", date(2026, 11, 30)) == date(2027, 2, 28)
    assert day("下个月", date(2026, 12, 31)) == date(2027, 1, 31)
    assert day("3月前交付", date(2026, 2, 1)) == date(2026, 2, 28)
    assert day("3月前交付", date(2026, 5, 1)) == date(2027, 2, 28)
    assert day("本季度", date(2026, 5, 1)) == date(2026, 6, 30)
    assert day("2028年2月29日前", date(2026, 5, 1)) == date(2028, 2, 29)
    assert day("2027年2月29日前", date(2026, 5, 1)) is None
    assert day("一万年内", date(2026, 5, 1)) is None
