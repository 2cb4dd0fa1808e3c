"""`ybj import`, `ybj export`, `ybj match`: files in and out on the command line."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yangbanjian.faces.cli.place import say

if TYPE_CHECKING:
    from yangbanjian.faces.sheets.importing import Counts
    from yangbanjian.libraries.records.queries import Library

KINDS = ("achievements", "demands", "experts")


def import_file(
    kind: str, file: Path, *, owner: str, state: str, format_: str, report: Path | None,
    account: str = "",
) -> int:  # fmt: skip
    """Import; prints the closing line; the exit code. Raises Invalid for an unusable file."""
    if kind == "codes":
        return _import_codes(file, report)
    if kind == "bank":
        return _import_statement(file, account, report)
    from yangbanjian.faces.sheets import importing
    from yangbanjian.kernel.actor import SYSTEM

    planned = importing.plan(file, kind, format_=format_)
    left = importing.RowReader(planned).left_over if not planned.is_beir else []
    if left:
        say(f"这些列本站没有对应，原样附在记录后：{'、'.join(left)}")
    target = report or file.with_name(file.name + ".rejected.xlsx")
    with progress(planned.table.total) as show:
        counts = importing.run(
            SYSTEM,
            planned,
            owner_id=_owner(owner),
            state=state,
            report=target,
            on_progress=lambda c: show(c.read),
        )
    return _close(counts, target)


def _close(counts: Counts, target: Path, advice: str = "改好后再导入这个文件即可。") -> int:
    for problem in counts.problems[:5]:
        say(f"  第 {problem['row']} 行 {problem['column']}：{problem['reason']}")
    if counts.rejected:
        say(f"有 {counts.rejected} 行没有收，原因写在 {target}；{advice}")
    print(counts.line())
    return 1 if counts.rejected else 0


def _owner(said: str) -> int:
    from yangbanjian.ground.people import owners

    return owners.find(said) if said else owners.of_operator()


def _import_codes(file: Path, report: Path | None) -> int:
    from yangbanjian.faces.sheets import codes

    counts = codes.import_codes(file)
    target = report or file.with_name(file.name + ".rejected.xlsx")
    if counts.problems:
        codes.write_report(counts.problems, target)
    return _close(counts, target)


def _import_statement(file: Path, account: str, report: Path | None) -> int:
    """A bank statement, taken in whole; one row that stops it and nothing is posted (2)."""
    from yangbanjian.faces.sheets import statements, taking
    from yangbanjian.faces.sheets.importing import Counts
    from yangbanjian.kernel.actor import SYSTEM

    at = taking.bank_account_of(SYSTEM, account)
    table, columns = statements.open_statement(file, at.owner_id)
    problems = statements.read(table, columns, own=at.number, asset=at.asset).problems
    counts = Counts()
    if not problems:
        with file.open("rb") as content:
            pieces = iter(lambda: content.read(2**20), b"")
            job = taking.keep_file(actor=SYSTEM, at=at, name=file.name, pieces=pieces)
        taken, problems = taking.take_in(actor=SYSTEM, job_id=job.pk, at=at)
        if taken is not None:
            say(f"自动对上 {taken.matched} 笔。")
            counts.created, counts.unchanged = len(taken.new), taken.known
            print(counts.line())
            return 0
        taking.refuse(actor=SYSTEM, job_id=job.pk, problems=problems, failure=taking.STOPPED)
    target = report or file.with_name(file.name + ".rejected.xlsx")
    statements.write_report(table, problems, target)
    counts.rejected = len({p.row for p in problems})
    counts.problems = [{"row": p.row, "column": p.column, "reason": p.reason} for p in problems]
    say("整份流水都没有记账：改正下面的行，再导入原来的文件。")
    _close(counts, target, "改正原来的文件后再导入。")
    return 2


@contextmanager
def progress(total: int, what: str = "已读") -> Iterator[Callable[[int], None]]:
    """A bar on a terminal; silence in a pipe."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    began = time.monotonic()

    def show(done: int) -> None:
        share = min(done / total, 1.0) if total else 0.0
        bar = ("█" * round(share * 24)).ljust(24, "░")
        pace = done / max(time.monotonic() - began, 0.001)
        print(
            f"\r{what} {bar} {done}/{total}  每秒 {pace:.0f} ", end="", file=sys.stderr, flush=True
        )

    yield show
    print(file=sys.stderr)


def export_file(kind: str, file: Path) -> int:
    """Write every record of a library, or every deal, to a file; prints how many."""
    from yangbanjian.faces.sheets import columns, deals, opening, writing
    from yangbanjian.kernel.words import gettext_noop

    library = columns.library_of(kind)
    if library is None and kind != deals.NAME:
        sentence = gettext_noop("可以导出的是 %(kinds)s。")
        raise opening.unusable("kind", sentence, kinds="、".join((*KINDS, deals.NAME)))
    fresh = file.with_name(f".{os.getpid()}.{file.name}")
    try:
        count = writing.export(library, _all(library), fresh) if library else deals.export(fresh)
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)
    print(f"exported={count}")
    return 0


def _all(library: Library) -> Iterator[Any]:
    from yangbanjian.kernel.actor import SYSTEM
    from yangbanjian.libraries.records import queries

    rows = queries.visible(library, SYSTEM).order_by("pk")
    yield from rows.iterator(chunk_size=1000)


def match_file(queries: Path, kind: str, *, top: int, run: Path, encodes: bool) -> int:
    """Match every sentence of a file with a whole library; writes a TREC run."""
    from yangbanjian.engines.matching import batch
    from yangbanjian.faces.cli import working

    asked = list(_queries(queries))
    working.catch_up()
    if encodes:
        _encode_all(batch.lacking())
    fresh = run.with_name(f".{os.getpid()}.{run.name}")
    try:
        with fresh.open("w", encoding="utf-8") as out, progress(len(asked), "已匹配") as show:
            lines = batch.match_to(
                out, asked, kind=kind, top=top, encodes=encodes,
                processes=os.cpu_count() or 1, on_progress=show,
            )  # fmt: skip
        fresh.replace(run)
    finally:
        fresh.unlink(missing_ok=True)
    print(f"queries={len(asked)} lines={lines}")
    return 0


def _encode_all(lacking: int) -> None:
    from yangbanjian.engines.matching.live import live

    done = 0
    with progress(lacking, "已编码") as show:
        while made := live().encode_some():
            done += made
            show(done)


def _queries(file: Path) -> Iterator[tuple[str, str]]:
    """(id, text) of each line. Raises Invalid naming the first line that can't be used."""
    from yangbanjian.faces.sheets import opening, reading
    from yangbanjian.kernel.words import gettext_noop

    for row in reading.open_table(file).rows():
        name, text = row.cells.get("_id"), row.cells.get("text")
        if row.problem is not None or not isinstance(text, str) or name in (None, ""):
            raise opening.unusable(
                "queries",
                gettext_noop("第 %(line)d 行不能用：每行应是 %(example)s。"),
                line=row.number,
                example=json.dumps({"_id": "q1", "text": "…"}, ensure_ascii=False),
            )
        yield str(name), text
