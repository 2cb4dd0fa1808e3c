"""Saying whose money a line is: by what was expected, by hand, or as a payment that comes back; and
taking that back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.db.models import Q

from yangbanjian.ground.bank import policy, queries
from yangbanjian.ground.bank.actions.expectations import (
    is_given_back,
    lock_orders,
    tell_payee,
)
from yangbanjian.ground.bank.models import BankAccount, Expectation, Line, Match
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal.actions import Fact, record, record_many
from yangbanjian.ground.ledger import actions as ledger
from yangbanjian.ground.ledger.models import Account
from yangbanjian.ground.ledger.rules import Kind, Transfer
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Conflict, Invalid, NotFound, Problem
from yangbanjian.kernel.text import clean_line
from yangbanjian.kernel.words import gettext_noop

_ALREADY = gettext_noop("这笔流水已经对上了，请刷新页面再看。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Whose money a line is: an account's, what was expected, or an order's that comes back."""

    line: Line = field(kw_only=False)
    account: UUID | None = None
    expected: Expectation | None = None
    returns: Expectation | None = None


def cause_of(at: BankAccount, serial: str) -> str:
    return f"bank:{at.number}:{serial}"


def towards(amount: int, to: UUID, of: UUID, **more: Any) -> Transfer:
    """`amount` from `of` to `to`; below nought, the other way."""
    debit, credit = (of, to) if amount > 0 else (to, of)
    return Transfer(debit=debit, credit=credit, amount=abs(amount), **more)


def held(
    asset: str, waits: Q | None, was_paid: Q | None
) -> tuple[list[Expectation], list[Expectation]]:
    """Those that are open, and those that were paid, locked to the end of the transaction: a match,
    a withdrawal and the end of a match of one thing can't cross. Who had waited for the lock asks
    once more."""
    asked = ((queries.open_expectations, waits), (queries.carried_out, was_paid))
    pks = {
        pk for find, which in asked if which is not None
        for pk in find(asset).filter(which).values_list("pk", flat=True)
    }  # fmt: skip
    lock_orders(pks)
    open_, paid = (
        list(find(asset).filter(which, pk__in=pks)) if which is not None else []
        for find, which in asked
    )
    return open_, paid


def posted(actor: Actor, asked: Sequence[Placed]) -> list[Placed]:
    """Those of the matches that stand, moved and written down."""
    moves = [_placing(one) for one in asked]
    outcomes = ledger.post(actor=actor, transfers=moves) if moves else []
    stands = [(one, told.id) for one, told in zip(asked, outcomes, strict=True) if told.stands]
    _write(actor, stands)
    return [one for one, _ in stands]


def _placing(one: Placed) -> Transfer:
    """Out of suspense to an account; what goes out was on hold for this and is paid by it."""
    line, order = one.line, one.expected or one.returns
    cause = (order.cause if order else "") or cause_of(line.bank_account, line.serial)
    if one.expected is not None and one.expected.hold_id is not None:
        return Transfer(id=uuid4(), kind=Kind.POST, hold_id=one.expected.hold_id, cause=cause)
    asset = line.bank_account.asset
    account = order.account.key if order else one.account
    assert account is not None
    return towards(
        line.amount, account, queries.suspense_key(asset), id=uuid4(), asset=asset, cause=cause,
        effective_on=line.booked_on,
    )  # fmt: skip


def _write(actor: Actor, placed: Sequence[tuple[Placed, UUID]]) -> None:
    if not placed:
        return
    now = clock.now()
    Match.objects.bulk_create(
        Match(
            line=one.line, transfer_id=transfer, expectation=one.expected, returns=one.returns,
            made_by=actor.person_id, made_at=now,
        )
        for one, transfer in placed
    )  # fmt: skip
    record_many(actor=actor, facts=[_told(one) for one, _ in placed])
    for one, _ in placed:
        if one.returns is not None:
            tell_payee(one.returns)


def _told(one: Placed) -> Fact:
    """What the journal learns: something that was expected has come, or a payment has come back."""
    order = one.expected or one.returns
    return Fact(
        "bank.returned" if one.returns else "bank.matched", "bank_line", one.line.pk,
        order.account.owner_id if order else None, audience="parties",
        payload={"expectation": order.pk if order else None, "amount": one.line.amount},
    )  # fmt: skip


