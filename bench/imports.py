"""placeholder"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SEED = 11
_THINGS = (
    "冷库", "污泥", "风机叶片", "电梯导轨", "锂电隔膜", "钢丝绳", "注塑模具", "茶叶", "稀土废液", "光伏背板",
    "桥梁支座", "液压阀", "荔枝", "铝型材", "城市内涝点", "输电杆塔", "混凝土泵", "骨科植入物", "仓储货架", "海水淡化膜",
    "变压器油", "玻璃基板", "种猪", "轴承滚子", "染色废水", "隧道衬砌", "热泵机组", "印制电路板", "航空紧固件", "牡蛎",
)  # fmt: skip
_MEANS = (
    "声发射监测", "微波辅助萃取", "激光熔覆", "相变蓄热", "多光谱成像", "电渗析", "超临界干燥", "数字孪生调度", "磁流变抛光", "酶法改性",
    "毫米波雷达测距", "纳米气泡曝气", "等离子体刻蚀", "光纤光栅测温", "低温等静压", "自适应滤波", "冷喷涂", "厌氧氨氧化", "结构光扫描", "梯级回收",
)  # fmt: skip
_ENDS = (
    "在线检测装置", "节能改造方案", "修复工艺", "回收系统", "预警平台", "制备方法", "分选设备", "密封结构", "控制算法", "保鲜技术",
    "评估模型", "清洗机器人", "涂层材料", "快速筛查试剂", "装配工装", "远程运维终端",
)  # fmt: skip
_TROUBLES = (
    "人工巡检漏检率高", "停机更换代价大", "能耗居高不下", "批次之间差异明显", "药剂残留难以达标", "进口备件交期太长",
    "高温下容易失效", "现场粉尘大、湿度高", "小批量订单换型慢", "数据分散在几套系统里",
)  # fmt: skip
_HOWS = (
    "先用{m}取得原始信号，再按工况分段建模", "以{m}替代传统的机械处理", "把{m}与现有产线的控制器连成闭环",
    "在关键部位加装{m}单元，失效时自动旁路", "用{m}把杂质降到检出限以下", "将{m}做成可拆换的模块，三十分钟内完成更换",
)  # fmt: skip
_GAINS = (
    "综合能耗下降{n}%", "一次合格率提高到{n}%", "使用寿命延长{n}个月", "每吨成本减少{n}元", "响应时间缩短到{n}毫秒",
    "误报率低于{n}‰", "年减排二氧化碳{n}吨", "连续运行{n}小时无故障",
)  # fmt: skip
_PLACES = (
    "已在{k}家企业试用", "完成{k}个月中试", "取得发明专利{k}项", "通过第三方检测", "可按现场尺寸定制", "配套操作手册与培训",
    "愿意以许可或合作开发的方式转化", "团队有{k}名工程师常驻现场",
)  # fmt: skip
_FIELDS = "abcd"


def rows(count: int, seed: int = SEED) -> Iterator[dict[str, Any]]:
    """Synthetic achievements, always the same: about 190 characters each, of our own words."""
    some = random.Random(seed)
    for number in range(count):
        thing, means, end = some.choice(_THINGS), some.choice(_MEANS), some.choice(_ENDS)
        gains = [g.format(n=some.randint(2, 980)) for g in some.sample(_GAINS, 3)]
        places = [p.format(k=some.randint(2, 40)) for p in some.sample(_PLACES, 3)]
        told = (
            f"{thing}在使用中常见的问题是{some.choice(_TROUBLES)}，{some.choice(_TROUBLES)}。"
            f"本成果{some.choice(_HOWS).format(m=means)}，{some.choice(_HOWS).format(m=some.choice(_MEANS))}，"
            f"形成面向{some.choice(_THINGS)}和{thing}的{end}。"
            f"实测{gains[0]}，{gains[1]}，{gains[2]}。{places[0]}，{places[1]}，{places[2]}。"
        )
        yield {
            "id": f"SYN-{number:07d}",
            "title": f"{thing}{means}{end}（{number % 9973}型）",
            "abstract": told,
            "keywords": [thing, means, end],
            "trl": some.randint(3, 9),
            "price": some.choice([None, some.randint(5, 900)  * 10_000]),
        }


def write(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8") as out:
        for row in rows(count):
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
