"""Demands as enterprises write them (own text), with what a careful reader takes from each.

Keys that are present are checked exactly; a missing key is not checked. Parts of the text stand
for their spans: `text[start:end]` must equal them.
"""

from __future__ import annotations

from datetime import date
from typing import Any

TODAY = date(2026, 11, 22)
WAN = 10_000_00  # fen in 万元

# target: (metric, op, value or (low, high), unit, text of the span)
CASES: list[tuple[str, dict[str, Any]]] = [
    # cold chain and energy
    (
        "我们是做冷链仓储的，两座低温冷库一年电费四百多万，想在不停库的前提下把能耗降 25% 以上，"
        "预算 200 万以内，明年 6 月前见效。",
        {
            "targets": [("能耗", ">=", 25, "%", "能耗降 25% 以上")],
            "constraints": ["不停库"],
            "budget": (200 * WAN, "预算 200 万以内"),
            "deadline": ("2027-05-31", "明年 6 月前"),
            "guessed": {"field", "scale"},
            "question": "refrigerant",
        },
    ),
    ("能耗降低三成", {"targets": [("能耗", ">=", 30, "%", "能耗降低三成")]}),
    ("电费太高，希望能省三成半", {"targets": [("电费", ">=", 35, "%", "省三成半")]}),
    ("空压站节电20%以上", {"targets": [("电耗", ">=", 20, "%", "节电20%以上")]}),
    ("锅炉热效率要达到95%", {"targets": [("锅炉热效率", ">=", 95, "%", "锅炉热效率要达到95%")]}),
    (
        "冷库库温要稳定在零下 18 度的条件下，波动不超过±1℃",
        {"constraints": []},
    ),
    ("单位产品能耗下降百分之二十五", {"targets": [("单位产品能耗", ">=", 25, "%", None)]}),
    (
        "能耗至少降两成，不换主机",
        {"targets": [("能耗", ">=", 20, "%", "能耗至少降两成")], "constraints": ["不换主机"]},
    ),
    ("降低能耗百分之十到百分之十五", {"targets": [("能耗", "range", (10, 15), "%", None)]}),
    ("余热回收后蒸汽用量减少30%左右", {"targets": [("蒸汽用量", ">=", 30, "%", None)]}),
    # machining
    ("线宽≤0.5 微米", {"targets": [("线宽", "<=", 0.5, "μm", "线宽≤0.5 微米")]}),
    ("精度达到 0.01mm", {"targets": [("精度", "<=", 0.01, "mm", "精度达到 0.01mm")]}),
    ("测量精度优于0.02毫米", {"targets": [("测量精度", "<", 0.02, "mm", "测量精度优于0.02毫米")]}),
    (
        "良率从 92% 提到 98%",
        {"targets": [("良率", ">=", 98, "%", "良率从 92% 提到 98%")]},
    ),
    ("刀具寿命提高一倍", {"targets": [("刀具寿命", ">=", 1, "倍", "刀具寿命提高一倍")]}),
    ("把换型时间从40分钟压缩到10分钟以内", {"targets": [("换型时间", "<=", 10, "min", None)]}),
    ("表面粗糙度Ra≤0.8μm", {"targets": [("表面粗糙度", "<=", 0.8, "μm", "表面粗糙度Ra≤0.8μm")]}),
    (
        "主轴转速不低于12000转/分，国产化",
        {"targets": [("主轴转速", ">=", 12000, "rpm", None)], "constraints": ["国产化"]},
    ),
    ("焊接变形量小于0.3毫米", {"targets": [("焊接变形量", "<", 0.3, "mm", None)]}),
    (
        "孔距误差不能超过0.02毫米",
        {"targets": [("孔距误差", "<=", 0.02, "mm", None)], "constraints": []},
    ),
    ("每小时要做到120件", {"targets": [("产能", ">=", 120, "件/h", None)]}),
    (
        "产能提升50%，不增加人手",
        {"targets": [("产能", ">=", 50, "%", "产能提升50%")], "constraints": ["不增加人手"]},
    ),
    ("设备综合利用率由60%提升到80%以上", {"targets": [("设备综合利用率", ">=", 80, "%", None)]}),
    ("减少人工30%", {"targets": [("人工", ">=", 30, "%", "减少人工30%")]}),
    ("CPK大于1.67", {"targets": [("CPK", ">", 1.67, None, "CPK大于1.67")]}),
    # vision and information
    (
        "现有系统不能识别0.1mm以下的缺陷，漏检率要求低于0.5%",
        {"targets": [("漏检率", "<", 0.5, "%", "漏检率要求低于0.5%")], "constraints": []},
    ),
    (
        "识别准确率99.5%以上，响应不超过 3 秒",
        {"targets": [("识别准确率", ">=", 99.5, "%", None), ("响应", "<=", 3, "s", None)]},
    ),
    ("数据不能外传，要支持离线部署", {"constraints": ["不能外传", "支持离线部署"]}),
    (
        "检测速度要达到每分钟200件",
        {"targets": [("检测速度", ">=", 200, "件/min", "检测速度要达到每分钟200件")]},
    ),
    ("误差小于百分之二", {"targets": [("误差", "<", 2, "%", "误差小于百分之二")]}),
    ("误报率千分之五以下", {"targets": [("误报率", "<=", 5, "‰", "误报率千分之五以下")]}),
    ("帧率≥60fps", {"targets": [("帧率", ">=", 60, "fps", "帧率≥60fps")]}),
    # environment and indoor air
    (
        "VOCs排放浓度低于30 mg/m³",
        {"targets": [("VOCs排放浓度", "<", 30, "mg/m3", "VOCs排放浓度低于30 mg/m³")]},
    ),
    (
        "教室甲醛浓度30天内降到0.08mg/m³以下，无需停课",
        {
            "targets": [("教室甲醛浓度", "<=", 0.08, "mg/m3", None)],
            "constraints": ["无需停课"],
            "deadline": ("2026-12-22", "30天内"),
        },
    ),
    (
        "甲醛去除率≥95%，不产生臭氧",
        {
            "targets": [("甲醛去除率", ">=", 95, "%", "甲醛去除率≥95%")],
            "constraints": ["不产生臭氧"],
        },
    ),
    ("新风机噪音控制在45分贝以内", {"targets": [("新风机噪音", "<=", 45, "dB", None)]}),
    (
        "PM2.5浓度不高于35μg/m³",
        {"targets": [("PM2.5浓度", "<=", 35, "μg/m3", "PM2.5浓度不高于35μg/m³")]},
    ),
    ("污水COD要小于50mg/L", {"targets": [("COD", "<", 50, "mg/L", None)]}),
    # printing
    ("套印精度控制在±0.05mm以内，不改产线", {"constraints": ["不改产线"]}),
    (
        "油墨要食品级、低VOC，印刷速度不低于200米/分钟",
        {"targets": [("印刷速度", ">=", 200, "m/min", None)], "constraints": ["食品级", "低VOC"]},
    ),
    ("水性油墨干燥时间缩短一半", {"targets": [("水性油墨干燥时间", ">=", 50, "%", None)]}),
    (
        "单件成本降到3元以下",
        {"targets": [("单件成本", "<=", 3, "元", "单件成本降到3元以下")], "budget": None},
    ),
    # marine and paediatrics
    (
        "浮标要耐腐蚀，水深3000米以上",
        {"targets": [("水深", ">=", 3000, "m", "水深3000米以上")], "constraints": ["耐腐蚀"]},
    ),
    ("育苗存活率提高到85%", {"targets": [("育苗存活率", ">=", 85, "%", None)]}),
    (
        "儿童雾化器要无创、安静，噪音不超过45分贝",
        {
            "targets": [("噪音", "<=", 45, "dB", None)],
            "constraints": ["无创"],
            "field": "showroom-paediatrics",
        },
    ),
    (
        "保鲜期延长到15天",
        {"targets": [("保鲜期", ">=", 15, "天", "保鲜期延长到15天")], "deadline": None},
    ),
    ("工作温度 30~50℃", {"targets": [("工作温度", "range", (30, 50), "°C", "工作温度 30~50℃")]}),
    ("要在-40℃环境下连续运行", {"targets": [("温度", "=", -40, "°C", None)]}),
    (
        "电池循环寿命2000次以上，功率不小于5kW",
        {"targets": [("电池循环寿命", ">=", 2000, "次", None), ("功率", ">=", 5, "kW", None)]},
    ),
    ("处理量1,200吨/天以上", {"targets": [("处理量", ">=", 1200, "t/天", "处理量1,200吨/天以上")]}),
    # full width, traditional, odd layout
    ("能耗降低２５％以上", {"targets": [("能耗", ">=", 25, "%", "能耗降低２５％以上")]}),
    ("产量达到１，２００吨以上", {"targets": [("产量", ">=", 1200, "t", None)]}),
    (
        "我們想把噪聲降低10分貝，預算一百二十萬元，必須國產化",
        {
            "targets": [("噪声", ">=", 10, "dB", "噪聲降低10分貝")],
            "budget": (120 * WAN, "預算一百二十萬元"),
            "constraints": ["必須國產化"],
        },
    ),
    (
        "無需停機，三個月內見效",
        {"constraints": ["無需停機"], "deadline": ("2027-02-22", "三個月內")},
    ),
    (
        "能耗\u200b降\u202e25%以上",
        {"targets": [("能耗", ">=", 25, "%", "能耗\u200b降\u202e25%以上")]},
    ),
    # budget
    ("想解决油烟异味，预算10-20万", {"budget": (20 * WAN, "预算10-20万")}),
    ("预算面议", {"budget": (None, "预算面议")}),
    ("这个问题50万以内能解决吗", {"budget": (50 * WAN, "50万以内"), "guessed": {"budget"}}),
    ("年营业额3亿，想花三十万左右改造", {"budget": (30 * WAN, "想花三十万左右")}),
    ("每年亏损200万，经费不超过一百二十万元", {"budget": (120 * WAN, "经费不超过一百二十万元")}),
    ("预算 -5 万", {"budget": None, "guessed": {"budget"}}),
    ("预算三百万，时间不急", {"budget": (300 * WAN, "预算三百万")}),
    ("最多出80万，多了没有", {"budget": (80 * WAN, "最多出80万")}),
    ("一年电费四百多万，压力很大", {"budget": None}),
    ("注册资本5000万，员工300人", {"budget": None, "targets": []}),
    ("已投入300万还没解决", {"budget": None}),
    ("转让费0.5亿元可以谈", {"budget": (5000 * WAN, "转让费0.5亿元")}),
    ("资金：￥500,000以内", {"budget": (50 * WAN, None)}),
    ("每年损失上千万，求技术", {"budget": None}),
    # deadline
    ("年底前上线", {"deadline": ("2026-12-31", "年底前")}),
    ("2027年3月前交样", {"deadline": ("2027-02-28", "2027年3月前")}),
    ("2027年3月底交样", {"deadline": ("2027-03-31", "2027年3月底")}),
    ("2027-03-01前完成", {"deadline": ("2027-03-01", None)}),
    ("2024.2.30前完成", {"deadline": None, "guessed": {"deadline"}}),
    ("下个季度要用", {"deadline": ("2027-03-31", "下个季度")}),
    ("半年内见效", {"deadline": ("2027-05-22", "半年内")}),
    ("明年底要投产", {"deadline": ("2027-12-31", None)}),
    ("五一前装好", {"deadline": ("2027-04-30", "五一前")}),
    ("6月30日前交付", {"deadline": ("2027-06-30", "6月30日前")}),
    ("公司成立于2015年3月，近三年增长很快", {"deadline": None}),
    ("机器用了三年，总出故障", {"deadline": None}),
    ("两周内给方案", {"deadline": ("2026-12-06", "两周内")}),
    # region, modes, ripeness
    (
        "希望找长三角的高校合作开发，要成熟的技术",
        {"region": ("长三角", "长三角"), "modes": ["development"], "trl": (7, None)},
    ),
    (
        "限上海团队，专利许可或转让都行",
        {"region": ("310000", "上海"), "modes": ["license", "transfer"]},
    ),
    (
        "我们在江苏，想找人做技术服务",
        {"region": ("320000", "江苏"), "modes": ["service"], "guessed": {"region"}},
    ),
    ("上海交通大学的老师能帮忙吗", {"region": None}),
    ("本区企业优先", {"region": ("local", "本区")}),
    ("TRL 7级以上，作价入股也可以", {"trl": (7, None), "modes": ["equity"], "targets": []}),
    ("TRL 11 的技术", {"trl": None, "guessed": {"trl"}}),
    ("做过中试的膜材料", {"trl": (5, 7)}),
    # conditions
    ("防爆，符合GMP，支持离线部署", {"constraints": ["防爆", "符合GMP", "支持离线部署"]}),
    ("能不能做到不动设备就省电", {"constraints": ["不动设备"]}),
    ("严禁动火，不影响生产", {"constraints": ["严禁动火", "不影响生产"]}),
    ("设备经常停机，不能及时发现故障", {"constraints": []}),
    ("产品不断出现裂纹，客户不满意", {"constraints": []}),
    # English
    (
        "Reduce energy consumption by at least 25% without stopping production, budget under "
        "2 million RMB, within 6 months.",
        {
            "targets": [
                ("energy consumption", ">=", 25, "%", "Reduce energy consumption by at least 25%")
            ],
            "constraints": ["without stopping production"],
            "budget": (200 * WAN, "budget under 2 million RMB"),
            "deadline": ("2027-05-22", "within 6 months"),
        },
    ),
    (
        "accuracy better than 0.01 mm, noise below 50 dB",
        {"targets": [("accuracy", "<", 0.01, "mm", None), ("noise", "<", 50, "dB", None)]},
    ),
    (
        "increase yield to 98%, must be food grade",
        {
            "targets": [("yield", ">=", 98, "%", "increase yield to 98%")],
            "constraints": ["must be food grade"],
        },
    ),
    (
        "budget 200k RMB by June 2027",
        {"budget": (20 * WAN, "budget 200k RMB"), "deadline": ("2027-06-30", "by June 2027")},
    ),
    # nothing to read
    (
        "机器老坏",
        {"targets": [], "constraints": [], "budget": None, "deadline": None, "question": "field"},
    ),
    (
        "我们有三台设备，第一台是进口的，一般每天开八小时",
        {"targets": [], "budget": None, "deadline": None},
    ),
    ("按GB50072-2021设计，型号R404A，IP67", {"targets": [], "budget": None}),
]

