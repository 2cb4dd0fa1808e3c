"""What a listing says, what is wrong with it, and where it goes when its disclosure is over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from yangbanjian.kernel.refusals import Problem
from yangbanjian.kernel.words import gettext_noop as _
from yangbanjian.market.trading.rules import checking
from yangbanjian.market.trading.rules.deposits import FORFEITURE_CODES
from yangbanjian.market.trading.rules.lots import MOST_FEN, Method, Terms
from yangbanjian.market.trading.rules.negotiated import Way, way_on

METHODS: Mapping[Method, str] = {
    Method.RISING: _("多次报价"),
    Method.DYNAMIC: _("动态报价"),
    Method.SEALED: _("一次报价"),
    Method.DUTCH: _("降价报价"),
    Method.NEGOTIATED: _("协议签约"),
}
PAYMENTS: Mapping[str, str] = {
    "once": _("一次付清"),
    "instalments": _("分期付款"),
    "royalty": _("按销售提成"),
    "entry_royalty": _("入门费加提成"),
}
MOST_ROUNDS, MOST_SHARES, LONGEST_SECONDS = 10, 10, 366 * 86400


@dataclass(frozen=True, slots=True)
class Figures:
    """What the rulebook's table `bidding_terms` says: the least that terms may have, and what holds
    where a listing says nothing; times in seconds."""

    free_s: int
    cycle_s: int
    hard_close_s: int
    resume_s: int
    outage_s: int
    priority_s: int
    negotiation_s: int
    commission_permille: int

    @property
    def limits(self) -> checking.Limits:
        return checking.Limits(free_least_s=self.free_s, cycle_least_s=self.cycle_s)


def figures(rows: Sequence[Mapping[str, Any]]) -> Figures:
    """The figures of an edition of `bidding_terms`; each item is one row."""
    said = {row["item"]: int(row["value"]) for row in rows}
    return Figures(
        free_s=said["free_least"], cycle_s=said["cycle_least"], hard_close_s=said["hard_close"],
        resume_s=said["resume"], outage_s=said["outage"], priority_s=said["priority"],
        negotiation_s=said["negotiation"], commission_permille=said["commission_most"],
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The terms of one round, as a listing says them; times in seconds."""

    method: Method
    start_fen: int
    step_fen: int = 0
    floor_fen: int | None = None
    reserve_fen: int | None = None
    deposit_fen: int = 0
    free_s: int = 0
    cycle_s: int = 0
    hard_close_s: int = 0
    priority_s: int = 0


_DEPOSIT = _("保证金不能超过起始价的 %(percent)d%%，最多 %(most_fen)d 分。")
_RESERVE = _("保留价要大于零。")
_STEP = _("加价幅度不能小于零，也不能大于起始价。")
_SECONDS = _("时间填 0 到 %(most)d 之间的整数，单位是秒。")
_SHARES = _("佣金合计不能超过成交价的 %(most)d‰，现在是 %(sum)d‰。")
_SHARE = _("佣金每份要写单位和 1 到 1000 之间的千分数，同一单位只写一次。")
_MANY = _("最多写 %(most)d 项。")
_CASE = _("「%(case)s」不在保证金扣除的情形里，请从清单中选。")
_PAYMENT = _("付款方式选一次付清、分期、提成或入门费加提成。")
_HIGHER = _("第 %(number)d 轮的起始价不能高于上一轮。")
_ROUND = _("第 %(number)d 轮：%(problem)s")
_ROUND_START = _("第 %(number)d 轮的起始价要填大于零的金额。")
_ROUND_METHOD = _("第 %(number)d 轮的报价方式不在清单里。")
_ROUND_DAYS = _("第 %(number)d 轮的天数要填 1 到 365 之间的整数。")


def problems_of(
    offer: Offer, figures: Figures, *, deposit_cap_percent: int, at: datetime
) -> Iterator[Problem]:
    """Everything that is wrong with the terms of a round."""
    times = (offer.free_s, offer.cycle_s, offer.hard_close_s, offer.priority_s)
    names = ("free_s", "cycle_s", "hard_close_s", "priority_s")
    late = [n for n, value in zip(names, times, strict=True) if not 0 <= value <= LONGEST_SECONDS]
    yield from (Problem(n, "out_of_range", _SECONDS, {"most": LONGEST_SECONDS}) for n in late)
    if offer.reserve_fen is not None and not 1 <= offer.reserve_fen <= MOST_FEN:
        yield Problem("reserve_fen", "out_of_range", _RESERVE)
    if not 0 <= offer.step_fen <= max(offer.start_fen, 0):
        yield Problem("step_fen", "out_of_range", _STEP)
    most = max(offer.start_fen, 0) * deposit_cap_percent // 100
    if not 0 <= offer.deposit_fen <= most:
        yield Problem(
            "deposit_fen", "over_cap", _DEPOSIT, {"percent": deposit_cap_percent, "most_fen": most}
        )
    if not late:
        yield from checking.problems_of(_terms(offer, at), figures.limits)


def _terms(offer: Offer, at: datetime) -> Terms:
    """As the rules of bidding take it. Several may come to a listing for a contract, too: then it
    is sold by rising bids, so its terms are held to those."""
    method = Method.RISING if offer.method is Method.NEGOTIATED else offer.method
    return Terms(
        lot="", edition="", method=method, start_fen=offer.start_fen, step_fen=offer.step_fen,
        opens_at=at, free_s=offer.free_s, cycle_s=offer.cycle_s, hard_close_s=offer.hard_close_s,
        resume_s=0, outage_s=0, floor_fen=offer.floor_fen, priority_s=offer.priority_s,
        reserve_commitment="there is one" if offer.reserve_fen is not None else None,
    )  # fmt: skip


