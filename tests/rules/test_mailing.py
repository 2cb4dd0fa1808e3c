"""Which messages go out by e-mail, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from yangbanjian.ground.messages.rules import last_digest, to_mail

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)  # ten in the morning there
DIGEST = last_digest(NOW, SHANGHAI, 8)


@dataclass(frozen=True)
class Told:
    needs_action: bool
    made_at: datetime


def told(minutes_ago: float, *, needs_action: bool = False) -> Told:
    return Told(needs_action, NOW - timedelta(minutes=minutes_ago))


def test_the_digest_is_made_up_at_a_local_hour() -> None:
    assert datetime(2026, 11, 22, 0, 0, tzinfo=UTC) == DIGEST
    assert last_digest(DIGEST, SHANGHAI, 8) == DIGEST
    earlier = last_digest(DIGEST - timedelta(seconds=1), SHANGHAI, 8)
    assert earlier == DIGEST - timedelta(days=1)
    berlin = ZoneInfo("Europe/Berlin")
    assert last_digest(datetime(2026, 3, 29, 12, tzinfo=UTC), berlin, 8).hour == 8


YOUNG_ASK, ASK = told(1, needs_action=True), told(5, needs_action=True)
TODAY, YESTERDAY = told(60), told(180)


@pytest.mark.parametrize(
    ("choice", "waiting", "goes"),
    [
        ("nothing", [ASK, YESTERDAY], []),
        ("answer", [ASK, YESTERDAY], [ASK]),
        ("answer", [YOUNG_ASK], []),
        ("answer", [YESTERDAY], []),
        ("daily", [TODAY], []),
        ("daily", [ASK, TODAY], [ASK]),
        ("daily", [ASK, YOUNG_ASK, TODAY], [ASK, YOUNG_ASK]),
        ("daily", [YESTERDAY, TODAY, YOUNG_ASK], [YESTERDAY, TODAY, YOUNG_ASK]),
        ("at_once", [told(1)], []),
        ("at_once", [told(1), TODAY], [told(1), TODAY]),
        ("at_once", [], []),
    ],
)
def test_each_choice(choice: str, waiting: list[Told], goes: list[Told]) -> None:
    assert to_mail(choice, waiting, NOW, DIGEST) == goes
