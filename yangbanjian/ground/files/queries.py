"""Reading files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db.models import Q

from yangbanjian.ground.files import rules
from yangbanjian.ground.files.models import File
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.kernel.words import gettext_noop


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that the actor may read; `is_inline` says whether a browser may show it."""

    path: Path
    media_type: str
    name: str
    size: int
    is_public: bool
    is_inline: bool


def visible_to(actor: Actor) -> Q:
    """Public ones to everybody, the rest to their owner and the staff."""
    if actor.has_any(Role.OPERATOR, Role.AUDITOR):
        return Q()
    return Q(is_public=True) | Q(owner_id__in=sorted(actor.mandates))


def opened(actor: Actor, sha256: str) -> Stored:
    """The file with this content; what may not be read does not exist."""
    row = None
    if rules.is_sha256(sha256):
        row = File.objects.filter(visible_to(actor), sha256=sha256).order_by("-is_public").first()
    path = Path(settings.MEDIA_ROOT).joinpath(*rules.place_of(sha256))
    if row is None or not path.is_file():
        raise NotFound("files.not_found", gettext_noop("没有找到这个文件。"))
    return Stored(
        path, row.media_type, row.name, row.size, row.is_public,
        row.media_type in rules.SHOWN_INLINE,
    )  # fmt: skip


def owned(actor: Actor, file_id: int) -> File:
    """A file that the actor may read, to be attached to what they write."""
    row = File.objects.filter(visible_to(actor), pk=file_id).first()
    if row is None:
        raise NotFound("files.not_found", gettext_noop("没有找到这个文件。"))
    return row
