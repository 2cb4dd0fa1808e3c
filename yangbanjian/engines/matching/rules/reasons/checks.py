"""The checks behind reasons: each looks at one wish and says yes, unknown or no."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from yangbanjian.engines.matching.rules.understanding.facts import Fact
from yangbanjian.engines.matching.rules.understanding.shapes import (
    Constraint,
    Target,
    Understanding,
)

from .conditions import look_up
from .messages import MODE_LABELS, money
from .numbers import Comparison, amount, best_of, shown
from .record import RecordView
from .verdicts import Change, Reading, Reason

NEAR_TRL = 1
_SCHEDULE = ("工期", "周期", "时间", "时长", "安装", "改造", "交付", "调试", "施工", "响应")
_NOT_SCHEDULE = ("响应", "检测", "干燥", "固化", "换型", "加工", "保鲜", "寿命", "续航")


def target_reason(target: Target, reading: Reading) -> Reason | None:
    """Demand and record numbers side by side; None for an expert, who claims no numbers."""
    if reading.record.kind == "expert" and not reading.facts:
        return None
    best = best_of(target, list(reading.facts))
    demand = shown(target)
    if best is None:
        return Reason(
            "unknown",
            "target_unstated",
            {"metric": target.metric, "demand": demand},
            target.span,
            change=Change("show_number", {"metric": target.metric}),
            weight=0.6,
        )
    code = {"yes": "target_met", "unknown": "target_partly", "no": "target_missed"}[best.verdict]
    return Reason(
        best.verdict,
        code,
        {"record": shown(best.fact.claim), "demand": demand},
        target.span,
        best.fact.field,
        best.fact.claim.span,
        change=_target_change(target, best),
        weight=1.0,
    )


def _target_change(target: Target, best: Comparison) -> Change | None:
    if best.verdict == "yes":
        return None
    if best.gap is None or best.verdict == "unknown":
        return Change("show_number", {"metric": target.metric})
    claim = best.fact.claim
    value = claim.base(claim.value)
    rises = target.base(target.value) > value
    if target.is_change and target.direction:
        rises = target.direction == "increase"
    gap = amount(best.gap, target)
    return Change("raise_to" if rises else "lower_to", {"metric": target.metric, "gap": gap})


def condition_reason(condition: Constraint, record: RecordView) -> Reason | None:
    """A condition found, contradicted or unmentioned in the record."""
    found = look_up(condition, record.fields)
    if found.verdict == "unknown" and record.kind == "expert":
        return None
    demand = condition.text
    if found.verdict == "yes":
        params = {"record": found.text, "demand": demand}
        return Reason(
            "yes", "condition_met", params, condition.span, found.field, found.span, weight=0.9
        )
    if found.verdict == "no":
        return Reason(
            "no",
            "condition_broken",
            {"record": found.text, "demand": demand},
            condition.span,
            found.field,
            found.span,
            Change("change_condition", {"demand": demand}),
            weight=0.95,
        )
    change = Change("settle_condition", {"demand": demand})
    return Reason(
        "unknown",
        "condition_unstated",
        {"demand": demand},
        condition.span,
        change=change,
        weight=0.5,
    )


def budget_reason(said: Understanding, record: RecordView) -> Reason | None:
    """Price wish against budget; silent for experts and when no budget is stated."""
    if said.budget is None or said.budget.fen is None or record.kind == "expert":
        return None
    budget, span = said.budget.fen, said.budget.span
    shown_budget = money(budget)
    if record.price_fen is None:
        code = "budget_talk" if record.negotiable else "budget_unstated"
        change = Change("talk_price", {})
        return Reason("unknown", code, {"budget": shown_budget}, span, change=change, weight=0.3)
    params = {"price": money(record.price_fen), "budget": shown_budget}
    if record.price_fen <= budget:
        return Reason("yes", "budget_met", params, span, weight=0.7)
    gap = Change("close_gap", {"gap": money(record.price_fen - budget), "price": params["price"]})
    if record.negotiable and record.price_fen <= budget * 3 // 2:
        return Reason("unknown", "budget_negotiable", params, span, change=gap, weight=0.7)
    return Reason("no", "budget_missed", params, span, change=gap, weight=0.8)


def schedule_of(reading: Reading) -> Fact | None:
    """The longest stated time of delivery or installation among the record's facts."""
    times = [
        f
        for f in reading.facts
        if f.claim.dimension == "time"
        and not f.claim.is_change
        and any(w in f.claim.metric for w in _SCHEDULE)
        and not any(w in f.claim.metric for w in _NOT_SCHEDULE)
        and f.claim.base(f.claim.value) >= 86400
    ]
    return max(times, key=lambda f: f.claim.base(f.claim.value_to or f.claim.value), default=None)


