"""Amounts of money in words and figures."""

import re
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yangbanjian.kernel.amounts import format_fen_full, format_fen_short


@pytest.mark.parametrize(
    ("fen", "text"),
    [
        (0, "0 元"),
        (1, "0.01 元"),
        (60_000, "600 元"),
        (999_999, "9,999.99 元"),
        (1_000_000, "1 万"),
        (80_000_000, "80 万"),
        (12_345_678, "12.35 万"),
        (41_500_000_000, "4.15 亿"),
        (9_999_999_900, "1 亿"),
        (9_999_400_000, "9,999.4 万"),
        (123_456_000_000_000, "12,345.6 亿"),
        (-150_000, "−1,500 元"),
    ],
)
def test_short_amounts_use_one_unit(fen: int, text: str) -> None:
    assert format_fen_short(fen) == text


@pytest.mark.parametrize(
    ("fen", "text"),
    [
        (0, "¥0.00"),
        (5, "¥0.05"),
        (106_200_000, "¥1,062,000.00"),
        (-106_200_001, "−¥1,062,000.01"),
    ],
)
def test_full_amounts_show_every_fen(fen: int, text: str) -> None:
    assert format_fen_full(fen) == text


@given(st.integers(min_value=-(10**16), max_value=10**16))
def test_full_amounts_can_be_read_back(fen: int) -> None:
    digits = re.sub(r"[¥,.]", "", format_fen_full(fen)).replace("−", "-")
    assert int(digits) == fen


@given(st.integers(min_value=0, max_value=10**16))
def test_short_amounts_are_the_nearest_two_decimals(fen: int) -> None:
    figure, unit = format_fen_short(fen).split(" ")
    size = {"元": 100, "万": 10**6, "亿": 10**10}[unit]
    exact = Decimal(fen) / size
    assert Decimal(figure.replace(",", "")) == exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert unit == "亿" or Decimal(figure.replace(",", "")) < 10_000
