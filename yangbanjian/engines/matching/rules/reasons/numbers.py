"""Numbers compared as numbers: an interval against an interval, in one unit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from yangbanjian.engines.matching.rules.understanding import metrics
from yangbanjian.engines.matching.rules.understanding.facts import Fact
from yangbanjian.engines.matching.rules.understanding.shapes import Op, Target, plain_number
from yangbanjian.kernel.words import gettext_noop

Verdict = Literal["yes", "unknown", "no"]

_INF = Decimal("Infinity")
_SLACK = Decimal("0.9")  # 左右 in a demand bears a tenth
POINTS = gettext_noop(" 个百分点")
OPS: dict[Op, str] = {">=": "≥", "<=": "≤", ">": ">", "<": "<", "=": "", "range": ""}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One demand target against one fact; `gap` is what is missing, in the demand's unit."""

    verdict: Verdict
    fact: Fact
    ratio: float
    gap: Decimal | None


def comparable(target: Target, claim: Target) -> bool:
    """Same thing measured in the same dimension, both changes or both levels, same direction."""
    if target.dimension != claim.dimension or not metrics.compatible(target.metric, claim.metric):
        return False
    if target.is_change != claim.is_change:
        return False
    ways = {target.direction, claim.direction} - {None}
    return not target.is_change or len(ways) == 1


def compare(target: Target, fact: Fact) -> Comparison:
    """Yes when every value the claim allows satisfies the target, no when none does, else unknown.

    A claimed range 12-15 % against >= 25 % is no; a claim ">= 20 %" against >= 25 % is unknown.
    """
    low, high = _interval(fact.claim)
    want_low, want_high, strict_low, strict_high = _wanted(target)
    above = low > want_low or (low == want_low and not strict_low)
    below = high < want_high or (high == want_high and not strict_high)
    if above and below:
        return Comparison("yes", fact, 1.0, None)
    out = high < want_low or low > want_high
    out = out or (strict_low and high == want_low) or (strict_high and low == want_high)
    verdict: Verdict = "no" if out else "unknown"
    best = min(max(want_low, low), high) if high < want_low else low
    edge = want_low if high < want_low or not above else want_high
    return Comparison(verdict, fact, _ratio(best, edge), _gap(target, best, edge))


def _interval(claim: Target) -> tuple[Decimal, Decimal]:
    value = claim.base(claim.value)
    if claim.op in {">=", ">"}:
        return value, _INF
    if claim.op in {"<=", "<"}:
        return -_INF, value
    upper = claim.base(claim.value_to) if claim.value_to is not None else value
    return min(value, upper), max(value, upper)


def _wanted(target: Target) -> tuple[Decimal, Decimal, bool, bool]:
    value = target.base(target.value)
    slack = abs(value) * (1 - _SLACK) if target.approximate else Decimal(0)
    if target.op in {">=", ">"}:
        return value - slack, _INF, target.op == ">", False
    if target.op in {"<=", "<"}:
        return -_INF, value + slack, False, target.op == "<"
    if target.value_to is not None:
        upper = target.base(target.value_to)
        # a wished-for change of 20-30 % is not spoilt by 35 %
        return value - slack, (_INF if target.is_change else upper), False, False
    if target.is_change:
        return value - slack, _INF, False, False
    return value - slack, value + slack, False, False


def _ratio(value: Decimal, edge: Decimal) -> float:
    """How near a claim comes to the edge it misses, 0..1."""
    if not value.is_finite() or not edge.is_finite() or value <= 0 or edge <= 0:
        return 0.0
    return float(min(value / edge, edge / value))


def _gap(target: Target, value: Decimal, edge: Decimal) -> Decimal | None:
    if not value.is_finite() or not edge.is_finite():
        return None
    factor = target.unit.factor if target.unit else Decimal(1)
    return abs(edge - value) / factor


def best_of(target: Target, facts: list[Fact]) -> Comparison | None:
    """The fact that speaks best for the record; None when nothing is comparable."""
    order = {"yes": 0, "unknown": 1, "no": 2}
    found = [compare(target, f) for f in facts if comparable(target, f.claim)]
    return min(found, key=lambda c: (order[c.verdict], -c.ratio)) if found else None


def shown(target: Target, *, claim: bool = False) -> str:
    """A target in words: 能耗降 ≥ 25%, 精度 ≤ 0.01 mm, 能耗降 12%–15%."""
    unit = target.unit.symbol if target.unit else ""
    gap = "" if unit in {"%", "‰", "倍", "°C", ""} else " "
    number = f"{plain_number(target.value)}"
    if target.value_to is not None:
        number += f"{gap}{unit}–{plain_number(target.value_to)}"
    mark = OPS[target.op]
    move = ""
    if target.is_change and target.direction:
        move = "降" if target.direction == "reduce" else "升"
    middle = f" {mark} " if mark else (" " if not move else "")
    return f"{target.metric}{move}{middle}{number}{gap}{unit}"


def amount(value: Decimal, target: Target) -> str:
    """A bare amount in the target's unit; shares are told in percentage points."""
    plain = plain_number(round(value, 4))
    unit = target.unit.symbol if target.unit else ""
    if unit == "%":
        return f"{plain}{POINTS}"
    return f"{plain} {unit}".strip()
