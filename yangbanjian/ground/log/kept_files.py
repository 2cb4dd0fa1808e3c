"""Stored files against the entries that tell of their storing, for the audit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, OuterRef

from yangbanjian.ground.files import queries as files
from yangbanjian.ground.files.models import File
from yangbanjian.ground.files.rules import sha256_of
from yangbanjian.ground.journal.models import Entry

STORED = "files.stored"
AT_ONCE = 1000
Found = tuple[int | None, str, dict[str, Any]]


def judged() -> Iterator[Found]:
    """(position of the entry, what is wrong: a name of `audit.WHAT`, parameters). A file that no
    entry tells of has no position."""
    told = Entry.objects.filter(verb=STORED, leaf__isnull=False).order_by("leaf__position")
    rows = told.values_list("leaf__position", "subject_id", "payload").iterator(chunk_size=AT_ONCE)
    while some := [row for row, _ in zip(rows, range(AT_ONCE), strict=False)]:
        kept = File.objects.in_bulk([number for _, number, _ in some])
        for position, number, said in some:
            what = _wrong(kept.get(number), said)
            if what:
                yield position, what, {"file": number}
    entries = Entry.objects.filter(verb=STORED, subject_kind="file", subject_id=OuterRef("pk"))
    for number in File.objects.filter(~Exists(entries)).order_by("pk").values_list("pk", flat=True):
        yield None, "file_untold", {"file": number}


def _wrong(row: File | None, said: dict[str, Any]) -> str:
    if row is None:
        return "file_missing"
    if (row.sha256, row.size, row.media_type) != (said["sha256"], said["size"], said["media_type"]):
        return "file"
    try:
        content = files.path_of(row.sha256).read_bytes()
    except OSError:
        return "bytes"
    return "" if sha256_of(content) == row.sha256 else "bytes"
