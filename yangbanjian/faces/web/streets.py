"""Demands by street: hexagons in rows, so that no boundary is drawn that nobody has approved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from yangbanjian.ground.site import queries as site

# A hexagon that stands on a point, 100 units wide: its height, and from row to row.
WIDE, TALL, STEP = 100, 115, 87
HALF = WIDE // 2
SHADES = 5
LONGEST_LABEL = 5


@dataclass(frozen=True, slots=True)
class Cell:
    """One street: where its hexagon's middle is, and how dark it is from 0 (none) to SHADES."""

    name: str
    label: str
    value: int
    x: int
    y: int
    shade: int

    @property
    def points(self) -> str:
        """The corners for SVG, a gap left around."""
        w, tall = HALF - 3, TALL // 2 - 3
        ring = (
            (0, -tall),
            (w, -tall // 2),
            (w, tall // 2),
            (0, tall),
            (-w, tall // 2),
            (-w, -tall // 2),
        )
        return " ".join(f"{self.x + dx},{self.y + dy}" for dx, dy in ring)

    @property
    def label_y(self) -> int:
        return self.y - 6

    @property
    def value_y(self) -> int:
        return self.y + 22


def cells(names: Sequence[str], counted: Mapping[str, int]) -> list[Cell]:
    """A hexagon for each street in the site's order, four or five in a row."""
    columns = 4 if len(names) <= 20 else 5
    most = max((counted.get(name, 0) for name in names), default=0)
    found = []
    for number, name in enumerate(names):
        row, column = divmod(number, columns)
        value = counted.get(name, 0)
        found.append(Cell(
            name, _short(name), value, x=HALF + column * WIDE + (HALF if row % 2 else 0),
            y=TALL // 2 + row * STEP, shade=-(-value * SHADES // most) if value else 0,
        ))  # fmt: skip
    return found


def _short(name: str) -> str:
    """What fits into a hexagon; the whole name stands in the table."""
    plain = name.removesuffix("街道") or name
    cap = LONGEST_LABEL if any(ord(c) > 0x2E7F for c in plain) else 2 * LONGEST_LABEL
    return plain if len(plain) <= cap else f"{plain[: cap - 1]}…"


def panel(counted: Mapping[str, int], period: str, now: datetime) -> dict[str, Any] | None:
    """What the cockpit shows; None when the site has named no streets."""
    names = site.settings().streets
    if not names:
        return None
    shown = cells(names, counted)
    ranked = sorted(shown, key=lambda c: -c.value)
    busy = [c for c in ranked if c.value]
    title = _("街道需求热度")
    told = "，".join(f"{c.name} {c.value}" for c in busy[:5]) or _("这段时间还没有需求")
    return {
        "title": title, "summary": f"{title}：{told}", "cells": shown, "ranked": ranked,
        "width": max(c.x for c in shown) + HALF, "height": max(c.y for c in shown) + TALL // 2,
        "elsewhere": sum(counted.values()) - sum(c.value for c in shown),
        "url": f"/desk/figures/streets?period={period}", "as_of": now,
    }  # fmt: skip
