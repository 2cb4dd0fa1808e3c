"""What an expert's entry says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yangbanjian.kernel.identifiers import check_orcid
from yangbanjian.kernel.words import gettext_noop as _
from yangbanjian.libraries.records.rules.fields import Field
from yangbanjian.libraries.records.rules.states import library_table

TABLE = library_table("experts", _("已停止服务"))

WORK_COLUMNS = (
    Field("kind", _("类型"), "code", table="work_kinds"),
    Field("title", _("题名"), "line", is_required=True, cap=400),
    Field("year", _("年份"), "integer", least=1900, most=2100),
)
FIELDS = (
    Field("title", _("姓名"), "line", weight=10, is_required=True, cap=60),
    Field("affiliation", _("单位"), "line", weight=10, advice=_("写明现在的单位。")),
    Field("job_title", _("职称"), "line", weight=5, cap=60, advice=_("写明职称。")),
    Field(
        "abstract",
        _("专长"),
        "text",
        weight=15,
        is_required=True,
        advice=_("写出能帮企业解决哪类问题。"),
    ),
    Field("field", _("技术领域"), "code", weight=8, table="field", advice=_("选一个技术领域。")),
    Field("keywords", _("技能"), "words", weight=8, advice=_("列出 3 到 6 项技能。")),
    Field("disciplines", _("研究方向"), "words", weight=6, advice=_("写出研究方向。")),
    Field("discipline_codes", _("学科"), "codes", table="disciplines"),
    Field("industry_codes", _("服务行业"), "codes", table="industries"),
    Field(
        "works",
        _("代表作"),
        "rows",
        weight=10,
        columns=WORK_COLUMNS,
        advice=_("列出近年的论文、专利或项目。"),
    ),
    Field("orcid", _("ORCID"), "line", weight=3, cap=40, advice=_("填 ORCID 便于核对身份。")),
    Field(
        "availability",
        _("可服务状态"),
        "code",
        weight=4,
        table="availability",
        advice=_("注明是否可接受咨询。"),
    ),
    Field("availability_note", _("时间说明"), "line"),
    Field("conflicts", _("利益冲突申报"), "words", is_public=False),
    Field("region", _("所在地区"), "code", weight=2, table="regions", advice=_("选所在地区。")),
    Field("title_en", _("英文姓名"), "line"),
)
TEXT_FIELDS = ("title", "affiliation", "job_title", "abstract", "keywords", "disciplines", "works")


def numbers_of(values: Mapping[str, Any]) -> list[str]:
    """The ORCID, by which two entries are the same person."""
    said = values.get("orcid")
    return [check_orcid(said).normalised or said] if said else []
