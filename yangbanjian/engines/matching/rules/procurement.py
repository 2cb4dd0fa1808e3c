"""What a demand says about buying rather than about the problem, and what is left without it.

A prior about how Chinese enterprises ask for technology: frames («我公司急需…的技术方案»), terms
of trade and the company's description of itself. It acts only on a text that speaks so (an anchor
is found): in a title or a list of terms the same words may carry the meaning.
"""

from __future__ import annotations

import re
from functools import lru_cache

import rjieba

# Someone is asking: who, or the act of asking.
_ANCHOR = re.compile(
    r"[我本敝该某](公司|司|厂|企业|单位|集团|合作社|园区)|我们|咱们?|俺|企业(现有|希望|拟|急需|需要)|"
    r"急需|亟需|亟待|迫切(需要|希望)|寻求|征集|诚征|求购|求助|寻找|招募|需求(名称|内容|描述|背景|简介|概述|标题)|"
    r"有没有|有无|有什么|有啥|谁能|谁有|哪里有|哪位|能不能|能否|可否|怎么办|咋办|怎么|咋|如何解决|请问|求推荐|请教|"
    r"希望(引进|能|找|得到|通过|与|有)|想(找|要|请|引进|买|上|问|把|做)|拟(引进|攻关|解决|采购|开发)|"
    r"合作方式|预算\s*(为|约|不|在|面议|[0-9一二三四五六七八九十百])|面议|联系人|委托开发|技术难题|技术攻关|老是|总是|搞不定|解决不了"
)

# A clause with one of these speaks of the buyer or the deal.
_ASIDE = re.compile(
    r"成立于|成立以来|坐落|注册资[本金]|员工\d|拥有员工|年产值|年销售|营业收入|占地|"
    r"高新技术企业|专精特新|小巨人企业|龙头企业|上市公司|"
    r"iso ?\d{4}|质量管理体系|主营业务|主要从事|专业从事|"
    r"联系人|联系电话|联系方式|手机号|邮箱|微信|传真|邮编|"
    r"合作方式|合作模式|合作形式|合作意向|投入资金|资金投入|研发投入|经费|预算|面议|付款|报价|"
    r"技术转让|委托开发|联合开发|合作开发|技术入股|作价|万元|"
    r"(申请|授权)(发明)?专利\d?|发表论文|知识产权归|保密协议|"
    r"有意者|欢迎.{0,8}(联系|洽谈|对接|合作)|征集表|填报|填表|有效期|产学研|高等院校|科研院所"
)
_CLAUSE = re.compile(r"[^。；;！!？?\n，,]*[。；;！!？?\n，,]?")

# Sentences of our own in which everything but the subject is said; their words are words of trade.
_SPEECH = """
我公司 我司 本公司 本厂 我厂 我们厂 我们公司 贵单位 贵校 各位专家 老师 你好 您好 请问 谢谢 求助 急 在线等
企业 公司 单位 工厂 厂里 集团 厂家 甲方 客户 供应商 合作社 这边 这里 我们 咱们 大家 有人 谁 哪位 哪里 哪家
因业务发展需要 现 拟 面向全国 面向社会 向 高校 院校 高等院校 大专院校 科研院所 研究院 研究所 专家 教授 团队 专家团队 公开 征集 寻求 诚征 寻找 求购 招募 引进 采购 购买 对接 合作
急需 亟需 亟待 迫切 需要 希望 期望 期待 想 想要 打算 计划 准备 能够 能 可以 能不能 能否 有没有 有无 有什么 什么样 怎么 怎么办 怎样 如何 是否 帮忙 帮 推荐 介绍
技术 需求 名称 内容 描述 背景 简介 说明 指标 要求 预期 预期目标 主要 关键 核心 关键技术 瓶颈 难题 难点 问题 痛点 攻关 拟攻关
在 生产 过程 中 遇到 了 存在 面临 出现 现有 目前 当前 现在 最近 近年来 一直 总是 老是 经常 由于 因为 困扰 我们的
落后 成本 高 成本高 效率 低 效率低下 产品竞争力 为 为了 解决 突破 攻克 实现 提供 具备 具有 满足
成熟 先进 可靠 相关 有关 适合 适用 技术方案 解决方案 方案 成果 科技成果 科研成果 工艺包 办法 方法 整套 一套 团队合作
合作方式 合作 技术转让 委托开发 联合开发 合作开发 技术服务 技术咨询 技术许可 技术入股 产学研合作 通过 均可 不限 或 等
产业化 工程化 中试 小试 量产 落地 应用案例 可产业化 可落地 验收 交付 期限 一年内 半年内 个月 尽快 完成 近期
预算 经费 资金 投入 万元 左右 以内 面议 费用 价格 报价 合理 联系人 联系电话 欢迎 洽谈 方面 该方向 的 地 得 吗 呢 吧 啊 一下 一个 一种 这个 那个 这种
"""
_KEEP_APART = re.compile(r"[\s，,、。；;：:！!？?]+")
_SIGN = re.compile(r"[\u3400-\u9fffa-z0-9\u0370-\u03ff]")
_LEAST = 2


@lru_cache(maxsize=1)
def _trade_words() -> frozenset[str]:
    """Phrases of the speech and the words they are cut into."""
    phrases = _SPEECH.split()
    return frozenset(phrases) | frozenset(word for phrase in phrases for word in rjieba.cut(phrase))


def _is_trade(word: str) -> bool:
    """A word of the speech, or two of them written as one («技术难题»)."""
    known = _trade_words()
    return word in known or any(
        word[:cut] in known and word[cut:] in known for cut in range(2, len(word) - 1)
    )


def is_asking(text: str) -> bool:
    """Whether a folded text speaks as a buyer does."""
    return _ANCHOR.search(text) is not None


def essence(text: str) -> str:
    """A folded text without the talk of buying; unchanged when it does not ask or says no more."""
    if not is_asking(text):
        return text
    clauses = [part for part in _CLAUSE.findall(text) if part]
    kept = "".join(part for part in clauses if not _ASIDE.search(part))
    for candidate in (kept, text):
        words = (" " if _is_trade(word) else word for word in rjieba.cut(candidate))
        cut = _KEEP_APART.sub(" ", "".join(words)).strip()
        if len(_SIGN.findall(cut)) >= _LEAST:
            return cut
    return text
