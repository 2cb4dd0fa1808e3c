"""What a price leaves and whose it is: net income, the reward's floor, shares to the fen.

Net income = income − taxes − cost of keeping the achievement − direct trading costs (上海市促进科技成果
转化条例第三十四条). The reward's least share of it is data (`reward_floors`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from yangbanjian.kernel.words import gettext_noop as _

COSTS: Mapping[str, str] = {
    "commission": _("中介佣金"),
    "tax": _("税费"),
    "upkeep": _("成果维护费用"),
    "appraisal": _("评估、鉴证等直接交易费用"),
}
CASES: Mapping[str, str] = {
    "transfer": "transfer_licence", "licence": "transfer_licence", "equity": "equity",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Share:
    """One receiver's part. `kind`: completer, unit."""

    to: str
    kind: str
    fen: int


@dataclass(frozen=True, slots=True)
class Split:
    """How the income of a deal is divided; costs, shares and what the unit keeps add up to gross."""

    gross_fen: int
    costs: tuple[tuple[str, int], ...]
    net_fen: int
    floor_permille: int
    reward_fen: int
    shares: tuple[Share, ...]


def largest_remainder(amount_fen: int, weights: Sequence[Fraction]) -> list[int]:
    """`amount_fen` in parts in the ratio of the weights, to the fen, adding up to it: each rounded
    down, then one fen more to those with the largest remainders, the earlier one first. Raises
    ValueError for a negative amount or weight, or no weight at all."""
    total = sum(weights, Fraction(0))
    if amount_fen < 0 or total <= 0 or min(weights) < 0:
        raise ValueError("an amount is divided by weights that are not negative")
    exact = [amount_fen * w / total for w in weights]
    parts = [int(e) for e in exact]
    order = sorted(range(len(parts)), key=lambda n: (parts[n] - exact[n], n))
    for n in order[: amount_fen - sum(parts)]:
        parts[n] += 1
    return parts


def commission_fen(price_fen: int, permille: int) -> int:
    """A commission, rounded down to the fen: who takes it does not gain by rounding."""
    return price_fen * permille // 1000


def weights_of(completers: Sequence[Mapping[str, Any]]) -> list[Fraction]:
    """Each completer's contribution; equal where not all of them are stated."""
    said = [str(c.get("share_percent") or "") for c in completers]
    try:
        weights = [Fraction(Decimal(s)) for s in said]
    except ArithmeticError:
        weights = []
    if not weights or min(weights) < 0 or sum(weights) <= 0:
        return [Fraction(1)] * len(completers)
    return weights


def floor_permille(rows: Sequence[Mapping[str, Any]], deal_mode: str) -> int:
    """The least share of net income, in thousandths, by the rows of `reward_floors`; 0 where they
    say nothing of this kind of deal."""
    case = CASES.get(deal_mode.partition("_")[0], "")
    row = next((r for r in rows if r["case"] == case), None)
    return int(Decimal(row["floor_percent"]) * 10) if row is not None else 0


def split(
    gross_fen: int, costs: Sequence[tuple[str, int]], permille: int,
    completers: Sequence[Mapping[str, Any]], unit: str,
) -> Split:  # fmt: skip
    """The division of an income. A fraction of a fen goes to the reward: its share is a least one.
    Costs above the income leave nothing to divide."""
    net = max(gross_fen - sum(fen for _, fen in costs), 0)
    reward = -(-net * permille // 1000) if completers else 0
    parts = largest_remainder(reward, weights_of(completers)) if completers else []
    shares = [
        Share(str(c.get("name", "")), "completer", fen)
        for c, fen in zip(completers, parts, strict=True)
    ]
    shares.append(Share(unit, "unit", net - reward))
    return Split(gross_fen, tuple(costs), net, permille, reward, tuple(shares))
