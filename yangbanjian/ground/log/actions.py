"""Writing the log: sequencing entries, signing heads, putting them outside."""

from __future__ import annotations

import logging
import os
import secrets
import tempfile
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database import bulk
from yangbanjian.ground.database.numbering import settled_below
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.database.turns import alone
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.keys import actions as keys
from yangbanjian.ground.keys import queries as key_queries
from yangbanjian.ground.keys import rules as signing
from yangbanjian.ground.keys.models import Key
from yangbanjian.ground.log import queries
from yangbanjian.ground.log.models import Anchor, Checkpoint, Leaf, Log, Subtree
from yangbanjian.ground.log.rules import leaves, merkle, notes
from yangbanjian.kernel.actor import SYSTEM, Actor

log = logging.getLogger(__name__)
BATCH = 2000
ANCHOR_EVERY = timedelta(hours=20)
# A place that refuses is asked again after so long, and each time after twice as long.
RETRY_AFTER, LONGEST_PAUSE = timedelta(minutes=5), timedelta(hours=2)


def sequence(*, include_own: bool = False, is_sweep: bool = False) -> int:
    """Append one batch of settled entries and sign the head, in one transaction: all or nothing.

    Returns how many were appended; 0 also when another process is at it. `is_sweep` looks for
    entries without a leaf in the whole journal and not only among the latest transactions;
    `include_own` takes those of the running transaction too (tests).
    """
    with acting(SYSTEM):
        if not _has_turn():
            return 0
        key = keys.ensure(actor=SYSTEM, purpose=queries.PURPOSE)
        _ensure_named()
        signed = queries.head()
        settled = settled_below(include_own=include_own)
        rows = _unplaced(None if is_sweep else signed, settled)
        if rows:
            size = _append(leaves.Row(*row) for row in rows)
            # Its own transaction is not over, and may write more.
            is_all = len(rows) < BATCH and not include_own
            reached = settled if is_all else rows[-1][queries.ROW.index("xact")]
            _sign(size, key, reached)
        elif signed is not None and signed.key_id != key.pk:
            _sign(signed.size, key, signed.xact)
        return len(rows)


def _unplaced(signed: Checkpoint | None, settled: int) -> list[tuple[Any, ...]]:
    """The next settled entries without a leaf: from a head on those behind it, of which none has
    one. They are read in their order and then looked at, because who asks for entries without a
    leaf has all of them compared with all leaves: at a million, for each batch anew."""
    if signed is not None:
        behind = queries.behind(signed).filter(xact__lt=settled).order_by("xact", "id")
        rows = list(behind.values_list(*queries.ROW, "leaf__position")[:BATCH])
        if all(row[-1] is None for row in rows):
            return [row[:-1] for row in rows]
    found = Entry.objects.filter(xact__lt=settled, leaf=None).order_by("xact", "id")
    return list(found.values_list(*queries.ROW)[:BATCH])


def sequence_all(*, include_own: bool = False) -> int:
    """Append all settled entries; how many."""
    total = 0
    while done := sequence(include_own=include_own):
        total += done
    return total


def rotate_key(*, actor: Actor, is_lost: bool = False) -> Key:
    """Sign with a new key from now on; the head is signed by it at once."""
    with acting(actor):
        _wait_turn()
        key = keys.rotate(actor=actor, purpose=queries.PURPOSE, is_lost=is_lost)
        signed = queries.head()
        if signed is not None:
            _sign(signed.size, key, signed.xact)
        return key


def _has_turn() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('log.sequence'))")
        return bool((cursor.fetchone() or (False,))[0])


def _wait_turn() -> None:
    """As `_has_turn`, when it comes: a head that is signed beside a sequencer would be over fewer
    leaves than the one that it follows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('log.sequence'))")


def _ensure_named() -> None:
    """The log's name is chosen once: where people find it, or something nobody else has."""
    if Log.objects.exists():
        return
    host = urlsplit(settings.YBJ_PUBLIC_URL).netloc or f"yangbanjian-{secrets.token_hex(6)}.local"
    Log.objects.create(origin=f"{host}/log", made_at=clock.recorded_now())


