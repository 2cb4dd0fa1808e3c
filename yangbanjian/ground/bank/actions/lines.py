"""Taking in a statement whole, and saying whose money a line is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from django.db.models import Q

from yangbanjian.ground.bank import policy, queries
from yangbanjian.ground.bank.models import NUMBER, BankAccount, Expectation, Line, Match
from yangbanjian.ground.bank.rules import (
    MOST_LINES,
    StatementLine,
    account_number,
    references_in,
)
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal.actions import Fact, record, record_many
from yangbanjian.ground.ledger import actions as ledger
from yangbanjian.ground.ledger.models import Account
from yangbanjian.ground.ledger.rules import SUSPENSE, Kind, Outcome, Result, Transfer
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Conflict, Invalid, NotFound, Problem
from yangbanjian.kernel.text import clean_line
from yangbanjian.kernel.words import gettext_noop

_ALREADY = gettext_noop("这笔流水已经对上了，请刷新页面再看。")


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
        waiting = _looked_for(at.asset, lines)
        # The poster locks suspense, so that from here on nobody else places a line of this asset.
        outcomes = ledger.post(actor=actor, transfers=[_posting(at, line) for line in lines])
        known = queries.known_serials(at, [line.serial for line in lines])
        _refuse_clashes(lines, outcomes, known)
        now = clock.now()
        fresh = [_line(at, line, source, now) for line in lines if line.serial not in known]
        if not fresh:
            return Taken([], len(known), 0)
        Line.objects.bulk_create(fresh)
        matched = _place(actor, fresh, waiting)
        fact = Fact(
            "bank.take_lines", "bank_account", at.pk, at.owner_id,
            payload={"lines": len(fresh), "known": len(known), "matched": matched, "file": source},
        )  # fmt: skip
        record(actor=actor, fact=fact)
    return Taken(fresh, len(known), matched)


def _cause(at: BankAccount, serial: str) -> str:
    return f"bank:{at.number}:{serial}"


def _posting(at: BankAccount, line: StatementLine) -> Transfer:
    bank, suspense = at.account.key, queries.suspense_key(at.asset)
    return _towards(
        line.amount, suspense, bank, id=queries.transfer_id(bank, line.serial), asset=at.asset,
        cause=_cause(at, line.serial), effective_on=line.booked_on,
    )  # fmt: skip


def _towards(amount: int, to: UUID, of: UUID, **more: Any) -> Transfer:
    """`amount` from `of` to `to`; below nought, the other way."""
    debit, credit = (of, to) if amount > 0 else (to, of)
    return Transfer(debit=debit, credit=credit, amount=abs(amount), **more)


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


def _looked_for(asset: str, lines: Sequence[StatementLine]) -> list[Expectation]:
    """What is expected that these lines may be, locked: before the books are, as a withdrawal does."""
    wanted = {token for line in lines for token in references_in(line.reference)}
    payers = {line.counterparty for line in lines if line.counterparty}
    return _still_expected(
        asset, Q(reference__in=wanted) | Q(counterparty__in=payers, amount__gt=0)
    )


def _still_expected(asset: str, which: Q) -> list[Expectation]:
    """Those that are open, locked to the end of the transaction: a match and a withdrawal of one
    thing can't cross. Who had waited for the lock asks once more."""
    found = queries.open_expectations(asset).filter(which).values_list("pk", flat=True)
    rows = Expectation.objects.select_for_update(no_key=True).filter(pk__in=list(found))
    locked = [row.pk for row in rows.order_by("pk")]
    return list(queries.open_expectations(asset).filter(pk__in=locked))


def _place(actor: Actor, fresh: Sequence[Line], expected: Sequence[Expectation]) -> int:
    """Match the lines that name one thing that is expected by its reference, or that name none and
    are the one thing expected of their payer, to the fen; returns how many."""
    said = {line.pk: references_in(line.reference) for line in fresh}
    waiting = {e.reference: e for e in expected}
    pairs: list[tuple[Line, Expectation]] = []
    for line in fresh:
        fitting = [waiting[t] for t in said[line.pk] if t in waiting] or [
            e for e in waiting.values()
            if e.counterparty and e.amount > 0 and queries.fits(line, e)
        ]  # fmt: skip
        if len(fitting) == 1 and queries.fits(line, fitting[0]):
            pairs.append((line, waiting.pop(fitting[0].reference)))
    asked = [_placing(line, e.account.key, e) for line, e in pairs]
    outcomes = ledger.post(actor=actor, transfers=asked)
    placed = [(line, e, o.id) for (line, e), o in zip(pairs, outcomes, strict=True) if o.stands]
    _write(actor, placed)
    return len(placed)


