"""What goes from the house to the banks of those who have earned it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yangbanjian.ground.bank.models import Expectation, Line
from yangbanjian.ground.people.models import Organisation
from yangbanjian.market.trading.models.deals import Deal
from yangbanjian.market.trading.rules.payouts import KINDS


class Payout(models.Model):
    """An attempt to pay a part of a deal's income (`seq`) to whose it is, at the account that they
    had named then. One that failed stays; the next is another attempt of the same part."""

    id = models.BigAutoField(primary_key=True)
    deal = models.ForeignKey(Deal, models.PROTECT, related_name="payouts")
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")  # who is paid
    seq = models.IntegerField()
    attempt = models.IntegerField(default=1)
    kind = models.TextField()
    amount_fen = models.BigIntegerField()
    account = models.UUIDField()  # in the ledger, from which it goes
    bank_account = models.TextField(default="", blank=True)
    expectation = models.ForeignKey(Expectation, models.PROTECT, null=True, related_name="+")
    line = models.ForeignKey(Line, models.PROTECT, null=True, related_name="+")
    made_by = models.BigIntegerField(null=True)
    made_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    failure = models.TextField(default="", blank=True)

    class Meta:
        db_table = "trading_payout"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=list(KINDS)), name="payout_kind_known"),
            models.CheckConstraint(condition=Q(amount_fen__gte=1), name="payout_pays"),
            models.UniqueConstraint(fields=["deal", "seq", "attempt"], name="payout_once"),
            # A part is on its way, or paid, once.
            models.UniqueConstraint(
                fields=["deal", "seq"], condition=Q(failed_at__isnull=True), name="payout_one_alive"
            ),
            models.CheckConstraint(
                condition=Q(failed_at__isnull=False) | Q(expectation__isnull=False),
                name="payout_is_ordered",
            ),
            models.CheckConstraint(
                condition=Q(paid_at__isnull=True) | Q(line__isnull=False),
                name="payout_paid_by_line",
            ),
            models.CheckConstraint(
                condition=Q(failed_at__isnull=True, failure="")
                | Q(failed_at__isnull=False) & ~Q(failure=""),
                name="payout_failed_with_reason",
            ),
        ]
        indexes = [models.Index(fields=["owner", "-id"], name="payout_of_owner")]
