"""What becomes of a deposit, and what a defaulter still owes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bidding import WAN
from yangbanjian.market.trading.rules import deposits
from yangbanjian.market.trading.rules.deposits import DepositOutcome, Parts

FEN = st.integers(0, 2**53 - 1)


def test_five_outcomes_and_nine_cases() -> None:
    assert [o.value for o in DepositOutcome] == [
        "to_price", "to_performance", "to_fees", "refunded", "forfeited",
    ]  # fmt: skip
    assert set(deposits.OUTCOME_LABELS) == set(DepositOutcome)
    assert len(deposits.FORFEITURES) == len(deposits.FORFEITURE_CODES) == 9


@pytest.mark.parametrize("case", sorted(deposits.FORFEITURE_CODES))
def test_each_case_costs_the_deposit_but_nobody_has_to_bid_alone(case: str) -> None:
    assert deposits.is_forfeited(case, qualified=2)
    assert deposits.is_forfeited(case, qualified=1) == (case != "nobody_bid")


def test_a_case_that_is_not_of_the_list_is_a_bug() -> None:
    with pytest.raises(ValueError, match="weather"):
        deposits.is_forfeited("weather", qualified=2)


@pytest.mark.parametrize(
    ("deposit", "fees", "loss", "parts"),
    [
        (60, 15, 30, Parts(15 * WAN, 45 * WAN, 0)),  # worked in auction.md
        (60, 15, 50, Parts(15 * WAN, 45 * WAN, 5 * WAN)),
        (10, 15, 0, Parts(10 * WAN, 0, 5 * WAN)),
        (60, 0, 0, Parts(0, 60 * WAN, 0)),
    ],
)
def test_fees_come_first_then_the_seller(deposit: int, fees: int, loss: int, parts: Parts) -> None:
    assert deposits.forfeited_parts(deposit * WAN, fees * WAN, loss * WAN) == parts


@given(FEN, FEN, FEN)
def test_no_fen_of_a_deposit_is_lost(deposit: int, fees: int, loss: int) -> None:
    parts = deposits.forfeited_parts(deposit, fees, loss)
    assert parts.to_fees_fen + parts.to_seller_fen == deposit
    assert min(parts.to_fees_fen, parts.to_seller_fen, parts.claim_fen) >= 0
    assert parts.claim_fen + deposit >= fees + loss


@pytest.mark.parametrize(
    ("first", "resale", "commissions", "owed"),
    [(300, 250, 0, 50), (300, 250, 30, 80), (300, 300, 0, 0), (300, 350, 0, 0), (300, 350, 30, 30)],
)
def test_the_shortfall_of_the_resale(first: int, resale: int, commissions: int, owed: int) -> None:
    assert deposits.shortfall_fen(first * WAN, resale * WAN, commissions * WAN) == owed * WAN
