"""Work of this room: dossiers in the worker's queue, the daily check of certificates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import close_old_connections, connection
from procrastinate.contrib.django import app

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.clock.jobs import due
from yangbanjian.ground.journal.jobs import subscribe
from yangbanjian.ground.journal.models import Entry
from yangbanjian.market.certificates import actions, queries

BATCH, AGAIN_S = 100, 2


@app.task(name=actions.TASK, queue="dossiers")
def make_dossier(dossier_id: int) -> None:
    """One step; the next is asked for while there is one (the log is sealed once a second)."""
    if not connection.in_atomic_block:
        close_old_connections()
    if not actions.go_on(dossier_id=dossier_id):
        actions.queue(dossier_id, after_s=AGAIN_S)


@due("certificates.dossiers")
def go_on_with_dossiers(_now: datetime) -> int:
    """Those whose worker died go on; those that only wait for the log count for nothing."""
    return sum(actions.go_on(dossier_id=pk) for pk in queries.under_way(BATCH))


@subscribe("certificates.paid", "trading.deal_paid")
def paid_after_the_certificate(entries: Sequence[Entry]) -> None:
    """A certificate that was issued on a guarantee: with the last instalment its listing goes on."""
    actions.follow_payments(deal_ids={entry.subject_id for entry in entries})


@due("certificates.check")
def check_certificates(_now: datetime) -> int:
    """Every live certificate against its rows, once a day."""
    return actions.check_values(today=clock.today(), most=BATCH)
