"""The life of an introduction: two sides, time, and everybody else."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from tests import make
from tests.faces.matching import match_between
from tests.lives.walking import Life, missing, walk
from yangbanjian.engines.matching import actions
from yangbanjian.engines.matching.models import Feedback, Match
from yangbanjian.ground.clock import actions as clock_actions
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.journal.models import Entry
from yangbanjian.kernel.actor import ANONYMOUS, SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Refusal

pytestmark = pytest.mark.django_db

SIDES = ("seeker", "provider")
# Written out once more, so that a slip in the product's own table is seen here.
TABLE = {
    ("suggested", "see"): "seen",
    ("suggested", "interested"): "interested",
    ("suggested", "decline"): "declined",
    ("seen", "interested"): "interested",
    ("seen", "decline"): "declined",
    ("interested", "agree"): "agreed",
    ("interested", "decline"): "declined",
    ("interested", "lapse"): "lapsed",
}
STATES = ("suggested", "seen", "interested", "agreed", "declined", "lapsed")
MOVES = ("see", "interested", "agree", "decline", "lapse")
PAIRS = [(state, move) for state in STATES for move in MOVES]
WHO = (*SIDES, "operator", "stranger", "broker", "nobody")
# How each state is come to: who does what; `time` stands for the end of the turn.
BEGINNINGS = (
    (), (("seeker", "see"),), (("seeker", "interested"),), (("provider", "interested"),),
    (("seeker", "interested"), ("provider", "agree")), (("seeker", "decline"),),
    (("seeker", "interested"), ("time", "lapse")),
)  # fmt: skip
TURN = timedelta(days=14)


class IntroductionLife(Life):
    """One match between two parties, while the clock moves on."""

    @initialize(visibility=st.sampled_from(["named", "anonymous", "brokers"]))
    def born(self, visibility: str) -> None:
        self.begin(visibility)

    @classmethod
    def grid(cls) -> None:
        for beginning in BEGINNINGS:
            life = cls()
            life.begin("named")
            for who, move in beginning:
                if who == "time":
                    life.time_passes(days=15)
                    life.time_may_end_it()
                else:
                    life.somebody_moves(who=who, move=move, why="price")
            for move, who in product(MOVES, WHO):
                for why in ("", "price") if move == "decline" else ("",):
                    with life.undone():
                        life.somebody_moves(who=who, move=move, why=why)
            for days in (13, 15):
                with life.undone():
                    life.time_passes(days=days)
                    life.time_may_end_it()
            life.teardown()

    def begin(self, visibility: str) -> None:
        make.sandbox()
        # Whose demand only brokers see is not known to the other side before they are interested.
        self.is_hidden = visibility == "brokers"
        seeker, provider = make.actor(Role.ENTERPRISE), make.actor(Role.TTO)
        self.who: dict[str, Actor] = {
            "seeker": seeker, "provider": provider, "operator": make.actor(Role.OPERATOR),
            "stranger": make.actor(Role.TTO), "broker": make.actor(Role.BROKER),
            "nobody": ANONYMOUS,
        }  # fmt: skip
        self.pk = match_between(seeker, provider, visibility=visibility).pk
        self.state, self.first = "suggested", ""
        self.until: Any = None

    def _as_it_stands(self) -> tuple[Any, ...]:
        row = Match.objects.filter(pk=self.pk).values().get()
        return row, Entry.objects.count(), Feedback.objects.count()

    def _done(self, name: str, target: str, before: tuple[Any, ...]) -> None:
        assert Entry.objects.count() == before[1] + 1, "each move is one entry"
        self.state = target
        self.reached[name] += 1

    def _refused(self, name: str, before: tuple[Any, ...]) -> None:
        assert self._as_it_stands() == before, f"{name} was refused, and yet changed something"
        self.refused[name] += 1

    @rule(
        who=st.sampled_from(WHO) | st.sampled_from(SIDES),
        move=st.sampled_from(MOVES),
        why=st.sampled_from(["price", "", "no such reason"]),
    )
    def somebody_moves(self, who: str, move: str, why: str) -> None:
        type(self).steps += 1
        target = TABLE.get((self.state, move))
        is_legal = (
            who in SIDES
            and target is not None
            and move != "lapse"
            and (move != "agree" or who != self.first)
            and (move != "decline" or why == "price")
            and not (who == "provider" and self.is_hidden and self.state in ("suggested", "seen"))
        )
        name, before = f"{self.state}.{move}", self._as_it_stands()
        try:
            actions.move(actor=self.who[who], match_id=self.pk, name=move, why=why)
        except Refusal:
            assert not is_legal, f"{who} was refused {name}"
            self._refused(name, before)
            return
        assert is_legal, f"{who} could do {name}"
        assert target is not None
        if target == "interested":
            self.first, self.until = who, clock.now() + TURN
        self._done(name, target, before)

    @rule(days=st.sampled_from([1, 13, 15]))
    def time_passes(self, days: int) -> None:
        clock_actions.advance(actor=SYSTEM, by=timedelta(days=days))

    @rule()
    def time_may_end_it(self) -> None:
        type(self).steps += 1
        is_due = self.state == "interested" and clock.now() >= self.until
        name, before = f"{self.state}.lapse", self._as_it_stands()
        try:
            actions.lapse(match_id=self.pk)
        except Refusal:
            assert not is_due, "its time had come"
            self._refused(name, before)
            return
        assert is_due, "its time had not come"
        self._done(name, "lapsed", before)

    @invariant()
    def the_row_says_where_we_are_and_whose_turn_it_is(self) -> None:
        match = Match.objects.get(pk=self.pk)
        assert (match.state, match.first) == (self.state, self.first)
        if self.state == "interested":
            assert match.turn == ({*SIDES} - {self.first}).pop()
            assert match.turn_until is not None
        else:
            assert match.turn == ""


@pytest.fixture(autouse=True)
def _sandbox(settings: Any) -> None:
    settings.YBJ_SANDBOX = True


def everything_was_reached() -> None:
    assert not missing(IntroductionLife.reached, TABLE)
    assert not missing(IntroductionLife.reached + IntroductionLife.refused, PAIRS)


def test_some_introductions(capsys: pytest.CaptureFixture[str]) -> None:
    walk(IntroductionLife, 1, lives=10, steps=10, capsys=capsys)
    everything_was_reached()


@pytest.mark.proof
@pytest.mark.parametrize("number", [11, 12, 13, 14])
def test_many_introductions_reach_every_state_with_every_move(
    number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    walk(IntroductionLife, number, lives=100, steps=25, capsys=capsys)
    everything_was_reached()
