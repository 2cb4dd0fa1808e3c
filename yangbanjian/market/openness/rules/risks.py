"""Risk indicators of a sale: one small rule each, with its ground and its threshold as data.

A rule looks at facts and says yes or no with a reason in words; it accuses nobody. Thresholds are the
rows of the rulebook's table `risk_indicators`; an indicator that has no row there is not looked for.
Grounds: docs/algorithms/openness.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from yangbanjian.kernel.words import gettext_noop as _

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Another sale, as seen from the one that is looked at."""

    deal_id: int
    achievement_id: int
    seller_id: int
    buyer_id: int
    price_fen: int
    at: datetime
    rights: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of one award. `bidders` have made a valid bid, `qualified` might have; `order` are
    the plates by their best bids, the best first; `start_fen` is the least that is asked for, the floor
    where the price falls. `completers` and `insiders` are names: of who has
    made the achievement, and of who can act for the buyer. `others` are the awards of
    the same pair, and what the seller has bought, before and after; none that was broken, nor itself."""

    deal_id: int
    achievement_id: int
    seller_id: int
    buyer_id: int
    price_fen: int
    start_fen: int
    reserve_fen: int | None
    at: datetime
    method: str
    bidders: int
    qualified: int
    plate: str
    order: tuple[str, ...] = ()
    is_related: bool = False
    completers: frozenset[str] = frozenset()
    insiders: frozenset[str] = frozenset()
    rights: frozenset[str] = frozenset()
    others: tuple[Other, ...] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """The threshold of an indicator; what a rule does not use is 0."""

    count: int = 0
    days: int = 0
    percent: int = 0
    amount_fen: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """An indicator that fires: which, and why, in words with their figures."""

    indicator: str
    sentence: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Indicator:
    """A rule with its name, what stands behind it, and whether everybody may see that it fires: only
    what follows from published figures, never what is said of persons."""

    label: str
    ground: str
    is_public: bool
    rule: Callable[[Facts, Figures], Verdict | None]


def single_bidder(facts: Facts, figures: Figures) -> Verdict | None:
    """No more than so many have bid; where the price falls, the first bid ends it, so those count who
    might have."""
    rivals = facts.qualified if facts.method == "dutch" else facts.bidders
    if rivals > figures.count:
        return None
    sentence = _("只有 %(bidders)d 家报价（取得资格的 %(qualified)d 家）。")
    said = {"bidders": facts.bidders, "qualified": facts.qualified}
    return Verdict("single_bidder", sentence, said)


def price_at_reserve(facts: Facts, figures: Figures) -> Verdict | None:
    """The price is at most so many percent above the least that would do: the secret reserve where
    there is one, else the asking price."""
    least = max(facts.start_fen, facts.reserve_fen or 0)
    if facts.price_fen * 100 > least * (100 + figures.percent):
        return None
    sentence = _("成交价没有比底价高出 %(percent)d%%。")
    if not figures.percent:
        # Where the price falls, it may be below where it began.
        sentence = _("成交价等于底价。") if facts.price_fen == least else _("成交价低于起始价。")
    return Verdict("price_at_reserve", sentence, {"percent": figures.percent})


def inventor_linked(facts: Facts, figures: Figures) -> Verdict | None:
    """The buyer is, or is run by, somebody who has made the achievement, or has said to be related.
    `figures.count` is the least number of such persons."""
    shared = sorted(facts.completers & facts.insiders)
    if facts.is_related:
        return Verdict("inventor_linked", _("受让方报名时声明是关联方。"), {})
    if not shared or len(shared) < figures.count:
        return None
    sentence = _("受让方有 %(count)d 人与完成人同名：%(names)s。")
    return Verdict("inventor_linked", sentence, {"count": len(shared), "names": "、".join(shared)})


def repeated_pair(facts: Facts, figures: Figures) -> Verdict | None:
    """The same seller has sold to the same buyer so many times within so many days, this one too."""
    found = 1 + sum(
        o.seller_id == facts.seller_id and o.buyer_id == facts.buyer_id
        for o in _before(facts, figures.days)
    )
    if found < figures.count:
        return None
    sentence = _("%(days)d 天内同一转让方与同一受让方成交 %(count)d 次。")
    return Verdict("repeated_pair", sentence, {"days": figures.days, "count": found})


def rapid_resale(facts: Facts, figures: Figures) -> Verdict | None:
    """Somebody who has bought the achievement sells it on within so many days."""
    for one in _before(facts, figures.days):
        is_same = one.achievement_id == facts.achievement_id or bool(one.rights & facts.rights)
        if is_same and one.buyer_id == facts.seller_id:
            sentence = _("受让后 %(days)d 天就转手，上次成交价是这次的 %(percent)d%%。")
            said = {
                "days": (facts.at - one.at) // DAY,
                "percent": one.price_fen * 100 // facts.price_fen,
            }
            return Verdict("rapid_resale", sentence, said)
    return None


def best_bid_disqualified(facts: Facts, figures: Figures) -> Verdict | None:
    """At least so many stood before the winner by their bids and did not get the lot."""
    if facts.plate not in facts.order:
        return None
    passed = facts.order.index(facts.plate)
    if passed < max(1, figures.count):
        return None
    sentence = _("有 %(count)d 家报价更高而没有成交。")
    return Verdict("best_bid_disqualified", sentence, {"count": passed})


def split_lots(facts: Facts, figures: Figures) -> Verdict | None:
    """Several sales to one buyer within so many days, each at most the amount above which stricter
    periods hold, that together are above it."""
    if facts.price_fen > figures.amount_fen:
        return None
    small = [
        o
        for o in _before(facts, figures.days)
        if (o.seller_id, o.buyer_id) == (facts.seller_id, facts.buyer_id)
        and o.price_fen <= figures.amount_fen
    ]
    whole = facts.price_fen + sum(o.price_fen for o in small)
    if len(small) + 1 < figures.count or whole <= figures.amount_fen:
        return None
    sentence = _("%(days)d 天内分 %(count)d 次卖给同一家，每次都不超过限额，合计超过。")
    return Verdict("split_lots", sentence, {"days": figures.days, "count": len(small) + 1})


def _before(facts: Facts, days: int) -> list[Other]:
    """The sales of the days that end with this one."""
    return [o for o in facts.others if timedelta() <= facts.at - o.at <= days * DAY]


INDICATORS: Mapping[str, Indicator] = {
    "single_bidder": Indicator(
        _("只有一家报价"), _("竞争不足，价格可能没有被检验"), True, single_bidder
    ),
    "price_at_reserve": Indicator(
        _("底价成交"), _("没有溢价，底价可能事先走漏或没有竞争"), True, price_at_reserve
    ),
    "inventor_linked": Indicator(
        _("受让方与完成人有关联"), _("关联交易须公示并说明"), False, inventor_linked
    ),
    "repeated_pair": Indicator(
        _("同一对买卖方多次成交"), _("可能事先约定"), False, repeated_pair
    ),
    "rapid_resale": Indicator(_("短期内转手"), _("原成交价可能偏低"), False, rapid_resale),
    "best_bid_disqualified": Indicator(
        _("报价更高的没有成交"), _("最高价被排除或违约，应有充分理由"), False,
        best_bid_disqualified,
    ),
    "split_lots": Indicator(
        _("化整为零"), _("拆分后避开按金额适用的期限和手续"), False, split_lots
    ),
}  # fmt: skip


def figures(rows: Sequence[Mapping[str, Any]]) -> dict[str, Figures]:
    """The thresholds of an edition, by indicator."""
    names = ("count", "days", "percent", "amount_fen")
    return {
        row["indicator"]: Figures(**{name: int(row.get(name) or 0) for name in names})
        for row in rows
    }


def verdicts(facts: Facts, known: Mapping[str, Figures]) -> tuple[Verdict, ...]:
    """Every indicator that fires, in the order in which they are listed."""
    asked = ((INDICATORS[name].rule, known[name]) for name in INDICATORS if name in known)
    return tuple(found for rule, threshold in asked if (found := rule(facts, threshold)))
