"""The shape that achievements, demands and experts share, and what hangs on any record."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, HashIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from yangbanjian.ground.people.models import Organisation, Person
from yangbanjian.libraries.records.rules import states

STATES = ("draft", "submitted", "public", "expiring", "expired", "withdrawn", "sold")


def shelf(kind: str, *columns: str) -> models.Index:
    """The index of what is on the shelf, the latest first. It carries every column that a list is
    narrowed, ordered or counted by, so that those questions never touch the wide rows."""
    return models.Index(
        F("updated_at").desc(),
        F("id").desc(),
        include=[
            "state", "field", "region", "owner", "completeness", *columns,
        ],
        condition=Q(state__in=["public", "expiring"]),
        name=f"{kind}_shelf",
    )  # fmt: skip


def shown(kind: str, **also: object) -> models.Index:
    """The smallest index that proves to a wall that everybody may see its rows (see walls.py): lists
    are counted by it."""
    return models.Index(
        fields=["state"], condition=Q(state__in=states.SHOWN, **also), name=f"{kind}_shown"
    )


class Record(models.Model):
    """What every library record has. `terms` are its search words, `bands` the fingerprint of its
    text (for duplicates), `numbers` the identifiers that may occur only once in the world."""

    id = models.BigAutoField(primary_key=True)
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    external_id = models.TextField(null=True, blank=True)  # noqa: DJ001 - unique where known
    state = models.TextField(default="draft")
    state_reason = models.TextField(default="", blank=True)
    state_since = models.DateTimeField()
    version = models.IntegerField(default=1)
    edition = models.TextField(default="", blank=True)
    source = models.TextField(default="form")
    is_demo = models.BooleanField(default=False)
    title = models.TextField()
    is_title_derived = models.BooleanField(default=False)
    abstract = models.TextField(default="", blank=True)
    keywords = ArrayField(models.TextField(), default=list, blank=True)
    field = models.TextField(default="", blank=True)
    region = models.TextField(default="", blank=True)
    industry_codes = ArrayField(models.TextField(), default=list, blank=True)
    discipline_codes = ArrayField(models.TextField(), default=list, blank=True)
    extra = models.JSONField(default=dict, blank=True)
    completeness = models.SmallIntegerField(default=0)
    created_by = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    valid_until = models.DateTimeField(null=True)
    cover = models.TextField(default="", blank=True)
    terms = SearchVectorField(null=True)
    bands = ArrayField(models.BigIntegerField(), default=list)
    numbers = ArrayField(models.TextField(), default=list)

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "external_id"], name="%(class)s_external_id_once"
            ),
            models.CheckConstraint(condition=Q(state__in=STATES), name="%(class)s_state_known"),
            models.CheckConstraint(condition=Q(version__gte=1), name="%(class)s_version_positive"),
            models.CheckConstraint(
                condition=Q(completeness__gte=0, completeness__lte=100),
                name="%(class)s_completeness_range",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["public", "expiring"])
                | Q(published_at__isnull=False, valid_until__isnull=False),
                name="%(class)s_public_has_dates",
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "state_since"],
                condition=~Q(state__in=["public", "expiring"]),
                name="%(class)s_off_shelf",
            ),
            models.Index(fields=["owner", "state"], name="%(class)s_of_owner"),
            models.Index(fields=["valid_until"], name="%(class)s_valid_until"),
            # Equality of titles of any length, as duplicates are looked for.
            HashIndex(Upper("title"), name="%(class)s_title"),
            # fastupdate (the default) gathers new words, or each saved record pays 400 insertions.
            GinIndex(fields=["terms"], name="%(class)s_terms"),
            GinIndex(fields=["bands"], name="%(class)s_bands"),
            GinIndex(fields=["numbers"], name="%(class)s_numbers"),
        ]


class RecordVersion(models.Model):
    """A version as it was, kept for ever; `changed` names the fields that differ from the last."""

    id = models.BigAutoField(primary_key=True)
    version = models.IntegerField()
    content = models.JSONField()
    changed = ArrayField(models.TextField(), default=list)
    note = models.TextField(default="", blank=True)
    made_by = models.BigIntegerField(null=True)
    made_at = models.DateTimeField()

    class Meta:
        abstract = True


class Draft(models.Model):
    """What somebody was typing, saved as they type; one for each form they have open."""

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(Person, models.CASCADE, related_name="drafts")
    form = models.TextField()
    content = models.JSONField(default=dict)
    saved_at = models.DateTimeField()

    class Meta:
        db_table = "records_draft"
        constraints = [
            models.UniqueConstraint(fields=["person", "form"], name="draft_once_a_form"),
        ]


class SavedSearch(models.Model):
    """A filter somebody wants to be told about; `seen_until` is how far they have been told."""

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(Person, models.CASCADE, related_name="saved_searches")
    library = models.TextField()
    name = models.TextField()
    query = models.JSONField(default=dict)
    made_at = models.DateTimeField()
    seen_until = models.DateTimeField()

    class Meta:
        db_table = "records_saved_search"


class Star(models.Model):
    """Somebody marked a record of any library, to find it again. Nobody else learns of it."""

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(Person, models.CASCADE, related_name="stars", db_index=False)
    library = models.TextField()
    record_id = models.BigIntegerField()
    made_at = models.DateTimeField()

    class Meta:
        db_table = "records_star"
        constraints = [
            # Its index also answers which of the records of a page are starred.
            models.UniqueConstraint(
                fields=["person", "library", "record_id"], name="star_once_a_record"
            ),
        ]


class Report(models.Model):
    """Somebody says that an item should not stand as it does."""

    id = models.BigAutoField(primary_key=True)
    library = models.TextField()
    record_id = models.BigIntegerField()
    owner = models.ForeignKey(Organisation, models.CASCADE, related_name="+")
    why = models.TextField()
    text = models.TextField(default="", blank=True)
    contact = models.TextField(default="", blank=True)
    made_by = models.BigIntegerField(null=True)
    made_at = models.DateTimeField()
    state = models.TextField(default="open")
    answer = models.TextField(default="", blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "records_report"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["open", "upheld", "dismissed"]), name="report_state_known"
            ),
        ]
