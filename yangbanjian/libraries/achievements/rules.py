"""What an achievement says of itself, and what must hold of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from yangbanjian.kernel.refusals import Problem
from yangbanjian.kernel.words import gettext_noop as _
from yangbanjian.libraries.records.rules.fields import Field
from yangbanjian.libraries.records.rules.states import library_table

TABLE = library_table("achievements", _("已成交"))

RESULT_COLUMNS = (
    Field("metric", _("指标"), "line", is_required=True, example="综合电耗"),
    Field("op", _("关系"), "code", table="operators"),
    Field("value", _("数值"), "number"),
    Field("unit", _("计量单位"), "line", cap=20, example="%"),
    Field("conditions", _("测试条件"), "line"),
    Field("evidence", _("依据"), "line", example="第三方检测报告"),
)
TRL_COLUMNS = (
    Field("level", _("级别"), "integer", least=1, most=9, is_required=True),
    Field("text", _("证明材料"), "line", is_required=True),
)
HOLDER_COLUMNS = (
    Field("name", _("持有单位"), "line", is_required=True),
    Field("organisation", _("单位编号"), "integer"),
    Field("share_percent", _("份额%"), "number"),
)
COMPLETER_COLUMNS = (
    Field("name", _("姓名"), "line", is_required=True, cap=60),
    Field("share_percent", _("贡献%"), "number"),
)
RIGHT_COLUMNS = (
    Field("kind", _("类型"), "code", table="ip_kinds", is_required=True),
    Field("number", _("号码"), "line", cap=60),
    Field("title", _("名称"), "line"),
    Field("status", _("状态"), "code", table="ip_status"),
    Field("filed_on", _("申请日"), "date"),
    Field("expires_on", _("到期日"), "date"),
    Field("is_encumbered", _("有质押或独占许可"), "boolean"),
)

FIELDS = (
    Field(
        "title", _("名称"), "line", weight=10, is_required=True, example="低温冷库余热梯级回收系统"
    ),
    Field(
        "value_line",
        _("一句话价值"),
        "line",
        weight=8,
        cap=80,
        advice=_("用一句话写出带来的具体好处，最好有数字。"),
        example="冷库综合电耗下降三成",
    ),
    Field(
        "abstract",
        _("摘要"),
        "text",
        weight=10,
        is_required=True,
        advice=_("写清问题、做法和结果。"),
    ),
    Field(
        "problem",
        _("解决什么问题"),
        "text",
        weight=8,
        cap=1000,
        advice=_("写出谁在什么情况下遇到什么困难。"),
    ),
    Field(
        "advantage",
        _("与现有最好办法相比"),
        "text",
        weight=8,
        cap=1000,
        advice=_("写出比现有办法好多少，企业最常问这个。"),
    ),
    Field(
        "results",
        _("实测结果"),
        "rows",
        weight=12,
        columns=RESULT_COLUMNS,
        advice=_("至少给一个实测数字和测试条件，匹配时会拿来和需求比。"),
    ),
    Field(
        "keywords", _("关键词"), "words", weight=5, advice=_("给 3 到 6 个关键词，中英文都可以。")
    ),
    Field("field", _("技术领域"), "code", weight=5, table="field", advice=_("选一个技术领域。")),
    Field("kind", _("成果类型"), "code", table="achievement_kinds"),
    Field(
        "trl",
        _("技术成熟度"),
        "integer",
        weight=6,
        least=1,
        most=9,
        advice=_("选一个成熟度级别（1 到 9）。"),
    ),
    Field(
        "trl_evidence",
        _("成熟度证明"),
        "rows",
        weight=4,
        columns=TRL_COLUMNS,
        advice=_("为当前级别写出一项证明，如中试记录。"),
    ),
    Field(
        "holders",
        _("持有单位与份额"),
        "rows",
        weight=4,
        columns=HOLDER_COLUMNS,
        advice=_("写明持有单位；共有的写明份额。"),
    ),
    Field(
        "completers",
        _("完成人与贡献"),
        "rows",
        weight=3,
        columns=COMPLETER_COLUMNS,
        advice=_("按排名写出完成人。"),
    ),
    Field("is_service", _("职务成果"), "boolean", weight=2, advice=_("注明是否职务科技成果。")),
    Field(
        "is_fiscally_funded",
        _("财政资金支持"),
        "boolean",
        weight=1,
        advice=_("注明是否有财政资金支持。"),
    ),
    Field("project_no", _("项目编号"), "line", cap=100),
    Field(
        "rights",
        _("知识产权"),
        "rows",
        weight=6,
        columns=RIGHT_COLUMNS,
        advice=_("列出专利或软著的号码，平台会核对校验位。"),
    ),
    Field(
        "modes",
        _("合作方式"),
        "codes",
        weight=4,
        table="deal_modes",
        advice=_("选可接受的合作方式。"),
    ),
    Field(
        "price_fen", _("期望价格（元起）"), "fen", weight=2, advice=_("给一个起价，或注明面议。")
    ),
    Field("price_note", _("价格说明"), "line", example="面议；或入门费＋提成"),
    Field("region", _("所在地区"), "code", weight=1, table="regions", advice=_("选所在地区。")),
    Field(
        "industry_codes",
        _("国民经济行业"),
        "codes",
        weight=1,
        table="industries",
        advice=_("选适用的行业。"),
    ),
    Field("discipline_codes", _("学科"), "codes", table="disciplines"),
    Field("emerging_codes", _("战略性新兴产业"), "codes", table="emerging"),
    Field("team", _("团队"), "line"),
    Field("secrecy", _("密级"), "code", table="secrecy", is_public=False, unsaid="none"),
    Field("is_export_controlled", _("受出口管制"), "boolean"),
    Field("title_en", _("英文名称"), "line", cap=400),
    Field("abstract_en", _("英文摘要"), "text"),
)
TEXT_FIELDS = (
    "title", "value_line", "abstract", "problem", "advantage", "keywords", "team", "completers",
    "rights", "title_en", "abstract_en",
)  # fmt: skip


def numbers_of(values: Mapping[str, Any]) -> list[str]:
    """The intellectual-property numbers that identify this achievement, in canonical form."""
    return sorted(
        {
            r["number"].upper().replace(" ", "")
            for r in values.get("rights") or ()
            if r.get("number")
        }
    )


def problems_of(values: Mapping[str, Any]) -> list[Problem]:
    """What can't stand together: shares over or under 100 %."""
    problems = []
    for name in ("holders", "completers"):
        shares = [r.get("share_percent") for r in values.get(name) or ()]
        given = [Decimal(s) for s in shares if s]
        if given and len(given) == len(shares) and sum(given) != 100:
            problems.append(
                Problem(
                    name,
                    "shares_not_100",
                    _("份额合计应为 100%%，现在是 %(sum)s%%。"),
                    {"sum": format(sum(given, Decimal(0)).normalize(), "f")},
                )
            )
        elif any(s < 0 for s in given):
            problems.append(Problem(name, "negative_share", _("份额不能是负数。")))
    return problems


def keeps_in(secrecy: str, state: str) -> list[Problem]:
    """What is secret is not handed in at all: it stays a draft."""
    if secrecy == "none" or state in ("draft", "withdrawn"):
        return []
    sentence = _("涉密和内部成果不能在本站公开，只能留作草稿。可以公开时，请把密级改成「不涉密」。")
    return [Problem("secrecy", "stays_inside", sentence)]


def public_values(values: Mapping[str, Any], fields: Sequence[Field] = FIELDS) -> dict[str, Any]:
    """What everybody may read."""
    return {f.name: values[f.name] for f in fields if f.is_public and f.name in values}
