"""Reading what programs and files have brought."""

from __future__ import annotations

from yangbanjian.ground.intake.models import ImportJob, Request


def has_anything_come() -> bool:
    """Has a program called with a key of its own, or somebody imported a file, ever?"""
    return Request.objects.exists() or ImportJob.objects.exists()
