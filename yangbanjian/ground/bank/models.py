"""Bank accounts, lines, what is expected of them, and matches. Triggers keep all four as they were
written (migration 0002); what may change is named there."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yangbanjian.ground.ledger.models import Account
from yangbanjian.ground.ledger.rules import MOST_UNITS
from yangbanjian.ground.people.models import Organisation

NUMBER = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
REFERENCE = r"^[A-Z0-9][A-Z0-9-]{3,39}$"


class BankAccount(models.Model):
    """An account that the house has at a bank. `account` is the same money in the ledger."""

    id = models.BigAutoField(primary_key=True)
    number = models.TextField(unique=True)
    bank = models.TextField()
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    # Accounts and transfers of the ledger are never deleted; that they fit is asked by a trigger,
    # where a key would ask only whether they are there.
    account = models.OneToOneField(Account, models.PROTECT, related_name="+", db_constraint=False)
    asset = models.TextField()
    opened_at = models.DateTimeField()

    class Meta:
        db_table = "bank_account"
        constraints = [
            models.CheckConstraint(condition=Q(number__regex=NUMBER), name="bank_account_number"),
        ]


class Line(models.Model):
    """A line of a statement, as the bank says it. `amount` is in the smallest unit, money that has
    come in above nought; `serial` is the bank's number, once an account; `transfer` is its posting
    into suspense; `source` the SHA-256 of the file."""

    id = models.BigAutoField(primary_key=True)
    bank_account = models.ForeignKey(BankAccount, models.PROTECT, related_name="lines")
    serial = models.TextField()
    booked_on = models.DateField()
    amount = models.BigIntegerField()
    balance = models.BigIntegerField(null=True)
    counterparty = models.TextField(default="", blank=True)
    counterparty_name = models.TextField(default="", blank=True)
    reference = models.TextField(default="", blank=True)
    transfer = models.OneToOneField(
        "ledger.Transfer", models.PROTECT, related_name="+", db_constraint=False
    )
    source = models.TextField(default="", blank=True)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "bank_line"
        indexes = [models.Index(fields=["booked_on", "id"], name="bank_line_days")]
        constraints = [
            models.UniqueConstraint(fields=["bank_account", "serial"], name="bank_line_once"),
            models.CheckConstraint(
                condition=Q(amount__range=(-MOST_UNITS, MOST_UNITS)) & ~Q(amount=0),
                name="bank_line_amount",
            ),
            models.CheckConstraint(condition=~Q(serial=""), name="bank_line_serial"),
        ]


class Expectation(models.Model):
    """Money that is to come for an account (`amount` above nought), or to go from it (below). What
    goes is on hold from the start, for the payee in `counterparty` alone; a refund also names the
    line by which the money came (`origin`), whose payer is the payee."""

    id = models.BigAutoField(primary_key=True)
    reference = models.TextField(unique=True)
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_constraint=False)
    amount = models.BigIntegerField()
    counterparty = models.TextField(default="", blank=True)
    origin = models.ForeignKey(Line, models.PROTECT, null=True, related_name="refunds")
    # Whose a refund is, and the order that it gives once more: one that was not paid or came back.
    payee = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    repeats = models.OneToOneField("self", models.PROTECT, null=True, related_name="repeated_by")
    hold = models.OneToOneField(
        "ledger.Transfer", models.PROTECT, null=True, related_name="+", db_constraint=False
    )
    cause = models.TextField(default="", blank=True)
    made_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    # Why the bank did not carry an order out (the account is closed); it is over then.
    failure = models.TextField(default="", db_default="", blank=True)

    class Meta:
        db_table = "bank_expectation"
        constraints = [
            models.CheckConstraint(
                condition=Q(failure="") | Q(withdrawn_at__isnull=False),
                name="bank_expectation_failed_is_over",
            ),
            models.CheckConstraint(
                condition=Q(reference__regex=REFERENCE), name="bank_expectation_reference"
            ),
            models.CheckConstraint(
                condition=Q(amount__range=(1, MOST_UNITS), hold__isnull=True, origin__isnull=True)
                | Q(amount__range=(-MOST_UNITS, -1), hold__isnull=False) & ~Q(counterparty=""),
                name="bank_expectation_shape",
            ),
        ]


class Payee(models.Model):
    """The account at a bank to which an organisation wants to be paid, as it has named it itself;
    the latest one counts, all stay."""

    id = models.BigAutoField(primary_key=True)
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    number = models.TextField()
    bank = models.TextField()
    made_by = models.BigIntegerField(null=True)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "bank_payee"
        indexes = [models.Index(fields=["owner", "-id"], name="bank_payee_of_owner")]
        constraints = [
            models.CheckConstraint(condition=Q(number__regex=NUMBER), name="bank_payee_number"),
        ]


class Match(models.Model):
    """One line stands for one transfer. `undone_by` is the transfer that corrected it; `returns` the
    order whose payment the bank has sent back by this line."""

    id = models.BigAutoField(primary_key=True)
    line = models.ForeignKey(Line, models.PROTECT, related_name="matches")
    transfer = models.OneToOneField(
        "ledger.Transfer", models.PROTECT, related_name="+", db_constraint=False
    )
    expectation = models.ForeignKey(Expectation, models.PROTECT, null=True, related_name="matches")
    returns = models.ForeignKey(Expectation, models.PROTECT, null=True, related_name="returned_by")
    undone_by = models.OneToOneField(
        "ledger.Transfer", models.PROTECT, null=True, related_name="+", db_constraint=False
    )
    made_by = models.BigIntegerField(null=True)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "bank_match"
        constraints = [
            models.UniqueConstraint(
                fields=["line"], condition=Q(undone_by__isnull=True), name="bank_match_line_once"
            ),
            models.UniqueConstraint(
                fields=["expectation"],
                condition=Q(undone_by__isnull=True, expectation__isnull=False),
                name="bank_match_expectation_once",
            ),
            models.UniqueConstraint(
                fields=["returns"],
                condition=Q(undone_by__isnull=True, returns__isnull=False),
                name="bank_match_returns_once",
            ),
        ]
