"""What people measure: names of metrics, which way is better, and which names mean one thing."""

from __future__ import annotations

import re
from typing import Literal

Better = Literal["low", "high"]

# One line (or one part of it between bars) is one thing measured: first the name it is compared
# by, then how else people say it. Names that merely look alike stand in parts of their own: a
# wrong tick on a match card costs more than a missing one.
_LOWER_IS_BETTER = """
能耗 电耗 用电量 耗电量 耗能 能源消耗 用能 电费 综合能耗 单位能耗 能源 用电 耗电 energy power
成本 费用 造价 制造成本 生产成本 cost costs | 运行成本 运维成本 | 维护成本 维修成本 | 材料成本
误差 偏差 error | 定位误差 | 测量误差 检测误差
噪声 噪音 声级 noise
水耗 用水量 耗水量 用水 water
碳排放 二氧化碳排放 碳排放量 | 排放 排放量 emission emissions | 排放浓度
浓度 | 甲醛浓度 | 颗粒物浓度 | 残留 残留量
不良率 次品率 缺陷率 废品率 报废率 | 返工率 返修率
漏检率 漏报率 | 误检率 误报率 误判率 过杀率
故障率 失效率 停机率
损耗 损耗率 | 货损率 破损率 | 泄漏率 泄漏量 | 粗糙度 表面粗糙度
响应时间 延迟 时延 延时 响应 latency
时间 time | 检测时间 检测周期 | 耗时 用时 时长 | 周期 | 工期 施工期 改造工期 | 交期 交付周期
研发周期 设计周期 | 生产周期 | 换型时间 换产时间 | 调试时间 | 加工时间 | 固化时间 | 干燥时间
重量 自重 weight | 变形量 变形 翘曲 翘曲度 | 收缩率
人工 用工 人力 人员 labor
VOC VOCs TVOC | 复发率 | 感染率 | 死亡率 | 并发症发生率 | 压降 | 阻力 | 摩擦系数
回收期 投资回收期 payback
"""
_HIGHER_IS_BETTER = """
良率 良品率 合格率 成品率 一次合格率 优品率 yield
准确率 识别率 正确率 识别准确率 accuracy | 检出率 灵敏度 | 特异度
效率 生产效率 工作效率 加工效率 efficiency | 转化效率 | 能效 | 热效率 | 发电效率
产能 产量 日产量 年产量 output capacity | 通量 吞吐量 处理量 throughput
寿命 使用寿命 life lifetime | 循环寿命 | 刀具寿命
强度 strength | 抗拉强度 | 抗压强度 | 屈服强度 | 硬度 | 韧性 | 附着力 | 纯度
去除率 净化率 净化效率 脱除率 | 除醛率 | 除尘效率 | 杀菌率 抑菌率
回收率 | 利用率 | 回用率 | 收率 提取率 | 转化率 | 稼动率 开机率 设备利用率
速度 speed | 印刷速度 | 检测速度 | 加工速度 | 节拍 | 帧率
存活率 成活率 | 治愈率 有效率
负载 载荷 承载力 承重 | 扭矩 | 续航 续航时间 | 续航里程 | 分辨率 resolution | 功率 输出功率
保鲜期 货架期 保质期 | 导热系数 | 透光率 | 换热效率 | 除湿量 | 水深 工作深度 下潜深度
"""
_DEPENDS = """
精度 precision | 定位精度 重复定位精度 | 加工精度 | 测量精度 检测精度 | 控制精度 | 套印精度
温度 工作温度 环境温度 使用温度 temperature | 库温 | 控温 温控 | 低温 | 高温
湿度 | 压力 | 电压 | 电流 | 频率 | 流量 | 转速 | 尺寸 | 长度 | 宽度 | 高度 | 直径 | 孔径 | 粒径
线宽 | 间距 | 行程 | 角度 | 温差 | 温升 | 波动 | 色差 | ph | 体积 | 厚度 | 膜厚 | 深度
含量 | 比例 占比 | 覆盖率 | 含水率 | 缺陷
"""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Here the words in front say what is measured (甲醛浓度 is not 臭氧浓度) …
_MODIFIED = _names(
    "浓度 时间 温度 含量 去除率 回收率 利用率 强度 速度 厚度 压力 效率 寿命 产能 排放 排放浓度 "
    "精度 残留 转化率 比例 尺寸 长度 误差 耗时 周期 重量 流量"
)
# … and without such words these names say too little to be compared with one that has them.
_BARE = _names("时间 耗时 周期 尺寸 长度 压力 比例 重量 指标 含量 强度 流量")


def _groups(table: str, better: Better | None) -> dict[str, tuple[str, Better | None]]:
    out: dict[str, tuple[str, Better | None]] = {}
    for group in table.replace("\n", "|").split("|"):
        names = group.split()
        for name in names:
            out.setdefault(name.lower() if name.isascii() else name, (names[0], better))
    return out


