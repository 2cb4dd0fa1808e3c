"""Two years in the life of a fictional district, lived through the real actions on the sandbox clock.

The installation is born two years before now: the floor begins to trade in the first, the libraries
fill in the second. The story is sorted by day, and the clock is advanced from day to day, so that
every entry of the journal has the time at which it happened. Everything is decided by one seed.
"""

from __future__ import annotations

import heapq
import logging
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.conf import settings

from yangbanjian.engines.matching import lending
from yangbanjian.faces.cli import working
from yangbanjian.faces.cli.demo.district import SECOND, District
from yangbanjian.faces.cli.demo.floor import plan_the_floor
from yangbanjian.faces.cli.demo.sales import plan_sales
from yangbanjian.faces.cli.running import DEMO_DAYS as DAYS
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database import prepared
from yangbanjian.ground.site import actions as site
from yangbanjian.ground.site import queries as site_queries

log = logging.getLogger(__name__)
SEED = 20261122
# How often the index, news and due work are brought up to the day: little happens in the first year.
CATCH_UP_DAYS, QUIET_DAYS = 5, 20
# Whose due work moves the story. Certificates are held to the books at the end, not every day.
MOVING = ("bank", "ledger", "matching", "records", "trading")
VECTORS = Path(__file__).parent / "vectors.npz"  # see keep_vectors


class Story:
    """What happens on which day; an event may plan later ones."""

    def __init__(self) -> None:
        self._planned: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self.day = 0.0

    def plan(self, day: float, what: Callable[[], None]) -> None:
        """Let it happen on a day; what would happen after today never does."""
        if day <= DAYS:
            self._count += 1
            heapq.heappush(self._planned, (max(day, self.day), self._count, what))

    def live(self, advance: Callable[[float], None]) -> None:
        """Go through the days in order."""
        while self._planned:
            day, _, what = heapq.heappop(self._planned)
            if day > self.day:
                advance(day - self.day)
                self.day = day
            what()


def load_if_new() -> None:
    """Load the district where it has been promised and not been loaded yet."""
    if not settings.YBJ_SANDBOX or site_queries.loading_state() != "loading":
        return
    if site_queries.demo_state() == "begun":
        # An earlier loader was killed. Only a start can clear away what it left: see mending.py.
        raise SystemExit("演示区上次没有装完，需要从头再装。")
    site.set_demo("begun")
    if VECTORS.exists():
        lending.lend(VECTORS)
    # What a crash takes away is begun anew, so thousands of commits need not wait for the disk: the
    # last one carries all of them along.
    prepared.apart("SELECT set_config('synchronous_commit', 'off', false)")
    live()
    prepared.apart("SELECT set_config('synchronous_commit', 'on', false)")
    site.set_demo("whole")


def keep_vectors() -> None:
    """After a change of texts or encoder: write what comes along anew, from a loaded district."""
    print(f"vectors={lending.keep(VECTORS)}")


def live() -> None:
    """Build the district; the business clock ends where the real one stands."""
    story = Story()
    district = District(story, random.Random(SEED))  # noqa: S311 - a story, not a secret
    district.found()
    last = 0.0

    def advance(days: float) -> None:
        nonlocal last
        whole = min(timedelta(days=days), clock.recorded_now() - clock.now())
        if whole > timedelta(0):
            working.move_clock(whole)
        if story.day + days - last >= (QUIET_DAYS if story.day < SECOND else CATCH_UP_DAYS):
            last = story.day + days
            # Vectors first: the matches of these days are made with them.
            working.catch_up(encode=True)
            working.due(MOVING)

    district.plan_the_libraries()
    plan_the_floor(district)
    plan_sales(district)
    story.live(advance)
    rest = clock.recorded_now() - clock.now()
    if rest > timedelta(0):
        working.move_clock(rest)
    working.catch_up(encode=True)
    working.due()
    working.catch_up()
