"""Code tables read from CSV: codes with their place in a tree, distance, search.

A table is a file of columns code, parent, label_zh, label_hant, label_en, level, edition, source
and, where people need more than a label, note_zh, note_hant, note_en. The reader takes text, not a
path.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from yangbanjian.kernel.flaws import Flaw, gettext_noop
from yangbanjian.kernel.text import clean_line, fold

REQUIRED = ("code", "label_zh")
MOST_ROWS = 50_000
DEEPEST = 8
LONGEST_CODE = 20


@dataclass(frozen=True)
class Code:
    """One code of one table. ``parent`` is "" at the top; ``level`` counts from 1."""

    table: str
    code: str
    parent: str
    level: int
    label_zh: str
    label_hant: str = ""
    label_en: str = ""
    edition: str = ""
    source: str = ""
    note_zh: str = ""
    note_hant: str = ""
    note_en: str = ""

    def label(self, language: str = "zh-hans") -> str:
        """The label in a language; the source label where there is no other."""
        return self._said("label", language)

    def note(self, language: str = "zh-hans") -> str:
        """What the label means; "" in tables without notes."""
        return self._said("note", language)

    def _said(self, what: str, language: str) -> str:
        name = language.lower()
        column = "en" if name.startswith("en") else "hant" if name in _HANT else "zh"
        said: str = getattr(self, f"{what}_{column}")
        source: str = getattr(self, f"{what}_zh")
        return said or source


_HANT = frozenset({"zh-hant", "zh-tw", "zh-hk", "zh-mo"})
_COLUMNS = tuple(name for name in Code.__dataclass_fields__ if name not in ("table", "level"))


@dataclass(frozen=True)
class RowProblem:
    """A rejected row: ``row`` as a spreadsheet counts it, the heading being row 1."""

    row: int
    column: str
    problem: Flaw


@dataclass(frozen=True)
class CodeTable:
    """The codes of one table in the order of the file."""

    name: str
    codes: Mapping[str, Code]

    def __contains__(self, code: object) -> bool:
        return code in self.codes

    def __iter__(self) -> Iterator[Code]:
        return iter(self.codes.values())

    def __len__(self) -> int:
        return len(self.codes)

    def path(self, code: str) -> tuple[Code, ...]:
        """From the top down to the code itself; () for an unknown code."""
        found: list[Code] = []
        at = self.codes.get(code)
        while at is not None and len(found) < DEEPEST:
            found.append(at)
            at = self.codes.get(at.parent)
        return tuple(reversed(found))

    def children(self, code: str = "") -> tuple[Code, ...]:
        """The codes right below one, or the top level."""
        return self._children.get(code, ())

    def distance(self, a: str, b: str) -> int | None:
        """Steps from one code to another through their nearest common ancestor, the unwritten
        root above the top level included: 0 same, 1 parent, 2 siblings. None for unknown codes."""
        one, other = self.path(a), self.path(b)
        if not one or not other:
            return None
        common = 0
        for left, right in zip(one, other, strict=False):
            if left.code != right.code:
                break
            common += 1
        return len(one) + len(other) - 2 * common

    def search(self, query: str, *, limit: int = 20) -> list[Code]:
        """Codes by code, start of code, start of label, part of label, in this order. "C27" finds
        27 under C. Labels of all three languages count; case and width don't."""
        wanted = fold(clean_line(query, cap=60))
        if not wanted:
            return []
        ranked = (
            (rank, place, code)
            for place, (code, keys) in enumerate(self._keys)
            if (rank := _rank(wanted, keys)) is not None
        )
        return [code for _, _, code in sorted(ranked, key=lambda row: row[:2])[:limit]]

    @cached_property
    def _children(self) -> dict[str, tuple[Code, ...]]:
        below: dict[str, list[Code]] = {}
        for code in self:
            below.setdefault(code.parent, []).append(code)
        return {parent: tuple(codes) for parent, codes in below.items()}

    @cached_property
    def _keys(self) -> list[tuple[Code, tuple[tuple[str, ...], tuple[str, ...]]]]:
        keyed = []
        for code in self:
            top = self.path(code.code)[0].code
            numbers = (code.code, top + code.code) if top.isalpha() else (code.code,)
            labels = (code.label_zh, code.label_hant, code.label_en)
            folded = tuple(fold(label) for label in labels if label)
            keyed.append((code, (tuple(fold(number) for number in numbers), folded)))
        return keyed


