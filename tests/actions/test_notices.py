"""Decision, public notice, objection and ruling, duties, the register: on the database."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests import make
from yangbanjian.ground.clock import actions as clock_actions
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.clock.jobs import run_due
from yangbanjian.ground.journal.models import Entry
from yangbanjian.kernel.actor import ANONYMOUS, SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound
from yangbanjian.libraries.achievements import actions as achievements
from yangbanjian.market.trading import actions, queries
from yangbanjian.market.trading.models import NoticeVersion, Objection, PublicNotice

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _in_a_sandbox(settings: Any) -> None:
    settings.YBJ_SANDBOX = True
    make.sandbox()


@pytest.fixture
def university() -> Any:
    return make.organisation("university", region="330106")


@pytest.fixture
def tto(university: Any) -> Actor:
    return make.actor(Role.TTO, university)


@pytest.fixture
def exchange() -> Actor:
    return make.actor(Role.EXCHANGE, make.organisation("exchange"))


def brought(tto: Actor, **values: Any) -> Any:
    """A university's service invention, complete enough for the floor."""
    said = {
        "is_service": True, "is_fiscally_funded": True, "is_export_controlled": False,
        "holders": [{"name": "东湖大学", "share_percent": "100"}],
        "completers": [{"name": "沈知行"}], **values,
    }  # fmt: skip
    record = make.achievement(tto, **said)
    achievements.move(actor=tto, record_id=record.pk, name="submit")
    if queries.achievement(tto, record.pk).state == "submitted":
        achievements.move(actor=make.actor(Role.OPERATOR), record_id=record.pk, name="approve")
    return queries.achievement(tto, record.pk)


def said(**values: Any) -> dict[str, Any]:
    return {
        "deal_mode": "transfer", "price_mode": "agreement", "price_fen": 3_000_000_00,
        "is_related": False, "related_statement": "", "days": None, **values,
    }  # fmt: skip


def opened(tto: Actor, **values: Any) -> PublicNotice:
    record = brought(tto)
    drafted = actions.draft_notice(actor=tto, achievement_id=record.pk, values=said(**values))
    return actions.open_notice(actor=tto, notice_id=drafted.pk)


def advance(by: timedelta) -> None:
    clock_actions.advance(actor=SYSTEM, by=by)
    assert not run_due().failed


def fresh(one: Any) -> Any:
    return type(one).objects.get(pk=one.pk)


def test_a_notice_stands_its_fifteen_days_and_ends_by_itself(tto: Actor) -> None:
    one = opened(tto)
    first = clock.today()

    assert one.edition.label == "notice_days/330000/1"
    assert queries.counted(one).last == first + 14 * DAY
    assert one.closes_at.astimezone(clock.site_zone()).date() == first + 15 * DAY
    with pytest.raises(Conflict) as refused:
        actions.end_notice(actor=tto, notice_id=one.pk)
    assert refused.value.code == "notices.not_due"
    advance(13 * DAY)
    assert fresh(one).state == "open"
    advance(2 * DAY)

    assert fresh(one).state == "ended"
    assert actions.end_notice(actor=tto, notice_id=one.pk).state == "ended"


def test_an_objection_stops_the_days_and_its_dismissal_lets_them_go_on(
    tto: Actor, exchange: Actor
) -> None:
    one = opened(tto)
    buyer = make.actor(Role.ENTERPRISE)
    advance(5 * DAY)
    made = actions.object_to(actor=buyer, notice_id=one.pk, text="完成人里漏了一位。")
    assert fresh(one).state == "paused"
    advance(40 * DAY)
    assert fresh(one).state == "paused"
    before = fresh(one)
    ruled = actions.rule(
        actor=tto, objection_id=made.pk, outcome="dismissed", reason="已核对署名。"
    )

    assert ruled.state == "dismissed"
    after = fresh(one)
    assert after.state == "open"
    waited = after.closes_at - before.closes_at
    assert timedelta(days=40) <= waited < timedelta(days=40, minutes=1)
    advance(9 * DAY)
    assert fresh(one).state == "open"
    advance(2 * DAY)
    assert fresh(one).state == "ended"


def test_one_of_two_objections_still_waiting_keeps_it_paused_and_one_upheld_stops_it(
    tto: Actor,
) -> None:
    one = opened(tto)
    first, second = (
        actions.object_to(actor=make.actor(Role.EXPERT), notice_id=one.pk, text="有异议。")
        for _ in range(2)
    )
    actions.rule(actor=tto, objection_id=first.pk, outcome="dismissed", reason="不成立。")
    assert fresh(one).state == "paused"
    actions.rule(actor=tto, objection_id=second.pk, outcome="upheld", reason="成立。")
    assert fresh(one).state == "stopped"
    changed = actions.change_notice(
        actor=tto, notice_id=one.pk, reason="按异议补充完成人", values={"price_fen": 2_800_000_00}
    )

    assert (changed.state, changed.version, changed.price_fen) == ("open", 2, 2_800_000_00)
    kept = NoticeVersion.objects.get(notice=one)
    assert (kept.version, kept.content["price_fen"]) == (1, 3_000_000_00)
    # An objection to what it said before does not pause what it says now.
    again = actions.object_to(actor=make.actor(Role.EXPERT), notice_id=one.pk, text="价格偏低。")
    actions.rule(actor=tto, objection_id=again.pk, outcome="dismissed", reason="有评估报告。")
    assert fresh(one).state == "open"


