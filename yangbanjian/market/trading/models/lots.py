"""Lots, what was received for them, the bids that stand, and the lines of their logs.

Rows of what was received, of accepted bids and of the log are written once. A lot's own row holds
its terms, which never change once it is open, and its times and top, which only decisions move.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models import F, Q

from yangbanjian.ground.people.models import Organisation
from yangbanjian.ground.rulebook.models import Edition
from yangbanjian.market.trading.models.listings import Listing, Registration
from yangbanjian.market.trading.rules import lot_states
from yangbanjian.market.trading.rules.lots import MOST_FEN, Method, Stage, Verdict

RECEIVED = ("bid", "ceiling", "claim", "sealed")


class Lot(models.Model):
    """What one round of a listing sells."""

    id = models.BigAutoField(primary_key=True)
    listing = models.ForeignKey(Listing, models.PROTECT, related_name="lots")
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    edition = models.ForeignKey(Edition, models.PROTECT, related_name="+")
    round = models.IntegerField()
    state = models.TextField(default="waiting")
    version = models.IntegerField(default=1)
    method = models.TextField()
    start_fen = models.BigIntegerField()
    step_fen = models.BigIntegerField()
    floor_fen = models.BigIntegerField(null=True)
    free_s = models.IntegerField()
    cycle_s = models.IntegerField()
    hard_close_s = models.IntegerField()
    resume_s = models.IntegerField()
    outage_s = models.IntegerField()
    needs_free_bid = models.BooleanField(default=False)
    priority_s = models.IntegerField(default=0)
    priority_plates = models.JSONField(default=list)
    reserve_commitment = models.TextField(default="", blank=True)
    shows_losing = models.BooleanField(default=True)
    opens_at = models.DateTimeField(null=True)
    # What decisions move (rules.lots.State).
    stage = models.TextField(default=Stage.BIDDING.value)
    free_until = models.DateTimeField(null=True)
    closes_at = models.DateTimeField(null=True)
    hard_close_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    held = models.DurationField(default=timedelta(0))
    asked_at = models.DateTimeField(null=True)
    extensions = models.IntegerField(default=0)
    seq = models.IntegerField(default=0)
    lines = models.IntegerField(default=0)
    top_fen = models.BigIntegerField(null=True)
    top_plate = models.TextField(default="", blank=True)
    matched = models.TextField(default="", blank=True)
    passed = models.JSONField(default=list)
    result = models.JSONField(null=True)
    entry_id = models.BigIntegerField(null=True)  # the entry that vouches for the log
    made_at = models.DateTimeField()

    class Meta:
        db_table = "trading_lot"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=list(lot_states.TABLE.codes)), name="lot_state_known"
            ),
            models.CheckConstraint(
                condition=Q(method__in=[m.value for m in Method]), name="lot_method_known"
            ),
            models.CheckConstraint(
                condition=Q(stage__in=[s.value for s in Stage]), name="lot_stage_known"
            ),
            models.CheckConstraint(
                condition=Q(start_fen__gte=1, start_fen__lte=MOST_FEN), name="lot_start_in_range"
            ),
            models.CheckConstraint(
                condition=Q(closes_at__isnull=True) | Q(closes_at__lte=F("hard_close_at")),
                name="lot_closes_in_time",
            ),
            models.UniqueConstraint(fields=["listing", "round"], name="lot_round_once"),
        ]
        indexes = [
            models.Index(
                fields=["closes_at"], condition=Q(state__in=["open", "priority"]),
                name="lot_falls_due",
            )
        ]  # fmt: skip


class Reserve(models.Model):
    """A lot's secret reserve; told when the lot is over, and held to the commitment of its terms."""

    lot = models.OneToOneField(Lot, models.PROTECT, primary_key=True, related_name="reserve")
    fen = models.BigIntegerField()
    nonce = models.TextField()

    class Meta:
        db_table = "trading_reserve"
        constraints = [
            models.CheckConstraint(
                condition=Q(fen__gte=1, fen__lte=MOST_FEN), name="reserve_in_range"
            )
        ]


class Received(models.Model):
    """Something received for a lot, with its one verdict; refused ones too (A5). `key` is the id
    that the bidder made."""

    id = models.BigAutoField(primary_key=True)
    lot = models.ForeignKey(Lot, models.PROTECT, related_name="received")
    registration = models.ForeignKey(Registration, models.PROTECT, null=True, related_name="+")
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")  # the bidder
    key = models.TextField()
    kind = models.TextField()
    plate = models.TextField()
    amount_fen = models.BigIntegerField(null=True)
    content = models.JSONField(default=dict)  # a claim's match, a sealed bid's commitment
    standing = models.TextField()
    clock = models.DateTimeField()
    at = models.DateTimeField()
    verdict = models.TextField()
    seq = models.IntegerField(null=True)
    closes_at = models.DateTimeField()
    made_by = models.BigIntegerField(null=True)

    class Meta:
        db_table = "trading_received"
        constraints = [
            models.UniqueConstraint(fields=["lot", "key"], name="received_key_once"),
            models.CheckConstraint(condition=Q(kind__in=RECEIVED), name="received_kind_known"),
            models.CheckConstraint(
                condition=Q(verdict__in=[v.value for v in Verdict]), name="received_verdict_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["lot", "kind", "id"], condition=Q(kind__in=["ceiling", "sealed"]),
                name="received_standing",
            )
        ]  # fmt: skip


class PlacedBid(models.Model):
    """An accepted bid: of somebody's hand, or placed by a ceiling."""

    id = models.BigAutoField(primary_key=True)
    lot = models.ForeignKey(Lot, models.PROTECT, related_name="bids")
    received = models.ForeignKey(Received, models.PROTECT, related_name="placed")
    seq = models.IntegerField()
    plate = models.TextField()
    amount_fen = models.BigIntegerField()
    at = models.DateTimeField()
    closes_at = models.DateTimeField()
    is_auto = models.BooleanField(default=False)

    class Meta:
        db_table = "trading_bid"
        constraints = [
            models.UniqueConstraint(fields=["lot", "seq"], name="bid_seq_once"),
            models.CheckConstraint(condition=Q(seq__gte=1), name="bid_seq_positive"),
            models.CheckConstraint(
                condition=Q(amount_fen__gte=1, amount_fen__lte=MOST_FEN), name="bid_amount_in_range"
            ),
        ]
        indexes = [models.Index(fields=["lot", "plate", "-seq"], name="bid_highest_of_plate")]


class LotLine(models.Model):
    """One line of a lot's log, without its number (rules.logs)."""

    id = models.BigAutoField(primary_key=True)
    lot = models.ForeignKey(Lot, models.PROTECT, related_name="log")
    n = models.IntegerField()
    line = models.JSONField()

    class Meta:
        db_table = "trading_lot_line"
        constraints = [models.UniqueConstraint(fields=["lot", "n"], name="lot_line_once")]
