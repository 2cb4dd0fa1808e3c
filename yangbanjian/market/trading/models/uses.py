"""That what was bought is put to use, as its buyer reports it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yangbanjian.ground.files.models import File
from yangbanjian.ground.people.models import Organisation
from yangbanjian.market.trading.models.deals import Deal


class UseReport(models.Model):
    """What a buyer has done with it since when, in words, with a paper where there is one."""

    id = models.BigAutoField(primary_key=True)
    deal = models.ForeignKey(Deal, models.PROTECT, related_name="uses")
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")  # the buyer
    used_on = models.DateField()
    text = models.TextField()
    file = models.ForeignKey(File, models.PROTECT, null=True, related_name="+")
    file_name = models.TextField(default="", blank=True)
    media_type = models.TextField(default="", blank=True)
    sha256 = models.TextField(default="", blank=True)
    made_by = models.BigIntegerField(null=True)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "trading_use_report"
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="use_report_says"),
            models.CheckConstraint(
                condition=Q(file__isnull=True, sha256="")
                | Q(file__isnull=False, sha256__regex=r"^[0-9a-f]{64}$"),
                name="use_report_paper_has_digest",
            ),
        ]
        indexes = [models.Index(fields=["deal", "-id"], name="use_report_of_deal")]
