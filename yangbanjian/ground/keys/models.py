"""Public keys and how each came to follow another. Rows are only ever added; a key can be retired
or revoked once."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Key(models.Model):
    """A public key of a purpose. `endorsement` is the signature of `follows` over `statement`."""

    id = models.BigAutoField(primary_key=True)
    purpose = models.TextField()
    algorithm = models.TextField()
    public = models.BinaryField(unique=True)
    made_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    follows = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    statement = models.TextField(default="")
    endorsement = models.BinaryField(default=b"")

    class Meta:
        db_table = "keys_key"
        constraints = [
            models.CheckConstraint(
                condition=Q(algorithm__in=["ed25519", "p256"]), name="key_algorithm_known"
            ),
            models.UniqueConstraint(
                fields=["purpose"], condition=Q(retired_at=None), name="key_one_at_work"
            ),
            models.UniqueConstraint(fields=["follows"], name="key_followed_by_one"),
            models.CheckConstraint(
                condition=Q(follows=None, statement="")
                | (Q(follows__isnull=False) & ~Q(statement="")),
                name="key_endorsed_if_it_follows",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None) | Q(retired_at__isnull=False),
                name="key_revoked_is_retired",
            ),
        ]
