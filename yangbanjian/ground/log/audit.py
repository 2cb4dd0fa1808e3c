"""The audit: everything recomputed from the tables, and compared with what was signed and what
stands outside. Whoever changes rows behind the guards' back is found here, and where.

What it can name exactly: a leaf that is missing, moved or not what its entry says. A log that was
made anew as a whole contradicts a head that somebody else holds: then the stretch is named in
which it must lie, beginning with the first index that no earlier head vouches for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef

from yangbanjian.ground.database.transactions import one_snapshot
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.keys import queries as key_queries
from yangbanjian.ground.keys import rules as signing
from yangbanjian.ground.log import kept_files, queries, rows
from yangbanjian.ground.log.models import Checkpoint, Leaf, Subtree
from yangbanjian.ground.log.rules import merkle, notes
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
    "file": "位置 %(index)d 存入的文件（编号 %(file)d）登记与存入时不同",
    "file_missing": "位置 %(index)d 存入的文件（编号 %(file)d）的登记不见了",
    "file_untold": "有一个文件（编号 %(file)d）没有存入的记录",
    "bytes": "位置 %(index)d 存入的文件（编号 %(file)d）的内容损坏或不见了",
    "unsigned": "从位置 %(index)d 起没有签名的树头",
    "head_gap": "从位置 %(index)d 起，有树头不见了或次序不对（第 %(number)d 个）",
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
        self.heads = list(Checkpoint.objects.select_related("key").order_by("number"))
        sizes = {c.size for c in self.heads} | {o.head.size for o in self.outside}
        self.wanted = sizes | {0}
        self.ends = sorted({c.size for c in self.heads})
        self.signed_at = {c.size: c.at for c in reversed(self.heads)}

    def find(self, index: int, what: str, end: int | None = None, **params: Any) -> None:
        if len(self.report.findings) < MOST_FINDINGS:
            self.report.findings.append(Finding(index, what, params, end))

    # --- leaves -------------------------------------------------------------------------------

    def read_leaves(self) -> None:
        # The hash of each full block of 256 stands in the tree: a leaf is hashed upwards once.
        blocks, block = merkle.Growing(), merkle.Growing()
        subtrees = dict(_subtrees())
        self.roots[0] = merkle.EMPTY_ROOT
        before, size = (-1, -1), 0
        last = Leaf.objects.order_by("-position").values_list("position", flat=True).first()
        for position, kept, place, wrong in rows.judged(0, 0 if last is None else last + 1):
            if position != size:
                self.find(size, "gap")
                break
            for what in wrong:
                self.find(position, what)
            here = before if place is None else place
            if here < before and position not in self.wanted:
                # The greater of the two stands where it does not belong.
                self.find(position - 1, "order")
            before = here
            block.add(kept)
            size += 1
            if block.size == merkle.WIDTH:
                whole = block.root()
                if subtrees.pop((1, blocks.size), None) != whole:
                    self.find(size - merkle.WIDTH, "subtree", size)
                self._look_above(subtrees, size)
                blocks.add(whole)
                block = merkle.Growing()
            if size in self.wanted:
                self.roots[size] = blocks.root(block)
        self.report.leaves = size
        # What is left over was kept for leaves that are gone, or never was right.
        for level, index in list(subtrees)[:1]:
            start = min(size, index << (8 * level))
            self.find(start, "subtree", start + (1 << (8 * level)))

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

    # --- files --------------------------------------------------------------------------------

    def read_files(self) -> None:
        for position, what, params in kept_files.judged():
            self.find(self.report.leaves if position is None else position, what, **params)

    # --- heads --------------------------------------------------------------------------------

    def judge_heads(self) -> None:
        good, name = 0, queries.origin()
        signed = max((head.size for head in self.heads), default=0)
        if signed < self.report.leaves:
            self.find(signed, "unsigned", self.report.leaves + 1)
        before = 0
        for number, head in enumerate(self.heads, 1):
            if head.number != number or head.size < before:
                self.find(before, "head_gap", max(head.size, before + 1), number=number)
                break
            before = head.size
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
    with one_snapshot(SYSTEM):
        return _audited([*dropped, *outside])


def _audited(outside: list[Path]) -> Report:
    work = _Audit(outside)
    work.read_leaves()
    work.read_unplaced()
    work.read_backdated()
    work.read_files()
    work.judge_heads()
    work.judge_keys()
    work.judge_outside()
    work.report.findings.sort(key=lambda f: f.index)
    return work.report


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
    kept = Subtree.objects.order_by("level", "index").values_list("level", "index", "hash")
    for level, index, value in kept.iterator(chunk_size=AT_ONCE):
        yield (level, index), bytes(value)
