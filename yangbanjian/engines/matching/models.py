"""What the matcher keeps: documents to find, matches and what was said of them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Func, Q

from yangbanjian.ground.people.models import Organisation
from yangbanjian.ground.rulebook.models import Edition
from yangbanjian.libraries.achievements.models import Achievement
from yangbanjian.libraries.demands.models import Demand
from yangbanjian.libraries.experts.models import Expert

KINDS = ("achievement", "demand", "expert", "organisation")


class Document(models.Model):
    """The text of a record as the index sees it. `xact` moves with each change, so that every
    process can follow by (xact, id) below the oldest running transaction."""

    id = models.BigAutoField(primary_key=True)
    kind = models.TextField()
    record_id = models.BigIntegerField()
    external_id = models.TextField(default="", blank=True)
    text = models.TextField()
    is_live = models.BooleanField(default=True)
    xact = models.BigIntegerField(db_default=Func(function="ybj_xact"), editable=False)

    class Meta:
        db_table = "matching_document"
        constraints = [
            models.UniqueConstraint(fields=["kind", "record_id"], name="document_once"),
            models.CheckConstraint(condition=Q(kind__in=KINDS), name="document_kind_known"),
        ]
        indexes = [
            models.Index(fields=["xact", "id"], name="document_news"),
        ]


class Match(models.Model):
    """A demand (or an enterprise's tags) and what may meet it; later, the parties' introduction."""

    id = models.BigAutoField(primary_key=True)
    demand = models.ForeignKey(Demand, models.CASCADE, null=True, related_name="matches")
    achievement = models.ForeignKey(Achievement, models.CASCADE, null=True, related_name="matches")
    expert = models.ForeignKey(Expert, models.CASCADE, null=True, related_name="matches")
    seeker = models.ForeignKey(Organisation, models.CASCADE, related_name="+")
    provider = models.ForeignKey(Organisation, models.CASCADE, related_name="+")
    broker = models.ForeignKey(Organisation, models.SET_NULL, null=True, related_name="+")
    score = models.DecimalField(max_digits=12, decimal_places=6)
    percent = models.SmallIntegerField()
    parts = models.JSONField(default=dict)
    reasons = models.JSONField(default=list)
    versions = ArrayField(models.IntegerField(), default=list)
    state = models.TextField(default="suggested")
    why = models.TextField(default="", blank=True)
    note = models.TextField(default="", blank=True)
    first = models.TextField(default="", blank=True)
    turn = models.TextField(default="", blank=True)
    turn_since = models.DateTimeField(null=True)
    turn_until = models.DateTimeField(null=True)
    made_at = models.DateTimeField()
    state_since = models.DateTimeField()
    # What the time for an answer was taken from; a trigger keeps it (migration 0004).
    edition = models.ForeignKey(Edition, models.PROTECT, null=True, related_name="+")

    class Meta:
        db_table = "matching_match"
        constraints = [
            models.CheckConstraint(
                condition=Q(achievement__isnull=False, expert__isnull=True)
                | Q(achievement__isnull=True, expert__isnull=False),
                name="match_one_supply",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["suggested", "seen", "interested", "agreed", "declined", "lapsed"]
                ),
                name="match_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["interested", "agreed"])
                | Q(first__in=["seeker", "provider"]),
                name="match_somebody_asked",
            ),
            models.CheckConstraint(
                condition=~Q(state="interested")
                | Q(turn__in=["seeker", "provider"], turn_until__isnull=False),
                name="match_turn_known",
            ),
            models.CheckConstraint(
                condition=~Q(seeker=models.F("provider")), name="match_two_parties"
            ),
            models.UniqueConstraint(
                fields=["demand", "achievement"], name="match_demand_achievement_once"
            ),
            models.UniqueConstraint(fields=["demand", "expert"], name="match_demand_expert_once"),
            models.UniqueConstraint(
                fields=["seeker", "achievement"],
                condition=Q(demand__isnull=True),
                name="match_tags_achievement_once",
            ),
        ]
        indexes = [
            models.Index(fields=["seeker", "state", "-state_since"], name="match_of_seeker"),
            models.Index(fields=["provider", "state", "-state_since"], name="match_of_provider"),
            models.Index(fields=["broker", "state", "-state_since"], name="match_of_broker"),
            models.Index(fields=["turn_until"], name="match_turn_until"),
        ]


class Feedback(models.Model):
    """What somebody thought of a match; one opinion an organisation, the last one counts."""

    id = models.BigAutoField(primary_key=True)
    match = models.ForeignKey(Match, models.CASCADE, related_name="feedback")
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="+")
    verdict = models.TextField()
    why = models.TextField(default="", blank=True)
    made_by = models.BigIntegerField(null=True)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "matching_feedback"
        constraints = [
            models.UniqueConstraint(fields=["match", "organisation"], name="feedback_once"),
            models.CheckConstraint(
                condition=Q(verdict="good", why="") | Q(verdict="bad") & ~Q(why=""),
                name="feedback_says_why",
            ),
        ]
