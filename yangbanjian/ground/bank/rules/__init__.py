"""What a line of a bank statement is, how it is read from a sheet, and which reference it carries.

One layout is documented (docs/use/treasurer.md); a bank's own headings are mapped to it by the
names below or by what somebody has confirmed before. Amounts decide where money goes, so they are
read more strictly than elsewhere: what could mean two things is refused and told by its row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from yangbanjian.ground.ledger.rules import MOST_UNITS
from yangbanjian.kernel.dates import read_date
from yangbanjian.kernel.flaws import Flaw
from yangbanjian.kernel.refusals import Problem
from yangbanjian.kernel.text import clean_line
from yangbanjian.kernel.words import gettext_noop

MOST_LINES = 4000
LONGEST_OWN_REFERENCE = 40
LONGEST_SERIAL, LONGEST_NAME, LONGEST_REFERENCE = 64, 100, 200
# A workbook's number keeps fifteen digits; what is longer has been changed already.
MOST_DIGITS_KEPT = 10**15


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """A line as the bank says it; `amount` in fen, above nought what has come in."""

    serial: str
    booked_on: date
    amount: int
    balance: int | None = None
    counterparty: str = ""
    counterparty_name: str = ""
    reference: str = ""

    def is_same(self, other: StatementLine) -> bool:
        """The same movement of money, however the bank words it this time."""
        return (self.booked_on, self.amount, self.counterparty) == (
            other.booked_on, other.amount, other.counterparty,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the layout: its name in code, its heading, and how banks head it."""

    name: str
    heading: str
    names: tuple[str, ...]
    must: str = ""
    hint: str = ""


SERIAL, DAY, INCOME, EXPENSE, AMOUNT = "serial", "booked_on", "income", "expense", "amount"
OWN, CURRENCY, BALANCE, PAYER, PAYER_NAME, REFERENCE = (
    "own", "currency", "balance", "counterparty", "counterparty_name", "reference",
)  # fmt: skip
COLUMNS = (
    Column(SERIAL, gettext_noop("流水号"), (
        "交易流水号", "交易流水", "银行流水号", "流水编号", "交易序号", "凭证号", "核心流水号",
        "transaction id", "serial", "serial number",
    ), gettext_noop("必填"), gettext_noop("银行给这一笔的编号，同一账户内不重复")),
    Column(DAY, gettext_noop("记账日期"), (
        "日期", "交易日期", "交易日", "入账日期", "记账日", "date", "booking date", "交易时间",
    ), gettext_noop("必填"), gettext_noop("如 2026-03-01、20260301")),
    Column(INCOME, gettext_noop("收入金额"), (
        "收入", "贷方金额", "贷方发生额", "贷方", "收款金额", "转入金额", "存入金额", "credit",
        "income", "money in",
    ), gettext_noop("与支出二选一"), gettext_noop("单位元，最多两位小数，不写千分位逗号")),
    Column(EXPENSE, gettext_noop("支出金额"), (
        "支出", "借方金额", "借方发生额", "借方", "付款金额", "转出金额", "支取金额", "debit",
        "expense", "money out",
    ), gettext_noop("与收入二选一"), gettext_noop("同上，写正数")),
    Column(AMOUNT, gettext_noop("金额"), ("交易金额", "发生额", "amount"), "",
           gettext_noop("没有收入、支出两列时用：收入为正，支出为负")),
    Column(CURRENCY, gettext_noop("币种"), ("货币", "币别", "currency"), "",
           gettext_noop("不填按账户的币种；只收人民币账户的人民币")),
    Column(BALANCE, gettext_noop("余额"), ("账户余额", "当前余额", "balance"), "",
           gettext_noop("选填，原样留存")),
    Column(PAYER, gettext_noop("对方账号"), (
        "对方账户", "对手账号", "付款账号", "交易对方账号", "对方帐号", "counterparty account",
    ), "", gettext_noop("退款只能退回这里")),
    Column(PAYER_NAME, gettext_noop("对方户名"), (
        "对方名称", "对手户名", "对方单位", "对方账户名称", "付款人", "counterparty",
        "counterparty name",
    ), "", gettext_noop("选填")),
    Column(REFERENCE, gettext_noop("附言"), (
        "摘要", "用途", "备注", "附言摘要", "交易附言", "reference", "remittance information",
    ), "", gettext_noop("里面的缴款编号用来对账")),
    Column(OWN, gettext_noop("本方账号"), (
        "账号", "本方账户", "我方账号", "查询账号", "own account",
    ), "", gettext_noop("填了就要与所选账户一致")),
)  # fmt: skip
NEEDED = frozenset({SERIAL, DAY})
_YUAN = frozenset({"", "CNY", "RMB", "人民币", "人民币元", "人民幣", "156", "01"})

