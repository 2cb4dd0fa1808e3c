"""Imports over HTTP: send a file, ask how far it is, fetch what was left out."""

# No postponed annotations here: the schemas must be evaluated.
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.utils.translation import get_language, gettext
from ninja import File, Form, Router, Schema
from ninja.files import UploadedFile
from ninja.responses import Status

from yangbanjian.engines.matching.queries import vectors_made
from yangbanjian.faces.api import schemas
from yangbanjian.faces.api.records import owner_for
from yangbanjian.faces.api.wire import actor_of
from yangbanjian.faces.sheets import columns, importing, taking
from yangbanjian.faces.sheets.jobs import say
from yangbanjian.faces.sheets.statements import KIND, RowProblem
from yangbanjian.faces.telling import vectors_told
from yangbanjian.ground.intake import imports
from yangbanjian.ground.people import owners
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Invalid, NotFound, Problem
from yangbanjian.kernel.words import gettext_noop

router = Router(tags=["imports"])
_REFUSED = dict.fromkeys((400, 401, 403, 404, 409, 422, 429), schemas.Problem)


class ImportProblem(Schema):
    row: int
    column: str
    reason: str


class VectorsOut(Schema):
    """How far the vectors of the whole library are; words are found at once."""

    made: int
    wanted: int
    text: str


class ImportOut(Schema):
    id: int
    kind: str
    state: str
    progress: float
    total: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    problems: list[ImportProblem]
    failure: str
    errors_url: str | None
    vectors: VectorsOut
    url: str


def shown(job: Any) -> dict[str, Any]:
    """A job on the wire; `progress` runs from 0 to 1."""
    done = 1.0 if job.state == "done" else min(job.read / job.total, 1.0) if job.total else 0.0
    made, wanted = vectors_made()
    return {
        "id": job.pk,
        "kind": job.kind,
        "state": job.state,
        "progress": round(done, 4),
        "total": job.total,
        "created": job.created,
        "updated": job.updated,
        "unchanged": job.unchanged,
        "rejected": job.rejected,
        "problems": job.problems,
        "failure": job.failure,
        "errors_url": f"/api/v1/imports/{job.pk}/errors" if job.report else None,
        "vectors": {"made": made, "wanted": wanted, "text": vectors_told(made, wanted)},
        "url": f"/desk/ledger/statements/{job.pk}"
        if job.kind == KIND
        else f"/desk/imports/{job.pk}",
    }


def _owner(actor: Actor, said: str) -> int:
    return owners.find(said) if said.strip() else owner_for(actor, None)


@router.post("", response={202: ImportOut, **_REFUSED}, operation_id="imports_begin")
def begin(
    request: HttpRequest,
    file: File[UploadedFile],
    kind: Form[str],
    owner: Form[str] = "",
    state: Form[str] = "public",
    account: Form[str] = "",
) -> Any:
    """Send a file of rows; it is imported in the background. `owner`: number, code or name.
    `kind` `bank` is a bank statement of `account` (its number), taken in at once and whole."""
    actor = actor_of(request)
    if kind == KIND:
        return Status(202, shown(_statement(actor, file, account)))
    library = columns.library_of(kind)
    if library is None:
        sentence = gettext_noop("可以导入的是 %(kinds)s。")
        told = {"kinds": "、".join(importing.KINDS)}
        raise Invalid(
            "sheets.kind", sentence, [Problem("kind", "unusable", sentence, told)], **told
        )
    owner_id = _owner(actor, owner)
    importing.may_import(actor, library, owner_id)
    job = imports.begin(
        actor=actor, kind=library.room, owner_id=owner_id, name=file.name or "",
        pieces=file.chunks(), as_state=state, language=get_language() or "zh-hans",
    )  # fmt: skip
    job = imports.confirm(actor=actor, job_id=job.pk, columns=None)
    return Status(202, shown(job))


def _statement(actor: Actor, file: UploadedFile, account: str) -> Any:
    at = taking.bank_account_of(actor, account)
    job = taking.keep_file(actor=actor, at=at, name=file.name or "", pieces=file.chunks())
    problems: list[RowProblem] = []
    try:
        taken, problems = taking.take_in(actor=actor, job_id=job.pk, at=at)
    except Invalid as refusal:
        taken, failure = None, say(refusal)
    else:
        failure = gettext(taking.STOPPED)
    if taken is None:
        taking.refuse(actor=actor, job_id=job.pk, problems=problems, failure=failure)
    return imports.get(actor, job.pk)


@router.get("/{int:job_id}", response={200: ImportOut, **_REFUSED}, operation_id="imports_read")
def read(request: HttpRequest, job_id: int) -> Any:
    """How far an import is."""
    return shown(imports.get(actor_of(request), job_id))


@router.get("/{int:job_id}/errors", response={200: None, **_REFUSED}, operation_id="imports_errors")
def errors(request: HttpRequest, job_id: int) -> HttpResponse:
    """The workbook of rows that were left out, to be put right and sent again."""
    return report_of(imports.get(actor_of(request), job_id))


def report_of(job: Any) -> HttpResponse:
    """The report as a download. Raises NotFound where nothing was left out."""
    if not job.report or not imports.path_of(job.report).exists():
        raise NotFound("imports.no_report", gettext_noop("这次导入没有被退回的行。"))
    answer = FileResponse(
        imports.path_of(job.report).open("rb"),
        as_attachment=True,
        filename=f"{job.name}.rejected.xlsx",
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )
    answer["Cache-Control"] = "private, no-store"
    return answer  # type: ignore[return-value]
