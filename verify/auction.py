"""Recounts the log of a lot: a second implementation of the rules of bidding.

From the terms and what was received it computes every verdict, every bid that a standing maximum
placed, every close and the result, and compares each line with what the log says. Times are whole
microseconds here and a lot is a bag of numbers: nothing is taken from the market's own program.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from verify.lot_log import (
    INPUTS,
    METHODS,
    SECOND,
    Mismatch,
    check_terms,
    check_types,
    inside,
    micros,
    odd,
    plain,
    reserve_told,
    told,
    which_check,
)


class Recount:
    """One lot, as far as its log has been read."""

    def __init__(self, terms: dict[str, Any]) -> None:
        self.terms = terms
        self.method: str = terms["method"]
        self.step = terms["step_fen"]
        self.opens = micros(terms["opens_at"])
        self.free = self.opens + terms["free_s"] * SECOND
        self.cycle = terms["cycle_s"] * SECOND
        self.hard = self.opens + terms["hard_close_s"] * SECOND
        self.close = min(self.free + (0 if terms["needs_free_bid"] else self.cycle), self.hard)
        if self.method == "sealed":
            self.close = self.hard = self.free
        if self.method == "dutch":
            self.free = self.opens
            falls = (terms["start_fen"] - self.floor + self.step - 1) // self.step
            self.close = self.hard = self.opens + (falls + 1) * self.cycle
        self.last: int | None = None
        self.paused: int | None = None
        self.stood = 0
        self.tops: list[dict[str, Any]] = []  # accepted bids in their order
        self.is_taken = self.is_opened = self.is_over = False
        self.asked: int | None = None
        self.passed: list[str] = []
        self.matched: str | None = None
        self.limits: dict[str, int] = {}
        self.first: dict[str, tuple[str, dict[str, Any]]] = {}
        self.due: list[dict[str, Any]] = []  # lines that must follow
        self.sealed: list[dict[str, Any]] = []
        self.digest: str | None = None
        self.withheld = self.unreadable = 0
        self.result: dict[str, Any] | None = None

    @property
    def floor(self) -> int:
        found = self.terms["floor_fen"]
        return int(self.terms["start_fen"] if found is None else found)

    # --- time ---

    def moment(self, clock: int) -> int:
        return clock if self.last is None or clock > self.last else self.last + 1

    def takes_bids(self, at: int) -> bool:
        is_through = self.is_taken or self.is_opened or self.is_over or self.asked is not None
        return not is_through and self.opens <= at < self.close

    def prolong(self, at: int) -> None:
        until = (at if at > self.free else self.free) + self.cycle
        until = self.hard if until > self.hard else until
        self.close = until if until > self.close else self.close

    def run_on(self, since: int, at: int) -> None:
        still = at - since
        self.stood += still
        if since < self.free:
            self.free += still
        least = at + self.terms["resume_s"] * SECOND
        self.close = least if least > self.close + still else self.close + still
        self.hard = self.close if self.close > self.hard + still else self.hard + still
        self.paused, self.last = None, at

    def ends(self) -> dict[str, str]:
        return {
            "free_until": told(self.free),
            "closes_at": told(self.close),
            "hard_close_at": told(self.hard),
        }

    # --- what is received ---

    def received(self, line: dict[str, Any]) -> dict[str, Any]:
        kind, clock = line["kind"], micros(line["clock"])
        said = plain(
            {k: line[k] for k in INPUTS[kind] if k not in ("standing", "clock")} | {"k": kind}
        )
        if line["id"] in self.first:
            before, answer = self.first[line["id"]]
            if before == said:
                return answer
            return self.answer(kind, self.moment(clock), "conflict")
        at = self.moment(clock)
        self.last = at
        answer = self.JUDGES[kind](self, line, at)
        self.first[line["id"]] = said, answer
        return answer

    def answer(self, kind: str, at: int, verdict: str, seq: int | None = None) -> dict[str, Any]:
        given: dict[str, Any] = {"at": told(at), "verdict": verdict}
        if kind in ("bid", "sealed"):
            given["seq"] = seq
        if kind == "bid":
            given["closes_at"] = told(self.close)
        return given

    def gate(self, line: dict[str, Any], at: int) -> str:
        if self.paused is not None:
            return "paused"
        if not self.takes_bids(at):
            return "closed"
        return "" if line["standing"] == "ok" else "not_qualified"

    def least(self) -> int:
        return int(self.tops[-1]["amount"] + self.step if self.tops else self.terms["start_fen"])

    def fits(self, amount: int, least: int) -> str:
        if amount < least:
            return "too_low"
        return "off_step" if (amount - self.terms["start_fen"]) % self.step else "accepted"

    def judge_bid(self, line: dict[str, Any], at: int) -> dict[str, Any]:
        plate, amount = line["plate"], line["amount_fen"]
        verdict = self.gate(line, at)
        if not verdict and self.method in ("dutch", "negotiated"):
            return self.take(plate, amount, at)
        if not verdict and self.tops and self.tops[-1]["plate"] == plate:
            verdict = "own_top"
        verdict = verdict or self.fits(amount, self.least())
        if verdict != "accepted":
            return self.answer("bid", at, verdict)
        before = self.tops[-1] if self.tops else None
        reach = self.reach()
        self.accept(plate, amount, at)
        answer = self.answer("bid", at, "accepted", len(self.tops))
        if before is not None and reach >= amount + self.step:
            self.stand_in([(before["plate"], amount + self.step)], at + 1)
        return answer

    def take(self, plate: str, amount: int, at: int) -> dict[str, Any]:
        price = self.terms["start_fen"]
        if self.method == "dutch":
            price = max(
                self.floor, price - (at - self.opens - self.stood) // self.cycle * self.step
            )
        if amount < price:
            return self.answer("bid", at, "too_low")
        price = price if self.method == "dutch" else amount
        self.tops.append({"plate": plate, "amount": price, "at": at, "seq": 1})
        self.is_taken = True
        return self.answer("bid", at, "accepted", 1)

    def judge_ceiling(self, line: dict[str, Any], at: int) -> dict[str, Any]:
        plate, most = line["plate"], line["max_fen"]
        top = self.tops[-1] if self.tops else None
        leads = top is not None and top["plate"] == plate
        least = top["amount"] if top is not None and leads else self.least()
        verdict = self.gate(line, at) or self.fits(most, least)
        if verdict == "accepted":
            reach = self.reach()
            self.limits[plate] = most
            if not leads:
                self.stand_in(self.contest(plate, most, reach), at)
        return self.answer("ceiling", at, verdict)

    def reach(self) -> int:
        """How far the one on top has said they would go."""
        if not self.tops:
            return 0
        top = self.tops[-1]
        return max(int(top["amount"]), self.limits.get(top["plate"], 0))

    def contest(self, plate: str, most: int, reach: int) -> list[tuple[str, int]]:
        """A newcomer against whoever is on top: the loser stands at their limit and the winner a
        step above; of equal limits the one on top has the earlier."""
        if not self.tops or reach == self.tops[-1]["amount"]:
            return [(plate, self.least())]
        holder = self.tops[-1]["plate"]
        lower = min(most, reach)
        winner, loser = (plate, holder) if most > reach else (holder, plate)
        is_tie = most == reach
        stand, final = (lower - self.step, lower) if is_tie else (lower, lower + self.step)
        if is_tie and stand < self.least():
            return [(winner, final)]
        return [(loser, stand), (winner, final)]

    def accept(self, plate: str, amount: int, at: int) -> None:
        self.prolong(at)
        self.tops.append({"plate": plate, "amount": amount, "at": at, "seq": len(self.tops) + 1})
        self.last = at

    def stand_in(self, bids: list[tuple[str, int]], at: int) -> None:
        for later, (plate, amount) in enumerate(bids):
            if at + later >= self.close:
                break
            self.accept(plate, amount, at + later)
            self.due.append(
                {
                    "kind": "auto", "plate": plate, "amount_fen": amount, "seq": len(self.tops),
                    "at": told(at + later), "closes_at": told(self.close),
                }
            )  # fmt: skip

    def judge_sealed(self, line: dict[str, Any], at: int) -> dict[str, Any]:
        verdict = self.gate(line, at)
        if not verdict:
            is_second = any(b["plate"] == line["plate"] for b in self.sealed)
            verdict = "conflict" if is_second else "accepted"
        if verdict != "accepted":
            return self.answer("sealed", at, verdict)
        self.sealed.append(line)
        return self.answer("sealed", at, verdict, len(self.sealed))

    def judge_claim(self, line: dict[str, Any], at: int) -> dict[str, Any]:
        plate, holders = line["plate"], self.terms["priority_plates"]
        is_time = self.asked is not None and at < self.asked + self.terms["priority_s"] * SECOND
        if not is_time or self.is_over:
            verdict = "closed"
        elif line["standing"] != "ok" or plate not in holders:
            verdict = "not_qualified"
        elif self.ranking()[0]["plate"] == plate:
            verdict = "own_top"
        elif self.matched is not None or plate in self.passed:
            verdict = "closed"
        else:
            verdict = "accepted"
            if line["match"]:
                self.matched = plate
            else:
                self.passed.append(plate)
        return self.answer("claim", at, verdict)

    # --- what the exchange does ---

    def do_pause(self, line: dict[str, Any], number: int) -> dict[str, Any]:
        at = self.moment(micros(line["clock"]))
        if self.paused is not None or not self.takes_bids(at):
            odd("pause", number, "这时不能暂停", "the lot could not be paused then")
        self.paused = self.last = at
        return {"at": told(at)}

    def do_resume(self, line: dict[str, Any], number: int) -> dict[str, Any]:
        if self.paused is None:
            odd("pause", number, "没有暂停，却有恢复", "a lot runs on that was not paused")
        at = self.moment(micros(line["clock"]))
        self.run_on(self.paused, at)
        return {"at": told(at), **self.ends()}

    def do_outage(self, line: dict[str, Any], number: int) -> dict[str, Any]:
        since = micros(line["begun"])
        if self.last is not None and since <= self.last:
            since = self.last + 1
        since = max(since, self.opens if self.method == "sealed" else max(self.free, self.opens))
        at = self.moment(micros(line["clock"]))
        is_long = at - since > self.terms["outage_s"] * SECOND
        if not is_long or self.paused is not None or not self.takes_bids(since):
            odd("pause", number, "中断不够长，不能顺延", "this outage moves nothing")
        self.run_on(since, max(at, since + 1))
        return {"at": told(at), **self.ends()}

    def do_deadline(self, _line: dict[str, Any], number: int) -> dict[str, Any]:
        if self.method != "sealed" or self.digest is not None:
            odd("opening", number, "不该有这一行", "there is no deadline to be told here")
        text = "".join(
            f"{i} {b['id']} {b['plate']} {b['commitment']} {b['ciphertext_sha256']}\n"
            for i, b in enumerate(self.sealed, 1)
        )
        self.digest = hashlib.sha256(text.encode()).hexdigest()
        return {"count": len(self.sealed), "sealed_sha256": self.digest}

    def do_opening(self, line: dict[str, Any], number: int) -> dict[str, Any]:
        at = self.moment(micros(line["clock"]))
        if self.digest is None or self.is_opened or self.paused is not None or at < self.close:
            odd("opening", number, "开标早于截止或次序有误", "opened before the deadline, or twice")
        self.is_opened, self.last = True, at
        self.due = [{"kind": "opened", "seq": i} for i in range(1, len(self.sealed) + 1)]
        return {"at": told(at)}

    def do_opened(self, line: dict[str, Any], number: int) -> dict[str, Any]:
        bid = self.sealed[line["seq"] - 1]
        if line["is_withheld"]:
            if self.terms["shows_losing"] or line["text"] is not None:
                odd("opening", number, "不该隐去这份报价", "this bid must not be withheld")
            self.withheld += 1
            return {"id": bid["id"], "void": "", "nonce": None}
        void, amount = inside(self.terms, bid, line["text"], line["nonce"])
        self.unreadable += void == "unreadable"
        if not void:
            self.tops.append(
                {"plate": bid["plate"], "amount": amount, "at": self.last, "seq": line["seq"]}
            )
        return {"id": bid["id"], "void": void}

    # --- the end ---

    def ranking(self) -> list[dict[str, Any]]:
        """Each plate's highest bid, the highest first; of equal ones the one received earlier."""
        found: dict[str, dict[str, Any]] = {}
        for bid in self.tops:
            if bid["plate"] not in found or bid["amount"] > found[bid["plate"]]["amount"]:
                found[bid["plate"]] = bid
        return sorted(found.values(), key=lambda b: (-b["amount"], b["seq"]))

    def ready(self, clock: int, number: int) -> int:
        at = self.moment(clock)
        is_through = self.is_taken or self.is_opened or self.asked is not None
        is_through = is_through or (at >= self.close and not self.sealed)
        if self.paused is not None or not is_through:
            odd("close", number, "竞价还没有结束", "bidding was not over then")
        return at

    def holders(self) -> list[str]:
        ranking, wanted = self.ranking(), self.terms["priority_plates"]
        if not ranking or ranking[0]["plate"] in wanted:
            return []
        return [p for p in wanted if p not in self.passed]

    def do_asked(self, line: dict[str, Any], number: int) -> dict[str, Any]:
        at = self.ready(micros(line["clock"]), number)
        if self.asked is not None or not self.holders():
            odd("priority", number, "没有要征询的优先权人", "there is nobody to be asked")
        self.asked = self.last = at
        until = told(at + self.terms["priority_s"] * SECOND)
        return {"at": told(at), "until": until, "plates": self.holders()}

    def do_result(self, line: dict[str, Any], number: int) -> dict[str, Any]:
        at = self.ready(micros(line["clock"]), number)
        ranking = self.ranking()
        least = reserve_told(self.terms["reserve_commitment"], line["reserve"], number)
        outcome = "no_bid"
        if ranking:
            outcome = "sold" if ranking[0]["amount"] >= least else "reserve_not_met"
        is_sold = outcome == "sold"
        if not is_sold and self.asked is not None:
            odd("priority", number, "未成交却征询过优先权", "asked though nothing was sold")
        if is_sold and self.matched is None and self.holders():
            until = None if self.asked is None else self.asked + self.terms["priority_s"] * SECOND
            if until is None or at < until:
                odd("priority", number, "优先权人还可以行使权利", "priority holders had time left")
        self.is_over = True
        is_at_once = self.method in ("dutch", "negotiated") and ranking
        shown = ranking if self.terms["shows_losing"] else ranking[:1]
        self.result = {
            "outcome": outcome,
            "winner": (self.matched or ranking[0]["plate"]) if is_sold else None,
            "price_fen": ranking[0]["amount"] if is_sold else None,
            "by": "priority" if is_sold and self.matched else "bid",
            "closed_at": told(ranking[0]["at"] if is_at_once else self.close),
            "order": [
                {"plate": b["plate"], "amount_fen": b["amount"], "seq": b["seq"]} for b in shown
            ],
        }
        return self.result

    JUDGES: dict[str, Callable[[Recount, dict[str, Any], int], dict[str, Any]]] = {
        "bid": judge_bid, "ceiling": judge_ceiling, "sealed": judge_sealed, "claim": judge_claim,
    }  # fmt: skip
    DEEDS: dict[str, Callable[[Recount, dict[str, Any], int], dict[str, Any]]] = {
        "pause": do_pause, "resume": do_resume, "outage": do_outage, "deadline": do_deadline,
        "opening": do_opening, "opened": do_opened, "asked": do_asked, "result": do_result,
    }  # fmt: skip

    def expected(self, line: dict[str, Any], number: int) -> dict[str, Any]:
        """The line as it must read, given only what came from outside."""
        kind = line["kind"]
        if self.due:
            due = self.due.pop(0)
            if kind != due["kind"] or (kind == "opened" and line["seq"] != due["seq"]):
                odd("order", number, "缺了应有的一行", "a line is missing before this one")
            if kind == "auto":
                return due
        elif kind in ("auto", "opened"):
            odd("order", number, "多了一行", "a line that nothing brought about")
        given = {name: line[name] for name in INPUTS[kind]}
        if kind in self.JUDGES:
            return {"kind": kind, **given, **self.received(line)}
        return {"kind": kind, **given, **self.DEEDS[kind](self, line, number)}


