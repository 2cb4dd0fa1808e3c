"""Signing in by another provider's word, and tying it to one's account: what opens, what does not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from tests import make, providing, signing
from tests.providing import FAKE, ISSUER
from yangbanjian.faces.cli import health
from yangbanjian.faces.web import people_provider
from yangbanjian.ground.people import actions
from yangbanjian.ground.people.models import BrowserSession, Identity, Person
from yangbanjian.ground.people.providers import Proven
from yangbanjian.ground.people.queries import actor_of
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.refusals import Conflict, NotAllowed, NotFound

pytestmark = pytest.mark.django_db
BACK = "/login/provider/back"
SECURITY = "/desk/account/security"


@pytest.fixture(autouse=True)
def _configured(settings: Any, tmp_path: Path) -> None:
    settings.PASSWORD_HASHERS = signing.FAST
    settings.STATIC_ROOT = tmp_path
    settings.YBJ_IDENTITY_PROVIDER = providing.PATH
    FAKE.__init__()  # type: ignore[misc]
    FAKE.words = {"zhao": "42", "qian": "43"}


def known(role: Role = Role.ENTERPRISE, **values: Any) -> Person:
    return signing.with_password(make.person(role, **values))


def linked(subject: str = "42", **values: Any) -> Person:
    person = known(**values)
    actions.link_identity(
        actor=actor_of(person), person_id=person.pk, proven=Proven(ISSUER, subject)
    )
    return person


def begun(client: Client, path: str = "/login/provider") -> str:
    """The state that the browser is sent away with."""
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"{ISSUER}/authorize?")
    return state_of(answer["Location"])


def state_of(address: str) -> str:
    return parse_qs(urlsplit(address).query)["state"][0]


def returned(client: Client, state: str, code: str = "zhao", **more: str) -> Any:
    return client.get(BACK, {"state": state, "code": code, **more})


def who(client: Client) -> int | None:
    key = client.session.session_key
    found = BrowserSession.objects.filter(session_key=key).first()
    return found.person_id if found else None


def told(answer: Any) -> str:
    return " ".join(str(m) for m in get_messages(answer.wsgi_request))


# --- signing in ------------------------------------------------------------------------------


def test_nothing_of_it_exists_without_the_setting(client: Client, settings: Any) -> None:
    settings.YBJ_IDENTITY_PROVIDER = ""
    assert "/login/provider" not in client.get("/login").content.decode()
    assert client.get("/login/provider").status_code == 404
    assert client.get(f"{BACK}?state=x").status_code == 404
    signing.come_in(client, known())
    assert 'value="link"' not in client.get(SECURITY).content.decode()
    assert client.post(SECURITY, {"do": "link", "old_password": "x"}).status_code == 422


def test_the_button_leads_there_and_the_word_leads_in(client: Client) -> None:
    person = linked()
    said = client.get("/login?next=/demands").content.decode()
    assert "用市民身份平台登录" in said
    assert 'href="/login/provider?next=/demands"' in said
    state = begun(client, "/login/provider?next=/demands")
    before = client.session.session_key
    answer = returned(client, state)
    assert answer["Location"] == "/demands"
    assert who(client) == person.pk
    # A key that somebody knew before the sign-in opens nothing after it.
    assert client.session.session_key != before
    assert FAKE.asked == [
        {"state": state, "code": "zhao", "redirect": "http://127.0.0.1:8000" + BACK}
    ]


def test_the_second_factor_is_asked_as_after_a_password(client: Client) -> None:
    person = linked()
    actor = Actor(person_id=person.pk)
    setup = actions.begin_second_factor(actor=actor, person_id=person.pk, issuer="x")
    actions.confirm_second_factor(
        actor=actor, person_id=person.pk, code=signing.code_of(setup.secret, -1)
    )
    assert returned(client, begun(client))["Location"] == "/login/second"
    assert who(client) is None
    answer = client.post("/login/second", {"code": signing.code_of(setup.secret)})
    assert answer["Location"] == "/desk/"
    assert who(client) == person.pk


def test_a_word_is_good_once_and_for_its_own_browser(client: Client) -> None:
    linked()
    state, other = begun(client), Client()
    # Nobody's, another browser's, an older one, one that was used: none of them even asks there.
    for browser, word in ((other, state), (client, "x" * 43)):
        answer = returned(browser, word)
        assert "没有" not in told(answer)
        assert "不是从本页开始的" in told(answer)
    assert "不是从本页开始的" in told(returned(client, state))  # spent by the wrong word
    first, second = begun(client), begun(client)
    assert "不是从本页开始的" in told(returned(client, first))
    del second
    assert FAKE.asked == []
    good = begun(client)
    assert returned(client, good).status_code == 302
    assert len(FAKE.asked) == 1
    client.post("/logout")
    assert "不是从本页开始的" in told(returned(client, good))
    assert len(FAKE.asked) == 1


def test_a_word_is_good_for_ten_minutes(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    linked()
    state = begun(client)
    later = people_provider.clock.recorded_now() + timedelta(minutes=11)
    monkeypatch.setattr(people_provider.clock, "recorded_now", lambda: later)
    assert "超过了 10 分钟" in told(returned(client, state))
    assert FAKE.asked == []


def test_who_signed_in_meanwhile_is_not_made_somebody_else(client: Client) -> None:
    linked()
    state, other = begun(client), known(username="qian")
    client.post("/login", {"username": "qian", "password": signing.PASSWORD})
    returned(client, state)
    assert who(client) == other.pk
    assert FAKE.asked == []


@pytest.mark.parametrize(
    "word", ["", " ", "a\x00b", "x" * 256, OSError("no route"), KeyError], ids=repr
)
def test_a_provider_that_fails_opens_nothing(client: Client, word: Any) -> None:
    linked()
    if word is KeyError:
        del FAKE.words["zhao"]
    else:
        FAKE.words["zhao"] = word
    answer = returned(client, begun(client))
    assert answer["Location"].startswith("/login")
    assert "没有完成" in told(answer)
    assert who(client) is None
    FAKE.address = "javascript:alert(1)//"
    assert client.get("/login/provider")["Location"].startswith("/login?")


def test_unknown_and_suspended_people_stay_outside(client: Client) -> None:
    assert "还没有和本站账号关联" in told(returned(client, begun(client)))
    person = linked()
    Person.objects.filter(pk=person.pk).update(is_active=False)
    assert returned(client, begun(client))["Location"].startswith("/login")
    assert who(client) is None


# --- linking ---------------------------------------------------------------------------------


def test_linking_wants_the_owner_and_then_opens_the_account(client: Client) -> None:
    person = signing.come_in(client, known())
    assert "市民身份平台" in client.get(SECURITY).content.decode()
    wrong = client.post(SECURITY, {"do": "link", "old_password": "wrong"})
    assert wrong.status_code == 422
    page = client.post(SECURITY, {"do": "link", "old_password": signing.PASSWORD})
    said = page.content.decode()
    state = said.partition("state=")[2].partition("&")[0]
    answer = returned(client, state)
    assert answer["Location"] == f"{SECURITY}#identities"
    (identity,) = Identity.objects.all()
    assert (identity.person_id, identity.issuer, identity.subject) == (person.pk, ISSUER, "42")
    assert ISSUER in client.get(SECURITY).content.decode()
    stranger = Client()
    returned(stranger, begun(stranger))
    assert who(stranger) == person.pk
    client.post(SECURITY, {"do": "unlink", "id": identity.pk})
    assert not Identity.objects.exists()


def test_a_way_in_never_links_and_a_link_never_signs_in(client: Client) -> None:
    """What was begun to sign in does not tie an identity to whoever is here when it ends."""
    state = begun(client)
    signing.come_in(client, known())
    returned(client, state)
    assert not Identity.objects.exists()
    page = client.post(SECURITY, {"do": "link", "old_password": signing.PASSWORD})
    state = page.content.decode().partition("state=")[2].partition("&")[0]
    client.post("/logout")
    returned(client, state)
    assert who(client) is None
    assert not Identity.objects.exists()


def test_linking_cannot_be_forged_by_another_site() -> None:
    client = Client(enforce_csrf_checks=True)
    signing.come_in(client, known())
    forged = client.post(SECURITY, {"do": "link", "old_password": signing.PASSWORD})
    assert forged.status_code == 403
    # Merely being led there while signed in begins nothing.
    assert client.get("/login/provider")["Location"] == "/desk/"


def test_who_must_have_a_second_factor_sets_it_up_first() -> None:
    operator = known(Role.OPERATOR)
    actor = actor_of(operator)
    with pytest.raises(NotAllowed) as refused:
        actions.prove_owner(actor=actor, person_id=operator.pk, password=signing.PASSWORD)
    assert refused.value.code == "people.second_factor_before_link"
    with pytest.raises(NotAllowed):
        actions.link_identity(actor=actor, person_id=operator.pk, proven=Proven(ISSUER, "42"))
    assert not Identity.objects.exists()


def test_with_a_second_factor_the_code_is_wanted_too(client: Client) -> None:
    person = signing.come_in(client, known())
    actor = Actor(person_id=person.pk)
    setup = actions.begin_second_factor(actor=actor, person_id=person.pk, issuer="x")
    actions.confirm_second_factor(
        actor=actor, person_id=person.pk, code=signing.code_of(setup.secret, -1)
    )
    given = {"do": "link", "old_password": signing.PASSWORD}
    assert client.post(SECURITY, given).status_code == 422
    code = signing.code_of(setup.secret)
    assert client.post(SECURITY, {**given, "code": code}).status_code == 200


def test_an_identity_belongs_to_one_account(settings: Any) -> None:
    person, other = linked(email="zhao@example.com"), known()
    again = actions.link_identity(
        actor=actor_of(person), person_id=person.pk, proven=Proven(ISSUER, "42")
    )
    assert Identity.objects.get() == again
    with pytest.raises(Conflict) as refused:
        actions.link_identity(
            actor=actor_of(other), person_id=other.pk, proven=Proven(ISSUER, "42")
        )
    assert refused.value.code == "people.identity_taken"
    for somebody in (actor_of(other), make.actor(Role.OPERATOR)):
        with pytest.raises(NotAllowed):
            actions.link_identity(actor=somebody, person_id=person.pk, proven=Proven(ISSUER, "9"))
        with pytest.raises(NotFound):
            actions.unlink_identity(actor=somebody, identity_id=again.pk)
    assert Identity.objects.get() == again


def test_there_is_an_end_to_identities() -> None:
    person = known()
    for n in range(5):
        actions.link_identity(
            actor=actor_of(person), person_id=person.pk, proven=Proven(ISSUER, str(n))
        )
    with pytest.raises(Conflict) as refused:
        actions.link_identity(
            actor=actor_of(person), person_id=person.pk, proven=Proven(ISSUER, "5")
        )
    assert refused.value.code == "people.too_many_identities"


# --- what the operator is told ---------------------------------------------------------------


def test_doctor_says_whether_the_adapter_is_there(settings: Any) -> None:
    def said() -> list[tuple[bool, str]]:
        return [(c.ok, c.sentence) for c in health._provider()]

    assert said() == [(True, "已接入市民身份平台。")]
    settings.YBJ_IDENTITY_PROVIDER = ""
    assert said() == []
    for path in ("no.such.thing", "tests.providing.NOTHING", "nodots"):
        settings.YBJ_IDENTITY_PROVIDER = path
        ((is_right, sentence),) = said()
        assert not is_right
        assert "请改正变量" in sentence
    settings.YBJ_IDENTITY_PROVIDER = "tests.providing.ISSUER"
    assert "缺少" in said()[0][1]
