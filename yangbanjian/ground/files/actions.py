"""Storing files."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from django.conf import settings

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.files import images, rules
from yangbanjian.ground.files.models import File
from yangbanjian.ground.journal import actions as journal
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Invalid, NotAllowed, Problem
from yangbanjian.kernel.text import clean_line
from yangbanjian.kernel.words import gettext_noop


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
    digest = hashlib.sha256(content).hexdigest()
    with acting(actor):
        _write(digest, content)
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
                payload={"sha256": digest, "size": len(content), "media_type": media_type},
            )
            journal.record(actor=actor, fact=fact)
        return row


def _write(digest: str, content: bytes) -> None:
    """Write beside, then rename: a reader never sees half a file."""
    folder, name = rules.place_of(digest)
    target = Path(settings.MEDIA_ROOT) / folder / name
    if target.exists():
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