_PLAIN = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,2})?")
_FINER = re.compile(r"-?[0-9]+\.[0-9]{3,}")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:[,，][0-9]{3})+(?:\.[0-9]*)?")
_EXPONENT = re.compile(r"[+-]?[0-9.]+[eE][+-]?[0-9]+")
_WIDE = re.compile(r"[０-９．，－＋]")
_TOKEN = re.compile(r"[A-Z0-9][A-Z0-9-]{3,39}")
_AGAIN = re.compile(r"([A-Z0-9-]+)-R([1-9][0-9]{0,3})")
_SPACES = re.compile(r"\s+")

_NEGATIVE_NOUGHT = gettext_noop("“%(text)s”是负零，看不出是收是付，请核对原始流水。")
_WIDE_DIGITS = gettext_noop("“%(text)s”用了全角字符，请改成半角数字，如 1234.50。")
_COMMAS = gettext_noop("“%(text)s”里有逗号，请去掉，写成 1234.50。")
_POWERS = gettext_noop("“%(text)s”是科学计数法，请写成完整的数字，如 100000.00。")
_BELOW_FEN = gettext_noop("“%(text)s”比分还细，请核对；金额最多两位小数。")
_UNREADABLE = gettext_noop("“%(text)s”不是金额，请写成 1234.50 这样的数字，单位元。")
_TOO_LARGE = gettext_noop("“%(text)s”超出范围，请核对是不是多写了几位。")


def _problem(field: str, code: str, sentence: str, text: str) -> Problem:
    return Problem(field, code, sentence, {"text": text[:40]})


def read_amount(field: str, cell: object) -> int | Problem | None:
    """Fen, None for an empty cell, or what is wrong. A workbook's number is exact to the fen or
    refused; a text is ASCII digits with at most two decimals, or refused with the reason."""
    if cell is None or (isinstance(cell, str) and not cell.strip(" \t\r\n\u3000")):
        return None
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return _own_number(field, cell)
    text = str(cell).strip(" \t")
    fault = _fault_of(text)
    if fault is not None:
        return _problem(field, fault[0], fault[1], text)
    return _bounded(field, Decimal(text), text)


def _own_number(field: str, cell: int | float) -> int | Problem:
    text = repr(cell)
    if cell != cell or abs(cell) >= MOST_DIGITS_KEPT:
        return _problem(field, "too_large", _TOO_LARGE, text)
    number = Decimal(text)
    if number * 100 != (number * 100).to_integral_value():
        return _problem(field, "below_fen", _BELOW_FEN, text)
    if number == 0 and text.startswith("-"):
        return _problem(field, "negative_nought", _NEGATIVE_NOUGHT, text)
    return _bounded(field, number, text)


def _fault_of(text: str) -> tuple[str, str] | None:
    if _PLAIN.fullmatch(text):
        is_nought = text.startswith("-") and not text.strip("-0.")
        return ("negative_nought", _NEGATIVE_NOUGHT) if is_nought else None
    kinds = (
        (_WIDE.search(text), "full_width", _WIDE_DIGITS),
        (_GROUPED.fullmatch(text), "grouped", _COMMAS),
        (_EXPONENT.fullmatch(text), "exponent", _POWERS),
        (_FINER.fullmatch(text), "below_fen", _BELOW_FEN),
        (re.fullmatch(r"-?[0-9]{19,}(?:\.[0-9]{1,2})?", text), "too_large", _TOO_LARGE),
    )
    return next(((code, told) for found, code, told in kinds if found), ("unreadable", _UNREADABLE))


def _bounded(field: str, number: Decimal, text: str) -> int | Problem:
    fen = int(number * 100)
    return fen if abs(fen) <= MOST_UNITS else _problem(field, "too_large", _TOO_LARGE, text)


def read_line(cells: Mapping[str, Any], *, own: str, asset: str) -> StatementLine | list[Problem]:
    """The line that a row says (column name -> cell), or everything that is wrong with the row.
    `own` and `asset` are those of the bank account that the statement is of."""
    problems: list[Problem] = []
    serial, amount = _serial(cells, problems), _amount(cells, problems)
    day = read_date(cells.get(DAY))
    if isinstance(day, Flaw):
        problems.append(Problem(DAY, day.code, day.message, day.params))
    balance = read_amount(BALANCE, cells.get(BALANCE))
    if isinstance(balance, Problem):
        problems.append(balance)
    problems += _strangers(cells, own, asset)
    if problems or amount is None or isinstance(day, Flaw) or isinstance(balance, Problem):
        return problems
    return StatementLine(
        serial=serial, booked_on=day, amount=amount, balance=balance,
        counterparty=account_number(_text(cells.get(PAYER))),
        counterparty_name=clean_line(_text(cells.get(PAYER_NAME)), cap=LONGEST_NAME),
        reference=clean_line(_text(cells.get(REFERENCE)), cap=LONGEST_REFERENCE),
    )  # fmt: skip


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < MOST_DIGITS_KEPT:
        return str(int(cell))
    return "" if cell is None else str(cell)


