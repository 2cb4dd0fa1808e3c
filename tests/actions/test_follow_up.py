"""What follows a deal: reminders, «a year without use», the buyer's report, by the business clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests import deals, make
from tests.actions.test_notices import advance
from tests.deals import WAN, Sale, fresh
from yangbanjian.ground.bank import actions as bank
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.files import actions as files
from yangbanjian.ground.journal import jobs as news
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.messages.models import Notice
from yangbanjian.kernel.actor import ANONYMOUS, SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound
from yangbanjian.market.trading import actions, jobs, queries
from yangbanjian.market.trading.models import Deal, UseReport

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _in_a_sandbox(settings: Any) -> None:
    settings.YBJ_SANDBOX = True
    make.sandbox()


def handed_over(**how: Any) -> Sale:
    sale = deals.paid(**how)
    actions.hand_over(actor=sale.seller, deal_id=fresh(sale).pk)
    return sale


def told(sale: Sale, kind: str) -> dict[int, bool]:
    """Who was told it: person -> do they have to act?"""
    found = Notice.objects.filter(once__startswith=f"deal.{fresh(sale).pk}.{kind}.")
    return dict(found.values_list("person_id", "needs_action"))


def pass_days(days: int) -> int:
    """The clock goes on; due work runs, as often as it finds something."""
    advance(timedelta(days=days))
    done = 0
    while found := jobs.follow_deals(clock.now()):
        done += found
    return done


def of(actor: Actor) -> int:
    assert actor.person_id is not None
    return actor.person_id


def test_a_year_without_use_is_told_before_noted_once_and_reported_after() -> None:
    sale = handed_over()
    assert queries.unused_on(fresh(sale)) is not None
    pass_days(300)
    assert told(sale, "use_soon") == {}
    pass_days(15)
    assert told(sale, "use_soon") == {of(sale.buyer): True}
    assert fresh(sale).unused_at is None
    pass_days(60)
    deal = fresh(sale)
    assert deal.unused_at is not None
    who = told(sale, "unused")
    assert who[of(sale.buyer)] is True
    assert who[of(sale.seller)] is False
    assert who[of(sale.staff)] is False
    entry = Entry.objects.get(verb="trading.deal_unused")
    assert entry.edition == "follow_up/CN/1"
    assert entry.payload["late_on"] == queries.unused_on(deal).isoformat()  # type: ignore[union-attr]
    pass_days(400)
    assert Entry.objects.filter(verb="trading.deal_unused").count() == 1
    assert jobs.follow_deals(clock.now()) == 0

    late = report(sale, sale.buyer)
    deal = fresh(sale)
    assert deal.used_at is not None
    assert deal.unused_at == fresh(sale).unused_at  # the note stands beside
    said = Entry.objects.get(verb="trading.use_reported").payload
    assert (said["report"], said["after_note"]) == (late.pk, True)


def report(sale: Sale, actor: Actor, **more: Any) -> UseReport:
    more.setdefault("text", "已在二号冷库投产，月产 300 台。")
    more.setdefault("used_on", clock.today())
    return actions.report_use(actor=actor, deal_id=fresh(sale).pk, **more)


def test_a_use_that_is_reported_in_time_ends_the_timer() -> None:
    sale = handed_over()
    advance(100 * DAY)
    made = report(sale, sale.buyer)
    who = set(Notice.objects.filter(once=f"use.{made.pk}").values_list("person_id", flat=True))
    assert {of(sale.seller), of(sale.staff)} <= who
    pass_days(1000)
    assert fresh(sale).unused_at is None
    assert told(sale, "use_soon") == told(sale, "unused") == {}


def test_both_sides_and_the_exchange_read_a_report_and_its_paper_nobody_else() -> None:
    sale = handed_over()
    paper = files.attach(actor=sale.buyer, content=b"contract", name="销售合同.pdf")
    made = report(sale, sale.buyer, file_id=paper.pk)
    deal = fresh(sale)
    inside = (sale.buyer, sale.seller, sale.staff, make.actor(Role.AUDITOR))
    for actor in inside:
        assert actions.read_use_paper(actor=actor, report_id=made.pk)[1] == b"contract"
        with acting(actor):
            assert queries.uses(actor, deal).count() == 1
    for actor in (ANONYMOUS, make.actor(Role.ENTERPRISE), make.actor(Role.TTO)):
        with pytest.raises(NotFound):
            actions.read_use_paper(actor=actor, report_id=made.pk)
        with acting(actor):
            assert not UseReport.objects.exists()
            with pytest.raises(NotAllowed):
                queries.uses(actor, deal)
    plain = report(sale, sale.buyer)
    with pytest.raises(NotFound):
        actions.read_use_paper(actor=sale.buyer, report_id=plain.pk)


def test_who_may_report_what_and_when() -> None:
    sale = deals.paid()
    with pytest.raises(Conflict):
        report(sale, sale.buyer)
    actions.hand_over(actor=sale.seller, deal_id=fresh(sale).pk)
    for actor in (sale.seller, sale.staff, make.actor(Role.ENTERPRISE), ANONYMOUS):
        with pytest.raises(NotAllowed):
            report(sale, actor)
    theirs = files.attach(actor=sale.seller, content=b"x", name="x.txt")
    with pytest.raises(Invalid) as refused:
        report(
            sale, sale.buyer, text=" ", used_on=clock.today() + DAY, file_id=theirs.pk
        )  # fmt: skip
    assert [p.field for p in refused.value.problems] == ["text", "used_on", "file"]
    assert not UseReport.objects.exists()
    assert fresh(sale).used_at is None


def test_a_use_begins_on_the_days_of_the_site_not_of_greenwich() -> None:
    """Awarded at one in the morning: by Greenwich it is still the day before."""
    now = clock.now()
    advance(timedelta(minutes=(15 * 60 - now.hour * 60 - now.minute) % 1440))
    sale = deals.sold()
    actions.close_lot(actor=SYSTEM, lot_id=sale.lot.pk)
    sale.deal = Deal.objects.get(lot=sale.lot)
    deals.sign_both(sale)
    deals.pay(sale)
    actions.hand_over(actor=sale.seller, deal_id=fresh(sale).pk)
    awarded_on = fresh(sale).awarded_at.astimezone(clock.site_zone()).date()
    assert awarded_on > fresh(sale).awarded_at.date()
    with pytest.raises(Invalid) as refused:
        report(sale, sale.buyer, used_on=awarded_on - DAY)
    assert [p.field for p in refused.value.problems] == ["used_on"]
    assert report(sale, sale.buyer, used_on=awarded_on).used_on == awarded_on


def test_what_a_match_that_is_undone_opens_again_is_asked_for_at_once() -> None:
    parts = [{"percent": 50, "months": 0}, {"percent": 50, "months": 11}]
    sale = deals.signed(payment={"kind": "instalments", "parts": parts})
    deals.pay(sale, 1)
    pass_days(100)
    assert told(sale, "part_late") == {}
    line = queries.instalments(fresh(sale))[0].line
    assert line is not None
    bank.unmatch(actor=sale.staff, line_id=line.pk, reason="错账")
    news.deliver(include_own=True)
    pass_days(1)
    assert told(sale, "part_late")[of(sale.buyer)] is True


def test_instalments_are_told_before_and_after_and_what_is_paid_is_not() -> None:
    parts = [{"percent": 50, "months": 0}, {"percent": 50, "months": 6}]
    sale = deals.signed(payment={"kind": "instalments", "parts": parts})
    deals.pay(sale, 1)
    pass_days(100)
    assert told(sale, "part_soon") == told(sale, "part_late") == {}
    second = queries.instalments(fresh(sale))[1]
    pass_days((second.due_at - clock.now()).days - 5)
    assert told(sale, "part_soon") == {of(sale.buyer): True}
    pass_days(10)
    late = told(sale, "part_late")
    assert late[of(sale.buyer)] is True
    assert {of(sale.seller), of(sale.staff)} <= set(late)
    pass_days(100)
    assert len(told(sale, "part_late")) == len(late)

    other = deals.signed(title="另一项成果")
    deals.pay(other)
    pass_days(100)
    assert told(other, "part_soon") == told(other, "part_late") == {}


def test_a_royalty_that_nobody_reports_is_asked_for_each_year() -> None:
    payment = {"kind": "entry_royalty", "rate_permille": 50, "base": "sales"}
    sale = handed_over(payment=payment, deal_mode="licence_ordinary")
    pass_days(345)
    assert told(sale, "royalty_soon") == {of(sale.buyer): True}
    today = clock.today()
    actions.report_royalty(
        actor=sale.buyer, deal_id=fresh(sale).pk, period_from=today - 300 * DAY, period_to=today,
        base_fen=100 * WAN,
    )  # fmt: skip
    pass_days(60)
    assert told(sale, "royalty_late") == {}
    # What the report asked for is late by now.
    assert of(sale.buyer) in told(sale, "part_late")
    pass_days(320)
    assert of(sale.seller) in told(sale, "royalty_late")


def test_looked_at_again_nothing_is_told_twice() -> None:
    sale = handed_over()
    pass_days(500)
    before = Notice.objects.count(), Entry.objects.count()
    deal = fresh(sale)
    type(deal).objects.filter(pk=deal.pk).update(follow_on="2000-01-01")
    assert jobs.follow_deals(clock.now()) == 1
    assert (Notice.objects.count(), Entry.objects.count()) == before
