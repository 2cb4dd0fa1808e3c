"""Conditions looked up in a record: said, said otherwise, or not mentioned."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from yangbanjian.engines.matching.rules.understanding.offsets import Folded, fold_once
from yangbanjian.engines.matching.rules.understanding.shapes import Constraint, Span

Verdict = Literal["yes", "unknown", "no"]

_NOT = (
    r"(?:不|无需|无须|毋需|不需要?|不必|不用|免|避免|不会|不得|无|没有|非|未|without |no |no "
    r"need to |no need for )"
)
_NEED = (
    r"(?:需要?|须|要|必须|得|应|会|将|导致|造成|引起|涉及|先|含有?|采用|使用|依赖|requires? |"
    r"needs? )"
)
_HALF_NOT = re.compile(
    r"(?:不|无需|无须|不需要?|不必|不用|免|避免|不会|无|没有|非|未|不可|不能|不得|难以|"
    r"无法)(?:再|必|需|要|用|能|经|影响|具备|支持|适用于?|带|含|做)?$"
)

# What stands for a condition besides its own words. First pattern: said so; second: broken.
_FAMILIES: tuple[tuple[str, str, str], ...] = (
    (
        r"停(?:库|产|机|线|工|业|炉|车|运|电|课|诊|水|气)|stop|downtime|shut",
        (
            r"在线(?:改造|安装|施工|切换)|分区(?:改造|施工|切换)|分段施工|分批(?:改造|切换)|"
            r"夜间施工|不间断|带载(?:安装|改造)|利用(?:检修|换班|夜间)|without stopping|no "
            r"downtime|只改控制策略|不动设备"
        ),
        (
            r"停(?:库|产|机|线|工|业|炉|车|运|课|诊)(?=[改安施检更约大\d一二三四五六七八九十]|"
            r"后|期间|至少|时间|调试)"
        ),
    ),
    (
        (
            r"改(?:造|动|变)?(?:现有)?(?:产线|生产线|设备|工艺|线)|动设备|换(?:设备|主机|机)|"
            r"更换(?:设备|主机)|拆(?:机|设备)?|新增设备"
        ),
        (
            r"外挂|加装即可|旁路安装|利旧|不动(?:原有)?设备|沿用原有?(?:设备|产线)|兼容现有|"
            r"只改控制策略|无改造|即插即用"
        ),
        (
            r"(?:需|须|要|应|必须)(?:要)?(?:更换|改造|重建|新建|拆除|替换)(?:现有|原有|"
            r"整)?(?:主机|设备|产线|生产线|机组)?"
        ),
    ),
    (
        r"国产|自主可控",
        r"国产|自主可控|自主研发|自有知识产权",
        r"进口(?:芯片|核心|部件|设备|机组|材料)|依赖进口",
    ),
    (r"防爆", r"防爆|本安型|本质安全|ATEX", r"非防爆|不防爆|未做防爆|不适用于易燃"),
    (r"食品级|可食用", r"食品级|食品接触|可食用|FDA", r"非食品级|不可接触食品|工业级"),
    (
        r"离线|上云|联网|本地化部署|私有化部署|外传",
        r"离线|本地化?部署|私有化部署|数据不出(?:厂|院|园区)|不上云",
        r"(?:需|须|必须)(?:要)?联网|仅支持云端|云端(?:部署|处理)|上传(?:至|到)云",
    ),
    (r"非接触|无接触|接触", r"非接触|无接触|不接触", r"(?:需|须|要)接触|接触式(?<!非接触式)"),
    (r"无创|创|无痛", r"无创|微创|非侵入", r"(?:需|须|要)?(?:有创|开刀|穿刺)"),
    (
        r"无人|人值守",
        r"无人值守|无人化|全自动|免值守",
        r"(?:需|须|要)(?:专人|人工)(?:值守|看护|操作)",
    ),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a record says about a condition, and where (code points of the field as stored)."""

    verdict: Verdict
    field: str | None = None
    span: Span | None = None
    text: str = ""


# These tell of the world without the result (what it solves, what others do): a break there is
# theirs, not the record's.
_OF_OTHERS = frozenset({"problem", "advantage"})


def look_up(condition: Constraint, fields: Mapping[str, str]) -> Finding:
    """Whether the record says the condition holds.

    An outright break («要停库两天») outweighs a promise; a promise outweighs a hint of a break,
    because a text names the trouble («停库改造损失租金») in order to say that it is spared.
    """
    outright, hinted, said = _patterns(condition.core, condition.wanted)
    promise = hint = Finding("unknown")
    for name, text in fields.items():
        folded = fold_once(text)
        if name not in _OF_OTHERS:
            span = _broken(folded, outright)
            if span:
                return Finding("no", name, folded.span(*span), folded.source(*span))
            span = _broken(folded, hinted) if hinted and hint.field is None else None
            if span:
                hint = Finding("no", name, folded.span(*span), folded.source(*span))
        span = _said(folded, said, wanted=condition.wanted) if promise.field is None else None
        if span:
            promise = Finding("yes", name, folded.span(*span), folded.source(*span))
    return promise if promise.field is not None else hint


_Pattern = re.Pattern[str]


@lru_cache(maxsize=512)
def _patterns(core: str, wanted: bool) -> tuple[_Pattern, _Pattern | None, _Pattern]:
    """What breaks the condition outright, what hints at it, and what says that it holds."""
    plain = re.escape(core)
    if wanted:
        outright, says = rf"{_NOT}(?:具备|支持|适用于?|能|满足)?{plain}", [plain]
    else:
        outright = rf"{_NEED}(?:[一-鿿]{{0,2}}){plain}"
        says = [rf"{_NOT}(?:再|需|要|影响)?{plain}"]
    hints = []
    for about, said, broken in _FAMILIES:
        if re.search(about, core, re.IGNORECASE):
            says.append(said)
            hints.append(broken)
    flags = re.IGNORECASE
    hinted = re.compile("|".join(hints), flags) if hints else None
    return re.compile(outright, flags), hinted, re.compile("|".join(says), flags)


def _broken(folded: Folded, pattern: re.Pattern[str]) -> tuple[int, int] | None:
    for found in pattern.finditer(folded.text):
        before = folded.text[max(0, found.start() - 4) : found.start()]
        if not _HALF_NOT.search(before) and found.end() > found.start():
            return found.span()
    return None


def _said(folded: Folded, pattern: re.Pattern[str], *, wanted: bool) -> tuple[int, int] | None:
    for found in pattern.finditer(folded.text):
        before = folded.text[max(0, found.start() - 4) : found.start()]
        if found.end() > found.start() and not (wanted and _HALF_NOT.search(before)):
            return found.span()
    return None
