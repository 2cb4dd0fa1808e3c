"""The audit: everything recomputed from the tables, and compared with what was signed and what
stands outside. Whoever changes rows behind the guards' back is found here, and where.

What it can name exactly: a leaf that is missing, moved or not what its entry says. A log that was
made anew as a whole contradicts a head that somebody else holds: then the stretch is named in
which it must lie, beginning with the first index that no earlier head vouches for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import rfc8785
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal.models import Entry, Remark
from yangbanjian.ground.keys import queries as key_queries
from yangbanjian.ground.keys import rules as signing
from yangbanjian.ground.log import queries
from yangbanjian.ground.log.models import Checkpoint, Leaf, Subtree
from yangbanjian.ground.log.rules import leaves, merkle, notes
from yangbanjian.kernel.actor import SYSTEM

MOST_FINDINGS = 50
AT_ONCE = 5000
# Acts are sequenced within a minute; one that claims to be a day older than the head before it
# was written afterwards.
LATEST = timedelta(days=1)
# For whoever runs the command: positions count from 0.
WHAT = {
    "gap": "位置 %(index)d 不见了",
    "entry_missing": "位置 %(index)d 的记录不见了",
    "payload": "位置 %(index)d 的内容与摘要不符",
    "remark": "位置 %(index)d 的说明与摘要不符",
    "leaf": "位置 %(index)d 与写入时不同",
    "order": "位置 %(index)d 的次序不对",
    "backdated": "位置 %(index)d 的时间早于应有的时间",
    "unplaced": "位置 %(index)d 之前有一条后来插入的记录（编号 %(entry)d）",
    "subtree": "位置 %(index)d 起的一段与保存的子树不符",
    "head": "从位置 %(index)d 起，与 %(size)d 条时签名的树头不符",
    "head_too_long": "位置 %(index)d 起的记录不见了：曾签名过 %(size)d 条的树头",
    "signature": "%(size)d 条时的树头签名不符（从位置 %(index)d 起存疑）",
    "key": "密钥的交接签名不符（从位置 %(index)d 起存疑）",
    "outside": "从位置 %(index)d 起，与外部保存的 %(size)d 条时的树头不符",
    "outside_unreadable": "外部保存的树头 %(place)s 读不出来",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong at which index; Where only
    a stretch can be named, `end` is the index after its last."""

    index: int
    what: str
    params: dict[str, Any] = field(default_factory=dict)
    end: int | None = None

    def __str__(self) -> str:
        return WHAT[self.what] % {"index": self.index, **self.params}


@dataclass(slots=True)
class Report:
    """What an audit found; findings in the order of their index."""

    leaves: int = 0
    heads: int = 0
    outside: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return not self.findings

    @property
    def first_bad(self) -> int | None:
        """The first bad index. A stretch in which an exact finding lies is explained by it."""
        exact = [f.index for f in self.findings if f.end is None]
        open_ = [
            f.index
            for f in self.findings
            if f.end is not None and not any(f.index <= at < f.end for at in exact)
        ]
        return min(exact + open_, default=None)


@dataclass(frozen=True, slots=True)
class _Outside:
    """A head that stands outside: its file, its text as it was signed, what it says."""

    place: str
    note: str
    head: notes.Checkpoint


