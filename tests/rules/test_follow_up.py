"""What follows a deal, by the day: reminders before, notes when late, nothing for what is done."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from yangbanjian.ground.rulebook.queries import shipped
from yangbanjian.market.trading.rules import deal_states, follow_up
from yangbanjian.market.trading.rules.follow_up import Course, due, events, figures, next_on

ROWS = next(e for e in shipped() if e["table"] == "follow_up")["rows"]
KNOWN = figures(ROWS)
DAY = date(2026, 3, 31)


def told(course: Course) -> list[tuple[str, str, int]]:
    return [(e.on.isoformat(), e.kind, e.seq) for e in events(course, KNOWN)]


def test_a_year_after_the_hand_over_without_use() -> None:
    course = Course("transfer", handed_over_on=DAY)
    assert told(course) == [("2027-01-31", "use_soon", 0), ("2027-04-01", "unused", 0)]
    assert follow_up.unused_on(course, KNOWN) == date(2027, 4, 1)
    assert told(Course("transfer", handed_over_on=DAY, is_used=True)) == []
    assert told(Course("licence_exclusive", handed_over_on=date(2024, 2, 29)))[1][0] == "2025-03-01"
    # What moves no right is not to be put to use, and before the hand-over nothing can be.
    assert told(Course("development", handed_over_on=DAY)) == []
    assert told(Course("transfer")) == []


def test_open_payments_before_they_are_due_and_when_they_are_late() -> None:
    course = Course("transfer", open_parts=((2, date(2026, 6, 11)),))
    assert told(course) == [("2026-06-04", "part_soon", 2), ("2026-06-11", "part_late", 2)]


def test_a_royalty_report_is_due_a_year_after_the_last_one() -> None:
    assert told(Course("licence", royalty_from=DAY)) == [
        ("2027-03-02", "royalty_soon", 0), ("2027-04-01", "royalty_late", 0),
    ]  # fmt: skip


def test_who_is_told_that_it_is_late_is_not_reminded_beside_it() -> None:
    found = events(Course("transfer", handed_over_on=DAY), KNOWN)
    assert [e.kind for e in due(found, date(2027, 2, 1))] == ["use_soon"]
    assert [e.kind for e in due(found, date(2028, 1, 1))] == ["unused"]
    assert due(found, date(2027, 1, 30)) == []


def test_an_edition_that_says_nothing_asks_for_nothing() -> None:
    silent = figures([])
    course = Course("transfer", handed_over_on=DAY, royalty_from=DAY, open_parts=((1, DAY),))
    assert {e.kind for e in events(course, silent)} == {"part_soon", "part_late"}


@given(
    handed=st.dates(date(2020, 1, 1), date(2040, 1, 1)) | st.none(),
    parts=st.lists(st.dates(date(2020, 1, 1), date(2040, 1, 1)), max_size=4),
    royalty=st.dates(date(2020, 1, 1), date(2040, 1, 1)) | st.none(),
    begun=st.dates(date(2020, 1, 1), date(2040, 1, 1)),
)
def test_looking_day_by_day_or_in_leaps_tells_everything_late_once(
    handed: date | None, parts: list[date], royalty: date | None, begun: date
) -> None:
    course = Course(
        "transfer", handed_over_on=handed, royalty_from=royalty,
        open_parts=tuple(enumerate(parts, 1)),
    )  # fmt: skip
    found = events(course, KNOWN)
    # As the worker does: what is due is told once by its key, then the next day is looked up.
    seen: set[str] = set()
    today: date | None = begun
    while today is not None:
        seen |= {e.key for e in due(found, today)}
        today = next_on(found, today)
    late = {e.key for e in found if e.on == e.late_on}
    assert late <= seen <= {e.key for e in found}
    assert len({e.key for e in found}) == len(found)


def test_names_are_of_the_tables() -> None:
    assert set(follow_up.FOLLOWED) <= set(deal_states.TABLE.codes)
    kinds = {e.kind for e in events(
        Course("transfer", handed_over_on=DAY, royalty_from=DAY, open_parts=((1, DAY),)), KNOWN
    )}  # fmt: skip
    assert kinds == set(follow_up.SENTENCES)
    assert timedelta(days=KNOWN.unused_remind_days) < timedelta(days=365)
