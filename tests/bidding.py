"""Lots for tests: short to build, and random courses that reach every verdict."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from yangbanjian.kernel.refusals import Conflict
from yangbanjian.market.trading.rules import closing, dutch, rising, sealing, timing
from yangbanjian.market.trading.rules.course import Course
from yangbanjian.market.trading.rules.lots import (
    Answer,
    Bid,
    Ceiling,
    Claim,
    Method,
    SealedBid,
    Stage,
    Standing,
    Terms,
)

T0 = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
WAN = 1_000_000  # 1 万元 in fen
PLATES = ("A3", "K7", "M2", "P9")


def terms(**changed: Any) -> Terms:
    """Rising bids from 200 万 by 10 万; 10 minutes free, cycles of 3 minutes, an hour at most."""
    said: dict[str, Any] = {
        "lot": "lot-1", "edition": "bidding/site/1", "method": Method.RISING,
        "start_fen": 200 * WAN, "step_fen": 10 * WAN, "opens_at": T0, "free_s": 600,
        "cycle_s": 180, "hard_close_s": 3600, "resume_s": 60, "outage_s": 30,
    }  # fmt: skip
    return Terms(**{**said, **changed})


def at(seconds: float) -> datetime:
    """That long after the lot opened."""
    return T0 + timedelta(seconds=seconds)


class Room(Course):
    """A course with a bid in one line: `room.bid("A3", 210, 5)`, amounts in 万, seconds from T0."""

    _ids = 0

    def bid(self, plate: str, wan: float, seconds: float, **more: Any) -> Answer:
        self._ids += 1
        said = {"id": f"b{self._ids}", "plate": plate, "amount_fen": round(wan * WAN), **more}
        return self.receive(Bid(**said), at(seconds))

    def ceiling(self, plate: str, wan: float, seconds: float, **more: Any) -> Answer:
        self._ids += 1
        said = {"id": f"c{self._ids}", "plate": plate, "max_fen": round(wan * WAN), **more}
        return self.receive(Ceiling(**said), at(seconds))

    def claim(self, plate: str, seconds: float, *, match: bool = True) -> Answer:
        self._ids += 1
        return self.receive(Claim(id=f"p{self._ids}", plate=plate, match=match), at(seconds))

    def close_at(self, seconds: float) -> closing.Result | None:
        return self.close(at(seconds))

    @property
    def ladder(self) -> list[tuple[str, float]]:
        """The accepted bids: (plate, 万)."""
        return [(b.plate, b.amount_fen / WAN) for b in self.bids]


def sealed_bid(
    lot: Terms, plate: str, amount_fen: int, number: int = 1, standing: Standing = Standing.OK
) -> tuple[SealedBid, bytes]:
    """A sealed bid as received, and what its ciphertext holds; the nonce is made from the number,
    since a test has to come out the same again."""
    name, nonce = f"s{number}", hashlib.sha256(b"nonce %d" % number).digest()
    text = sealing.text_of(lot=lot.lot, plate=plate, bid_id=name, amount_fen=amount_fen)
    inside = sealing.padded(text, nonce, 512)
    received = SealedBid(
        id=name, plate=plate, commitment=sealing.commitment(text, nonce), standing=standing,
        ciphertext_sha256=hashlib.sha256(b"ciphertext" + inside).hexdigest(),
    )  # fmt: skip
    return received, inside


# --- random courses -------------------------------------------------------------------------------


def random_terms(rng: Random, method: Method) -> Terms:
    """Small numbers, so that steps, ties and closes are met often."""
    step = rng.choice((1, 5, 10))
    start = rng.randrange(1, 60)
    return Terms(
        lot=f"lot-{rng.randrange(1000)}",
        edition="bidding/site/1",
        method=method,
        start_fen=start,
        step_fen=step,
        opens_at=T0,
        free_s=rng.choice((0, 20, 60)),
        cycle_s=rng.choice((5, 10)),
        hard_close_s=rng.choice((80, 120, 300)),
        resume_s=rng.choice((0, 3, 20)),
        outage_s=rng.choice((0, 2, 8)),
        needs_free_bid=method is Method.DYNAMIC and rng.random() < 0.5,
        floor_fen=max(1, start - rng.randrange(0, 40)) if method is Method.DUTCH else None,
        priority_s=rng.choice((0, 10)),
        priority_plates=rng.choice(((), (), ("M2",), ("P9", "M2"))),
        shows_losing=rng.random() < 0.7,
    )


METHODS = (
    Method.RISING, Method.RISING, Method.RISING, Method.DYNAMIC, Method.DUTCH, Method.SEALED,
    Method.NEGOTIATED,
)  # fmt: skip


class RandomCourse:
    """Plays one lot of at most `most` bids from a seed; counts what it has reached."""

    def __init__(self, seed: int, reached: Counter[str] | None = None, most: int = 40) -> None:
        self.rng = Random(seed)
        self.reached: Counter[str] = Counter() if reached is None else reached
        lot = random_terms(self.rng, self.rng.choice(METHODS))
        reserve = None
        if lot.method is not Method.DUTCH and self.rng.random() < 0.3:
            reserve = closing.Reserve(fen=lot.start_fen + self.rng.randrange(40), nonce="5a" * 32)
            lot = Terms(**{**_fields(lot), "reserve_commitment": reserve.commitment})
        self.course = Course(lot, reserve)
        self.now = T0 + timedelta(seconds=self.rng.choice((-3, 0, 0, 0)))
        self.inside: dict[str, bytes | None] = {}
        self.sent: list[Any] = []
        self._play(min(most, int(self.rng.expovariate(1 / 9)) + 1))
        self._end()

    def _play(self, bids: int) -> None:
        while bids > 0:
            self._pass_time()
            if self.rng.random() < (0.1 if self.course.state.paused_at is None else 0.6):
                self._deed()
            else:
                bids -= 1
                self._send()
            is_over = (
                self.course.state.stage is Stage.TAKEN or self.now >= self.course.state.closes_at
            )
            if is_over and self.rng.random() < 0.3:
                return

    def _pass_time(self) -> None:
        """Mostly a little; at times to the last instant, or exactly to the close; at times back."""
        roll, state = self.rng.random(), self.course.state
        if roll < 0.08 and state.closes_at > self.now:
            self.now = state.closes_at - timedelta(microseconds=self.rng.choice((0, 1, 1000)))
        elif roll < 0.12:
            self.now -= timedelta(seconds=self.rng.choice((1, 5)))
        else:
            seconds = self.rng.choice((0, 0.000001, 0.5, 1, 1, 2, 4, 12))
            self.now += timedelta(seconds=seconds)

    def _send(self) -> None:
        if self.sent and self.rng.random() < 0.08:
            received = self.rng.choice(self.sent)
            if self.rng.random() < 0.4:
                received = _altered(received, self.rng)
        else:
            received = self._new()
            self.sent.append(received)
        answer = self.course.receive(received, self.now)
        self.reached[f"{self.course.lot.method}.{answer.verdict}"] += 1
        self.reached["auto"] += sum(b.is_auto for b in answer.placed)

    def _new(self) -> Any:
        lot, state, rng = self.course.lot, self.course.state, self.rng
        number, plate = len(self.sent), rng.choice(PLATES)
        standing = rng.choice(tuple(Standing)) if rng.random() < 0.1 else Standing.OK
        if lot.method is Method.SEALED:
            amount = max(1, lot.start_fen + rng.randrange(-2, 6))
            received, inside = sealed_bid(lot, plate, amount, number, standing)
            kept: bytes | None = inside
            if rng.random() < 0.2:
                kept = rng.choice((None, inside[:-1] + b"x", sealed_bid(lot, "K7", 70, 9)[1]))
            self.inside[received.id] = kept
            return received
        least = rising.next_fen(lot, state)
        if lot.method is Method.DUTCH:
            least = dutch.price_at(lot, state, self.now)
        if lot.method in (Method.RISING, Method.DYNAMIC) and rng.random() < 0.25:
            most = least + lot.step_fen * rng.randrange(-1, 8) + rng.choice((0, 0, 0, 1))
            return Ceiling(id=f"i{number}", plate=plate, max_fen=max(most, 1), standing=standing)
        amount = (
            least + lot.step_fen * rng.choice((-1, 0, 0, 0, 0, 1, 2)) + rng.choice((0,) * 9 + (1,))
        )
        return Bid(id=f"i{number}", plate=plate, amount_fen=max(amount, 1), standing=standing)

    def _deed(self) -> None:
        course, rng = self.course, self.rng
        deed = rng.choice(("pause", "resume", "outage", "close"))
        try:
            if deed == "pause":
                course.pause(self.now, "设备检修")
            elif deed == "resume":
                course.resume(self.now)
            elif deed == "outage":
                begun = self.now - timedelta(seconds=rng.choice((1, 4, 30)))
                if not course.outage(begun, self.now):
                    return
            elif timing.is_open(course.lot, course.state, timing.guarded(course.state, self.now)):
                assert course.close(self.now) is None, "asking early changes nothing"
        except Conflict:
            return
        self.reached[deed] += 1

    def _end(self) -> None:
        course, rng = self.course, self.rng
        if course.state.paused_at is not None:
            course.resume(self.now + timedelta(seconds=1))
        if rng.random() < 0.05:
            return  # a log may be read while the lot runs
        after = course.state.closes_at + timedelta(seconds=rng.choice((0, 1)))
        self.now = max(self.now, after, course.state.last_at or self.now)
        if course.lot.method is Method.SEALED and course.kept:
            course.open(self.inside, self.now)
        if course.close(self.now) is None:
            self._priority()
        assert course.result is not None
        self.reached[f"{course.result.outcome}.{course.result.by}"] += 1

    def _priority(self) -> None:
        course, rng = self.course, self.rng
        for number in range(rng.randrange(4)):
            self.now += timedelta(seconds=rng.choice((0, 2, 9)))
            plate = rng.choice(("M2", "M2", "P9", "K7"))
            claim = Claim(id=f"p{number}", plate=plate, match=rng.random() < 0.5)
            answer = course.receive(claim, self.now)
            self.reached[f"claim.{answer.verdict}"] += 1
        if course.close(self.now) is None:
            self.now += timedelta(seconds=course.lot.priority_s + 1)
            course.close(self.now)


def _fields(lot: Terms) -> dict[str, Any]:
    return {name: getattr(lot, name) for name in Terms.__slots__}


def _altered(received: Any, rng: Random) -> Any:
    """The same id, and something else in it."""
    names = {name: getattr(received, name) for name in type(received).__slots__}
    if rng.random() < 0.5:
        names["plate"] = "Z1"
    elif isinstance(received, SealedBid):
        names["commitment"] = "0" * 64
    else:
        name = "amount_fen" if isinstance(received, Bid) else "max_fen"
        names[name] += 1
    return type(received)(**names)
