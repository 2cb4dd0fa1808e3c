"""What leaves the house after a settlement: to whom, in which parts, and how it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from yangbanjian.kernel.words import gettext_noop as _

PROCEEDS, COMMISSION, ROYALTY = "proceeds", "commission", "royalty"
COMPENSATION = "compensation"
KINDS: Mapping[str, str] = {
    PROCEEDS: _("转让方价款"),
    COMMISSION: _("佣金"),
    ROYALTY: _("提成"),
    COMPENSATION: _("扣除的保证金"),
}
STATES: Mapping[str, str] = {
    "ordered": _("付款中"),
    "paid": _("已付到账户"),
    "failed": _("没有付成"),
}
NO_PAYEE = _("收款方还没有登记收款账户")
UNDONE = _("这笔付款的对账被撤销")
RETURNED = _("银行把款退回来了")
# Royalties are parts behind all shares of the price: a listing has at most ten of these.
ROYALTIES_FROM = 100
# What a forfeited deposit leaves the seller of a deal that was broken, which has no price to part.
COMPENSATED = 50


@dataclass(frozen=True, slots=True)
class Part:
    """A share of a deal's income: whose, how much."""

    seq: int
    kind: str
    owner_id: int
    amount_fen: int


def parts_of(price_fen: int, seller_id: int, commissions: Sequence[tuple[int, int]]) -> list[Part]:
    """The shares of a price: commissions (organisation, fen) and what is left for the seller. They
    add up to it; what is nought is no part. Raises ValueError where commissions exceed the price."""
    rest = price_fen - sum(fen for _, fen in commissions)
    if rest < 0:
        raise ValueError("commissions exceed the price")
    found = [Part(1, PROCEEDS, seller_id, rest)]
    found += [Part(n, COMMISSION, to, fen) for n, (to, fen) in enumerate(commissions, 2)]
    return [p for p in found if p.amount_fen]


def state_of(paid_at: datetime | None, failed_at: datetime | None) -> str:
    """ordered, paid or failed; a payment whose match was taken back has failed."""
    if failed_at is not None:
        return "failed"
    return "paid" if paid_at is not None else "ordered"


def reference(deal_id: int, seq: int, attempt: int) -> str:
    """What the bank writes beside the payment; each attempt has its own."""
    return f"FK{deal_id:06d}-{seq:02d}-{attempt:02d}"
