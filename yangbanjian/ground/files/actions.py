"""Storing files."""

from __future__ import annotations

import os
import tempfile
import time
from datetime import datetime
from pathlib import Path

from django.db.models import Q

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.files import images, queries, rules
from yangbanjian.ground.files.models import Content, File
from yangbanjian.ground.journal import actions as journal
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.kernel.refusals import Conflict, Invalid, NotAllowed, Problem
from yangbanjian.kernel.text import clean_line
from yangbanjian.kernel.words import gettext_noop

DAMAGED = gettext_noop(
    "这个文件与存入时不同，已停止提供，并已通知平台。请联系平台从备份恢复，或请上传的人重新上传原文件。"
)
AT_ONCE, AT_ONCE_S = 200, 1.0


def store_cover(*, actor: Actor, content: bytes, name: str = "") -> File:
    """Store a picture that everybody may see; metadata is taken out first. Raises Invalid."""
    if actor.is_anonymous:
        raise NotAllowed("people.sign_in_first", gettext_noop("请先登录。"))
    return store(
        actor=actor, content=images.drawn_anew(content), media_type="image/webp", name=name,
        is_public=True,
    )  # fmt: skip


def attach(*, actor: Actor, content: bytes, name: str = "") -> File:
    """Store an attachment that its owner and the staff may read. Raises Invalid, NotAllowed."""
    if actor.is_anonymous:
        raise NotAllowed("people.sign_in_first", gettext_noop("请先登录。"))
    if not content:
        sentence = gettext_noop("文件是空的，请换一个。")
        raise Invalid("files.empty", sentence, [Problem("file", "empty", sentence)])
    if len(content) > rules.LARGEST_ATTACHMENT:
        sentence = gettext_noop("文件最大 20 MB，请压缩或拆分后再传。")
        raise Invalid("files.too_large", sentence, [Problem("file", "too_large", sentence)])
    return store(
        actor=actor, content=content, media_type=rules.media_type_of(content[:16]),
        name=clean_line(name, cap=200),
    )  # fmt: skip


def store(
    *, actor: Actor, content: bytes, media_type: str, name: str = "", is_public: bool = False
) -> File:
    """Store bytes under their SHA-256; the same content of the same owner is one row."""
    digest = rules.sha256_of(content)
    with acting(actor):
        _write(digest, content)
        kept = _noted(digest, content)
        row, created = File.objects.get_or_create(
            sha256=digest,
            owner_id=actor.organisation_id,
            name=name.strip()[:200],
            defaults={
                "size": len(content),
                "media_type": media_type,
                "made_by": actor.person_id,
                "made_at": clock.now(),
                "is_public": is_public,
            },
        )
        if created:
            fact = journal.Fact(
                verb="files.stored",
                subject_kind="file",
                subject_id=row.pk,
                owner_id=actor.organisation_id,
                payload={
                    "sha256": digest,
                    "sm3": kept.sm3,
                    "size": len(content),
                    "media_type": media_type,
                },
            )
            journal.record(actor=actor, fact=fact)
        return row


def read(*, actor: Actor, sha256: str) -> tuple[queries.Stored, bytes]:
    """A file that the actor may read, with its bytes, which were compared with their name just now.
    Raises NotFound, and Conflict for a damaged one, which the operator is then told of."""
    with acting(actor):  # the house also reads for somebody to whom it has said yes
        stored = queries.opened(actor, sha256)
    content = _bytes_of(sha256)
    if content is None or rules.sha256_of(content) != sha256:
        _noted(sha256, content)
        raise Conflict("files.damaged", DAMAGED)
    return stored, content


def check_some(*, actor: Actor, before: datetime) -> int:
    """Compare contents that have not been since `before` with their names, the longest waiting
    first, for about a second; how many."""
    ends = time.monotonic() + AT_ONCE_S
    waiting = Content.objects.filter(Q(checked_at=None) | Q(checked_at__lt=before))
    names = list(waiting.order_by("checked_at", "pk").values_list("pk", flat=True)[:AT_ONCE])
    for done, name in enumerate(names):
        if time.monotonic() > ends:
            return done
        with acting(actor):
            _noted(name, _bytes_of(name))
    return len(names)


def _bytes_of(sha256: str) -> bytes | None:
    """None when they are gone or cannot be read."""
    try:
        return queries.path_of(sha256).read_bytes()
    except OSError:
        return None


def _noted(sha256: str, content: bytes | None) -> Content:
    """What has been found out about a content; told in the journal when that is news."""
    is_whole = content is not None and rules.sha256_of(content) == sha256
    with acting(SYSTEM):
        now = clock.recorded_now()
        Content.objects.bulk_create([Content(pk=sha256)], ignore_conflicts=True)
        kept = Content.objects.select_for_update(no_key=True).get(pk=sha256)
        was_whole = kept.damaged_at is None
        kept.checked_at = now
        if not is_whole:
            kept.damaged_at = kept.damaged_at or now
        else:
            kept.damaged_at = None
            kept.sm3 = kept.sm3 or rules.sm3_of(content or b"")
        kept.save(update_fields=["sm3", "checked_at", "damaged_at"])
        row = File.objects.filter(sha256=sha256).order_by("id").first()
        if is_whole != was_whole and row is not None:
            fact = journal.Fact(
                verb="files.mended" if is_whole else "files.damaged", subject_kind="file",
                subject_id=row.pk, owner_id=row.owner_id, payload={"sha256": sha256},
            )  # fmt: skip
            journal.record(actor=SYSTEM, fact=fact)
        return kept


def _write(digest: str, content: bytes) -> None:
    """Write beside, then rename: a reader never sees half a file. What lies there damaged is
    replaced."""
    target = queries.path_of(digest)
    if _bytes_of(digest) == content:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        Path(beside).replace(target)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
