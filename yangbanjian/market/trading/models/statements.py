"""What a unit states on the way to the floor, and whether it takes that way."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yangbanjian.ground.files.models import File
from yangbanjian.ground.people.models import Organisation
from yangbanjian.libraries.achievements.models import Achievement
from yangbanjian.market.trading.rules.statements import ITEMS, VERDICTS


class Statement(models.Model):
    """A check of an achievement before it is listed, stated by its unit or by the exchange. The last
    one of an item counts; all stay."""

    id = models.BigAutoField(primary_key=True)
    achievement = models.ForeignKey(Achievement, models.PROTECT, related_name="+")
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    item = models.TextField()
    verdict = models.TextField()
    note = models.TextField(default="", blank=True)
    file = models.ForeignKey(File, models.PROTECT, null=True, related_name="+")
    entry_id = models.BigIntegerField(null=True)
    made_by = models.BigIntegerField(null=True)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "trading_statement"
        constraints = [
            models.CheckConstraint(condition=Q(item__in=list(ITEMS)), name="statement_item_known"),
            models.CheckConstraint(
                condition=Q(verdict__in=list(VERDICTS)), name="statement_verdict_known"
            ),
        ]
        indexes = [
            models.Index(fields=["achievement", "item", "-id"], name="statement_of_achievement")
        ]


class Way(models.Model):
    """Which way a fiscally funded achievement takes; another than the floor needs a reason."""

    achievement = models.OneToOneField(Achievement, models.PROTECT, primary_key=True)
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    is_floor = models.BooleanField()
    reason = models.TextField(default="", blank=True)
    made_by = models.BigIntegerField(null=True)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "trading_way"
        constraints = [
            models.CheckConstraint(
                condition=Q(is_floor=True) | ~Q(reason=""), name="way_outside_has_reason"
            )
        ]
