"""Import jobs: a file is taken in, its columns are confirmed, it waits, runs and is done.

The rows themselves are written above, where the libraries are known; here is what is remembered of
the file, who may see it, and how far it is.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext, override
from procrastinate.contrib.django import app

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.clock.jobs import due
from yangbanjian.ground.database.opened import of_opened
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.intake import models
from yangbanjian.ground.intake.models import ImportJob
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.people import queries as people
from yangbanjian.ground.people.actions.privacy import contribute_export
from yangbanjian.ground.people.models import Organisation, Person
from yangbanjian.ground.site import queries as site
from yangbanjian.kernel.actor import ANONYMOUS, SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound, Problem
from yangbanjian.kernel.text import clean_line
from yangbanjian.kernel.words import gettext_noop

LARGEST_UPLOAD = 100 * 2**20
TASK = "sheets.run_import"
SILENT = timedelta(minutes=10)
FORGOTTEN_AT_ONCE, MOST_EXPORTED = 100, 10_000
_OVER = gettext_noop("文件过了保存期，已删除，没有导入。需要时请重新上传。")
_SUFFIXES = (".xlsx", ".csv", ".jsonl", ".jsonl.gz")


def path_of(relative: str) -> Path:
    """Where a job's file stands."""
    return Path(settings.MEDIA_ROOT) / relative


def report_path(job: ImportJob) -> Path:
    return path_of(f"imports/{job.pk}.rejected.xlsx")


def begin(
    *,
    actor: Actor,
    kind: str,
    owner_id: int,
    name: str,
    pieces: Iterable[bytes],
    as_state: str = "public",
    language: str = "zh-hans",
) -> ImportJob:
    """Take a file in; nothing is read yet. Whether the actor may import is the caller's to ask."""
    if actor.is_anonymous:
        raise NotAllowed("people.sign_in_first", gettext_noop("请先登录。"))
    if as_state not in ("draft", "public"):
        sentence = gettext_noop("导入后的状态只能是 draft 或 public。")
        raise Invalid("intake.as_state", sentence, [Problem("state", "unusable", sentence)])
    if not Organisation.objects.filter(pk=owner_id).exists():
        raise NotFound("people.no_organisation", gettext_noop("没有找到这个单位。"))
    fresh, digest, size = _received(pieces)
    suffix = next((s for s in reversed(_SUFFIXES) if name.lower().endswith(s)), "")
    file = f"imports/{digest}{suffix}"
    with _unlinked_after(fresh), acting(actor):
        _lock(file)
        fresh.replace(path_of(file))
        job = ImportJob.objects.create(
            kind=kind, owner_id=owner_id, name=clean_line(name, cap=200) or "-", file=file,
            sha256=digest, size=size, as_state=as_state, language=language,
            started_by=actor.person_id, acted_for=actor.organisation_id, made_at=clock.now(),
        )  # fmt: skip
        fact = journal.Fact("intake.import_begun", "import", job.pk, owner_id, audience="parties")
        journal.record(actor=actor, fact=fact)
        return job


