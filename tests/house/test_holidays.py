"""The holiday table in the house agrees with the package that it was made from."""

import json
from importlib.resources import files

from chinese_calendar import constants


def test_holiday_table_is_not_stale() -> None:
    table = json.loads(
        files("yangbanjian.ground.clock").joinpath("holidays.json").read_text("utf-8")
    )
    newest = max(day.year for day in constants.holidays)
    assert list(table["years"]) == [str(year) for year in range(2019, newest + 1)], (
        "the package covers other years than holidays.json: copy them over"
    )
    for year, days in table["years"].items():
        for column, source in (
            ("holidays", constants.holidays),
            ("make_up_days", constants.workdays),
        ):
            expected = sorted(day.isoformat() for day in source if day.year == int(year))
            assert days[column] == expected, (year, column)
