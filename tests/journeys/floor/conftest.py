"""A market of its own for the floor: the stories move its clock by months."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.conftest import Visit
from tests.journeys.floor.people import Floor
from tests.journeys.looking import Watch
from tests.journeys.market import Market, open_market


@pytest.fixture(scope="session")
def market(request: pytest.FixtureRequest) -> Iterator[Market]:
    """Without a demo district: opened in seconds. Or the one that `YBJ_JOURNEY_FLOOR_URL` names, for
    those who write stories."""
    given = os.environ.get("YBJ_JOURNEY_FLOOR_URL")
    opened = Market(given.rstrip("/")) if given else open_market(YBJ_DEMO="0")
    capture = request.config.pluginmanager.getplugin("capturemanager")
    try:
        with capture.global_and_fixture_disabled():
            opened.wait_until_open()
        yield opened
    finally:
        opened.stop()


@pytest.fixture
def floor(
    market: Market, visit: Visit, watch: Watch, tmp_path: Path, screen: str
) -> Iterator[Floor]:
    """Everybody who plays on the floor, each new; on one kind of screen. Fails the story at its end
    when a page was not as every page must be: so all of them are named at once."""
    playing = Floor(market.url, tmp_path, visit, watch, screen)
    yield playing
    assert not playing.faults, "\n".join(playing.faults)