# Longer, rougher and rarer: spoken words, procurement notices, several numbers at once.
CASES += [
    (
        "车间太吵了，能不能降到70分贝以下，别停产",
        {
            "targets": [("噪声", "<=", 70, "dB", "降到70分贝以下")],
            "constraints": ["别停产"],
            "guessed": {"metric"},
        },
    ),
    (
        "工作温度-20~60℃都要能用",
        {"targets": [("工作温度", "range", (-20, 60), "°C", "工作温度-20~60℃")]},
    ),
    (
        "要一套自动数虾苗的设备，误差别超过5%，价格三五万",
        {"targets": [("误差", "<=", 5, "%", "误差别超过5%")], "field": "showroom-marine"},
    ),
    ("尺寸漂移十几个微米，要求控制在3微米以内", {"targets": [("尺寸", "<=", 3, "μm", None)]}),
    (
        "我司注册资本1.2亿元，年产值8亿元，现面向全国高校公开征集以下技术：高速印刷机在线色差检测，色差ΔE≤1.5，"
        "检测速度≥300米/分。预算总计150万元，2027年底前完成验收。",
        {
            "targets": [
                ("色差", "<=", 1.5, None, "色差ΔE≤1.5"),
                ("检测速度", ">=", 300, "m/min", "检测速度≥300米/分"),
            ],
            "budget": (150 * WAN, None),
            "deadline": ("2027-12-31", "2027年底前"),
            "field": "showroom-printing",
        },
    ),
    (
        "准确率九成以上，数据不能出厂区",
        {"targets": [("准确率", ">=", 90, "%", "准确率九成以上")], "constraints": ["不能出厂区"]},
    ),
    (
        "延时要小于100ms，成本增加不超过50元/台",
        {
            "targets": [("延时", "<", 100, "ms", None), ("成本", "<=", 50, "元/台", None)],
            "budget": None,
        },
    ),
    (
        "希望三年内把碳排放降四成",
        {
            "targets": [("碳排放", ">=", 40, "%", "碳排放降四成")],
            "deadline": ("2029-11-22", "三年内"),
        },
    ),
    (
        "固化时间30秒以内，附着力不低于5MPa",
        {
            "targets": [("固化时间", "<=", 30, "s", None), ("附着力", ">=", 5, "MPa", None)],
            "deadline": None,
        },
    ),
    (
        "新生儿黄疸检测，不扎针，误差≤1mg/dL",
        {
            "targets": [("误差", "<=", 1, "mg/dL", "误差≤1mg/dL")],
            "constraints": ["不扎针"],
            "field": "showroom-paediatrics",
        },
    ),
    (
        "预算在20到30万之间，最晚明年三月要用",
        {"budget": (30 * WAN, None), "deadline": ("2027-03-31", "明年三月")},
    ),
    (
        "投资不超过5百万，回收期两年以内",
        {
            "budget": (500 * WAN, None),
            "deadline": None,
            "targets": [("回收期", "<=", 2, "年", "回收期两年以内")],
        },
    ),
    (
        "鱼塘一到夏天就翻塘死鱼，损失几十万",
        {"field": "showroom-marine", "budget": None, "question": "water"},
    ),
    ("能耗降三到五成", {"targets": [("能耗", "range", (30, 50), "%", "能耗降三到五成")]}),
    (
        "coating thickness under 20 μm, budget 500,000 yuan, before March 2027",
        {
            "targets": [("thickness", "<", 20, "μm", "thickness under 20 μm")],
            "budget": (50 * WAN, "budget 500,000 yuan"),
            "deadline": ("2027-02-28", "before March 2027"),
        },
    ),
    ("能耗降25%\n预算\n200万", {"targets": [("能耗", ">=", 25, "%", "能耗降25%")]}),
    (
        "①能耗降25%②不停产",
        {"targets": [("能耗", ">=", 25, "%", "能耗降25%")], "constraints": ["不停产"]},
    ),
    (
        "<b>能耗</b>降25%以上<script>alert(1)</script>",
        {"targets": [("能耗", ">=", 25, "%", None)], "constraints": []},
    ),
    ("冷库😀能耗降25%😀以上", {"targets": [("能耗", ">=", 25, "%", None)]}),
]

