"""Deals without a database: plans of payment, the split, contracts, certificate numbers."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yangbanjian.market.certificates.rules import dossiers, form, numbers, uses
from yangbanjian.market.trading.rules import contracts, payments, splits

LIMITS = {"first_percent": 30, "most_months": 12}
MODES = [{"kind": k} for k in payments.KINDS]
FLOOR = {"CN": 500, "310000": 700}


@given(st.integers(1, 10**13), st.sampled_from(MODES), st.integers(0, 10**12))
def test_a_plan_adds_up_and_counts_the_deposit_once(
    price: int, payment: dict, deposit: int
) -> None:  # type: ignore[type-arg]
    parts = payments.plan(price, payment, deposit_fen=deposit, **LIMITS)
    assert sum(p.amount_fen for p in parts) == price
    assert sum(p.from_deposit_fen for p in parts) == min(deposit, price)
    assert all(0 <= p.from_deposit_fen <= p.amount_fen and p.amount_fen > 0 for p in parts)
    assert parts[0].amount_fen * 100 >= price * 30
    assert [p.seq for p in parts] == list(range(1, len(parts) + 1))


def test_what_a_listing_says_of_instalments_stands_if_it_may() -> None:
    said = {"kind": "instalments", "parts": [
        {"percent": 40, "months": 0}, {"percent": 30, "months": 6}, {"percent": 30, "months": 12},
    ]}  # fmt: skip
    assert payments.problem(said, **LIMITS) == ""
    parts = payments.plan(1001, said, deposit_fen=450, **LIMITS)
    assert [(p.amount_fen, p.months, p.from_deposit_fen) for p in parts] == [
        (401, 0, 401), (300, 6, 49), (300, 12, 0),
    ]  # fmt: skip
    for wrong in (
        [{"percent": 20, "months": 0}, {"percent": 80, "months": 6}],
        [{"percent": 40, "months": 0}, {"percent": 50, "months": 6}],
        [{"percent": 40, "months": 0}, {"percent": 60, "months": 24}],
        [],
    ):
        assert payments.problem({"kind": "instalments", "parts": wrong}, **LIMITS) == "parts"
        parts = payments.plan(1000, {"kind": "instalments", "parts": wrong}, **LIMITS)
        assert [(p.amount_fen, p.months) for p in parts] == [(300, 0), (700, 12)]
    assert payments.problem({"kind": "lottery"}, **LIMITS) == "kind"
    with pytest.raises(ValueError, match="positive"):
        payments.plan(0, {}, **LIMITS)


def test_royalties() -> None:
    said = {"kind": "royalty", "rate_permille": 50}
    assert payments.royalty_due_fen([1000], said, 40, 0) == 10
    assert payments.royalty_due_fen([1000, 1000], said, 40, 10) == 50
    assert payments.royalty_due_fen([1000], {**said, "kind": "entry_royalty"}, 40, 0) == 50
    assert payments.royalty_fen(1999, {"rate_permille": 1}) == 1
    assert payments.months_after(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert payments.months_after(date(2027, 8, 31), 6) == date(2028, 2, 29)
    assert payments.months_after(date(2026, 12, 1), 12) == date(2027, 12, 1)


@pytest.mark.parametrize(("permille", "reward"), [(500, 45_0000_00), (700, 63_0000_00)])
def test_rules_18_F_income_100_costs_10_net_90_and_the_floors(permille: int, reward: int) -> None:
    costs = [("tax", 5_0000_00), ("upkeep", 3_0000_00), ("appraisal", 2_0000_00)]
    found = splits.split(100_0000_00, costs, permille, [{"name": "甲"}], "东湖大学")
    assert (found.net_fen, found.reward_fen) == (90_0000_00, reward)
    assert [(s.to, s.fen) for s in found.shares] == [
        ("甲", reward),
        ("东湖大学", 90_0000_00 - reward),
    ]


def test_a_fen_that_cannot_be_halved_goes_to_the_largest_remainder() -> None:
    third = [Fraction(1)] * 3
    assert splits.largest_remainder(100, third) == [34, 33, 33]
    assert splits.largest_remainder(101, [Fraction(1), Fraction(1), Fraction(2)]) == [25, 25, 51]
    with pytest.raises(ValueError, match="weights"):
        splits.largest_remainder(1, [Fraction(0)])
    some = [{"name": "甲", "share_percent": "33.3"}, {"name": "乙", "share_percent": "66.7"}]
    assert splits.weights_of(some) == [Fraction("33.3"), Fraction("66.7")]
    assert splits.weights_of([{"name": "甲", "share_percent": "50"}, {"name": "乙"}]) == third[:2]


@given(
    st.integers(0, 10**13),
    st.lists(st.tuples(st.just("tax"), st.integers(0, 10**13)), max_size=4),
    st.integers(0, 1000),
    st.lists(st.fixed_dictionaries({"name": st.text(max_size=3), "share_percent": st.sampled_from(["", "1", "33.33", "70"])}), max_size=7),
)  # fmt: skip
def test_a_split_adds_up_to_the_fen_and_keeps_the_floor(
    gross: int, costs: list[tuple[str, int]], permille: int, completers: list[dict[str, str]]
) -> None:
    found = splits.split(gross, costs, permille, completers, "单位")
    assert sum(s.fen for s in found.shares) == found.net_fen
    assert found.net_fen == max(gross - sum(f for _, f in costs), 0)
    if completers:
        assert found.reward_fen * 1000 >= found.net_fen * permille
        assert (found.reward_fen - 1) * 1000 < found.net_fen * permille or found.reward_fen == 0


def test_floors_are_rows() -> None:
    rows = [
        {"case": "transfer_licence", "floor_percent": "70"},
        {"case": "equity", "floor_percent": "2.5"},
    ]
    assert splits.floor_permille(rows, "licence_exclusive") == 700
    assert splits.floor_permille(rows, "equity") == 25
    assert splits.floor_permille(rows, "service") == 0


def test_a_contract_is_bound_by_its_digest_and_the_registry_asks_for_its_clauses() -> None:
    fields = {**contracts.USUAL, "project": "甲", "content": "乙", "price": "丙"}
    made = contracts.contract("HT1", fields, {"seller": "子", "buyer": "丑"})
    assert made["sha256"] == contracts.digest(made)
    changed = {**made, "parties": {"seller": "子", "buyer": "寅"}}
    assert contracts.digest(changed) != made["sha256"]
    whole = contracts.check_for_registry("equity", fields, 100, 30)
    assert (whole.kind, whole.technical_fen, whole.missing) == ("transfer", 70, ())
    lacks = contracts.check_for_registry("licence_sole", {**fields, "terms": ""}, 100)
    assert (lacks.kind, lacks.missing) == ("licence", ("terms",))
    with pytest.raises(ValueError, match="part"):
        contracts.check_for_registry("transfer", fields, 100, 101)
    assert set(contracts.OPEN_FIELDS) >= set(contracts.USUAL)


@given(st.integers(0, 2**130 - 1), st.integers(0, 200), st.sampled_from(numbers.LETTERS37))
def test_C7_one_wrong_letter_or_two_swapped_are_found(random: int, place: int, other: str) -> None:
    made = numbers.number(2026, 12, 1, random)
    assert numbers.read(made) == made
    at = place % len(made)
    if made[at] not in ("-", other):
        wrong = made[:at] + other + made[at + 1 :]
        assert numbers.read(wrong) in ("", made)  # made: O for 0, I or L for 1, as people read them
    nxt = (at + 1) % len(made)
    if nxt and "-" not in (made[at], made[nxt]) and made[at] != made[nxt]:
        assert numbers.read(made[:at] + made[nxt] + made[at] + made[nxt + 1 :]) == ""


def test_a_number_needs_130_bits() -> None:
    with pytest.raises(ValueError, match="130"):
        numbers.number(2026, 1, 1, 2**130)
    for text in ("", "-", "2026-0000012-01-X", "x" * 80):
        assert numbers.read(text) == ""


def test_values_are_lines_of_one_spelling() -> None:
    assert form.money(210_000_007) == "¥2,100,000.07"
    assert form.line(" 甲\n乙\u200b丙 ") == "甲 乙 丙"
    assert len(form.line("长" * 900)) == form.LONGEST
    assert not form.FORM.problem()


def test_uses_follow_their_rows() -> None:
    rows = [
        {"use": "a", "needs": "valid", "document": "文件一"},
        {"use": "a", "needs": "registered", "document": "文件一"},
        {"use": "b", "needs": "valid"},
    ]
    found = uses.uses(rows, {"valid": True})
    assert [(u.use, u.is_accepted, u.lacks) for u in found] == [
        ("a", False, ("registered",)),
        ("b", True, ()),
    ]
    assert set(uses.READS["contract_registry"]) <= {f.name for f in form.FORM.fields}


def test_a_dossier_is_the_canonical_sum_of_its_parts() -> None:
    assert dossiers.sealed(b'{"a":1}', b'{"b":2}') == (
        b'{"body":{"a":1},"evidence":{"b":2},"type":"yangbanjian-dossier/1"}'
    )
    assert [s["name"] for s in dossiers.sections({"deal": [3, 1, 3]})] == list(dossiers.SECTIONS)