def test_a_change_counts_the_days_anew(tto: Actor) -> None:
    one = opened(tto)
    advance(10 * DAY)
    changed = actions.change_notice(
        actor=tto, notice_id=one.pk, reason="调整价格", values={"price_fen": 1}
    )
    advance(10 * DAY)
    assert fresh(one).state == "open"
    advance(6 * DAY)
    assert fresh(one).state == "ended"
    assert changed.opened_at > one.opened_at


def test_an_appeal_is_ruled_by_the_exchange_and_by_another_person(
    tto: Actor, exchange: Actor
) -> None:
    one = opened(tto)
    who = make.actor(Role.EXPERT)
    made = actions.object_to(actor=who, notice_id=one.pk, text="有异议。")
    actions.rule(actor=exchange, objection_id=made.pk, outcome="dismissed", reason="不成立。")
    with pytest.raises(NotFound):
        actions.appeal(actor=make.actor(Role.EXPERT), objection_id=made.pk, reason="不服。")
    actions.appeal(actor=who, objection_id=made.pk, reason="没有看证据。")
    assert fresh(one).state == "paused"
    for wrong, code in ((tto, "trading.exchange_only"), (exchange, "trading.second_person")):
        with pytest.raises(NotAllowed) as refused:
            actions.rule(actor=wrong, objection_id=made.pk, outcome="dismissed")
        assert refused.value.code == code
    other = make.actor(Role.EXCHANGE, make.organisation("exchange"))
    ruled = actions.rule(actor=other, objection_id=made.pk, outcome="dismissed", reason="维持。")

    assert ruled.state == "final"
    assert fresh(one).state == "open"


def test_somebody_without_an_account_objects_with_a_name_and_stays_unseen(tto: Actor) -> None:
    one = opened(tto)
    with pytest.raises(Invalid):
        actions.object_to(actor=ANONYMOUS, notice_id=one.pk, text="有异议。")
    made = actions.object_to(
        actor=ANONYMOUS, notice_id=one.pk, text="有异议。", name="李某", contact="13900000000"
    )

    assert not queries.objections(ANONYMOUS, one.pk)
    assert not queries.objections(make.actor(Role.ENTERPRISE), one.pk)
    assert [o.pk for o in queries.objections(tto, one.pk)] == [made.pk]
    public = Entry.objects.filter(subject_kind="notice", subject_id=one.pk, audience="public")
    paused = public.get(verb="trading.notice_objected")
    assert (paused.person_id, paused.organisation_id) == (None, None)
    assert "李某" not in str(list(Entry.objects.values_list("payload", flat=True)))


def test_nobody_objects_to_ones_own_notice_nor_after_its_end(tto: Actor) -> None:
    one = opened(tto)
    with pytest.raises(NotAllowed):
        actions.object_to(actor=tto, notice_id=one.pk, text="有异议。")
    # The clock alone decides, whether or not the end has been written.
    clock_actions.advance(actor=SYSTEM, by=16 * DAY)
    with pytest.raises(Conflict) as refused:
        actions.object_to(actor=make.actor(Role.EXPERT), notice_id=one.pk, text="有异议。")
    assert refused.value.code == "notices.not_open"
    assert not Objection.objects.filter(notice=one).exists()


def test_what_a_notice_must_say(tto: Actor) -> None:
    record = brought(tto)
    wrong = said(
        deal_mode="x", price_mode="y", price_fen=0, is_related=True, related_statement=" ", days=3
    )
    with pytest.raises(Invalid) as refused:
        actions.draft_notice(actor=tto, achievement_id=record.pk, values=wrong)

    assert {p.field for p in refused.value.problems} == {
        "deal_mode", "price_mode", "price_fen", "related_party",
    }  # fmt: skip
    with pytest.raises(Invalid) as refused:
        actions.draft_notice(actor=tto, achievement_id=record.pk, values=said(days=3))
    assert refused.value.problems[0].params["least"] == 15
    assert not PublicNotice.objects.exists()


def test_one_notice_at_a_time_and_drafts_are_the_units_own(tto: Actor) -> None:
    record = brought(tto)
    one = actions.draft_notice(actor=tto, achievement_id=record.pk, values=said())
    with pytest.raises(Conflict):
        actions.draft_notice(actor=tto, achievement_id=record.pk, values=said())
    with pytest.raises(NotFound):
        queries.notice(ANONYMOUS, one.pk)
    with pytest.raises(NotFound):
        actions.open_notice(actor=make.actor(Role.TTO), notice_id=one.pk)
    begins, closes = queries.planned(one)
    assert closes - begins <= 15 * DAY


