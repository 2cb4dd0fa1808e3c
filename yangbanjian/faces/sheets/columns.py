"""The columns of a sheet, generated from what a library says of its fields.

A column is recognised by its heading in any of the three languages, by the field's own name (as
the API calls it), or by one of the names that other systems give it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from django.utils.translation import gettext, override

from yangbanjian.kernel.numbers import MoneyUnit
from yangbanjian.kernel.words import gettext_noop as _
from yangbanjian.libraries.achievements.queries import LIBRARY as ACHIEVEMENTS
from yangbanjian.libraries.demands.queries import LIBRARY as DEMANDS
from yangbanjian.libraries.experts.queries import LIBRARY as EXPERTS
from yangbanjian.libraries.records.queries import Library
from yangbanjian.libraries.records.rules.fields import Field

LIBRARIES = {library.room: library for library in (ACHIEVEMENTS, DEMANDS, EXPERTS)}
EXTERNAL_ID, RECORD_ID = "external_id", "record_id"
_NO_LETTERS = re.compile(r"[\s_\-*＊:：()（）\[\]【】.。/／]+")
_UNIT = re.compile(r"[(（\[【]([^)）\]】]{1,8})[)）\]】]\s*$")
_UNITS: dict[str, MoneyUnit] = {
    "元": "yuan", "元起": "yuan", "万元": "wan", "萬元": "wan", "万": "wan", "亿元": "yi",
    "億元": "yi", "亿": "yi", "分": "fen", "yuan": "yuan", "cny": "yuan", "rmb": "yuan",
    "10kcny": "wan", "fen": "fen",
}  # fmt: skip

# How other systems head the same thing.
_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    EXTERNAL_ID: (
        "id", "_id", "编号", "外部编号", "成果编号", "需求编号", "专家编号", "论文编号",
    ),
    RECORD_ID: ("platform id",),
    "title": (
        "标题", "題目", "题目", "題名", "题名", "名称", "成果名称", "项目名称", "需求名称",
        "论文题目", "专利名称", "技术名称", "难题名称", "name", "姓名", "专家姓名", "标题名称",
    ),
    "abstract": (
        "摘要", "简介", "简要介绍", "成果简介", "内容简介", "项目简介", "技术简介", "难题",
        "需求描述",
        "问题描述", "内容", "描述", "专长", "个人简介", "研究专长", "text",
        "summary", "description", "content",
    ),
    "keywords": ("关键词", "关键字", "主题词", "技能", "keyword", "tags", "标签"),
    "field": ("技术领域", "领域", "所属领域"),
    "trl": ("trl", "成熟度", "技术成熟度", "技术就绪度", "就绪度"),
    "trl_wanted": ("trl", "成熟度", "要求成熟度"),
    "price_fen": ("期望价格", "价格", "报价", "转让价格", "意向价格", "price"),
    "budget_fen": ("预算", "投入预算", "意向资金", "拟投入资金", "budget"),
    "deadline": ("希望完成日期", "截止日期", "完成时间", "期限", "deadline"),
    "team": ("团队", "研发团队", "完成单位"),
    "modes": ("合作方式", "转化方式", "意向合作方式"),
    "region": ("所在地区", "地区", "区域", "所在地"),
    "industry_codes": ("国民经济行业", "行业", "所属行业", "应用行业"),
    "affiliation": ("单位", "工作单位", "所在单位", "affiliation"),
    "job_title": ("职称", "职务"),
    "advantage": ("优势", "创新点", "技术优势"),
    "problem": ("解决什么问题", "解决问题", "应用场景"),
    "title_en": ("英文名称", "英文题名", "title_en", "english title"),
    "abstract_en": ("英文摘要", "english abstract"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `name` is the field's, `names` are the normalised headings that mean it."""

    name: str
    heading: str
    kind: str
    names: frozenset[str]
    field: Field | None = None
    hint: str = ""
    example: str = ""
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a heading of a file means: a column, and for money the unit of a bare number."""

    column: str
    unit: MoneyUnit = "yuan"


def normal(heading: str) -> str:
    """A heading as it is compared: half width, lower case, no spaces or marks."""
    return _NO_LETTERS.sub("", unicodedata.normalize("NFKC", heading).casefold())


def bare(heading: str) -> str:
    """A heading without the unit or remark in brackets at its end."""
    return _UNIT.sub("", unicodedata.normalize("NFKC", heading).strip())


def unit_of(heading: str) -> MoneyUnit:
    """The unit that a heading names in brackets, as in 「预算（万元）」; 元 where it names none."""
    found = _UNIT.search(unicodedata.normalize("NFKC", heading).strip())
    if heading.strip().endswith("_fen"):
        return "fen"
    return _UNITS.get(found[1].strip().casefold(), "yuan") if found else "yuan"


def _names(name: str, heading: str) -> frozenset[str]:
    said = {heading}
    for language in ("zh-hant", "en"):
        with override(language):
            said.add(gettext(heading))
    spoken = [name, *said, *(bare(s) for s in said), *_SYNONYMS.get(name, ())]
    return frozenset(normal(s) for s in spoken if s)


_HINTS = {
    "fen": _("金额，单位元；可写 80万、三百万。"),
    "date": _("日期，如 2026-03-01。"),
    "boolean": _("填“是”或“否”。"),
    "code": _("从列表中选，或填代码。"),
    "codes": _("可填几项，用“；”隔开；每项填名称或代码。"),
    "words": _("可填几项，用“；”隔开。"),
}


def _hint(field: Field) -> str:
    if field.kind == "rows":
        return "|".join(c.label for c in field.columns)
    return field.hint or _HINTS.get(field.kind, "")


def _column(field: Field) -> Column:
    return Column(
        name=field.name,
        heading=field.label,
        kind=field.kind,
        names=_names(field.name, field.label),
        field=field,
        hint=_hint(field),
        example=field.example,
        is_required=field.is_required,
    )


@cache
def columns_of(room: str) -> tuple[Column, ...]:
    """The columns of a library (by its room's name), those that identify a row first."""
    own = [_column(f) for f in LIBRARIES[room].fields]
    taken = {name for c in own for name in c.names}
    ids = (
        Column(
            EXTERNAL_ID, _("编号"), "line", _names(EXTERNAL_ID, _("编号")), is_required=True,
            hint=_("本单位自己的编号，同一单位内不重复；再次导入时按它更新。"),
            example="CG-2026-001",
        ),
        Column(
            RECORD_ID, _("平台编号"), "line", _names(RECORD_ID, _("平台编号")),
            hint=_("导出时由平台填写，请不要改动；新增的行留空。"),
        ),
    )  # fmt: skip
    return (*(replace(c, names=c.names - taken) for c in ids), *own)


def library_of(kind: str) -> Library | None:
    """The library of a kind or room (achievement, achievements)."""
    return next((lib for lib in LIBRARIES.values() if kind in (lib.kind, lib.room)), None)


def by_heading(columns: Iterable[Column], headings: Iterable[str]) -> dict[int, Meaning]:
    """What each heading means, by its place; a column is taken once, by its best name."""
    meant: dict[int, Meaning] = {}
    listed = list(headings)
    taken: set[str] = set()
    for simplify in (str, bare):
        wanted: dict[str, int] = {}
        for at, heading in enumerate(listed):
            if at not in meant and heading:
                wanted.setdefault(normal(simplify(heading)), at)
        for column in columns:
            hit = _first(column, wanted)
            if column.name not in taken and hit is not None and hit not in meant:
                meant[hit] = Meaning(column.name, unit_of(listed[hit]))
                taken.add(column.name)
    return meant


def _first(column: Column, wanted: Mapping[str, int]) -> int | None:
    own = normal(column.heading)
    ranked = [own, normal(column.name), *sorted(column.names)]
    return next((wanted[name] for name in ranked if name in wanted), None)
