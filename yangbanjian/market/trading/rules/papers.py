"""The diligence room (尽调资料室): three tiers of papers, and what opens each to a buyer.

`public` is everybody's; `nda` opens to a person who has given the undertaking for a buyer that has
signed up; `qualified` asks for the qualification (and so the deposit) as well. The seller, the
exchange and the auditor see all of them. The text of the undertaking is an edition of the rulebook
(`undertakings`), one row a clause.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yangbanjian.kernel.words import gettext_noop as _

PUBLIC, NDA, QUALIFIED = "public", "nda", "qualified"
TIERS: Mapping[str, str] = {
    PUBLIC: _("公开"),
    NDA: _("报名并承诺保密后"),
    QUALIFIED: _("取得资格后"),
}
# States of a registration in which its buyer is still in, and in which they have qualified.
STILL_IN = ("applied", "deposited", "qualified", "won", "completed")
HAS_QUALIFIED = ("qualified", "won", "completed")
# States of a listing in which its seller may put papers in: before it is handed in, and while it is
# disclosed, where what is new waits for a change of the listing.
MAY_PUT = ("draft", "returned", "disclosed", "paused")
# From these on it is known who has bid; until then the seller does not learn who reads (A10).
READERS_KNOWN = (
    "confirmed", "announced", "signed", "paid", "certified", "handed_over", "archived", "defaulted",
    "relisted", "withdrawn", "ended",
)  # fmt: skip
MOST_PAPERS, LONGEST_NAME = 200, 120


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person is to a listing's room: the state of their organisation's registration (""
    without one), and whether they have given the undertaking."""

    registration: str = ""
    has_undertaken: bool = False


def lacks(tier: str, standing: Standing) -> str:
    """What a buyer must still do before a paper of this tier opens: sign_up, undertake, qualify;
    "" where it is open. Raises ValueError for a tier that is not of the list."""
    if tier not in TIERS:
        raise ValueError(f"no tier: {tier}")
    if tier == PUBLIC:
        return ""
    if standing.registration not in STILL_IN:
        return "sign_up"
    if not standing.has_undertaken:
        return "undertake"
    if tier == QUALIFIED and standing.registration not in HAS_QUALIFIED:
        return "qualify"
    return ""


def since(version: int, *, is_public: bool) -> int:
    """From which version of a listing a paper put in now counts: of one that is public, from the
    next, which begins the disclosure anew."""
    return version + 1 if is_public else version


def is_shown(paper_since: int, version: int, *, is_public: bool) -> bool:
    """Do buyers see a paper that counts from that version?"""
    return is_public and paper_since <= version


def text_of(rows: Sequence[Mapping[str, Any]]) -> str:
    """The undertaking as one text: its clauses in their order, a line each."""
    ordered = sorted(rows, key=lambda row: int(row["no"]))
    return "\n".join(f"{row['no']}. {row['text']}" for row in ordered)


def digest(text: str) -> str:
    """SHA-256 of the text in hex: what a person says that they have read."""
    return hashlib.sha256(text.encode()).hexdigest()
