"""Bank accounts, lines and what is not matched; always beside what the ledger holds in suspense."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from yangbanjian.ground.bank import policy
from yangbanjian.ground.bank.models import BankAccount, Expectation, Line, Match, Payee
from yangbanjian.ground.bank.rules import references_in
from yangbanjian.ground.ledger import queries as ledger
from yangbanjian.ground.ledger.models import Account, Transfer
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.kernel.words import gettext_noop

MOST_SUGGESTED = 8


def transfer_id(account: UUID, serial: str) -> UUID:
    """The id of the transfer that a line is posted by: the same line asks for the same one."""
    return uuid5(account, f"line:{serial}")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A line that nobody has placed yet."""

    id: int
    bank_account: str
    serial: str
    booked_on: date
    amount: int
    counterparty: str
    counterparty_name: str
    reference: str


@dataclass(frozen=True, slots=True)
class Unmatched:
    """One look: some of the lines, how many there are, their sum, and what suspense holds (equal,
    or the books are wrong)."""

    items: list[Waiting]
    count: int
    sum: int
    suspense_balance: int


# One statement, so that all of it is of one moment.
_UNMATCHED = """
WITH waiting AS (
  SELECT l.id, b.number, l.serial, l.booked_on, l.amount, l.counterparty, l.counterparty_name, l.reference
  FROM bank_line AS l JOIN bank_account AS b ON b.id = l.bank_account_id
  WHERE b.asset = %(asset)s
    AND NOT EXISTS (SELECT FROM bank_match AS m WHERE m.line_id = l.id AND m.undone_by_id IS NULL)
)
SELECT w.*, (SELECT count(*) FROM waiting), (SELECT COALESCE(sum(amount), 0) FROM waiting),
  COALESCE((SELECT a.credits_posted - a.debits_posted FROM ledger_account AS a
    WHERE a.owner_id IS NULL AND a.code = 'suspense' AND a.asset = %(asset)s), 0)
FROM (SELECT 1) AS one LEFT JOIN (
  SELECT * FROM waiting ORDER BY booked_on, id OFFSET %(skip)s LIMIT %(most)s
) AS w ON true ORDER BY w.booked_on, w.id
"""


def unmatched(actor: Actor, *, asset: str = "CNY", skip: int = 0, most: int = 1000) -> Unmatched:
    """The lines without a match, oldest first."""
    policy.may_read_books(actor).or_refuse()
    with connection.cursor() as cursor:
        cursor.execute(_UNMATCHED, {"asset": asset, "skip": skip, "most": most})
        rows = cursor.fetchall()
    items = [Waiting(*row[:8]) for row in rows if row[0] is not None]
    count, total, held = rows[0][8:]
    return Unmatched(items, int(count), int(total), int(held))


def accounts(actor: Actor) -> QuerySet[BankAccount]:
    policy.may_read_books(actor).or_refuse()
    return BankAccount.objects.select_related("owner", "account").order_by("id")


def account(actor: Actor, account_id: int) -> BankAccount:
    found = accounts(actor).filter(pk=account_id).first()
    if found is None:
        raise NotFound("bank.no_account", gettext_noop("没有这个银行账户，请先登记。"))
    return found


def standing() -> QuerySet[Match]:
    """Matches that have not been undone."""
    return Match.objects.filter(undone_by=None)


def lines(actor: Actor, *, only_waiting: bool = False) -> QuerySet[Line]:
    """The lines, newest first, each with `is_matched`; all, or those that wait."""
    policy.may_read_books(actor).or_refuse()
    is_matched = Exists(standing().filter(line_id=OuterRef("pk")))
    found = Line.objects.select_related("bank_account").annotate(is_matched=is_matched)
    if only_waiting:
        found = found.filter(is_matched=False)
    return found.order_by("-booked_on", "-id")


def among(found: QuerySet[Line], asked: str) -> QuerySet[Line]:
    """Those of the lines in which these words stand."""
    return found.filter(
        Q(counterparty_name__icontains=asked) | Q(reference__icontains=asked)
        | Q(counterparty__icontains=asked) | Q(serial__icontains=asked)
    )  # fmt: skip


def line(actor: Actor, line_id: int) -> Line:
    found = lines(actor).filter(pk=line_id).first()
    if found is None:
        raise NotFound("bank.no_line", gettext_noop("没有这笔银行流水，请核对编号。"))
    return found


def matches_of(line: Line) -> QuerySet[Match]:
    """What the line has been matched with, the standing one last."""
    found = line.matches.select_related("transfer__debit", "transfer__credit", "expectation")
    return found.order_by("id")


def open_expectations(asset: str) -> QuerySet[Expectation]:
    """What is still waited for: not matched, not withdrawn, its hold not resolved."""
    resolved = Transfer.objects.filter(hold_id=OuterRef("hold_id"))
    return (
        Expectation.objects.select_related("account__owner")
        .filter(account__asset=asset, withdrawn_at=None)
        .exclude(Exists(standing().filter(expectation_id=OuterRef("pk"))))
        .exclude(Exists(resolved))
        .order_by("id")
    )


def has_come_back() -> Exists:
    """Of an order: has the bank sent its payment back?"""
    return Exists(standing().filter(returns_id=OuterRef("pk")))


