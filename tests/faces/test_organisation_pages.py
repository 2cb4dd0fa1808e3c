"""The pages of organisations and people, as a browser without script sees them."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import make, signing
from tests.faces.desks import PASSWORD, Capture, desk, known, letter_link
from yangbanjian.ground.people.models import (
    Claim,
    Invitation,
    Membership,
    Organisation,
    OrganisationTag,
)
from yangbanjian.kernel.actor import Role
from yangbanjian.kernel.identifiers import make_uscc

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fast_passwords")]


def test_an_organisation_is_described_tagged_and_joined(
    client: Client, django_capture_on_commit_callbacks: Capture
) -> None:
    home = make.organisation("enterprise", name="青桥冷链")
    signing.come_in(client, known(of=home))
    path = "/desk/organisation"
    answer = desk(client, path, do="profile", name="青桥冷链", intro="两座冷库", website="ftp://x")
    assert answer.status_code == 422
    assert "网址请以" in answer.content.decode()
    assert desk(client, path, do="profile", name="青桥冷链", intro="两座冷库").status_code == 302
    assert desk(client, path, do="tags", industries="没有这一行").status_code == 422
    assert desk(client, path, do="tags", fields=["design", "nothing"]).status_code == 422
    assert desk(client, path, do="tags", chains="很长" * 30).status_code == 422
    assert not OrganisationTag.objects.exists()
    answer = desk(
        client, path, do="tags", fields=["design"], industries="农业，C35", chains="冷链，海洋装备"
    )
    assert answer.status_code == 302
    assert set(OrganisationTag.objects.values_list("kind", "code", "source")) == {
        ("field", "design", "stated"),
        ("industry", "01", "stated"),
        ("industry", "35", "stated"),
        ("chain", "冷链", "stated"),
        ("chain", "海洋装备", "stated"),
    }
    assert "智能设计" in client.get(path).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        answer = desk(client, path, do="invite", email="qian@example.com", role="enterprise")
    assert answer.status_code == 302
    link = letter_link("/invitations/")
    other = Client()
    assert "青桥冷链" in other.get(link).content.decode()
    assert other.post(link, {"do": "join", "name": "", "password": "1"}).status_code == 422
    joined = other.post(link, {"do": "join", "name": "钱二", "password": PASSWORD})
    assert joined.url == "/desk/organisation"
    assert "钱二" in client.get(path).content.decode()
    member = Membership.objects.get(person__name="钱二")
    assert desk(client, path, do="end_member", id=member.pk).status_code == 302
    assert "钱二" not in client.get(path).content.decode()


def test_an_invitation_of_another_is_refused(
    client: Client, django_capture_on_commit_callbacks: Capture
) -> None:
    signing.come_in(client, known())
    with django_capture_on_commit_callbacks(execute=True):
        desk(client, "/desk/organisation", do="invite", email="qian@example.com", role="expert")
    other = Client()
    signing.come_in(other, make.person(email="sun@example.com"))
    assert other.post(letter_link("/invitations/"), {"do": "accept"}).status_code == 422
    assert Invitation.objects.get().accepted_at is None


def test_a_wrong_code_is_named_and_a_known_one_becomes_a_claim(client: Client) -> None:
    theirs = make.organisation("enterprise", name="青桥冷链", uscc=make_uscc(9))
    signing.come_in(client, known(None))
    new = {"do": "claim_new", "kind": "enterprise", "name": "另一名称", "role": "enterprise"}
    answer = desk(client, "/desk/organisation", **new, uscc=make_uscc(9)[:-1] + "?")
    assert answer.status_code == 422
    assert "不能用在代码里" in answer.content.decode()
    assert desk(client, "/desk/organisation", **new, uscc=make_uscc(9)).status_code == 302
    assert Claim.objects.get().organisation == theirs
    assert not Membership.objects.exists()


def test_finding_and_claiming_a_known_organisation(client: Client) -> None:
    theirs = make.organisation("university", name="青桥大学")
    signing.come_in(client, known(None))
    assert f"?claim={theirs.pk}" in client.get("/desk/organisation?q=青桥").content.decode()
    page = client.get(f"/desk/organisation?claim={theirs.pk}").content.decode()
    assert 'value="claim_known"' in page
    answer = desk(
        client,
        "/desk/organisation",
        do="claim_known",
        organisation_id=theirs.pk,
        role="tto",
        evidence="科技处",
    )
    assert answer.status_code == 302
    assert Claim.objects.get().evidence == "科技处"


def test_the_operator_judges(client: Client) -> None:
    signing.come_in(client, known(Role.OPERATOR))
    claimed = make.organisation("enterprise", name="待核实公司", state="claimed")
    claim = Claim.objects.create(
        person=make.person(), organisation=claimed, role="enterprise", made_at=claimed.created_at
    )
    path = "/desk/organisations"
    assert "待核实公司" in client.get(path + "?q=待核实&state=claimed").content.decode()
    assert desk(client, path, do="refuse", id=claim.pk, reason="").status_code == 422
    assert desk(client, path, do="approve", id=claim.pk).status_code == 302
    claimed.refresh_from_db()
    assert claimed.state == "verified"
    assert desk(client, path, do="approve", id=claim.pk).status_code == 422
    one = f"{path}/{claimed.pk}"
    assert client.get(one).status_code == 200
    assert desk(client, one, do="suspend", id=claimed.pk, reason="停业").status_code == 302
    assert desk(client, one, do="reinstate", id=claimed.pk).status_code == 302
    assert desk(client, path, do="add", kind="society", name="青桥制冷学会").status_code == 302
    assert Organisation.objects.get(name="青桥制冷学会").state == "verified"
    assert client.get(f"{path}/999999").status_code == 404


def test_the_operator_keeps_people_out_and_lets_them_in(client: Client) -> None:
    me = signing.come_in(client, known(Role.OPERATOR))
    other = make.person(Role.TTO, name="钱二")
    page = client.get("/desk/people?q=钱二").content.decode()
    assert "钱二" in page
    assert 'value="suspend"' in page
    assert desk(client, "/desk/people", do="suspend", id=other.pk, reason="冒名").status_code == 302
    assert "已停用" in client.get("/desk/people?state=suspended").content.decode()
    assert desk(client, "/desk/people", do="reinstate", id=other.pk).status_code == 302
    assert desk(client, "/desk/people", do="erase", id=other.pk).status_code == 302
    answer = desk(client, "/desk/people", do="erase", id=me.pk)
    assert answer.status_code == 422
    assert "最后一位运营人员" in answer.content.decode()
    for query in ("?page=9999", "?page=x", "?q=%00", "?state=zzz", "?page=" + "9" * 50):
        assert client.get("/desk/people" + query).status_code == 200


@pytest.mark.parametrize("path", ["/desk/people", "/desk/organisations"])
def test_others_are_told_who_can_help(client: Client, path: str) -> None:
    signing.come_in(client, known())
    answer = client.get(path)
    assert answer.status_code == 403
    assert "请联系运营人员" in answer.content.decode()
    assert client.get(f"/desk/organisations/{make.organisation().pk}").status_code == 403
    assert Client().get(path).url.startswith("/login?next=")


def test_a_broker_confirms_tags_but_changes_nothing_else(client: Client) -> None:
    signing.come_in(client, known(Role.BROKER))
    theirs = make.organisation("enterprise", name="青桥冷链")
    path = f"/desk/organisations/{theirs.pk}"
    answer = desk(client, path, do="confirm_tag", kind="field", code="green", is_right="on")
    assert answer.status_code == 302
    assert OrganisationTag.objects.get().source == "broker"
    assert desk(client, path, do="profile", name="改名").status_code == 403
    assert desk(client, path, do="suspend", id=theirs.pk, reason="x").status_code == 422
    theirs.refresh_from_db()
    assert (theirs.name, theirs.state) == ("青桥冷链", "verified")