def _append(rows: Iterable[leaves.Row]) -> int:
    """Leaves and the subtrees that they complete; returns the new size."""
    last = Leaf.objects.order_by("-position").values_list("position", flat=True).first()
    old = 0 if last is None else last + 1
    made = [(row.id, merkle.leaf_hash(leaves.leaf_bytes(leaves.leaf_of(row)))) for row in rows]
    size = old + len(made)
    bulk.copy_in(
        Leaf, ({"entry_id": pk, "leaf_hash": h} for pk, h in made), {}, list(range(old, size))
    )
    for level, index in merkle.completed(old, size):
        below = queries.read_hashes(level - 1, index * merkle.WIDTH, merkle.WIDTH)
        Subtree.objects.create(level=level, index=index, hash=merkle.folded(below))
    return size


def _sign(size: int, key: Key, xact: int) -> Checkpoint:
    origin = queries.origin()
    root = merkle.root(queries.read_hashes, size)
    text = notes.Checkpoint(origin, size, root).text()
    signer = key_queries.signer_of(key)
    signature = notes.Signature(
        origin, signing.note_id(origin, signer.algorithm, signer.public), signer.sign(text.encode())
    )
    before = queries.head()
    return Checkpoint.objects.create(
        number=1 if before is None else before.number + 1, size=size, root=root, key=key, note=notes.signed(text, [signature]),
        at=clock.recorded_now(), xact=xact,
    )  # fmt: skip


def anchor_if_due(*, actor: Actor) -> int:
    """Put the newest head to every place outside where the last was put yesterday, or by another
    key; where it failed, again after a while. Returns how many copies were made."""
    signed = queries.head()
    if signed is None:
        return 0
    with alone("log.anchor") as has_turn:
        if not has_turn:
            return 0
        due = [place for place in queries.places() if _is_due(place, signed)]
        return len(_put(actor, signed, due))


def anchor(*, actor: Actor, checkpoint: Checkpoint) -> list[Anchor]:
    """Put this head to every place outside that has not got it, now."""
    wanting = [
        place for place in queries.places()
        if (last := place.last()) is None or last.checkpoint_id != checkpoint.pk
    ]  # fmt: skip
    return _put(actor, checkpoint, wanting)


def _is_due(place: queries.Place, signed: Checkpoint) -> bool:
    now, last = clock.recorded_now(), place.last()
    if last is not None:
        is_fresh = now - last.at < ANCHOR_EVERY
        is_same_key = last.checkpoint.key_id == signed.key_id
        if last.checkpoint_id == signed.pk or (is_fresh and is_same_key):
            return False
    failures = place.failures()
    pause = min(RETRY_AFTER * 2 ** (len(failures) - 1), LONGEST_PAUSE) if failures else timedelta()
    return not failures or now - failures[0].at >= pause


def _put(actor: Actor, checkpoint: Checkpoint, places: Iterable[queries.Place]) -> list[Anchor]:
    """Each place by itself: one that fails keeps no other from its copy. Kept is also the try that
    failed. No transaction is open meanwhile, since a mail server may take long."""
    made = []
    for place in places:
        at = clock.recorded_now()
        name, failure = place.name, ""
        try:
            if place.kind == "file":
                name = _drop(checkpoint, f"{at:%Y%m%dT%H%M%SZ}")
            else:
                _mail(checkpoint, place.name)
        except OSError as problem:  # a full disk; all that smtplib raises is one too
            log.exception("the head of the log could not be put outside: %s", place)
            failure = f"{type(problem).__name__}: {problem}"[:500]
        with acting(actor):
            row = Anchor.objects.create(
                checkpoint=checkpoint, kind=place.kind, place=name, at=at, failure=failure
            )
        if not failure:
            made.append(row)
    return made


def _drop(checkpoint: Checkpoint, stamp: str) -> str:
    """Whole or not at all, and never over another."""
    folder = Path(settings.ANCHORS_ROOT)
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{checkpoint.size:012d}-{stamp}-{checkpoint.pk}.checkpoint"
    handle, beside = tempfile.mkstemp(dir=folder, prefix=".")
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(checkpoint.note)
        out.flush()
        os.fsync(out.fileno())
    Path(beside).chmod(0o644)
    Path(beside).replace(folder / name)
    return name


def _mail(checkpoint: Checkpoint, address: str) -> None:
    subject = f"存证日志树头 {checkpoint.size} / log head {checkpoint.size}"
    EmailMessage(subject, checkpoint.note, to=[address]).send()
