"""Adding, revising and moving records, through the real verbs."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection

from tests import make
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import queries as journal
from yangbanjian.ground.journal.models import Entry
from yangbanjian.kernel.actor import ANONYMOUS, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound, Stale
from yangbanjian.libraries.achievements import actions, queries
from yangbanjian.libraries.records import queries as records

pytestmark = pytest.mark.django_db


def test_a_draft_becomes_public_only_through_the_operator() -> None:
    tto, operator = make.actor(Role.TTO), make.actor(Role.OPERATOR)
    record = make.achievement(tto)
    assert record.state == "draft"
    with pytest.raises(NotFound):
        records.get(queries.LIBRARY, ANONYMOUS, record.pk)
    actions.move(actor=tto, record_id=record.pk, name="submit")
    with pytest.raises(NotAllowed) as refused:
        actions.move(actor=tto, record_id=record.pk, name="approve")
    assert refused.value.code == "achievements.may_not_approve"
    record = actions.move(actor=operator, record_id=record.pk, name="approve")
    assert record.state == "public"
    assert (record.valid_until - record.published_at).days == 365
    assert records.get(queries.LIBRARY, ANONYMOUS, record.pk).pk == record.pk
    with pytest.raises(Conflict):
        actions.move(actor=operator, record_id=record.pk, name="approve")


def test_returning_needs_a_reason_that_the_owner_can_read() -> None:
    tto, operator = make.actor(Role.TTO), make.actor(Role.OPERATOR)
    record = make.achievement(tto)
    actions.move(actor=tto, record_id=record.pk, name="submit")
    with pytest.raises(Invalid):
        actions.move(actor=operator, record_id=record.pk, name="return", reason="  ")
    record = actions.move(actor=operator, record_id=record.pk, name="return", reason="请补实测数据")
    assert (record.state, record.state_reason) == ("draft", "请补实测数据")
    newest = journal.timeline(actor=tto, kind="achievement", subject_id=record.pk)[0]
    assert (newest.verb, newest.remark.text) == ("achievements.returned", "请补实测数据")
    assert not journal.timeline(actor=ANONYMOUS, kind="achievement", subject_id=record.pk).exists()


def test_each_change_is_a_version_and_a_stale_write_is_refused() -> None:
    tto = make.actor(Role.TTO)
    record = make.achievement(tto)
    again = actions.revise(actor=tto, record_id=record.pk, values={"trl": 7}, expected_version=1)
    assert again.version == 2
    unchanged = actions.revise(actor=tto, record_id=record.pk, values={"trl": 7})
    assert unchanged.version == 2
    with pytest.raises(Stale):
        actions.revise(actor=tto, record_id=record.pk, values={"trl": 8}, expected_version=1)
    versions = list(records.history(queries.LIBRARY, tto, again))
    assert (versions[0].version, versions[0].changed) == (2, ["trl"])
    assert versions[0].content["trl"] == 7
    assert versions[1].content["trl"] is None


def test_somebody_elses_record_is_refused_and_unchanged() -> None:
    tto, stranger = make.actor(Role.TTO), make.actor(Role.TTO)
    record = make.achievement(tto)
    count = Entry.objects.count()
    # Another's draft does not exist for them; what is public does, and is refused.
    with pytest.raises(NotFound):
        actions.revise(actor=stranger, record_id=record.pk, values={"title": "换一个"})
    record.refresh_from_db()
    assert (record.version, record.title) == (1, "低温冷库余热梯级回收系统")
    assert Entry.objects.count() == count


def test_all_problems_are_named_at_once() -> None:
    tto = make.actor(Role.TTO)
    with pytest.raises(Invalid) as refused:
        make.achievement(
            tto,
            title="",
            trl=11,
            price_fen=-1,
            holders=[{"name": "甲", "share_percent": "60"}, {"name": "乙", "share_percent": "30"}],
        )
    assert {p.field for p in refused.value.problems} >= {"trl", "price_fen"}


def test_shares_must_add_up() -> None:
    tto = make.actor(Role.TTO)
    with pytest.raises(Invalid) as refused:
        make.achievement(
            tto,
            holders=[{"name": "甲", "share_percent": "60"}, {"name": "乙", "share_percent": "30"}],
        )
    assert [p.code for p in refused.value.problems] == ["shares_not_100"]
    assert "90" in str(refused.value.problems[0])


def test_one_orcid_written_twice_is_one_person() -> None:
    actor = make.actor(Role.EXPERT)
    first = make.expert(actor, orcid="https://orcid.org/0000-0002-1825-0097")
    second = make.expert(
        actor, title="沈 知行", abstract="焊接机器人的离线编程。", orcid="0000000218250097"
    )
    found = records.duplicates(records.library_of_kind("expert"), actor, second)
    assert [(d.record_id, d.why) for d in found] == [(first.pk, "number")]


def test_duplicates_are_shown_by_text_and_title() -> None:
    tto = make.actor(Role.TTO)
    first = make.achievement(tto)
    second = make.achievement(tto)
    found = records.duplicates(queries.LIBRARY, tto, second)
    assert [(d.record_id, d.why) for d in found] == [(first.pk, "title_and_owner")]


def _changed(statement: str) -> None:
    """Raises DatabaseError as well where no row is there to be changed: so refuses a policy."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        if cursor.rowcount == 0:
            raise DatabaseError("no row")


def test_the_database_refuses_to_change_the_journal() -> None:
    tto = make.actor(Role.TTO)
    make.achievement(tto)
    for statement in (
        "UPDATE journal_entry SET verb = 'x'",
        "DELETE FROM journal_entry",
        "TRUNCATE journal_entry CASCADE",
        "UPDATE achievements_version SET note = 'x'",
    ):
        with pytest.raises(DatabaseError), acting(tto):
            _changed(statement)


def test_what_is_secret_is_refused_before_the_database_refuses_it() -> None:
    tto, operator = make.actor(Role.TTO), make.actor(Role.OPERATOR)
    record = make.achievement(tto, secrecy="internal")
    with pytest.raises(Invalid) as refused:
        actions.move(actor=tto, record_id=record.pk, name="submit")
    assert refused.value.code == "achievements.stays_inside"
    actions.revise(actor=tto, record_id=record.pk, values={"secrecy": ""})
    record = actions.move(actor=tto, record_id=record.pk, name="submit")
    assert (record.state, record.secrecy) == ("submitted", "none")
    actions.move(actor=operator, record_id=record.pk, name="approve")
    with pytest.raises(Invalid):
        actions.revise(actor=tto, record_id=record.pk, values={"secrecy": "secret"})
    record.refresh_from_db()
    assert record.secrecy == "none"
