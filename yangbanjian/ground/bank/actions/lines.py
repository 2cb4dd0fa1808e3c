"""The house's accounts at its banks, and taking in a statement whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from django.db.models import Q

from yangbanjian.ground.bank import policy, queries
from yangbanjian.ground.bank.actions.placing import Placed, cause_of, held, posted, towards
from yangbanjian.ground.bank.models import NUMBER, BankAccount, Expectation, Line
from yangbanjian.ground.bank.rules import (
    MOST_LINES,
    StatementLine,
    account_number,
    references_in,
)
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal.actions import Fact, record
from yangbanjian.ground.ledger import actions as ledger
from yangbanjian.ground.ledger.rules import SUSPENSE, Outcome, Result, Transfer
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Invalid, Problem
from yangbanjian.kernel.text import clean_line
from yangbanjian.kernel.words import gettext_noop


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a statement: lines that are new, that were there before, and how many of the
    new ones were matched by their reference."""

    new: list[Line]
    known: int
    matched: int


def open_account(
    *, actor: Actor, number: str, bank: str, owner_id: int | None = None, asset: str = "CNY"
) -> BankAccount:
    """Register an account that the house has at a bank; the same again changes nothing."""
    policy.may_keep_books(actor).or_refuse()
    number, bank = account_number(number), clean_line(bank, cap=100)
    problems = []
    if not re.match(NUMBER, number):
        told = gettext_noop("账号只能有数字、字母、点和短横，最多 64 位。")
        problems.append(Problem("number", "unusable", told))
    if not bank:
        problems.append(Problem("bank", "missing", gettext_noop("请填写开户银行。")))
    if problems:
        raise Invalid(
            "bank.unusable_account", gettext_noop("银行账户填得不对，请看提示。"), problems
        )
    owner = owner_id or actor.organisation_id
    if owner is None:
        raise Invalid("bank.no_owner", gettext_noop("请说明这个账户是哪个单位的。"))
    with acting(actor):
        key = uuid5(NAMESPACE_URL, f"urn:ybj:bank:{number}")
        kept, _ = ledger.open_account(
            actor=actor, key=key, owner_id=owner, code="bank", asset=asset, is_limited=False
        )
        ledger.named_account(actor=actor, name=SUSPENSE, asset=asset)
        # Whoever opens the same one meanwhile has waited for the ledger's account above.
        found = BankAccount.objects.select_related("account").filter(number=number).first()
        if found is None:
            found = BankAccount.objects.create(
                number=number, bank=bank, owner_id=owner, account=kept, asset=asset,
                opened_at=clock.now(),
            )  # fmt: skip
            fact = Fact("bank.open_account", "bank_account", found.pk, owner)
            record(actor=actor, fact=fact)
    return found


def take(
    *, actor: Actor, bank_account_id: int, lines: Sequence[StatementLine], source: str = ""
) -> Taken:
    """Take in all lines of a statement, or none: post them, and match those whose reference says
    what they are. A line is known by its serial number, so nothing is posted twice. Refuses
    (Invalid, `lines.N.serial`) a serial that stands for another movement."""
    policy.may_keep_books(actor).or_refuse()
    if len(lines) > MOST_LINES:
        told = gettext_noop("一份流水最多 %(most)d 笔，请按日期分开导出。")
        raise Invalid("bank.too_many_lines", told, most=MOST_LINES)
    with acting(actor):
        at = queries.account(actor, bank_account_id)
        waiting, paid = _looked_for(at.asset, lines)
        # The poster locks suspense, so that from here on nobody else places a line of this asset.
        outcomes = ledger.post(actor=actor, transfers=[_posting(at, line) for line in lines])
        known = queries.known_serials(at, [line.serial for line in lines])
        _refuse_clashes(lines, outcomes, known)
        now = clock.now()
        fresh = [_line(at, line, source, now) for line in lines if line.serial not in known]
        if not fresh:
            return Taken([], len(known), 0)
        Line.objects.bulk_create(fresh)
        matched = _place(actor, fresh, waiting, paid)
        fact = Fact(
            "bank.take_lines", "bank_account", at.pk, at.owner_id,
            payload={"lines": len(fresh), "known": len(known), "matched": matched, "file": source},
        )  # fmt: skip
        record(actor=actor, fact=fact)
    return Taken(fresh, len(known), matched)


