"""Accounts, the personal data in them, erasure; and that SQL can not break it."""

from __future__ import annotations

import json

import pytest
from django.db import DatabaseError, connection, models, transaction

from tests import make, signing
from tests.accounts import as_actor, code_of, invite
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.people import actions, queries
from yangbanjian.ground.people import models as tables
from yangbanjian.ground.people.models import BrowserSession, Organisation, Person, SignIn, Token
from yangbanjian.ground.people.rules import ROLES_OF_KIND, personal
from yangbanjian.kernel.actor import ANONYMOUS, SYSTEM, Role
from yangbanjian.kernel.refusals import Invalid, NotAllowed, NotFound

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fast_passwords")]


# --- accounts --------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_the_command_line_makes_an_account_of_each_role(role: Role) -> None:
    made = actions.create_user(actor=SYSTEM, role=role.value, name="沈知行")
    assert as_actor(made.person).roles == {role}
    opening = actions.sign_in(actor=ANONYMOUS, username="沈知行", password=made.password)
    assert opening.person == made.person
    home = Organisation.objects.get()
    assert role in ROLES_OF_KIND[home.kind]
    assert (
        code_of(lambda: actions.create_user(actor=SYSTEM, role=role.value, name="沈知行"))
        == "people.name_taken"
    )


def test_operators_share_the_authority_and_others_make_nobody() -> None:
    first = actions.create_user(actor=SYSTEM, role="operator", name="甲")
    second = actions.create_user(actor=SYSTEM, role="auditor", name="乙")
    assert as_actor(first.person).mandates == as_actor(second.person).mandates
    with pytest.raises(NotAllowed):
        actions.create_user(actor=make.actor(Role.TTO), role="operator", name="丙")
    with pytest.raises(Invalid):
        actions.create_user(actor=SYSTEM, role="king", name="")


def test_preferences_keep_what_is_not_named() -> None:
    person = make.person()
    mine = as_actor(person)
    given = {"actor": mine, "person_id": person.pk}
    actions.set_preferences(**given, mail="answer")
    actions.set_preferences(**given, language="en")
    person.refresh_from_db()
    assert (person.preferences, person.language) == ({"mail": "answer"}, "en")
    for wrong in ({"language": "fr"}, {"mail": "pigeon"}):
        with pytest.raises(Invalid):
            actions.set_preferences(**given, **wrong)  # type: ignore[arg-type]
    with pytest.raises(NotAllowed):
        actions.change_profile(actor=make.actor(Role.OPERATOR), person_id=person.pk, name="改")


# --- personal data ---------------------------------------------------------------------------

# Columns of this room's tables that say nothing about a natural person by themselves.
NOT_PERSONAL = {
    "people_organisation": {
        "kind", "name", "short_name", "sort_name", "uscc", "region", "street", "intro", "website",
        "state",
    },
    "people_organisation_tag": {"kind", "code", "source"},
    "people_claim": {"state"},
    "people_invitation": {"role", "digest"},
    "people_browser_session": {"session_key"},
    "people_letter": {"kind"},
}  # fmt: skip


def test_each_column_with_personal_data_is_in_the_register() -> None:
    registered = {c for f in personal.PERSONAL_DATA for c in f.columns}
    known = set()
    for table in (
        t for t in vars(tables).values() if isinstance(t, type) and issubclass(t, models.Model)
    ):
        if table._meta.abstract or table._meta.app_label != "people":
            continue
        name = table._meta.db_table
        for column in table._meta.concrete_fields:
            known.add(f"{name}.{column.column}")
            is_words = isinstance(column, models.TextField | models.CharField | models.JSONField)
            if is_words and column.column not in NOT_PERSONAL.get(name, set()):
                assert f"{name}.{column.column}" in registered
    assert {c for c in registered if c.startswith("people_")} <= known


