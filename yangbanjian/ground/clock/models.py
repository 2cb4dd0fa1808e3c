"""One row says what kind of installation this is, and how far its business clock is shifted."""

from __future__ import annotations

from django.db import models


class Installation(models.Model):
    """The only row of its table. A trigger keeps the offset at zero outside a sandbox, forward
    only inside one, and `is_sandbox` as it was born."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    is_sandbox = models.BooleanField()
    offset_seconds = models.BigIntegerField(default=0)
    born_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "clock_installation"
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="clock_installation_one_row"),
            models.CheckConstraint(
                condition=models.Q(is_sandbox=True) | models.Q(offset_seconds=0),
                name="clock_offset_only_in_sandbox",
            ),
        ]
