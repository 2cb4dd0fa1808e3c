"""Rows against their shape, places, succession, comparing, trials: pure."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yangbanjian.ground.rulebook.rules.editions import TABLE, Standing, chain, followed_by
from yangbanjian.ground.rulebook.rules.rows import MOST_ROWS, checked, compared, row_of
from yangbanjian.ground.rulebook.rules.shapes import COMMON, SHAPES
from yangbanjian.ground.rulebook.rules.trials import Case, Mover, tried
from yangbanjian.kernel.refusals import Conflict

NOTICE, FEES = SHAPES["notice_days"], SHAPES["fee_schedules"]
ROW = {"case": "agreement_price", "days": 15, "unit": "calendar", "first_day": "counted"}


def test_every_shape_can_tell_its_rows_apart() -> None:
    for name, shape in SHAPES.items():
        columns = [c.name for c in shape.all_columns]
        assert name == shape.name
        assert len(columns) == len(set(columns))
        assert set(shape.key) <= set(columns) - {c.name for c in COMMON}
        assert all(c.choices for c in shape.columns if c.kind == "choice")


def test_a_row_gets_every_column_in_its_type() -> None:
    rows, problems = checked(NOTICE, [{**ROW, "days": " 15 ", "remark": " 首日  计入 "}])
    assert not problems
    assert rows == [
        {**ROW, "remark": "首日 计入", "document": "", "clause": "", "is_provisional": False}
    ]
    rows, problems = checked(FEES, [{"fee": "exchange", "payer": "each", "most_percent": "2.50"}])
    assert not problems
    assert (rows[0]["most_percent"], rows[0]["least_fen"]) == ("2.5", None)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({**ROW, "days": 0}, "rows.1.days"),
        ({**ROW, "days": 3651}, "rows.1.days"),
        ({**ROW, "days": True}, "rows.1.days"),
        ({**ROW, "days": 1.5}, "rows.1.days"),
        ({**ROW, "days": "٣"}, "rows.1.days"),
        ({**ROW, "days": None}, "rows.1.days"),
        ({**ROW, "case": "other"}, "rows.1.case"),
        ({**ROW, "case": ["agreement_price"]}, "rows.1.case"),
        ({**ROW, "is_provisional": "yes"}, "rows.1.is_provisional"),
        ({**ROW, "remark": "长" * 301}, "rows.1.remark"),
        ({**ROW, "remark": 7}, "rows.1.remark"),
        ({**ROW, "colour": "red"}, "rows.1.colour"),
    ],
)
def test_what_does_not_fit_is_named(row: dict[str, Any], field: str) -> None:
    rows, problems = checked(NOTICE, [row])
    assert ([p.field for p in problems], rows) == ([field], [])
    assert str(problems[0])


@pytest.mark.parametrize("value", ["-1", "100.1", "NaN", "1e400", "x", True, "0.00001", "9" * 30])
def test_a_percentage_has_bounds(value: Any) -> None:
    row = {"fee": "exchange", "payer": "each", "most_percent": value}
    assert [p.field for p in checked(FEES, [row])[1]] == ["rows.1.most_percent"]


def test_the_same_thing_is_said_once_and_something_is_said() -> None:
    assert [p.code for p in checked(NOTICE, [ROW, {**ROW, "days": 20}])[1]] == ["duplicate"]
    assert [p.code for p in checked(NOTICE, [])[1]] == ["row_count"]
    assert [p.code for p in checked(NOTICE, [ROW] * (MOST_ROWS + 1))[1]] == ["row_count"]


@given(st.lists(st.dictionaries(st.text(), st.none() | st.integers() | st.text() | st.booleans()), max_size=4))  # fmt: skip
def test_anything_is_answered_and_what_is_kept_stays_as_it_is(rows: list[dict[str, Any]]) -> None:
    for shape in SHAPES.values():
        kept, problems = checked(shape, rows)
        assert kept or problems
        if kept and not problems:
            assert checked(shape, kept) == (kept, [])


def test_the_chain_of_places() -> None:
    assert chain("310110") == ("310110", "310100", "310000", "CN")
    assert chain("310000") == ("310000", "CN")
    assert chain("CN") == ("CN",)
    assert chain("site") == ("site",)
    assert chain("٣١٠١١٠") == ("٣١٠١١٠",)


A, B, C = date(2026, 1, 1), date(2027, 1, 1), date(2028, 1, 1)


def test_what_follows_what() -> None:
    open_ended = Standing(1, A, None)
    assert followed_by([], A, None) is None
    assert followed_by([open_ended], B, None) == open_ended
    assert followed_by([Standing(1, A, B)], B, None) is None
    assert followed_by([Standing(1, B, None)], A, B) is None
    for standing in (
        [Standing(1, B, None)],
        [Standing(1, A, C, True)],
        [open_ended, Standing(2, B, C)],
    ):
        with pytest.raises(Conflict):
            followed_by(standing, B, None)


DAYS = st.integers(0, 12).map(lambda n: date(2026, 1, 1 + n))


@given(st.lists(st.tuples(DAYS, st.none() | DAYS), max_size=8))
def test_no_order_of_publishing_makes_two_hold_on_one_day(
    wanted: list[tuple[date, date | None]],
) -> None:
    line: dict[int, Standing] = {}
    for number, (begins, ends) in enumerate(wanted):
        if ends is not None and ends <= begins:
            continue
        try:
            last = followed_by(list(line.values()), begins, ends)
        except Conflict:
            continue
        if last is not None:
            line[last.edition_id] = Standing(last.edition_id, last.begins, begins, True)
        line[number] = Standing(number, begins, ends)
    for day in (date(2026, 1, n) for n in range(1, 20)):
        assert sum(one.holds_on(day) for one in line.values()) <= 1


def test_a_published_edition_has_no_way_back() -> None:
    assert {m.target for m in TABLE.moves if "published" in m.sources} == {"superseded"}
    assert not [m for m in TABLE.moves if {"superseded", "withdrawn"} & set(m.sources)]


def test_differences_row_by_row() -> None:
    reward = {**ROW, "case": "reward"}
    found = compared(NOTICE, [ROW, reward], [{**ROW, "days": 20}])
    assert [(c.key, c.columns(NOTICE)[:1]) for c in found] == [
        (("agreement_price",), ["days"]), (("reward",), ["case"]),
    ]  # fmt: skip
    assert compared(NOTICE, [ROW], [ROW]) == []
    assert row_of([ROW, reward], case="reward") == reward
    assert row_of([ROW], case="none") is None


def test_a_trial_names_those_who_change_and_stops_in_time() -> None:
    cases = [Case("deal", n, f"第{n}件", "", "CN", {"days": n}) for n in range(6)]

    def outcome(case: Case, rows: Any) -> str:
        return "够" if case.facts["days"] >= rows[0]["days"] else "不够"

    pairs = [(case, outcome) for case in cases]
    found = tried(pairs, lambda _: [{"days": 2}], lambda _: [{"days": 4}], 10)
    assert (found.tried, found.is_partial) == (6, False)
    assert found.movers == [Mover(cases[n], "够", "不够") for n in (2, 3)]
    assert tried(pairs, lambda _: [{"days": 2}], lambda _: [{"days": 4}], 3).is_partial
