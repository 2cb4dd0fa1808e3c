"""Two operators publish at the same moment: on no day do two editions hold."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date

import pytest
from django.db import connections

from tests import make
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.rulebook import actions, queries
from yangbanjian.ground.rulebook.models import Edition
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.refusals import Conflict

pytestmark = pytest.mark.usefixtures("own_database")
ROWS = [{"case": "reward", "days": 20, "unit": "calendar", "first_day": "counted"}]


def at_once(works: list[Callable[[], object]]) -> list[BaseException]:
    """Run in threads that begin together; what they raised."""
    begin = threading.Barrier(len(works))
    failed: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            begin.wait(timeout=30)
            work()
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return failed


def drafted(author: Actor, place: str, begins: date) -> int:
    values = {"document": "某文件", "begins": begins, "rows": ROWS}
    return actions.draft(actor=author, table="notice_days", jurisdiction=place, values=values).pk


def publishing(actor: Actor, edition_id: int) -> Callable[[], object]:
    return lambda: actions.publish(actor=actor, edition_id=edition_id)


def test_the_same_draft_is_published_once() -> None:
    author, seconds = make.actor(Role.OPERATOR), [make.actor(Role.OPERATOR) for _ in range(4)]
    one = drafted(author, "310112", date(2030, 1, 1))
    failed = at_once([publishing(second, one) for second in seconds])
    assert [type(error) for error in failed] == [Conflict] * 3
    assert Entry.objects.filter(verb="rulebook.published", subject_id=one).count() == 1


def test_of_drafts_that_begin_on_one_day_one_is_published() -> None:
    author, second = make.actor(Role.OPERATOR), make.actor(Role.OPERATOR)
    ids = [drafted(author, "310113", date(2030, 1, 1)) for _ in range(4)]
    failed = at_once([publishing(second, one) for one in ids])
    assert [type(error) for error in failed] == [Conflict] * 3
    assert Edition.objects.filter(pk__in=ids, state="published").count() == 1


def test_drafts_that_begin_on_other_days_never_hold_together() -> None:
    author, second = make.actor(Role.OPERATOR), make.actor(Role.OPERATOR)
    days = [date(2030, month, 1) for month in (1, 2, 3, 4)]
    ids = [drafted(author, "310114", day) for day in days]
    failed = at_once([publishing(second, one) for one in ids])
    assert {type(error) for error in failed} <= {Conflict}
    in_print = Edition.objects.filter(pk__in=ids, state__in=["published", "superseded"])
    assert in_print.count() == 4 - len(failed)
    # The latest comes through whatever the order: nothing stands after it.
    assert queries.rule("notice_days", "310114", date(2031, 1, 1)).begins == date(2030, 4, 1)
    for one in in_print.filter(state="superseded"):
        assert one.superseded_by is not None
        assert one.ends == one.superseded_by.begins


def test_drafting_at_once_gives_each_its_number() -> None:
    author = make.actor(Role.OPERATOR)
    works = [lambda: drafted(author, "310115", date(2030, 1, 1)) for _ in range(4)]
    assert at_once(list(works)) == []
    numbers = Edition.objects.filter(jurisdiction="310115").values_list("number", flat=True)
    assert sorted(numbers) == [1, 2, 3, 4]
