"""Releases, as they were published. Nothing here is ever changed: triggers refuse it (0002)."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F

from yangbanjian.ground.journal.models import Entry
from yangbanjian.market.trading.models import Listing


class Release(models.Model):
    """What one step of a sale says to everybody. `content` is canonical JSON (RFC 8785), so that its
    bytes are the same whenever it is read; `kind` is what happened, as the feed tells it."""

    id = models.BigAutoField(primary_key=True)
    ocid = models.TextField()
    listing = models.ForeignKey(Listing, models.PROTECT, related_name="+", db_index=False)
    entry = models.OneToOneField(Entry, models.PROTECT, related_name="+")
    kind = models.TextField()
    date = models.DateTimeField()
    content = models.TextField()
    is_sandbox = models.BooleanField()

    class Meta:
        db_table = "openness_release"
        constraints = [
            # A listing has one name for ever, and a name means one listing.
            ExclusionConstraint(
                name="release_one_ocid",
                expressions=[("listing", RangeOperators.EQUAL), ("ocid", RangeOperators.NOT_EQUAL)],
            ),
            ExclusionConstraint(
                name="release_one_listing",
                expressions=[("ocid", RangeOperators.EQUAL), ("listing", RangeOperators.NOT_EQUAL)],
            ),
        ]
        indexes = [
            models.Index(F("ocid"), F("id"), name="release_of_process"),
            models.Index(fields=["date"], name="release_by_date"),
            models.Index(fields=["kind", "-id"], name="release_by_kind"),
        ]
