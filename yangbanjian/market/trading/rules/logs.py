"""The log of a lot: one line of canonical JSON (RFC 8785) for each thing that happened.

Line 0 are the terms; each further one is something received with its verdict, a bid that a ceiling
placed, a pause, an opening, and last the result. `n` counts lines. A line says both the clock that
was read (`clock`) and the instant of the decision (`at`), so that a reader can compute every other
value anew: A8. The form is that of `GET /lots/{id}/log`; `python -m verify` reads it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from yangbanjian.market.trading.rules.closing import Reserve, Result
from yangbanjian.market.trading.rules.lots import (
    Answer,
    Bid,
    Ceiling,
    Claim,
    Placed,
    State,
    Terms,
)
from yangbanjian.market.trading.rules.replaying import Received
from yangbanjian.market.trading.rules.sealed import Kept, Opened, digest

TYPE = "yangbanjian-lot-log/1"
Line = Mapping[str, Any]


# RFC 8785, which for ASCII keys and without fractions is what the standard encoder writes when
# told so: a fraction of the time of a general canoniser.
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def text_of(lines: list[Line]) -> str:
    """The log as it is served: each line numbered from 0, canonical, ended by a line feed."""
    return "".join(_encode({**line, "n": number}) + "\n" for number, line in enumerate(lines))


_TOLD_OF_A_BID = ("kind", "seq", "plate", "amount_fen", "at", "closes_at")


def told_while_open(lines: Iterable[Line]) -> list[Line]:
    """What may be told before the end: accepted bids, all in one form, and what moved the time.
    No ceilings, nor which bid was placed by one; nobody's refused bids, no ids (A10)."""
    told: list[Line] = []
    for line in lines:
        if line["kind"] in ("bid", "auto") and line["seq"] is not None:
            told.append({**{name: line[name] for name in _TOLD_OF_A_BID}, "kind": "bid"})
        elif line["kind"] in ("terms", "pause", "resume", "outage"):
            told.append(line)
    return told


def instant(at: datetime) -> str:
    """RFC 3339 in UTC, always with six places of a second."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def terms_line(lot: Terms) -> Line:
    """Everything that decides, and nothing else."""
    return {
        "type": TYPE, "kind": "terms", "lot": lot.lot, "edition": lot.edition,
        "method": lot.method.value, "start_fen": lot.start_fen, "step_fen": lot.step_fen,
        "opens_at": instant(lot.opens_at), "free_s": lot.free_s, "cycle_s": lot.cycle_s,
        "hard_close_s": lot.hard_close_s, "resume_s": lot.resume_s, "outage_s": lot.outage_s,
        "needs_free_bid": lot.needs_free_bid, "floor_fen": lot.floor_fen,
        "priority_s": lot.priority_s, "priority_plates": list(lot.priority_plates),
        "reserve_commitment": lot.reserve_commitment, "shows_losing": lot.shows_losing,
    }  # fmt: skip


def received_lines(received: Received, clock: datetime, answer: Answer) -> Iterator[Line]:
    """What came in and its verdict, and a line for each bid that a ceiling placed because of it."""
    common = {
        "id": received.id, "plate": received.plate, "standing": received.standing.value,
        "clock": instant(clock), "at": instant(answer.at), "verdict": answer.verdict.value,
    }  # fmt: skip
    if isinstance(received, Bid):
        yield {
            **common, "kind": "bid", "amount_fen": received.amount_fen, "seq": answer.seq,
            "closes_at": instant(answer.closes_at),
        }  # fmt: skip
    elif isinstance(received, Ceiling):
        yield {**common, "kind": "ceiling", "max_fen": received.max_fen}
    elif isinstance(received, Claim):
        yield {**common, "kind": "claim", "match": received.match}
    else:
        yield {
            **common, "kind": "sealed", "commitment": received.commitment,
            "ciphertext_sha256": received.ciphertext_sha256, "seq": answer.seq,
        }  # fmt: skip
    yield from (_auto_line(bid) for bid in answer.placed if bid.is_auto)


def _auto_line(bid: Placed) -> Line:
    return {
        "kind": "auto", "plate": bid.plate, "amount_fen": bid.amount_fen, "seq": bid.seq,
        "at": instant(bid.at), "closes_at": instant(bid.closes_at),
    }  # fmt: skip


def pause_line(state: State, clock: datetime, reason: str) -> Line:
    """`state` is that after the pause."""
    return {"kind": "pause", "clock": instant(clock), "at": _last(state), "reason": reason}


def resume_line(state: State, clock: datetime) -> Line:
    """`state` is that after the lot runs on."""
    return {"kind": "resume", "clock": instant(clock), "at": _last(state), **_ends(state)}


def outage_line(state: State, begun: datetime, clock: datetime) -> Line:
    """`state` is that after the outage was made good."""
    said = {"kind": "outage", "begun": instant(begun), "clock": instant(clock), "at": _last(state)}
    return {**said, **_ends(state)}


def _last(state: State) -> str:
    assert state.last_at is not None
    return instant(state.last_at)


def _ends(state: State) -> Line:
    return {
        "free_until": instant(state.free_until), "closes_at": instant(state.closes_at),
        "hard_close_at": instant(state.hard_close_at),
    }  # fmt: skip


def deadline_line(received: list[Kept]) -> Line:
    """What had been received when sealed bidding closed (S4)."""
    return {"kind": "deadline", "count": len(received), "sealed_sha256": digest(received)}


def opening_lines(
    lot: Terms, opened: tuple[Opened, ...], state: State, clock: datetime
) -> Iterator[Line]:
    """The opening, then what each ciphertext held. Where the terms say so a valid bid that is
    not the best stays untold; a void one is always told, with what makes it void."""
    yield {"kind": "opening", "clock": instant(clock), "at": _last(state)}
    best = state.best[0].seq if state.best else None
    for one in opened:
        is_withheld = not (lot.shows_losing or one.void or one.kept.seq == best)
        yield {
            "kind": "opened", "seq": one.kept.seq, "id": one.kept.bid.id, "void": one.void,
            "is_withheld": is_withheld, "text": None if is_withheld else one.text,
            "nonce": None if is_withheld else one.nonce,
        }  # fmt: skip


def asked_line(state: State, clock: datetime, until: datetime, plates: tuple[str, ...]) -> Line:
    """Priority holders are asked: bidding is over, the result is not yet final."""
    return {
        "kind": "asked", "clock": instant(clock), "at": _last(state), "until": instant(until),
        "plates": list(plates),
    }  # fmt: skip


def result_line(lot: Terms, result: Result, clock: datetime, reserve: Reserve | None) -> Line:
    """The result, and the reserve that was secret until now."""
    shown = result.order if lot.shows_losing else result.order[:1]
    return {
        "kind": "result", "clock": instant(clock), "outcome": result.outcome.value,
        "winner": result.winner, "price_fen": result.price_fen, "by": result.by,
        "closed_at": instant(result.closed_at),
        "order": [{"plate": b.plate, "amount_fen": b.amount_fen, "seq": b.seq} for b in shown],
        "reserve": None if reserve is None else {"fen": reserve.fen, "nonce": reserve.nonce},
    }  # fmt: skip


def evidence_line(deadline: Line | None, result: Line) -> Line:
    """The last line: evidence packets of the journal entries that vouch for the log.

    The payload of `result`'s entry has `lot`, `log_sha256` (of all bytes before this line) and
    `lines`; that of `deadline`'s (sealed bids only) has `lot` and `sealed_sha256`.
    """
    return {"kind": "evidence", "deadline": deadline, "result": result}