def recount(lines: Sequence[dict[str, Any]]) -> Recount:
    """Recount a log without its evidence line; raises Mismatch at the first line that is wrong."""
    try:
        check_terms(lines[0])
        lot = Recount(lines[0])
        for number, line in enumerate(lines[1:], 1):
            _one_line(lot, line, number)
    except (ValueError, OverflowError, OSError):
        raise Mismatch("format", "时刻的写法有误。A time is not one.") from None
    if lot.due:
        odd("order", len(lines), "日志缺了末尾", "the end of the log is missing")
    return lot


def _one_line(lot: Recount, line: dict[str, Any], number: int) -> None:
    kind = line.get("kind")
    if not isinstance(kind, str) or kind not in INPUTS:
        odd("format", number, "不认识的一行", "a line of an unknown kind")
    is_bid = kind in Recount.JUDGES and kind != "claim"
    if lot.is_over or (is_bid and kind not in METHODS[lot.method]):
        odd("order", number, "这里不该有这一行", "this line does not belong here")
    check_types(line, INPUTS[kind], number)
    if plain(line.get("n")) != str(number):
        odd("order", number, "行号不连续", "the lines are not numbered through")
    expected = {**lot.expected(line, number), "n": number}
    if plain(expected) != plain(line):
        check = which_check(expected, line)
        odd(check, number, f"与按规则重算的不符（{check}）", f"not what the rules give ({check})")
