"""Reading the site's settings."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from yangbanjian.ground.site.models import Setting
from yangbanjian.ground.site.rules import DemoState, SiteSettings

_NAMES = {f.name for f in fields(SiteSettings)}


def settings() -> SiteSettings:
    """What holds now: the defaults with what the operator has set."""
    stored: dict[str, Any] = {
        row.name: tuple(row.value) if isinstance(row.value, list) else row.value
        for row in Setting.objects.all()
        if row.name in _NAMES
    }
    return SiteSettings(**stored)


def demo_state() -> DemoState | None:
    """How far the demo district is; None where none has been promised."""
    row = Setting.objects.filter(name="demo").first()
    return row.value if row is not None else None


def loading_state() -> str:
    """`loading` while the demo district is being built, else `ok`."""
    return "loading" if demo_state() in ("promised", "begun") else "ok"
