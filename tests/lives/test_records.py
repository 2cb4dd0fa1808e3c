"""The life of a library record: every state with every move, by everybody."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from tests import make
from tests.lives.walking import Life, missing, walk
from yangbanjian.ground.journal.models import Entry
from yangbanjian.kernel.actor import ANONYMOUS, SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Refusal
from yangbanjian.libraries.achievements import actions as achievements
from yangbanjian.libraries.demands import actions as demands
from yangbanjian.libraries.experts import actions as experts

pytestmark = pytest.mark.django_db

OWNER, OPERATOR, SYSTEM_ITSELF = "owner", "operator", "system"
STAFF = {OPERATOR, SYSTEM_ITSELF}
ALL = {OWNER, *STAFF}
# Written out once more, so that a slip in the product's own table is seen here.
TABLE: dict[tuple[str, str], tuple[str, set[str]]] = {
    ("draft", "submit"): ("submitted", ALL),
    ("submitted", "approve"): ("public", STAFF),
    ("submitted", "return"): ("draft", STAFF),
    ("submitted", "withdraw"): ("withdrawn", ALL),
    ("public", "renew"): ("public", ALL),
    ("public", "withdraw"): ("withdrawn", ALL),
    ("public", "warn"): ("expiring", {SYSTEM_ITSELF}),
    ("public", "close"): ("sold", {SYSTEM_ITSELF}),
    ("expiring", "renew"): ("public", ALL),
    ("expiring", "withdraw"): ("withdrawn", ALL),
    ("expiring", "expire"): ("expired", {SYSTEM_ITSELF}),
    ("expiring", "close"): ("sold", {SYSTEM_ITSELF}),
    ("expired", "renew"): ("public", ALL),
    ("expired", "withdraw"): ("withdrawn", ALL),
    ("withdrawn", "reopen"): ("draft", ALL),
}
STATES = sorted({state for state, _ in TABLE} | {target for target, _ in TABLE.values()})
MOVES = sorted({move for _, move in TABLE})
# Some lives begin farther on: few come so far by chance.
BEGINNINGS = (
    (), ("submit",), ("submit", "approve"), ("submit", "approve", "warn"),
    ("submit", "approve", "warn", "expire"), ("submit", "withdraw"), ("submit", "approve", "close"),
)  # fmt: skip
PAIRS = [(state, move) for state in STATES for move in MOVES]
WHO = (*sorted(ALL), "stranger", "broker", "auditor", "nobody")


class RecordLife(Life):
    """One record among people who may and may not."""

    verbs: Any = achievements
    build: Any = staticmethod(make.achievement)
    role = Role.TTO

    @initialize(beginning=st.sampled_from(BEGINNINGS))
    def born(self, beginning: tuple[str, ...]) -> None:
        self.begin(beginning)

    @classmethod
    def grid(cls) -> None:
        for beginning in BEGINNINGS:
            life = cls()
            life.begin(beginning)
            for move, who in product(MOVES, WHO):
                for reason in ("", "请补实测") if move == "return" else ("",):
                    with life.undone():
                        life._try(who, move, reason)
            life.teardown()

    def begin(self, beginning: tuple[str, ...]) -> None:
        owner = make.actor(self.role)
        self.who: dict[str, Actor] = {
            OWNER: owner, OPERATOR: make.actor(Role.OPERATOR), SYSTEM_ITSELF: SYSTEM,
            "stranger": make.actor(self.role), "broker": make.actor(Role.BROKER),
            "auditor": make.actor(Role.AUDITOR), "nobody": ANONYMOUS,
        }  # fmt: skip
        # What an operator moves of a draft, they have opened (T7).
        assert owner.organisation_id is not None
        make.look_in(self.who[OPERATOR], owner.organisation_id)
        self.record = type(self).build(owner)
        self.state = "draft"
        for move in beginning:
            self._try(SYSTEM_ITSELF, move, "")

    def _as_it_stands(self) -> tuple[Any, ...]:
        kind = type(self.record)
        row = kind.objects.filter(pk=self.record.pk).values().get()
        return row, Entry.objects.count(), self.record.versions.count()

    def _try(self, who: str, move: str, reason: str) -> None:
        type(self).steps += 1
        target, may = TABLE.get((self.state, move), ("", set()))
        is_legal = who in may and (move != "return" or bool(reason.strip()))
        name, before = f"{self.state}.{move}", self._as_it_stands()
        try:
            self.verbs.move(actor=self.who[who], record_id=self.record.pk, name=move, reason=reason)
        except Refusal:
            assert not is_legal, f"{who} was refused {name}"
            assert self._as_it_stands() == before, f"{name} was refused, and yet changed something"
            self.refused[name] += 1
            return
        assert is_legal, f"{who} could do {name}"
        entries = Entry.objects.count()
        assert entries == before[1] + 1, "each move is one entry"
        self.state = target
        self.reached[name] += 1

    @rule(at=st.integers(0, 10**6), data=st.data())
    def does_what_is_possible(self, at: int, data: st.DataObject) -> None:
        possible = [move for state, move in TABLE if state == self.state]
        if possible:
            move = possible[at % len(possible)]
            who = data.draw(st.sampled_from(sorted(TABLE[self.state, move][1])))
            self._try(who, move, "请补实测")

    @rule(
        who=st.sampled_from(WHO),
        move=st.sampled_from(MOVES),
        reason=st.sampled_from(["", " ", "请补实测"]),
    )
    def tries_anything(self, who: str, move: str, reason: str) -> None:
        self._try(who, move, reason)

    @invariant()
    def the_row_says_where_we_are(self) -> None:
        row = self._as_it_stands()[0]
        assert row["state"] == self.state
        assert (row["valid_until"] is not None) or self.state in ("draft", "submitted", "withdrawn")


LIBRARIES = {
    "achievements": RecordLife,
    "demands": type("DemandLife", (RecordLife,), {
        "verbs": demands, "build": staticmethod(make.demand), "role": Role.ENTERPRISE,
    }),
    "experts": type("ExpertLife", (RecordLife,), {
        "verbs": experts, "build": staticmethod(make.expert),
    }),
}  # fmt: skip


def everything_was_reached(life: type[Life]) -> None:
    assert not missing(life.reached, TABLE)
    assert not missing(life.reached + life.refused, PAIRS)


def test_some_lives_of_an_achievement(capsys: pytest.CaptureFixture[str]) -> None:
    walk(RecordLife, 1, lives=10, steps=15, capsys=capsys)
    everything_was_reached(RecordLife)


@pytest.mark.proof
@pytest.mark.parametrize("number", [11, 12, 13, 14])
@pytest.mark.parametrize("library", LIBRARIES)
def test_many_lives_reach_every_state_with_every_move(
    library: str, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    life = LIBRARIES[library]
    walk(life, number, lives=60, steps=50, capsys=capsys)
    everything_was_reached(life)
