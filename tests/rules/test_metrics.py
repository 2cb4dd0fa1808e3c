"""Which claims may be set against which wishes: a wrong tick is worse than a missing one."""

from __future__ import annotations

import pytest

from yangbanjian.engines.matching.rules.understanding.metrics import better, compatible, family

SAME = [
    ("能耗", "电耗"),
    ("冷库综合能耗", "能耗"),
    ("电费", "用电量"),
    ("噪音", "噪声"),
    ("良率", "合格率"),
    ("教室甲醛浓度", "甲醛浓度"),
    ("刀具寿命", "刀具寿命"),
    ("energy consumption", "能耗"),
    ("noise", "噪声"),
    ("漏检率", "漏报率"),
    ("节电", "电耗"),
    ("thickness", "厚度"),
    ("识别准确率", "准确率"),
]
DIFFERENT = [
    ("甲醛浓度", "臭氧浓度"),
    ("固化时间", "干燥时间"),
    ("响应时间", "固化时间"),
    ("时间", "检测时间"),
    ("漏检率", "误检率"),
    ("能耗", "产能"),
    ("尺寸", "长度"),
    ("碳排放", "排放浓度"),
    ("回收率", "回收期"),
    ("指标", "能耗"),
    ("复发率", "感染率"),
    ("甲醛去除率", "苯去除率"),
    ("线宽", "宽度"),
    ("水深", "深度"),
]


@pytest.mark.parametrize(("first", "second"), SAME)
def test_names_of_one_thing_are_compared(first: str, second: str) -> None:
    assert compatible(first, second)
    assert compatible(second, first)


@pytest.mark.parametrize(("first", "second"), DIFFERENT)
def test_names_that_look_alike_are_not(first: str, second: str) -> None:
    assert not compatible(first, second)
    assert not compatible(second, first)


def test_which_way_is_better() -> None:
    assert better("单件成本") == better("noise") == better("误差") == "low"
    assert better("良率") == better("accuracy") == "high"
    assert better("工作温度") is better("精度") is better("不知名") is None
    assert family("不知名") == "不知名"