@contextmanager
def _unlinked_after(path: Path) -> Iterator[None]:
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _lock(file: str) -> None:
    """Until the transaction ends: the same bytes are not stored and removed at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [file])


def _received(pieces: Iterable[bytes]) -> tuple[Path, str, int]:
    """Write the bytes beside where they will lie; (path, SHA-256, size)."""
    folder = path_of("imports")
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f".{os.getpid()}.{os.urandom(6).hex()}"
    digest, size = hashlib.sha256(), 0
    try:
        with fresh.open("wb") as out:
            for piece in pieces:
                size += len(piece)
                if size > LARGEST_UPLOAD:
                    raise Invalid(
                        "intake.too_large",
                        gettext_noop("文件超过 %(most)d MB，请分成几份再导入。"),
                        most=LARGEST_UPLOAD >> 20,
                    )
                digest.update(piece)
                out.write(piece)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    return fresh, digest.hexdigest(), size


def visible(actor: Actor) -> QuerySet[ImportJob]:
    """The jobs this actor may see: their organisations' and their own; all for auditors; for an
    operator also those of an owner that is opened to them (T7)."""
    found = ImportJob.objects.select_related("owner").order_by("-id")
    if actor.has_any(Role.AUDITOR):
        return found
    if actor.is_anonymous:
        return found.none()
    mine = Q(owner_id__in=sorted(actor.mandates)) | Q(started_by=actor.person_id)
    return found.filter(mine | of_opened("owner_id") if Role.OPERATOR in actor.roles else mine)


def get(actor: Actor, job_id: int) -> ImportJob:
    """One job; what may not be seen does not exist."""
    if actor.is_anonymous:
        raise NotAllowed("people.sign_in_first", gettext_noop("请先登录。"))
    job = visible(actor).filter(pk=job_id).first()
    if job is None:
        raise NotFound("intake.no_import", gettext_noop("没有找到这次导入。"))
    return job


def confirm(
    *,
    actor: Actor,
    job_id: int,
    columns: Mapping[str, str] | None,
    signature: str = "",
    as_state: str = "",
) -> ImportJob:
    """Let it run, with the columns as confirmed (None: as proposed); they are remembered."""
    get(actor, job_id)
    with acting(actor):
        job = ImportJob.objects.select_for_update(no_key=True).get(pk=job_id)
        if job.state != "uploaded":
            sentence = gettext_noop("这次导入已经开始，不能再改。")
            raise Conflict("intake.import_running", sentence)
        job.columns = dict(columns) if columns is not None else None
        job.as_state = as_state if as_state in ("draft", "public") else job.as_state
        job.state = "queued"
        job.beat_at = clock.recorded_now()
        job.save()
        if columns is not None and signature:
            remember(
                actor=actor, owner_id=job.owner_id, kind=job.kind, signature=signature,
                columns=columns,
            )  # fmt: skip
        queue(job.pk)
        return job


def remember(
    *, actor: Actor, owner_id: int, kind: str, signature: str, columns: Mapping[str, str]
) -> None:
    """Keep what the columns of files with these headings mean to this owner."""
    models.Mapping.objects.update_or_create(
        owner_id=owner_id, kind=kind, signature=signature,
        defaults={"columns": dict(columns), "set_by": actor.person_id, "set_at": clock.now()},
    )  # fmt: skip


def take_on(*, actor: Actor, job_id: int) -> ImportJob:
    """Claim a file that whoever asks works off at once, in this transaction; nobody else does."""
    get(actor, job_id)
    job = ImportJob.objects.select_for_update(no_key=True).get(pk=job_id)
    if job.state != "uploaded":
        sentence = gettext_noop("这次导入已经开始，不能再改。")
        raise Conflict("intake.import_running", sentence)
    return job


def remembered(owner_id: int | None, kind: str, signature: str) -> dict[str, str] | None:
    """What this owner has confirmed for a file with these headings before."""
    found = models.Mapping.objects.filter(owner_id=owner_id, kind=kind, signature=signature)
    row = found.first()
    return dict(row.columns) if row is not None else None


def queue(job_id: int) -> None:
    """Put the job into the worker's queue, in the transaction that is open."""
    app.configure_task(TASK, queue="imports", lock=f"import:{job_id}").defer(job_id=job_id)


# --- what the worker says


def start(job_id: int) -> ImportJob | None:
    """Claim a queued job (or one whose worker has died); None when there is nothing to do."""
    now = clock.recorded_now()
    waiting = Q(state="queued") | Q(state="running", beat_at__lt=now - SILENT)
    claimed = ImportJob.objects.filter(waiting, pk=job_id).update(state="running", beat_at=now)
    if not claimed:
        return None
    return ImportJob.objects.select_related("owner").get(pk=job_id)


