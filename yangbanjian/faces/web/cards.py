"""Records as cards in a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from yangbanjian.faces.web.words import MORE_OR_LESS, Words, state_tag
from yangbanjian.kernel.actor import Actor
from yangbanjian.libraries.demands.queries import may_see_owner
from yangbanjian.libraries.records import policy
from yangbanjian.libraries.records import queries as records
from yangbanjian.libraries.records.queries import Library

DOWN_WORDS = ("降", "减", "少", "低", "省", "耗", "漏检", "误差", "损")
TIME_UNITS = ("年", "月", "天", "日", "小时", "分钟", "秒", "s", "min", "h", "ms")


def content_language(text: str) -> str:
    """`en` for a text without Chinese characters, else nothing: the page's own language."""
    has_latin = any(c.isascii() and c.isalpha() for c in text)
    has_chinese = any("\u3400" <= c <= "\u9fff" for c in text)
    return "en" if has_latin and not has_chinese else ""


def amount_of(row: dict[str, Any]) -> str:
    """A measured value as text: 「≥ 31 %」."""
    sign = MORE_OR_LESS.get(row.get("op") or "", "")
    unit = row.get("unit") or ""
    gap = "" if unit in ("%", "％", "°") or not unit else " "
    return f"{sign}{row.get('value') or ''}{gap}{unit}".strip()


def metrics_of(rows: Sequence[dict[str, Any]], most: int = 2) -> list[dict[str, str]]:
    """The first measured results as short tags."""
    found = []
    for row in rows:
        metric, amount = row.get("metric") or "", amount_of(row)
        if not amount:
            continue
        direction = "check"
        if (row.get("unit") or "") in TIME_UNITS:
            direction = "time"
        elif any(word in metric for word in DOWN_WORDS):
            direction = "down"
        found.append({"text": f"{metric} {amount}".strip(), "direction": direction})
    return found[:most]


def card(library: Library, record: Any, words: Words, actor: Actor, **more: Any) -> dict[str, Any]:
    """Any record as an item card."""
    made = _MAKERS[library.kind](record, words, actor)
    url = f"/{library.room}/{record.pk}"
    made |= {"url": url, "title": record.title, "lang": content_language(record.title)}
    made.setdefault("updated_at", record.updated_at)
    if record.state not in ("public",):
        made["state"] = state_tag(library.table, record.state)
    return {**made, **more}


def cards(
    library: Library, rows: Sequence[Any], words: Words, actor: Actor, *, preview: bool = False
) -> list[dict[str, Any]]:
    """Records as cards, with their stars for somebody who is signed in: one query for all."""
    stars = stars_of(library, rows, actor)
    made = []
    for row in rows:
        more: dict[str, Any] = {"star": stars.get(row.pk)}
        if preview:
            more["preview_url"] = f"/{library.room}/{row.pk}/preview"
        made.append(card(library, row, words, actor, **more))
    return made


def stars_of(library: Library, rows: Sequence[Any], actor: Actor) -> dict[int, dict[str, Any]]:
    """The star of each of these records, by number; none for who is not signed in."""
    if not policy.may_star(actor).allowed:
        return {}
    on = records.starred(actor, library, [row.pk for row in rows])
    return {r.pk: star_of(library, r.pk, r.title, is_on=r.pk in on) for r in rows}


def star_of(library: Library, record_id: int, title: str, *, is_on: bool) -> dict[str, Any]:
    """What star.html shows. The button has an id, so that it keeps the focus when replaced."""
    return {
        "url": f"/{library.room}/{record_id}/star", "on": is_on, "title": title,
        "id": f"star-{library.kind}-{record_id}",
    }  # fmt: skip


def owner_name(record: Any) -> str:
    return str(record.owner.short_name or record.owner.name)


def _field_tags(record: Any, words: Words) -> list[dict[str, str]]:
    return [{"text": words.label("field", record.field), "tone": "brand"}] if record.field else []


def _modes(record: Any, words: Words) -> list[dict[str, str]]:
    return [{"text": t, "tone": ""} for t in words.labels("deal_modes", record.modes[:2])]


def _achievement(record: Any, words: Words, actor: Actor) -> dict[str, Any]:
    meta = [{"icon": "school", "text": owner_name(record)}]
    if record.trl:
        meta.append({"icon": "flag", "text": _("成熟度 %(n)d 级") % {"n": record.trl}})
    if record.rights:
        n = len(record.rights)
        text = ngettext("知识产权 %(n)d 件", "知识产权 %(n)d 件", n) % {"n": n}
        meta.append({"icon": "certificate", "text": text})
    note = " / ".join(words.labels("deal_modes", record.modes[:1]))
    return {
        "value": record.value_line or record.abstract,
        "metrics": metrics_of(record.results),
        "tags": _field_tags(record, words) + _modes(record, words),
        "meta": meta,
        "price": {"fen": record.price_fen, "from": record.price_fen is not None, "note": note},
    }


def _demand(record: Any, words: Words, actor: Actor) -> dict[str, Any]:
    meta = []
    named = may_see_owner(actor, record)
    meta.append({"icon": "building", "text": owner_name(record) if named else _("匿名单位")})
    if record.deadline:
        text = _("希望 %(day)s 前") % {"day": record.deadline.isoformat()}
        meta.append({"icon": "calendar", "text": text})
    if record.region:
        meta.append({"icon": "map-pin", "text": words.region(record.region)})
    conditions = [{"text": c, "tone": "warn"} for c in record.conditions[:2]]
    return {
        "value": record.abstract,
        "metrics": metrics_of(record.targets),
        "tags": _field_tags(record, words) + conditions,
        "meta": meta,
        "price": {"fen": record.budget_fen, "note": _("预算") if record.budget_fen else ""},
    }


def _expert(record: Any, words: Words, actor: Actor) -> dict[str, Any]:
    tags = [{"text": t, "tone": "expert"} for t in (record.keywords or record.disciplines)[:3]]
    if record.availability:
        tone = {"open": "ok", "limited": "warn"}.get(record.availability, "")
        tags.append({"text": words.label("availability", record.availability), "tone": tone})
    place = " ".join(t for t in (record.affiliation, record.job_title) if t)
    meta = [{"icon": "school", "text": place}] if place else []
    if record.works:
        n = len(record.works)
        text = ngettext("代表作 %(n)d 项", "代表作 %(n)d 项", n) % {"n": n}
        meta.append({"icon": "notes", "text": text})
    return {
        "initials": record.title[:1], "value": record.abstract, "tags": tags, "meta": meta,
        "updated_at": None,
    }  # fmt: skip


_MAKERS = {"achievement": _achievement, "demand": _demand, "expert": _expert}
