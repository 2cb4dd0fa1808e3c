"""Tables of the expert library."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from yangbanjian.ground.people.models import Person
from yangbanjian.libraries.records.models import Record, RecordVersion, shelf, shown


class Expert(Record):
    """Somebody who knows; `title` is the name, `abstract` what they work on."""

    person = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    affiliation = models.TextField(default="", blank=True)
    job_title = models.TextField(default="", blank=True)
    orcid = models.TextField(default="", blank=True)
    disciplines = ArrayField(models.TextField(), default=list, blank=True)
    works = models.JSONField(default=list, blank=True)
    availability = models.TextField(default="open")
    availability_note = models.TextField(default="", blank=True)
    conflicts = ArrayField(models.TextField(), default=list, blank=True)
    title_en = models.TextField(default="", blank=True)

    class Meta(Record.Meta):
        db_table = "experts_expert"
        indexes = [
            *Record.Meta.indexes,
            shown("expert"),
            shelf("expert", "availability", "person"),
        ]
        constraints = [
            *Record.Meta.constraints,
            models.CheckConstraint(
                condition=Q(availability__in=["open", "limited", "closed"]),
                name="expert_availability_known",
            ),
        ]


class ExpertVersion(RecordVersion):
    """A version of an expert's entry."""

    record = models.ForeignKey(Expert, models.CASCADE, related_name="versions")

    class Meta:
        db_table = "experts_version"
        constraints = [
            models.UniqueConstraint(fields=["record", "version"], name="expert_version_once")
        ]
