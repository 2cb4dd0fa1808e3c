"""Decisions, public notices and the objections to them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from yangbanjian.ground.files.models import File
from yangbanjian.ground.people.models import Organisation
from yangbanjian.ground.rulebook.models import Edition
from yangbanjian.libraries.achievements.models import Achievement
from yangbanjian.market.trading.rules.notices import OBJECTIONS, PRICE_MODES, TABLE


class Decision(models.Model):
    """What a unit has decided about an achievement: kind, how the price is found, the price. Written
    once; a later decision stands beside it. Persons are ids, as in the journal."""

    id = models.BigAutoField(primary_key=True)
    achievement = models.ForeignKey(Achievement, models.PROTECT, related_name="+")
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    kind = models.TextField()
    price_mode = models.TextField()
    price_fen = models.BigIntegerField(null=True)
    file = models.ForeignKey(File, models.PROTECT, null=True, related_name="+")
    decided_on = models.DateField()
    note = models.TextField(default="", blank=True)
    entry_id = models.BigIntegerField(null=True)
    made_by = models.BigIntegerField(null=True)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "trading_decision"
        constraints = [
            models.CheckConstraint(
                condition=Q(price_mode__in=list(PRICE_MODES)), name="decision_price_mode_known"
            ),
            models.CheckConstraint(
                condition=Q(price_fen__isnull=True) | Q(price_fen__gt=0),
                name="decision_price_positive",
            ),
            models.CheckConstraint(
                condition=Q(kind__regex=r"^[a-z][a-z_]{0,39}$"), name="decision_kind_is_code"
            ),
        ]
        indexes = [models.Index(fields=["achievement", "id"], name="decision_of_achievement")]


class PublicNotice(models.Model):
    """A public notice as it stands now; what it said before each change is kept as a version."""

    id = models.BigAutoField(primary_key=True)
    achievement = models.ForeignKey(Achievement, models.PROTECT, related_name="+")
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    edition = models.ForeignKey(Edition, models.PROTECT, related_name="+")
    state = models.TextField(default="draft")
    version = models.IntegerField(default=1)
    title = models.TextField()
    abstract = models.TextField(default="", blank=True)
    deal_mode = models.TextField()
    price_mode = models.TextField()
    price_fen = models.BigIntegerField()
    is_related = models.BooleanField()
    related_statement = models.TextField(default="", blank=True)
    days = models.IntegerField()
    unit = models.TextField()
    first_day = models.TextField()
    achievement_version = models.IntegerField()
    opened_at = models.DateTimeField(null=True)
    closes_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    made_by = models.BigIntegerField(null=True)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "trading_notice"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=list(TABLE.codes)), name="notice_state_known"
            ),
            models.CheckConstraint(
                condition=Q(price_mode__in=list(PRICE_MODES)), name="notice_price_mode_known"
            ),
            models.CheckConstraint(condition=Q(price_fen__gt=0), name="notice_price_positive"),
            models.CheckConstraint(condition=Q(days__gte=1), name="notice_days_positive"),
            models.CheckConstraint(
                condition=Q(is_related=False) | ~Q(related_statement=""),
                name="notice_related_is_stated",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "withdrawn"])
                | Q(opened_at__isnull=False, closes_at__gt=F("opened_at")),
                name="notice_open_has_period",
            ),
            models.CheckConstraint(
                condition=Q(state="paused", paused_at__isnull=False)
                | (~Q(state="paused") & Q(paused_at__isnull=True)),
                name="notice_paused_since",
            ),
            # No notice ends before its days are over, whoever writes.
            models.CheckConstraint(
                condition=~Q(state="ended")
                | Q(ended_at__isnull=False, ended_at__gte=F("closes_at")),
                name="notice_ends_when_due",
            ),
            models.UniqueConstraint(
                fields=["achievement"],
                condition=Q(state__in=["draft", "open", "paused"]),
                name="notice_one_at_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["closes_at"], condition=Q(state="open"), name="notice_falls_due"),
            models.Index(fields=["state", "-opened_at"], name="notice_by_state"),
        ]


class NoticeVersion(models.Model):
    """What a notice said, and how long it stood, up to a change."""

    id = models.BigAutoField(primary_key=True)
    notice = models.ForeignKey(PublicNotice, models.CASCADE, related_name="versions")
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    version = models.IntegerField()
    content = models.JSONField()
    reason = models.TextField()
    made_at = models.DateTimeField()

    class Meta:
        db_table = "trading_notice_version"
        constraints = [
            models.UniqueConstraint(fields=["notice", "version"], name="notice_version_once")
        ]


class Objection(models.Model):
    """An objection to a notice. `name` and `contact` are those of somebody without an account; they
    can be erased, the objection stays."""

    id = models.BigAutoField(primary_key=True)
    notice = models.ForeignKey(PublicNotice, models.PROTECT, related_name="objections")
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    state = models.TextField(default="open")
    text = models.TextField()
    name = models.TextField(default="", blank=True)
    contact = models.TextField(default="", blank=True)
    made_by = models.BigIntegerField(null=True)
    made_at = models.DateTimeField()
    ruling = models.TextField(default="", blank=True)
    ruled_by = models.BigIntegerField(null=True)
    ruled_at = models.DateTimeField(null=True)
    appeal = models.TextField(default="", blank=True)
    appealed_at = models.DateTimeField(null=True)
    final_ruling = models.TextField(default="", blank=True)
    final_ruled_by = models.BigIntegerField(null=True)
    final_ruled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "trading_objection"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=list(OBJECTIONS.codes)), name="objection_state_known"
            ),
            models.CheckConstraint(condition=~Q(text=""), name="objection_says_why"),
            models.CheckConstraint(
                condition=Q(state="open") | Q(ruled_at__isnull=False), name="objection_is_ruled"
            ),
            # Two persons: who ruled first does not rule on the appeal.
            models.CheckConstraint(
                condition=Q(final_ruled_by__isnull=True) | ~Q(final_ruled_by=F("ruled_by")),
                name="objection_second_person",
            ),
        ]
        indexes = [models.Index(fields=["notice", "id"], name="objection_of_notice")]
