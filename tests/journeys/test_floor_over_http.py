"""The floor's whole story, played by a program that knows the contract alone, in a market of its
own: it moves the clock by months."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.floor_over_http import Story, rising
from tests.journeys.market import open_market


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    market = open_market(YBJ_DEMO="0")
    try:
        market.wait_until_open()
        yield Story(market.url, tmp_path)
    finally:
        market.stop()


def test_from_the_decision_to_a_certificate_that_is_revoked(story: Story) -> None:
    assert rising(story)["certificate"]
