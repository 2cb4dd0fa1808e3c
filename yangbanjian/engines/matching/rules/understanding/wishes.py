"""How the sender wants to deal (许可, 转让 …) and how ripe the technology must be."""

from __future__ import annotations

import re

from .numerals import number
from .offsets import Folded
from .shapes import Guess, TrlWish, Wish

_MODES = (
    (
        "license",
        (
            r"独占许可|排他许可|普通许可|专利许可|技术许可|许可使用|授权使用|专利授权|许可|"
            r"licen[cs](?:e|ing)"
        ),
    ),
    ("transfer", r"技术转让|专利转让|转让|买断|买下|受让|收购(?:专利|技术)|acquire|buy the patent"),
    ("equity", r"作价入股|作价投资|技术入股|入股|合资|股权合作|equity|joint venture"),
    (
        "development",
        (
            r"合作开发|委托开发|联合开发|联合攻关|联合研发|共同研发|共同开发|定制开发|委托研发|"
            r"揭榜挂帅|产学研合作|co-?develop\w*|joint development"
        ),
    ),
    (
        "service",
        r"技术服务|技术支持(?!下)|检测服务|工程服务|代加工|整体改造服务|托管服务|technical service",
    ),
    (
        "consulting",
        r"技术咨询|咨询服务|咨询一下|想咨询|专家指导|技术指导|上门指导|(?:上门|现场|专家)诊断|诊断一下|consult\w*",
    ),
)
_MODE = re.compile("|".join(f"(?P<{code}>{words})" for code, words in _MODES))
_NOT_MODE = re.compile(r"(?:不考虑|不接受|不要|不想|拒绝|不)$")
_CERTIFICATE = re.compile(r"^(?:证|经营|电话|热线|时间)")
_LEVEL = re.compile(
    r"(?:技术)?(?:成熟度|就绪度|就绪水平|trl)(?:等级|级别|水平)?(?:要|需|应|达到|达|在|为|"
    r"不低于|至少|≥|>=|:| )*"
    r"(?P<n>\d{1,2}|[一二三四五六七八九])(?:\s?[-~至到]\s?(?P<m>\d{1,2}|"
    r"[一二三四五六七八九]))?级?(?:以上|及以上)?"
)
_RIPE: tuple[tuple[str, int, int | None], ...] = (
    (
        (
            r"(?:可|能|已经?|实现)(?:规模化?|批量|大批量)?(?:量产|批产|生产)|批量(?:生产|供货|"
            r"应用)|规模化应用|产业化成熟|mass production"
        ),
        8,
        None,
    ),
    (
        (
            r"(?:要|找|用|有|是|技术)?成熟的?(?:技术|方案|产品|设备|工艺|成果|案例)|要成熟的|"
            r"成熟(?:一)?点的?|成熟可靠|技术成熟|现成的?|拿来就用|开箱即用|即插即用|直接(?:能|"
            r"可以)?用|有(?:成功|应用|落地)案例|mature|off-the-shelf|proven"
        ),
        7,
        None,
    ),
    (r"中试", 5, 7),
    (r"样机|原型机|prototype", 5, 7),
    (r"小试", 4, 6),
    (r"实验室阶段|前沿(?:探索|研究)|基础研究|预研|早期(?:技术|项目|成果)", 2, 4),
)
_NOT_RIPE = re.compile(r"(?:不|没|未|尚未|还没|不太|不够)$")


def read_modes(folded: Folded) -> tuple[Wish, ...]:
    """Deal modes wished for, each once, in order; codes follow the six modes of the library."""
    seen: dict[str, Wish] = {}
    for found in _MODE.finditer(folded.lower):
        before, after = (
            folded.lower[max(0, found.start() - 3) : found.start()],
            folded.lower[found.end() :][:2],
        )
        if _NOT_MODE.search(before) or _CERTIFICATE.match(after) or found.lastgroup is None:
            continue
        if found[0] == "许可" and re.search(r"生产|经营|卫生|排污|行政$", before):
            continue
        seen.setdefault(found.lastgroup, Wish(found.lastgroup, folded.span(*found.span())))
    return tuple(seen.values())


def read_trl(folded: Folded) -> tuple[TrlWish | None, tuple[Guess, ...]]:
    """The readiness asked for, 1 to 9; a stated level outside that is reported as a guess of 0."""
    said = _LEVEL.search(folded.lower)
    if said:
        return _stated(folded, said)
    for pattern, low, high in _RIPE:
        for found in re.finditer(pattern, folded.lower):
            if _NOT_RIPE.search(folded.lower[max(0, found.start() - 2) : found.start()]):
                continue
            span = folded.span(*found.span())
            return TrlWish(low, high, span), (Guess("trl", found[0], span, 0.6),)
    return None, ()


def _stated(folded: Folded, said: re.Match[str]) -> tuple[TrlWish | None, tuple[Guess, ...]]:
    span = folded.span(*said.span())
    low, high = number(said["n"]), number(said["m"]) if said["m"] else None
    if low is None or not 1 <= low <= 9 or (high is not None and not low <= high <= 9):
        return None, (Guess("trl", said[0], span, 0.0),)
    return TrlWish(int(low), None if high is None else int(high), span), ()
