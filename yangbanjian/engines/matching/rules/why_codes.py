"""Why a match was called 不准: the closed list of codes, and what they add up to for an owner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from yangbanjian.kernel.words import gettext_noop

BAD_CODES: Mapping[str, str] = MappingProxyType(
    {
        "too_early": gettext_noop("技术还不成熟"),
        "benefit_unclear": gettext_noop("看不出好处有多大"),
        "no_commercial_route": gettext_noop("不知道怎么落地赚钱"),
        "description_unclear": gettext_noop("说明看不懂"),
        "science_doubt": gettext_noop("对原理或数据有疑问"),
        "out_of_scope": gettext_noop("不是我要解决的问题"),
        "wrong_field": gettext_noop("领域不对"),
        "target_missed": gettext_noop("指标达不到"),
        "condition_conflict": gettext_noop("与我的现场条件冲突"),
        "price": gettext_noop("价格不合适"),
        "timing": gettext_noop("时间来不及"),
        "mode": gettext_noop("合作方式不合适"),
        "region": gettext_noop("地域太远"),
        "rights_unclear": gettext_noop("权属不清楚"),
        "already_solved": gettext_noop("已经解决了"),
        "already_known": gettext_noop("已经联系过"),
        "contact": gettext_noop("联系不上或回应慢"),
    }
)
"""Code -> label (message id). Codes are kept in stored feedback, so they are never renamed."""

GOOD_CODE = "good"

_ADVICE: Mapping[str, str] = MappingProxyType(
    {
        "too_early": gettext_noop("补上成熟度的依据：样机、中试或用户现场的记录。"),
        "benefit_unclear": gettext_noop("用实测数说清好处：比现有做法省多少、快多少、谁测的。"),
        "no_commercial_route": gettext_noop("写明可以怎么合作、投产要多少钱、多久收回。"),
        "description_unclear": gettext_noop(
            "把第一段改成「解决谁的什么问题、做到什么程度」，少用缩写。"
        ),
        "science_doubt": gettext_noop("附上检测报告或论文，写明测试条件。"),
        "out_of_scope": gettext_noop("写明适用和不适用的场景，减少误配。"),
        "wrong_field": gettext_noop("核对所属领域和关键词。"),
        "target_missed": gettext_noop("把关键指标写成数字和单位，注明测试条件。"),
        "condition_conflict": gettext_noop("写明现场要求：要不要停机、改产线、防爆或更换设备。"),
        "price": gettext_noop("考虑标出价格区间，或注明可以面议、分期或提成。"),
        "timing": gettext_noop("写明从签约到用上要多久。"),
        "mode": gettext_noop("考虑多开放一种合作方式，例如许可或合作开发。"),
        "region": gettext_noop("写明能否异地实施和售后。"),
        "rights_unclear": gettext_noop("补全专利号、权利人和法律状态。"),
        "contact": gettext_noop("指定一位联系人，并在三个工作日内回复。"),
    }
)
MIN_COUNT = 2
"""A single opinion is not yet advice."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One sentence to a record's owner: how many said what, and what helps (message ids)."""

    code: str
    count: int
    label: str
    text: str


def is_why_code(code: str) -> bool:
    """Whether `code` may stand in a feedback of 不准."""
    return code in BAD_CODES


def advice(counts: Mapping[str, int], *, limit: int = 3) -> list[Advice]:
    """Advice for the commonest complaints, most frequent first, ties in the list's own order.

    Codes said fewer than twice, unknown codes, and codes that the owner cannot mend
    (already_solved, already_known) give none.
    """
    order = list(BAD_CODES)
    due = [
        (code, count) for code, count in counts.items() if code in _ADVICE and count >= MIN_COUNT
    ]
    due.sort(key=lambda item: (-item[1], order.index(item[0])))
    return [Advice(code, n, BAD_CODES[code], _ADVICE[code]) for code, n in due[:limit]]