def match(
    *, actor: Actor, line_id: int, account: UUID | None = None, expectation_id: int | None = None
) -> Match:
    """Say by hand whose money a line is: an account's, or what was expected."""
    policy.may_keep_books(actor).or_refuse()
    with acting(actor):
        line = queries.line(actor, line_id)
        _refuse_matched(line)
        expected = _expected(line, expectation_id) if expectation_id is not None else None
        key = None if expected else _target(actor, line, account).key
        return _placed(actor, Placed(line, account=key, expected=expected))


def return_payment(*, actor: Actor, line_id: int, expectation_id: int) -> Match:
    """Say that the bank has sent back, by this line, what an order of ours had paid: the money is
    again where it came from, and may be ordered once more. Raises NotAllowed, NotFound, Conflict."""
    policy.may_keep_books(actor).or_refuse()
    with acting(actor):
        line = queries.line(actor, line_id)
        _refuse_matched(line)
        _, paid = held(line.bank_account.asset, None, Q(pk=expectation_id))
        if not paid:
            told = gettext_noop("没有这笔已付出的款，或已经退回过。请刷新再选。")
            raise NotFound("bank.no_payment", told)
        if paid[0].amount != -line.amount:
            told = gettext_noop("金额与当初付出的不同，不能算退回。请核对，或记到账户。")
            raise Conflict("bank.other_amount", told)
        return _placed(actor, Placed(line, returns=paid[0]))


def _placed(actor: Actor, one: Placed) -> Match:
    asked = _placing(one)
    ledger.chain(actor=actor, transfers=[asked])
    # Now that suspense is locked: somebody may have been quicker.
    _refuse_matched(one.line)
    _write(actor, [(one, asked.id)])
    return queries.standing().get(line=one.line)


def _refuse_matched(line: Line) -> None:
    if queries.standing().filter(line=line).exists():
        raise Conflict("bank.already_matched", _ALREADY)


def _expected(line: Line, expectation_id: int) -> Expectation:
    found = next(iter(held(line.bank_account.asset, Q(pk=expectation_id), None)[0]), None)
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
        standing = queries.matches_of(line).filter(undone_by=None)
        lock_orders({pk for pair in standing.values_list("expectation", "returns") for pk in pair})
        found = standing.first()
        if found is None:
            raise Conflict("bank.not_matched", gettext_noop("这笔流水没有对上，不用撤销。"))
        _refuse_bound(found)
        moved, back = found.transfer, uuid4()
        ledger.transfer(
            actor=actor, transfer_id=back, debit=moved.credit.key, credit=moved.debit.key,
            amount=moved.posted_change, asset=moved.asset, corrects_id=moved.pk,
            cause=cause_of(line.bank_account, line.serial),
        )  # fmt: skip
        changed = queries.standing().filter(pk=found.pk).update(undone_by=back)
        if not changed:
            raise Conflict("bank.not_matched", gettext_noop("这笔流水没有对上，不用撤销。"))
        account = moved.credit if line.amount > 0 else moved.debit
        fact = Fact(
            "bank.unmatched", "bank_line", line.pk, account.owner_id, audience="parties",
            payload={
                "expectation": found.expectation_id, "returns": found.returns_id,
                "amount": line.amount,
            }, remark=reason,
        )  # fmt: skip
        record(actor=actor, fact=fact)
        found.refresh_from_db()
    return found


def _refuse_bound(found: Match) -> None:
    """A payment that has come back was made; a return after which it was ordered anew stands."""
    if found.expectation_id is not None and queries.is_returned(found.expectation_id):
        told = gettext_noop("这笔付款已被银行退回，请先撤销退回那笔流水的对账。")
        raise Conflict("bank.has_come_back", told)
    anew = Expectation.objects.filter(repeats=found.returns_id) if found.returns_id else None
    if anew is not None and any(not is_given_back(one) for one in anew):
        told = gettext_noop("这笔退回的款已重新退款，不能再撤销对账。")
        raise Conflict("bank.given_anew", told)
