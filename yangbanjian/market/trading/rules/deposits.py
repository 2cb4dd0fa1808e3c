"""Deposits (保证金): what becomes of one, when it is forfeited, and what a defaulter still owes.

What is data here is a closed list that contracts and notices name; every figure (days, shares,
caps) is an edition in the rulebook (`deposit_rules`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from yangbanjian.kernel.words import gettext_noop as _


class DepositOutcome(StrEnum):
    """The five things that can become of a deposit."""

    TO_PRICE = "to_price"
    TO_PERFORMANCE = "to_performance"
    TO_FEES = "to_fees"
    REFUNDED = "refunded"
    FORFEITED = "forfeited"


OUTCOME_LABELS: Mapping[DepositOutcome, str] = {
    DepositOutcome.TO_PRICE: _("转为价款"),
    DepositOutcome.TO_PERFORMANCE: _("转为履约保证金"),
    DepositOutcome.TO_FEES: _("转为服务费"),
    DepositOutcome.REFUNDED: _("原路无息退还"),
    DepositOutcome.FORFEITED: _("违约扣除"),
}


@dataclass(frozen=True, slots=True)
class Forfeiture:
    """One case in which a deposit is lost. `by_all` is a breach of everybody at once."""

    code: str
    label: str
    by_all: bool = False


# As notices of several exchanges list them; a listing names which of them it adopts.
FORFEITURES: tuple[Forfeiture, ...] = (
    Forfeiture("withdrew", _("交保证金或取得资格后单方退出")),
    Forfeiture("nobody_bid", _("取得资格的竞买人都没有有效报价"), by_all=True),
    Forfeiture("did_not_sign", _("没有按时签订成交确认书或合同")),
    Forfeiture("did_not_pay", _("没有按时支付价款、费用或履约保证金")),
    Forfeiture("false_papers", _("提供虚假或伪造的材料")),
    Forfeiture("collusion", _("串通、欺诈或胁迫")),
    Forfeiture("refused_procedure", _("拒绝参加规定的程序")),
    Forfeiture("leaked_secrets", _("泄露转让方的秘密")),
    Forfeiture("broke_undertaking", _("违反书面承诺或交割义务")),
)
FORFEITURE_CODES = frozenset(f.code for f in FORFEITURES)


def is_forfeited(case: str, *, qualified: int) -> bool:
    """Does this case cost the deposit? A single qualified bidder has nobody to bid against: that
    no bid was made is then no breach. Raises ValueError for a case that is not of the list."""
    found = next((f for f in FORFEITURES if f.code == case), None)
    if found is None:
        raise ValueError(f"no case of forfeiture: {case}")
    return qualified >= 2 or not found.by_all


@dataclass(frozen=True, slots=True)
class Parts:
    """Where a forfeited deposit goes, and what is still claimed; the first two add up to it."""

    to_fees_fen: int
    to_seller_fen: int
    claim_fen: int


def forfeited_parts(deposit_fen: int, fees_fen: int, loss_fen: int) -> Parts:
    """First the trading fees of both sides, the rest to the seller as compensation; what both do
    not cover is claimed from the defaulter. The seller keeps the rest above the loss too: a
    deposit is a penalty agreed beforehand."""
    to_fees = min(deposit_fen, fees_fen)
    to_seller = deposit_fen - to_fees
    claim = max(fees_fen + loss_fen - deposit_fen, 0)
    return Parts(to_fees, to_seller, claim)


def shortfall_fen(first_fen: int, resale_fen: int, commissions_fen: int = 0) -> int:
    """What a defaulter owes once the lot is sold again: the lower price's difference, and at an
    auction the first sale's commissions of both sides (拍卖法第三十九条). Nothing is paid back
    where the re-sale brought more."""
    return max(first_fen - resale_fen, 0) + commissions_fen
