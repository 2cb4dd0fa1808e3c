"""A statement on its way into the books: kept as an import, looked through, then taken in whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from django.utils.translation import get_language

from yangbanjian.faces.sheets import statements
from yangbanjian.faces.sheets.mapping import signature
from yangbanjian.faces.sheets.statements import KIND, RowProblem, Statement
from yangbanjian.ground.bank import actions, policy, queries
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.intake import imports
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Invalid, NotFound
from yangbanjian.kernel.words import gettext_noop

STOPPED = gettext_noop("有的行收不进，整份流水都没有记账。请改正后再送。")


def bank_account_of(actor: Actor, said: str) -> Any:
    """The bank account that is meant: by its number or id, or the only one that there is."""
    found = queries.accounts(actor)
    if said.strip():
        digits = said.isascii() and said.isdigit() and len(said) < 19
        one = found.filter(number=said.strip()).first()
        one = one or (found.filter(pk=int(said)).first() if digits else None)
    else:
        one = found.first() if found.count() == 1 else None
    if one is None:
        raise NotFound("bank.no_account", gettext_noop("没有这个银行账户，请先登记。"))
    return one


def keep_file(*, actor: Actor, at: Any, name: str, pieces: Iterable[bytes]) -> Any:
    """The import that a file belongs to from now on; nothing is read or posted yet."""
    policy.may_keep_books(actor).or_refuse()
    return imports.begin(
        actor=actor, kind=KIND, owner_id=at.owner_id, name=name, pieces=pieces,
        language=get_language() or "zh-hans",
    )  # fmt: skip


def look(job: Any, at: Any, columns: Mapping[str, str] | None = None) -> Statement:
    """The lines of a kept file and what stops it. Raises Invalid for one that can't be used."""
    table, proposed = statements.open_statement(imports.path_of(job.file), at.owner_id)
    return statements.read(
        table, proposed if columns is None else columns, own=at.number, asset=at.asset
    )


def take_in(
    *, actor: Actor, job_id: int, at: Any, columns: Mapping[str, str] | None = None
) -> tuple[Any, list[RowProblem]]:
    """Take a kept file in, whole: (what was taken, what stops it). With anything that stops it,
    nothing is taken and the file may be looked at again."""
    policy.may_keep_books(actor).or_refuse()
    with acting(actor):
        job = imports.take_on(actor=actor, job_id=job_id)
        found = look(job, at, columns)
        if found.problems:
            return None, found.problems
        try:
            taken = actions.take(
                actor=actor, bank_account_id=at.pk, lines=[line for _, line in found.lines],
                source=job.sha256,
            )  # fmt: skip
        except Invalid as refusal:
            if not refusal.problems:
                raise
            return None, statements.told_by_rows(refusal.problems, found)
        if columns is not None:
            imports.remember(
                actor=actor, owner_id=at.owner_id, kind=KIND,
                signature=signature(found.table.headings), columns=columns,
            )  # fmt: skip
        counts = {
            "total": len(found.lines), "read": len(found.lines), "created": len(taken.new),
            "unchanged": taken.known,
        }  # fmt: skip
        imports.finish(actor=actor, job_id=job_id, counts=counts, problems=[])
    return taken, []


def refuse(*, actor: Actor, job_id: int, problems: list[RowProblem], failure: str) -> None:
    """End a file that is not taken in, with its rows."""
    imports.finish(
        actor=actor, job_id=job_id, counts={"rejected": len({p.row for p in problems})},
        problems=[asdict(p) for p in problems], failure=failure,
    )  # fmt: skip
