"""What has been issued. Rows are only ever added; a credential can be revoked once. Triggers and
rights refuse the rest."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yangbanjian.ground.credentials.rules import bits
from yangbanjian.ground.keys.models import Key


class Issuer(models.Model):
    """Who issues: the identity and the address behind it, chosen once."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    did = models.TextField()
    base = models.TextField()
    made_at = models.DateTimeField()

    class Meta:
        db_table = "credentials_issuer"
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="issuer_is_one"),
            models.CheckConstraint(
                condition=Q(did__regex=r"^did:web:[A-Za-z0-9.%_-]+$"), name="issuer_did_is_web"
            ),
        ]


class StatusList(models.Model):
    """A list of bits. Which are set follows from the credentials; nothing else is kept."""

    id = models.BigAutoField(primary_key=True)
    opened_at = models.DateTimeField()

    class Meta:
        db_table = "credentials_status_list"


class Credential(models.Model):
    """A signed document, what it is about, and its bit. `issued_at` and `revoked_at` are recorded
    time; `token` is the part of its address that cannot be guessed."""

    id = models.BigAutoField(primary_key=True)
    token = models.TextField(unique=True)
    type = models.TextField()
    about_kind = models.TextField()
    about_id = models.BigIntegerField()
    owner_id = models.BigIntegerField(null=True)
    status_list = models.ForeignKey(StatusList, models.PROTECT, related_name="+")
    position = models.IntegerField()
    key = models.ForeignKey(Key, models.PROTECT, related_name="+")
    document = models.TextField()
    issued_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    reason = models.TextField(default="")
    replaced_by = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")

    class Meta:
        db_table = "credentials_credential"
        constraints = [
            models.CheckConstraint(
                condition=Q(token__regex=r"^[0-9a-f]{32}$"),  # noqa: S106 - no password
                name="credential_token_unguessable",
            ),
            models.UniqueConstraint(fields=["status_list", "position"], name="credential_own_bit"),
            models.CheckConstraint(
                condition=Q(position__gte=0, position__lt=bits.SIZE), name="credential_bit_in_list"
            ),
            models.UniqueConstraint(
                fields=["type", "about_kind", "about_id"],
                condition=Q(revoked_at=None),
                name="credential_one_live",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None, reason="", replaced_by=None)
                | (Q(revoked_at__isnull=False) & Q(reason__regex=r"^[a-z_]{1,40}$")),
                name="credential_revoked_with_reason",
            ),
        ]


class Seal(models.Model):
    """The X.509 certificate of a key that seals pages."""

    id = models.BigAutoField(primary_key=True)
    key = models.OneToOneField(Key, models.PROTECT, related_name="+")
    certificate = models.BinaryField()

    class Meta:
        db_table = "credentials_seal"


class Page(models.Model):
    """A credential on paper: the sealed PDF, made once."""

    id = models.BigAutoField(primary_key=True)
    credential = models.OneToOneField(Credential, models.PROTECT, related_name="page")
    seal = models.ForeignKey(Seal, models.PROTECT, related_name="+")
    content = models.BinaryField()
    sealed_at = models.DateTimeField()

    class Meta:
        db_table = "credentials_page"