def account_number(text: str) -> str:
    """An account number as it is compared: no spaces."""
    return _SPACES.sub("", clean_line(text, cap=LONGEST_NAME))


def _serial(cells: Mapping[str, Any], problems: list[Problem]) -> str:
    cell = cells.get(SERIAL)
    text = clean_line(_text(cell), cap=LONGEST_SERIAL + 1)
    if isinstance(cell, int | float) and abs(cell) >= MOST_DIGITS_KEPT:
        told = gettext_noop("流水号在表里是数字，超过 15 位已经走样。请把这一列设为文本再导出。")
        problems.append(Problem(SERIAL, "digits_lost", told))
    elif not text:
        problems.append(Problem(SERIAL, "missing", gettext_noop("没有流水号，请补上。")))
    elif len(text) > LONGEST_SERIAL:
        told = gettext_noop("流水号超过 %(most)d 个字，请核对这一列。")
        problems.append(Problem(SERIAL, "too_long", told, {"most": LONGEST_SERIAL}))
    return text


def _amount(cells: Mapping[str, Any], problems: list[Problem]) -> int | None:
    read = {name: read_amount(name, cells.get(name)) for name in (INCOME, EXPENSE, AMOUNT)}
    bad = [found for found in read.values() if isinstance(found, Problem)]
    if bad:
        problems += bad
        return None
    said = {name: found for name, found in read.items() if isinstance(found, int) and found}
    if not said:
        problems.append(Problem(INCOME, "missing", gettext_noop("没有金额，或金额为零，请核对。")))
    elif len(said) > 1 and said.get(AMOUNT) != said.get(INCOME, 0) - said.get(EXPENSE, 0):
        told = gettext_noop("收入和支出都填了，请只留一个。")
        problems.append(Problem(INCOME, "both", told))
    elif min(said.get(INCOME, 0), said.get(EXPENSE, 0)) < 0:
        told = gettext_noop("收入、支出要写正数；冲正请按银行另起的一笔登记。")
        problems.append(Problem(INCOME if INCOME in said else EXPENSE, "negative", told))
    else:
        return said[AMOUNT] if AMOUNT in said else said.get(INCOME, 0) - said.get(EXPENSE, 0)
    return None


def _strangers(cells: Mapping[str, Any], own: str, asset: str) -> list[Problem]:
    found = []
    currency = _text(cells.get(CURRENCY)).strip().upper()
    if not (currency in _YUAN if asset == "CNY" else currency in ("", asset.upper())):
        told = gettext_noop("币种是“%(text)s”，这个账户只收 %(asset)s。请分开导出。")
        params = {"text": currency[:20], "asset": asset}
        found.append(Problem(CURRENCY, "other_currency", told, params))
    number = account_number(_text(cells.get(OWN)))
    if number and number != own:
        told = gettext_noop("本方账号“%(text)s”不是所选的账户，请核对。")
        found.append(_problem(OWN, "other_account", told, number))
    return found


def repeated(lines: Sequence[tuple[int, StatementLine]]) -> Iterable[tuple[int, Problem]]:
    """(row, problem) of serials that stand in the file twice."""
    first: dict[str, int] = {}
    for row, line in lines:
        if line.serial in first:
            told = gettext_noop("流水号与第 %(row)d 行相同，请核对是不是重复了。")
            yield row, Problem(SERIAL, "twice", told, {"row": first[line.serial]})
        first.setdefault(line.serial, row)


def references_in(text: str) -> list[str]:
    """What could be a reference of ours in a bank's free text, in the form that ours have."""
    return list(dict.fromkeys(_TOKEN.findall(text.upper())))[:20]


def next_reference(reference: str) -> str:
    """What an order that is given once more is called: the same with -R2, -R3 and so on; "" where
    that would be too long, so that one is made up."""
    found = _AGAIN.fullmatch(reference)
    root, times = (found[1], int(found[2])) if found else (reference, 1)
    said = f"{root}-R{times + 1}"
    return said if len(said) <= LONGEST_OWN_REFERENCE else ""
