"""Editions: drafted, tried on real cases, published by a second person; what is published stands."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests import make
from tests.faces.matching import match_between
from yangbanjian.engines.matching import actions as matching
from yangbanjian.ground.clock import actions as clock_actions
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.rulebook import actions, policy, queries
from yangbanjian.ground.rulebook.models import Edition
from yangbanjian.ground.rulebook.rules.rows import row_of
from yangbanjian.kernel.actor import ANONYMOUS, SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound

pytestmark = pytest.mark.django_db
TABLE = "notice_days"
DISTRICT = "310110"
ROWS = [{"case": "agreement_price", "days": 20, "unit": "calendar", "first_day": "counted"}]


def values(**more: Any) -> dict[str, Any]:
    return {"document": "区府发〔2026〕1号", "begins": date(2030, 1, 1), "rows": ROWS, **more}


def drafted(author: Actor, place: str = DISTRICT, table: str = TABLE, **more: Any) -> Edition:
    return actions.draft(actor=author, table=table, jurisdiction=place, values=values(**more))


@pytest.fixture
def author() -> Actor:
    return make.actor(Role.OPERATOR)


@pytest.fixture
def second() -> Actor:
    return make.actor(Role.OPERATOR)


def test_what_is_shipped_is_published_once_and_says_where_it_comes_from() -> None:
    shipped = list(queries.shipped())
    found = Edition.objects.filter(shipped_as__isnull=False)
    assert {e.shipped_as for e in found} == {one["name"] for one in shipped}
    assert {e.state for e in found} == {"published"}
    assert all(e.document and e.source for e in found)
    assert actions.settle_shipped("default") == []
    names = {e.table for e in found}
    assert {"notice_days", "disclosure_periods", "deposit_rules", "reward_floors"} <= names
    # Unread texts are never shown as law.
    assert not [e.label for e in found if "待核" in e.source and not e.is_provisional]


def test_the_nearest_jurisdiction_holds(author: Actor, second: Actor) -> None:
    day = date(2030, 1, 1)
    assert queries.rule("reward_floors", "310110", day).jurisdiction == "310000"
    assert queries.rule("reward_floors", "440305", day).jurisdiction == "CN"
    one = drafted(author)
    assert queries.rule(TABLE, DISTRICT, day).jurisdiction == "CN"
    actions.publish(actor=second, edition_id=one.pk)
    assert queries.rule(TABLE, DISTRICT, day).pk == one.pk
    assert queries.rule(TABLE, DISTRICT, day - timedelta(days=1)).jurisdiction == "CN"
    assert queries.rule(TABLE, "310100", day).jurisdiction == "CN"
    with pytest.raises(NotFound) as refused:
        queries.rule(TABLE, "999999", day)
    assert refused.value.code == "rulebook.no_jurisdiction"
    with pytest.raises(NotFound) as refused:
        queries.rule(TABLE, "CN", date(1950, 1, 1))
    assert refused.value.code == "rulebook.none_in_force"


def test_a_second_person_publishes(author: Actor, second: Actor) -> None:
    one = drafted(author)
    with pytest.raises(NotAllowed) as refused:
        actions.publish(actor=author, edition_id=one.pk)
    assert refused.value.code == "rulebook.second_person"
    one.refresh_from_db()
    assert one.state == "draft"
    made = actions.publish(actor=second, edition_id=one.pk, reason="已核对文件")
    assert (made.state, made.published_by, made.was_alone) == ("published", second.person_id, False)
    entry = Entry.objects.get(verb="rulebook.published", subject_id=one.pk)
    assert (entry.edition, entry.audience) == (one.label, "public")


def test_the_only_operator_may_publish_and_it_is_said(author: Actor) -> None:
    assert policy.is_alone(author)
    made = actions.publish(actor=author, edition_id=drafted(author).pk)
    assert made.was_alone
    assert Entry.objects.get(verb="rulebook.published").payload["alone"] is True


def test_others_and_the_system_write_nothing(author: Actor) -> None:
    one = drafted(author)
    for actor in (ANONYMOUS, SYSTEM, make.actor(Role.AUDITOR), make.actor(Role.BROKER)):
        for act in (
            lambda a: drafted(a),
            lambda a: actions.change(actor=a, edition_id=one.pk, values={"note": "改"}),
            lambda a: actions.withdraw(actor=a, edition_id=one.pk),
            lambda a: actions.publish(actor=a, edition_id=one.pk),
        ):
            with pytest.raises(NotAllowed):
                act(actor)
    with pytest.raises(NotFound):
        queries.edition(ANONYMOUS, one.pk)
    assert queries.edition(make.actor(Role.AUDITOR), one.pk) == one


def test_the_follower_ends_what_held(author: Actor, second: Actor) -> None:
    first = actions.publish(actor=second, edition_id=drafted(author).pk)
    later = drafted(author, begins=date(2031, 1, 1))
    actions.publish(actor=second, edition_id=later.pk)
    first.refresh_from_db()
    assert (first.state, first.superseded_by_id) == ("superseded", later.pk)
    assert (first.begins, first.ends) == (date(2030, 1, 1), date(2031, 1, 1))
    assert queries.rule(TABLE, DISTRICT, date(2030, 12, 31)).pk == first.pk
    assert queries.rule(TABLE, DISTRICT, date(2031, 1, 1)).pk == later.pk


@pytest.mark.parametrize("begins", [date(2030, 1, 1), date(2029, 6, 1)])
def test_two_never_hold_on_one_day(author: Actor, second: Actor, begins: date) -> None:
    actions.publish(actor=second, edition_id=drafted(author).pk)
    other = drafted(author, begins=begins)
    with pytest.raises(Conflict) as refused:
        actions.publish(actor=second, edition_id=other.pk)
    assert refused.value.code == "rulebook.overlap"
    actions.change(actor=author, edition_id=other.pk, values={"begins": date(2029, 1, 1), "ends": date(2030, 1, 1)})  # fmt: skip
    actions.publish(actor=second, edition_id=other.pk)
    assert queries.rule(TABLE, DISTRICT, date(2029, 12, 31)).pk == other.pk


def test_what_is_published_is_not_changed_and_not_withdrawn(author: Actor, second: Actor) -> None:
    one = actions.publish(actor=second, edition_id=drafted(author).pk)
    with pytest.raises(Conflict) as refused:
        actions.change(actor=author, edition_id=one.pk, values={"note": "悄悄改"})
    assert refused.value.code == "rulebook.stands"
    with pytest.raises(Conflict):
        actions.withdraw(actor=author, edition_id=one.pk)
    with pytest.raises(Conflict):
        actions.publish(actor=second, edition_id=one.pk)


def test_a_draft_is_changed_and_given_up(author: Actor) -> None:
    one = drafted(author)
    changed = actions.change(actor=author, edition_id=one.pk, values={"clause": "第三条"})
    assert (changed.version, changed.clause, changed.document) == (2, "第三条", "区府发〔2026〕1号")
    assert actions.withdraw(actor=author, edition_id=one.pk, reason="写错了").state == "withdrawn"
    assert drafted(author).number == one.number + 1


def test_every_problem_is_named_and_nothing_is_written(author: Actor) -> None:
    with pytest.raises(Invalid) as refused:
        drafted(author, document=" ", begins=None, rows=[{"case": "x", "days": 0}])
    fields = {p.field for p in refused.value.problems}
    assert {"document", "begins", "rows.1.case", "rows.1.days", "rows.1.unit"} <= fields
    with pytest.raises(Invalid) as refused:
        drafted(author, place="site")
    assert refused.value.problems[0].field == "jurisdiction"
    with pytest.raises(NotFound):
        drafted(author, table="nothing")
    assert not Edition.objects.filter(state="draft").exists()
    assert not Entry.objects.filter(verb="rulebook.drafted").exists()


# --- the first process that stands on it ------------------------------------------------------


def _waiting() -> Any:
    seeker, provider = make.actor(Role.ENTERPRISE), make.actor(Role.TTO)
    match = match_between(seeker, provider)
    return matching.move(actor=seeker, match_id=match.pk, name="interested"), provider


def _answer_in(days: int, author: Actor, begins: date) -> Edition:
    rows = [{"step": "introduction", "days": days}]
    return drafted(author, "site", "answer_days", begins=begins, rows=rows, document="本站自定")


def test_an_introduction_keeps_the_edition_it_was_born_under(author: Actor, second: Actor) -> None:
    old, provider = _waiting()
    shipped = queries.rule("answer_days")
    assert old.edition == shipped
    assert old.turn_until - old.turn_since == timedelta(days=14)
    today = clock.today()
    new = actions.publish(actor=second, edition_id=_answer_in(10, author, today).pk)
    old.refresh_from_db()
    assert (old.edition, old.turn_until - old.turn_since) == (shipped, timedelta(days=14))
    born_later, _ = _waiting()
    assert born_later.edition == new
    assert born_later.turn_until - born_later.turn_since == timedelta(days=10)
    agreed = matching.move(actor=provider, match_id=old.pk, name="agree")
    assert agreed.edition == shipped
    told = Entry.objects.get(verb="matches.interested", subject_id=old.pk)
    assert told.edition == "answer_days/site/1"


def test_an_edition_holds_from_its_first_day_and_not_from_its_publication(
    author: Actor, second: Actor, settings: Any
) -> None:
    """Published today, it begins in thirty days: what is born meanwhile is born under the old one,
    and keeps it when the day has come."""
    settings.YBJ_SANDBOX = True
    make.sandbox()
    begins = clock.today() + timedelta(days=30)
    before, _ = _waiting()
    shipped = queries.rule("answer_days")
    new = actions.publish(actor=second, edition_id=_answer_in(10, author, begins).pk)
    assert queries.rule("answer_days") == shipped
    assert queries.rule("answer_days", on=begins - timedelta(days=1)) == shipped
    assert queries.rule("answer_days", on=begins) == new
    meanwhile, _ = _waiting()
    clock_actions.advance(actor=SYSTEM, by=timedelta(days=29))
    eve, provider = _waiting()
    clock_actions.advance(actor=SYSTEM, by=timedelta(days=1))
    on_the_day, _ = _waiting()
    born = [(one.edition, (one.turn_until - one.turn_since).days)
            for one in (before, meanwhile, eve, on_the_day)]  # fmt: skip
    assert born == [(shipped, 14), (shipped, 14), (shipped, 14), (new, 10)]
    agreed = matching.move(actor=provider, match_id=eve.pk, name="agree")
    assert agreed.edition == shipped


def test_a_draft_is_tried_on_real_cases_and_changes_none(author: Actor) -> None:
    waiting, _ = _waiting()
    _done, provider = _waiting()
    matching.move(actor=provider, match_id=_done.pk, name="agree")
    draft = _answer_in(10, author, clock.today())
    found = queries.movers(author, draft.pk)
    assert (found.tried, found.is_partial) == (1, False)
    [mover] = found.movers
    zone = clock.site_zone()
    assert mover.case.id == waiting.pk
    assert mover.before == waiting.turn_until.astimezone(zone).date().isoformat()
    assert date.fromisoformat(mover.before) - date.fromisoformat(mover.after) == timedelta(days=4)
    waiting.refresh_from_db()
    assert waiting.turn_until - waiting.turn_since == timedelta(days=14)
    same = _answer_in(14, author, clock.today())
    assert queries.movers(author, same.pk).movers == []
    with pytest.raises(NotAllowed):
        queries.movers(make.actor(Role.TTO), draft.pk)


def test_worked_case_reward_floors() -> None:
    """Income 100, tax 5, upkeep 3, appraisal 2: net 90; the state's floor 45, Shanghai's 63."""
    net, day = 90, date(2024, 2, 1)
    for place, floor in (("CN", 45), ("310110", 63), ("330102", 63), ("110101", 63)):
        row = row_of(queries.rule("reward_floors", place, day).rows, case="transfer_licence")
        assert row is not None
        assert net * int(row["floor_percent"]) / 100 == floor


def test_worked_case_notice_of_fifteen_days() -> None:
    """自 2 月 1 日起 15 日，至 2 月 15 日止: the rule's own unit and first day."""
    row = row_of(queries.rule(TABLE, "330000", date(2024, 2, 1)).rows, case="agreement_price")
    assert row is not None
    told = clock.calendar().add_days(
        date(2024, 2, 1), row["days"], unit=row["unit"], first_day=row["first_day"]
    )
    assert told.text == "自 2 月 1 日起 15 日，至 2 月 15 日止"
