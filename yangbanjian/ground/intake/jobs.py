"""Forgetting what need not be remembered."""

from __future__ import annotations

from datetime import datetime, timedelta

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.clock.jobs import due
from yangbanjian.ground.intake.models import Request

KEPT = timedelta(days=7)


@due("intake.forget_requests")
def forget(now: datetime) -> int:
    """Answers are kept for a week."""
    old = Request.objects.filter(made_at__lt=clock.recorded_now() - KEPT)
    return old.filter(pk__in=old.values("pk")[:1000]).delete()[0]