_KNOWN = (
    _groups(_LOWER_IS_BETTER, "low") | _groups(_HIGHER_IS_BETTER, "high") | _groups(_DEPENDS, None)
)
_PHRASES = {
    "energy consumption": "能耗",
    "power consumption": "能耗",
    "energy use": "能耗",
    "defect rate": "不良率",
    "response time": "响应时间",
    "cycle time": "检测时间",
    "service life": "寿命",
    "thickness": "厚度",
    "pressure": "压力",
    "diameter": "直径",
    "size": "尺寸",
    "length": "长度",
    "humidity": "湿度",
    "concentration": "浓度",
}
_SAVING_WORDS = {
    "节能": "能耗",
    "节电": "电耗",
    "省电": "电耗",
    "节水": "水耗",
    "降噪": "噪声",
    "降本": "成本",
    "减排": "排放",
    "减重": "重量",
    "增产": "产量",
    "增效": "效率",
    "提速": "速度",
    "提质": "良率",
    "降耗": "能耗",
    "降碳": "碳排放",
    "减碳": "碳排放",
    "节材": "材料成本",
    "省人": "人工",
}
_SUFFIXES = (
    "率|精度|强度|浓度|温度|速度|厚度|硬度|粘度|密度|高度|深度|纯度|湿度|灵敏度|度|时间|寿命|成本|"
    "效率|产能|产量|用量|含量|重量|流量|剂量|费用|电费|能耗|周期|误差|偏差|损耗|系数|面积|体积|"
    "(?<![大少批质海])量|压力|张力|功率|频率|数量|人数|长度|宽度|直径|粒径|尺寸|间距|行程|温差|色差|比例|比|值"
)
_NAMES = "|".join(sorted((n for n in _KNOWN if not n.isascii()), key=len, reverse=True))
METRIC = re.compile(
    rf"(?:{'|'.join(sorted(_SAVING_WORDS, key=len, reverse=True))})"
    rf"|[一-鿿]{{0,4}}?(?:{_NAMES})|[一-鿿]{{1,5}}?(?:{_SUFFIXES})"
)
"""Finds metric names in folded text; trim with `trimmed` before showing one."""

_MANNER = re.compile(
    r"^(?:实测|预计|平均|整体|单独|可使|可|经测|测得|要求|最大|最高|最低|约)(?=..)"
)
_LEAD = re.compile(
    r"^.*(?:把|将|使|让|的|是|在|从|其|且|和|与|及|要|能|可|想|求|下|们|后|前|并|对|了|有|"
    r"为|到|现|均|总|整体|希望|我厂)(?=..)"
)


def trimmed(name: str) -> str:
    """`name` without the particles that a greedy match drags along (把能耗 -> 能耗)."""
    if name in _KNOWN or name in _SAVING_WORDS:
        return name
    if name[-2:] in _SAVING_WORDS:  # 空压站节电
        return name[-2:]
    return _MANNER.sub("", _LEAD.sub("", name, count=1), count=1)


def shown(name: str) -> str:
    """The metric that a saving word stands for (节电 -> 电耗); others as they are."""
    return _SAVING_WORDS.get(name, name)


def saving_direction(name: str) -> Literal["reduce", "increase"] | None:
    """Which way a saving word points, None for any other word."""
    if name not in _SAVING_WORDS:
        return None
    return "increase" if name[0] in "增提" else "reduce"


def _head(name: str) -> tuple[str, str, Better | None]:
    """A metric as (words in front, the name it is compared by, which way is better)."""
    plain = shown(name.lower() if name.isascii() else name)
    plain = _PHRASES.get(plain, plain)
    for size in range(min(8, len(plain)), 1, -1):  # 冷库综合能耗 ends in a known name
        known = _KNOWN.get(plain[-size:])
        if known:
            return plain[:-size], known[0], known[1]
    return "", plain, None


def family(name: str) -> str:
    """The name that a metric is compared by: synonyms share it, unknown names keep their own."""
    return _head(name)[1]


def better(name: str) -> Better | None:
    """Which way a metric improves; None when it depends (temperature, precision)."""
    return _head(name)[2]


_BY_DIMENSION = {
    "temperature": "温度",
    "sound": "噪声",
    "time": "时间",
    "power": "功率",
    "energy": "能耗",
    "length": "尺寸",
    "pressure": "压力",
    "mass": "重量",
    "frequency": "频率",
    "rotation": "转速",
    "frames": "帧率",
    "parts": "浓度",
    "mass/volume": "浓度",
    "amount/volume": "浓度",
    "voltage": "电压",
    "current": "电流",
    "money": "成本",
    "hardness_hrc": "硬度",
    "hardness_hv": "硬度",
    "count_times": "次数",
    "area": "面积",
    "volume": "体积",
    "length/time": "速度",
    "volume/time": "流量",
    "mass/time": "产能",
    "count_piece/time": "产能",
    "count_machine/time": "产能",
}


def by_dimension(dimension: str | None) -> str | None:
    """The metric that a unit suggests when the sentence names none."""
    return _BY_DIMENSION.get(dimension or "")


def compatible(first: str, second: str) -> bool:
    """Whether two metric names measure one thing and may be compared.

    Synonyms may (电耗, 用电量). Where the words in front matter, one must contain the other
    (教室甲醛浓度, 甲醛浓度), and a bare 时间 meets only another bare 时间.
    """
    front1, name1, _ = _head(first)
    front2, name2, _ = _head(second)
    if name1 == name2:
        return name1 not in _MODIFIED or _fronts_agree(front1, front2, name1)
    if {name1, name2} & _BARE:
        return False
    whole1, whole2 = front1 + name1, front2 + name2
    return whole1.endswith(whole2) or whole2.endswith(whole1)


def _fronts_agree(first: str, second: str, name: str) -> bool:
    if not first or not second:
        return first == second or name not in _BARE
    return first in second or second in first
