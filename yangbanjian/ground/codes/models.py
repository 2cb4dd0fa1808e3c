"""Code tables that were imported in full, beside the short ones that ship with the product."""

from __future__ import annotations

from django.db import models


class Code(models.Model):
    """One code of a table in one edition."""

    id = models.BigAutoField(primary_key=True)
    table = models.TextField()
    code = models.TextField()
    parent = models.TextField(default="", blank=True)
    level = models.SmallIntegerField(default=1)
    label_zh = models.TextField()
    label_hant = models.TextField(default="", blank=True)
    label_en = models.TextField(default="", blank=True)
    edition = models.TextField(default="", blank=True)
    source = models.TextField(default="", blank=True)

    class Meta:
        db_table = "codes_code"
        constraints = [
            models.UniqueConstraint(fields=["table", "code", "edition"], name="code_once"),
            models.CheckConstraint(condition=~models.Q(code=""), name="code_not_empty"),
        ]
