"""Certificates of deals, and dossiers. A certificate changes once, when it is revoked."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from yangbanjian.ground.credentials.models import Credential
from yangbanjian.ground.people.models import Organisation
from yangbanjian.market.trading.models import Deal

STATES = ("queued", "recorded", "done", "failed")


class Certificate(models.Model):
    """A deal's certificate: its number, the signed credential, who issued it. `differs` names the
    values that the last check found to be others than the rows give; `checked_on` its day."""

    id = models.BigAutoField(primary_key=True)
    deal = models.ForeignKey(Deal, models.PROTECT, related_name="certificates")
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")  # the seller
    no = models.TextField(unique=True)
    credential = models.OneToOneField(Credential, models.PROTECT, related_name="+")
    issued_by = models.BigIntegerField()
    issued_at = models.DateTimeField()
    revoked_by = models.BigIntegerField(null=True)
    revoked_at = models.DateTimeField(null=True)
    reason = models.TextField(default="", blank=True)
    checked_on = models.DateField(null=True)
    differs = models.JSONField(default=list)

    class Meta:
        db_table = "certificates_certificate"
        constraints = [
            models.CheckConstraint(
                condition=Q(no__regex=r"^\d{4}-\d{7,}-\d{2,}-[0-9A-HJKMNP-TV-Z]{26}-[0-9A-Z*]$"),
                name="certificate_no_unguessable",
            ),
            models.UniqueConstraint(
                fields=["deal"], condition=Q(revoked_at=None), name="certificate_one_live"
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_by=None, reason="")
                | (Q(revoked_at__isnull=False, revoked_by__isnull=False) & ~Q(reason="")),
                name="certificate_revoked_with_reason",
            ),
            # Two persons: who issued it does not take it back (being replaced is no taking back).
            models.CheckConstraint(
                condition=Q(revoked_by=None)
                | Q(reason="superseded")
                | ~Q(revoked_by=F("issued_by")),
                name="certificate_second_person",
            ),
        ]
        indexes = [
            models.Index(
                fields=["checked_on"], condition=Q(revoked_at=None), name="certificate_to_check"
            )
        ]


class Dossier(models.Model):
    """One assembling of a deal's dossier. `body` is the SHA-256 of what was recorded, `file` that
    of the whole file, `pdf` that of what people read; all three lie in the house's files."""

    id = models.BigAutoField(primary_key=True)
    deal = models.ForeignKey(Deal, models.PROTECT, related_name="dossiers")
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")  # the seller
    state = models.TextField(default="queued")
    asked_by = models.BigIntegerField(null=True)
    asked_at = models.DateTimeField()
    entry_id = models.BigIntegerField(null=True)
    body = models.TextField(default="", blank=True)
    file = models.TextField(default="", blank=True)
    pdf = models.TextField(default="", blank=True)
    failure = models.TextField(default="", blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "certificates_dossier"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=STATES), name="dossier_state_known"),
            models.CheckConstraint(
                condition=~Q(state="done") | (~Q(file="") & Q(entry_id__isnull=False)),
                name="dossier_done_has_file",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                condition=Q(state__in=["queued", "recorded"]),
                name="dossier_under_way",
            )
        ]
