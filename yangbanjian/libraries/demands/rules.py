"""What a demand says of itself."""

from __future__ import annotations

from yangbanjian.kernel.words import gettext_noop as _
from yangbanjian.libraries.records.rules.fields import Field
from yangbanjian.libraries.records.rules.states import library_table

TABLE = library_table("demands", _("已解决"))

TARGET_COLUMNS = (
    Field("metric", _("指标"), "line", example="能耗"),
    Field("op", _("关系"), "code", table="operators"),
    Field("value", _("数值"), "number"),
    Field("unit", _("计量单位"), "line", cap=20),
    Field("text", _("原话"), "line"),
)
FIELDS = (
    Field("title", _("名称"), "line", weight=10, is_required=True),
    Field(
        "abstract",
        _("难题"),
        "text",
        weight=15,
        is_required=True,
        advice=_("用自己的话写：现在怎样、想变成怎样。"),
    ),
    Field(
        "targets",
        _("量化指标"),
        "rows",
        weight=15,
        columns=TARGET_COLUMNS,
        advice=_("给一个能检验的数字，如“电耗降 25% 以上”。"),
    ),
    Field(
        "conditions", _("现场条件"), "words", weight=8, advice=_("写出不能动的条件，如“不停产”。")
    ),
    Field("deadline", _("希望完成日期"), "date", weight=8, advice=_("给一个希望完成的日期。")),
    Field("deliverable", _("交付物"), "line", weight=5, advice=_("写明要样机、工艺还是整套设备。")),
    Field("budget_fen", _("预算（元）"), "fen", weight=8, advice=_("给一个预算上限，或注明面议。")),
    Field("budget_note", _("预算说明"), "line"),
    Field(
        "ip_wish",
        _("知识产权归属"),
        "code",
        weight=3,
        table="ip_wish",
        advice=_("选希望的知识产权归属。"),
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
        "trl_wanted",
        _("要求成熟度"),
        "integer",
        weight=4,
        least=1,
        most=9,
        advice=_("选希望的技术成熟度。"),
    ),
    Field("field", _("技术领域"), "code", weight=6, table="field", advice=_("选一个技术领域。")),
    Field("keywords", _("关键词"), "words", weight=4, advice=_("给几个关键词。")),
    Field("region", _("所在地区"), "code", weight=2, table="regions", advice=_("选所在地区。")),
    Field("industry_codes", _("国民经济行业"), "codes", table="industries"),
    Field("discipline_codes", _("学科"), "codes", table="disciplines"),
    Field("visibility", _("公开方式"), "code", table="visibility", unsaid="brokers"),
)
TEXT_FIELDS = ("title", "abstract", "keywords", "conditions", "deliverable")
