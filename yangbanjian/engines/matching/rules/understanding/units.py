"""Units with their dimension and factor, so that 0.5 微米 and 500 nm are one number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as shown, its dimension, and the factor (and offset) to the dimension's base unit."""

    symbol: str
    dimension: str
    factor: Decimal
    offset: Decimal = Decimal(0)

    def base(self, value: Decimal) -> Decimal:
        """`value` in the base unit of the dimension (m, s, Pa, W, J, g, 元, % …)."""
        return value * self.factor + self.offset


# symbol | dimension | factor to base | other spellings. Bases: m, s, Pa, W, J, g, CNY, %, Hz, Bq …
_TABLE = """
nm|length|1e-9|纳米
μm|length|1e-6|微米 um μ
丝|length|1e-5|
mm|length|1e-3|毫米
cm|length|1e-2|厘米 公分
m|length|1|米 公尺
km|length|1000|公里 千米
%|ratio|1|百分比 percent pct
‰|ratio|0.1|千分比
‱|ratio|0.01|
百分点|points|1|个百分点 个点
倍|ratio|100|
°C|temperature|1|度 摄氏度 ℃ 摄氏
K|temperature|1|开尔文
Pa|pressure|1|帕
kPa|pressure|1e3|千帕
MPa|pressure|1e6|兆帕
GPa|pressure|1e9|吉帕
bar|pressure|1e5|巴
mW|power|1e-3|毫瓦
W|power|1|瓦
kW|power|1e3|千瓦
MW|power|1e6|兆瓦
J|energy|1|焦耳 焦
kJ|energy|1e3|千焦
MJ|energy|1e6|兆焦
Wh|energy|3600|瓦时
kWh|energy|3.6e6|千瓦时 度电 千瓦小时
MWh|energy|3.6e9|兆瓦时
mV|voltage|1e-3|毫伏
V|voltage|1|伏 伏特
kV|voltage|1e3|千伏
mA|current|1e-3|毫安
A|current|1|安 安培
Ah|charge|1|安时
mAh|charge|1e-3|毫安时
ng|mass|1e-9|纳克
μg|mass|1e-6|微克 ug
mg|mass|1e-3|毫克
g|mass|1|克
kg|mass|1e3|千克 公斤
t|mass|1e6|吨 tons ton tonnes
元|money|1|块钱 块 人民币 RMB yuan CNY
ms|time|1e-3|毫秒
s|time|1|秒 秒钟 秒种 sec seconds second
min|time|60|分钟 minutes minute mins
h|time|3600|小时 个小时 钟头 个钟头 hours hour hrs hr
天|time|86400|日 days day 个工作日 工作日
周|time|604800|星期 个星期 个周 weeks week
个月|time|2629800|月 months month
年|time|31557600|years year
dB|sound|1|分贝 dBA dB(A)
Hz|frequency|1|赫兹 赫
kHz|frequency|1e3|千赫
MHz|frequency|1e6|兆赫
GHz|frequency|1e9|吉赫
rpm|rotation|1|转/分钟 转/分 r/min 转每分钟 转每分
fps|frames|1|帧/秒 帧每秒 帧/s 帧
ppm|parts|1|
ppb|parts|1e-3|
mol|amount|1|摩尔
mmol|amount|1e-3|毫摩尔
m2|area|1|平方米 平米 平方
亩|area|666.6666667|
cm2|area|1e-4|平方厘米
mm2|area|1e-6|平方毫米
m3|volume|1|立方米 立方 方
L|volume|1e-3|升 公升
dL|volume|1e-4|分升
mL|volume|1e-6|毫升 cc
N|force|1|牛顿 牛
kN|force|1e3|千牛
角秒|angle|1|弧秒 arcsec
角分|angle|60|弧分 arcmin
lx|illuminance|1|勒克斯 lux
lm|luminous|1|流明
Bq|activity|1|贝克
HRC|hardness_hrc|1|
HV|hardness_hv|1|
像素|pixels|1|px pixels
万像素|pixels|10000|
B|bytes|1|字节
KB|bytes|1e3|
MB|bytes|1e6|兆字节
GB|bytes|1e9|
TB|bytes|1e12|
Mbps|bandwidth|1e6|
Gbps|bandwidth|1e9|
cP|viscosity|1|
代|count_generation|1|
次|count_times|1|回 遍 times
件|count_piece|1|个 只 片 颗 粒 枚 pcs
台|count_machine|1|套 台套
人|count_person|1|名
例|count_case|1|
级|level|1|
"""


def _rows() -> dict[str, Unit]:
    table: dict[str, Unit] = {}
    for line in _TABLE.strip().splitlines():
        symbol, dimension, factor, aliases = line.split("|")
        unit = Unit(symbol, dimension, Decimal(factor))
        for name in (symbol, *aliases.split()):
            table[name] = unit
    table["°F"] = Unit("°F", "temperature", Decimal(5) / 9, Decimal(-160) / 9)
    table["华氏度"] = table["°F"]
    table["K"] = Unit("K", "temperature", Decimal(1), Decimal("-273.15"))
    return table


UNITS = _rows()
# Written in the wrong case far more often than meant otherwise (KW, MPA, DB): the smaller unit
# of a pair such as mW/MW must be written exactly.
_ANY_CASE = {name.lower(): unit for name, unit in UNITS.items() if name not in {"mW", "mA", "ms"}}


def _pattern(names: list[str]) -> str:
    """Longest name first; a Latin name must not run on into a word ("m" in "max")."""
    ordered = sorted(names, key=len, reverse=True)
    return "|".join(
        re.escape(n) + (r"(?![A-Za-z])" if n[-1].isascii() and n[-1].isalpha() else "")
        for n in ordered
    )


SIMPLE = f"(?:{_pattern(list(UNITS))})"
# 米/分, 吨/时: short names that would be too ambiguous on their own
_SHORT = {"分": "min", "时": "h"}
PATTERN = f"(?:{SIMPLE}(?:(?:/|每|per )(?:{SIMPLE}|[分时](?![一-鿿])))?)"


def unit_of(text: str) -> Unit | None:
    """The unit spelt `text`, quotients included ("mg/m3", "吨每小时"); None when unknown."""
    text = _SHORT.get(text, text)
    known = UNITS.get(text) or _ANY_CASE.get(text.lower())
    if known:
        return known
    for mark in ("/", "每", "per "):
        over, found, under = text.partition(mark)
        if found:
            return quotient(unit_of(over.strip()), unit_of(under.strip()))
    return None


def quotient(over: Unit | None, under: Unit | None) -> Unit | None:
    """`over` per `under` as a unit of its own dimension."""
    if over is None or under is None:
        return None
    return Unit(
        f"{over.symbol}/{under.symbol}",
        f"{over.dimension}/{under.dimension}",
        over.factor / under.factor,
    )
