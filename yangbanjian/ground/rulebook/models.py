"""Editions. Triggers keep what is published as it is (migration 0002)."""

from __future__ import annotations

from datetime import date

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Deferrable, F, Q

from yangbanjian.ground.rulebook.rules.editions import IN_PRINT, TABLE


class Edition(models.Model):
    """One edition of one table for one jurisdiction: holds from the first day of `effect` until
    the day before its upper bound. Persons are ids, as in the journal: they may be erased."""

    id = models.BigAutoField(primary_key=True)
    table = models.TextField(db_column="table_name")
    jurisdiction = models.TextField()
    number = models.IntegerField()
    document = models.TextField()
    clause = models.TextField(default="", blank=True)
    unit = models.TextField(default="", blank=True)
    source = models.TextField(default="", blank=True)
    note = models.TextField(default="", blank=True)
    is_provisional = models.BooleanField(default=False)
    effect = DateRangeField()
    rows = models.JSONField()
    state = models.TextField(default="draft")
    version = models.IntegerField(default=1)
    # Null, not empty: it is unique, and most editions are not shipped.
    shipped_as = models.TextField(null=True, unique=True)  # noqa: DJ001
    author_id = models.BigIntegerField(null=True)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    published_by = models.BigIntegerField(null=True)
    published_at = models.DateTimeField(null=True)
    was_alone = models.BooleanField(default=False)
    superseded_by = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")

    class Meta:
        db_table = "rulebook_edition"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=list(TABLE.codes)), name="edition_state_known"
            ),
            models.UniqueConstraint(
                fields=["table", "jurisdiction", "number"], name="edition_number_once"
            ),
            models.CheckConstraint(
                condition=Q(effect__isempty=False, effect__lower_inf=False),
                name="edition_effect_begins",
            ),
            models.CheckConstraint(condition=~Q(document=""), name="edition_document_named"),
            models.CheckConstraint(
                condition=~Q(state__in=list(IN_PRINT))
                | Q(shipped_as__isnull=False, published_at__isnull=False)
                | Q(
                    Q(author_id__isnull=False, published_by__isnull=False),
                    Q(published_at__isnull=False),
                    Q(was_alone=True) | ~Q(published_by=F("author_id")),
                ),
                name="edition_second_person",
            ),
            models.CheckConstraint(
                condition=Q(state="superseded", superseded_by__isnull=False)
                | (~Q(state="superseded") & Q(superseded_by__isnull=True)),
                name="edition_followed_by_one",
            ),
            # Publishing lets the new edition begin and the old one end in two statements.
            ExclusionConstraint(
                name="edition_no_overlap",
                expressions=[
                    ("table", RangeOperators.EQUAL),
                    ("jurisdiction", RangeOperators.EQUAL),
                    ("effect", RangeOperators.OVERLAPS),
                ],
                condition=Q(state__in=list(IN_PRINT)),
                deferrable=Deferrable.IMMEDIATE,
            ),
        ]

    @property
    def label(self) -> str:
        """Its name wherever a record says what it was born under."""
        return f"{self.table}/{self.jurisdiction}/{self.number}"

    @property
    def begins(self) -> date:
        begins: date = self.effect.lower
        return begins

    @property
    def ends(self) -> date | None:
        """The first day on which it no longer holds."""
        ends: date | None = self.effect.upper
        return ends
