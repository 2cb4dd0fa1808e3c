"""Random lots through PostgreSQL: the log is that of the model in memory, byte for byte, and the
verifier's own rules count the same."""

from __future__ import annotations

import pytest
from django.db import transaction

from tests import make
from tests.played import compared
from tests.telling import telling

pytestmark = pytest.mark.django_db
ALWAYS = ("rising.accepted", "rising.too_low", "auto")
OFTEN = (
    *ALWAYS, "rising.conflict", "rising.closed", "rising.paused", "rising.own_top", "rising.off_step",
    "rising.not_qualified", "dynamic.accepted", "dutch.accepted", "sealed.accepted",
    "negotiated.accepted", "pause", "resume", "outage", "sold.bid", "sold.priority", "no_bid.bid",
    "reserve_not_met.bid", "claim.accepted",
)  # fmt: skip


def _played(first: int, count: int, wanted: tuple[str, ...], capsys: object) -> None:
    make.sandbox()
    with telling(first, wanted, capsys) as run:  # type: ignore[arg-type]
        for seed in range(first, first + count):
            with pytest.MonkeyPatch.context() as patch, transaction.atomic():
                differing = compared(seed, run.reached, patch)
                transaction.set_rollback(True)
            run.steps += 1
            if differing:
                run.violated(differing)


def test_A8_twenty_random_lots_through_the_database_are_those_of_the_model(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _played(1, 20, ALWAYS, capsys)


@pytest.mark.proof
def test_A8_three_hundred_random_lots_through_the_database(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _played(1000, 300, OFTEN, capsys)
