"""The register of technology rights."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yangbanjian.ground.people.models import Organisation
from yangbanjian.libraries.achievements.models import Achievement
from yangbanjian.market.trading.rules.rights import KINDS


class Right(models.Model):
    """A registered right; its state is the fold of its entries. `no` carries a check digit."""

    id = models.BigAutoField(primary_key=True)
    no = models.TextField(unique=True)
    achievement = models.OneToOneField(Achievement, models.PROTECT, related_name="+")
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        db_table = "trading_right"


class RightEntry(models.Model):
    """One entry: holds from a day, was entered at a moment; never changed."""

    id = models.BigAutoField(primary_key=True)
    right = models.ForeignKey(Right, models.PROTECT, related_name="entries")
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    seq = models.IntegerField()
    kind = models.TextField()
    holds_from = models.DateField()
    content = models.JSONField()
    basis = models.TextField(default="", blank=True)
    entry_id = models.BigIntegerField(null=True)
    made_by = models.BigIntegerField(null=True)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "trading_right_entry"
        constraints = [
            models.UniqueConstraint(fields=["right", "seq"], name="right_entry_seq_once"),
            models.CheckConstraint(
                condition=Q(kind__in=list(KINDS)), name="right_entry_kind_known"
            ),
            models.CheckConstraint(condition=Q(seq__gte=1), name="right_entry_seq_positive"),
        ]
