"""Persons and organisations, who belongs where and since when, and the keys they hold."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.crypto import salted_hmac

from yangbanjian.ground.people.rules import (
    ORGANISATION_KINDS,
    ORGANISATION_STATES,
    TAG_KINDS,
    TAG_SOURCES,
)
from yangbanjian.kernel.actor import Role


class Organisation(models.Model):
    """Anything that can own records: an enterprise, a university, a showroom, the operator."""

    id = models.BigAutoField(primary_key=True)
    kind = models.TextField()
    name = models.TextField()
    short_name = models.TextField(default="", blank=True)
    sort_name = models.TextField(default="", blank=True)
    uscc = models.TextField(null=True, blank=True)  # noqa: DJ001 - unique where known
    region = models.TextField(default="", blank=True)
    # One of the site's streets, by name; the people room does not know which those are.
    street = models.TextField(default="", blank=True)
    intro = models.TextField(default="", blank=True)
    website = models.TextField(default="", blank=True)
    contact_name = models.TextField(default="", blank=True)
    contact_email = models.TextField(default="", blank=True)
    contact_phone = models.TextField(default="", blank=True)
    state = models.TextField(default="claimed")
    verified_at = models.DateTimeField(null=True)
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "people_organisation"
        constraints = [
            models.UniqueConstraint(fields=["uscc"], name="organisation_uscc_once"),
            models.CheckConstraint(
                condition=Q(kind__in=list(ORGANISATION_KINDS)), name="organisation_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=ORGANISATION_STATES), name="organisation_state_known"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="organisation_has_name"),
        ]
        indexes = [models.Index(fields=["kind", "sort_name"], name="organisation_kind_name")]


class OrganisationTag(models.Model):
    """A tag with where it comes from: stated by itself, from its demands, confirmed by a broker."""

    id = models.BigAutoField(primary_key=True)
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="tags")
    kind = models.TextField()
    code = models.TextField()
    source = models.TextField()
    set_by = models.BigIntegerField(null=True)
    set_at = models.DateTimeField()

    class Meta:
        db_table = "people_organisation_tag"
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "kind", "code", "source"], name="organisation_tag_once"
            ),
            models.CheckConstraint(condition=Q(kind__in=TAG_KINDS), name="tag_kind_known"),
            models.CheckConstraint(condition=Q(source__in=TAG_SOURCES), name="tag_source_known"),
        ]
        indexes = [models.Index(fields=["kind", "code"], name="organisation_tag_code")]


class PersonManager(BaseUserManager["Person"]):
    """Looks persons up by the name they sign in with; makes none (actions do)."""

    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(username=username)


class Person(AbstractBaseUser):
    """Somebody who can sign in, or who did: an erased person keeps the row and loses the data."""

    id = models.BigAutoField(primary_key=True)
    username = models.TextField(unique=True)
    name = models.TextField(default="", blank=True)
    email = models.TextField(null=True, blank=True)  # noqa: DJ001 - unique where known
    email_verified_at = models.DateTimeField(null=True)
    # The address that waits for its link to be opened.
    email_wanted = models.TextField(default="", blank=True)
    email_asked_at = models.DateTimeField(null=True)
    phone = models.TextField(default="", blank=True)
    language = models.TextField(default="zh-hans")
    preferences = models.JSONField(default=dict)
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False)
    totp_secret = models.TextField(default="", blank=True)
    totp_confirmed_at = models.DateTimeField(null=True)
    totp_last_step = models.BigIntegerField(default=0)
    session_epoch = models.IntegerField(default=0)
    created_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    objects = PersonManager()

    @property
    def display_name(self) -> str:
        return self.name or self.username

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        # The framework's hook: a session also ends when the person ends all of them.
        key = f"{self.password}{self.session_epoch}"
        return salted_hmac(
            "yangbanjian.people.session", key, secret=secret, algorithm="sha256"
        ).hexdigest()

    class Meta:
        db_table = "people_person"
        constraints = [
            models.UniqueConstraint(Func(F("email"), function="lower"), name="person_email_once"),
        ]


class Membership(models.Model):
    """A person's role in an organisation for a time; the same role never twice at once."""

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(Person, models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="memberships")
    role = models.TextField()
    period = DateTimeRangeField()

    class Meta:
        db_table = "people_membership"
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=[r.value for r in Role]), name="membership_role_known"
            ),
            ExclusionConstraint(
                name="membership_not_twice_at_once",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    ("organisation", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
        ]


class Claim(models.Model):
    """A person says an organisation is theirs; the operator decides."""

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(Person, models.CASCADE, related_name="claims")
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="claims")
    role = models.TextField()
    evidence = models.TextField(default="", blank=True)
    state = models.TextField(default="pending")
    reason = models.TextField(default="", blank=True)
    made_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.BigIntegerField(null=True)

    class Meta:
        db_table = "people_claim"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["pending", "approved", "refused"]), name="claim_state_known"
            ),
            models.UniqueConstraint(
                fields=["person", "organisation"],
                condition=Q(state="pending"),
                name="claim_pending_once",
            ),
        ]


