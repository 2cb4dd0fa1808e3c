"""Durations as people type them at a command or an API: 16d, 36h, 90m, 30s."""

from __future__ import annotations

import re
from datetime import timedelta

from yangbanjian.kernel.refusals import Invalid
from yangbanjian.kernel.words import gettext_noop

_FORM = re.compile(r"(\d{1,9})([dhms])")
_UNIT = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


def read_duration(text: str) -> timedelta:
    """Raises Invalid for anything but a whole number and one of d, h, m, s."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise Invalid("time.duration", gettext_noop("时长要写成 16d、36h、90m 或 30s 这样。"))
    return timedelta(**{_UNIT[found[2]]: int(found[1])})
