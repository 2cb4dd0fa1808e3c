"""Working days over the real table, and the ways to count a period."""

import json
from datetime import date, timedelta
from importlib.resources import files

import pytest
from chinese_calendar import is_workday
from hypothesis import given
from hypothesis import strategies as st

from yangbanjian.kernel.calendar import Calendar, calendar_from
from yangbanjian.kernel.flaws import FlawError

TABLE = json.loads(files("yangbanjian.ground.clock").joinpath("holidays.json").read_text("utf-8"))
CALENDAR = calendar_from(TABLE["years"], edition=TABLE["edition"])
DAYS = st.dates(date(2019, 1, 1), date(2026, 12, 31))


@given(DAYS)
def test_agrees_with_the_package_on_every_day(day: date) -> None:
    assert CALENDAR.is_working_day(day) == is_workday(day)


def test_notice_of_fifteen_days_both_conventions() -> None:
    counted = CALENDAR.add_days(date(2024, 2, 1), 15)
    assert counted.last == date(2024, 2, 15)
    assert counted.text == "自 2 月 1 日起 15 日，至 2 月 15 日止"
    following = CALENDAR.add_days(date(2024, 2, 1), 15, first_day="next")
    assert following.last == date(2024, 2, 16)
    assert following.text == "自 2 月 1 日的次日起 15 日，至 2 月 16 日止"


def test_working_days_over_spring_festival_2024() -> None:
    # 1, 2, 4 (make-up Sunday), 5-9, then off until 17, 18 (make-up Sunday), 19.
    tenth = CALENDAR.add_days(date(2024, 2, 1), 10, unit="working")
    assert tenth.last == date(2024, 2, 19)
    assert tenth.text == "自 2 月 1 日起 10 个工作日，至 2 月 19 日止"


def test_years_are_named_where_they_differ() -> None:
    text = CALENDAR.add_days(date(2024, 12, 25), 15).text
    assert text == "自 2024 年 12 月 25 日起 15 日，至 2025 年 1 月 8 日止"


def test_last_day_off_moves_to_a_working_day() -> None:
    # 10 February 2024 is the first day of Spring Festival; 18 February is worked.
    moved = CALENDAR.add_days(date(2024, 2, 1), 10, last_on_working_day=True)
    assert moved.last == date(2024, 2, 18)


def test_uncovered_year_is_refused_for_working_days_only() -> None:
    assert CALENDAR.add_days(date(2031, 1, 1), 3).last == date(2031, 1, 3)
    with pytest.raises(FlawError) as caught:
        CALENDAR.add_days(date(2026, 12, 31), 2, unit="working")
    assert caught.value.problem.code == "calendar.year_not_covered"
    assert caught.value.problem.params == {"year": 2027}
    assert "2027" in caught.value.problem.sentence


@pytest.mark.parametrize("n", [0, -1, 10**9])
def test_a_period_has_days(n: int) -> None:
    with pytest.raises(ValueError, match="a period has"):
        CALENDAR.add_days(date(2024, 1, 1), n)


@given(DAYS, st.integers(1, 40))
def test_counting_working_days_back(start: date, n: int) -> None:
    calendar = Calendar(CALENDAR.holidays, CALENDAR.make_up_days, frozenset(range(2019, 2028)))
    last = calendar.add_days(start, n, unit="working").last
    span = [start + timedelta(days=i) for i in range((last - start).days + 1)]
    assert sum(calendar.is_working_day(day) for day in span) == n
    assert calendar.is_working_day(last)
