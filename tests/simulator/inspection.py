"""The audit under inspection: rows that an insider has changed, with the index to be named."""

# ruff: noqa: S608 - our own tables

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings

from tests.actions.test_log_insider import (
    CHANGED_NOTE,
    EDITS,
    OUTSIDE,
    _chain_anew,
    _without_anchors,
    fill,
)
from tests.telling import Telling
from yangbanjian.ground.log import actions, audit, queries
from yangbanjian.ground.log.models import Leaf
from yangbanjian.ground.log.rules import leaves, merkle
from yangbanjian.kernel.actor import SYSTEM

Sql = Callable[..., Any]
TABLES = ("journal_entry", "journal_remark", "log_leaf", "log_subtree", "log_checkpoint")


def inspect(tell: Telling, sql: Sql) -> None:
    """Each kind of edit once, at a place drawn from the seed, in a log made for it. `sql` is a
    superuser's, past every guard."""
    pick = random.Random(tell.seed)
    shutil.rmtree(Path(settings.ANCHORS_ROOT), ignore_errors=True)
    size = fill()
    actions.anchor(actor=SYSTEM, checkpoint=queries.head_or_refuse())
    for table in TABLES:
        sql(f"CREATE TABLE kept_{table} AS TABLE {table}")
    try:
        for name, edit in {**EDITS, **OTHERS}.items():
            # The first leaves may be the key's, which others' edits do not fit.
            at = pick.randrange(3, size - 7)
            wanted = edit(sql, at, size) if callable(edit) else _edited(sql, edit, at)
            first = (_without_anchors() if name in INSIDE else audit.audit()).first_bad
            tell.steps += 1
            tell.reached[name] += 1
            if first != wanted:
                tell.violated(f"{name} at {at}: {first} is named, not {wanted}")
            for table in TABLES:
                sql(f"DELETE FROM {table}")
                sql(f"INSERT INTO {table} SELECT * FROM kept_{table}")
        if not audit.audit().is_whole:
            tell.violated("a whole log is found wanting")
    finally:
        for table in TABLES:
            sql(f"DROP TABLE kept_{table}")


def _edited(sql: Sql, text: str, at: int) -> int:
    entry = Leaf.objects.get(position=at).entry_id
    for part in text.format(at=at, entry=entry).split(";"):
        sql(part)
    return at


def _inserted(sql: Sql, at: int, _size: int) -> int | None:
    before = Leaf.objects.get(position=at).entry
    sql(
        "INSERT INTO journal_entry (xact, verb, subject_kind, subject_id, party_ids, at_business,"
        " at_recorded, edition, audience, payload, salt, payload_jcs_sha256, remark_sha256)"
        " SELECT xact - 1, 'things.forged', subject_kind, 1, party_ids, at_business, at_recorded,"
        " edition, audience, payload, salt, payload_jcs_sha256, '' FROM journal_entry WHERE id = %s",
        before.pk,
    )
    first = Leaf.objects.filter(entry__xact__gte=before.xact).order_by("position").first()
    return first.position if first is not None else None


def _swapped(sql: Sql, at: int, _size: int) -> int:
    """The entries of two leaves that one transaction wrote, their hashes with them: only the
    order and the tree are wrong."""
    other = at + 3 if at + 3 < OUTSIDE or at >= OUTSIDE else at - 3
    at, other = min(at, other), max(at, other)
    rows = {
        r[0]: r[1:] for r in sql("SELECT * FROM log_leaf WHERE position IN (%s, %s)", at, other)
    }
    sql("DELETE FROM log_leaf WHERE position IN (%s, %s)", at, other)
    sql("INSERT INTO log_leaf VALUES (%s, %s, %s)", at, *rows[other])
    sql("INSERT INTO log_leaf VALUES (%s, %s, %s)", other, *rows[at])
    return at


def _leaves_anew(sql: Sql, at: int, _size: int) -> int:
    """Entry, leaf and subtree agree; only the heads were not in these hands."""
    entry = Leaf.objects.get(position=at).entry_id
    sql(
        "UPDATE journal_entry SET payload = '{}', payload_jcs_sha256 = sha256(salt || '{}')"
        " WHERE id = %s",
        entry,
    )
    made = merkle.leaf_hash(leaves.leaf_bytes(leaves.leaf_of(_row(entry))))
    sql("UPDATE log_leaf SET leaf_hash = %s WHERE position = %s", made, at)
    first = merkle.folded(queries.read_hashes(0, 0, merkle.WIDTH))
    sql("UPDATE log_subtree SET hash = %s WHERE level = 1 AND index = 0", first)
    return 0 if at < OUTSIDE else OUTSIDE if at < OUTSIDE + 20 else OUTSIDE + 20


def _row(entry_id: int) -> leaves.Row:
    return queries.row_of(Leaf.objects.select_related("entry").get(entry_id=entry_id).entry)


def _made_anew(sql: Sql, at: int, size: int) -> int:
    entry = Leaf.objects.get(position=at).entry_id
    sql(
        "UPDATE journal_entry SET payload = '{}', payload_jcs_sha256 = sha256(salt || '{}')"
        " WHERE id = %s",
        entry,
    )
    _chain_anew(sql, size)
    return 0 if at < OUTSIDE else OUTSIDE


def _head(sql: Sql, _at: int, _size: int) -> int:
    sql("UPDATE log_checkpoint SET root = sha256(root) WHERE size = 320")
    return OUTSIDE


def _head_gone(sql: Sql, _at: int, _size: int) -> int:
    sql("DELETE FROM log_checkpoint WHERE size = 320")
    return OUTSIDE


def _note(sql: Sql, _at: int, _size: int) -> int:
    sql(CHANGED_NOTE)
    return OUTSIDE


def _subtree(sql: Sql, _at: int, _size: int) -> int:
    sql("UPDATE log_subtree SET hash = sha256(hash)")
    return 0


def _cut(sql: Sql, at: int, _size: int) -> int:
    sql(
        "DELETE FROM journal_entry e USING log_leaf l WHERE l.entry_id = e.id AND position >= %s",
        at,
    )
    sql(
        "DELETE FROM journal_remark r WHERE NOT EXISTS (SELECT FROM journal_entry WHERE id = r.entry_id)"
    )
    sql("DELETE FROM log_leaf WHERE position >= %s", at)
    sql("DELETE FROM log_subtree WHERE (index + 1) * 256 > %s", at)
    sql("DELETE FROM log_checkpoint WHERE size > %s", at)
    return at


OTHERS: dict[str, Callable[[Sql, int, int], int | None]] = {
    "an inserted entry": _inserted, "two that change places": _swapped,
    "leaves made anew": _leaves_anew, "a chain made anew": _made_anew, "another root": _head, "another note": _note,
    "a head taken away": _head_gone, "another subtree": _subtree, "a tail cut off": _cut,
}  # fmt: skip
# Looked at without the heads outside, which would tell as well.
INSIDE = {"leaves made anew"}
EVERY = {*EDITS, *OTHERS}
