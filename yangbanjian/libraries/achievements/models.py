"""Tables of the achievement library."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from yangbanjian.ground.people.models import Organisation
from yangbanjian.libraries.records.models import Record, RecordVersion, shelf, shown


class Achievement(Record):
    """A research result that can be licensed, sold, developed further or invested."""

    kind = models.TextField(default="", blank=True)
    value_line = models.TextField(default="", blank=True)
    problem = models.TextField(default="", blank=True)
    advantage = models.TextField(default="", blank=True)
    results = models.JSONField(default=list, blank=True)
    trl = models.SmallIntegerField(null=True)
    trl_evidence = models.JSONField(default=list, blank=True)
    holders = models.JSONField(default=list, blank=True)
    completers = models.JSONField(default=list, blank=True)
    is_service = models.BooleanField(null=True)
    is_fiscally_funded = models.BooleanField(null=True)
    project_no = models.TextField(default="", blank=True)
    rights = models.JSONField(default=list, blank=True)
    modes = ArrayField(models.TextField(), default=list, blank=True)
    price_fen = models.BigIntegerField(null=True)
    price_note = models.TextField(default="", blank=True)
    secrecy = models.TextField(default="none")
    is_export_controlled = models.BooleanField(null=True)
    custody_broker = models.ForeignKey(Organisation, models.SET_NULL, null=True, related_name="+")
    emerging_codes = ArrayField(models.TextField(), default=list, blank=True)
    team = models.TextField(default="", blank=True)
    title_en = models.TextField(default="", blank=True)
    abstract_en = models.TextField(default="", blank=True)

    class Meta(Record.Meta):
        db_table = "achievements_achievement"
        indexes = [
            *Record.Meta.indexes,
            shown("achievement"),
            shelf("achievement", "kind", "modes", "trl", "price_fen", "custody_broker"),
        ]
        constraints = [
            *Record.Meta.constraints,
            models.CheckConstraint(
                condition=Q(trl__isnull=True) | Q(trl__gte=1, trl__lte=9),
                name="achievement_trl_1_to_9",
            ),
            models.CheckConstraint(
                condition=Q(price_fen__isnull=True) | Q(price_fen__gte=0),
                name="achievement_price_not_negative",
            ),
            # A state secret has no place in a public library, whatever a form says.
            models.CheckConstraint(
                condition=Q(secrecy="none") | Q(state__in=["draft", "withdrawn"]),
                name="achievement_secret_stays_inside",
            ),
        ]


class AchievementVersion(RecordVersion):
    """A version of an achievement."""

    record = models.ForeignKey(Achievement, models.CASCADE, related_name="versions")

    class Meta:
        db_table = "achievements_version"
        constraints = [
            models.UniqueConstraint(fields=["record", "version"], name="achievement_version_once")
        ]
