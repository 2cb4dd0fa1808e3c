"""The duty checklist (进场免责): what the rules of a jurisdiction ask of a unit that brings an
achievement to the floor, what of it stands on record, and who has the ball.

The duties are rows of the rulebook's table `duties`; this file knows only how a row meets the facts.
Beijing names four: 民主决策, 信息公示, 合理注意, 监督管理 (北京市促进科技成果转化条例 art. 19); Shanghai
deems diligent who did the first, the third and the fourth (上海市条例 arts. 25-26).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from yangbanjian.kernel.words import gettext_noop as _
from yangbanjian.market.trading.rules.statements import ITEMS

Verdict = Literal["met", "missing", "not_required"]

# Who has the ball while a duty is missing, where the facts do not say otherwise.
BALL = "owner"
BALLS = {"owner": _("持有单位"), "exchange": _("交易机构"), "system": _("系统")}


@dataclass(frozen=True, slots=True)
class Fact:
    """What is on record for a duty: whether it is met, and the journal entries that say so."""

    is_met: bool
    entries: tuple[int, ...] = ()
    ball: str = ""


@dataclass(frozen=True, slots=True)
class Duty:
    """One line of the checklist."""

    duty: str
    clause: str
    document: str
    verdict: Verdict
    entries: tuple[int, ...]
    ball: str


def checklist(
    rows: Sequence[Mapping[str, Any]],
    facts: Mapping[str, Fact],
    *,
    price_mode: str,
    is_public_unit: bool,
    document: str = "",
) -> list[Duty]:
    """The rows of an edition of `duties` against the facts. What the law does not ask of this unit
    or this price mode is told as not required, not left out."""
    told = []
    for row in rows:
        asked = _is_asked(row, price_mode, is_public_unit)
        fact = facts.get(row["duty"], Fact(False))
        verdict: Verdict = "not_required"
        if asked:
            verdict = "met" if fact.is_met else "missing"
        ball = (fact.ball or BALL) if verdict == "missing" else ""
        told.append(
            Duty(
                row["duty"], row.get("clause", ""), row.get("document") or document, verdict,
                fact.entries, ball,
            )
        )  # fmt: skip
    return told


def _is_asked(row: Mapping[str, Any], price_mode: str, is_public_unit: bool) -> bool:
    if row["units"] == "public" and not is_public_unit:
        return False
    return row["price_mode"] in ("any", price_mode)


def in_the_way(duties: Sequence[Duty]) -> tuple[str, ...]:
    """Of what is missing, that without which there is no way on: the decision, the notice, what is
    to be said of related parties, the objections. The checks of reasonable care (合理注意) are the
    unit's own: they are told as missing up to the dossier, and nobody is kept from trading."""
    return tuple(duty for duty in missing(duties) if duty not in ITEMS)


def missing(duties: Sequence[Duty]) -> tuple[str, ...]:
    """The duties that are asked and not met."""
    return tuple(d.duty for d in duties if d.verdict == "missing")
