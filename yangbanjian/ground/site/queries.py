"""Reading the site's settings."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from yangbanjian.ground.site.models import Setting
from yangbanjian.ground.site.rules import SiteSettings

_NAMES = {f.name for f in fields(SiteSettings)}


def settings() -> SiteSettings:
    """What holds now: the defaults with what the operator has set."""
    stored: dict[str, Any] = {
        row.name: tuple(row.value) if isinstance(row.value, list) else row.value
        for row in Setting.objects.all()
        if row.name in _NAMES
    }
    return SiteSettings(**stored)


def loading_state() -> str:
    """`loading` while the demo district is being built, else `ok`."""
    row = Setting.objects.filter(name="loading").first()
    return "loading" if row is not None and row.value else "ok"
