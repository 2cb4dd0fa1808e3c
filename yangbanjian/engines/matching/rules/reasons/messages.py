"""Sentences of reasons: message ids are the Chinese source text, translated at the edge.

Every parameter is in braces; `text_of` renders the source language.
"""

from __future__ import annotations

from collections.abc import Mapping

from yangbanjian.kernel.words import gettext_noop

MESSAGES: dict[str, str] = {
    "target_met": gettext_noop("指标够：{record}，您要 {demand}"),
    "target_partly": gettext_noop("指标待确认：{record}，您要 {demand}"),
    "target_missed": gettext_noop("指标不够：{record}，您要 {demand}"),
    "target_unstated": gettext_noop("没写「{metric}」能到多少，您要 {demand}"),
    "condition_met": gettext_noop("条件合：写明「{record}」"),
    "condition_unstated": gettext_noop("待确认：没提到能否「{demand}」"),
    "condition_broken": gettext_noop("条件冲突：写着「{record}」，您要「{demand}」"),
    "budget_met": gettext_noop("预算够：意向价 {price}，您的预算 {budget}"),
    "budget_negotiable": gettext_noop("价格可谈：意向价 {price}，您的预算 {budget}"),
    "budget_talk": gettext_noop("价格面议，您的预算 {budget}"),
    "budget_unstated": gettext_noop("没写价格，您的预算 {budget}"),
    "budget_missed": gettext_noop("超出预算：意向价 {price}，您的预算 {budget}"),
    "deadline_met": gettext_noop("来得及：{ready} 可用，您要在 {deadline} 前"),
    "deadline_span_met": gettext_noop("来得及：写明工期「{record}」，您要在 {deadline} 前"),
    "deadline_missed": gettext_noop("来不及：{ready} 才可用，您要在 {deadline} 前"),
    "deadline_span_missed": gettext_noop("来不及：写明工期「{record}」，您要在 {deadline} 前"),
    "deadline_unstated": gettext_noop("没写工期，您要在 {deadline} 前"),
    "trl_met": gettext_noop("成熟度够：{record} 级，您要 {demand} 级以上"),
    "trl_near": gettext_noop("成熟度差一步：{record} 级，您要 {demand} 级以上"),
    "trl_missed": gettext_noop("成熟度不够：{record} 级，您要 {demand} 级以上"),
    "trl_unstated": gettext_noop("没写成熟度，您要 {demand} 级以上"),
    "region_met": gettext_noop("地域合：就在{region}"),
    "region_missed": gettext_noop("不在{region}"),
    "mode_met": gettext_noop("合作方式合：可以{modes}"),
    "mode_missed": gettext_noop("合作方式不合：只接受{modes}"),
    "field_met": gettext_noop("领域相同：{field}"),
    "words_shared": gettext_noop("都提到{words}"),
    "tag_field": gettext_noop("领域标签相符：{field_code}"),
    "tag_field_broker": gettext_noop("领域标签相符：{field_code}（经理人已确认）"),
    "tag_field_guessed": gettext_noop("没写领域，从内容看属于{field_code}"),
    "tag_industry": gettext_noop("行业标签相符：{industry}"),
    "tag_industry_broker": gettext_noop("行业标签相符：{industry}（经理人已确认）"),
    "tag_industry_near": gettext_noop("行业相近：{industry}"),
    "tag_chain": gettext_noop("产业链标签相符：「{chain}」"),
    "tag_chain_broker": gettext_noop("产业链标签相符：「{chain}」（经理人已确认）"),
    "tag_named": gettext_noop("说明里提到「{word}」，与标签「{chain}」有关"),
    "tag_industry_named": gettext_noop("没写行业，说明里提到「{word}」"),
}

CHANGES: dict[str, str] = {
    "raise_to": gettext_noop("{metric}要再提高 {gap}"),
    "lower_to": gettext_noop("{metric}要再降低 {gap}"),
    "show_number": gettext_noop("请对方补一个「{metric}」的实测数"),
    "settle_condition": gettext_noop("请对方确认「{demand}」能否做到"),
    "change_condition": gettext_noop("方案改成「{demand}」，或您放宽这一条"),
    "close_gap": gettext_noop("价格再谈下 {gap}，或预算提高到 {price}"),
    "talk_price": gettext_noop("约谈时先问价"),
    "later": gettext_noop("期限放宽到 {ready}"),
    "show_schedule": gettext_noop("请对方给出工期"),
    "ripen": gettext_noop("再成熟 {steps} 级，或按合作开发来做"),
    "other_mode": gettext_noop("改谈{modes}"),
    "wider_region": gettext_noop("放宽地域"),
}

MODE_LABELS = {
    "transfer": gettext_noop("转让"),
    "license": gettext_noop("许可"),
    "equity": gettext_noop("作价投资"),
    "development": gettext_noop("技术开发"),
    "service": gettext_noop("技术服务"),
    "consulting": gettext_noop("技术咨询"),
}


def text_of(template: str, params: Mapping[str, str]) -> str:
    """The source-language sentence; parameters are shown as they are, never as templates."""
    out = template
    for name, value in params.items():
        out = out.replace("{" + name + "}", value.replace("{", "｛"))
    return out


def money(fen: int) -> str:
    """Fen in 元, 万元 or 亿元, at most two decimals: 200 万元."""
    for size, unit in ((10**10, "亿元"), (10**6, "万元"), (100, "元")):
        if fen >= size:
            return f"{fen / size:.2f}".rstrip("0").rstrip(".") + f" {unit}"
    return f"{fen} 分"