class _Audit:
    def __init__(self, outside: Iterable[Path]) -> None:
        self.report = Report()
        self.roots: dict[int, bytes] = {}
        self.outside = list(self._read_outside(outside))
        self.heads = list(Checkpoint.objects.select_related("key").order_by("id"))
        sizes = {c.size for c in self.heads} | {o.head.size for o in self.outside}
        self.wanted = sizes | {0}
        self.ends = sorted({c.size for c in self.heads})
        self.signed_at = {c.size: c.at for c in reversed(self.heads)}

    def find(self, index: int, what: str, end: int | None = None, **params: Any) -> None:
        if len(self.report.findings) < MOST_FINDINGS:
            self.report.findings.append(Finding(index, what, params, end))

    # --- leaves -------------------------------------------------------------------------------

    def read_leaves(self) -> None:
        tree, block = merkle.Growing(), merkle.Growing()
        subtrees = dict(_subtrees())
        self.roots[0] = merkle.EMPTY_ROOT
        before: tuple[int, int] = (-1, -1)
        for position, kept, row, remark in _leaves():
            if position != tree.size:
                self.find(tree.size, "gap")
                break
            here = (row.xact, row.id) if row is not None else before
            self._look(position, kept, row, remark)
            if here < before and position not in self.wanted:
                # The greater of the two stands where it does not belong.
                self.find(position - 1, "order")
            before = here
            tree.add(kept)
            block.add(kept)
            if tree.size % merkle.WIDTH == 0:
                if subtrees.pop((1, tree.size // merkle.WIDTH - 1), None) != block.root():
                    self.find(tree.size - merkle.WIDTH, "subtree", tree.size)
                self._look_above(subtrees, tree.size)
                block = merkle.Growing()
            if tree.size in self.wanted:
                self.roots[tree.size] = tree.root()
        self.report.leaves = tree.size
        # What is left over was kept for leaves that are gone, or never was right.
        for level, index in list(subtrees)[:1]:
            start = min(tree.size, index << (8 * level))
            self.find(start, "subtree", start + (1 << (8 * level)))

    def _look(self, position: int, kept: bytes, row: leaves.Row | None, remark: Any) -> None:
        if row is None:
            self.find(position, "entry_missing")
            return
        form = rfc8785.dumps(dict(row.payload))
        if hashlib.sha256(row.salt + form).digest() != row.payload_jcs_sha256:
            self.find(position, "payload")
        if not _is_remark_whole(remark, row.remark_sha256):
            self.find(position, "remark")
        if merkle.leaf_hash(leaves.leaf_bytes(leaves.leaf_of(row))) != kept:
            self.find(position, "leaf")

    def _look_above(self, subtrees: dict[tuple[int, int], bytes], size: int) -> None:
        for level, index in merkle.completed(size - merkle.WIDTH, size):
            if level > 1:
                below = queries.read_hashes(level - 1, index * merkle.WIDTH, merkle.WIDTH)
                if subtrees.pop((level, index), None) != merkle.folded(below):
                    start = index << (8 * level)
                    self.find(start, "subtree", start + (1 << (8 * level)))

    # --- entries that have no leaf ------------------------------------------------------------

    def read_unplaced(self) -> None:
        """Entries of transactions that have long been sequenced, and were not there then."""
        if not self.heads:
            return
        bound = self.heads[-1].xact
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
            if bound > (cursor.fetchone() or (0,))[0] + 1:
                return  # brought back from a backup: transactions are counted anew
        # By hand: the row of a leaf may name an entry that is gone.
        placed = Exists(Leaf.objects.filter(entry_id=OuterRef("pk")))
        late = Entry.objects.filter(~placed, xact__lt=bound).order_by("xact", "id")
        for pk, xact in late.values_list("id", "xact")[:MOST_FINDINGS]:
            after = Leaf.objects.filter(entry__xact__gt=xact).order_by("position").first()
            self.find(after.position if after else self.report.leaves, "unplaced", entry=pk)

    def read_backdated(self) -> None:
        """Entries that claim a time long before the head after which they came."""
        marks = [(c.size, c.at) for c in self.heads]
        for (size, at), (end, _) in pairwise(marks):
            if end == size:
                continue
            old = Leaf.objects.filter(
                position__gte=size, position__lt=end, entry__at_recorded__lt=at - LATEST
            ).order_by("position").first()  # fmt: skip
            if old is not None:
                self.find(old.position, "backdated")

    # --- heads --------------------------------------------------------------------------------

    def judge_heads(self) -> None:
        good, name = 0, queries.origin()
        for head in self.heads:
            self.report.heads += 1
            found = self.roots.get(head.size)
            said = notes.Checkpoint(name, head.size, bytes(head.root))
            if found is None:
                self.find(self.report.leaves, "head_too_long", size=head.size)
            elif found != said.root:
                self.find(good, "head", head.size, size=head.size)
            elif not _is_signed_by(head.note, said, [head.key]):
                self.find(good, "signature", head.size, size=head.size)
            else:
                good = head.size

    def judge_keys(self) -> None:
        for key in key_queries.all_of(queries.PURPOSE):
            old = key.follows
            if old is None:
                continue
            holds = signing.is_signed(
                old.algorithm, bytes(old.public), key.statement.encode(), bytes(key.endorsement)
            )
            if not holds or bytes(key.public).hex() not in key.statement:
                first = next((h.size for h in self.heads if h.key_id == key.pk), 0)
                self.find(first, "key")

    def judge_outside(self) -> None:
        good = 0
        known = key_queries.all_of(queries.PURPOSE)
        for other in sorted(self.outside, key=lambda o: o.head.size):
            self.report.outside += 1
            found = self.roots.get(other.head.size)
            if found is None:
                self.find(self.report.leaves, "head_too_long", size=other.head.size)
            elif found != other.head.root or not _is_signed_by(other.note, other.head, known):
                self.find(good, "outside", other.head.size, size=other.head.size)
            else:
                good = other.head.size

    def _read_outside(self, paths: Iterable[Path]) -> Iterator[_Outside]:
        for path in paths:
            try:
                note = path.read_text(encoding="utf-8")
                yield _Outside(path.name, note, notes.checkpoint_of(notes.opened(note)[0]))
            except (OSError, ValueError):
                self.find(0, "outside_unreadable", place=path.name)


def audit(*, outside: Iterable[Path] = ()) -> Report:
    """Recompute the whole log. `outside`: further heads, as files, that were kept elsewhere; those
    in the anchors' folder are taken too. Reads one snapshot."""
    folder = Path(settings.ANCHORS_ROOT)
    dropped = sorted(folder.glob("*.checkpoint")) if folder.is_dir() else []
    with transaction.atomic():
        if connection.settings_dict.get("NAME") and not connection.savepoint_ids:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        with acting(SYSTEM):
            return _audited([*dropped, *outside])


def _audited(outside: list[Path]) -> Report:
    work = _Audit(outside)
    work.read_leaves()
    work.read_unplaced()
    work.read_backdated()
    work.judge_heads()
    work.judge_keys()
    work.judge_outside()
    work.report.findings.sort(key=lambda f: f.index)
    return work.report


def _is_remark_whole(remark: tuple[str, bytes, Any] | None, digest: bytes) -> bool:
    if remark is None or not digest:
        return remark is None and not digest
    text, salt, erased_at = remark
    if erased_at is not None:
        return text == "" and not salt
    return hashlib.sha256(salt + text.encode()).digest() == digest


def _is_signed_by(note: str, said: notes.Checkpoint, known: Iterable[Any]) -> bool:
    try:
        text, signatures = notes.opened(note)
    except ValueError:
        return False
    if text != said.text():
        return False
    for key in known:
        public = bytes(key.public)
        wanted = signing.note_id(said.origin, key.algorithm, public)
        for given in signatures:
            if given.name == said.origin and given.key_id == wanted:
                return signing.is_signed(key.algorithm, public, text.encode(), given.signature)
    return False


def _subtrees() -> Iterator[tuple[tuple[int, int], bytes]]:
    rows = Subtree.objects.order_by("level", "index").values_list("level", "index", "hash")
    for level, index, value in rows.iterator(chunk_size=AT_ONCE):
        yield (level, index), bytes(value)


def _leaves() -> Iterator[tuple[int, bytes, leaves.Row | None, tuple[str, bytes, Any] | None]]:
    """(position, kept hash, entry, remark), by position; an entry that is gone is None."""
    start = 0
    while True:
        kept = list(
            Leaf.objects.filter(position__gte=start)
            .order_by("position").values_list("position", "leaf_hash", "entry_id")[:AT_ONCE]
        )  # fmt: skip
        if not kept:
            return
        ids = [entry_id for _, _, entry_id in kept]
        rows = {
            row[0]: leaves.Row(*row)
            for row in Entry.objects.filter(pk__in=ids).values_list(*queries.ROW)
        }
        remarks = {
            pk: (text, bytes(salt), erased_at)
            for pk, text, salt, erased_at in Remark.objects.filter(pk__in=ids).values_list(
                "entry_id", "text", "salt", "erased_at"
            )
        }
        for position, value, entry_id in kept:
            yield position, bytes(value), rows.get(entry_id), remarks.get(entry_id)
        start = kept[-1][0] + 1