class Invitation(models.Model):
    """A colleague is asked to join; the link's secret is stored hashed."""

    id = models.BigAutoField(primary_key=True)
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="invitations")
    email = models.TextField()
    role = models.TextField()
    digest = models.TextField(unique=True)
    invited_by = models.BigIntegerField(null=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "people_invitation"


class Token(models.Model):
    """An API token: shown once, stored as SHA-256."""

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(Person, models.CASCADE, related_name="tokens")
    organisation = models.ForeignKey(Organisation, models.CASCADE, null=True)
    name = models.TextField(default="")
    prefix = models.TextField()
    digest = models.TextField(unique=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "people_token"


class SignIn(models.Model):
    """One attempt to sign in, for the lock-out; kept for the retention period only."""

    id = models.BigAutoField(primary_key=True)
    username_digest = models.TextField()
    address = models.TextField(default="")
    succeeded = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        db_table = "people_sign_in"
        indexes = [
            models.Index(fields=["username_digest", "at"], name="sign_in_recent"),
            models.Index(fields=["address", "at"], name="sign_in_address_recent"),
        ]


class RecoveryCode(models.Model):
    """A code for when the phone is lost: works once, stored as SHA-256."""

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(Person, models.CASCADE, related_name="recovery_codes")
    digest = models.TextField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "people_recovery_code"
        constraints = [
            models.UniqueConstraint(fields=["person", "digest"], name="recovery_code_once"),
        ]


class Letter(models.Model):
    """That a letter was sent to an address (hashed), so that nobody's mailbox is flooded."""

    id = models.BigAutoField(primary_key=True)
    kind = models.TextField()
    address_digest = models.TextField()
    client_address = models.TextField(default="")
    sent_at = models.DateTimeField()

    class Meta:
        db_table = "people_letter"
        indexes = [
            models.Index(fields=["address_digest", "sent_at"], name="letter_to_recent"),
            models.Index(fields=["client_address", "sent_at"], name="letter_from_recent"),
        ]


class BrowserSession(models.Model):
    """Where a person is signed in, so that each can be seen and ended."""

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(Person, models.CASCADE, related_name="browser_sessions")
    session_key = models.TextField(unique=True)
    organisation_id = models.BigIntegerField(null=True)
    agent = models.TextField(default="")
    address = models.TextField(default="")
    has_second_factor = models.BooleanField(default=False)
    made_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        db_table = "people_browser_session"


class Identity(models.Model):
    """A person as another identity provider knows them (the seam for OIDC)."""

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(Person, models.CASCADE, related_name="identities")
    issuer = models.TextField()
    subject = models.TextField()

    class Meta:
        db_table = "people_identity"
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="identity_once"),
        ]
