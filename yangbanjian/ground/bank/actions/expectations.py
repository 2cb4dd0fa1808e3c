"""What is waited for: money to come in under a reference, money to go out to a payee that is fixed
when it is put on hold."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from uuid import UUID, uuid4

from yangbanjian.ground.bank import policy, queries
from yangbanjian.ground.bank.models import REFERENCE, Expectation, Line
from yangbanjian.ground.bank.rules import account_number, next_reference
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal.actions import Fact, record
from yangbanjian.ground.ledger import actions as ledger
from yangbanjian.ground.ledger.models import Account
from yangbanjian.ground.ledger.rules import LONGEST_CAUSE, MOST_UNITS, SUSPENSE
from yangbanjian.ground.messages import actions as messages
from yangbanjian.ground.messages.actions import Word
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, NotFound, Problem
from yangbanjian.kernel.text import clean_line
from yangbanjian.kernel.words import gettext_noop

# No letters that look like figures: people copy references by hand.
_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"


def expect(
    *, actor: Actor, account: UUID, amount: int, reference: str = "", counterparty: str = "",
    cause: str = "",
) -> Expectation:  # fmt: skip
    """Wait for an amount to come in for an account, from anybody or from one payer alone. The
    payer writes the reference; without one it is made up. The same again changes nothing."""
    _refuse_amount(amount)
    with acting(actor):
        kept = _account(account)
        asked = Expectation(
            reference=_reference(reference), account=kept, amount=amount,
            counterparty=account_number(counterparty), cause=clean_line(cause, cap=LONGEST_CAUSE),
            made_at=clock.now(),
        )  # fmt: skip
        there = _there(asked.reference)
        return _same_or_refuse(asked, there) if there else _written(actor, asked)


def _refuse_amount(amount: int) -> None:
    if not 1 <= amount <= MOST_UNITS:
        told = gettext_noop("金额要填 1 到 %(most)d 之间的整数（以分或最小单位计）。")
        problem = Problem("amount", "out_of_range", told, {"most": MOST_UNITS})
        raise Invalid("bank.amount", told, [problem], most=MOST_UNITS)


def _account(key: UUID) -> Account:
    found = Account.objects.filter(key=key).exclude(owner=None, code=SUSPENSE).first()
    if found is None:
        raise NotFound("ledger.no_account", gettext_noop("没有这个账户，请核对编号。"))
    return found


def _reference(said: str) -> str:
    if not said:
        return "K" + "".join(secrets.choice(_LETTERS) for _ in range(9))
    reference = said.strip().upper()
    if not re.match(REFERENCE, reference):
        told = gettext_noop("缴款编号要 4 到 40 位，只能有大写字母、数字和短横。")
        raise Invalid("bank.reference", told, [Problem("reference", "unusable", told)])
    return reference


def _there(reference: str) -> Expectation | None:
    """What has this reference already, whose ever it is: a reference stands for one thing."""
    with acting(SYSTEM):
        return Expectation.objects.filter(reference=reference).first()


def _same_or_refuse(asked: Expectation, there: Expectation) -> Expectation:
    same = ("account_id", "amount", "counterparty", "origin_id", "cause")
    if any(getattr(asked, name) != getattr(there, name) for name in same):
        told = gettext_noop("这个缴款编号已经用于另一笔待收付的款，请换一个。")
        raise Conflict("bank.reference_used", told)
    return there


def _written(actor: Actor, asked: Expectation) -> Expectation:
    asked.save(force_insert=True)
    fact = Fact(
        "bank.expect", "bank_expectation", asked.pk, asked.account.owner_id, audience="parties",
        payload={"amount": asked.amount, "origin": asked.origin_id},
    )  # fmt: skip
    record(actor=actor, fact=fact)
    return asked


def pay_out(
    *, actor: Actor, account: UUID, amount: int, counterparty: str, reference: str = "",
    cause: str = "", origin: Line | None = None, payee_id: int | None = None,
    repeats: Expectation | None = None,
) -> Expectation:  # fmt: skip
    """Put an amount of an account on hold to be paid to one bank account, which never changes: a
    line that pays another one is not matched. The same again changes nothing."""
    _refuse_amount(amount)
    payee = account_number(counterparty)
    if not payee:
        told = gettext_noop("请写明付到哪个账号。")
        raise Invalid("bank.no_payee", told, [Problem("counterparty", "missing", told)])
    with acting(actor):
        kept, held = _account(account), uuid4()
        asked = Expectation(
            reference=_reference(reference), account=kept, amount=-amount, counterparty=payee,
            origin=origin, hold_id=held, cause=clean_line(cause, cap=LONGEST_CAUSE),
            payee_id=payee_id, repeats=repeats, made_at=clock.now(),
        )  # fmt: skip
        there = _there(asked.reference)
        if there is not None:
            return _same_or_refuse(asked, there)
        suspense = ledger.named_account(actor=actor, name=SUSPENSE, asset=kept.asset)
        ledger.hold(
            actor=actor, transfer_id=held, debit=account, credit=suspense.key,
            amount=amount, asset=kept.asset, cause=asked.cause,
        )  # fmt: skip
        if origin is not None:
            # The hold has locked suspense: refunds of one line are told apart from here on.
            _refuse_more_than_came(origin, amount)
        return _written(actor, asked)


def _refuse_more_than_came(origin: Line, amount: int) -> None:
    given = sum(-e.amount for e in queries.refunds_of(origin) if not is_given_back(e))
    if given + amount > origin.amount:
        told = gettext_noop("退款超过了原来收到的金额，没有登记。请核对已退的部分。")
        raise Conflict("bank.more_than_came", told)


def is_given_back(expected: Expectation) -> bool:
    """Is the money of an order where it was: never paid, or sent back by the bank?"""
    return (
        expected.hold is not None
        and expected.hold.resolutions.filter(kind__in=["void", "expire"]).exists()
    ) or queries.is_returned(expected.pk)


def refund(
    *, actor: Actor, line_id: int, amount: int | None = None, account: UUID | None = None,
    reference: str = "", cause: str = "", payee_id: int | None = None,
) -> Expectation:  # fmt: skip
    """Give back what came by a line, whole or in part, to whoever paid it and to nobody else; from
    the account that it was matched to, or where it has gone since (`account`). `payee_id` is the
    organisation that paid, by default the one whose account it was matched to."""
    with acting(actor):
        line = Line.objects.select_related("bank_account").filter(pk=line_id, amount__gt=0).first()
        found = queries.matches_of(line).filter(undone_by=None).first() if line else None
    if line is None or found is None:
        told = gettext_noop("只有已经对上的收款可以退，请先对账。")
        raise Conflict("bank.nothing_to_refund", told)
    if not line.counterparty:
        told = gettext_noop("这笔收款没有对方账号，不能原路退回。请向银行查明付款账户。")
        raise Conflict("bank.payer_unknown", told)
    if payee_id is None and found.transfer.credit.owner_id != line.bank_account.owner_id:
        payee_id = found.transfer.credit.owner_id
    return pay_out(
        actor=actor, account=account or found.transfer.credit.key, amount=line.amount if amount is None else amount,
        counterparty=line.counterparty, reference=reference, cause=cause, origin=line,
        payee_id=payee_id,
    )  # fmt: skip


def repeat_refund(*, actor: Actor, expectation_id: int) -> Expectation:
    """Order a refund once more that the bank has not paid or has sent back: to the account that its
    payee has named by now; without a known payee to the payer's again. Who pays never says where
    to. Raises NotAllowed, Conflict."""
    policy.may_keep_books(actor).or_refuse()
    with acting(actor):
        lock_orders({expectation_id})
        one = queries.to_repeat().filter(pk=expectation_id).first()
        if one is None or one.origin is None:
            told = gettext_noop("这笔退款不用重新退，或已经重新退过，请刷新页面再看。")
            raise Conflict("bank.not_to_repeat", told)
        number = one.origin.counterparty
        if one.payee_id is not None:
            named = queries.payee_of(one.payee_id)
            if named is None:
                told = gettext_noop("对方还没有登记收款账户，请等对方登记后再退。")
                raise Conflict("bank.no_payee_named", told)
            number = named.number
        return pay_out(
            actor=actor, account=one.account.key, amount=-one.amount, counterparty=number,
            reference=next_reference(one.reference), cause=one.cause, origin=one.origin,
            payee_id=one.payee_id, repeats=one,
        )  # fmt: skip


def lock_orders(pks: Collection[int | None]) -> None:
    """Hold what is expected to the end of the transaction, always before the books are held."""
    rows = Expectation.objects.select_for_update(no_key=True)
    list(rows.filter(pk__in=[pk for pk in pks if pk is not None]).order_by("pk").values_list("pk"))


def tell_payee(order: Expectation) -> None:
    """A refund has not arrived: its payee is to name another account, the house to order it anew."""
    if order.origin_id is None:
        return
    params, name = {"reference": order.reference}, f"refund.failed.{order.pk}"
    house = gettext_noop("退款 %(reference)s 没有退成，请核对后重新退款。")
    where = "/desk/ledger/expected"
    messages.tell_role(Role.EXCHANGE, Word("bank", house, params, where, True, f"{name}.house"))
    if order.payee_id is not None:
        mine = gettext_noop("退给您的款 %(reference)s 没有退成，请登记能收款的账户。")
        word = Word("bank", mine, params, "/desk/payee", True, name)
        messages.tell_organisation(order.payee_id, word, Role.ENTERPRISE, Role.TTO, Role.BROKER)


def withdraw(*, actor: Actor, expectation_id: int) -> Expectation:
    """Wait for it no longer; what was on hold is free again."""
    return _over(actor, expectation_id, "", "bank.withdraw")


def fail(*, actor: Actor, expectation_id: int, reason: str) -> Expectation:
    """The bank has not carried an order out (its payee's account is closed): it is over, with the
    reason, and what was on hold is free again. Raises Invalid, NotFound, Conflict."""
    why = clean_line(reason, cap=200)
    if not why:
        told = gettext_noop("请写明银行为什么没有付出去。")
        raise Invalid("bank.no_reason", told, [Problem("reason", "missing", told)])
    found = Expectation.objects.filter(pk=expectation_id, amount__lt=0).first()
    if found is None:
        told = gettext_noop("没有这笔待收付的款，或已经对上、撤销。请刷新再选。")
        raise NotFound("bank.no_expectation", told)
    return _over(actor, expectation_id, why, "bank.failed")


def _over(actor: Actor, expectation_id: int, failure: str, verb: str) -> Expectation:
    policy.may_keep_books(actor).or_refuse()
    with acting(actor):
        found = Expectation.objects.select_for_update(no_key=True, of=("self",)).select_related(
            "account"
        ).filter(pk=expectation_id).first()  # fmt: skip
        is_open = found is not None and queries.open_expectations(found.account.asset).filter(
            pk=found.pk
        ).exists()  # fmt: skip
        if found is None or not is_open:
            told = gettext_noop("没有这笔待收付的款，或已经对上、撤销。请刷新再选。")
            raise NotFound("bank.no_expectation", told)
        if found.hold_id is not None:
            ledger.release(
                actor=actor, transfer_id=uuid4(), hold_id=found.hold_id, cause=found.cause
            )
        found.withdrawn_at, found.failure = clock.now(), failure
        found.save(update_fields=["withdrawn_at", "failure"])
        fact = Fact(
            verb, "bank_expectation", found.pk, found.account.owner_id, audience="parties",
            payload={"amount": found.amount}, remark=failure,
        )  # fmt: skip
        record(actor=actor, fact=fact)
        if failure:
            tell_payee(found)
    return found