def is_returned(expectation_id: int) -> bool:
    return standing().filter(returns_id=expectation_id).exists()


def carried_out(asset: str) -> QuerySet[Expectation]:
    """Orders that the bank has paid and not sent back."""
    paid = Exists(standing().filter(expectation_id=OuterRef("pk")))
    found = Expectation.objects.select_related("account__owner").filter(paid, ~has_come_back())
    return found.filter(account__asset=asset, amount__lt=0).order_by("id")


def is_return(line: Line, order: Expectation) -> bool:
    """Does the line bring back what the order paid, to the fen, from whom it was paid to or from a
    side that the bank does not name?"""
    return line.amount == -order.amount and line.counterparty in ("", order.counterparty)


def possible_returns(line: Line) -> list[Expectation]:
    """Payments that the line could bring back: by our reference, then by amount; the latest first."""
    if line.amount <= 0:
        return []
    found = carried_out(line.bank_account.asset).filter(amount=-line.amount).order_by("-id")
    named = list(found.filter(reference__in=references_in(line.reference))[:MOST_SUGGESTED])
    rest = found.exclude(pk__in=[e.pk for e in named])[: MOST_SUGGESTED - len(named)]
    return [*named, *rest]


def to_repeat() -> QuerySet[Expectation]:
    """Refunds that were not paid or came back, and are not ordered anew, the oldest first."""
    was_not_paid = ~Q(failure="")
    found = Expectation.objects.select_related("account__owner", "payee", "origin")
    found = found.filter(was_not_paid | has_come_back(), origin__isnull=False, repeated_by=None)
    return found.order_by("id")


def fits(line: Line, expected: Expectation) -> bool:
    """Is the line what was expected, to the fen and to the payer?"""
    return expected.amount == line.amount and expected.counterparty in ("", line.counterparty)


def suggestions(line: Line) -> list[Expectation]:
    """What the line could be: by its reference, then by its amount; open ones only."""
    found = open_expectations(line.bank_account.asset)
    named = list(found.filter(reference__in=references_in(line.reference))[:MOST_SUGGESTED])
    same = found.filter(amount=line.amount, counterparty__in=["", line.counterparty])
    return [*named, *same.exclude(pk__in=[e.pk for e in named])[: MOST_SUGGESTED - len(named)]]


def refunds_of(line: Line) -> QuerySet[Expectation]:
    return line.refunds.select_related("account").order_by("id")


def line_behind(transfer: Transfer) -> Line | None:
    """The bank's line that a transfer stands for, as its posting, its match or the end of one."""
    found = Match.objects.filter(Q(transfer=transfer) | Q(undone_by=transfer))
    return (
        Line.objects.filter(Q(transfer=transfer) | Q(pk__in=found.values("line_id")))
        .select_related("bank_account")
        .first()
    )


def known_serials(bank_account: BankAccount, serials: Collection[str]) -> dict[str, Line]:
    """Lines that are there already, by their serial numbers."""
    found = Line.objects.filter(bank_account=bank_account, serial__in=list(serials))
    return {one.serial: one for one in found}


def differing() -> list[dict[str, Any]]:
    """Assets whose suspense is not what is unmatched: always none (L12)."""
    found = []
    for suspense in Account.objects.filter(owner=None, code="suspense"):
        waiting = Line.objects.filter(bank_account__asset=suspense.asset)
        amounts = waiting.exclude(Exists(standing().filter(line_id=OuterRef("pk"))))
        total = sum(amounts.values_list("amount", flat=True))
        if suspense.credits_posted - suspense.debits_posted != total:
            found.append({"asset": suspense.asset, "sum": total})
    return found


def targets(actor: Actor, line: Line, asked: str) -> QuerySet[Account]:
    """Ledger accounts that a line could be matched to by hand, by words of the owner's name or the
    code; money that left without an order can only be the house's own."""
    policy.may_read_books(actor).or_refuse()
    bank = line.bank_account
    found = Account.objects.select_related("owner").filter(asset=bank.asset)
    found = found.exclude(pk=bank.account_id).exclude(owner=None, code="suspense")
    if line.amount < 0:
        found = found.filter(Q(owner=None) | Q(owner_id=bank.owner_id))
    if asked:
        found = found.filter(Q(owner__name__icontains=asked) | Q(code__icontains=asked))
    return found.order_by(F("owner__name").asc(nulls_first=True), "id")


def payee_of(owner_id: int) -> Payee | None:
    """Where an organisation wants to be paid; None where it has named no account."""
    return Payee.objects.filter(owner_id=owner_id).order_by("-id").first()


def receivers(actor: Actor, asked: str, *, asset: str = "CNY") -> QuerySet[Account]:
    """Ledger accounts that money from outside can be awaited for, by words as in `targets`; not
    those that stand for the bank itself."""
    policy.may_read_books(actor).or_refuse()
    found = Account.objects.select_related("owner").filter(asset=asset)
    found = found.exclude(owner=None, code="suspense")
    found = found.exclude(pk__in=BankAccount.objects.values("account_id"))
    if asked:
        found = found.filter(Q(owner__name__icontains=asked) | Q(code__icontains=asked))
    return found.order_by(F("owner__name").asc(nulls_first=True), "id")


def suspense_key(asset: str) -> UUID:
    return ledger.named_key("suspense", asset)
