"""The life of an edition, where it holds, and what follows what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from yangbanjian.kernel.moves import Move, State, StateTable
from yangbanjian.kernel.refusals import Conflict
from yangbanjian.kernel.words import gettext_noop as _

NATION, HOUSE = "CN", "site"
IN_PRINT = ("published", "superseded")
TABLE = StateTable(
    name="editions",
    start="draft",
    states=(
        State("draft", _("草稿")),
        State("published", _("已发布")),
        State("superseded", _("已有后续版次"), is_final=True),
        State("withdrawn", _("已作废"), is_final=True),
    ),
    moves=(
        Move("publish", ("draft",), "published", _("发布"), ("operator",)),
        Move("withdraw", ("draft",), "withdrawn", _("作废"), ("operator",)),
        Move("follow", ("published",), "superseded", _("由后续版次接替"), ("system",)),
    ),
)


def chain(jurisdiction: str) -> tuple[str, ...]:
    """Where to look, the nearest first: district, city, province, state. A code of a region has
    six digits (GB/T 2260): two for the province, two for the city, two for the district."""
    if not re.fullmatch(r"[1-9]\d{5}", jurisdiction, re.ASCII):
        return (jurisdiction,)
    wider = (jurisdiction, f"{jurisdiction[:4]}00", f"{jurisdiction[:2]}0000", NATION)
    return tuple(dict.fromkeys(wider))


@dataclass(frozen=True, slots=True)
class Standing:
    """A published edition of a line (table and jurisdiction): holds from `begins` until the day
    before `ends`."""

    edition_id: int
    begins: date
    ends: date | None
    is_followed: bool = False

    def holds_on(self, day: date) -> bool:
        return self.begins <= day and (self.ends is None or day < self.ends)


def followed_by(standing: Sequence[Standing], begins: date, ends: date | None) -> Standing | None:
    """The edition that a new one takes over from (its end becomes `begins`), or None. Refuses what
    would make two hold on one day, or rewrite what has already been followed."""
    last: Standing | None = None
    for one in standing:
        if (one.ends is not None and one.ends <= begins) or (
            ends is not None and ends <= one.begins
        ):
            continue
        if one.begins < begins and not one.is_followed:
            last = one
            continue
        raise Conflict(
            "rulebook.overlap",
            _("从 %(begins)s 起已有一版生效，同一天不能有两版。请改施行日期，或写明截止日。"),
            begins=max(one.begins, begins).isoformat(),
        )
    return last
