"""What came from outside, remembered: requests that may be repeated, files to import."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yangbanjian.ground.people.models import Organisation

IMPORT_STATES = ("uploaded", "queued", "running", "done", "failed")


class Request(models.Model):
    """An unsafe API call with its Idempotency-Key and the answer it got."""

    id = models.BigAutoField(primary_key=True)
    caller = models.TextField()
    key = models.TextField()
    digest = models.TextField()
    status = models.SmallIntegerField(default=0)
    body = models.BinaryField(default=b"")
    content_type = models.TextField(default="")
    made_at = models.DateTimeField()

    class Meta:
        db_table = "intake_request"
        constraints = [models.UniqueConstraint(fields=["caller", "key"], name="request_once")]


class ImportJob(models.Model):
    """A file that somebody sent to be imported, and how far it is. `file` and `report` are paths
    below MEDIA_ROOT; `columns` is what was confirmed (heading -> field name), null while it has
    not been; `problems` are the first rows left out. `beat_at` moves while it runs."""

    id = models.BigAutoField(primary_key=True)
    kind = models.TextField()
    owner = models.ForeignKey(Organisation, models.CASCADE, related_name="+")
    name = models.TextField()
    file = models.TextField()
    sha256 = models.TextField()
    size = models.BigIntegerField()
    state = models.TextField(default="uploaded")
    as_state = models.TextField(default="public")
    columns = models.JSONField(null=True)
    total = models.IntegerField(default=0)
    read = models.IntegerField(default=0)
    created = models.IntegerField(default=0)
    updated = models.IntegerField(default=0)
    unchanged = models.IntegerField(default=0)
    rejected = models.IntegerField(default=0)
    report = models.TextField(default="", blank=True)
    problems = models.JSONField(default=list)
    failure = models.TextField(default="", blank=True)
    language = models.TextField(default="zh-hans")
    started_by = models.BigIntegerField(null=True)
    acted_for = models.BigIntegerField(null=True)
    made_at = models.DateTimeField()
    beat_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "intake_import"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=IMPORT_STATES), name="import_state_known"),
            models.CheckConstraint(
                condition=Q(as_state__in=["draft", "public"]), name="import_as_state_known"
            ),
        ]
        indexes = [models.Index(fields=["owner", "-id"], name="import_of_owner")]


class Mapping(models.Model):
    """What an owner has said the columns of such a file mean: heading -> field name."""

    id = models.BigAutoField(primary_key=True)
    owner = models.ForeignKey(Organisation, models.CASCADE, related_name="+")
    kind = models.TextField()
    signature = models.TextField()
    columns = models.JSONField()
    set_by = models.BigIntegerField(null=True)
    set_at = models.DateTimeField()

    class Meta:
        db_table = "intake_mapping"
        constraints = [
            models.UniqueConstraint(fields=["owner", "kind", "signature"], name="mapping_once")
        ]
