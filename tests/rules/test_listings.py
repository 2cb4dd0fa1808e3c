"""What a listing's terms must be, how long it is disclosed, where it goes: without a database."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yangbanjian.ground.clock.queries import HOLIDAYS
from yangbanjian.kernel.calendar import Calendar, calendar_from
from yangbanjian.kernel.refusals import Conflict, Problem
from yangbanjian.market.trading.rules import listings as rules
from yangbanjian.market.trading.rules import periods
from yangbanjian.market.trading.rules.lots import Method
from yangbanjian.market.trading.rules.periods import Span

TABLES = Path(periods.__file__).parents[3] / "ground" / "rulebook" / "tables"
FIGURES = rules.figures(
    json.loads((TABLES / "bidding_terms.json").read_text(encoding="utf-8"))["editions"][0]["rows"]
)
ROWS = json.loads((TABLES / "disclosure_periods.json").read_text(encoding="utf-8"))["editions"][0][
    "rows"
]
WAN = 10_000_00
NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
GOOD = rules.Offer(
    method=Method.RISING, start_fen=200 * WAN, step_fen=10 * WAN, deposit_fen=60 * WAN, free_s=600,
    cycle_s=180, hard_close_s=3600,
)  # fmt: skip


def calendar() -> Calendar:
    table = json.loads(HOLIDAYS.read_text(encoding="utf-8"))
    return calendar_from(table["years"], edition=table["edition"])


def fields(offer: rules.Offer) -> set[str]:
    return {p.field for p in rules.problems_of(offer, FIGURES, deposit_cap_percent=30, at=NOW)}


def changed(**values: object) -> rules.Offer:
    return replace(GOOD, **values)  # type: ignore[arg-type]


def test_good_terms_of_each_method_are_good() -> None:
    assert fields(GOOD) == set()
    assert fields(changed(method=Method.SEALED, step_fen=0, cycle_s=0, hard_close_s=0)) == set()
    assert fields(changed(method=Method.NEGOTIATED)) == set()
    assert fields(changed(method=Method.DUTCH, floor_fen=WAN, hard_close_s=0)) == set()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"start_fen": 0, "deposit_fen": 0, "step_fen": 0}, "start_fen"),
        ({"start_fen": 2**53}, "start_fen"), ({"step_fen": -1}, "step_fen"),
        ({"step_fen": 201 * WAN}, "step_fen"), ({"deposit_fen": 60 * WAN + 1}, "deposit_fen"),
        ({"deposit_fen": -1}, "deposit_fen"), ({"free_s": 59}, "free_s"), ({"cycle_s": 59}, "cycle_s"),
        ({"hard_close_s": 779}, "hard_close_s"), ({"priority_s": -1}, "priority_s"),
        ({"reserve_fen": 0}, "reserve_fen"), ({"free_s": 10**9}, "free_s"),
        ({"method": Method.DUTCH, "floor_fen": None}, "floor_fen"),
        ({"method": Method.DUTCH, "floor_fen": WAN, "reserve_fen": WAN}, "reserve_fen"),
        # Several may come to a contract: its terms must do for bidding.
        ({"method": Method.NEGOTIATED, "step_fen": 0}, "step_fen"),
    ],
)  # fmt: skip
def test_each_wrong_term_is_named(values: dict[str, object], field: str) -> None:
    assert field in fields(changed(**values))


def test_commissions_stay_together_under_the_cap() -> None:
    def codes(*shares: tuple[int, int]) -> list[str]:
        said = [{"organisation_id": o, "permille": p} for o, p in shares]
        return [p.code for p in rules.problems_of_commission(said, cap_permille=300)]

    assert codes((1, 200), (2, 100)) == []
    assert codes((1, 200), (2, 101)) == ["over_cap"]
    assert codes((1, 1), (1, 1)) == ["unusable"]
    assert codes((1, 0)) == ["unusable"]
    assert codes(*((n, 1) for n in range(11))) == ["too_many"]


def test_a_next_round_lowers_and_its_deposit_with_it() -> None:
    step = {"start_fen": 150 * WAN, "method": "sealed"}
    found = rules.climbed(changed(reserve_fen=190 * WAN), step)
    assert (found.method, found.start_fen, found.deposit_fen) == (
        Method.SEALED,
        150 * WAN,
        45 * WAN,
    )
    assert found.reserve_fen == 190 * WAN
    assert rules.climbed(GOOD, {"method": "dutch", "floor_fen": WAN}).reserve_fen is None
    assert rules.rung({"days": 5}) is rules.Rung.EXTEND
    assert rules.rung(step) is rules.Rung.LOWER


@given(st.lists(st.integers(1, 250 * WAN), max_size=10))
def test_a_ladder_that_is_accepted_never_rises(starts: list[int]) -> None:
    ladder = [{"start_fen": s} for s in starts]
    problems = list(rules.problems_of_ladder(GOOD, ladder, FIGURES, deposit_cap_percent=30, at=NOW))
    falls = all(b <= a for a, b in zip([GOOD.start_fen, *starts], starts, strict=False))
    assert falls == (not problems)


@pytest.mark.parametrize(
    ("qualified", "undecided", "is_dynamic", "step"),
    [
        (0, 0, False, "nobody"), (1, 0, False, "negotiate"), (2, 0, False, "bid"),
        (2, 1, False, "wait"), (0, 1, False, "wait"), (0, 3, True, "nobody"), (1, 3, True, "bid"),
        (2, 0, True, "bid"),
    ],
)  # fmt: skip
def test_where_a_listing_goes(qualified: int, undecided: int, is_dynamic: bool, step: str) -> None:
    assert rules.next_step(qualified=qualified, undecided=undecided, is_dynamic=is_dynamic) == step


def test_two_persons_are_two_persons() -> None:
    assert rules.behind(accepted=1, confirmed=None, publisher=1) == 1
    assert rules.behind(accepted=1, confirmed=1, publisher=1) == 1
    assert rules.behind(accepted=1, confirmed=2, publisher=1) == 2
    assert rules.behind(accepted=1, confirmed=None, publisher=2) == 2


def test_plates_are_all_different() -> None:
    drawn = {rules.plate(n) for n in range(rules.PLATES)}
    assert len(drawn) == rules.PLATES == 22_000
    assert rules.plate(0) == "A000"
    assert rules.plate(rules.PLATES - 1) == "Z999"


def test_the_shortest_disclosure_by_method() -> None:
    assert periods.least(ROWS, periods.case_of(Method.RISING, "agreement")).days == 10
    assert periods.least(ROWS, periods.case_of(Method.DYNAMIC, "auction")).days == 5
    auction = periods.least(ROWS, periods.case_of(Method.RISING, "auction"))
    assert (auction.days, auction.unit) == (7, "calendar")
    with pytest.raises(Conflict):
        periods.least([], "achievement")


def test_ten_working_days_over_a_holiday() -> None:
    """From 24 September 2026, a Thursday: the days off from 25 to 27 September and of 1 to 7 October
    do not count; 20 September and 10 October are worked."""
    span, opened = Span(10, "working", "counted"), datetime(2026, 9, 24, 2, tzinfo=UTC)
    ends = periods.closing(calendar(), opened, span, ZONE)
    last = calendar().add_days(date(2026, 9, 24), 10, unit="working").last
    assert ends == datetime(last.year, last.month, last.day + 1, tzinfo=ZONE)
    assert last > date(2026, 10, 9)


def test_a_listing_may_ask_for_more_and_never_for_less() -> None:
    least, today = Span(10, "working", "counted"), date(2026, 3, 2)

    def asked(days: int | None, unit: str | None = None) -> object:
        found = periods.asked_span(days, unit, least, calendar(), today)
        return found.code if isinstance(found, Problem) else (found.days, found.unit)

    assert asked(None) == (10, "working")
    assert asked(20) == (20, "working")
    assert asked(9) == "too_short"
    assert asked(12, "calendar") == (12, "calendar")  # both end on Friday 13 March
    assert asked(11, "calendar") == "too_short"
    assert asked(0) == asked(366) == "out_of_range"
    assert asked(10, "moons") == "unknown"


@given(st.integers(1, 60), st.integers(0, 300))
def test_where_holidays_are_unknown_nobody_is_given_less(days: int, begin: int) -> None:
    """Against the years that are known: the bound is never before the true last day."""
    known = calendar()
    blind = Calendar(frozenset(), frozenset(), frozenset())
    first = date.fromordinal(date(2025, 1, 1).toordinal() + begin)
    span = Span(days, "working", "next")
    bound, true = periods.last_day(blind, first, span), periods.last_day(known, first, span)
    assert bound >= true
    assert (bound - true).days <= 45
    assert not periods.is_exact(blind, first, span)