def actor_of(job: ImportJob) -> Actor:
    """Who started it, with the rights they have now."""
    person = Person.objects.filter(pk=job.started_by or 0).first()
    return people.actor_of(person, job.acted_for) if person is not None else ANONYMOUS


def beat(job_id: int, **counts: int) -> None:
    """How far it is."""
    ImportJob.objects.filter(pk=job_id).update(beat_at=clock.recorded_now(), **counts)


def finish(
    *,
    actor: Actor,
    job_id: int,
    counts: Mapping[str, int],
    problems: Sequence[Mapping[str, Any]],
    report: str = "",
    failure: str = "",
) -> None:
    """It is over: done, or failed with a sentence that says what to do."""
    with acting(actor):
        job = ImportJob.objects.select_for_update(no_key=True).get(pk=job_id)
        for name, value in counts.items():
            setattr(job, name, value)
        job.problems, job.report, job.failure = list(problems), report, failure
        job.state = "failed" if failure else "done"
        job.done_at = clock.now()
        job.save()
        fact = journal.Fact(
            "intake.import_failed" if failure else "intake.import_done", "import", job.pk,
            job.owner_id, audience="parties", payload=dict(counts),
        )  # fmt: skip
        journal.record(actor=actor, fact=fact)


@due("intake.forget_files")
def forget_files(now: datetime) -> int:
    """Remove the files that have been kept long enough; the job and its counts stay.

    A file sent and never confirmed goes too, and its job says so. Returns how many jobs.
    """
    oldest = now - timedelta(days=site.settings().import_file_days)
    with acting(SYSTEM):
        over = ImportJob.objects.select_for_update(skip_locked=True).filter(
            made_at__lt=oldest, state__in=["uploaded", "done", "failed"]
        )
        jobs = list(over.exclude(file="").order_by("id")[:FORGOTTEN_AT_ONCE])
        for job in jobs:
            _remove(job)
            if job.state == "uploaded":
                job.state, job.done_at = "failed", now
                job.failure = _in_language(job, _OVER)
            # What was wrong with a row may quote it.
            job.file, job.report, job.problems = "", "", []
            job.save(update_fields=["file", "report", "problems", "state", "failure", "done_at"])
            fact = journal.Fact(
                "intake.files_removed", "import", job.pk, job.owner_id, audience="parties"
            )
            journal.record(actor=SYSTEM, fact=fact)
    return len(jobs)


def _in_language(job: ImportJob, sentence: str) -> str:
    with override(job.language):
        return gettext(sentence)


def _remove(job: ImportJob) -> None:
    """Before the row forgets the names: interrupted in between, the next turn finds them again."""
    if job.report:
        path_of(job.report).unlink(missing_ok=True)
    _lock(job.file)
    # The same bytes may have been sent again, in a job that still needs them.
    if not ImportJob.objects.filter(file=job.file).exclude(pk=job.pk).exists():
        path_of(job.file).unlink(missing_ok=True)


@contribute_export("imports")
def _of_person(person_id: int) -> list[dict[str, Any]]:
    """What a person has sent to be imported."""
    sent = ImportJob.objects.filter(started_by=person_id).order_by("-id")[:MOST_EXPORTED]
    return [
        {"name": j.name, "kind": j.kind, "made_at": j.made_at.isoformat(), "kept": bool(j.file)}
        for j in sent
    ]


@due("intake.resume_imports")
def resume(_now: datetime) -> int:
    """A job whose worker has died is queued again; rows already written are found unchanged."""
    silent = clock.recorded_now() - SILENT
    stuck = ImportJob.objects.filter(state__in=["queued", "running"], beat_at__lt=silent)
    ids = list(stuck.values_list("pk", flat=True)[:20])
    for job_id in ids:
        queue(job_id)
        ImportJob.objects.filter(pk=job_id, state="queued").update(beat_at=clock.recorded_now())
    return len(ids)
