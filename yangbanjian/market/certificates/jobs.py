"""Work of this room: dossiers in the worker's queue, the daily check of certificates."""

from __future__ import annotations

from datetime import datetime

from django.db import close_old_connections, connection
from procrastinate.contrib.django import app

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.clock.jobs import due
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


@due("certificates.check")
def check_certificates(_now: datetime) -> int:
    """Every live certificate against its rows, once a day."""
    return actions.check_values(today=clock.today(), most=BATCH)
