"""A worked example, counted by hand: five demands, two months."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from yangbanjian.engines.matching.rules import figures
from yangbanjian.engines.matching.rules.figures import DemandFact, Span

NOV, OCT = Span(date(2026, 11, 1), date(2026, 11, 23)), Span(date(2026, 10, 1), date(2026, 10, 23))
D = date
# November: one agreed after 1 day, one interested after 4, one only matched, one with nothing.
FACTS = [
    DemandFact(D(2026, 11, 2), D(2026, 11, 2), D(2026, 11, 3), D(2026, 11, 9), "it", "3101", Decimal(1)),
    DemandFact(D(2026, 11, 5), D(2026, 11, 6), D(2026, 11, 9), None, "it", "", Decimal(4)),
    DemandFact(D(2026, 11, 6), D(2026, 11, 6), field="air"),
    DemandFact(D(2026, 11, 22), field="air", region="3101"),
    DemandFact(D(2026, 10, 22), D(2026, 10, 22), D(2026, 10, 24), None, "sea", "", Decimal("2.5")),
    DemandFact(D(2026, 10, 23), D(2026, 10, 23), D(2026, 10, 24)),  # beyond the 22 days compared
]  # fmt: skip


def test_numbers_of_the_worked_example() -> None:
    assert figures.answered(FACTS, NOV) == (2, 4)
    assert figures.percent(2, 4) == Decimal("50.0")
    assert figures.answered(FACTS, OCT) == (1, 1)
    assert figures.response(FACTS, NOV) == Decimal("2.5")
    assert figures.funnel(FACTS, NOV) == (4, 3, 2, 1)
    assert figures.by_month(Counter(d.published for d in FACTS), D(2026, 11, 22), 3) == [0, 2, 4]
    assert figures.ranked(d.field for d in FACTS) == [("air", 2), ("it", 2), ("sea", 1)]


@pytest.mark.parametrize(
    ("period", "start", "then"),
    [
        ("month", D(2026, 11, 1), Span(D(2026, 10, 1), D(2026, 10, 23))),
        ("quarter", D(2026, 10, 1), Span(D(2026, 7, 1), D(2026, 8, 23))),
        ("year", D(2026, 1, 1), Span(D(2025, 1, 1), D(2025, 11, 23))),
    ],
)
def test_spans_are_compared_with_as_many_days_before(period: str, start: date, then: Span) -> None:
    span = figures.span_of(period, D(2026, 11, 22))
    assert span == Span(start, D(2026, 11, 23))
    assert figures.before(span, period) == then


def test_the_span_before_never_reaches_into_the_span() -> None:
    assert figures.before(Span(D(2026, 3, 1), D(2026, 4, 1)), "month") == Span(
        D(2026, 2, 1), D(2026, 3, 1)
    )


def test_nothing_is_not_zero() -> None:
    assert figures.percent(0, 0) is None
    assert figures.middle([]) is None
    assert figures.change(None, 3) is None
    assert figures.percent(1, 8) == Decimal("12.5")
