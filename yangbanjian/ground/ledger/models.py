"""Accounts and transfers. Written by the poster's functions alone (migrations 0002 to 0004):
the runtime role may read these tables and nothing else."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest, Least
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual

from yangbanjian.ground.ledger.rules import MOST_UNITS
from yangbanjian.ground.people.models import Organisation

SUMS = ("debits_pending", "debits_posted", "credits_pending", "credits_posted")


class Account(models.Model):
    """What its owner has of one asset. `id` is the order of locks; `key` is what others call it.

    A limited account never owes: debits, posted and pending, stay within the credits posted.
    Who may own it, and how an asset is written, is asked once when it is opened (0004).
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(unique=True)
    owner = models.ForeignKey(Organisation, models.PROTECT, null=True)
    code = models.TextField()
    asset = models.TextField()
    is_limited = models.BooleanField()
    debits_pending = models.BigIntegerField(db_default=0)
    debits_posted = models.BigIntegerField(db_default=0)
    credits_pending = models.BigIntegerField(db_default=0)
    credits_posted = models.BigIntegerField(db_default=0)
    opened_at = models.DateTimeField()

    class Meta:
        db_table = "ledger_account"
        constraints = [
            models.CheckConstraint(
                condition=Q(GreaterThanOrEqual(Least(*SUMS), 0))
                & Q(LessThanOrEqual(Greatest(*SUMS), MOST_UNITS)),
                name="ledger_account_range",
            ),
            models.CheckConstraint(
                condition=Q(is_limited=False)
                | Q(debits_pending__lte=F("credits_posted") - F("debits_posted")),
                name="ledger_account_limit",
            ),
            models.UniqueConstraint(
                fields=["code", "asset"],
                condition=Q(owner__isnull=True),
                name="ledger_account_named_once",
            ),
        ]


class Transfer(models.Model):
    """One movement, as it was decided; nothing of it ever changes.

    `posted_change` and `pending_change` are what it does to either account, so that a balance is
    the sum of two columns. `seq` orders transfers: on one account it is the order of commits.
    """

    id = models.UUIDField(primary_key=True)
    seq = models.BigIntegerField()
    kind = models.TextField()
    # The account's room in the same asset is checked by the set (0002): a key each row would cost
    # as much as the row.
    debit = models.ForeignKey(
        Account, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    credit = models.ForeignKey(
        Account, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    asset = models.TextField()
    amount = models.BigIntegerField()
    posted_change = models.BigIntegerField()
    pending_change = models.BigIntegerField()
    hold = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="resolutions",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    expires_at = models.DateTimeField(null=True)
    chain = models.UUIDField(null=True)
    chain_place = models.IntegerField(null=True)
    chain_size = models.IntegerField(null=True)
    corrects = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="corrections",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    cause = models.TextField()
    effective_on = models.DateField()
    payload_sha256 = models.BinaryField()
    at_business = models.DateTimeField()
    at_recorded = models.DateTimeField()

    class Meta:
        db_table = "ledger_transfer"
        indexes = [
            models.Index(fields=["debit", "seq"], name="ledger_transfer_debits"),
            models.Index(fields=["credit", "seq"], name="ledger_transfer_credits"),
            models.Index(
                fields=["expires_at"],
                condition=Q(expires_at__isnull=False),
                name="ledger_transfer_due",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["seq"], name="ledger_transfer_seq"),
            models.UniqueConstraint(
                fields=["hold"],
                condition=Q(hold__isnull=False),
                name="ledger_transfer_resolved_once",
            ),
            models.UniqueConstraint(
                fields=["chain", "chain_place"],
                condition=Q(chain__isnull=False),
                name="ledger_transfer_chain_once",
            ),
            models.CheckConstraint(
                condition=~Q(debit=F("credit")), name="ledger_transfer_two_accounts"
            ),
            models.CheckConstraint(
                condition=Q(amount__range=(1, MOST_UNITS)), name="ledger_transfer_amount"
            ),
            # Names every kind there is, so that there is no other.
            models.CheckConstraint(
                condition=(
                    Q(kind="posted", posted_change=F("amount"), pending_change=0)
                    | Q(kind="pending", posted_change=0, pending_change=F("amount"))
                    | Q(kind="post", posted_change=F("amount"))
                    & Q(pending_change__lte=0 - F("amount"))
                    | Q(kind__in=["void", "expire"], posted_change=0)
                    & Q(pending_change=0 - F("amount"))
                ),
                name="ledger_transfer_changes",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["posted", "pending"], hold__isnull=True)
                | Q(kind__in=["post", "void", "expire"], hold__isnull=False),
                name="ledger_transfer_resolves",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True)
                | Q(kind="pending", expires_at__gt=F("at_business")),
                name="ledger_transfer_expiry",
            ),
            models.CheckConstraint(
                condition=Q(chain__isnull=True, chain_place__isnull=True, chain_size__isnull=True)
                | Q(
                    chain__isnull=False,
                    # What is unknown passes a check: say that it is known.
                    chain_place__isnull=False,
                    chain_place__gte=1,
                    chain_place__lte=F("chain_size"),
                    chain_size__isnull=False,
                ),
                name="ledger_transfer_chain",
            ),
            models.CheckConstraint(
                condition=Q(corrects__isnull=True) | Q(kind__in=["posted", "pending"]),
                name="ledger_transfer_corrects",
            ),
        ]