def problems_of_commission(
    shares: Sequence[Mapping[str, Any]], *, cap_permille: int
) -> Iterator[Problem]:
    """`shares` are {organisation_id, permille} of the price; together they stay within the cap."""
    if len(shares) > MOST_SHARES:
        yield Problem("commission", "too_many", _MANY, {"most": MOST_SHARES})
        return
    who = [s.get("organisation_id") for s in shares]
    each = [s.get("permille") for s in shares]
    if any(not _is_whole(p, 1, 1000) for p in each) or len(set(who)) < len(who) or None in who:
        yield Problem("commission", "unusable", _SHARE)
    elif sum(each) > cap_permille:  # type: ignore[arg-type]
        params = {"most": cap_permille, "sum": sum(each)}  # type: ignore[arg-type]
        yield Problem("commission", "over_cap", _SHARES, params)


def problems_of_rest(payment: Mapping[str, Any], forfeitures: Sequence[str]) -> Iterator[Problem]:
    """How it is paid, and the cases in which a deposit is lost."""
    if payment and payment.get("kind") not in PAYMENTS:
        yield Problem("payment", "unknown", _PAYMENT)
    unknown = next((c for c in forfeitures if c not in FORFEITURE_CODES), None)
    if unknown is not None:
        yield Problem("forfeitures", "unknown", _CASE, {"case": str(unknown)[:40]})


def _is_whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


class Rung(StrEnum):
    """What the next round changes: nothing but time, or the price, or the method."""

    EXTEND = "extend"
    LOWER = "lower"


def rung(step: Mapping[str, Any]) -> Rung:
    """A step of the ladder without a price or a method is an extension."""
    return Rung.LOWER if step.get("start_fen") or step.get("method") else Rung.EXTEND


def climbed(offer: Offer, step: Mapping[str, Any]) -> Offer:
    """The terms of the next round. The secret reserve holds on where the method can have one, and
    is never above what it was; the deposit does not exceed its share of the new price."""
    method = Method(step.get("method") or offer.method)
    start = int(step.get("start_fen") or offer.start_fen)
    scaled = offer.deposit_fen * start // offer.start_fen
    return Offer(
        method=method, start_fen=start, step_fen=min(offer.step_fen, start),
        floor_fen=step.get("floor_fen", offer.floor_fen),
        reserve_fen=None if method is Method.DUTCH else offer.reserve_fen, deposit_fen=scaled,
        free_s=offer.free_s, cycle_s=offer.cycle_s, hard_close_s=offer.hard_close_s,
        priority_s=offer.priority_s,
    )  # fmt: skip


def problems_of_ladder(
    offer: Offer, ladder: Sequence[Mapping[str, Any]], figures: Figures, *,
    deposit_cap_percent: int, at: datetime,
) -> Iterator[Problem]:  # fmt: skip
    """What is wrong with the rounds laid down in advance; each step is checked on the one
    before."""
    if len(ladder) > MOST_ROUNDS:
        yield Problem("ladder", "too_many", _MANY, {"most": MOST_ROUNDS})
        return
    for number, step in enumerate(ladder, 2):
        problem = _of_step(offer, step, number)
        if problem is not None:
            yield problem
            return
        offer = climbed(offer, step)
        if rung(step) is Rung.EXTEND:
            continue
        for found in problems_of(
            offer, figures, deposit_cap_percent=deposit_cap_percent, at=at
        ):  # fmt: skip
            yield Problem("ladder", found.code, _ROUND, {"number": number, "problem": str(found)})


def _of_step(offer: Offer, step: Mapping[str, Any], number: int) -> Problem | None:
    params = {"number": number}
    start, method, days = step.get("start_fen"), step.get("method"), step.get("days")
    if start is not None and not _is_whole(start, 1, MOST_FEN):
        return Problem("ladder", "out_of_range", _ROUND_START, params)
    if start is not None and start > offer.start_fen:
        return Problem("ladder", "not_lower", _HIGHER, params)
    if method is not None and method not in list(Method):
        return Problem("ladder", "unknown", _ROUND_METHOD, params)
    if days is not None and not _is_whole(days, 1, 365):
        return Problem("ladder", "out_of_range", _ROUND_DAYS, params)
    return None


class Next(StrEnum):
    """What a listing does once its disclosure is over."""

    WAIT = "wait"
    NOBODY = "nobody"
    NEGOTIATE = "negotiate"
    BID = "bid"


def next_step(*, qualified: int, undecided: int, is_dynamic: bool) -> Next:
    """By who is qualified; whoever has paid is decided on first. A dynamic lot has been open since
    the notice: it goes on with whoever there is, and waits for nobody."""
    if undecided and not is_dynamic:
        return Next.WAIT
    way = way_on(qualified)
    if way is Way.NOBODY:
        return Next.NOBODY
    return Next.BID if is_dynamic or way is Way.BIDDING else Next.NEGOTIATE


def behind(*, accepted: int | None, confirmed: int | None, publisher: int | None) -> int:
    """How many different persons of the exchange stand behind a publication."""
    return len({person for person in (accepted, confirmed, publisher) if person is not None})


PLATE_LETTERS, PLATE_DIGITS = "ABCDEFGHJKMNPQRSTVWXYZ", 3


def plate(number: int) -> str:
    """The plate that a random number below `PLATES` stands for: a letter and three digits."""
    letter, digits = divmod(number, 10**PLATE_DIGITS)
    return f"{PLATE_LETTERS[letter]}{digits:0{PLATE_DIGITS}d}"


PLATES = len(PLATE_LETTERS) * 10**PLATE_DIGITS
