"""Reading files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Q

from yangbanjian.ground.database.opened import of_opened
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.files import rules
from yangbanjian.ground.files.models import Content, File
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.answers import kept_by
from yangbanjian.kernel.refusals import NotFound, Refusal
from yangbanjian.kernel.words import gettext_noop

CHECKED_EVERY = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that the actor may read; `is_inline` says whether a browser may show it."""

    sha256: str
    path: Path
    media_type: str
    name: str
    size: int
    is_public: bool
    is_inline: bool


def visible_to(actor: Actor) -> Q:
    """Public ones to everybody, the rest to their owner and the auditor; to an operator their own
    and those of an owner that is opened to them (T7)."""
    if actor.has_any(Role.AUDITOR):
        return Q()
    found = Q(is_public=True) | Q(owner_id__in=sorted(actor.mandates))
    if Role.OPERATOR in actor.roles:
        found |= Q(made_by=actor.person_id) | of_opened("owner_id")
    return found


def path_of(sha256: str) -> Path:
    """Where the bytes lie."""
    return Path(settings.MEDIA_ROOT).joinpath(*rules.place_of(sha256))


def sm3_of(sha256: str) -> str:
    """The SM3 of a stored content in hex; "" while it is not computed."""
    content = Content.objects.filter(pk=sha256).first()
    return content.sm3 if content is not None else ""


def damaged() -> list[Content]:
    """Contents whose bytes are known not to match their name, oldest finding first; at most 100."""
    return list(Content.objects.filter(damaged_at__isnull=False).order_by("damaged_at")[:100])


def unchecked_count(before: datetime) -> int:
    """Contents that were last compared with their name before then."""
    return Content.objects.filter(checked_at__lt=before).count()


def opened(actor: Actor, sha256: str) -> Stored:
    """The file with this content; what may not be read does not exist. Its bytes are given out by
    `actions.read` alone, which compares them with their name."""
    row = None
    if rules.is_sha256(sha256):
        row = File.objects.filter(visible_to(actor), sha256=sha256).order_by("-is_public").first()
    if row is None:
        raise _not_found(actor, Q(sha256=sha256))
    return Stored(
        sha256, path_of(sha256), row.media_type, row.name, row.size, row.is_public,
        row.media_type in rules.SHOWN_INLINE,
    )  # fmt: skip


def owned(actor: Actor, file_id: int) -> File:
    """A file that the actor may read, to be attached to what they write."""
    row = File.objects.filter(visible_to(actor), pk=file_id).first()
    if row is None:
        raise _not_found(actor, Q(pk=file_id))
    return row


def _not_found(actor: Actor, which: Q) -> Refusal:
    """Why a file is not there; an operator is told whose it is, and how it is opened."""
    if Role.OPERATOR in actor.roles:
        with acting(SYSTEM):
            owner_id = File.objects.filter(which).values_list("owner_id", flat=True).first()
        if owner_id is not None:
            return kept_by(owner_id)
    return NotFound("files.not_found", gettext_noop("没有找到这个文件。"))
