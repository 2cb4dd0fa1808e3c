"""What follows a deal: payments that fall due, royalties that are to be reported, and whether what was
bought is put to use. Days and months are rows of the rulebook (`follow_up`).

An event belongs to a day of the site: it is due from the beginning of that day. What has been done
meanwhile (paid, reported, used) is no event any more, so nobody is reminded of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from yangbanjian.kernel.words import gettext_noop as _
from yangbanjian.market.trading.rules.payments import months_after

_DAY = timedelta(days=1)
LONGEST_REPORT = 4000
# States of a deal that is followed; before, its signature is waited for by other rules.
FOLLOWED = ("signed", "paid", "handed_over", "archived")
# What moves a right, or lets it be used: these are to be put to use.
TO_BE_USED = ("transfer", "licence", "equity")
SENTENCES: Mapping[str, str] = {
    "use_soon": _("「%(title)s」在 %(day)s 以前要有实施记录，请申报实施情况。"),
    "unused": _("「%(title)s」到期没有实施记录，已在交易里注明，请说明或补报。"),
    "part_soon": _("「%(title)s」第 %(seq)d 期款要在 %(day)s 以前到账，请按期付款。"),
    "part_late": _("「%(title)s」第 %(seq)d 期款已过期限，还没有到账，请尽快处理。"),
    "royalty_soon": _("「%(title)s」的提成请在 %(day)s 以前申报。"),
    "royalty_late": _("「%(title)s」的提成申报已过期限，请尽快申报。"),
}
# What comes after which: who is told the later one need not be told the earlier one any more.
_LATER = {"use_soon": "unused", "part_soon": "part_late", "royalty_soon": "royalty_late"}


@dataclass(frozen=True, slots=True)
class Figures:
    """What an edition of `follow_up` says: months until non-use is noted and until a royalty is to
    be reported; days by which each is told of beforehand."""

    unused_months: int | None
    unused_remind_days: int
    part_remind_days: int
    royalty_months: int | None
    royalty_remind_days: int


def figures(rows: Sequence[Mapping[str, Any]]) -> Figures:
    """The figures of an edition; each item is one row. What it does not say is not asked for: a
    deal does not wait for a table."""
    said = {row["item"]: int(row["value"]) for row in rows}
    return Figures(
        unused_months=said.get("unused"), unused_remind_days=said.get("unused_remind", 0),
        part_remind_days=said.get("instalment_remind", 0), royalty_months=said.get("royalty"),
        royalty_remind_days=said.get("royalty_remind", 0),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Course:
    """How a deal stands: when it was handed over, whether its use was reported, what is open of
    payments (number, first day on which it is late), and the day from which the next royalty
    report is counted (None where none is agreed)."""

    deal_mode: str
    handed_over_on: date | None = None
    is_used: bool = False
    open_parts: tuple[tuple[int, date], ...] = ()
    royalty_from: date | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something to be told from a day on; `late_on` is the day from which it is late, `seq` which
    payment it is about."""

    on: date
    kind: str
    late_on: date
    seq: int = 0

    @property
    def key(self) -> str:
        """What names the event, so that nobody is told twice."""
        return f"{self.kind}.{self.seq}.{self.late_on.isoformat()}"


def unused_on(course: Course, known: Figures) -> date | None:
    """The first day on which a right that was handed over counts as unused."""
    mode = course.deal_mode.partition("_")[0]
    is_asked = known.unused_months is not None and mode in TO_BE_USED
    if course.handed_over_on is None or not is_asked:
        return None
    assert known.unused_months is not None
    return months_after(course.handed_over_on, known.unused_months) + _DAY


def events(course: Course, known: Figures) -> list[Event]:
    """Everything that is to be told of a deal as it stands, past days too, in their order."""
    return sorted(_events(course, known), key=lambda e: (e.on, e.kind, e.seq))


def _events(course: Course, known: Figures) -> Iterator[Event]:
    unused = unused_on(course, known)
    if unused is not None and not course.is_used:
        yield Event(unused - timedelta(days=known.unused_remind_days), "use_soon", unused)
        yield Event(unused, "unused", unused)
    for seq, late in course.open_parts:
        yield Event(late - timedelta(days=known.part_remind_days), "part_soon", late, seq)
        yield Event(late, "part_late", late, seq)
    if course.royalty_from is not None and known.royalty_months is not None:
        late = months_after(course.royalty_from, known.royalty_months) + _DAY
        yield Event(late - timedelta(days=known.royalty_remind_days), "royalty_soon", late)
        yield Event(late, "royalty_late", late)


def state_of_use(
    used_at: datetime | None, unused_at: datetime | None, unused_from: date | None
) -> str:
    """reported, unused (noted, and nothing reported since), waiting for its day, or none: not asked
    for."""
    if used_at is not None:
        return "reported"
    if unused_at is not None:
        return "unused"
    return "waiting" if unused_from is not None else "none"


def due(found: Sequence[Event], today: date) -> list[Event]:
    """Those that are to be told by today; a reminder whose day has passed is not told beside what
    it was to prevent."""
    now = [e for e in found if e.on <= today]
    told = {(e.kind, e.seq) for e in now}
    return [e for e in now if (_LATER.get(e.kind, ""), e.seq) not in told]


def next_on(found: Sequence[Event], today: date) -> date | None:
    """The next day after today on which there is something to tell."""
    return next((e.on for e in found if e.on > today), None)