CASES += [
    ("预算不超过50万美元", {"budget": None}),
    ("预算：500000，一年内", {"budget": (50 * WAN, None), "deadline": ("2027-11-22", "一年内")}),
    ("budget $500,000", {"budget": None}),
    (
        "Our budget is 2 million, noise under 60 dB",
        {"budget": (200 * WAN, None), "targets": [("noise", "<", 60, "dB", None)]},
    ),
    ("通过优化工艺满足客户需求，机器不停地报警", {"constraints": []}),
    ("要通过3C认证，必须防水", {"constraints": ["通过3C认证", "必须防水"]}),
    ("传感器不动了，水泵不排水", {"constraints": []}),
]

# Titles and keywords of papers come through the same box: nothing must be read into them.
CASES += [
    ("基于支持向量机的自适应分配算法", {"targets": [], "constraints": [], "modes": []}),
    ("围手术期抗菌药物的应用，非特异性免疫指标", {"targets": [], "constraints": []}),
    ("3S技术支持下的土地利用动态监测", {"constraints": [], "modes": []}),
    ("早期诊断与治疗方法，AI是一个工具", {"modes": [], "targets": []}),
    ("要求技术成熟、可产业化", {"constraints": [], "trl": (7, None)}),
]

CASES += [
    (
        "要求出水氨氮≤5mg/L，处理量200吨/天",
        {
            "targets": [
                ("出水氨氮", "<=", 5, "mg/L", "出水氨氮≤5mg/L"),
                ("处理量", ">=", 200, "t/天", None),
            ]
        },
    ),
    (
        "背隙小于1弧分，寿命10000小时",
        {"targets": [("背隙", "<", 1, "角分", "背隙小于1弧分"), ("寿命", ">=", 10000, "h", None)]},
    ),
    (
        "焊缝跟踪精度±0.3mm，速度不低于1m/min",
        {
            "targets": [
                ("焊缝跟踪精度", "<=", 0.3, "mm", None),
                ("速度", ">=", 1, "m/min", "速度不低于1m/min"),
            ]
        },
    ),
    (
        "良品率只有85%，目标97%，三个月解决，费用5万-8万",
        {
            "targets": [("良品率", ">=", 97, "%", "目标97%")],
            "budget": (8 * WAN, "费用5万-8万"),
            "deadline": ("2027-02-22", "三个月解决"),
        },
    ),
    (
        "找专家做失效分析，最好是本市的，费用好商量",
        {"region": ("local", "本市"), "budget": (None, "费用好商量")},
    ),
    (
        "误报率降一半以上，最好明年上半年能用",
        {
            "targets": [("误报率", ">=", 50, "%", "误报率降一半以上")],
            "deadline": ("2027-06-30", "明年上半年"),
        },
    ),
    (
        "每台成本不超过3000元，不改控制系统",
        {
            "targets": [("每台成本", "<=", 3000, "元", None)],
            "budget": None,
            "constraints": ["不改控制系统"],
        },
    ),
    ("螺杆空压机用电占全厂四成，想降低能耗", {"targets": [], "question": "reduce_by"}),
]
