"""Rule tables in the reader's words: places, values, how long an edition holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from yangbanjian.faces.web.words import Words, translated
from yangbanjian.ground.people import queries as people
from yangbanjian.ground.rulebook.rules import editions as lives
from yangbanjian.ground.rulebook.rules.rows import compared
from yangbanjian.ground.rulebook.rules.shapes import Column, Shape


def place_name(code: str, words: Words) -> str:
    """A jurisdiction's name, with the wider ones before it."""
    if code == lives.NATION:
        return _("全国")
    if code == lives.HOUSE:
        return _("本站")
    names = [words.region(c) for c in reversed(lives.chain(code)) if c != lives.NATION]
    return " ".join(dict.fromkeys(names))


def value_text(column: Column, value: Any) -> str:
    """One value as people read it; "" where nothing is said."""
    if column.kind == "flag":
        return _("暂定") if value else ""
    if value is None or value == "":
        return ""
    if column.kind == "choice":
        return translated(column.choices.get(value, value))
    if column.kind == "fen":
        yuan = Decimal(value) / 100
        return _("%(yuan)s 元") % {"yuan": f"{yuan:,.2f}".removesuffix(".00")}
    return f"{value}%" if column.kind == "percent" else str(value)


def effect_text(begins: date, ends: date | None) -> str:
    """From which day on an edition holds, and through which."""
    if ends is None:
        return _("自 %(begins)s 起") % {"begins": begins.isoformat()}
    last = (ends - timedelta(days=1)).isoformat()
    return _("%(begins)s 至 %(last)s") % {"begins": begins.isoformat(), "last": last}


def state_tag(one: Any, today: date) -> dict[str, str]:
    """Where an edition stands on a day: in force, yet to come, over; or its state."""
    if one.state in lives.IN_PRINT:
        if today < one.begins:
            return {"text": _("将生效"), "tone": "warn"}
        if one.ends is not None and one.ends <= today:
            return {"text": _("已失效"), "tone": ""}
        return {"text": _("现行"), "tone": "ok"}
    tone = "demand" if one.state == "draft" else ""
    return {"text": translated(lives.TABLE.state(one.state).label), "tone": tone}


def shown(one: Any, today: date, words: Words) -> dict[str, Any]:
    """An edition in a list."""
    return {
        "edition": one, "url": f"/desk/rules/editions/{one.pk}", "tag": state_tag(one, today),
        "place": place_name(one.jurisdiction, words),
        "effect": effect_text(one.begins, one.ends),
        "name": _("第 %(n)d 版") % {"n": one.number},
    }  # fmt: skip


def rows_table(of: Shape, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The rows of an edition as `components/data_table.html` shows them: columns that no row fills
    are left out."""
    used = [
        c
        for n, c in enumerate(of.all_columns)
        if n == 0 or any(value_text(c, r.get(c.name)) for r in rows)
    ]
    numeric = {c.name for c in used if c.kind in ("integer", "fen", "percent")}
    lines = []
    for row in rows:
        cells = []
        for column in used:
            text = value_text(column, row.get(column.name))
            cell: dict[str, Any] = {"text": text or "—", "label": translated(column.label)}
            if column.kind == "flag" and text:
                cell["tone"] = "warn"
            cells.append({**cell, "numeric": column.name in numeric})
        lines.append({"cells": cells})
    return {
        "caption": translated(of.label), "rows": lines,
        "columns": [{"text": translated(c.label), "numeric": c.name in numeric} for c in used],
    }  # fmt: skip


def difference(of: Shape, old: Any, new: Any, words: Words) -> dict[str, Any]:
    """Two editions as `components/diff.html` shows them."""
    changes = [
        {"label": label, "before": before, "after": after}
        for label, before, after in _heads(old, new)
        if before != after
    ]
    for change in compared(of, old.rows, new.rows):
        named = [value_text(of.column(n), v) for n, v in zip(of.key, change.key, strict=True)]
        named = [text for text in named if text]
        for name in change.columns(of):
            if change.before is None and not (change.after or {}).get(name):
                continue
            if change.after is None and not (change.before or {}).get(name):
                continue
            column = of.column(name)
            changes.append({
                "label": "，".join([*named, translated(column.label)]),
                "before": value_text(column, (change.before or {}).get(name)),
                "after": value_text(column, (change.after or {}).get(name)),
            })  # fmt: skip
    return {"left": _title(old, words), "right": _title(new, words), "changes": changes}


def _heads(old: Any, new: Any) -> list[tuple[str, str, str]]:
    labels = {
        "document": _("出处"), "clause": _("条款"), "unit": _("计量单位"), "source": _("来源"),
        "note": _("说明"),
    }  # fmt: skip
    found = [(label, getattr(old, n), getattr(new, n)) for n, label in labels.items()]
    said = [_("暂定") if one.is_provisional else "" for one in (old, new)]
    return [*found, (_("暂定"), said[0], said[1])]


def _title(one: Any, words: Words) -> str:
    number = _("第 %(n)d 版") % {"n": one.number}
    return f"{place_name(one.jurisdiction, words)} {number}"


def person_name(person_id: int | None) -> str:
    """Who wrote or published; "" for nobody."""
    person = people.person(person_id) if person_id else None
    return person.display_name if person else ""
