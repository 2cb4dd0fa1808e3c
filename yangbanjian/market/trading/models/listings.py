"""Listings, what they said before each change, and buyers' registrations."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from yangbanjian.ground.bank.models import Expectation, Line
from yangbanjian.ground.people.models import Organisation
from yangbanjian.ground.rulebook.models import Edition
from yangbanjian.libraries.achievements.models import Achievement
from yangbanjian.market.trading.models.notices import PublicNotice
from yangbanjian.market.trading.rules import listing_states, registration_states
from yangbanjian.market.trading.rules.deposits import DepositOutcome
from yangbanjian.market.trading.rules.lots import MOST_FEN, Method


class Listing(models.Model):
    """An offer on the floor as it stands now. Two persons of the exchange stand behind it before it
    is public. What each round sells is a lot."""

    id = models.BigAutoField(primary_key=True)
    achievement = models.ForeignKey(Achievement, models.PROTECT, related_name="+")
    notice = models.ForeignKey(PublicNotice, models.PROTECT, null=True, related_name="+")
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    edition = models.ForeignKey(Edition, models.PROTECT, related_name="+")
    relists = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    state = models.TextField(default="draft")
    version = models.IntegerField(default=1)
    round = models.IntegerField(default=1)
    title = models.TextField()
    abstract = models.TextField(default="", blank=True)
    deal_mode = models.TextField()
    method = models.TextField()
    start_fen = models.BigIntegerField()
    step_fen = models.BigIntegerField(default=0)
    floor_fen = models.BigIntegerField(null=True)
    deposit_fen = models.BigIntegerField(default=0)
    days = models.IntegerField()
    unit = models.TextField()
    first_day = models.TextField()
    free_s = models.IntegerField(default=0)
    cycle_s = models.IntegerField(default=0)
    hard_close_s = models.IntegerField(default=0)
    priority_s = models.IntegerField(default=0)
    shows_losing = models.BooleanField(default=True)
    # Laid down in advance: what the next rounds change when nobody comes.
    ladder = models.JSONField(default=list)
    # [{"organisation_id", "permille"}] of the price, out of what the seller receives.
    commission = models.JSONField(default=list)
    # How the price is paid: {"kind": "once" | "instalments" | "royalty" | "entry_royalty", ...}.
    payment = models.JSONField(default=dict)
    # Cases of forfeiture that the listing adopts (codes of rules.deposits).
    forfeitures = models.JSONField(default=list)
    conditions = models.TextField(default="", blank=True)
    accepted_by = models.BigIntegerField(null=True)
    confirmed_by = models.BigIntegerField(null=True)
    published_by = models.BigIntegerField(null=True)
    accepted_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    disclosure_ends_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    made_by = models.BigIntegerField(null=True)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "trading_listing"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=list(listing_states.TABLE.codes)), name="listing_state_known"
            ),
            models.CheckConstraint(
                condition=Q(method__in=[m.value for m in Method]), name="listing_method_known"
            ),
            models.CheckConstraint(
                condition=Q(start_fen__gte=1, start_fen__lte=MOST_FEN),
                name="listing_start_in_range",
            ),
            models.CheckConstraint(
                condition=Q(deposit_fen__gte=0, deposit_fen__lte=MOST_FEN),
                name="listing_deposit_in_range",
            ),
            models.CheckConstraint(condition=Q(step_fen__gte=0), name="listing_step_in_range"),
            models.CheckConstraint(condition=Q(days__gte=1), name="listing_days_positive"),
            # Two different persons of the exchange before the public sees it.
            models.CheckConstraint(
                condition=Q(published_at__isnull=True)
                | ~Q(accepted_by=F("published_by"))
                | (Q(confirmed_by__isnull=False) & ~Q(accepted_by=F("confirmed_by"))),
                name="listing_second_person",
            ),
            models.CheckConstraint(
                condition=Q(published_at__isnull=True, disclosure_ends_at__isnull=True)
                | Q(published_at__isnull=False, disclosure_ends_at__gt=F("published_at")),
                name="listing_public_has_period",
            ),
            models.UniqueConstraint(
                fields=["achievement"],
                condition=~Q(state__in=["archived", "relisted", "withdrawn", "ended"]),
                name="listing_one_at_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-published_at"], name="listing_by_state"),
            models.Index(
                fields=["disclosure_ends_at"], condition=Q(state="disclosed"),
                name="listing_falls_due",
            ),
        ]  # fmt: skip


class ListingVersion(models.Model):
    """What a listing said, up to a change or the next round."""

    id = models.BigAutoField(primary_key=True)
    listing = models.ForeignKey(Listing, models.PROTECT, related_name="versions")
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    version = models.IntegerField()
    content = models.JSONField()
    reason = models.TextField()
    made_at = models.DateTimeField()

    class Meta:
        db_table = "trading_listing_version"
        constraints = [
            models.UniqueConstraint(fields=["listing", "version"], name="listing_version_once")
        ]


class Registration(models.Model):
    """A buyer who signed up for a listing. The plate stands for them until the end; the deposit is
    a hold in the ledger on the buyer's own account, made of the bank line that brought it."""

    id = models.BigAutoField(primary_key=True)
    listing = models.ForeignKey(Listing, models.PROTECT, related_name="registrations")
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")  # the buyer
    state = models.TextField(default="applied")
    version = models.IntegerField(default=1)
    plate = models.TextField()
    bank_account = models.TextField(default="", blank=True)
    account = models.UUIDField(null=True)  # the buyer's account in the ledger, by its key
    expectation = models.ForeignKey(Expectation, models.PROTECT, null=True, related_name="+")
    line = models.ForeignKey(Line, models.PROTECT, null=True, related_name="+")
    hold_id = models.UUIDField(null=True, unique=True)
    deposit_fen = models.BigIntegerField(default=0)
    due_at = models.DateTimeField()
    is_priority = models.BooleanField(default=False)
    is_related = models.BooleanField(default=False)
    statement = models.TextField(default="", blank=True)
    outcome = models.TextField(default="", blank=True)
    forfeited_for = models.TextField(default="", blank=True)
    qualified_by = models.BigIntegerField(null=True)
    qualified_at = models.DateTimeField(null=True)
    made_by = models.BigIntegerField(null=True)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "trading_registration"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=list(registration_states.TABLE.codes)),
                name="registration_state_known",
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["", *(o.value for o in DepositOutcome)]),
                name="registration_outcome_known",
            ),
            models.CheckConstraint(
                condition=Q(deposit_fen__gte=0), name="registration_deposit_in_range"
            ),
            # Nobody stands with a deposit that is not held, and nobody qualifies by a program's word.
            models.CheckConstraint(
                condition=~Q(state__in=registration_states.WITH_DEPOSIT)
                | Q(deposit_fen=0)
                | Q(hold_id__isnull=False, line__isnull=False),
                name="registration_deposit_is_held",
            ),
            models.CheckConstraint(
                condition=~Q(state="qualified") | Q(qualified_by__isnull=False),
                name="registration_qualified_by_person",
            ),
            models.UniqueConstraint(fields=["listing", "owner"], name="registration_once"),
            models.UniqueConstraint(fields=["listing", "plate"], name="registration_plate_once"),
        ]
        indexes = [models.Index(fields=["owner", "-id"], name="registration_of_owner")]
