"""Which stretches describe the problem, and which introduce, greet or buy."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from .clauses import Clauses
from .offsets import Folded
from .shapes import Segment, Span

Kind = Literal["content", "figures", "introduction", "courtesy", "procurement"]

_COURTESY = re.compile(
    r"^(?:您好|你好|大家好|各位(?:老师|专家|领导)?(?:好)?|尊敬的[一-鿿]{0,8}|(?:非常|万分|"
    r"多谢|谢谢|感谢|先行谢过|不胜感激)[一-鿿]{0,10}|"
    r"请问(?:一下)?|麻烦[一-鿿]{0,6}|打扰了|急[一-鿿]{0,2}|在线等|期待[一-鿿]{0,10}|盼复|"
    r"请(?:尽快)?(?:联系|回复|与我)[一-鿿]{0,8}|hello|hi|dear .{0,30}|thanks?.{0,20}|thank "
    r"you.{0,20}|best regards)$"
)
_INTRO = re.compile(
    r"成立于|创立于|创建于|始建于|坐落|位于|占地|建筑面积|注册资本|注册资金|员工|职工|在职|"
    r"高新技术企业|专精特新|小巨人|上市公司|"
    r"主营业务|主要从事|专业从事|专注于|是一家|集[一-鿿]{2,12}于一体|年产值|年销售额|"
    r"年营业额|年营收|营业收入|荣获|获得.{0,12}(?:奖|认证|称号)|"
    r"通过.{0,12}(?:体系)?认证|行业领先|远销|客户遍布|多年(?:来|的)?经验|秉承|宗旨|founded "
    r"in|established in|employees|headquartered"
)
_WE = re.compile(
    r"^(?:我们|我司|我公司|本公司|公司|我厂|本厂|我院|我单位)(?:公司|厂|单位)?(?:是|主要|"
    r"专业|从事|做|为一家|成立|一直)"
)
_PROCUREMENT = re.compile(
    r"(?:特|现)?(?:面向|向)(?:社会|全国|高校|各大).{0,12}(?:征集|招募|发布|寻求)|公开征集|"
    r"诚征|特此|公告|招标|投标|询价|比价|供应商.{0,6}(?:资质|要求)|"
    r"资质要求|营业执照|售后服务|质保|交货地点|付款方式|一次性付|联系人|联系电话|联系方式|"
    r"电话[:：]?\d|微信|邮箱|有意者|欢迎.{0,14}(?:对接|联系|合作|报名|洽谈)|"
    r"择优|合作共赢|长期合作|诚意|有偿|保密协议|合作方式|产学研合作|专家团队合作|竞争力$"
)
_CONTACT = re.compile(r"联系|电话|微信|邮箱|地址|传真")
_MIN_MATTER = 6
_WEIGHTS: dict[Kind, float] = {
    "content": 1.0,
    "figures": 0.2,
    "introduction": 0.3,
    "courtesy": 0.0,
    "procurement": 0.1,
}


def read_segments(folded: Folded, figures: Iterable[Span]) -> tuple[Segment, ...]:
    """The clauses of the text, each with its weight; `figures` (budget, deadline, region) are
    carved out because the structured parts of the score already count them.

    When no clause is content, all but courtesies become content: something must be ranked.
    """
    clauses = Clauses(folded.text).all()
    kinds = [_kind(folded.text[s:e].strip(" ,，").lower()) for s, e in clauses]
    if "content" not in kinds:
        kinds = ["content" if k in {"introduction", "procurement"} else k for k in kinds]
    cuts = sorted(set(figures))
    out: list[Segment] = []
    for (start, end), kind in zip(clauses, kinds, strict=True):
        colon = _opening(folded.text[start:end], kind)
        if colon:
            out.extend(_carve(folded.span(start, start + colon), kind, cuts))
            start, kind = start + colon, "content"
        out.extend(_carve(folded.span(start, end), kind, cuts))
    return tuple(out)


def _opening(clause: str, kind: Kind) -> int:
    """Where the matter begins after "we hereby seek:"; 0 when it does not."""
    at = clause.find(":") + 1
    if not at or kind == "content" or _CONTACT.search(clause[:at]):
        return 0
    rest = clause[at:]
    return at if len(rest) >= _MIN_MATTER and _kind(rest) == "content" else 0


def _kind(clause: str) -> Kind:
    if not clause or _COURTESY.match(clause):
        return "courtesy"
    if _PROCUREMENT.search(clause):
        return "procurement"
    if _INTRO.search(clause) or _WE.match(clause):
        return "introduction"
    return "content"


def _carve(span: Span, kind: Kind, cuts: list[Span]) -> list[Segment]:
    """`span` as one segment, or content with the stretches of `cuts` set apart."""
    if kind != "content":
        return [Segment(span, _WEIGHTS[kind], kind)]
    out, at = [], span[0]
    for start, end in cuts:
        start, end = max(start, at), min(end, span[1])
        if start >= end:
            continue
        if at < start:
            out.append(Segment((at, start), _WEIGHTS["content"], "content"))
        out.append(Segment((start, end), _WEIGHTS["figures"], "figures"))
        at = end
    if at < span[1]:
        out.append(Segment((at, span[1]), _WEIGHTS["content"], "content"))
    return out