def _rank(wanted: str, keys: tuple[tuple[str, ...], tuple[str, ...]]) -> int | None:
    numbers, labels = keys
    if wanted in numbers or wanted in labels:
        return 0
    if any(number.startswith(wanted) for number in numbers):
        return 1
    if any(label.startswith(wanted) for label in labels):
        return 2
    return 3 if any(wanted in label for label in labels) else None


def read_table(name: str, text: str) -> tuple[CodeTable, list[RowProblem]]:
    """Read a CSV text. Good rows make the table; each other row is named with what to do.

    Levels are counted from the parents, not believed. A parent may stand after its children.
    """
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    try:
        missing = [column for column in REQUIRED if column not in (rows.fieldnames or ())]
        if missing:
            return CodeTable(name, {}), [RowProblem(1, missing[0], _no_column(missing[0]))]
        kept, problems = _distinct(_cleaned(rows))
    except csv.Error:
        # A cell beyond the csv module's limit: nothing after it can be trusted.
        return CodeTable(name, {}), [RowProblem(rows.line_num, "", _unreadable())]
    codes, orphans = _placed(name, kept)
    return CodeTable(name, codes), sorted(problems + orphans, key=lambda p: p.row)


def _cleaned(rows: "csv.DictReader[str]") -> Iterator[tuple[int, dict[str, str]]]:
    for number, row in enumerate(rows, start=2):
        if number > MOST_ROWS + 1:
            return
        yield number, {column: clean_line(row.get(column) or "") for column in _COLUMNS}


_Rows = dict[str, tuple[int, dict[str, str]]]


def _distinct(rows: Iterable[tuple[int, dict[str, str]]]) -> tuple[_Rows, list[RowProblem]]:
    kept: _Rows = {}
    problems = []
    for number, row in rows:
        if not any(row.values()):
            continue
        # The 1992 edition of the disciplines wrote 510.10; the present one has no dot.
        code = row["code"] = row["code"].replace(".", "")
        row["parent"] = row["parent"].replace(".", "")
        blank = next((column for column in REQUIRED if not row[column]), None)
        if blank:
            problems.append(RowProblem(number, blank, _blank(blank)))
        elif code in kept or len(code) > LONGEST_CODE:
            problems.append(RowProblem(number, "code", _bad_code(code, code in kept)))
        else:
            kept[code] = (number, row)
    return kept, problems


def _placed(name: str, kept: _Rows) -> tuple[dict[str, Code], list[RowProblem]]:
    codes, problems = {}, []
    for code, (number, row) in kept.items():
        level = _level(row["parent"], kept)
        if level is None:
            problems.append(RowProblem(number, "parent", _no_parent(row["parent"])))
        else:
            codes[code] = Code(table=name, level=level, **row)
    return codes, problems


def _level(parent: str, kept: _Rows) -> int | None:
    level = 1
    while parent:
        if parent not in kept or level >= DEEPEST:
            return None
        parent = kept[parent][1]["parent"]
        level += 1
    return level


def _no_column(column: str) -> Flaw:
    return Flaw(
        "codes.no_column",
        gettext_noop("第一行缺少“%(column)s”这一列，请补上列名。"),
        {"column": column},
    )


def _unreadable() -> Flaw:
    return Flaw(
        "codes.unreadable",
        gettext_noop("这一行读不出来，可能缺了一个引号，请用表格软件另存为 CSV 再试。"),
    )


def _blank(column: str) -> Flaw:
    return Flaw("codes.blank", gettext_noop("“%(column)s”是空的，请填写。"), {"column": column})


def _bad_code(code: str, twice: bool) -> Flaw:
    if twice:
        return Flaw(
            "codes.twice",
            gettext_noop("代码“%(code)s”前面已经有了，请删掉重复的一行。"),
            {"code": code},
        )
    return Flaw("codes.too_long", gettext_noop("代码太长，请改成 20 个字符以内。"))


def _no_parent(parent: str) -> Flaw:
    return Flaw(
        "codes.no_parent",
        gettext_noop("找不到上级代码“%(parent)s”，请补上这一行，或者改正上级。"),
        {"parent": parent},
    )
