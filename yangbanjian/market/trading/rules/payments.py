"""How a price is paid: in one sum, by instalments, as a royalty, with an entry fee (民法典第八百四十六条).

A listing says it in `payment`: `{"kind": "once"}`; `{"kind": "instalments", "parts": [{"percent": 40,
"months": 0}, ...]}` (the first is due with the contract, the last takes what rounding leaves);
`{"kind": "royalty" | "entry_royalty", "rate_permille": 30, "base": "sales", "years": 5}`. Of a royalty
the price bid is an advance that later royalties are set off against; with an entry fee it is that fee.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from yangbanjian.kernel.words import gettext_noop as _

KINDS: Mapping[str, str] = {
    "once": _("一次总付"),
    "instalments": _("分期支付"),
    "royalty": _("提成支付"),
    "entry_royalty": _("入门费加提成"),
}
BASES: Mapping[str, str] = {
    "sales": _("产品销售额"),
    "price": _("产品价格"),
    "output": _("新增产值"),
    "profit": _("利润"),
}
WITH_ROYALTY = ("royalty", "entry_royalty")
MOST_PARTS = 12


@dataclass(frozen=True, slots=True)
class Part:
    """One instalment: `months` after the first one is due; `from_deposit_fen` is what the deposit
    has paid of it already."""

    seq: int
    amount_fen: int
    months: int
    from_deposit_fen: int = 0

    @property
    def open_fen(self) -> int:
        return self.amount_fen - self.from_deposit_fen


def kind_of(payment: Mapping[str, Any]) -> str:
    """The kind of payment; what a listing left open is paid in one sum."""
    kind = payment.get("kind")
    return kind if isinstance(kind, str) and kind in KINDS else "once"


def _said(
    payment: Mapping[str, Any], first_percent: int, most_months: int
) -> list[tuple[int, int]]:
    """(percent, months) of each part as a listing says it; the smallest allowed plan where it says
    nothing that can be used: an award cannot wait for somebody to put a listing right."""
    parts = payment.get("parts") or ()
    found = [
        (int(p["percent"]), int(p.get("months", 0)))
        for p in parts[:MOST_PARTS]
        if isinstance(p, Mapping) and str(p.get("percent", "")).isdecimal()
        and str(p.get("months", 0)).isdecimal()
    ]  # fmt: skip
    is_whole = len(found) == len(parts) >= 2 and sum(p for p, _ in found) == 100
    is_usable = is_whole and min(p for p, _ in found) > 0 and found[0][0] >= first_percent
    if is_usable and found == sorted(found, key=lambda one: one[1]) and found[-1][1] <= most_months:
        return found
    return [(first_percent, 0), (100 - first_percent, most_months)]


def problem(payment: Mapping[str, Any], *, first_percent: int, most_months: int) -> str:
    """Why a listing's instalments cannot stand as they are written; "" where they can."""
    if payment.get("kind", "once") not in KINDS:
        return "kind"
    if kind_of(payment) != "instalments":
        return ""
    written = [(p.get("percent"), p.get("months", 0)) for p in payment.get("parts") or ()]
    return "" if written == _said(payment, first_percent, most_months) else "parts"


def plan(
    price_fen: int, payment: Mapping[str, Any], *, deposit_fen: int = 0, first_percent: int,
    most_months: int,
) -> list[Part]:  # fmt: skip
    """The instalments of a price; they add up to it. The deposit counts towards the first, what is
    above it towards the next. Raises ValueError for a price that is not positive."""
    if price_fen < 1 or deposit_fen < 0:
        raise ValueError("a price is positive, a deposit not negative")
    said = [(100, 0)]
    if kind_of(payment) == "instalments":
        said = _said(payment, first_percent, most_months)
    amounts = [price_fen * percent // 100 for percent, _ in said]
    # Rounded up, so that the first is never less than the share that it must be.
    amounts[0] = -(-price_fen * said[0][0] // 100)
    amounts[-1] = price_fen - sum(amounts[:-1])
    left, parts = deposit_fen, []
    shown = [(amount, months) for amount, (_, months) in zip(amounts, said, strict=True) if amount]
    for seq, (amount, months) in enumerate(shown, 1):
        counted = min(left, amount)
        left -= counted
        parts.append(Part(seq, amount, months, counted))
    return parts


def royalty_fen(base_fen: int, payment: Mapping[str, Any]) -> int:
    """What a year's base gives at the agreed rate, rounded down to the fen."""
    return base_fen * int(payment.get("rate_permille", 0)) // 1000


def royalty_due_fen(
    bases_fen: Sequence[int], payment: Mapping[str, Any], advance_fen: int, asked_fen: int
) -> int:
    """What is due after the reports so far: all royalties less the advance (of a royalty without an
    entry fee) and less what has been asked for already."""
    total = sum(royalty_fen(base, payment) for base in bases_fen)
    credited = advance_fen if kind_of(payment) == "royalty" else 0
    return max(total - credited - asked_fen, 0)


def months_after(day: date, months: int) -> date:
    """The same day so many months later; the last day of a month that has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(last, day.day))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
