"""`ybj doctor`: one line for each promise that the installation must keep."""

from __future__ import annotations

import os

from django.db import connection

from yangbanjian import __version__
from yangbanjian.engines.matching.queries import vectors_made
from yangbanjian.ground.journal import queries as journal
from yangbanjian.supervisor.check import Check
from yangbanjian.supervisor.doctor import engine_checks
from yangbanjian.supervisor.home import Home

LONGEST_QUEUE_SECONDS = 600


def checks(home: Home) -> list[Check]:
    """The engine's checks and the product's own."""
    return [
        *engine_checks(home, os.environ["DATABASE_URL"]),
        _queue(),
        _news(),
        _vectors(),
        Check("version", True, __version__),
    ]


def _queue() -> Check:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COALESCE(EXTRACT(epoch FROM now() - min(at)), 0)::int FROM procrastinate_jobs j"
            " JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'deferred'"
            " WHERE j.status = 'todo' AND (j.scheduled_at IS NULL OR j.scheduled_at < now())"
        )
        row = cursor.fetchone()
    age = int(row[0]) if row else 0
    return Check("queue age", age <= LONGEST_QUEUE_SECONDS, f"{age} s")


def _news() -> Check:
    lost = journal.undelivered_count()
    return Check("journal followers", lost == 0, f"undelivered={lost}")


def _vectors() -> Check:
    """How far the encoding behind an import is: records are found by words before."""
    made, wanted = vectors_made()
    return Check("vectors", True, f"{made}/{wanted}")
