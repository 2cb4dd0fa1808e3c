"""The days of a public notice, its moves, the duty checklist, the register's fold."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yangbanjian.kernel.calendar import Calendar
from yangbanjian.kernel.refusals import Conflict, Invalid
from yangbanjian.market.trading.rules import duties, notices, rights, statements

ZONE = ZoneInfo("Asia/Shanghai")
CALENDAR = Calendar(frozenset(), frozenset(), frozenset({2024}))
ROWS = [{"case": "agreement_price", "days": 15, "unit": "calendar", "first_day": "counted"}]


def at(day: int, hour: int = 10) -> datetime:
    return datetime(2024, 2, day, hour, tzinfo=ZONE)


def test_fifteen_days_from_the_first_of_february_end_on_the_fifteenth() -> None:
    # rules 18 F: «start 2024-02-01, 15 calendar days ends 2024-02-15 if the first day counts».
    stands = notices.period(ROWS, None)

    assert notices.counted(CALENDAR, at(1), stands, ZONE).last == date(2024, 2, 15)
    assert notices.closing(CALENDAR, at(1), stands, ZONE) == datetime(2024, 2, 16, tzinfo=ZONE)
    assert (
        notices.counted(CALENDAR, at(1), stands, ZONE).text
        == "自 2 月 1 日起 15 日，至 2 月 15 日止"
    )


def test_where_the_first_day_does_not_count_it_is_the_sixteenth() -> None:
    stands = notices.period([ROWS[0] | {"first_day": "next"}], None)

    assert notices.counted(CALENDAR, at(1), stands, ZONE).last == date(2024, 2, 16)


def test_a_notice_may_be_longer_than_the_law_asks_and_never_shorter() -> None:
    assert notices.period(ROWS, 20).days == 20
    for days in (14, 0, -1, 366):
        with pytest.raises(Invalid):
            notices.period(ROWS, days)


@given(st.integers(0, 14 * 86400), st.integers(0, 400 * 86400))
def test_the_days_of_a_notice_do_not_run_while_an_objection_waits(into: int, waited: int) -> None:
    closes = notices.closing(CALENDAR, at(1), notices.period(ROWS, None), ZONE)
    paused = at(1) + timedelta(seconds=into)
    now = paused + timedelta(seconds=waited)

    resumed = notices.resumed(closes, paused, now)

    assert resumed - now == closes - paused


def test_a_notice_is_not_ended_a_second_early() -> None:
    closes = notices.closing(CALENDAR, at(1), notices.period(ROWS, None), ZONE)

    with pytest.raises(Conflict):
        notices.may_end("open", closes, closes - timedelta(seconds=1))
    notices.may_end("open", closes, closes)


@pytest.mark.parametrize(
    ("states", "move"),
    [
        (["dismissed"], "resume"),
        (["dismissed", "open"], ""),
        (["upheld", "open"], "stop"),
        (["final", "dismissed"], "resume"),
        (["appealed"], ""),
    ],
)
def test_what_a_notice_does_after_a_ruling(states: list[str], move: str) -> None:
    assert notices.after_rulings(states) == move


@pytest.mark.parametrize("table", [notices.TABLE, notices.OBJECTIONS])
def test_every_pair_of_state_and_move_is_decided(table: notices.StateTable) -> None:
    for state in table.codes:
        for move in table.moves:
            if state in move.sources:
                assert table.advance(state, move.name) == move.target
            else:
                with pytest.raises(Conflict):
                    table.advance(state, move.name)


DUTY_ROWS = [
    {"duty": "decision", "price_mode": "any", "units": "public", "clause": "第十九条"},
    {"duty": "notice", "price_mode": "agreement", "units": "public", "clause": "第十七条"},
    {"duty": "secrecy", "price_mode": "any", "units": "any", "document": "转化法"},
]


def test_the_checklist_says_what_is_there_what_is_missing_and_who_has_the_ball() -> None:
    facts = {"decision": duties.Fact(True, (7,)), "notice": duties.Fact(False, ball="system")}

    told = duties.checklist(
        DUTY_ROWS, facts, price_mode="agreement", is_public_unit=True, document="条例"
    )

    assert [(d.duty, d.verdict, d.ball, d.document) for d in told] == [
        ("decision", "met", "", "条例"),
        ("notice", "missing", "system", "条例"),
        ("secrecy", "missing", "owner", "转化法"),
    ]
    assert told[0].entries == (7,)
    assert duties.missing(told) == ("notice", "secrecy")


def test_a_private_owner_and_an_auction_skip_what_is_not_asked_of_them() -> None:
    def asked(mode: str, public: bool) -> tuple[str, ...]:
        return duties.missing(
            duties.checklist(DUTY_ROWS, {}, price_mode=mode, is_public_unit=public)
        )

    assert asked("auction", True) == ("decision", "secrecy")
    assert asked("agreement", False) == ("secrecy",)


RECORD = {
    "secrecy": "none", "is_export_controlled": False, "holders": 1, "completers": 2, "pledges": 0,
    "objections": 0, "has_patent": True,
}  # fmt: skip


def test_no_statement_makes_a_secret_public() -> None:
    check = statements.check("secrecy", RECORD | {"secrecy": "secret"}, "pass")

    assert check.verdict == "fail"
    assert not statements.is_good(check)


def test_a_pledge_in_the_register_outweighs_what_is_stated() -> None:
    assert statements.check("encumbrance", RECORD | {"pledges": 1}, "pass").verdict == "fail"
    assert statements.check("encumbrance", RECORD, "pass").verdict == "pass"
    assert statements.check("encumbrance", RECORD, None).verdict == "open"


def holder(name: str, share: int = 10_000) -> dict[str, object]:
    return {"name": name, "share_bp": share}


ENTRIES = [
    rights.Entry(1, "initial", date(2026, 1, 1), {"title": "甲", "holders": [holder("东湖大学")]}),
    rights.Entry(2, "licence", date(2026, 2, 1), {"licence": "ordinary", "to": "乙", "until": "2026-06-01"}),
    rights.Entry(3, "pledge", date(2026, 3, 1), {"to": "丙银行"}),
    rights.Entry(4, "release", date(2026, 4, 1), {"of": 3}),
    rights.Entry(5, "transfer", date(2026, 5, 1), {"holders": [holder("丁公司")]}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("on", "who", "licences", "pledges"),
    [
        (date(2025, 12, 31), None, 0, 0),
        (date(2026, 1, 31), "东湖大学", 0, 0),
        (date(2026, 3, 1), "东湖大学", 1, 1),
        (date(2026, 4, 1), "东湖大学", 1, 0),
        (date(2026, 5, 1), "丁公司", 1, 0),
    ],
)
def test_the_register_tells_the_state_of_any_past_day(
    on: date, who: str | None, licences: int, pledges: int
) -> None:
    state = rights.standing(ENTRIES, on)

    assert (state.holders[0]["name"] if state.holders else None) == who
    assert (len(state.licences), len(state.pledges)) == (licences, pledges)


def test_a_licence_ends_on_its_day() -> None:
    assert rights.standing(ENTRIES[:2], date(2026, 5, 31)).licences
    assert not rights.standing(ENTRIES[:2], date(2026, 6, 1)).licences


@given(st.permutations(ENTRIES))
def test_the_state_does_not_depend_on_the_order_in_which_entries_are_read(
    entries: list[rights.Entry],
) -> None:
    assert rights.standing(entries, date(2026, 7, 1)) == rights.standing(ENTRIES, date(2026, 7, 1))


@pytest.mark.parametrize(
    ("before", "kind", "content"),
    [
        (0, "transfer", {"holders": [holder("甲")]}),
        (1, "initial", {"holders": [holder("甲")]}),
        (3, "transfer", {"holders": [holder("甲")]}),
        (1, "transfer", {"holders": [holder("甲", 5000)]}),
        (1, "transfer", {"holders": []}),
        (3, "release", {"of": 2}),
    ],
)
def test_an_entry_that_the_state_does_not_admit_is_refused(
    before: int, kind: str, content: dict[str, object]
) -> None:
    state = rights.standing(ENTRIES[:before], date(2026, 3, 2))

    with pytest.raises((Conflict, Invalid)):
        rights.check_entry(state, kind, content)


def test_the_number_of_a_right_finds_a_mistyped_character() -> None:
    assert rights.number(2026, 123).startswith("R20260000123-")
    assert rights.number(2026, 123)[-1] != rights.number(2026, 132)[-1]


def test_times_are_aware() -> None:
    closes = notices.closing(CALENDAR, at(1), notices.period(ROWS, None), ZONE)

    assert closes.astimezone(UTC) == datetime(2024, 2, 15, 16, tzinfo=UTC)
