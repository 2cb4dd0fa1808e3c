"""Numbers, money and dates as people type them."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yangbanjian.kernel.dates import read_date
from yangbanjian.kernel.flaws import Flaw
from yangbanjian.kernel.numbers import read_fen, read_integer, read_number, read_percent


def code(answer: object) -> str:
    assert isinstance(answer, Flaw), answer
    assert "请" in answer.sentence
    assert "%(" not in answer.sentence
    return answer.code


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("三百万", "3000000"),
        ("兩百萬", "2000000"),
        ("１２３４", "1234"),
        ("1,234.50", "1234.50"),
        ("1，234", "1234"),
        ("80万", "800000"),
        ("1.2亿", "120000000"),
        ("1亿2000万", "120000000"),
        ("3百万", "3000000"),
        ("1.005万", "10050"),
        ("-3", "-3"),
        ("负三", "-3"),
        ("1E+05", "100000"),
        (" 1 200 ", "1200"),
        (0.1, "0.1"),
        (7, "7"),
    ],
)
def test_numbers(typed: object, number: str) -> None:
    assert read_number(typed) == Decimal(number)


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", "number.empty"),
        ("面议", "number.not_a_number"),
        ("约300", "number.not_a_number"),
        ("万", "number.not_a_number"),
        ("300-500万", "number.range"),
        ("12,34", "number.separators"),
        ("1.234,50", "number.separators"),
        ("NaN", "number.not_a_number"),
        (float("nan"), "number.not_a_number"),
        (float("inf"), "number.not_a_number"),
        (True, "number.not_a_number"),
        ("1E99", "number.too_large"),
        ("9" * 200, "number.not_a_number"),
        ("=1+1", "number.not_a_number"),
    ],
)
def test_not_numbers(typed: object, problem: str) -> None:
    assert code(read_number(typed)) == problem


def test_integers_have_a_range() -> None:
    assert read_integer("９", low=1, high=9) == 9
    assert code(read_integer("11", low=1, high=9)) == "number.out_of_range"
    assert code(read_integer("4.5", low=1, high=9)) == "number.not_whole"
    assert code(read_integer("高", low=1, high=9)) == "number.not_a_number"


@pytest.mark.parametrize(
    ("typed", "percent"),
    [
        ("25%", "25"),
        ("２５．５％", "25.5"),
        ("25", "25"),
        ("百分之二十五", "25"),
        ("两成", "20"),
        ("三成半", "35"),
    ],
)
def test_percentages(typed: str, percent: str) -> None:
    assert read_percent(typed) == Decimal(percent)


@pytest.mark.parametrize(
    ("typed", "fen"),
    [
        ("80万", 80_000_000),
        ("80万元", 80_000_000),
        ("80w", 80_000_000),
        ("1.5W元", 1_500_000),
        ("¥1,234.50", 123_450),
        ("￥1,234.5元", 123_450),
        ("人民币三百万元整", 300_000_000),
        ("1.2亿", 12_000_000_000),
        ("0", 0),
        (12.34, 1234),
    ],
)
def test_money(typed: object, fen: int) -> None:
    assert read_fen(typed) == fen


def test_money_in_a_column_headed_wan() -> None:
    assert read_fen("80", unit="wan") == 80_000_000
    assert read_fen(80, unit="wan") == 80_000_000
    assert read_fen("80万", unit="wan") == 80_000_000
    assert read_fen("800000元", unit="wan") == 80_000_000


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("-5万", "money.negative"),
        ("-0.001", "money.negative"),
        ("1.234", "money.below_fen"),
        ("10万美元", "money.foreign"),
        ("$100", "money.foreign"),
        ("1000001亿", "money.too_large"),
        ("面议", "number.not_a_number"),
        ("", "number.empty"),
    ],
)
def test_money_refused(typed: object, problem: str) -> None:
    assert code(read_fen(typed)) == problem


@given(st.integers(0, 10**15))
def test_every_amount_of_fen_survives_being_written(fen: int) -> None:
    assert read_fen(f"{fen // 100:,}.{fen % 100:02d}") == fen
    assert read_fen(f"{Decimal(fen).scaleb(-6):f}万元") == fen


@pytest.mark.parametrize(
    "typed",
    [
        "2024年2月3日",
        "2024/2/3",
        "2024-02-03",
        "2024.2.3",
        "２０２４．２．３",
        "2024 年 2 月 3 号",
        "20240203",
        "2024-02-03 10:30:00",
        "2024-02-03T10:30:00+08:00",
        "二〇二四年二月三日",
        "45325",
        45325,
        45325.75,
        20240203,
        date(2024, 2, 3),
        datetime(2024, 2, 3, 9, 0),  # noqa: DTZ001
    ],
)
def test_dates(typed: object) -> None:
    assert read_date(typed) == date(2024, 2, 3)


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("2024.2.30", "date.no_such_day"),
        ("2023-02-29", "date.no_such_day"),
        ("二〇二四年二月三十日", "date.no_such_day"),
        ("2024-13-01", "date.no_such_month"),
        ("2024年2月", "date.no_day"),
        ("3/2/2024", "date.ambiguous"),
        ("24-02-03", "date.ambiguous"),
        ("0024-02-03", "date.year"),
        ("明天", "date.not_a_date"),
        ("", "date.empty"),
        (None, "date.empty"),
        (12, "date.not_a_date"),
        (float("nan"), "date.not_a_date"),
        (True, "date.not_a_date"),
    ],
)
def test_not_dates(typed: object, problem: str) -> None:
    assert code(read_date(typed)) == problem


def test_a_day_that_does_not_exist_is_named() -> None:
    answer = read_date("2024.2.30")
    assert isinstance(answer, Flaw)
    assert answer.sentence == "2024 年 2 月没有 30 日，请改成存在的日期。"


@given(st.dates(date(1900, 3, 1), date(2199, 12, 31)))
def test_every_date_survives_being_written(day: date) -> None:
    assert read_date(day.isoformat()) == day
    assert read_date(f"{day.year}年{day.month}月{day.day}日") == day
    assert read_date((day - date(1899, 12, 30)).days) == day


TYPED = st.one_of(
    st.text(max_size=40), st.floats(), st.text("零一二三十百千万亿点.,-0189%年月日/", max_size=16)
)


@given(TYPED)
def test_reading_never_raises(typed: object) -> None:
    for read in (read_number, read_percent, read_fen, read_date):
        answer = read(typed)
        assert not isinstance(answer, Flaw) or answer.sentence
