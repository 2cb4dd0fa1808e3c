"""Reasons: numbers as numbers, conditions with their words, money, time, and what would help."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rules.understanding_cases import CASES, TODAY, WAN
from yangbanjian.engines.matching.rules.reasons import (
    CHANGES,
    DEFAULT_WEIGHTS,
    MAX_REASONS,
    MESSAGES,
    Reason,
    RecordView,
    bars,
    is_excluded,
    reasons,
    shared_words,
    structured_parts,
)
from yangbanjian.engines.matching.rules.understanding import (
    Understanding,
    default_fields,
    understand,
)

FIELDS = default_fields()
COLD = (
    "我们是做冷链仓储的，两座低温冷库一年电费四百多万，想在不停库的前提下把能耗降 25% 以上，"
    "预算 200 万以内，明年 6 月前见效。"
)


def read(text: str) -> Understanding:
    return understand(text, today=TODAY, fields=FIELDS)


def record(results: str = "", **facts: Any) -> RecordView:
    return RecordView(facts.pop("kind", "achievement"), {"results": results}, **facts)


def by_code(text: str, item: RecordView, *terms: str) -> dict[str, Reason]:
    return {r.code: r for r in reasons(read(text), item, terms, today=TODAY)}


def marked(reason: Reason, text: str, item: RecordView) -> tuple[str | None, str | None]:
    left = text[slice(*reason.demand_span)] if reason.demand_span else None
    if reason.record_field is None or reason.record_span is None:
        return left, None
    return left, item.fields[reason.record_field][slice(*reason.record_span)]


# demand, record text, code, marks on both sides, change
NUMBERS = [
    ("能耗降25%以上", "实测能耗降低31%", "target_met", ("能耗降25%以上", "能耗降低31%"), None),
    (
        "能耗降25%以上",
        "能耗下降12%–15%",
        "target_missed",
        ("能耗降25%以上", "能耗下降12%–15%"),
        "能耗要再降低 10 个百分点",
    ),
    (
        "能耗降25%以上",
        "节能20%以上",
        "target_partly",
        ("能耗降25%以上", "节能20%以上"),
        "请对方补一个「能耗」的实测数",
    ),
    (
        "能耗降25%以上",
        "产能提升40%",
        "target_unstated",
        ("能耗降25%以上", None),
        "请对方补一个「能耗」的实测数",
    ),
    (
        "能耗降25%以上",
        "能耗提高30%",
        "target_unstated",
        ("能耗降25%以上", None),
        "请对方补一个「能耗」的实测数",
    ),
    ("电费省三成", "用电量减少35%", "target_met", ("电费省三成", "用电量减少35%"), None),
    ("线宽≤0.5微米", "线宽可达400nm", "target_met", ("线宽≤0.5微米", "线宽可达400nm"), None),
    (
        "线宽≤0.5微米",
        "线宽0.8微米",
        "target_missed",
        ("线宽≤0.5微米", "线宽0.8微米"),
        "线宽要再降低 0.3 μm",
    ),
    (
        "良率从92%提到98%",
        "良率达到99.1%",
        "target_met",
        ("良率从92%提到98%", "良率达到99.1%"),
        None,
    ),
    (
        "良率从92%提到98%",
        "良率达到95%",
        "target_missed",
        ("良率从92%提到98%", "良率达到95%"),
        "良率要再提高 3 个百分点",
    ),
    ("误差小于2%", "误差2%", "target_missed", ("误差小于2%", "误差2%"), "误差要再降低 0 个百分点"),
    ("误差小于2%", "误差不超过1.5%", "target_met", ("误差小于2%", "误差不超过1.5%"), None),
    ("产能提高一倍", "产能提升120%", "target_met", ("产能提高一倍", "产能提升120%"), None),
    (
        "响应时间不超过3秒",
        "响应时间800ms",
        "target_met",
        ("响应时间不超过3秒", "响应时间800ms"),
        None,
    ),
    (
        "响应时间不超过3秒",
        "响应时间小于5秒",
        "target_partly",
        ("响应时间不超过3秒", "响应时间小于5秒"),
        "请对方补一个「响应时间」的实测数",
    ),
    ("能耗降25%左右", "能耗降低23%", "target_met", ("能耗降25%左右", "能耗降低23%"), None),
    ("能耗降20%到30%", "能耗降低35%", "target_met", ("能耗降20%到30%", "能耗降低35%"), None),
    ("工作温度30~50℃", "工作温度35~45℃", "target_met", ("工作温度30~50℃", "工作温度35~45℃"), None),
    (
        "能耗降25%",
        "能耗降低10%。另一项目能耗降低28%。",
        "target_met",
        ("能耗降25%", "另一项目能耗降低28%"),
        None,
    ),
]


@pytest.mark.parametrize(("text", "results", "code", "marks", "change"), NUMBERS)
def test_numbers_are_compared_as_numbers(
    text: str, results: str, code: str, marks: tuple[str, str | None], change: str | None
) -> None:
    item = record(results)
    found = by_code(text, item)
    assert code in found
    reason = found[code]
    assert reason.verdict == {"met": "yes", "missed": "no"}.get(code.split("_")[1], "unknown")
    assert marked(reason, text, item) == marks
    assert (reason.change.text if reason.change else None) == change


CONDITIONS = [
    ("想节能，不停库", "分区改造，已在4座冷库应用", "condition_met", "分区改造"),
    ("想节能，不停库", "安装时无需停库", "condition_met", "无需停库"),
    ("想节能，不停库", "安装时需停库20天", "condition_broken", "需停库"),
    ("想节能，不停库", "改造停机约3天", "condition_broken", "停机"),
    ("想节能，不停库", "采用余热回收", "condition_unstated", None),
    ("不改产线", "外挂式安装", "condition_met", "外挂"),
    ("不改产线", "需更换现有主机", "condition_broken", "需更换现有主机"),
    ("要防爆", "整机防爆", "condition_met", "防爆"),
    ("要防爆", "本机不防爆", "condition_broken", "不防爆"),
    ("必须国产化", "核心部件自主研发", "condition_met", "自主研发"),
    ("必须国产化", "采用进口芯片", "condition_broken", "进口芯片"),
    ("数据不能外传，支持离线部署", "本地化部署", "condition_met", "本地化部署"),
    ("耐腐蚀", "材料耐腐蚀、耐磨", "condition_met", "耐腐蚀"),
    ("without stopping production", "installed with no downtime", "condition_met", "no downtime"),
]


@pytest.mark.parametrize(("text", "results", "code", "words"), CONDITIONS)
def test_conditions_are_looked_up(text: str, results: str, code: str, words: str | None) -> None:
    item = record(results)
    found = by_code(text, item)
    assert code in found
    assert marked(found[code], text, item)[1] == words
    if code != "condition_met":
        assert found[code].change is not None


def test_a_break_outweighs_a_promise_elsewhere() -> None:
    item = RecordView("achievement", {"title": "不停库改造", "results": "换机时要停库两天"})
    assert set(by_code("节能，不停库", item)) & {"condition_met", "condition_broken"} == {
        "condition_broken"
    }


@pytest.mark.parametrize(
    ("price", "negotiable", "code", "verdict"),
    [
        (80 * WAN, False, "budget_met", "yes"),
        (200 * WAN, False, "budget_met", "yes"),
        (260 * WAN, True, "budget_negotiable", "unknown"),
        (260 * WAN, False, "budget_missed", "no"),
        (400 * WAN, True, "budget_missed", "no"),
        (None, True, "budget_talk", "unknown"),
        (None, False, "budget_unstated", "unknown"),
    ],
)
def test_price_against_budget(price: int | None, negotiable: bool, code: str, verdict: str) -> None:
    found = by_code(COLD, record(price_fen=price, negotiable=negotiable))
    assert found[code].verdict == verdict
    assert "200 万元" in found[code].text


def test_a_price_gap_says_what_would_close_it() -> None:
    reason = by_code(COLD, record(price_fen=260 * WAN))["budget_missed"]
    assert reason.change is not None
    assert reason.change.text == "价格再谈下 60 万元，或预算提高到 260 万元"


def test_time_trl_region_mode_and_field() -> None:
    text = "限上海团队，专利许可，TRL 7级以上，2027年3月底前用上机床"
    item = record(
        "改造工期45天",
        trl=8,
        region="310110",
        region_within=("310000",),
        modes=("license",),
        field_codes=("showroom-manufacturing",),
    )
    codes = {c for c, r in by_code(text, item).items() if r.verdict == "yes"}
    assert codes >= {"deadline_span_met", "trl_met", "region_met", "mode_met", "field_met"}
    other = record("改造工期200天", trl=4, region="440000", modes=("transfer",))
    against = {c: r for c, r in by_code(text, other).items() if r.verdict == "no"}
    assert set(against) == {"deadline_span_missed", "trl_missed", "region_missed", "mode_missed"}
    assert all(r.change is not None for r in against.values())
    assert by_code(text, record(trl=6))["trl_near"].verdict == "unknown"
    late = record(available_from=date(2027, 4, 1))
    assert by_code(text, late)["deadline_missed"].verdict == "no"


def test_a_guessed_region_is_never_held_against_a_record() -> None:
    assert "region_missed" not in by_code("我们在江苏，机床太吵", record(region="440000"))
    assert "region_met" in by_code("我们在江苏，机床太吵", record(region="320000"))


def test_shared_words_are_marked_on_both_sides() -> None:
    text, fields = "冷庫除霜太費電", {"title": "智能除霜控制", "abstract": "用于低温冷库"}
    words = shared_words(read(text), fields, ["冷库", "除霜", "库", "霜", "无此词"])
    assert [(w.text, w.record_field) for w in words] == [("冷庫", "abstract"), ("除霜", "title")]
    for word in words:
        assert text[slice(*word.demand_span)] == word.text
        start, end = word.record_span
        assert fields[word.record_field][start:end] in {"冷库", "除霜"}


def test_experts_are_not_blamed_for_numbers_they_do_not_state() -> None:
    item = RecordView("expert", {"disciplines": "制冷与低温工程", "works": "冷库除霜控制研究"})
    found = reasons(read(COLD), item, ["冷库", "低温"], today=TODAY)
    assert [r.code for r in found] == ["words_shared"]


def test_order_and_cap() -> None:
    text = "限上海，" + "，".join(
        [
            "能耗降25%",
            "良率达到98%",
            "噪声≤50分贝",
            "精度≤0.01mm",
            "不停产",
            "防爆",
            "食品级",
            "防水",
            "预算50万以内",
            "三个月内",
        ]
    )
    found = reasons(read(text), record("节能30%，需停产", price_fen=90 * WAN), today=TODAY)
    assert len(found) == MAX_REASONS
    order = [("yes", "unknown", "no").index(r.verdict) for r in found]
    assert order == sorted(order)
    assert {"condition_broken", "budget_missed", "target_met"} <= {r.code for r in found}


def test_every_reason_can_be_translated() -> None:
    pairs = [*((n[0], n[1]) for n in NUMBERS), *((c[0], c[1]) for c in CONDITIONS)]
    for text, results in pairs:
        for reason in reasons(read(text), record(results), today=TODAY):
            assert reason.message == MESSAGES[reason.code]
            assert "{" not in reason.text
            if reason.change:
                assert reason.change.message == CHANGES[reason.change.code]
                assert "{" not in reason.change.text


def test_a_template_in_user_text_stays_text() -> None:
    found = by_code("不停{price}库", record("x"))
    assert all("{" not in r.text for r in found.values())


JSON_KEYS = {"verdict", "text", "demand_span", "record_field", "record_span"}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([c[0] for c in CASES]), st.text(max_size=60), st.sampled_from(NUMBERS))
def test_reasons_hold_for_any_record(text: str, noise: str, row: tuple[Any, ...]) -> None:
    said, item = read(text), record(noise + row[1], price_fen=5 * WAN, trl=5, modes=("license",))
    found = reasons(said, item, ["能耗", "精度"], today=TODAY)
    assert len(found) <= MAX_REASONS
    for reason in found:
        assert set(reason.as_json()) >= JSON_KEYS
        if reason.demand_span:
            assert 0 <= reason.demand_span[0] < reason.demand_span[1] <= len(text)
        if reason.record_span and reason.record_field:
            length = len(item.fields[reason.record_field])
            assert 0 <= reason.record_span[0] < reason.record_span[1] <= length
    parts = structured_parts(said, item)
    assert set(parts) == set(DEFAULT_WEIGHTS)
    assert all(abs(v) <= DEFAULT_WEIGHTS[n] and round(v, 6) == v for n, v in parts.items())
    shown = bars(said, item, text_fit=0.5, today=TODAY)
    assert all(v is None or 0 <= v <= 100 for v in shown.values())


def test_silence_scores_nothing() -> None:
    assert set(structured_parts(read("机器老坏"), record()).values()) == {0.0}
    assert set(structured_parts(read(COLD), record()).values()) == {0.0}
    assert set(bars(read(COLD), record(), today=TODAY).values()) == {None}


def test_structured_parts_have_exact_values() -> None:
    said = read(COLD + "TRL 7级以上，许可")
    good = record(
        "能耗降低31%，无需停库",
        price_fen=80 * WAN,
        trl=7,
        modes=("license",),
        field_codes=("tech-energy",),
    )
    assert structured_parts(said, good) == {
        "targets": 0.10,
        "conditions": 0.08,
        "price": 0.06,
        "trl": 0.05,
        "mode": 0.03,
        "region": 0.0,
        "field": 0.05,
    }
    bad = record("能耗降低10%，需停库", price_fen=300 * WAN, trl=5, modes=("transfer",))
    assert structured_parts(said, bad) == {
        "targets": -0.06,
        "conditions": -0.08,
        "price": -0.03,
        "trl": 0.0,
        "mode": -0.03,
        "region": 0.0,
        "field": 0.0,
    }


def test_bars_of_the_card() -> None:
    item = record("能耗降低31%，无需停库，改造工期45天", price_fen=80 * WAN)
    shown = bars(read(COLD), item, text_fit=0.9, today=TODAY)
    assert shown == {"subject": 90, "targets": 100, "conditions": 100, "terms": 100, "region": None}
    worse = bars(read(COLD), record("能耗降低15%，需停库", price_fen=300 * WAN), today=TODAY)
    assert worse == {"subject": None, "targets": 60, "conditions": 0, "terms": 0, "region": None}


def test_exclusion_is_only_for_hard_grounds() -> None:
    said = read(COLD)

    def why(**facts: Any) -> str | None:
        return is_excluded(
            said, record(**facts), today=TODAY, excluded_parties=frozenset({"org-1"})
        )

    assert why(owner_id="org-1") == "party"
    assert why(owner_id="org-2") is None
    assert why(expires_on=date(2026, 11, 21)) == "expired"
    assert why(expires_on=TODAY) is None
    assert why(price_fen=601 * WAN) == "price"
    assert why(price_fen=600 * WAN) is None
    assert why(price_fen=900 * WAN, negotiable=True) is None
    soft = read("能耗降25%，预算200万左右")
    assert is_excluded(soft, record(price_fen=900 * WAN), today=TODAY) is None
