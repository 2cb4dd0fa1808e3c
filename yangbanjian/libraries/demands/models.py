"""Tables of the demand library."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from yangbanjian.libraries.records.models import Record, RecordVersion, shelf, shown


class Demand(Record):
    """A problem that an organisation wants solved; `abstract` is the problem in its own words."""

    targets = models.JSONField(default=list, blank=True)
    conditions = ArrayField(models.TextField(), default=list, blank=True)
    deliverable = models.TextField(default="", blank=True)
    deadline = models.DateField(null=True)
    budget_fen = models.BigIntegerField(null=True)
    budget_note = models.TextField(default="", blank=True)
    ip_wish = models.TextField(default="", blank=True)
    modes = ArrayField(models.TextField(), default=list, blank=True)
    trl_wanted = models.SmallIntegerField(null=True)
    visibility = models.TextField(default="brokers")

    class Meta(Record.Meta):
        db_table = "demands_demand"
        indexes = [
            *Record.Meta.indexes,
            shown("demand", visibility__in=["anonymous", "named"]),
            shelf("demand", "modes", "trl_wanted", "visibility"),
        ]
        constraints = [
            *Record.Meta.constraints,
            models.CheckConstraint(
                condition=Q(visibility__in=["brokers", "anonymous", "named"]),
                name="demand_visibility_known",
            ),
            models.CheckConstraint(
                condition=Q(budget_fen__isnull=True) | Q(budget_fen__gte=0),
                name="demand_budget_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(trl_wanted__isnull=True) | Q(trl_wanted__gte=1, trl_wanted__lte=9),
                name="demand_trl_1_to_9",
            ),
        ]


class DemandVersion(RecordVersion):
    """A version of a demand."""

    record = models.ForeignKey(Demand, models.CASCADE, related_name="versions")

    class Meta:
        db_table = "demands_version"
        constraints = [
            models.UniqueConstraint(fields=["record", "version"], name="demand_version_once")
        ]
