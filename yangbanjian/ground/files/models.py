"""Stored files: one row for each content that somebody has put in; the bytes lie under the files
folder, named by their SHA-256."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yangbanjian.ground.people.models import Organisation


class Content(models.Model):
    """The bytes behind one or more files: their other digest (SM3, GB/T 32905), when they were last
    compared with their name, and since when they are known not to match it. Times are recorded."""

    sha256 = models.TextField(primary_key=True)
    sm3 = models.TextField(default="")
    checked_at = models.DateTimeField(null=True)
    damaged_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "files_content"
        indexes = [models.Index(fields=["checked_at"], name="content_by_check")]
        constraints = [
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="content_sha256_is_hex"
            ),
            models.CheckConstraint(
                condition=Q(sm3="") | Q(sm3__regex=r"^[0-9a-f]{64}$"), name="content_sm3_is_hex"
            ),
        ]


class File(models.Model):
    """A file as its owner put it in. The same bytes may have several owners and names."""

    id = models.BigAutoField(primary_key=True)
    sha256 = models.TextField()
    size = models.BigIntegerField()
    media_type = models.TextField()
    name = models.TextField(default="", blank=True)
    owner = models.ForeignKey(Organisation, models.SET_NULL, null=True, related_name="+")
    made_by = models.BigIntegerField(null=True)
    made_at = models.DateTimeField()
    is_public = models.BooleanField(default=False)

    class Meta:
        db_table = "files_file"
        indexes = [models.Index(fields=["sha256"], name="file_by_content")]
        constraints = [
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="file_sha256_is_hex"
            ),
            models.CheckConstraint(condition=Q(size__gte=0), name="file_size_not_negative"),
            models.UniqueConstraint(
                fields=["sha256", "owner", "name"], name="file_once", nulls_distinct=False
            ),
        ]