def _placing(line: Line, account: UUID, expected: Expectation | None) -> Transfer:
    """Out of suspense to an account; what goes out was on hold for this and is paid by it."""
    cause = (expected.cause if expected else "") or _cause(line.bank_account, line.serial)
    if expected is not None and expected.hold_id is not None:
        return Transfer(id=uuid4(), kind=Kind.POST, hold_id=expected.hold_id, cause=cause)
    asset = line.bank_account.asset
    return _towards(
        line.amount, account, queries.suspense_key(asset), id=uuid4(), asset=asset, cause=cause,
        effective_on=line.booked_on,
    )  # fmt: skip


def _write(actor: Actor, placed: Sequence[tuple[Line, Expectation | None, UUID]]) -> None:
    if not placed:
        return
    now = clock.now()
    Match.objects.bulk_create(
        Match(
            line=line, transfer_id=transfer, expectation=expected, made_by=actor.person_id,
            made_at=now,
        )
        for line, expected, transfer in placed
    )  # fmt: skip
    facts = [
        Fact(
            "bank.matched", "bank_line", line.pk, expected.account.owner_id if expected else None,
            audience="parties",
            payload={"expectation": expected.pk if expected else None, "amount": line.amount},
        )
        for line, expected, _ in placed
    ]  # fmt: skip
    record_many(actor=actor, facts=facts)


def match(
    *, actor: Actor, line_id: int, account: UUID | None = None, expectation_id: int | None = None
) -> Match:
    """Say by hand whose money a line is: an account's, or what was expected."""
    policy.may_keep_books(actor).or_refuse()
    with acting(actor):
        line = queries.line(actor, line_id)
        _refuse_matched(line)
        expected = _expected(line, expectation_id) if expectation_id is not None else None
        key = expected.account.key if expected else _target(actor, line, account).key
        asked = _placing(line, key, expected)
        ledger.chain(actor=actor, transfers=[asked])
        # Now that suspense is locked: somebody may have been quicker.
        _refuse_matched(line)
        _write(actor, [(line, expected, asked.id)])
        return queries.standing().get(line=line)


def _refuse_matched(line: Line) -> None:
    if queries.standing().filter(line=line).exists():
        raise Conflict("bank.already_matched", _ALREADY)


def _expected(line: Line, expectation_id: int) -> Expectation:
    found = next(iter(_still_expected(line.bank_account.asset, Q(pk=expectation_id))), None)
    if found is None:
        told = gettext_noop("没有这笔待收付的款，或已经对上、撤销。请刷新再选。")
        raise NotFound("bank.no_expectation", told)
    if found.amount != line.amount:
        told = gettext_noop("金额与待收付的不同，不能对上。请选别的，或记到账户。")
        raise Conflict("bank.other_amount", told)
    if found.counterparty not in ("", line.counterparty):
        told = gettext_noop("对方账号与当初定下的不同，不能对上。款项只能付给、退回原来的账户。")
        raise Conflict("bank.other_counterparty", told)
    return found


def _target(actor: Actor, line: Line, account: UUID | None) -> Account:
    found = queries.targets(actor, line, "").filter(key=account).first() if account else None
    if found is None and line.amount < 0:
        told = gettext_noop("付出去的款要先有付款单（退款或付款）；没有的只能记到本单位的账户。")
        raise Conflict("bank.not_ordered", told)
    if found is None:
        raise NotFound("ledger.no_account", gettext_noop("没有这个账户，请核对编号。"))
    return found


def unmatch(*, actor: Actor, line_id: int, reason: str = "") -> Match:
    """Take a match back by a transfer that corrects it; the line waits in suspense again. Refuses
    when the account no longer has the money."""
    policy.may_keep_books(actor).or_refuse()
    reason = clean_line(reason, cap=200)
    if not reason:
        told = gettext_noop("请写明为什么撤销对账。")
        raise Invalid("bank.no_reason", told, [Problem("reason", "missing", told)])
    with acting(actor):
        line = queries.line(actor, line_id)
        found = queries.matches_of(line).filter(undone_by=None).first()
        if found is None:
            raise Conflict("bank.not_matched", gettext_noop("这笔流水没有对上，不用撤销。"))
        moved, back = found.transfer, uuid4()
        ledger.transfer(
            actor=actor, transfer_id=back, debit=moved.credit.key, credit=moved.debit.key,
            amount=moved.posted_change, asset=moved.asset, corrects_id=moved.pk,
            cause=_cause(line.bank_account, line.serial),
        )  # fmt: skip
        changed = queries.standing().filter(pk=found.pk).update(undone_by=back)
        if not changed:
            raise Conflict("bank.not_matched", gettext_noop("这笔流水没有对上，不用撤销。"))
        account = moved.credit if line.amount > 0 else moved.debit
        fact = Fact(
            "bank.unmatched", "bank_line", line.pk, account.owner_id, audience="parties",
            payload={"expectation": found.expectation_id, "amount": line.amount}, remark=reason,
        )  # fmt: skip
        record(actor=actor, fact=fact)
        found.refresh_from_db()
    return found