def test_the_duties_of_a_university_are_met_one_after_the_other(
    tto: Actor, exchange: Actor
) -> None:
    record = brought(tto)

    def missing() -> set[str]:
        return set(queries.duties(record).missing)

    everything = {
        "decision", "notice", "objections", "related_party", "price_basis", "title", "encumbrance",
        "priority",
    }  # fmt: skip
    assert missing() == everything
    decided = actions.decide(
        actor=tto, achievement_id=record.pk, kind="collective", price_mode="agreement",
        price_fen=3_000_000_00, decided_on=clock.today(), note="校长办公会纪要",
    )  # fmt: skip
    one = actions.draft_notice(actor=tto, achievement_id=record.pk, values=said())
    assert missing() == everything - {"decision", "related_party"}
    actions.open_notice(actor=tto, notice_id=one.pk)
    balls = {d.duty: d.ball for d in queries.duties(record).items if d.verdict == "missing"}
    assert balls["notice"] == "system"
    assert balls["price_basis"] == "owner"
    advance(16 * DAY)
    for item in ("price_basis", "title", "encumbrance", "priority"):
        actions.state(actor=tto, achievement_id=record.pk, item=item, verdict="pass")
    found = queries.duties(record)

    assert found.missing == ()
    assert found.jurisdiction == "330106"
    assert found.edition.label == "duties/330000/1"
    met = next(d for d in found.items if d.duty == "decision")
    assert met.entries == (decided.entry_id,)
    # A later decision for another price: what was public is not what was decided.
    actions.decide(
        actor=tto, achievement_id=record.pk, kind="collective", price_mode="agreement",
        price_fen=1_000_000_00,
    )  # fmt: skip
    assert "notice" in missing()


def test_an_enterprise_skips_what_the_law_does_not_ask_of_it() -> None:
    owner = make.organisation("enterprise", region="330106")
    actor = make.actor(Role.ENTERPRISE, owner)
    record = make.achievement(actor, is_service=False)
    verdicts = {d.duty: d.verdict for d in queries.duties(record).items}

    assert verdicts["decision"] == verdicts["notice"] == verdicts["priority"] == "not_required"
    assert verdicts["secrecy"] == "missing"


def test_another_way_than_the_floor_asks_for_a_reason(tto: Actor) -> None:
    record = brought(tto)
    with pytest.raises(Invalid):
        actions.choose_way(actor=tto, achievement_id=record.pk, is_floor=False, reason="  ")
    actions.choose_way(actor=tto, achievement_id=record.pk, is_floor=False, reason="定向合作开发")
    assert queries.floor_share() == (0, 1)
    actions.choose_way(actor=tto, achievement_id=record.pk, is_floor=True)
    assert queries.floor_share() == (1, 1)


def test_the_register_tells_past_days_and_admits_what_its_state_admits(
    tto: Actor, exchange: Actor
) -> None:
    record = brought(tto)
    holders = [{"name": "东湖大学", "share_bp": 10_000}]
    with pytest.raises(NotAllowed):
        actions.enter_right(
            actor=tto, achievement_id=record.pk, kind="initial", content={"holders": holders}
        )
    actions.enter_right(
        actor=exchange, achievement_id=record.pk, kind="initial",
        content={"title": record.title, "holders": holders}, holds_from=date(2026, 1, 1),
    )  # fmt: skip
    actions.enter_right(
        actor=exchange, achievement_id=record.pk, kind="pledge", content={"to": "丙银行"},
        holds_from=date(2026, 2, 1),
    )  # fmt: skip
    one = queries.right_of(record)
    assert one is not None
    assert queries.right(one.no.lower()).pk == one.pk
    assert queries.standing(one, date(2026, 1, 15)).pledges == ()
    assert len(queries.standing(one).pledges) == 1
    actions.state(actor=tto, achievement_id=record.pk, item="encumbrance", verdict="pass")
    assert "encumbrance" in queries.duties(record).missing
    with pytest.raises(Conflict):
        actions.enter_right(
            actor=exchange, achievement_id=record.pk, kind="transfer", content={"holders": holders}
        )
    actions.enter_right(actor=exchange, achievement_id=record.pk, kind="release", content={"of": 2})
    assert "encumbrance" not in queries.duties(record).missing


def test_an_achievement_that_a_notice_stands_on_is_not_lost(tto: Actor) -> None:
    one = opened(tto)
    achievements.revise(
        actor=tto, record_id=one.achievement_id, values={"title": "换了一个名称的技术"}
    )
    advance(16 * DAY)

    assert fresh(one).title != fresh(one.achievement).title
    assert "notice" in queries.duties(fresh(one.achievement)).missing
