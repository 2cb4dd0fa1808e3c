"""Claims, memberships, invitations, tags, tokens, accounts, erasure."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError, connection, models, transaction

from tests import make, signing
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.journal.models import Entry, Remark
from yangbanjian.ground.people import actions, policy, queries
from yangbanjian.ground.people import models as tables
from yangbanjian.ground.people.models import (
    BrowserSession,
    Claim,
    Invitation,
    Membership,
    Organisation,
    OrganisationTag,
    Person,
    SignIn,
    Token,
)
from yangbanjian.ground.people.rules import ROLES_OF_KIND, personal
from yangbanjian.kernel.actor import ANONYMOUS, SYSTEM, Actor, Role
from yangbanjian.kernel.identifiers import make_uscc
from yangbanjian.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound, Refusal

pytestmark = pytest.mark.django_db
Capture = Any


@pytest.fixture(autouse=True)
def _fast(settings: Any) -> None:
    settings.PASSWORD_HASHERS = signing.FAST


def code_of(do: Any) -> str:
    with pytest.raises(Refusal) as refused:
        do()
    return refused.value.code


def as_actor(person: Person) -> Actor:
    """A person with or without an organisation, signed in."""
    return queries.actor_of(person)


def claim_new(actor: Actor, **more: Any) -> Claim:
    given = {"kind": "enterprise", "role": "enterprise", "name": "青桥冷链", "uscc": make_uscc(1)}
    given |= more
    return actions.claim_organisation(
        actor=actor,
        role=given.pop("role"),
        kind=given.pop("kind"),
        values=given,
        evidence="生产部",
    )


# --- claims ----------------------------------------------------------------------------------


def test_a_new_organisation_can_be_acted_for_at_once_and_is_verified_later() -> None:
    person = make.person()
    claim = claim_new(as_actor(person))
    actor = as_actor(person)
    assert (actor.organisation_id, actor.roles) == (claim.organisation_id, {Role.ENTERPRISE})
    assert claim.organisation.state == "claimed"
    assert claim.organisation.sort_name == "qing qiao leng lian"
    decided = actions.decide_claim(
        actor=make.actor(Role.OPERATOR), claim_id=claim.pk, is_right=True
    )
    assert (decided.state, decided.organisation.state) == ("approved", "verified")
    assert Membership.objects.filter(person=person).count() == 1


def test_a_refused_claim_ends_what_it_gave_and_says_why(
    django_capture_on_commit_callbacks: Capture,
) -> None:
    person = make.person(email="zhao@example.com")
    claim = claim_new(as_actor(person))
    operator = make.actor(Role.OPERATOR)
    with pytest.raises(Invalid):
        actions.decide_claim(actor=operator, claim_id=claim.pk, is_right=False, reason=" ")
    with django_capture_on_commit_callbacks(execute=True):
        actions.decide_claim(
            actor=operator, claim_id=claim.pk, is_right=False, reason="代码与名称不符"
        )
    assert as_actor(person).mandates == frozenset()
    assert "代码与名称不符" in str(mail.outbox[-1].body)
    assert Remark.objects.filter(text="代码与名称不符").exists()
    assert (
        code_of(lambda: actions.decide_claim(actor=operator, claim_id=claim.pk, is_right=True))
        == "people.already_decided"
    )


@pytest.mark.parametrize(("kind", "role"), [("broker", "broker"), ("agency", "broker")])
def test_roles_that_see_others_records_wait_for_the_operator(kind: str, role: str) -> None:
    person = make.person()
    claim = claim_new(as_actor(person), kind=kind, role=role)
    assert as_actor(person).roles == frozenset()
    actions.decide_claim(actor=make.actor(Role.OPERATOR), claim_id=claim.pk, is_right=True)
    assert as_actor(person).roles == {Role(role)}


def test_a_known_code_is_a_claim_on_who_has_it() -> None:
    theirs = make.organisation("enterprise", uscc=make_uscc(1))
    person = make.person()
    claim = claim_new(as_actor(person), name="换个名字")
    assert claim.organisation == theirs
    assert not Membership.objects.filter(person=person).exists()
    assert code_of(lambda: claim_new(as_actor(person))) == "people.claim_pending"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"uscc": ""}, "uscc"),
        ({"uscc": "91310110YB00000326"}, "uscc"),
        ({"uscc": "123"}, "uscc"),
        ({"uscc": "三" * 100_000}, "uscc"),
        ({"name": ""}, "name"),
        ({"name": "长" * 1_000_000}, "name"),
        ({"kind": "authority", "role": "operator"}, "kind"),
        ({"kind": "exchange", "role": "exchange"}, "kind"),
        ({"kind": "nothing"}, "kind"),
        ({"website": "javascript:alert(1)"}, "website"),
        ({"contact_email": "x"}, "contact_email"),
        ({"contact_phone": "call me"}, "contact_phone"),
        ({"surprise": "x"}, "surprise"),
    ],
)
def test_unusable_claims_change_nothing(more: dict[str, str], field: str) -> None:
    actor = as_actor(make.person())
    with pytest.raises(Invalid) as refused:
        claim_new(actor, **more)
    assert field in {p.field for p in refused.value.problems}
    assert all(str(p) for p in refused.value.problems)
    assert not Organisation.objects.exists()
    assert not Claim.objects.exists()


def test_a_role_that_the_kind_does_not_give_is_refused() -> None:
    assert code_of(lambda: claim_new(as_actor(make.person()), role="operator")) == (
        "people.role_not_of_kind"
    )
    assert not Organisation.objects.exists()


def test_visitors_claim_nothing() -> None:
    with pytest.raises(NotAllowed):
        claim_new(ANONYMOUS)


# --- organisations ---------------------------------------------------------------------------


def test_a_verified_name_stands_until_the_operator_changes_it() -> None:
    home = make.organisation("enterprise", uscc=make_uscc(1))
    mine = make.actor(Role.ENTERPRISE, home)

    def change(actor: Actor, **values: str) -> Organisation:
        return actions.change_organisation(actor=actor, organisation_id=home.pk, values=values)

    assert change(mine, intro="两座冷库", website="https://example.com").intro == "两座冷库"
    assert code_of(lambda: change(mine, name="改名")) == "people.verified_name"
    assert change(make.actor(Role.OPERATOR), name="改名", uscc=make_uscc(2)).name == "改名"
    with pytest.raises(NotAllowed):
        change(make.actor(Role.ENTERPRISE), intro="别人写的")
    with pytest.raises(NotAllowed):
        change(make.actor(Role.EXPERT, home), intro="专家写的")
    other = make.organisation("enterprise")
    taken = code_of(
        lambda: actions.change_organisation(
            actor=make.actor(Role.OPERATOR), organisation_id=other.pk, values={"uscc": make_uscc(2)}
        )
    )
    assert taken == "people.uscc_taken"


def test_nobody_acts_for_a_suspended_organisation() -> None:
    home = make.organisation("enterprise")
    person = make.person(Role.ENTERPRISE, home)
    operator = make.actor(Role.OPERATOR)
    actions.suspend_organisation(actor=operator, organisation_id=home.pk, reason="停业")
    assert as_actor(person).mandates == frozenset()
    assert (
        code_of(lambda: actions.verify_organisation(actor=operator, organisation_id=home.pk))
        == "people.state_changed"
    )
    actions.reinstate_organisation(actor=operator, organisation_id=home.pk)
    assert as_actor(person).mandates == {home.pk}


def test_the_operators_own_house_is_not_shut_down() -> None:
    operator = make.actor(Role.OPERATOR)
    assert operator.organisation_id is not None
    home = operator.organisation_id
    assert (
        code_of(
            lambda: actions.suspend_organisation(
                actor=operator, organisation_id=home, reason="试一试"
            )
        )
        == "people.last_operator"
    )
    assert Organisation.objects.get(pk=home).state == "verified"


def test_tags_keep_their_sources_apart() -> None:
    home = make.organisation("enterprise")
    mine, broker = make.actor(Role.ENTERPRISE, home), make.actor(Role.BROKER)
    given = {"organisation_id": home.pk, "kind": "field"}
    actions.set_stated_tags(actor=mine, codes=["green", "ai"], **given)  # type: ignore[arg-type]
    actions.set_stated_tags(actor=mine, codes=["green"], **given)  # type: ignore[arg-type]
    actions.note_tags_of_demands(actor=SYSTEM, codes=["green", "cold"], **given)  # type: ignore[arg-type]
    actions.confirm_tag(actor=broker, code="green", **given)  # type: ignore[arg-type]
    actions.confirm_tag(actor=broker, code="cold", **given)  # type: ignore[arg-type]
    actions.confirm_tag(actor=broker, code="cold", is_right=False, **given)  # type: ignore[arg-type]
    assert set(OrganisationTag.objects.values_list("code", "source")) == {
        ("green", "stated"),
        ("green", "demands"),
        ("cold", "demands"),
        ("green", "broker"),
    }
    for actor in (broker, make.actor(Role.ENTERPRISE)):
        with pytest.raises(NotAllowed):
            actions.set_stated_tags(actor=actor, codes=[], **given)  # type: ignore[arg-type]
    with pytest.raises(NotAllowed):
        actions.confirm_tag(actor=mine, code="ai", **given)  # type: ignore[arg-type]
    for codes in (["<script>"], [str(n) for n in range(31)], [""]):
        with pytest.raises(Invalid):
            actions.set_stated_tags(actor=mine, codes=codes, **given)  # type: ignore[arg-type]


# --- memberships and invitations -------------------------------------------------------------


def test_memberships_have_dates() -> None:
    operator, home, person = make.actor(Role.OPERATOR), make.organisation(), make.person()
    now = clock.now()
    given = {"actor": operator, "person_id": person.pk, "organisation_id": home.pk}
    future = actions.add_membership(
        **given, role="enterprise", starts=now + timedelta(days=1), ends=now + timedelta(days=9)
    )
    assert as_actor(person).roles == frozenset()
    actions.end_membership(actor=operator, membership_id=future.pk)
    assert not Membership.objects.filter(person=person).exists(), "it had not begun"
    held = actions.add_membership(**given, role="enterprise")
    assert actions.add_membership(**given, role="enterprise").pk == held.pk
    assert as_actor(person).roles == {Role.ENTERPRISE}
    actions.end_membership(actor=as_actor(person), membership_id=held.pk)
    assert as_actor(person).roles == frozenset()
    assert (
        code_of(lambda: actions.end_membership(actor=operator, membership_id=held.pk))
        == "people.membership_over"
    )
    assert (
        code_of(lambda: actions.add_membership(**given, role="enterprise", starts=now, ends=now))
        == "people.period_empty"
    )
    with pytest.raises(NotAllowed):
        actions.add_membership(
            actor=make.actor(Role.TTO),
            person_id=person.pk,
            organisation_id=home.pk,
            role="enterprise",
        )


def test_the_last_operator_stays() -> None:
    person = make.person(Role.OPERATOR)
    membership = Membership.objects.get(person=person)
    operator = as_actor(person)
    for do in (
        lambda: actions.end_membership(actor=operator, membership_id=membership.pk),
        lambda: actions.erase(actor=operator, person_id=person.pk),
        lambda: actions.suspend_person(actor=operator, person_id=person.pk, reason="试"),
    ):
        assert code_of(do) == "people.last_operator"
    make.person(Role.OPERATOR)
    actions.erase(actor=operator, person_id=person.pk)


def invite(actor: Actor, email: str = "qian@example.com", role: str = "enterprise") -> Invitation:
    assert actor.organisation_id is not None
    return actions.invite(
        actor=actor, organisation_id=actor.organisation_id, email=email, role=role
    )


def sent_secret(capture: Capture, actor: Actor, **more: str) -> str:
    with capture(execute=True):
        invite(actor, **more)
    found = re.search(r"/invitations/(\S+)", str(mail.outbox[-1].body))
    assert found is not None
    return found[1]


def test_a_colleague_joins_with_or_without_an_account(
    django_capture_on_commit_callbacks: Capture,
) -> None:
    mine = make.actor(Role.ENTERPRISE)
    secret = sent_secret(django_capture_on_commit_callbacks, mine)
    assert not Invitation.objects.filter(digest=secret).exists()
    welcome = actions.look_at_invitation(secret)
    assert (welcome.email, welcome.has_account) == ("qian@example.com", False)
    joined = actions.join_by_invitation(
        actor=ANONYMOUS, secret=secret, name="钱二", password=signing.PASSWORD
    )
    assert as_actor(joined).organisation_id == mine.organisation_id
    assert joined.email_verified_at is not None
    assert code_of(lambda: actions.look_at_invitation(secret)) == "people.invitation_used"
    assert code_of(lambda: invite(mine)) == "people.member_already_there"
    second = sent_secret(django_capture_on_commit_callbacks, mine, role="expert")
    assert actions.look_at_invitation(second).has_account
    assert (
        code_of(
            lambda: actions.join_by_invitation(
                actor=ANONYMOUS, secret=second, name="x", password=signing.PASSWORD
            )
        )
        == "people.account_there"
    )
    assert (
        code_of(
            lambda: actions.accept_invitation(
                actor=as_actor(make.person(email="other@example.com")), secret=second
            )
        )
        == "people.invitation_of_another"
    )
    actions.accept_invitation(actor=as_actor(joined), secret=second)
    assert as_actor(joined).roles == {Role.ENTERPRISE, Role.EXPERT}


def test_invitations_expire_are_replaced_and_withdrawn(
    django_capture_on_commit_callbacks: Capture,
) -> None:
    mine = make.actor(Role.ENTERPRISE)
    first = sent_secret(django_capture_on_commit_callbacks, mine)
    second = sent_secret(django_capture_on_commit_callbacks, mine)
    assert code_of(lambda: actions.look_at_invitation(first)) == "people.invitation_unknown"
    Invitation.objects.update(expires_at=clock.recorded_now() - timedelta(seconds=1))
    assert code_of(lambda: actions.look_at_invitation(second)) == "people.invitation_expired"
    actions.withdraw_invitation(actor=mine, invitation_id=Invitation.objects.get().pk)
    assert code_of(lambda: actions.look_at_invitation(second)) == "people.invitation_unknown"
    with pytest.raises(NotFound):
        actions.withdraw_invitation(actor=mine, invitation_id=1)


def test_only_who_speaks_for_an_organisation_invites() -> None:
    home = make.organisation()
    for actor in (make.actor(Role.EXPERT, home), make.actor(Role.TTO), ANONYMOUS):
        with pytest.raises(NotAllowed):
            actions.invite(
                actor=actor, organisation_id=home.pk, email="a@example.com", role="expert"
            )
    assert code_of(lambda: invite(make.actor(Role.ENTERPRISE), role="operator")) == (
        "people.role_not_of_kind"
    )


# --- tokens ----------------------------------------------------------------------------------


def test_a_token_acts_for_its_organisation_until_it_is_revoked() -> None:
    home, other = make.organisation(), make.organisation("university")
    person = make.person(Role.ENTERPRISE, home)
    Membership.objects.create(
        person=person, organisation=other, role="tto", period=(home.created_at, None)
    )
    mine = as_actor(person)
    token, secret = actions.create_token(
        actor=mine, person_id=person.pk, organisation_id=other.pk, name="同步"
    )
    assert token.digest != secret
    assert secret.startswith(token.prefix)
    actor = actions.use_token(secret)
    assert actor is not None
    assert (actor.organisation_id, actor.mandates, actor.roles) == (
        other.pk,
        {other.pk},
        {Role.TTO},
    )
    held = Membership.objects.get(person=person, organisation=other)
    actions.end_membership(actor=mine, membership_id=held.pk)
    assert actions.use_token(secret) == Actor(person_id=person.pk)
    with pytest.raises(NotFound):
        actions.revoke_token(actor=make.actor(Role.TTO), token_id=token.pk)
    actions.revoke_token(actor=mine, token_id=token.pk)
    actions.revoke_token(actor=mine, token_id=token.pk)
    assert actions.use_token(secret) is None


def test_tokens_end_with_their_time_and_their_person() -> None:
    person = make.person(Role.ENTERPRISE)
    given = {"actor": SYSTEM, "person_id": person.pk}
    _, expiring = actions.create_token(**given, expires_days=30)
    _, lasting = actions.create_token(**given)
    Token.objects.filter(expires_at__isnull=False).update(
        expires_at=clock.recorded_now() - timedelta(seconds=1)
    )
    assert actions.use_token(expiring) is None
    assert actions.use_token(lasting) is not None
    for strange in ("", "x", "ybj_", lasting[:-1], lasting + "x" * 1_000_000, "ybj_\x00"):
        assert actions.use_token(strange) is None
    actions.suspend_person(actor=make.actor(Role.OPERATOR), person_id=person.pk, reason="试")
    assert actions.use_token(lasting) is None


def test_tokens_are_ones_own_and_not_without_number() -> None:
    person = make.person(Role.ENTERPRISE)
    with pytest.raises(NotAllowed):
        actions.create_token(actor=make.actor(Role.OPERATOR), person_id=person.pk)
    with pytest.raises(NotAllowed):
        actions.create_token(
            actor=as_actor(person),
            person_id=person.pk,
            organisation_id=make.organisation().pk,
        )
    with pytest.raises(Invalid):
        actions.create_token(actor=SYSTEM, person_id=person.pk, expires_days=0)
    for _ in range(20):
        actions.create_token(actor=SYSTEM, person_id=person.pk)
    with pytest.raises(Conflict):
        actions.create_token(actor=SYSTEM, person_id=person.pk)


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


# --- one rule, three answers -----------------------------------------------------------------


def test_may_which_and_who_agree() -> None:
    home, other = make.organisation(), make.organisation("university")
    persons = [
        make.person(),
        make.person(Role.OPERATOR),
        make.person(Role.BROKER),
        make.person(Role.ENTERPRISE, home),
        make.person(Role.EXPERT, home),
        make.person(Role.TTO, other),
    ]
    both = make.person(Role.ENTERPRISE, home)
    Membership.objects.create(
        person=both, organisation=other, role="tto", period=(home.created_at, None)
    )
    persons.append(both)
    for person in persons:
        actions.create_token(actor=SYSTEM, person_id=person.pk)
        actions.open_session(actor=SYSTEM, person_id=person.pk, session_key=f"k{person.pk}")
    for state in ("pending", "refused"):
        Claim.objects.create(
            person=persons[0], organisation=home, role="expert", state=state, made_at=clock.now()
        )
    actors = [
        (person, queries.actor_of(person, organisation))
        for person in persons
        for organisation in ([home.pk, other.pk] if person == both else [None])
    ]
    rules: list[tuple[Any, Any]] = [
        (policy.CHANGE_ORGANISATION, Organisation),
        (policy.INVITE, Organisation),
        (policy.JUDGE_ORGANISATION, Organisation),
        (policy.CONFIRM_TAG, Organisation),
        (policy.DECIDE_CLAIM, Claim),
        (policy.END_MEMBERSHIP, Membership),
        (policy.REVOKE_TOKEN, Token),
        (policy.END_SESSION, BrowserSession),
        (policy.ERASE, Person),
    ]
    seen = set()
    for rule, table in rules:
        for subject in table.objects.all():
            who = set(rule.who(subject).values_list("pk", flat=True))
            allowed = set()
            for person, actor in actors:
                answer = rule.may(actor, subject)
                assert answer.allowed == rule.which(actor).filter(pk=subject.pk).exists(), rule.verb
                assert answer.allowed or answer.reason
                seen.add((rule.verb, answer.allowed))
                if answer.allowed:
                    allowed.add(person.pk)
            assert who == allowed, rule.verb
            assert not rule.may(ANONYMOUS, subject).allowed
            assert not rule.which(ANONYMOUS).filter(pk=subject.pk).exists()
    assert len(seen) == 2 * len(rules), "each rule says yes to some and no to others"
