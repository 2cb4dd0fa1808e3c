"""Amounts and reasons are said in the reader's language; what is quoted stays as written."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.utils import translation

from yangbanjian.engines.matching.rules.reasons.verdicts import Change, Reason
from yangbanjian.faces.telling import amount, change_text, counted, reason_text
from yangbanjian.kernel.calendar import Calendar

OVER_BUDGET = Reason(
    "no",
    "budget_missed",
    {"price": "1.2 亿元", "budget": "80 万元"},
    change=Change("close_gap", {"gap": "1.19 亿元", "price": "1.2 亿元"}),
).as_json()
OTHER_MODE = Reason("no", "mode_missed", {"modes": "转让、许可"}).as_json()
POINTS_SHORT = Reason(
    "no",
    "target_missed",
    {"record": "能耗降 ≥ 12%", "demand": "能耗降 ≥ 25%"},
    change=Change("lower_to", {"metric": "能耗", "gap": "13 个百分点"}),
).as_json()


@pytest.mark.parametrize(
    ("language", "shown"), [("zh-hans", "80 万"), ("zh-hant", "80 萬"), ("en", "¥800,000")]
)
def test_amounts_as_their_readers_count(language: str, shown: str) -> None:
    with translation.override(language):
        assert amount(80_000_000) == shown


@pytest.mark.parametrize(
    ("language", "reason", "text", "change"),
    [
        ("zh-hans", OVER_BUDGET, OVER_BUDGET["text"], OVER_BUDGET["change"]),
        (
            "zh-hant",
            OVER_BUDGET,
            "超出預算：意向價 1.2 億元，您的預算 80 萬元",
            "價格再談下 1.19 億元，或預算提高到 1.2 億元",
        ),
        (
            "en",
            OVER_BUDGET,
            "Over budget: asking ¥120,000,000, your budget ¥800,000",
            "Bring the price down by ¥119,000,000, or raise the budget to ¥120,000,000",
        ),
        ("en", OTHER_MODE, "Deal mode differs: only Assignment, Licence", ""),
        (
            "en",
            POINTS_SHORT,
            "Target missed: 能耗降 ≥ 12%, you need 能耗降 ≥ 25%",
            "能耗 has to fall by another 13 percentage points",
        ),
    ],
)
def test_reasons(language: str, reason: dict[str, Any], text: str, change: str) -> None:
    with translation.override(language):
        assert reason_text(reason) == text
        assert change_text(reason) == change


def test_an_old_reason_keeps_the_words_it_was_stored_with() -> None:
    with translation.override("en"):
        assert reason_text({"code": "budget_missed", "text": "超出预算"}) == "超出预算"
        assert change_text({"change": None}) == ""


def test_the_days_of_a_period_are_written_in_the_readers_language() -> None:
    calendar = Calendar(frozenset(), frozenset(), frozenset())
    period = calendar.add_days(date(2024, 12, 25), 15, unit="calendar", first_day="counted")
    with translation.override("en"):
        assert counted(period) == "15 days from 25 December 2024, ending 8 January 2025"
    with translation.override("zh-hans"):
        assert counted(period) == period.text
