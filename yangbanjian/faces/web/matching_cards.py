"""Matches as cards: what was found for a sentence, and what is kept for a demand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from yangbanjian.engines.matching.queries import Item, supply_of
from yangbanjian.engines.matching.rules.introductions import TABLE
from yangbanjian.engines.matching.rules.reasons import BAR_LABELS
from yangbanjian.engines.matching.rules.why_codes import BAD_CODES
from yangbanjian.faces.telling import change_text, reason_text
from yangbanjian.faces.web.cards import content_language, owner_name
from yangbanjian.faces.web.words import Words, state_tag, translated
from yangbanjian.libraries.records.queries import library_of_kind


def whys() -> list[dict[str, str]]:
    """The closed reasons of 不准."""
    return [{"code": code, "text": translated(text)} for code, text in BAD_CODES.items()]


def reasons_of(listed: Sequence[Mapping[str, Any]], text: str) -> list[dict[str, Any]]:
    """Reasons with the words of the demand marked where they occur in the reason's sentence."""
    found = []
    for reason in listed:
        said = reason_text(reason)
        found.append(
            {"verdict": reason.get("verdict"), "text": said, "spans": _marks(said, reason, text)}
        )
    return found


def _marks(said: str, reason: Mapping[str, Any], text: str) -> list[list[int]]:
    span = reason.get("demand_span")
    words = text[span[0] : span[1]] if span and text else ""
    at = said.find(words) if words else -1
    marks = [[at, at + len(words)]] if at >= 0 else []
    return marks + _numbers(said)


def _numbers(said: str) -> list[list[int]]:
    """Numbers with their units stand out in a reason."""
    marks: list[list[int]] = []
    start = -1
    for i, char in enumerate(said + " "):
        if char.isdigit() or (start >= 0 and char in ".,%％"):
            start = i if start < 0 else start
        elif start >= 0:
            marks.append([start, start + len(said[start:i].rstrip(".,"))])
            start = -1
    return marks


def would_help(listed: Sequence[Mapping[str, Any]]) -> str:
    """What would have to change for a miss to match."""
    return _("；").join(dict.fromkeys(change_text(r) for r in listed if r.get("change")))


def parts_of(bars: Mapping[str, int | None]) -> list[dict[str, Any]]:
    return [
        {"name": translated(BAR_LABELS[name]), "value": value}
        for name, value in bars.items()
        if value is not None and name in BAR_LABELS
    ]


def _subtitle(kind: str, record: Any, words: Words) -> list[str]:
    if kind == "expert":
        return [t for t in (record.affiliation, record.job_title) if t]
    said = [owner_name(record)]
    if kind == "achievement" and record.trl:
        said.append(_("成熟度 %(n)d 级") % {"n": record.trl})
    return said


def _price(kind: str, record: Any) -> dict[str, Any] | None:
    if kind != "achievement":
        return None
    return {"fen": record.price_fen, "from": record.price_fen is not None}


def asked_card(item: Item, text: str, words: Words) -> dict[str, Any]:
    """A card for something found for a sentence that nobody has kept yet."""
    room = library_of_kind(item.kind).room
    fields = {"q": text, "kind": item.kind, "id": item.record.pk}
    title = item.record.title
    return {
        "url": f"/{room}/{item.record.pk}",
        "title": title,
        "lang": content_language(title),
        "score": item.percent,
        "kind": item.kind,
        "subtitle": _subtitle(item.kind, item.record, words),
        "price": _price(item.kind, item.record),
        "reasons": reasons_of(item.reasons, text),
        "would_help": would_help(item.reasons),
        "parts": parts_of(item.bars),
        "feedback": {
            "url": f"/ask/feedback/{item.kind}/{item.record.pk}",
            "given": "", "title": title, "whys": whys(),
        },
        "actions": [
            {"text": _("约谈"), "url": "/ask/meet", "method": "post", "tone": "primary",
             "icon": "message-plus", "fields": fields},
        ],
    }  # fmt: skip


def kept_card(match: Any, words: Words, *, as_provider: bool = False) -> dict[str, Any]:
    """A card for a stored match; from the provider's side the demand is what is offered."""
    supply = supply_of(match)
    kind = "achievement" if match.achievement_id else "expert"
    demand = match.demand
    text = f"{demand.title}。{demand.abstract}" if demand else ""
    shown: Any = demand if as_provider and demand else supply
    said = _subtitle(kind, supply, words) if shown is supply else [_("对应"), supply.title]
    return {
        "url": f"/matches/{match.pk}",
        "title": shown.title,
        "lang": content_language(shown.title),
        "score": match.percent,
        "subtitle": said,
        "price": _price(kind, supply) if shown is supply else {"fen": shown.budget_fen},
        "reasons": reasons_of(match.reasons, text),
        "would_help": would_help(match.reasons),
        "parts": [],
        "state": state_tag(TABLE, match.state),
        "actions": [
            {"text": _("查看"), "url": f"/matches/{match.pk}", "method": "get", "tone": "primary"}
        ],
    }
