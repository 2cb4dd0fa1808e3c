"""At most one question: the missing fact that would sharpen the matches most."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from yangbanjian.kernel.words import gettext_noop as _

from .shapes import FieldCode, Question, Understanding

_MIN_CONTENT = 4


@dataclass(frozen=True, slots=True)
class _Detail:
    """A fact that decides which technology fits once a text mentions `about`."""

    code: str
    about: str
    known: str
    text: str
    answers: tuple[str, ...]


# Each answer holds a word of `known`: appended to the text, it settles the question.
_DETAILS = (
    _Detail(
        "refrigerant",
        r"冷库|制冷机组|冷冻机|冷链",
        r"氨|氟利昂|二氧化碳|r\d{2,3}|co2|制冷剂",
        _("冷库用的是哪种制冷剂？"),
        (_("氨"), _("氟利昂"), _("二氧化碳")),
    ),
    _Detail(
        "substrate",
        r"印刷|油墨|套印|印品",
        r"纸|薄膜|塑料|金属|铁罐|标签|布|玻璃",
        _("印在什么材料上？"),
        (_("纸张"), _("塑料薄膜"), _("金属")),
    ),
    _Detail(
        "workpiece",
        r"焊接|切削|磨削|刀具|打磨|抛光",
        r"钢|铝|钛|铜|合金|铸铁|陶瓷|复合材料|塑料",
        _("加工的是什么材料？"),
        (_("钢件"), _("铝合金"), _("钛合金")),
    ),
    _Detail(
        "child_age",
        r"儿科|儿童|患儿|孩子|宝宝|小儿",
        r"新生儿|早产|婴|幼儿|学龄|岁|月龄|青少年",
        _("孩子在哪个年龄段？"),
        (_("新生儿"), _("婴幼儿"), _("学龄儿童")),
    ),
    _Detail(
        "room",
        r"甲醛|异味|空气净化|新风|霉菌",
        r"家|住宅|学校|教室|医院|办公|车间|病房|商场|地铁|车内|展厅|厂房",
        _("在什么场所用？"),
        (_("学校教室"), _("办公室"), _("医院病房"), _("生产车间")),
    ),
    _Detail(
        "water",
        r"养殖|水产|鱼塘|虾塘",
        r"海水|淡水|工厂化|池塘|网箱|循环水",
        _("养殖方式是哪种？"),
        (_("池塘"), _("工厂化循环水"), _("海上网箱")),
    ),
    _Detail(
        "inspected",
        r"缺陷检测|视觉检测|外观检测|漏检",
        r"金属|玻璃|薄膜|布|纸|芯片|电路板|pcb|药|食品|表面|零件|轴承|瓶",
        _("检测的是什么产品？"),
        (_("金属零件"), _("薄膜材料"), _("电路板"), _("药品食品")),
    ),
)
_SOFT_GOALS = (
    (
        "reduce_by",
        r"节能|省电|能耗|电费|降耗",
        _("希望能耗降多少？"),
        (_("能耗降 10% 以上"), _("能耗降 20% 以上"), _("能耗降 30% 以上")),
    ),
    (
        "cost_by",
        r"降(?:低)?成本|成本(?:太|过)?高|降本",
        _("希望成本降多少？"),
        (_("成本降 10% 以上"), _("成本降 20% 以上"), _("成本降 30% 以上")),
    ),
    (
        "yield_to",
        r"良率|合格率|次品|废品|不良",
        _("希望良率达到多少？"),
        (_("良率达到 95%"), _("良率达到 98%"), _("良率达到 99.5%")),
    ),
    (
        "noise_to",
        r"噪音|噪声|太吵",
        _("希望噪声降到多少？"),
        (_("噪声不超过 70 分贝"), _("噪声不超过 60 分贝"), _("噪声不超过 50 分贝")),
    ),
    (
        "faster_by",
        r"效率低|太慢|提速|提高效率|提升效率|产能不足",
        _("希望效率提高多少？"),
        (_("效率提高 20% 以上"), _("效率提高 50% 以上"), _("效率提高一倍")),
    ),
)


def question_for(said: Understanding, lower: str, fields: Sequence[FieldCode]) -> Question | None:
    """The question to ask about `said`; `lower` is the folded text. None when nothing is missing.

    Order: what it is about, how much, the decisive detail, money, time.
    """
    if not lower.strip():
        return None
    return (
        _topic(said, lower, fields)
        or _amount(said, lower)
        or _detail(lower)
        or _budget(said)
        or _time(said)
    )


def _topic(said: Understanding, lower: str, fields: Sequence[FieldCode]) -> Question | None:
    letters = sum(c.isalnum() for c in lower)
    if said.field or (letters >= _MIN_CONTENT and (said.targets or letters > 12)) or not fields:
        return None
    return Question("field", _("难题属于哪个领域？"), tuple(f.label for f in fields[:4]))


def _amount(said: Understanding, lower: str) -> Question | None:
    if said.targets:
        return None
    for code, about, text, answers in _SOFT_GOALS:
        if re.search(about, lower):
            return Question(code, text, answers)
    return None


def _detail(lower: str) -> Question | None:
    for one in _DETAILS:
        if re.search(one.about, lower) and not re.search(one.known, lower):
            return Question(one.code, one.text, one.answers)
    return None


def _budget(said: Understanding) -> Question | None:
    if said.budget:
        return None
    answers = (_("预算 20 万以内"), _("预算 50 万以内"), _("预算 200 万以内"), _("预算面议"))
    return Question("budget", _("预算大约多少？"), answers)


def _time(said: Understanding) -> Question | None:
    if said.deadline:
        return None
    return Question(
        "deadline",
        _("希望什么时候用上？"),
        (_("三个月内"), _("半年内"), _("一年内"), _("时间不限")),
    )
