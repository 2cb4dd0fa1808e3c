"""How long a look may last, and what its reason must say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yangbanjian.kernel.refusals import Problem
from yangbanjian.kernel.words import gettext_noop

LEAST_REASON, LONGEST_REASON = 6, 500


def longest_hours(rows: Sequence[Mapping[str, Any]]) -> int:
    """The most whole hours that an edition of `access_terms` allows; 0 where it says nothing."""
    return next((int(row["hours"]) for row in rows if row["what"] == "owner"), 0)


def problems(reason: str, hours: int | None, longest: int) -> list[Problem]:
    """What is wrong with what was said; `hours` is None where no number was given."""
    found = []
    if len(reason) < LEAST_REASON:
        said = gettext_noop("请写明为什么要查阅，至少 %(least)d 个字，该单位会看到。")
        found.append(Problem("reason", "too_short", said, {"least": LEAST_REASON}))
    if hours is None or not 1 <= hours <= longest:
        said = gettext_noop("请填 1 到 %(longest)d 之间的整数小时。")
        found.append(Problem("hours", "out_of_range", said, {"longest": longest}))
    return found
