"""Regions that people name, and the default list (names and codes of the national standard)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .offsets import Folded
from .shapes import Guess, RegionName, Wish

_PROVINCES = {
    "110000": "北京",
    "120000": "天津",
    "130000": "河北",
    "140000": "山西",
    "150000": "内蒙古",
    "210000": "辽宁",
    "220000": "吉林",
    "230000": "黑龙江",
    "310000": "上海",
    "320000": "江苏",
    "330000": "浙江",
    "340000": "安徽",
    "350000": "福建",
    "360000": "江西",
    "370000": "山东",
    "410000": "河南",
    "420000": "湖北",
    "430000": "湖南",
    "440000": "广东",
    "450000": "广西",
    "460000": "海南",
    "500000": "重庆",
    "510000": "四川",
    "520000": "贵州",
    "530000": "云南",
    "540000": "西藏",
    "610000": "陕西",
    "620000": "甘肃",
    "630000": "青海",
    "640000": "宁夏",
    "650000": "新疆",
    "710000": "台湾",
    "810000": "香港",
    "820000": "澳门",
}
_BELTS = {
    "长三角": "310000 320000 330000 340000",
    "京津冀": "110000 120000 130000",
    "珠三角": "440000",
    "大湾区": "440000 810000 820000",
    "成渝": "500000 510000",
    "东北": "210000 220000 230000",
}
_ENGLISH = {
    "310000": "shanghai",
    "110000": "beijing",
    "320000": "jiangsu",
    "330000": "zhejiang",
    "440000": "guangdong",
}
_LOCAL = re.compile(r"本区|我区|区内|本市|我市|市内|本地|当地|就近|附近|家门口")
_INSTITUTE = re.compile(
    r"^(?:[一-鿿]{0,3}(?:大学|学院|医院|研究院|研究所|公司|集团|路|街|理工|交大))"
)
_SUFFIX = r"(?:省|市|自治区|壮族自治区|维吾尔自治区|回族自治区|地区|区|县)?"
_WISH_BEFORE = re.compile(
    r"(?:限|仅限|只要|优先|最好(?:是|在)?|希望(?:是|在)?|要求(?:是|在)?|落地|落户|来自|找|"
    r"位于|在|到)$"
)
_WISH_AFTER = re.compile(
    r"^(?:范围|境|地区)?(?:内|的?(?:团队|专家|高校|院校|企业|单位|优先|机构|老师|供应商|"
    r"服务商)|优先|落地|本地|周边)"
)


def default_regions() -> tuple[RegionName, ...]:
    """Provinces and a few belts; a site adds its own cities, districts and streets."""
    members = {code: name for name, codes in _BELTS.items() for code in codes.split()}
    provinces = tuple(
        RegionName(
            code,
            name,
            tuple(filter(None, [_ENGLISH.get(code)])),
            tuple(n for n, codes in _BELTS.items() if code in codes.split()),
        )
        for code, name in _PROVINCES.items()
    )
    belts = tuple(RegionName(name, name) for name in dict.fromkeys((*members.values(), *_BELTS)))
    return provinces + belts


def read_region(
    folded: Folded, regions: Sequence[RegionName]
) -> tuple[Wish | None, tuple[Guess, ...]]:
    """The region wished for. A place that only tells where the sender sits is a guess (0.5);
    本区 and its like give the code "local". Names inside institutions are passed over."""
    names = {n.lower(): r for r in regions for n in (r.name, *r.aliases) if len(n) >= 2}
    best: tuple[float, Wish, str] | None = None
    for trust, start, end, code in _mentions(folded, names):
        if best is None or trust > best[0]:
            best = (trust, Wish(code, folded.span(start, end)), folded.text[start:end])
    if best is None:
        return None, ()
    trust, wish, said = best
    return wish, (() if trust >= 0.8 else (Guess("region", said, wish.span, trust),))


def _mentions(folded: Folded, names: dict[str, RegionName]) -> list[tuple[float, int, int, str]]:
    out: list[tuple[float, int, int, str]] = []
    if names:
        ordered = sorted(names, key=len, reverse=True)
        pattern = re.compile(rf"(?P<name>{'|'.join(map(re.escape, ordered))}){_SUFFIX}")
        for found in pattern.finditer(folded.lower):
            after = folded.text[found.end() : found.end() + 8]
            if _INSTITUTE.match(after):
                continue
            out.append(
                (_trust(folded.text, found, after), *found.span(), names[found["name"]].code)
            )
    out.extend((0.9, *found.span(), "local") for found in _LOCAL.finditer(folded.text))
    return out


def _trust(text: str, found: re.Match[str], after: str) -> float:
    before = _WISH_BEFORE.search(text[max(0, found.start() - 6) : found.start()])
    if _WISH_AFTER.match(after) or (before and before[0] not in {"在", "位于", "到"}):
        return 0.9
    return 0.5
