"""Bank statements: what the columns of a bank's own file mean, and its lines, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext, override

from yangbanjian.faces.sheets.columns import bare, normal
from yangbanjian.faces.sheets.mapping import signature
from yangbanjian.faces.sheets.opening import unusable
from yangbanjian.faces.sheets.reading import Table, open_table
from yangbanjian.faces.sheets.writing import RejectedRows
from yangbanjian.ground.bank.rules import (
    AMOUNT,
    COLUMNS,
    EXPENSE,
    INCOME,
    MOST_LINES,
    NEEDED,
    StatementLine,
    read_line,
    repeated,
)
from yangbanjian.ground.intake import imports
from yangbanjian.kernel.refusals import Problem
from yangbanjian.kernel.words import gettext_noop

KIND = "bank"
KEPT_PROBLEMS = 200


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with a row: its number as people count, the column's heading, the sentence."""

    row: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A file as it was read: its lines, or what stops it."""

    table: Table
    columns: Mapping[str, str]
    lines: list[tuple[int, StatementLine]]
    problems: list[RowProblem]


def open_statement(path: Path, owner_id: int) -> tuple[Table, dict[str, str]]:
    """The file and what its columns mean (heading -> column): as somebody of this owner has
    confirmed before, else by the headings."""
    table = open_table(path)
    if table.found.shape == "lines":
        raise unusable("statement_shape", gettext_noop("银行流水请用 .xlsx 或 .csv。"))
    kept = imports.remembered(owner_id, KIND, signature(table.headings))
    return table, kept if kept is not None else propose(table.headings)


def propose(headings: tuple[str, ...]) -> dict[str, str]:
    """Heading -> column, for the headings that are known; each column once, by its best name."""
    meant: dict[str, str] = {}
    for simplify in (str, bare):
        for column in COLUMNS:
            known = [normal(n) for n in (*_own_names(column.heading), column.name, *column.names)]
            free = {normal(simplify(h)): h for h in reversed(headings) if h and h not in meant}
            hit = next((free[n] for n in known if n in free), None)
            if hit is not None and column.name not in meant.values():
                meant[hit] = column.name
    return meant


def _own_names(heading: str) -> list[str]:
    said = [heading]
    for language in ("zh-hant", "en"):
        with override(language):
            said.append(gettext(heading))
    return said


def check(table: Table, columns: Mapping[str, str]) -> None:
    """Raises Invalid when a column that every line needs is missing, or is named twice."""
    taken = [c for c in columns.values() if c]
    lacking = [c.heading for c in COLUMNS if c.name in NEEDED and c.name not in taken]
    if AMOUNT not in taken and not {INCOME, EXPENSE} <= set(taken):
        lacking.append(gettext_noop("收入金额与支出金额（或金额）"))
    if lacking:
        raise unusable(
            "statement_columns",
            gettext_noop("没有找到这些列：%(lacking)s。文件里的列是：%(found)s。请对应好再试。"),
            lacking="、".join(gettext(h) for h in lacking),
            found="、".join(h for h in table.headings if h)[:300],
        )
    twice = next((c.heading for c in COLUMNS if taken.count(c.name) > 1), "")
    if twice:
        raise unusable(
            "statement_twice", gettext_noop("有两列都选了「%(column)s」，请改掉一列。"),
            column=gettext(twice),
        )  # fmt: skip


def read(table: Table, columns: Mapping[str, str], *, own: str, asset: str) -> Statement:
    """Every line of the file, and every row that stops it, told by its number."""
    check(table, columns)
    headings = {column: heading for heading, column in columns.items() if column}
    lines: list[tuple[int, StatementLine]] = []
    problems: list[RowProblem] = []
    for count, row in enumerate(table.rows(), 1):
        if count > MOST_LINES:
            told = gettext_noop("一份流水最多 %(most)d 笔，请按日期分开导出。")
            raise unusable("statement_too_long", told, most=MOST_LINES)
        cells = {column: row.cells.get(heading) for column, heading in headings.items()}
        found = [row.problem] if row.problem else read_line(cells, own=own, asset=asset)
        if isinstance(found, StatementLine):
            lines.append((row.number, found))
        else:
            problems += [_told(row.number, problem, headings) for problem in found]
    problems += [_told(number, problem, headings) for number, problem in repeated(lines)]
    if not lines and not problems:
        raise unusable(
            "no_rows", gettext_noop("表里没有数据。第一行应是列名，从第二行起每行一条。")
        )
    return Statement(table, columns, lines, sorted(problems, key=lambda p: p.row)[:KEPT_PROBLEMS])


def _told(row: int, problem: Problem, headings: Mapping[str, str]) -> RowProblem:
    said = gettext(problem.sentence)
    told = said % problem.params if problem.params else said
    return RowProblem(row, headings.get(problem.field, ""), told)


def write_report(table: Table, problems: list[RowProblem], path: Path) -> None:
    """The rows that stop a statement, as they were sent, each with what is wrong."""
    wrong: dict[int, list[RowProblem]] = {}
    for problem in problems:
        wrong.setdefault(problem.row, []).append(problem)
    with RejectedRows(path, table.headings) as report:
        for row in table.rows():
            if found := wrong.pop(row.number, None):
                columns = "、".join(dict.fromkeys(p.column for p in found if p.column))
                report.add(row, columns, "".join(p.reason for p in found))
            if not wrong:
                break


def told_by_rows(problems: Any, statement: Statement) -> list[RowProblem]:
    """Refusals of the action (`lines.N.field`) as rows of the file."""
    headings = {column: heading for heading, column in statement.columns.items() if column}
    found = []
    for problem in problems:
        _, place, field = problem.field.split(".")
        number = statement.lines[int(place)][0]
        found.append(
            _told(number, Problem(field, problem.code, problem.sentence, problem.params), headings)
        )
    return found[:KEPT_PROBLEMS]