def _posting(at: BankAccount, line: StatementLine) -> Transfer:
    bank, suspense = at.account.key, queries.suspense_key(at.asset)
    return towards(
        line.amount, suspense, bank, id=queries.transfer_id(bank, line.serial), asset=at.asset,
        cause=cause_of(at, line.serial), effective_on=line.booked_on,
    )  # fmt: skip


def _line(at: BankAccount, line: StatementLine, source: str, now: datetime) -> Line:
    return Line(
        bank_account=at, serial=line.serial, booked_on=line.booked_on, amount=line.amount,
        balance=line.balance, counterparty=line.counterparty,
        counterparty_name=line.counterparty_name, reference=line.reference,
        transfer_id=queries.transfer_id(at.account.key, line.serial), source=source,
        made_at=now,
    )  # fmt: skip


def said_by(line: Line) -> StatementLine:
    """The line as it was read."""
    return StatementLine(
        serial=line.serial, booked_on=line.booked_on, amount=line.amount,
        counterparty=line.counterparty,
    )  # fmt: skip


def _refuse_clashes(
    lines: Sequence[StatementLine], outcomes: Sequence[Outcome], known: dict[str, Line]
) -> None:
    problems = []
    for place, (line, outcome) in enumerate(zip(lines, outcomes, strict=True)):
        there = known.get(line.serial)
        if outcome.result is Result.OVER_LIMIT:
            told = gettext_noop("记上这一笔，账户的累计数就超出范围了，请核对金额。")
            problems.append(Problem(f"lines.{place}.amount", "over_limit", told))
        elif not outcome.stands or (there is not None and not line.is_same(said_by(there))):
            told = gettext_noop("这个流水号已经登记过另一笔（日期、金额或对方不同），请核对。")
            problems.append(Problem(f"lines.{place}.serial", "clash", told))
    if problems:
        sentence = gettext_noop("有 %(count)d 笔流水收不进，整份都没有记账，请看各行的说明。")
        raise Invalid("bank.unusable_lines", sentence, problems, count=len(problems))


def _looked_for(
    asset: str, lines: Sequence[StatementLine]
) -> tuple[list[Expectation], list[Expectation]]:
    """What is expected that these lines may be, and the paid orders that they may bring back; locked
    before the books are, as a withdrawal does."""
    wanted = {token for line in lines for token in references_in(line.reference)}
    payers = {line.counterparty for line in lines if line.counterparty}
    named = Q(reference__in=wanted)
    return held(asset, named | Q(counterparty__in=payers, amount__gt=0), named)


def _place(
    actor: Actor, fresh: Sequence[Line], expected: Sequence[Expectation],
    paid: Sequence[Expectation],
) -> int:  # fmt: skip
    """Match the lines that name one thing that is expected by its reference, or that name none and
    are the one thing expected of their payer, to the fen; and those that name one order of ours and
    bring back what it paid. Returns how many."""
    said = {line.pk: references_in(line.reference) for line in fresh}
    waiting = {e.reference: e for e in expected}
    placed: list[Placed] = []
    for line in fresh:
        fitting = [waiting[t] for t in said[line.pk] if t in waiting] or [
            e for e in waiting.values()
            if e.counterparty and e.amount > 0 and queries.fits(line, e)
        ]  # fmt: skip
        if len(fitting) == 1 and queries.fits(line, fitting[0]):
            placed.append(Placed(line, expected=waiting.pop(fitting[0].reference)))
    done = posted(actor, placed)
    # A statement of some days may bring a payment and its return.
    seen = {one.line.pk for one in done}
    orders = {e.reference: e for e in (*paid, *(p.expected for p in done if p.expected))}
    back: list[Placed] = []
    for line in fresh:
        named = [orders[t] for t in said[line.pk] if t in orders]
        if line.pk not in seen and len(named) == 1 and queries.is_return(line, named[0]):
            back.append(Placed(line, returns=orders.pop(named[0].reference)))
    return len(done) + len(posted(actor, back))
