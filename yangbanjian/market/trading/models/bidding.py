"""What bidding needs beside the rows of a lot: who waits for a verdict, how a lot is sealed, and the
sign of life by which an outage is known."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yangbanjian.market.trading.models.lots import RECEIVED, Lot


class Inbox(models.Model):
    """Something that has come in for a lot and waits for its verdict. Whoever holds the lot decides
    all that waits, in the order of `came_at`, at which it came to the platform; the sender reads
    the verdict here. Kept for an hour.

    What it is about is not looked up by keys of the database: this row is written by everybody at
    once, and the decision asks anyway.
    """

    id = models.BigAutoField(primary_key=True)
    lot = models.ForeignKey(
        Lot, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    key = models.TextField()
    kind = models.TextField()
    came_at = models.DateTimeField(db_default=models.Func(function="clock_timestamp"))
    owner_id = models.BigIntegerField()
    amount_fen = models.BigIntegerField(null=True)
    content = models.JSONField(default=dict)
    is_operator = models.BooleanField(default=False)
    made_by = models.BigIntegerField(null=True)
    verdict = models.TextField(default="", blank=True)
    at = models.DateTimeField(null=True)
    seq = models.IntegerField(null=True)
    closes_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "trading_inbox"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=RECEIVED), name="inbox_kind_known")
        ]
        indexes = [
            models.Index(fields=["lot", "id"], condition=Q(at__isnull=True), name="inbox_waiting")
        ]


class Sealing(models.Model):
    """How the bids of a lot are sealed. Its private key is in no table: each holder's share is kept
    sealed to a key of that holder's, which was shown to them once (S1, S5).

    `holders`: [{"place", "role", "person", "organisation", "public", "box"}]; `shares`: what holders
    have handed in after the deadline, by place. `opened`: the valid bids, best first.
    """

    lot = models.OneToOneField(Lot, models.PROTECT, primary_key=True, related_name="sealing")
    public_key = models.TextField(default="", blank=True)  # hex
    holders = models.JSONField(default=list)
    shares = models.JSONField(default=dict)
    deadline_entry_id = models.BigIntegerField(null=True)
    # The evidence of what was received, from a head that was signed before a share was used.
    deadline_packet = models.JSONField(null=True)
    opened = models.JSONField(null=True)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "trading_sealing"


class Beat(models.Model):
    """The last instant, by recorded time, at which the platform was known to take bids (A11)."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField()

    class Meta:
        db_table = "trading_beat"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="beat_one_row")]


class Stuck(models.Model):
    """A lot that could not be closed, or whose waiting bids could not be decided (`what`): since
    when, how often it was tried, when next; gone as soon as it goes. Times are recorded time."""

    lot = models.OneToOneField(Lot, models.PROTECT, primary_key=True, related_name="stuck")
    what = models.TextField()
    tries = models.IntegerField(default=1)
    since = models.DateTimeField()
    next_at = models.DateTimeField()
    error = models.TextField(default="", blank=True)

    class Meta:
        db_table = "trading_stuck"
        constraints = [
            models.CheckConstraint(
                condition=Q(what__in=["close", "decide"]), name="stuck_what_known"
            )
        ]
