"""Adding full code tables from a sheet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from yangbanjian.ground.codes import queries
from yangbanjian.ground.codes.models import Code
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.kernel.refusals import Problem
from yangbanjian.kernel.text import clean_line
from yangbanjian.kernel.words import gettext_noop

_NAME = re.compile(r"^[a-z][a-z_]{1,40}$")
LONGEST_CODE, DEEPEST = 20, 8
_TEXTS = ("parent", "label_zh", "label_hant", "label_en", "edition", "source")


@dataclass(slots=True)
class Imported:
    """What became of the rows."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[tuple[int, Problem]] = field(default_factory=list)


def import_codes(rows: Sequence[tuple[int, dict[str, str]]]) -> Imported:
    """Write (row number, columns) of any tables; what stands with the same code and edition is
    updated. A row whose parent is unknown, or which comes twice, is left out."""
    done = Imported()
    with acting(SYSTEM):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('codes.import'))")
        usable = _usable(rows, done)
        standing = {
            (c.table, c.code, c.edition): c
            for c in Code.objects.filter(table__in={r["table"] for _, r in usable})
        }
        fresh, changed = [], []
        for _, row in usable:
            values = {name: row.get(name, "") for name in _TEXTS} | {"level": int(row["level"])}
            old = standing.get((row["table"], row["code"], values["edition"]))
            if old is None:
                fresh.append(Code(table=row["table"], code=row["code"], **values))
            elif any(getattr(old, k) != v for k, v in values.items()):
                for name, value in values.items():
                    setattr(old, name, value)
                changed.append(old)
            else:
                done.unchanged += 1
        Code.objects.bulk_create(fresh, batch_size=2000)
        Code.objects.bulk_update(changed, [*_TEXTS, "level"], batch_size=500)
        done.created, done.updated = len(fresh), len(changed)
        if fresh or changed:
            told = {"tables": sorted({r["table"] for _, r in usable}), "created": len(fresh)}
            fact = journal.Fact("codes.imported", "codes", 0, payload=told)
            journal.record(actor=SYSTEM, fact=fact)
    return done


def _usable(
    rows: Sequence[tuple[int, dict[str, str]]], done: Imported
) -> list[tuple[int, dict[str, Any]]]:
    """Rows in which everything holds, with their level in the tree."""
    tidy = [(n, {k: clean_line(v, cap=200) for k, v in row.items()}) for n, row in rows]
    parents: dict[tuple[str, str], str] = {}
    first: list[tuple[int, dict[str, Any]]] = []
    for number, row in tidy:
        problem = _problem_of(row, parents)
        if problem:
            done.rejected.append((number, problem))
            continue
        parents[row["table"], row["code"]] = row.get("parent", "")
        first.append((number, row))
    known = {table: queries.table(table).codes for table in {r["table"] for _, r in first}}
    for table, codes in known.items():
        for code in codes.values():
            parents.setdefault((table, code.code), code.parent)
    kept = []
    for number, row in first:
        level = _level(row["table"], row["code"], parents)
        if level is None:
            sentence = gettext_noop("上级代码「%(parent)s」不在表里，或绕成了圈。")
            told = {"parent": row.get("parent", "")}
            done.rejected.append((number, Problem("parent", "no_parent", sentence, told)))
        else:
            kept.append((number, {**row, "level": level}))
    return kept


def _problem_of(row: dict[str, str], seen: dict[tuple[str, str], str]) -> Problem | None:
    if not _NAME.match(row.get("table", "")):
        sentence = gettext_noop("表名应是小写英文字母，如 industries。")
        return Problem("table", "table_name", sentence)
    code = row.get("code", "")
    if not code or len(code) > LONGEST_CODE or " " in code:
        return Problem("code", "bad_code", gettext_noop("代码要填，最多 20 位，不能有空格。"))
    if not row.get("label_zh"):
        return Problem("label_zh", "required", gettext_noop("名称要填。"))
    if (row["table"], code) in seen:
        sentence = gettext_noop("代码「%(code)s」重复，只收第一行。")
        return Problem("code", "duplicate", sentence, {"code": code})
    return None


def _level(table: str, code: str, parents: dict[tuple[str, str], str]) -> int | None:
    level, at = 1, code
    while parent := parents.get((table, at), ""):
        if (table, parent) not in parents or level >= DEEPEST:
            return None
        level, at = level + 1, parent
    return level
