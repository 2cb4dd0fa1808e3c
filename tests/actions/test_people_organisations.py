"""Claims, organisations and their tags."""

from __future__ import annotations

import pytest
from django.core import mail

from tests import make
from tests.accounts import Capture, as_actor, claim_new, code_of
from yangbanjian.ground.journal.models import Remark
from yangbanjian.ground.people import actions
from yangbanjian.ground.people.models import Claim, Membership, Organisation, OrganisationTag
from yangbanjian.kernel.actor import ANONYMOUS, SYSTEM, Actor, Role
from yangbanjian.kernel.identifiers import make_uscc
from yangbanjian.kernel.refusals import Invalid, NotAllowed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fast_passwords")]


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
