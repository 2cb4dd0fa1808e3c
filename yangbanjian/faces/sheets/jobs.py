"""The worker's part of an import."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any

from django.db import close_old_connections, connection
from django.utils.translation import gettext, override
from procrastinate.contrib.django import app

from yangbanjian.faces.sheets import importing, mapping
from yangbanjian.faces.sheets.importing import Counts
from yangbanjian.faces.sheets.reading import open_table
from yangbanjian.ground.database.transactions import each_as
from yangbanjian.ground.intake import imports
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.kernel.refusals import Refusal
from yangbanjian.kernel.words import gettext_noop

log = logging.getLogger(__name__)
_KEPT = ("read", "total", "created", "updated", "unchanged", "rejected")


@app.task(name=imports.TASK, queue="imports")
def run_import(job_id: int) -> None:
    """Run one import; whatever happens, the job says how it ended. Repeating it is harmless."""
    if not connection.in_atomic_block:
        close_old_connections()
    # The rows are written as who has sent them; how far it is, the house notes.
    with each_as(SYSTEM):
        _run(job_id)


def _run(job_id: int) -> None:
    job = imports.start(job_id)
    if job is None:
        return
    actor = imports.actor_of(job)
    counts, failure = Counts(), ""
    report = imports.report_path(job)
    with override(job.language):
        try:
            planned = planned_for(job)
            counts = importing.run(
                actor, planned, owner_id=job.owner_id, state=job.as_state, report=report,
                on_progress=lambda c: imports.beat(job_id, **_numbers(c)),
            )  # fmt: skip
        except Refusal as refusal:
            failure = say(refusal)
        except Exception:
            log.exception("import %d failed", job_id)
            failure = gettext(
                gettext_noop("导入中断了，已收的行都在。请再试一次，或联系运营人员。")
            )
        imports.finish(
            actor=actor, job_id=job_id, counts=_numbers(counts) if counts.total else {},
            problems=counts.problems, failure=failure,
            report=f"imports/{report.name}" if counts.rejected else "",
        )  # fmt: skip


def planned_for(job: Any) -> importing.Plan:
    """The plan of a job: columns as confirmed, as remembered, or as proposed."""
    path = imports.path_of(job.file)
    columns = job.columns
    if columns is None:
        table = open_table(path)
        columns = imports.remembered(job.owner_id, job.kind, mapping.signature(table.headings))
    return importing.plan(path, job.kind, columns=columns)


def say(refusal: Refusal) -> str:
    """A refusal in the language in force."""
    sentence = gettext(refusal.sentence)
    return sentence % refusal.params if refusal.params else sentence


def _numbers(counts: Counts) -> dict[str, int]:
    return {k: v for k, v in asdict(counts).items() if k in _KEPT}
