"""Two workers match at the same moment: every match once, every cap kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connections

from tests import make
from tests.faces.matching import published
from yangbanjian.engines.matching import keeping
from yangbanjian.engines.matching.keeping import Found
from yangbanjian.engines.matching.models import Match
from yangbanjian.ground.journal.models import Entry
from yangbanjian.kernel.actor import Role
from yangbanjian.libraries.achievements import actions as achievements
from yangbanjian.libraries.demands import actions as demands


def at_once(work: Callable[[], object], times: int = 4) -> list[BaseException]:
    """Run in threads that begin together; what they raised."""
    begin = threading.Barrier(times)
    failed: list[BaseException] = []

    def run() -> None:
        try:
            begin.wait(timeout=30)
            work()
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return failed


def offered(count: int) -> list[Found]:
    tto = make.actor(Role.TTO)
    made = [
        published(achievements, make.achievement(tto, title=f"成果{n}"), tto) for n in range(count)
    ]
    return [
        Found("achievement", m.pk, m.owner_id, None, Decimal("0.5"), 50, {"tag_chain": 0.5}, [])
        for m in made
    ]


@pytest.mark.usefixtures("own_database")
def test_suggestions_by_tags_are_made_once_and_stay_within_the_cap() -> None:
    seekers = [make.organisation("enterprise").pk for _ in range(3)]
    pairs = [(seeker, item) for item in offered(5) for seeker in seekers]
    assert at_once(lambda: keeping.suggest(pairs)) == []
    for seeker in seekers:
        assert Match.objects.filter(seeker_id=seeker, demand=None).count() == keeping.A_DAY
    told = Entry.objects.filter(verb="matches.suggested", owner_id__in=seekers)
    assert told.count() == 3 * keeping.A_DAY


@pytest.mark.usefixtures("own_database")
def test_a_demand_that_two_workers_match_has_each_match_once() -> None:
    seeker = make.actor(Role.ENTERPRISE)
    made = [published(demands, make.demand(seeker, title=f"难题{n}"), seeker) for n in range(3)]
    items = offered(4)
    assert seeker.organisation_id is not None
    owner = seeker.organisation_id
    wanted = [(owner, demand.pk, item) for demand in made for item in items]
    orders = iter([wanted, wanted[::-1], wanted, wanted[::-1]])
    assert at_once(lambda: keeping.keep_all(next(orders))) == []
    assert Match.objects.filter(demand_id__in=[d.pk for d in made]).count() == 12
    told = Entry.objects.filter(verb="matches.suggested", owner_id=owner)
    assert told.count() == 12
