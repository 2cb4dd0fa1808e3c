"""Words that point to a field: the programme's seven showroom fields and the eleven of contracts.

Our own lists, simplified and lower case; a site may pass others to `understand`.
"""

from __future__ import annotations

from functools import lru_cache

from yangbanjian.kernel.words import gettext_noop as _

from .shapes import FieldCode

# code, label, words
_TABLE = (
    (
        "showroom-information",
        _("信息工程与应用"),
        "软件 算法 人工智能 机器视觉 视觉检测 图像识别 大模型 数据中台 数据 物联网 传感器 "
        "云平台 区块链 网络安全 信息系统 语音识别 知识图谱 数据库 芯片 通信 5g 边缘计算 "
        "信息化 数据孤岛 缺陷检测 ai 识别 爬虫 接口 software algorithm data vision",
    ),
    (
        "showroom-design",
        _("智能设计"),
        "设计 工业设计 外观设计 结构设计 仿真 数字孪生 参数化 bim 造型 人机工程 人机交互 "
        "拓扑优化 三维建模 建模 cad 交互设计 方案设计 出图 图纸 建筑设计 景观 用户体验 design "
        "simulation",
    ),
    (
        "showroom-marine",
        _("海洋技术"),
        "海洋 船舶 船 水产 养殖 海水 深海 水下 渔业 渔船 港口 码头 海上 鱼 虾 蟹 贝 藻 远洋 "
        "鱼塘 死鱼 虾苗 鱼苗 翻塘 增氧 浮标 海工 赤潮 冷链 保鲜 水产品 海缆 水下机器人 "
        "marine ocean fish vessel",
    ),
    (
        "showroom-paediatrics",
        _("儿科医学"),
        "儿科 儿童 患儿 新生儿 早产儿 婴儿 婴幼儿 小儿 宝宝 孩子 打针 扎针 血管 黄疸 先心病 "
        "川崎病 哮喘 发育 疫苗 遗传病 生长 雾化 病房 护理 给药 诊断 筛查 康复 child children "
        "paediatric pediatric infant",
    ),
    (
        "showroom-printing",
        _("绿色印刷与包装"),
        "印刷 包装 油墨 纸箱 纸盒 标签 胶印 柔印 凹印 印后 烫金 复合膜 薄膜 色差 套印 覆膜 "
        "印刷机 墨 版材 瓦楞 软包装 可降解包装 礼盒 上光 packaging printing ink",
    ),
    (
        "showroom-indoor-air",
        _("室内环境净化"),
        "室内 甲醛 空气净化 净化 新风 异味 装修 tvoc voc 苯 通风 消毒 杀菌 气溶胶 颗粒物 "
        "pm2.5 过滤 滤材 滤网 除醛 空调 洁净 霉菌 indoor air formaldehyde purification",
    ),
    (
        "showroom-manufacturing",
        _("机械制造数字化"),
        "机械 制造 机床 加工 数控 刀具 机器人 产线 生产线 车间 装配 螺丝 拧紧 焊接 铸造 锻造 "
        "模具 冲压 注塑 mes 排产 工装 轴承 齿轮 磨削 切削 打磨 预测性维护 故障诊断 停机 零件 "
        "工件 良率 节拍 agv 数字化转型 machining manufacturing",
    ),
    (
        "tech-electronics",
        _("电子信息"),
        "电子 信息 集成电路 半导体 芯片 软件 通信 雷达 显示 光电 电路 pcb 传感 存储",
    ),
    (
        "tech-aerospace",
        _("航空航天"),
        "航空 航天 飞机 无人机 卫星 火箭 机翼 发动机叶片 遥感 aerospace drone",
    ),
    (
        "tech-manufacturing",
        _("先进制造"),
        "制造 机床 机器人 数控 焊接 模具 激光 增材 3d打印 自动化 装备 加工",
    ),
    (
        "tech-biomedicine",
        _("生物医药和医疗器械"),
        "医药 药物 医疗 器械 临床 手术 诊断 患者 细胞 基因 抗体 疫苗 蛋白 支架 植入 康复 医院 "
        "制剂 medical drug",
    ),
    (
        "tech-materials",
        _("新材料及其应用"),
        "材料 涂层 合金 陶瓷 复合材料 高分子 树脂 碳纤维 石墨烯 薄膜 胶 橡胶 纳米 塑料 催化剂 "
        "coating material",
    ),
    (
        "tech-energy",
        _("新能源与高效节能"),
        "能源 节能 省电 能耗 光伏 风电 储能 电池 氢 余热 热泵 冷库 制冷 电费 用电 锅炉 换热 "
        "充电 冷链 energy battery solar",
    ),
    (
        "tech-environment",
        _("环境保护与资源综合利用"),
        "环保 污水 废水 废气 固废 污泥 垃圾 回收利用 废料 脱硫 脱硝 减排 土壤修复 voc 除尘 "
        "异味 再生 排放 wastewater emission recycling",
    ),
    (
        "tech-nuclear",
        _("核应用"),
        "核 辐照 同位素 放射 辐射 中子 加速器 核电 nuclear radiation",
    ),
    (
        "tech-agriculture",
        _("农业"),
        "农业 种植 育种 种子 作物 畜 猪 鸡 饲料 农药 化肥 大棚 农产品 土壤 灌溉 兽药 养殖 "
        "farm crop",
    ),
    (
        "tech-transport",
        _("现代交通"),
        "交通 汽车 车辆 轨道 地铁 高铁 公路 桥梁 物流 道路 自动驾驶 停车 充电桩 隧道 vehicle "
        "traffic",
    ),
    (
        "tech-urban",
        _("城市建设与社会发展"),
        "城市 建筑 社区 养老 给排水 管网 消防 应急 安防 楼宇 施工 混凝土 电梯 公共安全 教育 "
        "文物 building construction",
    ),
)


@lru_cache(maxsize=1)
def default_fields() -> tuple[FieldCode, ...]:
    """The seven showroom fields, then the eleven fields of technology contracts."""
    return tuple(FieldCode(code, label, tuple(words.split())) for code, label, words in _TABLE)
