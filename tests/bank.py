"""A house with a bank account, and lines of its statement, for tests."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

from tests import make
from yangbanjian.ground.bank import actions, queries
from yangbanjian.ground.bank.models import BankAccount, Line
from yangbanjian.ground.bank.rules import StatementLine
from yangbanjian.kernel.actor import SYSTEM, Actor, Role

_number = itertools.count(1)
DAY = date(2026, 3, 1)


def exchange() -> Any:
    return make.organisation("exchange")


def treasurer(of: Any = None) -> Actor:
    return make.actor(Role.EXCHANGE, of or exchange())


def bank_account(actor: Actor | None = None, number: str = "") -> BankAccount:
    actor = actor or treasurer()
    number = number or f"31050100{next(_number):08d}"
    return actions.open_account(actor=actor, number=number, bank="东港银行营业部")


def line(amount: int, **more: Any) -> StatementLine:
    more.setdefault("serial", f"S{next(_number):010d}")
    more.setdefault("counterparty", "6222000000001")
    return StatementLine(amount=amount, booked_on=more.pop("booked_on", DAY), **more)


def take(at: BankAccount, *lines: StatementLine) -> list[Line]:
    return actions.take(actor=SYSTEM, bank_account_id=at.pk, lines=lines).new


def suspense() -> tuple[int, int, int]:
    """(lines without a match, their sum, what suspense holds)."""
    found = queries.unmatched(SYSTEM)
    assert sum(item.amount for item in found.items) == found.sum
    assert len(found.items) == found.count
    return found.count, found.sum, found.suspense_balance
