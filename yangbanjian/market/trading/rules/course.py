"""The whole course of a lot from what was received: the model that everything else is held to.

`Course` is the pure twin of the lot's tables: the actions do the same steps with rows in between,
the tests hold PostgreSQL to it, and a lot's state is rebuilt by it after a doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from yangbanjian.market.trading.rules import (
    closing,
    dutch,
    dynamic,
    logs,
    negotiated,
    replaying,
    rising,
    sealed,
    timing,
)
from yangbanjian.market.trading.rules.lots import (
    Answer,
    Bid,
    Ceiling,
    Claim,
    Method,
    Placed,
    SealedBid,
    Stage,
    State,
    Terms,
    Verdict,
)

Decide = Callable[[Terms, State, Any, datetime], tuple[State, Answer]]
# method -> what may be received -> the function that decides. Looked up by name at each call.
DECIDERS: Mapping[Method, Callable[[], Mapping[type[Any], Decide]]] = {
    Method.RISING: lambda: {Bid: rising.decide, Ceiling: rising.set_ceiling},
    Method.DYNAMIC: lambda: {Bid: dynamic.decide, Ceiling: dynamic.set_ceiling},
    Method.DUTCH: lambda: {Bid: dutch.decide},
    Method.SEALED: lambda: {SealedBid: sealed.decide},
    Method.NEGOTIATED: lambda: {Bid: negotiated.decide},
}


class Course:
    """One lot from its terms to its result; each method is one thing that happens."""

    def __init__(self, lot: Terms, reserve: closing.Reserve | None = None) -> None:
        self.lot, self.reserve = lot, reserve
        self.state = timing.opening(lot)
        self.lines: list[logs.Line] = [logs.terms_line(lot)]
        self.bids: list[Placed] = []
        self.kept: list[sealed.Kept] = []
        self.result: closing.Result | None = None
        self._answered: dict[str, replaying.Answered] = {}

    @classmethod
    def going_on(
        cls, lot: Terms, state: State, answered: Mapping[str, replaying.Answered]
    ) -> Course:
        """A lot that has come so far already: what is added to it now is in `lines`, `bids`,
        `kept`. `answered` has what was said before to the ids that may come again."""
        made = cls(lot)
        made.state, made.lines, made._answered = state, [], dict(answered)
        return made

    @property
    def text(self) -> str:
        return logs.text_of(self.lines)

    def has_answered(self, key: str) -> bool:
        """Was something received under this id before?"""
        return key in self._answered

    def receive(self, received: replaying.Received, now: datetime) -> Answer:
        """Give the one verdict on something received: a bid, a ceiling, a claim. Raises KeyError
        for something that the lot's method does not know: the edge has refused it before."""
        first = self._answered.get(received.id)
        if first is not None:
            answer = replaying.again(self.state, received, first, now)
            self.lines.extend(list(logs.received_lines(received, now, answer))[:1])
            return answer
        if isinstance(received, Claim):
            self.state, answer = closing.claim(self.lot, self.state, received, now)
        else:
            decide = DECIDERS[self.lot.method]()[type(received)]
            self.state, answer = decide(self.lot, self.state, received, now)
        self._answered[received.id] = replaying.Answered(received, answer)
        self.bids.extend(answer.placed)
        if isinstance(received, SealedBid) and answer.verdict is Verdict.ACCEPTED:
            self.kept.append(sealed.Kept(answer.seq or 0, received))
        self.lines.extend(logs.received_lines(received, now, answer))
        return answer

    def pause(self, now: datetime, reason: str) -> None:
        self.state = timing.pause(self.lot, self.state, now)
        self.lines.append(logs.pause_line(self.state, now, reason))

    def resume(self, now: datetime) -> None:
        self.state = timing.resume(self.lot, self.state, now)
        self.lines.append(logs.resume_line(self.state, now))

    def outage(self, begun: datetime, now: datetime) -> bool:
        """Was it one that counts?"""
        state = timing.outage(self.lot, self.state, begun, now)
        if state is not None:
            self.state = state
            self.lines.append(logs.outage_line(state, begun, now))
        return state is not None

    def open(self, plaintexts: Mapping[str, bytes | None], now: datetime) -> None:
        """Open the sealed bids; what had been received is told first."""
        state, opened = sealed.open_bids(self.lot, self.state, self.kept, plaintexts, now)
        self.state = state
        self.lines.append(logs.deadline_line(self.kept))
        self.lines.extend(logs.opening_lines(self.lot, opened, state, now))

    def close(self, now: datetime) -> closing.Result | None:
        """Ask whether it is over. A sealed lot must have been opened."""
        if self.result is not None:
            return self.result
        was_asked = self.state.stage is Stage.PRIORITY
        self.state, self.result = closing.close(self.lot, self.state, now, self.reserve)
        if self.result is not None:
            self.lines.append(logs.result_line(self.lot, self.result, now, self.reserve))
        elif self.state.stage is Stage.PRIORITY and not was_asked:
            until = closing.priority_until(self.lot, self.state)
            plates = closing.may_step_in(self.lot, self.state)
            self.lines.append(logs.asked_line(self.state, now, until, plates))
        return self.result


def rebuilt(
    lot: Terms,
    *,
    free_until: datetime,
    closes_at: datetime,
    hard_close_at: datetime,
    last_at: datetime | None,
    paused_at: datetime | None,
    held: timedelta,
    stage: Stage,
    extensions: int,
    bids: Sequence[Placed],
    ceilings: Sequence[Ceiling],
) -> State:
    """The state of a lot of open bids from its rows: the lot's own times, its accepted bids in
    the order of `seq`, and the ceilings that stand, in the order in which they were set."""
    best: dict[str, Placed] = {bid.plate: bid for bid in bids}
    return State(
        free_until=free_until,
        closes_at=closes_at,
        hard_close_at=hard_close_at,
        stage=stage,
        seq=len(bids),
        last_at=last_at,
        paused_at=paused_at,
        held=held,
        extensions=extensions,
        best=tuple(sorted(best.values(), key=lambda b: -b.seq)),
        ceilings=tuple(ceilings),
    )
