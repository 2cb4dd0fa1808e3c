"""The diligence room of a listing: its papers, the undertakings to keep them, who has read what."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yangbanjian.ground.files.models import File
from yangbanjian.ground.people.models import Organisation
from yangbanjian.ground.rulebook.models import Edition
from yangbanjian.market.trading.models.listings import Listing
from yangbanjian.market.trading.rules.papers import TIERS

HEX = r"^[0-9a-f]{64}$"


class Paper(models.Model):
    """A paper as it was put in. The same `slot` again is a replacement; what it replaces stays. It
    counts from version `since` of its listing; until then it can be taken back."""

    id = models.BigAutoField(primary_key=True)
    listing = models.ForeignKey(Listing, models.PROTECT, related_name="papers")
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")  # the seller
    slot = models.IntegerField()
    version = models.IntegerField(default=1)
    tier = models.TextField()
    name = models.TextField()
    reason = models.TextField(default="", blank=True)
    # The file is the seller's; what of it a reader is told stands here.
    file = models.ForeignKey(File, models.PROTECT, related_name="+")
    file_name = models.TextField(default="", blank=True)
    sha256 = models.TextField()
    size = models.BigIntegerField()
    media_type = models.TextField()
    since = models.IntegerField()
    made_by = models.BigIntegerField(null=True)
    made_at = models.DateTimeField()
    withdrawn_by = models.BigIntegerField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "trading_paper"
        constraints = [
            models.CheckConstraint(condition=Q(tier__in=list(TIERS)), name="paper_tier_known"),
            models.CheckConstraint(condition=~Q(name=""), name="paper_named"),
            models.CheckConstraint(condition=Q(sha256__regex=HEX), name="paper_sha256_is_hex"),
            models.UniqueConstraint(fields=["listing", "slot", "version"], name="paper_once"),
        ]


class Undertaking(models.Model):
    """A person has undertaken, for a buyer, to keep the papers of a listing: under which edition,
    and the digest of the text that they had before them."""

    id = models.BigAutoField(primary_key=True)
    listing = models.ForeignKey(Listing, models.PROTECT, related_name="undertakings")
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")  # the buyer
    edition = models.ForeignKey(Edition, models.PROTECT, related_name="+")
    text_sha256 = models.TextField()
    made_by = models.BigIntegerField()
    made_at = models.DateTimeField()

    class Meta:
        db_table = "trading_undertaking"
        constraints = [
            models.CheckConstraint(
                condition=Q(text_sha256__regex=HEX), name="undertaking_sha256_is_hex"
            ),
            models.UniqueConstraint(
                fields=["listing", "owner", "made_by"], name="undertaking_once"
            ),
        ]


class Reading(models.Model):
    """A paper was given out: to whom, when, which content."""

    id = models.BigAutoField(primary_key=True)
    paper = models.ForeignKey(Paper, models.PROTECT, related_name="readings")
    listing = models.ForeignKey(Listing, models.PROTECT, related_name="+")
    owner = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")  # reader's
    sha256 = models.TextField()
    made_by = models.BigIntegerField()
    made_at = models.DateTimeField()

    class Meta:
        db_table = "trading_reading"
        indexes = [models.Index(fields=["listing", "-id"], name="reading_of_listing")]
