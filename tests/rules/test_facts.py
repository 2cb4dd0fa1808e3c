"""Numbers that records claim, with the field and place they stand in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from yangbanjian.engines.matching.rules.understanding import Fact, facts_of

# (text, [(metric, op, low, high, unit, words of the span)])
CLAIMS: list[tuple[str, list[tuple[Any, ...]]]] = [
    ("实测能耗降低31.2%", [("能耗", "=", "31.2", None, "%", "能耗降低31.2%")]),
    ("噪声由78dB降至65dB", [("噪声", "=", "65", None, "dB", "噪声由78dB降至65dB")]),
    (
        "识别准确率达99.2%，单帧处理时间18ms",
        [
            ("识别准确率", "=", "99.2", None, "%", "识别准确率达99.2%"),
            ("单帧处理时间", "=", "18", None, "ms", "单帧处理时间18ms"),
        ],
    ),
    (
        "单位产品电耗下降12%~15%",
        [("单位产品电耗", "range", "12", "15", "%", "单位产品电耗下降12%~15%")],
    ),
    ("线宽可达 500 nm", [("线宽", "=", "500", None, "nm", "线宽可达 500 nm")]),
    ("能耗最高降低40%", [("能耗", "=", "40", None, "%", "能耗最高降低40%")]),
    ("甲醛去除率大于96%", [("甲醛去除率", ">", "96", None, "%", "甲醛去除率大于96%")]),
    ("改造工期20天，已在12家企业应用", [("改造工期", "=", "20", None, "天", "改造工期20天")]),
    ("2021年立项，2024年结题", []),
    ("获发明专利授权3项", []),
    ("", []),
]


def shown(fact: Fact, text: str) -> tuple[Any, ...]:
    claim = fact.claim
    high = None if claim.value_to is None else str(claim.value_to)
    unit = claim.unit.symbol if claim.unit else None
    return (claim.metric, claim.op, str(claim.value), high, unit, text[slice(*claim.span)])


@pytest.mark.parametrize(("text", "wanted"), CLAIMS, ids=[c[0][:20] or "empty" for c in CLAIMS])
def test_claims_of_one_field(text: str, wanted: list[tuple[Any, ...]]) -> None:
    assert [shown(f, text) for f in facts_of({"results": text})] == wanted


def test_each_fact_names_its_field() -> None:
    found = facts_of({"title": "低噪声风机", "abstract": "噪声50dB", "results": "效率提升8%"})
    assert [(f.field, f.claim.value) for f in found] == [
        ("abstract", Decimal(50)),
        ("results", Decimal(8)),
    ]


def test_a_flood_of_numbers_is_cut() -> None:
    assert len(facts_of({"results": "能耗降低3%，" * 600})) == 60
