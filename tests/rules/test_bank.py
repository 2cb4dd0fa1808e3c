"""Amounts and rows of a statement: what is read, and what is refused with which reason."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from yangbanjian.ground.bank.rules import (
    AMOUNT,
    CURRENCY,
    DAY,
    EXPENSE,
    INCOME,
    OWN,
    PAYER,
    REFERENCE,
    SERIAL,
    StatementLine,
    read_amount,
    read_line,
    references_in,
    repeated,
)
from yangbanjian.kernel.refusals import Problem


@pytest.mark.parametrize(
    ("cell", "fen"),
    [
        ("1234.50", 123_450), ("0.01", 1), ("1234.5", 123_450), ("-3.50", -350), (" 7 ", 700),
        (12, 1_200), (1234.5, 123_450), (0.29, 29), (1.1, 110), (100000.0, 10_000_000),
        ("90071992547409.91", 2**53 - 1), ("", None), (None, None), ("  ", None), ("0.00", 0),
    ],
)  # fmt: skip
def test_amounts_that_say_one_thing_are_read(cell: Any, fen: int | None) -> None:
    assert read_amount(INCOME, cell) == fen


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("1,234.50", "grouped"), ("12,34", "unreadable"), ("１２３４", "full_width"),
        ("1234。50", "unreadable"), ("1e5", "exponent"), ("1E+05", "exponent"),
        ("-0", "negative_nought"), ("-0.00", "negative_nought"), (-0.0, "negative_nought"),
        (str(2**63), "too_large"), ("90071992547409.92", "too_large"), (2**63, "too_large"),
        (1e300, "too_large"), (float("nan"), "too_large"), (float("inf"), "too_large"),
        ("1.234", "below_fen"), (0.001, "below_fen"), ("+5", "unreadable"), ("5元", "unreadable"),
        ("¥5", "unreadable"), ("1 234", "unreadable"), ("(5.00)", "unreadable"), (".5", "unreadable"),
        ("5.", "unreadable"), ("٣", "unreadable"), ("五", "unreadable"), (True, "unreadable"),
        ("--5", "unreadable"), ("=5", "unreadable"), ("1" * 500, "too_large"),
    ],
)  # fmt: skip
def test_amounts_that_could_mean_two_things_are_refused(cell: Any, code: str) -> None:
    found = read_amount(INCOME, cell)
    assert isinstance(found, Problem)
    assert found.code == code
    assert str(found)


def _row(**more: Any) -> Any:
    cells = {
        SERIAL: "S-1", DAY: "2026-03-01", INCOME: "1000.00", EXPENSE: "", PAYER: "6222 0001",
        REFERENCE: "保证金 K-0001", **more,
    }  # fmt: skip
    return read_line(cells, own="31050001", asset="CNY")


def test_a_row_is_a_line() -> None:
    assert _row() == StatementLine(
        serial="S-1", booked_on=date(2026, 3, 1), amount=100_000, counterparty="62220001",
        reference="保证金 K-0001",
    )  # fmt: skip
    assert _row(**{INCOME: "0.00", EXPENSE: "3.50"}).amount == -350
    assert _row(**{INCOME: None, EXPENSE: None, AMOUNT: "-3.50"}).amount == -350
    assert _row(**{AMOUNT: "1000.00"}).amount == 100_000
    assert _row(**{SERIAL: 20260301001.0, PAYER: 6222.0}).serial == "20260301001"
    assert _row(**{CURRENCY: "人民币", OWN: "3105 0001"}).amount == 100_000


@pytest.mark.parametrize(
    ("more", "field", "code"),
    [
        ({SERIAL: " "}, SERIAL, "missing"), ({SERIAL: "9" * 65}, SERIAL, "too_long"),
        ({SERIAL: 1.2345678901234567e17}, SERIAL, "digits_lost"), ({DAY: ""}, DAY, "date.empty"),
        ({DAY: "昨天"}, DAY, "date.unreadable"), ({INCOME: ""}, INCOME, "missing"),
        ({INCOME: "0.00"}, INCOME, "missing"), ({EXPENSE: "5"}, INCOME, "both"),
        ({AMOUNT: "5"}, INCOME, "both"), ({INCOME: "-5"}, INCOME, "negative"),
        ({INCOME: "", EXPENSE: "-5"}, EXPENSE, "negative"), ({CURRENCY: "USD"}, CURRENCY, "other_currency"),
        ({OWN: "9999"}, OWN, "other_account"), ({INCOME: "1e5"}, INCOME, "exponent"),
        ({"balance": "1,0"}, "balance", "unreadable"),
    ],
)  # fmt: skip
def test_a_row_that_is_no_line_says_why(more: Any, field: str, code: str) -> None:
    found = _row(**more)
    assert isinstance(found, list)
    assert [p.field for p in found] == [field]
    assert found[0].code == code or code.startswith("date.")


def test_everything_that_is_wrong_with_a_row_is_told_at_once() -> None:
    found = _row(**{SERIAL: "", DAY: "", INCOME: "1e5", CURRENCY: "USD"})
    assert {p.field for p in found} == {SERIAL, DAY, INCOME, CURRENCY}


def test_a_serial_that_stands_twice_in_a_file_is_told() -> None:
    line = _row()
    assert [(row, p.params) for row, p in repeated([(2, line), (3, line)])] == [(3, {"row": 2})]


def test_references_are_found_in_what_people_write() -> None:
    assert references_in("保证金k7qhz2m9xp，谢谢 BZJ-2026-01") == ["K7QHZ2M9XP", "BZJ-2026-01"]
    assert references_in("K-1") == []
