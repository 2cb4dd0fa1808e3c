"""The inbox: what a person has been told; and letters that a sandbox kept instead of sending."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from yangbanjian.ground.people.models import Person


class Notice(models.Model):
    """One message to one person. The sentence is a catalogue key: it is shown in the language
    that its reader uses when it is read."""

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(Person, models.CASCADE, related_name="notices")
    organisation_id = models.BigIntegerField(null=True)
    topic = models.TextField()
    sentence = models.TextField()
    params = models.JSONField(default=dict)
    url = models.TextField(default="", blank=True)
    needs_action = models.BooleanField(default=False)
    once = models.TextField(default="", blank=True)
    made_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    # Set before the mail is handed over: what breaks off in between is not sent twice.
    mailed_at = models.DateTimeField(null=True)
    # The mail server asked us to come again later than this.
    mail_after = models.DateTimeField(null=True)

    class Meta:
        db_table = "inbox_notice"
        indexes = [
            models.Index(fields=["person", "read_at", "-id"], name="notice_of_person"),
            models.Index(
                fields=["made_at"],
                condition=models.Q(read_at=None, mailed_at=None),
                name="notice_to_mail",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "once"], condition=~models.Q(once=""), name="notice_once"
            )
        ]


class Mail(models.Model):
    """One e-mail of a sandbox, as its reader would have seen it."""

    id = models.BigAutoField(primary_key=True)
    recipients = models.JSONField(default=list)
    sender = models.TextField(default="")
    subject = models.TextField(default="")
    text = models.TextField(default="")
    html = models.TextField(default="", blank=True)
    headers = models.JSONField(default=dict)
    sent_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "inbox_mail"
        indexes = [models.Index(fields=["-id"], name="mail_newest")]
