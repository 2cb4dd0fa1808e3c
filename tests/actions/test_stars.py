"""Stars: one's own mark on a record of any library; in one's copy, gone with one's account."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from tests import make
from tests.faces.pages import publish
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.journal import jobs as journal
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.people import actions as people
from yangbanjian.ground.people.queries import actor_of
from yangbanjian.kernel.actor import ANONYMOUS, SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Conflict, NotAllowed, NotFound
from yangbanjian.libraries.records import beside
from yangbanjian.libraries.records import queries as records
from yangbanjian.libraries.records.models import Draft, SavedSearch, Star
from yangbanjian.libraries.records.rules.filters import Filters

pytestmark = pytest.mark.django_db
ACHIEVEMENTS = records.LIBRARIES["achievements"]
DEMANDS = records.LIBRARIES["demands"]


def shown() -> int:
    return int(publish(make.achievement(make.actor(Role.TTO)), "achievements").pk)


def marks(actor: Actor) -> list[tuple[str, int]]:
    return [(s.library, s.record_id) for s in records.stars(actor)]


def test_a_star_is_ones_own_and_stands_once() -> None:
    reader, other, number = make.actor(Role.ENTERPRISE), make.actor(Role.ENTERPRISE), shown()
    demand = publish(make.demand(make.actor(Role.ENTERPRISE), visibility="named"), "demands")
    entries = Entry.objects.count()
    for _ in range(2):
        beside.star(actor=reader, library=ACHIEVEMENTS, record_id=number)
    beside.star(actor=reader, library=DEMANDS, record_id=demand.pk)
    assert marks(reader) == [("demands", demand.pk), ("achievements", number)]
    assert marks(other) == []
    assert records.starred(reader, ACHIEVEMENTS, [number, number + 1]) == {number}
    assert records.starred(other, ACHIEVEMENTS, [number]) == frozenset()
    for _ in range(2):
        beside.unstar(actor=reader, library=ACHIEVEMENTS, record_id=number)
    assert marks(reader) == [("demands", demand.pk)]
    # Nobody else's business, so not a word in the journal.
    assert Entry.objects.count() == entries


def test_the_database_itself_keeps_it_to_one() -> None:
    person = make.person(Role.TTO)
    row = {"person": person, "library": "demands", "record_id": 1, "made_at": clock.now()}
    Star.objects.create(**row)
    with pytest.raises(IntegrityError), transaction.atomic():
        Star.objects.create(**row)


def test_only_somebody_stars_and_only_what_they_may_see() -> None:
    number = shown()
    for nobody in (ANONYMOUS, SYSTEM):
        with pytest.raises(NotAllowed):
            beside.star(actor=nobody, library=ACHIEVEMENTS, record_id=number)
        with pytest.raises(NotAllowed):
            beside.unstar(actor=nobody, library=ACHIEVEMENTS, record_id=number)
    draft = make.achievement(make.actor(Role.TTO))
    with pytest.raises(NotFound):
        beside.star(actor=make.actor(Role.TTO), library=ACHIEVEMENTS, record_id=draft.pk)
    assert not Star.objects.exists()


def test_there_is_an_end_to_stars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "MOST_STARS", 1)
    reader, first, second = make.actor(Role.ENTERPRISE), shown(), shown()
    beside.star(actor=reader, library=ACHIEVEMENTS, record_id=first)
    with pytest.raises(Conflict) as refused:
        beside.star(actor=reader, library=ACHIEVEMENTS, record_id=second)
    assert refused.value.code == "records.too_many_stars"
    beside.star(actor=reader, library=ACHIEVEMENTS, record_id=first)
    assert marks(reader) == [("achievements", first)]


def test_what_is_kept_is_in_the_copy_and_goes_with_the_account() -> None:
    person, other, number = make.person(Role.ENTERPRISE), make.actor(Role.TTO), shown()
    mine = actor_of(person)
    for actor in (mine, other):
        beside.star(actor=actor, library=ACHIEVEMENTS, record_id=number)
        beside.save_search(actor=actor, library=ACHIEVEMENTS, filters=Filters(q="除霜"), name="霜")
        beside.keep_draft(actor=actor, form="demand", content={"title": "没写完"})
    copy = people.export_my_data(actor=mine, person_id=person.pk)
    assert [(s["library"], s["record"]) for s in copy["stars"]] == [("achievements", number)]
    assert [s["name"] for s in copy["searches"]] == ["霜"]
    assert [d["content"] for d in copy["drafts"]] == [{"title": "没写完"}]
    people.erase(actor=mine, person_id=person.pk)
    journal.deliver(include_own=True)
    for table in (Star, SavedSearch, Draft):
        assert list(table.objects.values_list("person_id", flat=True)) == [other.person_id]