def full_person() -> Person:
    """Somebody about whom every table says something."""
    person = signing.with_password(
        make.person(Role.ENTERPRISE, name="赵一娘", email="zhao@example.com", phone="021 5555")
    )
    mine = as_actor(person)
    actions.create_token(actor=mine, person_id=person.pk, name="赵一娘的令牌")
    actions.open_session(actor=mine, person_id=person.pk, session_key="k", agent="赵的浏览器")
    claim = actions.claim_organisation(
        actor=mine, role="tto", organisation_id=make.organisation("university").pk, evidence="赵"
    )
    actions.decide_claim(
        actor=make.actor(Role.OPERATOR), claim_id=claim.pk, is_right=False, reason="赵不是"
    )
    assert mine.organisation_id is not None
    actions.change_organisation(
        actor=mine,
        organisation_id=mine.organisation_id,
        values={"contact_name": "赵一娘", "contact_email": "zhao@example.com"},
    )
    invite(make.actor(Role.ENTERPRISE), "zhao@example.com", "expert")
    actions.begin_second_factor(actor=mine, person_id=person.pk, issuer="x")
    actions.sign_in(actor=ANONYMOUS, username=person.username, password=signing.PASSWORD)
    return person


def test_a_copy_holds_every_part_of_the_register() -> None:
    person = full_person()
    copy = actions.export_my_data(actor=as_actor(person), person_id=person.pk)
    json.dumps(copy)
    for field in personal.PERSONAL_DATA:
        assert not field.exported or field.exported in copy
    for part in ("memberships", "claims", "invitations", "sign_ins", "sessions", "tokens"):
        assert copy[part], part
    assert "digest" not in json.dumps(copy)
    with pytest.raises(NotAllowed):
        actions.export_my_data(actor=make.actor(Role.OPERATOR), person_id=person.pk)


def everything(person_id: int) -> str:
    """All rows of this room and of the journal's words, as text."""
    said = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            " AND (tablename LIKE 'people\\_%' OR tablename LIKE 'journal\\_%')"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" AS t')  # noqa: S608 - from the catalogue
            said += [row[0] for row in cursor.fetchall()]
    return "\n".join(said)


def test_erasure_leaves_no_word_of_the_person() -> None:
    person = full_person()
    actions.change_profile(actor=as_actor(person), person_id=person.pk, name="赵一娘")
    with transaction.atomic():
        from yangbanjian.ground.journal import actions as journal

        journal.record(
            actor=as_actor(person),
            fact=journal.Fact("people.noted", "person", person.pk, remark="赵一娘写的"),
        )
    before = Entry.objects.count()
    actions.erase(actor=as_actor(person), person_id=person.pk)
    said = everything(person.pk)
    for word in ("赵", "zhao@example.com", "021 5555"):
        assert word not in said
    assert Entry.objects.count() > before, "the entries stay"
    person.refresh_from_db()
    assert (person.username, person.is_active) == (f"erased-{person.pk}", False)
    assert as_actor(person) == ANONYMOUS
    assert not BrowserSession.objects.filter(person=person).exists()
    assert not SignIn.objects.exists()
    assert not Token.objects.filter(revoked_at=None).exists()
    with pytest.raises(NotFound):
        actions.erase(actor=SYSTEM, person_id=person.pk)
    assert not queries.memberships_of(person.pk).exists()


def test_nobody_else_erases_a_person() -> None:
    with pytest.raises(NotAllowed):
        actions.erase(actor=make.actor(Role.TTO), person_id=make.person().pk)


# --- the database keeps the promise ----------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE people_person SET is_demo = true",
        "UPDATE people_organisation SET is_demo = true",
        "UPDATE people_person SET erased_at = now()",
        "UPDATE people_person SET totp_confirmed_at = now(), totp_secret = ''",
        "UPDATE people_membership SET period = 'empty'",
        "UPDATE people_membership SET period = tstzrange(NULL, now())",
        "UPDATE people_membership SET role = 'king'",
        "UPDATE people_token SET digest = 'plain secret'",
        "UPDATE people_organisation SET state = 'x'",
        "INSERT INTO people_membership (person_id, organisation_id, role, period)"
        " SELECT person_id, organisation_id, role, tstzrange(now(), NULL) FROM people_membership",
    ],
)
def test_sql_can_not_break_it(statement: str) -> None:
    person = make.person(Role.ENTERPRISE, name="赵一")
    actions.create_token(actor=SYSTEM, person_id=person.pk)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_sql_can_not_bring_back_an_erased_person() -> None:
    person = make.person()
    actions.erase(actor=SYSTEM, person_id=person.pk)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE people_person SET erased_at = NULL, is_active = true")
