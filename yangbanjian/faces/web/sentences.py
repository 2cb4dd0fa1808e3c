"""The sentence a visitor types: what was understood, as chips, and how correcting rewrites it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from yangbanjian.engines.matching.rules.understanding import Target, Understanding
from yangbanjian.faces.web.templatetags.ui import money
from yangbanjian.faces.web.words import Words, translated
from yangbanjian.kernel.words import gettext_noop

LONGEST = 2000
_PLACE = re.compile(r"at-(\d{1,6})-(\d{1,6})")
_SIGNS = {">=": "≥", "<=": "≤", ">": ">", "<": "<", "=": "=", "range": ""}


def typed(value: str) -> str:
    """What was typed, without control characters and bidi marks, and short enough to read."""
    kept = "".join(
        c for c in value[: LONGEST + 1] if c.isprintable() or c in "\n\t" if c not in _BIDI
    )
    return kept[:LONGEST].strip()


_BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def rewritten(text: str, given: Mapping[str, str]) -> str:
    """The sentence with what was corrected: `at-S-E` replaces a stretch, `say-X` and `answer` add
    words at the end. Unchanged when nothing was corrected."""
    changes = []
    for name, value in given.items():
        found = _PLACE.fullmatch(name)
        if found:
            start, end = int(found[1]), int(found[2])
            if start < end <= len(text) and typed(value) != text[start:end]:
                changes.append((start, end, typed(value)))
    for start, end, value in sorted(changes, reverse=True):
        text = text[:start] + value + text[end:]
    for name in ("answer", *(n for n in given if n.startswith("say-"))):
        value = typed(given.get(name, ""))
        if value and value not in text:
            text = text.rstrip("。.，, ") + "，" + value
    return text[:LONGEST]


def card_of(said: Understanding, words: Words) -> dict[str, Any]:
    """What understanding_card.html shows."""
    question = None
    if said.question is not None:
        question = {
            "text": translated(said.question.text),
            "name": "answer",
            "answers": [{"text": translated(a), "value": a} for a in said.question.answers],
        }
    return {"chips": _chips(said, words), "question": question}


def _chips(said: Understanding, words: Words) -> list[dict[str, Any]]:
    chips: list[dict[str, Any]] = []
    guessed = {g.kind for g in said.guesses}

    def add(term: str, text: str, span: tuple[int, int], *, guess: bool = False) -> None:
        start, end = span
        chips.append(
            {
                "term": term, "text": text, "name": f"at-{start}-{end}",
                "value": said.text[start:end], "guess": guess, "span_text": said.text[start:end],
            }
        )  # fmt: skip

    if said.field and "field" not in guessed and said.field_spans:
        add(_("领域"), words.label("field", said.field), said.field_spans[0])
    for target in said.targets[:4]:
        add(_("目标"), target_text(target), target.span)
    for constraint in said.constraints[:4]:
        add(_("约束"), constraint.text, constraint.span)
    if said.budget is not None:
        add(_("预算"), _budget_text(said), said.budget.span)
    if said.deadline is not None:
        day = said.deadline.day
        text = _("%(day)s 前") % {"day": day.isoformat()} if day else _("不急")
        add(_("期限"), text, said.deadline.span)
    if said.region is not None and "region" not in guessed:
        add(_("地域"), words.region(said.region.code), said.region.span)
    for mode in said.modes[:2]:
        start, end = mode.span
        add(_("合作方式"), said.text[start:end], mode.span)
    for guess in said.guesses[:4]:
        add(
            translated(_GUESS_TERMS.get(guess.kind, "推测")),
            translated(guess.text),
            guess.span,
            guess=True,
        )
    return _once(chips)


def _once(chips: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One chip for one stretch: two fields of the same name would answer for each other."""
    seen: set[str] = set()
    kept: list[dict[str, Any]] = []
    for chip in chips:
        if chip["name"] in seen and chip["guess"]:
            chip = {**chip, "name": f"say-{len(kept)}", "value": ""}
        seen.add(chip["name"])
        kept.append(chip)
    return kept


_GUESS_TERMS = {
    "field": gettext_noop("领域"), "metric": gettext_noop("指标"), "op": gettext_noop("关系"),
    "region": gettext_noop("地域"),
    "budget": gettext_noop("预算"), "deadline": gettext_noop("期限"), "scale": gettext_noop("规模"),
    "trl": gettext_noop("成熟度"),
}  # fmt: skip


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")


def target_text(target: Target) -> str:
    """「能耗 降 ≥ 25%」."""
    way = {"reduce": _("降"), "increase": _("升")}.get(target.direction or "", "")
    unit = target.unit.symbol if target.unit else ""
    value = _plain(target.value)
    if target.value_to is not None:
        value += "–" + _plain(target.value_to)
    amount = f"{_SIGNS.get(target.op, '')} {value}{'' if unit == '%' else ' '}{unit}".strip()
    return " ".join(t for t in (target.metric, way, amount) if t)


def _budget_text(said: Understanding) -> str:
    budget = said.budget
    assert budget is not None
    if budget.fen is None:
        if budget.floor_fen is not None:
            return "≥ " + money(budget.floor_fen)
        return _("面议")
    return ("≤ " if budget.hard else _("约 ")) + money(budget.fen)
