"""Questions about a listing, and their answers."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yangbanjian.ground.people.models import Organisation
from yangbanjian.market.trading.models.listings import Listing


class Question(models.Model):
    """What somebody asked about a listing. With its answer everybody reads it; who asked is told to
    the exchange alone."""

    id = models.BigAutoField(primary_key=True)
    listing = models.ForeignKey(Listing, models.PROTECT, related_name="questions")
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")  # the seller
    asker = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    text = models.TextField()
    answer = models.TextField(default="", blank=True)
    made_by = models.BigIntegerField(null=True)
    made_at = models.DateTimeField()
    answered_by = models.BigIntegerField(null=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "trading_question"
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="question_asks"),
            models.CheckConstraint(
                condition=Q(answer="", answered_at__isnull=True)
                | ~Q(answer="") & Q(answered_at__isnull=False),
                name="question_answered_at",
            ),
        ]
        indexes = [models.Index(fields=["listing", "id"], name="question_of_listing")]
