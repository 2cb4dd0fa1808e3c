"""A sentence that was understood becomes the values of a demand."""

from __future__ import annotations

from typing import Any

from yangbanjian.engines.matching.rules.understanding import Understanding
from yangbanjian.ground.codes import queries as codes
from yangbanjian.kernel.text import clean_line

LONGEST_TITLE = 40
_OPERATORS = {">=": "ge", ">": "gt", "<=": "le", "<": "lt", "=": "eq", "range": "range"}


def title_of(text: str) -> str:
    """The first clause of a sentence, short enough for a heading."""
    line = clean_line(text, cap=400)
    for stop in "。！？!?；;\n":
        line = line.split(stop)[0]
    if len(line) <= LONGEST_TITLE:
        return line.strip("，, ")
    cut = max(line.rfind(mark, 8, LONGEST_TITLE) for mark in "，,、 ")
    return line[: cut if cut > 0 else LONGEST_TITLE].strip("，,、 ")


def prefilled(said: Understanding) -> dict[str, Any]:
    """Values of the demand library for what was said; what was not said is left out. Who sees it
    is not read from the text: brokers only, until its owner says otherwise."""
    text = said.text.strip()
    known = codes.known_tables()
    values: dict[str, Any] = {
        "title": title_of(text),
        "abstract": text,
        "targets": [_target(said, target) for target in said.targets],
        "conditions": [c.text[:60] for c in said.constraints],
        "modes": list(dict.fromkeys(m.code for m in said.modes if m.code in known["deal_modes"])),
        "visibility": "brokers",
    }
    if said.budget is not None and said.budget.fen is not None:
        values["budget_fen"] = said.budget.fen
    if said.deadline is not None and said.deadline.day is not None:
        values["deadline"] = said.deadline.day
    # A guess is for its reader to confirm; what nobody has confirmed is not stored as theirs.
    guessed = {guess.kind for guess in said.guesses}
    if said.field and "field" not in guessed and said.field in known["field"]:
        values["field"] = said.field
    region = said.region.code if said.region is not None and "region" not in guessed else ""
    if region in known["regions"]:
        values["region"] = region
    if said.trl is not None:
        values["trl_wanted"] = said.trl.low
    return values


def _target(said: Understanding, target: Any) -> dict[str, Any]:
    start, end = target.span
    return {
        "metric": target.metric[:200],
        "op": _OPERATORS.get(target.op, ""),
        "value": format(target.value.normalize(), "f"),
        "unit": target.unit.symbol[:20] if target.unit else "",
        "text": clean_line(said.text[start:end], cap=200),
    }
