"""Grants. A trigger says when one begins and ends, and lets it change once, when it is ended."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yangbanjian.ground.people.models import Organisation
from yangbanjian.ground.rulebook.models import Edition


class Grant(models.Model):
    """One operator's look into one organisation's private rows: from `opened_at` for `hours` hours
    of business time. The reason stands beside its entry in the journal, where it can be erased."""

    id = models.BigAutoField(primary_key=True)
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    person_id = models.BigIntegerField()
    hours = models.IntegerField()
    edition = models.ForeignKey(Edition, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.BigIntegerField(null=True)

    class Meta:
        db_table = "access_grant"
        indexes = [
            models.Index(fields=["owner", "-id"], name="access_of_owner"),
            models.Index(fields=["person_id"], condition=Q(ended_at=None), name="access_under_way"),
        ]
