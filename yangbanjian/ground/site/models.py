"""One row with what the operator has set."""

from __future__ import annotations

from django.db import models


class Setting(models.Model):
    """One setting that differs from its default."""

    name = models.TextField(primary_key=True)
    value = models.JSONField()
    set_by = models.BigIntegerField(null=True)
    set_at = models.DateTimeField()

    class Meta:
        db_table = "site_setting"
