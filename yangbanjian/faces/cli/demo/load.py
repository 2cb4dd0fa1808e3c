"""A year in the life of a fictional district, lived through the real actions on the sandbox clock.

The installation is born a year before now; the story is sorted by day, and the clock is advanced
from day to day, so that every entry of the journal has the time at which it happened. Everything
is decided by one seed.
"""

from __future__ import annotations

import heapq
import logging
import random
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings

from yangbanjian.faces.cli import working
from yangbanjian.faces.cli.demo.district import District
from yangbanjian.faces.cli.demo.floor import plan_the_floor
from yangbanjian.faces.cli.demo.sales import plan_sales
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.site import actions as site
from yangbanjian.ground.site import queries as site_queries

log = logging.getLogger(__name__)
SEED = 20261122
DAYS = 365
CATCH_UP_DAYS = 5


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
    live_the_year()
    site.set_demo("whole")


def live_the_year() -> None:
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
        if story.day + days - last >= CATCH_UP_DAYS:
            last = story.day + days
            # Vectors first: the matches of these days are made with them.
            working.catch_up(encode=True)
            working.due()

    district.plan_the_year()
    plan_the_floor(district)
    plan_sales(district)
    story.live(advance)
    rest = clock.recorded_now() - clock.now()
    if rest > timedelta(0):
        working.move_clock(rest)
    working.catch_up(encode=True)
    working.due()
    working.catch_up()
