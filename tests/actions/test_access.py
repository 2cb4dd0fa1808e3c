"""T7: who runs the site looks into what an owner keeps to itself under a grant alone, which has a
reason and an end and which the owner sees."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from tests import make
from tests.faces.calling import client_of, get, is_problem, post
from tests.faces.matching import match_between
from tests.faces.pages import Visitor, publish, text_of
from tests.ledger import new_id
from yangbanjian.engines.matching import queries as matching
from yangbanjian.ground.access import actions as access
from yangbanjian.ground.access import queries
from yangbanjian.ground.clock import actions as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.files import actions as files
from yangbanjian.ground.files import queries as file_queries
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.ledger import actions as ledger_actions
from yangbanjian.ground.ledger import queries as ledger
from yangbanjian.ground.messages import queries as inbox
from yangbanjian.ground.people import queries as people
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound
from yangbanjian.libraries.achievements import actions as achievements
from yangbanjian.libraries.achievements.queries import LIBRARY as ACHIEVEMENTS
from yangbanjian.libraries.demands.queries import LIBRARY as DEMANDS
from yangbanjian.libraries.records import queries as records

pytestmark = pytest.mark.django_db


def needs_access(sight: Any, owner_id: int | None) -> None:
    """It is refused with whose it is."""
    with pytest.raises(NotAllowed) as refused:
        sight()
    assert (refused.value.code, refused.value.params) == ("access.needed", {"owner_id": owner_id})


def reads(operator: Actor, library: Any, record: Any) -> Any:
    with acting(operator):
        return records.get(library, operator, record.pk)


def test_T7_private_records_open_with_a_grant_and_close_with_it() -> None:
    owner, operator = make.actor(Role.ENTERPRISE), make.actor(Role.OPERATOR)
    draft = make.demand(owner)
    hidden = publish(make.demand(owner, title="只给经理人", visibility="brokers"), "demands")
    for record in (draft, hidden):
        needs_access(lambda r=record: reads(operator, DEMANDS, r), owner.organisation_id)
        with acting(operator):
            assert not DEMANDS.model.objects.filter(pk=record.pk).exists(), "the wall itself"
    (grant,) = make.look_in(operator, owner.organisation_id)  # type: ignore[arg-type]
    for record in (draft, hidden):
        assert reads(operator, DEMANDS, record).pk == record.pk
    # Theirs alone: a colleague opens their own.
    needs_access(lambda: reads(make.actor(Role.OPERATOR), DEMANDS, draft), owner.organisation_id)
    access.end_access(actor=make.actor(Role.OPERATOR), grant_id=grant.pk)
    needs_access(lambda: reads(operator, DEMANDS, draft), owner.organisation_id)
    with pytest.raises(Conflict):
        access.end_access(actor=operator, grant_id=grant.pk)


def test_T7_a_grant_ends_by_the_database_clock(settings: Any) -> None:
    settings.YBJ_SANDBOX = True
    make.sandbox()
    owner, operator = make.actor(Role.TTO), make.actor(Role.OPERATOR)
    draft = make.achievement(owner)
    make.look_in(operator, owner.organisation_id, hours=8)  # type: ignore[arg-type]
    clock.advance(actor=SYSTEM, by=timedelta(hours=7, minutes=59))
    assert reads(operator, ACHIEVEMENTS, draft).pk == draft.pk
    clock.advance(actor=SYSTEM, by=timedelta(minutes=2))
    needs_access(lambda: reads(operator, ACHIEVEMENTS, draft), owner.organisation_id)


def test_T7_what_the_office_needs_it_sees_without() -> None:
    """The queue of what was handed in, what is public, what they entered for an owner."""
    owner, operator = make.actor(Role.TTO), make.actor(Role.OPERATOR)
    handed = make.achievement(owner)
    achievements.move(actor=owner, record_id=handed.pk, name="submit")
    assert reads(operator, ACHIEVEMENTS, handed).pk == handed.pk
    with acting(operator):
        assert [r.pk for r in records.waiting(ACHIEVEMENTS)] == [handed.pk]
    sent_back = achievements.move(
        actor=operator, record_id=handed.pk, name="return", reason="请补实测"
    )
    assert sent_back.state == "draft"
    needs_access(lambda: reads(operator, ACHIEVEMENTS, handed), owner.organisation_id)
    needs_access(
        lambda: achievements.move(actor=operator, record_id=handed.pk, name="submit"),
        owner.organisation_id,
    )
    entered = achievements.add(
        actor=operator, owner_id=owner.organisation_id, values={"title": "代录", "abstract": "代为录入。"}
    )  # fmt: skip
    assert reads(operator, ACHIEVEMENTS, entered).pk == entered.pk


def test_T7_versions_before_publication_are_kept() -> None:
    owner, operator = make.actor(Role.TTO), make.actor(Role.OPERATOR)
    record = make.achievement(owner)
    achievements.revise(actor=owner, record_id=record.pk, values={"title": "改过的名称"})
    record = publish(record, "achievements")
    with acting(operator):
        seen = [v.version for v in records.history(ACHIEVEMENTS, operator, record)]
    assert seen == [2]
    make.look_in(operator, owner.organisation_id)  # type: ignore[arg-type]
    with acting(operator):
        seen = [v.version for v in records.history(ACHIEVEMENTS, operator, record)]
    assert seen == [2, 1]


def test_T7_introductions_and_contacts() -> None:
    match = match_between(make.actor(Role.ENTERPRISE), make.actor(Role.TTO))
    operator = make.actor(Role.OPERATOR)
    with acting(operator):
        needs_access(lambda: matching.match(operator, match.pk), match.seeker_id)
        assert not matching.matches(operator).exists()
    make.look_in(operator, match.provider_id)
    with acting(operator):
        assert matching.match(operator, match.pk).pk == match.pk


def test_T7_files_and_accounts() -> None:
    owner, operator = make.actor(Role.TTO), make.actor(Role.OPERATOR)
    kept = files.attach(actor=owner, content=b"kept inside", name="a.txt")
    key = new_id()
    ledger_actions.open_account(
        actor=SYSTEM, key=key, owner_id=owner.organisation_id, code="deposit", asset="CNY",
        is_limited=True,
    )  # fmt: skip

    def looked_at() -> None:
        with acting(operator):
            file_queries.opened(operator, kept.sha256)
            ledger.account(operator, key)

    needs_access(looked_at, owner.organisation_id)
    with acting(operator):
        needs_access(lambda: ledger.account(operator, key), owner.organisation_id)
    make.look_in(operator, owner.organisation_id)  # type: ignore[arg-type]
    looked_at()


def test_T7_the_owner_is_told_and_reads_why() -> None:
    person = make.person(Role.TTO)
    owner, operator = people.actor_of(person), make.actor(Role.OPERATOR)
    (grant,) = make.look_in(operator, owner.organisation_id)  # type: ignore[arg-type]
    entry = Entry.objects.get(verb="access.opened")
    assert (entry.owner_id, entry.audience, entry.subject_id) == (
        owner.organisation_id, "parties", grant.pk,
    )  # fmt: skip
    assert entry.edition == "access_terms/site/1"
    assert entry.remark.text == "核对一条记录的原文"
    with acting(owner):
        assert [n.topic for n in inbox.inbox(owner)] == ["access"]
        (look,) = queries.looks(owner, list(queries.grants(owner)))
    assert look.reason == "核对一条记录的原文"
    assert look.person
    stranger = make.actor(Role.TTO)
    with acting(stranger):
        assert not queries.grants(stranger).exists()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(("reason", "hours"), [("", 8), ("  看 ", 8), ("核对一条记录", 0),
                                               ("核对一条记录", 73), ("核对一条记录", None)])  # fmt: skip
def test_T7_a_reason_and_an_end_are_asked(reason: str, hours: int | None) -> None:
    owner, operator = make.actor(Role.TTO), make.actor(Role.OPERATOR)
    assert owner.organisation_id is not None
    with pytest.raises(Invalid):
        access.open_access(
            actor=operator, owner_id=owner.organisation_id, reason=reason, hours=hours
        )
    assert not Entry.objects.filter(verb__startswith="access").exists()


def test_T7_operators_alone_open_and_end() -> None:
    owner = make.actor(Role.TTO)
    assert owner.organisation_id is not None
    (grant,) = make.look_in(make.actor(Role.OPERATOR), owner.organisation_id)
    for role in set(Role) - {Role.OPERATOR}:
        actor = make.actor(role)
        with pytest.raises(NotAllowed):
            make.look_in(actor, owner.organisation_id)
        with pytest.raises(NotAllowed):
            access.end_access(actor=actor, grant_id=grant.pk)
    with pytest.raises(NotFound):
        make.look_in(make.actor(Role.OPERATOR), 10**12)


def test_T7_over_the_api() -> None:
    operator, owner = client_of(make.person(Role.OPERATOR)), make.person(Role.ENTERPRISE)
    mine = people.actor_of(owner).organisation_id
    demand = make.demand(people.actor_of(owner))
    path = f"/demands/{demand.pk}"
    refused = get(operator, path)
    assert is_problem(refused, 403, "access.needed")
    assert refused.json()["owner_id"] == mine
    body = {"owner_id": mine, "reason": "核对一条举报的原文", "hours": 4}
    made = post(operator, "/access", body)
    assert made.status_code == 201
    assert made.json()["is_open"]
    assert get(operator, path).json()["id"] == demand.pk
    # Its people read the whole reason, or there is no look.
    long = {**body, "reason": "核" * 501}
    assert post(operator, "/access", long).status_code == 422
    (seen,) = get(client_of(owner), "/access").json()["items"]
    assert (seen["reason"], seen["hours"]) == ("核对一条举报的原文", 4)
    assert is_problem(post(client_of(owner), "/access", body), 403, "access.operators_only")
    assert post(operator, f"/access/{made.json()['id']}/end", {}).json()["is_open"] is False
    assert is_problem(get(operator, path), 403, "access.needed")


def test_T7_on_the_pages() -> None:
    operator, owner = Visitor(Role.OPERATOR), Visitor(Role.ENTERPRISE)
    demand = make.demand(owner.actor)
    refused = operator.get(f"/demands/{demand.pk}")
    assert refused.status_code == 403
    form = f"/desk/access?owner={owner.actor.organisation_id}"
    assert form in text_of(refused)
    sent = {"do": "open", "owner": str(owner.actor.organisation_id), "reason": "太短", "hours": "9",
            "next": f"/demands/{demand.pk}"}  # fmt: skip
    assert operator.post(form, sent).status_code == 422
    assert operator.post(form, {**sent, "owner": "没有这个单位"}).status_code == 422
    opened = operator.post(form, {**sent, "reason": "核对举报里引用的原文"})
    assert opened.status_code == 302
    assert opened.url == f"/demands/{demand.pk}"
    assert operator.get(f"/demands/{demand.pk}").status_code == 200
    seen = text_of(owner.get("/desk/access"))
    assert "谁查阅过我的资料" in seen
    assert "核对举报里引用的原文" in seen
    assert "打开查阅" not in seen
    grant = queries.grants(SYSTEM).get()
    assert operator.post("/desk/access", {"do": "end", "grant": grant.pk}).status_code == 302
    assert operator.get(f"/demands/{demand.pk}").status_code == 403
    assert "提前结束" in text_of(owner.get("/desk/access"))