def deadline_reason(said: Understanding, reading: Reading, today: date | None) -> Reason | None:
    """Available date or stated working time against the deadline."""
    if said.deadline is None or said.deadline.day is None or reading.record.kind == "expert":
        return None
    last, span = said.deadline.day, said.deadline.span
    params = {"deadline": last.isoformat()}
    ready = reading.record.available_from
    if ready is not None and ready > last:
        params["ready"] = ready.isoformat()
        change = Change("later", {"ready": params["ready"]})
        return Reason("no", "deadline_missed", params, span, change=change, weight=0.75)
    fact = schedule_of(reading)
    if fact is not None and today is not None:
        return _schedule_reason(fact, last, max(today, ready or today), said)
    if ready is not None:
        params["ready"] = ready.isoformat()
        return Reason("yes", "deadline_met", params, span, weight=0.6)
    change = Change("show_schedule", {})
    return Reason("unknown", "deadline_unstated", params, span, change=change, weight=0.35)


def _schedule_reason(fact: Fact, last: date, begin: date, said: Understanding) -> Reason:
    seconds = fact.claim.base(fact.claim.value_to or fact.claim.value)
    days = min(int((seconds / Decimal(86400)).to_integral_value()), 36500)
    done = date.fromordinal(min(begin.toordinal() + days, date.max.toordinal()))
    start, end = fact.claim.span
    params = {"record": shown(fact.claim), "deadline": last.isoformat()}
    where = said.deadline.span if said.deadline else None
    if done <= last:
        return Reason(
            "yes", "deadline_span_met", params, where, fact.field, (start, end), weight=0.75
        )
    change = Change("later", {"ready": done.isoformat()})
    return Reason(
        "no", "deadline_span_missed", params, where, fact.field, (start, end), change, weight=0.75
    )


def trl_reason(said: Understanding, record: RecordView) -> Reason | None:
    """Distance between the readiness asked for and the record's."""
    if said.trl is None or record.kind == "expert":
        return None
    want, span = said.trl.low, said.trl.span
    if record.trl is None:
        return Reason("unknown", "trl_unstated", {"demand": str(want)}, span, weight=0.3)
    params = {"record": str(record.trl), "demand": str(want)}
    missing = want - record.trl
    if missing <= 0:
        return Reason("yes", "trl_met", params, span, weight=0.6)
    ripen = Change("ripen", {"steps": str(missing)})
    if missing <= NEAR_TRL:
        return Reason("unknown", "trl_near", params, span, change=ripen, weight=0.5)
    return Reason("no", "trl_missed", params, span, change=ripen, weight=0.6)


def region_fits(said: Understanding, record: RecordView, local: str | None) -> bool | None:
    """Whether the record sits in the region asked for; None when either side is unknown."""
    if said.region is None or record.region is None:
        return None
    wanted = local if said.region.code == "local" else said.region.code
    if wanted is None:
        return None
    return wanted == record.region or wanted in record.region_within


def region_reason(said: Understanding, record: RecordView, local: str | None) -> Reason | None:
    """Only a firm wish is held against a record; a guessed place can only speak for it."""
    fits = region_fits(said, record, local)
    if fits is None or said.region is None:
        return None
    start, end = said.region.span
    params = {"region": said.text[start:end]}
    if fits:
        return Reason("yes", "region_met", params, said.region.span, weight=0.4)
    if any(g.kind == "region" for g in said.guesses):
        return None
    change = Change("wider_region", {})
    return Reason("no", "region_missed", params, said.region.span, change=change, weight=0.3)


def mode_reason(said: Understanding, record: RecordView) -> Reason | None:
    """Deal modes in common; silent when either side states none."""
    if not said.modes or not record.modes:
        return None
    shared = [m for m in said.modes if m.code in record.modes]
    if shared:
        names = "、".join(MODE_LABELS.get(m.code, m.code) for m in shared)
        return Reason("yes", "mode_met", {"modes": names}, shared[0].span, weight=0.45)
    names = "、".join(MODE_LABELS.get(m, m) for m in record.modes)
    change = Change("other_mode", {"modes": names})
    return Reason(
        "no", "mode_missed", {"modes": names}, said.modes[0].span, change=change, weight=0.4
    )
