"""Codes, states and sentences in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from yangbanjian.ground.codes import queries as codes
from yangbanjian.ground.codes.rules import CodeTable
from yangbanjian.kernel.moves import StateTable
from yangbanjian.kernel.refusals import Problem, Refusal

STATE_TONES = {
    "draft": "", "submitted": "warn", "public": "ok", "expiring": "warn", "expired": "bad",
    "withdrawn": "bad", "sold": "gold", "suggested": "match", "seen": "match",
    "interested": "demand", "agreed": "ok", "declined": "bad", "lapsed": "",
    "open": "ok", "paused": "warn", "ended": "brand", "stopped": "bad", "upheld": "bad",
    "dismissed": "", "appealed": "warn", "final": "",
    "returned": "warn", "accepted": "brand", "disclosed": "ok", "qualifying": "warn", "nobody": "",
    "negotiating": "match", "bidding": "match", "confirmed": "gold", "announced": "gold",
    "signed": "gold", "paid": "gold", "certified": "gold", "handed_over": "gold", "archived": "gold",
    "defaulted": "bad", "applied": "warn", "deposited": "brand", "qualified": "ok",
    "refused": "bad", "won": "gold", "lost": "", "completed": "gold", "forfeited": "bad",
}  # fmt: skip
MORE_OR_LESS = {"ge": "≥ ", "gt": "> ", "le": "≤ ", "lt": "< ", "eq": "", "range": ""}


class Words:
    """Labels for one answer: each code table is read once."""

    def __init__(self, language: str | None = None) -> None:
        self.language = language or get_language() or "zh-hans"
        self._tables: dict[str, CodeTable] = {}

    def table(self, name: str) -> CodeTable:
        if name not in self._tables:
            self._tables[name] = codes.table(name)
        return self._tables[name]

    def label(self, table: str, code: str) -> str:
        """What a code is called; the code itself where it is unknown."""
        found = self.table(table).codes.get(code) if code else None
        return found.label(self.language) if found else code

    def labels(self, table: str, listed: Iterable[str]) -> list[str]:
        return [self.label(table, code) for code in listed]

    def region(self, code: str) -> str:
        """A region by its code or the first digits of one."""
        known = self.table("regions").codes
        for whole in (code, code.ljust(6, "0"), code[:2].ljust(6, "0")):
            if whole in known:
                return known[whole].label(self.language)
        return code


def translated(text: str) -> str:
    """The catalogue's words for a message id; "" stays "" (gettext would answer its header)."""
    return _(text) if text else ""


def sentence(text: str, params: Mapping[str, Any]) -> str:
    """A message id in the reader's language with its parameters, which may be ids themselves."""
    if not params:
        return translated(text)
    said = {k: translated(v) if isinstance(v, str) else v for k, v in params.items()}
    return translated(text) % said


def of_refusal(refusal: Refusal) -> str:
    return sentence(refusal.sentence, refusal.params)


def of_problem(problem: Problem) -> str:
    return sentence(problem.sentence, problem.params)


def state_tag(table: StateTable, code: str, *, public: bool = False) -> dict[str, str]:
    """A state as a tag: what staff call it, or what the public does."""
    state = table.state(code)
    text = (state.public_label or state.label) if public else state.label
    tone = "ok" if public and code == "expiring" else STATE_TONES.get(code, "")
    return {"text": translated(text), "tone": tone}
