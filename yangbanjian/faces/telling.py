"""Amounts, reasons and periods in the reader's language.

The rules write both in the source language; what a reason is made of comes along, so that it can
be said anew. What is quoted from a record or a demand stays in its own language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Literal

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from yangbanjian.engines.matching.rules.reasons import CHANGES, MESSAGES, MODE_LABELS
from yangbanjian.engines.matching.rules.reasons.messages import text_of
from yangbanjian.engines.matching.rules.reasons.numbers import POINTS
from yangbanjian.ground.codes import queries as codes
from yangbanjian.kernel.amounts import format_fen_full, format_fen_short
from yangbanjian.kernel.calendar import Deadline

_YUAN: Final = {"元": 1, "万元": 10_000, "亿元": 100_000_000}
_AMOUNT: Final = re.compile(r"([\d,.]+) (亿元|万元|元)")
_QUOTED: Final = re.compile(r"「([^」]*)」")
# Parameters that are codes: the tables know what they are called in each language.
_CODES: Final = {"field_code": "field", "industry": "industries"}
_MODES: Final = frozenset(MODE_LABELS.values())


def amount(fen: int) -> str:
    """「80 万」, 「80 萬」, «¥800,000»: each as its readers count."""
    language = get_language() or ""
    if language.startswith("en"):
        return format_fen_full(fen).removesuffix(".00")
    short = format_fen_short(fen)
    return short.replace("万", "萬").replace("亿", "億") if language == "zh-hant" else short


def vectors_told(made: int, wanted: int) -> str:
    """How far what has come in can be found: by its words at once, by its meaning as the vectors
    are made in the background."""
    if made >= wanted:
        return _("已可按文字和含义查到")
    told = {"made": f"{made:,}", "wanted": f"{wanted:,}"}
    return _("已可按文字查到；含义向量 %(made)s/%(wanted)s") % told


def reason_text(reason: Mapping[str, Any]) -> str:
    """A reason (as its JSON stands) in the language in force; its own text where it is old."""
    return _said(MESSAGES, reason.get("code"), reason.get("params"), reason.get("text"))


def change_text(reason: Mapping[str, Any]) -> str:
    """What would have to change, likewise; "" where nothing would help."""
    code, params = reason.get("change_code"), reason.get("change_params")
    return _said(CHANGES, code, params, reason.get("change"))


def _said(
    messages: Mapping[str, str], code: str | None, params: Mapping[str, str] | None, text: Any
) -> str:
    if code is None or code not in messages or params is None:
        return str(text or "")
    return text_of(_(messages[code]), {k: _value(k, v) for k, v in params.items()})


def _value(name: str, value: str) -> str:
    if _AMOUNT.fullmatch(value):
        return _AMOUNT.sub(_amount, value)
    if value.endswith(POINTS):
        return value.removesuffix(POINTS) + _(POINTS)
    if name in _CODES:
        return codes.label(_CODES[name], value, get_language() or "")
    if name == "field" and value:
        return _(value)
    if name == "words":
        return _("、").join(_("「%(word)s」") % {"word": w} for w in _QUOTED.findall(value))
    parts = value.split("、")
    return _("、").join(_(p) for p in parts) if _MODES.issuperset(parts) else value


def _amount(found: re.Match[str]) -> str:
    language = get_language() or ""
    if language.startswith("en"):
        yuan = Decimal(found[1].replace(",", "")) * _YUAN[found[2]]
        return f"¥{yuan.normalize():,f}"
    short = found[0]
    return short.replace("万", "萬").replace("亿", "億") if language == "zh-hant" else short


def day_told(deadline: Deadline, name: Literal["start", "last"]) -> str:
    """A day of the period as the reader's language writes days."""
    if (get_language() or "zh").startswith("zh"):
        return str(deadline.params[name])
    return date_format(getattr(deadline, name), "j F Y")


def counted(deadline: Deadline) -> str:
    """The sentence that says how a period was counted."""
    days = {"start": day_told(deadline, "start"), "last": day_told(deadline, "last")}
    return _(deadline.message) % {**deadline.params, **days}
