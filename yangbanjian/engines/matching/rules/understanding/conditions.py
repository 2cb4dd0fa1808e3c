"""Conditions of use: 不停库, 无需改产线, 必须国产化, 防爆, 食品级, 符合 GMP."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .clauses import Clauses
from .offsets import Folded
from .shapes import Constraint, Span

# Ends a condition's noun: what follows belongs to the sentence, not to the condition.
_END = (
    r"(?=的?(?:前提|情况|条件|基础)|"
    r"[下就把将也都还且并而时能可会来去得，。；;、！!?？,.\n（(）)“”\"]|的|以及|和|$)"
)
_ACT = (
    "停|改|动|换|拆|影响|破坏|损伤|伤|漏|用|使用|含|依赖|接触|污染|占|关|断|中断|打断|落地|"
    "产生|添加|加|需要|需|"
    "增加|减少|降低|牺牲|联网|上云|开刀|开孔|打孔|打扰|干扰|更换|改变|改动|改造|新增|返工|扎|疼|"
    "掉|褪|变|排|外传|外泄|出"
)
_SYMPTOM = (
    r"用说|用谢|改善|动产|出来|出现|断(?!电|网|水|供|料|流|链)|影响不大|用愁|用担心|含糊|加班|"
    r"需多言|变形的原因|出错|关心|排除|占优|用起来|加以|断地|停[地的报跳闪响掉漏抖]|动了|用了|排水|转"
)
_REFUSE = re.compile(
    rf"(?P<no>不(?!断|但|过|少|同|管|仅|论)(?:再|想|会|需要)?(?=(?:{_ACT})))"
    rf"(?!{_SYMPTOM})(?P<core>(?:{_ACT})[一-鿿A-Za-z0-9]{{0,6}}?){_END}"
)
_MODAL_NO = re.compile(
    rf"(?P<no>(?:不能再?|不可以?|不要|别)(?=(?:{_ACT}|有|超|太|带|再))|不得|不许|不允许|"
    rf"不准(?=停|用|改)|不希望|不接受|严禁|禁止|避免|无需|无须|毋需|不需要|不用|不必|"
    rf"免(?=维护|安装|调试|工具|打|焊|胶|清洗|喷|布线|停|拆|改|校准|标定))"
    rf"(?P<core>[一-鿿A-Za-z0-9]{{1,10}}?){_END}"
)
_NOT_CONDITION = re.compile(
    r"超过|超出|高于|低于|大于|小于|少于|多于|超|满足|达到|解决|很好|有效|及时|准确|识别|"
    r"保证|做到|说|客气|谢"
)
_MUST = re.compile(
    r"(?P<must>必须要?|务必|一定要|要求能够?|要能够?|需要?能够?|得能|还要能|最好能|须能?|"
    r"(?P<verb>适应|适用于|兼容|支持|满足|符合|通过|具备|适合))"
    r"(?P<core>[一-鿿A-Za-z0-9/\-. ]{2,14}?)(?=的|以及|和|、|[，。；;！!?？,\n（(）)]|\.(?!\d)|$)"
)
_KINDS = re.compile(
    r"(?P<a>(?:耐|抗|防)(?:高温|低温|腐蚀|磨损?|酸碱|酸|碱|盐雾|老化|爆|水|尘|火|潮|霉|菌|"
    r"静电|雷|震|冲击|氧化|紫外线?|疲劳|压|腐|油污|污|滑|辐射|干扰|结霜|凝露|锈|裂|氢脆)"
    r"(?!药|素|肽|剂|活|机|谱|蛋白|基因|性[^能]|性$|率|能力))"
    r"|(?P<b>(?:食品|医用|医疗|车规|工业|军工|药用|饮用水|实验室|消费|宇航|电子)级)"
    r"|(?P<c>(?:全|纯)?国产(?:化|替代|芯片|自主)?|自主可控|本地化部署|私有化部署|"
    r"离线(?:运行|使用|部署)?|模块化|小型化|便携式?|轻量化|非接触式?|无接触|可移动|可拆卸|"
    r"可降解|可回收|可食用|可追溯|连续(?:运行|生产|作业)|24小时(?:连续)?运行|全天候|"
    r"在线(?:检测|监测|改造|安装)|实时(?!间))"
    r"|(?P<d>无(?:铅|氟|卤|溶剂|尘|菌|毒|损|线(?!电|传感|网|通|充)|人值守|人化|人(?!机|驾|艇|船|车|区|系)|油|甲醛|创|痛|刺激|异味|污染|"
    r"辐射|噪音|磁|氰|铬|磷|残留|动火|耗材)(?:化)?|零(?:排放|停机|泄漏|残留|甲醛|污染)|"
    r"低(?:VOCs?|噪音?|氮|碳|毒|功耗|剂量|气味|本底))"
    r"|(?P<e>[高低]温(?:高湿)?(?:环境|条件|工况|下)|高(?:湿|压|海拔|盐|粉尘|原|真空|"
    r"洁净)(?:环境|条件|工况|下)|(?:深海|水下|户外|野外|狭小空间|洁净室)(?:环境|条件|工况|"
    r"使用|作业|下|里|内)|无尘车间)"
    r"|(?P<f>IP\d{2}|ATEX|GMP|FDA|HACCP|ISO ?\d{3,5}|GB/?T? ?\d{3,5}|3C认证|CE认证|CCC|RoHS|REACH)",
    re.IGNORECASE,
)
_VAGUE = re.compile(
    r"^(?:\S{0,4}(?:需求|要求|需要)|我们.*|企业.*|合作.*|[以有为性].*|技术成熟|.*产业化|向量机)$"
)
_BEFORE_VERB = re.compile(r"(?:[要需能须可应并且得、和也还:]|同时|最好)$")
_PASSED = re.compile(r"认证|检测|验收|标准|审核|评审|测试|检验")
_ENGLISH_NO = re.compile(
    r"(?P<no>without|no need to|no need for|must not|cannot|do not|avoid|no) "
    r"(?P<core>[a-z][a-z \-]{2,30}?)(?=[,.;，。；]|$| (?:and|while|but|within|by|at|in|"
    r"budget)\b)"
)
_ENGLISH_MUST = re.compile(
    r"(?P<must>must be|must|should be|has to be|needs to be|required to) "
    r"(?!not)(?P<core>[a-z][a-z \-]{2,30}?)(?=[,.;，。；]|$| (?:and|while|but|within|by)\b)"
)
_NOW = re.compile(r"目前|现在|现有|传统|经常|总是|老是|一直|往往|常常|容易|导致|造成|因为|由于")


def read_constraints(folded: Folded, taken: Iterable[Span] = ()) -> tuple[Constraint, ...]:
    """Conditions in order of appearance, none inside another or inside a span of `taken`."""
    clauses = Clauses(folded.text)
    found = [*_refused(folded, clauses), *_required(folded, clauses), *_kinds(folded)]
    found.sort(key=lambda c: (c.span[0], -c.span[1]))
    kept: list[Constraint] = []
    busy = list(taken)
    for one in found:
        if any(one.span[0] < e and s < one.span[1] for s, e in busy):
            continue
        kept.append(one)
        busy.append(one.span)
    return tuple(kept[:12])


def _make(folded: Folded, start: int, end: int, core: str, *, wanted: bool) -> Constraint:
    return Constraint(folded.source(start, end), folded.span(start, end), core.strip(), wanted)


def _refused(folded: Folded, clauses: Clauses) -> list[Constraint]:
    out = []
    for found in (*_REFUSE.finditer(folded.text), *_MODAL_NO.finditer(folded.text)):
        start, _ = clauses.bounds(found.start())
        if _NOT_CONDITION.match(found["core"]) or _NOW.search(folded.text, start, found.start()):
            continue
        out.append(_make(folded, found.start(), found.end(), found["core"], wanted=False))
    for found in _ENGLISH_NO.finditer(folded.lower):
        if not re.match(r"(?:more|less) than", found["core"]):
            out.append(_make(folded, found.start(), found.end(), found["core"], wanted=False))
    return out


def _required(folded: Folded, clauses: Clauses) -> list[Constraint]:
    out = []
    for found in (*_MUST.finditer(folded.text), *_ENGLISH_MUST.finditer(folded.lower)):
        core = found["core"]
        start, _ = clauses.bounds(found.start())
        if not _binds(folded.text, start, found) or _describes(core):
            continue
        inner = _KINDS.search(core)  # the sharper words inside (必须 国产化) make the condition
        out.append(_make(folded, *found.span(), inner[0] if inner else core, wanted=True))
    return out


def _binds(text: str, start: int, found: re.Match[str]) -> bool:
    """Whether the words oblige: 支持离线 at the head of a clause does, 技术支持下 does not."""
    if _NOW.search(text, start, found.start()) or text[found.start() - 1 : found.start()] == "不":
        return False
    verb = found.groupdict().get("verb")
    if not verb:
        return True
    if verb == "通过" and not _PASSED.search(found["core"]):
        return False
    return found.start() == start or bool(_BEFORE_VERB.search(text[start : found.start()]))


def _describes(core: str) -> bool:
    """Numbers are targets, and "the customer's needs" is no condition."""
    if _VAGUE.search(core):
        return True
    return bool(re.search(r"\d|降|提高|达到|控制", core)) and not _KINDS.search(core)


def _kinds(folded: Folded) -> list[Constraint]:
    out = []
    for found in _KINDS.finditer(folded.text):
        if folded.text[max(0, found.start() - 1) : found.start()] in {"不", "非"}:
            continue
        core = re.sub(r"(?:环境|条件|工况|使用|作业|下|里|内)$", "", found[0])
        out.append(_make(folded, *found.span(), core, wanted=True))
    return out
