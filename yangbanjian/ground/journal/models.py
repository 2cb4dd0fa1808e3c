"""The journal's tables. Nothing here is ever changed: triggers refuse it, and the runtime role
has no right to. Personal words stand in `Remark`, which can be erased while entries stay."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class Audience(models.TextChoices):
    """Who may read an entry."""

    PUBLIC = "public"
    PARTIES = "parties"
    STAFF = "staff"


class Entry(models.Model):
    """A fact in the record. `xact` is the writing transaction: readers that follow the journal
    go by (xact, id) below the oldest running transaction, so that no late commit is missed."""

    id = models.BigAutoField(primary_key=True)
    xact = models.BigIntegerField(db_default=models.Func(function="ybj_xact"), editable=False)
    verb = models.TextField()
    subject_kind = models.TextField()
    subject_id = models.BigIntegerField()
    owner_id = models.BigIntegerField(null=True)
    party_ids = ArrayField(models.BigIntegerField(), default=list)
    person_id = models.BigIntegerField(null=True)
    organisation_id = models.BigIntegerField(null=True)
    at_business = models.DateTimeField()
    at_recorded = models.DateTimeField()
    edition = models.TextField(default="")
    audience = models.TextField(choices=Audience.choices)
    payload = models.JSONField(default=dict)
    salt = models.BinaryField()
    payload_jcs_sha256 = models.BinaryField()
    remark_sha256 = models.BinaryField(default=b"")

    class Meta:
        db_table = "journal_entry"
        indexes = [
            models.Index(fields=["subject_kind", "subject_id", "id"], name="journal_subject"),
            models.Index(fields=["xact", "id"], name="journal_news"),
            models.Index(fields=["verb", "at_business"], name="journal_verb_time"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(audience__in=["public", "parties", "staff"]),
                name="journal_audience_known",
            ),
        ]


class Remark(models.Model):
    """What somebody wrote beside an entry (a reason, a note). Erasable: may name persons. The entry
    keeps the digest of salt and text; with the salt gone nobody can guess what was erased."""

    entry = models.OneToOneField(Entry, models.PROTECT, primary_key=True, related_name="remark")
    text = models.TextField()
    salt = models.BinaryField(default=b"")
    erased_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "journal_remark"


class Subscription(models.Model):
    """How far a higher room has followed the journal."""

    name = models.TextField(primary_key=True)
    xact = models.BigIntegerField(default=0)
    entry_id = models.BigIntegerField(default=0)
    failures = models.IntegerField(default=0)
    retry_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "journal_subscription"


class Undelivered(models.Model):
    """An entry that a subscriber could not take after all its tries; shown by `ybj doctor`."""

    id = models.BigAutoField(primary_key=True)
    subscription = models.TextField()
    entry = models.ForeignKey(Entry, models.PROTECT)
    error = models.TextField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "journal_undelivered"
