"""`ybj import codes`: full code tables from a sheet, beside those that ship."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from yangbanjian.faces.sheets.cells import as_text
from yangbanjian.faces.sheets.importing import Counts
from yangbanjian.faces.sheets.opening import unusable
from yangbanjian.faces.sheets.reading import Row, open_table
from yangbanjian.faces.sheets.writing import RejectedRows
from yangbanjian.ground.codes import actions
from yangbanjian.kernel.words import gettext_noop

COLUMNS = (
    "table", "code", "parent", "label_zh", "label_hant", "label_en", "edition", "source",
)  # fmt: skip
_HEADINGS = {
    "表": "table", "代码": "code", "上级": "parent", "上级代码": "parent", "名称": "label_zh",
    "繁体": "label_hant", "英文": "label_en", "版本": "edition", "来源": "source",
}  # fmt: skip


def import_codes(path: Path) -> Counts:
    """Rows with `table, code, label_zh` and more; the table may be the file's name. Idempotent."""
    table = open_table(path)
    names = {h: _HEADINGS.get(h, h.strip().lower()) for h in table.headings}
    if not {"code", "label_zh"} <= set(names.values()):
        raise unusable(
            "missing_columns",
            gettext_noop("没有找到必填的列：%(lacking)s。文件里的列是：%(found)s。"),
            lacking="code、label_zh",
            found="、".join(table.headings)[:300],
        )
    own = path.name.split(".")[0]
    given = []
    for row in table.rows():
        said = {names[h]: as_text(v).strip() for h, v in row.cells.items() if names[h] in COLUMNS}
        given.append((row.number, {"table": own, **{k: v for k, v in said.items() if v}}))
    result = actions.import_codes(given)
    counts = Counts(
        read=len(given), total=len(given), created=result.created, updated=result.updated,
        unchanged=result.unchanged, rejected=len(result.rejected),
    )  # fmt: skip
    by_number = dict(given)
    counts.problems = [
        {"row": n, "column": p.field, "reason": str(p), "cells": by_number[n]}
        for n, p in result.rejected
    ]
    return counts


def write_report(problems: list[dict[str, Any]], path: Path) -> None:
    """The rejected codes, to be put right and sent again."""
    with RejectedRows(path, COLUMNS) as report:
        for problem in problems:
            report.add(Row(problem["row"], problem["cells"]), problem["column"], problem["reason"])
