"""The reference of sheets, written from the same declarations that read and write them."""

from __future__ import annotations

from yangbanjian.faces.sheets.cells import Codebook
from yangbanjian.faces.sheets.columns import LIBRARIES, Column, columns_of
from yangbanjian.faces.sheets.templates import example
from yangbanjian.ground.codes import queries as codes

_KINDS = {
    "line": "文字，一行",
    "text": "文字",
    "integer": "整数",
    "number": "数字",
    "fen": "金额（元）",
    "date": "日期",
    "boolean": "是／否",
    "code": "代码或名称",
    "codes": "几个代码或名称，用“；”隔开",
    "words": "几个词，“；”隔开",
    "rows": "几行，每行用“|”隔开",
}
_HEAD = """# 表格的列

本页由 `yangbanjian.faces.sheets.reference` 生成，请不要手改。
怎样导入见 [导入表格](../use/import.md)。

`.xlsx` 与 `.csv` 用中文列名（也认字段名、繁体和英文列名）；`.jsonl` 用字段名，金额是整数分，
列表是数组，多行字段是对象的数组。多行字段在表格里一行一条，格子之间用 `|`；文字里的 `|`、`；`
前面加反斜杠。以 `=` `+` `-` `@` 开头的文字在 `.csv` 里前面加 `'`，导入时去掉。
"""


def render() -> dict[str, str]:
    """The page: path below the repository -> Markdown. What an installation imported isn't in it."""
    book = Codebook(codes.shipped)
    parts = [_HEAD]
    for room, library in LIBRARIES.items():
        parts.append(f"\n## {library.label} `{room}`\n")
        parts.append(
            "| 列 | 字段 | 内容 | 必填 | 可填 | 例子 |\n| --- | --- | --- | --- | --- | --- |"
        )
        parts += [_line(column, book) for column in columns_of(room)]
    return {"docs/reference/sheets.md": "\n".join(parts) + "\n"}


def _line(column: Column, book: Codebook) -> str:
    cells = (
        column.heading, f"`{column.name}`", _KINDS[column.kind], "是" if column.is_required else "",
        _allowed(column), str(example(column, book)),
    )  # fmt: skip
    return "| " + " | ".join(c.replace("|", "\\|").replace("\n", " ⏎ ") for c in cells) + " |"


def _allowed(column: Column) -> str:
    field = column.field
    if field is None:
        return ""
    if field.kind == "rows":
        return "|".join(c.label for c in field.columns)
    if field.kind in ("code", "codes"):
        return f"代码表 `{field.table}`"
    if field.least is not None or field.most is not None:
        return f"{field.least} 到 {field.most}"
    return f"最多 {field.cap} 字" if field.cap else ""
