"""Calendar days (日) and working days (工作日), counted over a holiday table given as data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from yangbanjian.kernel.flaws import Flaw, FlawError, gettext_noop

Unit = Literal["calendar", "working"]
FirstDay = Literal["counted", "next"]
LONGEST_DAYS = 36_600
_DAY = timedelta(days=1)

_MESSAGES: dict[tuple[Unit, FirstDay], str] = {
    ("calendar", "counted"): gettext_noop("自 %(start)s起 %(days)s 日，至 %(last)s止"),
    ("calendar", "next"): gettext_noop("自 %(start)s的次日起 %(days)s 日，至 %(last)s止"),
    ("working", "counted"): gettext_noop("自 %(start)s起 %(days)s 个工作日，至 %(last)s止"),
    ("working", "next"): gettext_noop("自 %(start)s的次日起 %(days)s 个工作日，至 %(last)s止"),
}


@dataclass(frozen=True)
class Deadline:
    """``last`` is the last day that counts, to its end; the sentence says how it was counted. The
    days in its parameters are written in Chinese: other languages write `start` and `last` anew."""

    start: date
    last: date
    message: str
    params: Mapping[str, str | int]

    @property
    def text(self) -> str:
        """«自 2 月 1 日起 15 日，至 2 月 15 日止»; with years where the two differ."""
        return self.message % self.params


@dataclass(frozen=True)
class Calendar:
    """National holidays and make-up working days of the years covered.

    ``holidays`` are days off, weekends among them or not; ``make_up_days`` are weekend days that
    are worked. A year outside ``covered_years`` can't be answered for working days: a
    ``FlawError`` with code ``calendar.year_not_covered``, never a guess.
    """

    holidays: frozenset[date]
    make_up_days: frozenset[date]
    covered_years: frozenset[int]
    edition: str = field(default="", compare=False)

    def is_working_day(self, day: date) -> bool:
        """Whether ``day`` is worked: weekdays that aren't holidays, and make-up days."""
        if day.year not in self.covered_years:
            raise FlawError(
                Flaw(
                    "calendar.year_not_covered",
                    gettext_noop(
                        "还没有 %(year)s 年的节假日安排，算不出工作日，请先导入这一年的安排。"
                    ),
                    {"year": day.year},
                )
            )
        if day in self.make_up_days:
            return True
        return day.weekday() < 5 and day not in self.holidays

    def next_working_day(self, day: date) -> date:
        """``day`` itself if it is worked, else the first one after it."""
        while not self.is_working_day(day):
            day += _DAY
        return day

    def add_days(
        self,
        start: date,
        n: int,
        *,
        unit: Unit = "calendar",
        first_day: FirstDay = "counted",
        last_on_working_day: bool = False,
    ) -> Deadline:
        """The last of ``n`` days from ``start`` on (``counted``) or from the day after (``next``).

        With ``last_on_working_day`` a last day that is off moves to the next working day (Civil
        Code, article 203). Raises ValueError unless 1 <= n <= 36600, FlawError where a year's
        holidays are needed and unknown.
        """
        if not 1 <= n <= LONGEST_DAYS:
            raise ValueError(f"a period has 1 to {LONGEST_DAYS} days, not {n}")
        day = start if first_day == "counted" else start + _DAY
        last = day + (n - 1) * _DAY if unit == "calendar" else self._nth_working_day(day, n)
        if last_on_working_day:
            last = self.next_working_day(last)
        with_year = start.year != last.year
        params: dict[str, str | int] = {
            "start": _shown(start, with_year),
            "days": n,
            "last": _shown(last, with_year),
        }
        return Deadline(start, last, _MESSAGES[unit, first_day], params)

    def _nth_working_day(self, day: date, n: int) -> date:
        day = self.next_working_day(day)
        for _ in range(n - 1):
            day = self.next_working_day(day + _DAY)
        return day


def calendar_from(years: Mapping[str, Mapping[str, Iterable[str]]], *, edition: str) -> Calendar:
    """A calendar from a table {year: {"holidays": [ISO dates], "make_up_days": [ISO dates]}}."""
    return Calendar(
        holidays=_days(years, "holidays"),
        make_up_days=_days(years, "make_up_days"),
        covered_years=frozenset(int(year) for year in years),
        edition=edition,
    )


def _days(years: Mapping[str, Mapping[str, Iterable[str]]], column: str) -> frozenset[date]:
    return frozenset(date.fromisoformat(day) for table in years.values() for day in table[column])


def _shown(day: date, with_year: bool) -> str:
    text = f"{day.month} 月 {day.day} 日"
    return f"{day.year} 年 {text}" if with_year else text
