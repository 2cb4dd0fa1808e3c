"""Changing the site's settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.site import queries
from yangbanjian.ground.site.models import Setting
from yangbanjian.ground.site.rules import DemoState, SiteSettings
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.kernel.refusals import Invalid, NotAllowed, Problem
from yangbanjian.kernel.words import gettext_noop

_BOUNDS = {
    "valid_days": (30, 3650), "notice_days": (1, 180), "import_file_days": (1, 3650),
    "digest_hour": (0, 23),
}  # fmt: skip


def _problems(name: str, value: Any) -> list[Problem]:
    default = getattr(SiteSettings(), name, None)
    wanted = list if isinstance(default, tuple) else type(default)
    if default is None or not isinstance(value, wanted):
        return [Problem(name, "unusable", gettext_noop("这一项的值不能用。"))]
    if name in _BOUNDS and isinstance(value, int):
        low, high = _BOUNDS[name]
        if not low <= value <= high:
            sentence = gettext_noop("请填 %(low)d 到 %(high)d 之间的整数。")
            return [Problem(name, "out_of_range", sentence, {"low": low, "high": high})]
    return []


def change(*, actor: Actor, values: Mapping[str, Any]) -> SiteSettings:
    """Set what is given; returns what holds then."""
    if not actor.is_operator:
        raise NotAllowed("site.operators_only", gettext_noop("只有运营人员可以修改站点设置。"))
    problems = [p for name, value in values.items() for p in _problems(name, value)]
    if problems:
        raise Invalid("site.invalid", gettext_noop("有几处需要修改，请看各栏的提示。"), problems)
    with acting(actor):
        now = clock.now()
        for name, value in values.items():
            Setting.objects.update_or_create(
                name=name, defaults={"value": value, "set_by": actor.person_id, "set_at": now}
            )
        journal.record(
            actor=actor,
            fact=journal.Fact("site.changed", "site", 0, payload={"names": sorted(values)}),
        )
        return queries.settings()


def set_demo(state: DemoState) -> None:
    """Say how far the demo district is (health answers 503 until it is done)."""
    with acting(SYSTEM):
        Setting.objects.update_or_create(
            name="demo",
            defaults={"value": state, "set_by": None, "set_at": clock.recorded_now()},
        )
