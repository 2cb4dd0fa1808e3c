"""Targets: which metric should reach which number, read from the words around each quantity."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from . import metrics
from .bounds import DIRECTION, Bound, bound_of, way
from .clauses import Clauses
from .naming import named_after, named_in
from .offsets import Folded
from .quantities import Quantity
from .shapes import Direction, Guess, Op, Span, Target

_FILLER = re.compile(
    r"(?:了|到|至|为|成|约|大约|幅度?|比例|整整|可|能|可以|能够|达|达到|超过|不少于|不低于|至少|"
    r"都|再|最多|最高|在|实现| |by|to|at least|more than|about|around|up|the|our|of)*"
)
_LEVEL = re.compile(r"(?:到|至|为|成|to)(?:了|约|大约|不高于|不低于| )*$")
_NOW = re.compile(
    r"目前|现在|现有|当前|现阶段|如今|原来|原先|以前|过去|只有|仅有|才|currently|now "
)
_AIM = re.compile(
    r"希望|想|要求|要|需|目标|期望|控制|力争|争取|确保|保证|实现|降|提|达到|must|should|want|need"
)
_SCALE = re.compile(
    r"年产|年销|日产|月产|产值|营收|销售额|电费|水费|气费|占地|建筑面积|厂房面积|员工|职工|"
    r"注册|总投资|"
    r"成立|经验|投资额|年处理|门店|覆盖|拥有|位于|距离|已有|累计"
)
_AFTER = re.compile(r"^的?(?P<metric>[一-鿿]{2,8})")
_ENGLISH = re.compile(r"([A-Za-z][A-Za-z\-]*(?: [A-Za-z][A-Za-z\-]*){0,7})$")
_LATIN_NAME = re.compile(
    r"(?<![A-Za-z])([A-Za-z]{2,8}) ?(?:值|指数|系数)?(?:要|应|需|须|必须|得)?$"
)
_SETTING = re.compile(r"^[的之]?(?:环境|条件|工况|低温|高温|下|冷库)")
_NOUN = re.compile(r"(?<![一-鿿])[一-鿿]{2,4}$|[一-鿿]{4}$|[一-鿿]{2,4}$")
_NO_NOUN = re.compile(
    r"能|要|求|希望|想|必须|最好|控制|保持|可以|比|应|需|不|只|也|都|在|把|到|了|的|至少|预算|超过|每|一"
)
_JOIN = re.compile(r"^[A-Za-zΔ()（）:：一定须应在也都均值 ]{0,6}$")


@dataclass(frozen=True, slots=True)
class _Found:
    """A quantity with what its clause says about it (folded positions)."""

    quantity: Quantity
    bound: Bound
    direction: Direction | None
    to_level: bool
    metric: str
    start: int
    end: int
    near: bool
    guessed: bool


def read_targets(
    folded: Folded, found: Iterable[Quantity], *, claims: bool = False
) -> tuple[tuple[Target, ...], tuple[Guess, ...]]:
    """Targets of a demand, or with `claims` the measured numbers of a record.

    A demand's bare number counts as a target only when a bound, a direction or an adjacent metric
    says so; a claim is read as "=" unless the text bounds it. Spans are source code points.
    """
    clauses = Clauses(folded.text)
    pairs = _baselines(folded.text, [q for q in found if _measures(folded.text, q)])
    targets: list[Target] = []
    guesses: list[Guess] = []
    for quantity, baseline in pairs:
        one = _look(folded.text, clauses, quantity)
        if not _counts(folded.text, clauses, one, claims=claims):
            continue
        target, doubt = _target(folded, one, baseline, claims=claims)
        targets.append(target)
        guesses.extend(doubt)
    return tuple(targets), tuple(guesses)


def _measures(text: str, quantity: Quantity) -> bool:
    """Bare numbers and calendar parts (2027 年, 6 月) measure nothing."""
    if quantity.unit is None:
        return _is_index(text, quantity)
    if quantity.low == 1 and text[quantity.start] == "一" and _is_article(quantity):
        return False
    if quantity.unit_text in {"年"} and quantity.low >= 1900:
        return False
    after = text[quantity.end : quantity.end + 1]
    return not (quantity.unit_text in {"月", "日"} and after not in {"内", "以", "之"})


def _is_article(quantity: Quantity) -> bool:
    """一个, 一种, 一套 introduce a noun; they count nothing."""
    dimension = quantity.unit.dimension if quantity.unit else ""
    return dimension.startswith("count") or dimension == "level"


def _is_index(text: str, quantity: Quantity) -> bool:
    """A number without unit measures only right behind a Latin name: pH 6-8, CPK 大于 1.67."""
    left = text[max(0, quantity.start - 20) : quantity.start]
    bound = bound_of(left, "")
    head = left[: len(left) - bound.left]
    if bound.op is None:
        return bool(re.search(r"(?<![a-z])ph(?:值)?:?$", head.lower()))
    if _LATIN_NAME.search(head):
        return True
    return any(_JOIN.match(head[m.end() :]) for m in metrics.METRIC.finditer(head))


def _baselines(text: str, found: list[Quantity]) -> list[tuple[Quantity, Quantity | None]]:
    """Pairs "from A to B" into (B, A); everything else stands alone."""
    out: list[tuple[Quantity, Quantity | None]] = []
    skip = False
    for index, one in enumerate(found):
        if skip:
            skip = False
            continue
        after = found[index + 1] if index + 1 < len(found) else None
        if after and _is_from_to(text, one, after):
            out.append((after, one))
            skip = True
        else:
            out.append((one, None))
    return out


def _is_from_to(text: str, first: Quantity, second: Quantity) -> bool:
    between = text[first.end : second.start]
    before = text[max(0, first.start - 8) : first.start]
    if len(between) > 12 or re.search(r"[，。；、]", between):
        return False
    same = not first.unit or not second.unit or first.unit.dimension == second.unit.dimension
    return same and bool(
        (re.search(r"从|由|from ", before) and re.search(r"到|至|为|to", between))
        or re.fullmatch(r"(?:.{0,4})(?:降|提|升|增|减|缩短|压缩).{0,2}(?:到|至|为)", between)
    )


def _direction(text: str, start: int, quantity: Quantity) -> tuple[re.Match[str], str] | None:
    """The nearest direction word that leads to the quantity, and what stands between them."""
    left = text[start : quantity.start]
    for word in reversed(list(DIRECTION.finditer(left, max(0, len(left) - 40)))):
        between = left[word.end() :]
        if _FILLER.fullmatch(between) or _is_object(between):
            return word, between
    return None


def _is_object(what: str) -> bool:
    """Whether the words between a direction and its number name what moves (降低 能耗 三成)."""
    if what.isascii():
        return bool(_ENGLISH.fullmatch(what.strip()))
    if len(what) > 24 or re.search(r"[、的]", what):
        return False
    found = metrics.METRIC.search(what)
    return bool(found and found.end() >= len(what) - 6)


def _look(text: str, clauses: Clauses, quantity: Quantity) -> _Found:
    start, end = clauses.bounds(quantity.start)
    bound = bound_of(text[start : quantity.start], text[quantity.end : end])
    moved = _direction(text, start, quantity)
    edge = quantity.start - bound.left
    direction: Direction | None = None
    to_level = False
    if moved:
        word, between = moved
        direction = way(word[0].lower())
        to_level = bool(_LEVEL.search(between))
        edge = min(edge, start + word.start())
        inner = named_in(text, start + word.end(), quantity.start)
        if inner:
            return _Found(
                quantity,
                bound,
                direction,
                to_level,
                inner[0],
                edge,
                quantity.end + bound.right,
                True,
                False,
            )
    return _with_metric(text, clauses, quantity, bound, direction, to_level, edge)


def _with_metric(
    text: str,
    clauses: Clauses,
    quantity: Quantity,
    bound: Bound,
    direction: Direction | None,
    to_level: bool,
    edge: int,
) -> _Found:
    """Looks for the metric left of `edge`, then right of the number, then one clause back."""
    start, end = clauses.bounds(quantity.start)
    stop = quantity.end + bound.right
    named = named_in(text, max(start, edge - 24), edge)
    if named:
        name, at, until = named
        near = bool(_JOIN.match(text[until:edge]))
        saving = metrics.saving_direction(name)
        if saving and near and direction is None:
            direction = saving
        left = at if edge - at <= 14 else edge
        return _Found(
            quantity, bound, direction, to_level, metrics.shown(name), left, stop, near, False
        )
    after = _AFTER.match(text[stop:end])
    share = quantity.unit is not None and quantity.unit.dimension == "ratio"
    if after and (share or after[0].startswith("的")):  # 98% 良率, but 两个 串行程序
        right = named_after(after["metric"])
        if right:
            name, length, turned = right
            stop += after.start("metric") + length
            return _Found(
                quantity,
                bound,
                direction or turned,
                to_level,
                metrics.shown(name),
                edge,
                stop,
                True,
                False,
            )
    back = clauses.previous(quantity.start)
    latin = _LATIN_NAME.search(text, max(start, edge - 12), edge)
    if latin and bound.op:
        return _Found(
            quantity, bound, direction, to_level, latin[1], latin.start(1), stop, True, False
        )
    noun = _NOUN.search(text, start, edge) if bound.op and direction is None else None
    if noun and not _NO_NOUN.search(noun[0]):
        return _Found(
            quantity, bound, None, to_level, noun[0], noun.start(), stop, True, guessed=True
        )
    earlier = named_in(text, *back) if back and (direction or bound.op or bound.sense) else None
    name = metrics.shown(earlier[0]) if earlier else _fallback(quantity)
    return _Found(quantity, bound, direction, to_level, name, edge, stop, False, True)


def _fallback(quantity: Quantity) -> str:
    dimension = quantity.unit.dimension if quantity.unit else None
    return metrics.by_dimension(dimension) or "指标"


def _counts(text: str, clauses: Clauses, one: _Found, *, claims: bool) -> bool:
    start, end = clauses.bounds(one.quantity.start)
    left = text[start : one.quantity.start]
    if one.quantity.low < 0 and one.quantity.unit and one.quantity.unit.dimension != "temperature":
        return False
    if claims:
        return one.near or one.direction is not None or one.bound.op is not None
    if one.direction is None and _SCALE.search(left[-10:]):
        return False
    now = _NOW.search(left)
    if now and one.direction is None and not _AIM.search(left, now.end()):
        return False
    if one.direction or one.bound.op or one.bound.sense == "better" or one.near:
        return True
    if one.metric == "温度" and _SETTING.match(text[one.quantity.end : end]):
        return True
    aimed = not one.guessed or bool(_AIM.search(left))
    return one.metric != "指标" and aimed and one.bound.sense is not None


def _target(
    folded: Folded, one: _Found, baseline: Quantity | None, *, claims: bool
) -> tuple[Target, tuple[Guess, ...]]:
    quantity = one.quantity
    change = one.direction is not None and not one.to_level and _is_relative(one, baseline)
    op, sure = _op(one, change, claims=claims, baseline=baseline)
    start = baseline.start if baseline and baseline.start < one.start else one.start
    span = folded.span(start, one.end)
    direction = one.direction or _implied(baseline, quantity)
    target = Target(
        metric=one.metric,
        op=op,
        value=quantity.low,
        unit=quantity.unit,
        span=span,
        number_span=folded.span(quantity.start, quantity.end),
        value_to=quantity.high if quantity.is_range else None,
        direction=direction,
        is_change=change,
        baseline=baseline.low if baseline else None,
        approximate=one.bound.approximate or quantity.more,
    )
    target = _times_as_change(target)
    return target, _doubts(one, target.metric, span, sure)


def _times_as_change(target: Target) -> Target:
    """提高到 3 倍 is an increase by two times."""
    unit = target.unit
    if unit and unit.symbol == "倍" and target.direction == "increase" and not target.is_change:
        return replace(target, value=max(target.value - 1, target.value * 0), is_change=True)
    return target


def _doubts(one: _Found, metric: str, span: Span, sure: bool) -> tuple[Guess, ...]:
    out = []
    if one.guessed:
        out.append(Guess("metric", metric, span, 0.5))
    if not sure:
        out.append(Guess("op", metric, span, 0.6))
    return tuple(out)


def _is_relative(one: _Found, baseline: Quantity | None) -> bool:
    return baseline is None


def _implied(baseline: Quantity | None, quantity: Quantity) -> Direction | None:
    if baseline is None:
        return None
    return "increase" if quantity.low > baseline.low else "reduce"


def _op(one: _Found, change: bool, *, claims: bool, baseline: Quantity | None) -> tuple[Op, bool]:
    """The comparison asked for, and whether the text (rather than habit) says so."""
    if one.quantity.is_range:
        return "range", True
    if one.bound.op:
        return one.bound.op, True
    low = _lower_is_better(one)
    if one.bound.sense == "better":
        return ("<" if low else ">"), True
    if claims:
        return "=", True
    if change:
        return ">=", True
    direction = one.direction or _implied(baseline, one.quantity)
    if direction:
        return ("<=" if direction == "reduce" else ">="), True
    if low is None:
        return "=", False
    return ("<=" if low else ">="), False


def _lower_is_better(one: _Found) -> bool | None:
    """Precision improves downwards in mm and upwards in %; other metrics know by themselves."""
    unit = one.quantity.unit
    if unit is not None and one.metric.endswith(("精度", "precision", "accuracy")):
        return unit.dimension != "ratio"
    way_ = metrics.better(one.metric)
    return None if way_ is None else way_ == "low"
