"""Attachments."""

# No postponed annotations here: ninja evaluates them.
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import File, Form, Router, Schema
from ninja.files import UploadedFile
from ninja.responses import Status

from yangbanjian.faces.api.schemas import REFUSED
from yangbanjian.faces.api.wire import signed_in
from yangbanjian.ground.files import actions, rules

router = Router(tags=["files"])


class FileOut(Schema):
    """A stored file; the same content has the same `sha256`."""

    id: int
    sha256: str
    name: str
    size: int
    media_type: str
    url: str
    made_at: datetime


@router.post("/files", response={201: FileOut, **REFUSED}, operation_id="files_add")
def add(request: HttpRequest, file: File[UploadedFile], name: Form[str] = "") -> Any:
    """Store one attachment for the caller's organisation, at most 20 MB."""
    actor, _ = signed_in(request)
    content = file.read(rules.LARGEST_ATTACHMENT + 1)
    stored = actions.attach(actor=actor, content=content, name=name or file.name or "")
    return Status(
        201,
        {
            "id": stored.pk,
            "sha256": stored.sha256,
            "name": stored.name,
            "size": stored.size,
            "media_type": stored.media_type,
            "url": f"/files/{stored.sha256}",
            "made_at": stored.made_at,
        },
    )
