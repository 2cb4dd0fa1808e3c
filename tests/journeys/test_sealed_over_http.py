"""Sealed bids over HTTP, from the decision to a certificate that is revoked, in a market of their own:
the story moves the clock by weeks."""

from __future__ import annotations

from pathlib import Path

from tests.journeys.floor_over_http import Story
from tests.journeys.market import open_market
from tests.journeys.sealed_over_http import sealed


def test_two_of_three_open_what_nobody_could_read(tmp_path: Path) -> None:
    market = open_market(YBJ_DEMO="0")
    try:
        market.wait_until_open()
        assert sealed(Story(market.url, tmp_path), market.home)["certificate"]
    finally:
        market.stop()
