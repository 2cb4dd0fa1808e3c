"""The bank of a sandbox: money moves between two account numbers, and where one of them is the
house's, its statement gets a line."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from yangbanjian.ground.bank import queries
from yangbanjian.ground.bank.actions.expectations import fail
from yangbanjian.ground.bank.actions.lines import open_account, take
from yangbanjian.ground.bank.models import BankAccount, Expectation, Line
from yangbanjian.ground.bank.rules import LONGEST_REFERENCE, StatementLine, account_number
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.ledger.rules import MOST_UNITS
from yangbanjian.ground.people import queries as people
from yangbanjian.ground.people.models import Organisation
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.kernel.refusals import Conflict, Invalid, NotFound, Problem, Refusal
from yangbanjian.kernel.text import clean_line
from yangbanjian.kernel.words import gettext_noop

PREFIX, BANK = "sandbox-", gettext_noop("演示银行")
HOUSES = ("exchange", "authority")


def number_of(organisation_id: int) -> str:
    """The account that an organisation has at the bank of the sandbox."""
    return f"{PREFIX}{organisation_id}"


def move_money(*, sender: str, receiver: str, amount: int, reference: str) -> Line:
    """The line that appears on the house's statement (the receiver's where both are the house's).
    Refuses everything outside a sandbox, as if there were no such bank."""
    if not clock.is_sandbox():
        raise NotFound("sandbox.none", gettext_noop("没有这个地址，只有演示环境才有。"))
    sender, receiver = account_number(sender), account_number(receiver)
    problems = []
    if not 1 <= amount <= MOST_UNITS:
        told = gettext_noop("金额要填 1 到 %(most)d 之间的整数（以分或最小单位计）。")
        problems.append(Problem("amount_fen", "out_of_range", told, {"most": MOST_UNITS}))
    if not sender or not receiver or sender == receiver:
        told = gettext_noop("付款和收款要填两个不同的账号。")
        problems.append(Problem("to_account", "unusable", told))
    if problems:
        raise Invalid("sandbox.bank", gettext_noop("这笔转账填得不对，请看 errors。"), problems)
    with acting(SYSTEM):
        made = None
        for own, other, signed in ((sender, receiver, -amount), (receiver, sender, amount)):
            at = _house(own)
            if at is not None:
                made = _line(at, other, signed, reference)
        if made is None and _organisation(receiver) is None:
            made = _line(_opened_for_exchange(receiver), sender, amount, reference)
    if made is None:
        told = gettext_noop("收付双方都不是交易机构的账户，账上不会有这一笔。请核对账号。")
        raise Invalid("sandbox.no_own_account", told, [Problem("to_account", "unusable", told)])
    return made


def carry_out(*, before: datetime, most: int) -> int:
    """Pay up to `most` of the payments that were ordered before then, each to its payee; returns
    how many. Outside a sandbox the bank is a real one, and this does nothing."""
    if not clock.is_sandbox():
        return 0
    waiting = queries.open_expectations("CNY").filter(amount__lt=0, made_at__lte=before)
    done = 0
    for order in list(waiting.select_related("origin__bank_account")[:most]):
        sender = order.origin.bank_account.number if order.origin else _first_number()
        if sender in ("", order.counterparty):
            continue
        if _is_closed(order.counterparty):
            fail(
                actor=SYSTEM, expectation_id=order.pk, reason=gettext_noop("收款账户不存在或已销户")
            )
            done += 1
            continue
        done += _carried_out(order, sender)
    return done


def _carried_out(order: Expectation, sender: str) -> bool:
    """Pay one order, or leave everything as it was: a line that is not matched to its order would
    be paid again the next time."""
    try:
        with acting(SYSTEM):
            move_money(
                sender=sender, receiver=order.counterparty, amount=-order.amount,
                reference=order.reference,
            )  # fmt: skip
            if not queries.standing().filter(expectation=order).exists():
                raise Conflict(
                    "sandbox.not_matched", gettext_noop("付款没有对上付款单，没有记账。")
                )
    except Refusal:
        return False
    return True


def _is_closed(number: str) -> bool:
    """An account of this bank that nobody has: as if it had been closed."""
    return number.startswith(PREFIX) and _organisation(number) is None


def _first_number() -> str:
    found = BankAccount.objects.filter(asset="CNY").order_by("id").first()
    return found.number if found else ""


def _line(at: BankAccount, other: str, amount: int, reference: str) -> Line:
    line = StatementLine(
        serial=f"SB{uuid4().hex}", booked_on=clock.today(), amount=amount, counterparty=other,
        counterparty_name=_name_of(other), reference=clean_line(reference, cap=LONGEST_REFERENCE),
    )  # fmt: skip
    return take(actor=SYSTEM, bank_account_id=at.pk, lines=[line]).new[0]


def _opened_for_exchange(number: str) -> BankAccount:
    """A number that nobody has: the bank of a sandbox opens it for the exchange, or there is none."""
    first = people.organisations(kind="exchange", state="verified").order_by("id").first()
    if first is None:
        told = gettext_noop("还没有交易机构，没有收款的账户。请先建一个交易机构。")
        raise Invalid("sandbox.no_own_account", told, [Problem("to_account", "unusable", told)])
    return open_account(actor=SYSTEM, number=number, bank=str(BANK), owner_id=first.pk)


def _organisation(number: str) -> Organisation | None:
    digits = number.removeprefix(PREFIX)
    is_ours = number.startswith(PREFIX) and digits.isascii() and digits.isdigit()
    return people.organisation(int(digits)) if is_ours and len(digits) < 19 else None


def _name_of(number: str) -> str:
    found = _organisation(number)
    return str(found.name) if found else ""


def _house(number: str) -> BankAccount | None:
    """The house's bank account of this number; that of an exchange is opened when first used."""
    found = BankAccount.objects.filter(number=number).first()
    owner = _organisation(number)
    if found is None and owner is not None and owner.kind in HOUSES:
        return open_account(actor=SYSTEM, number=number, bank=str(BANK), owner_id=owner.pk)
    return found
