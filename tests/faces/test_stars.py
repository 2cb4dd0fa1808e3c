"""Stars on cards and record pages, and the list of them."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import make
from tests.faces.pages import Visitor, publish, text_of
from yangbanjian.kernel.actor import SYSTEM, Role
from yangbanjian.libraries.records import actions, beside
from yangbanjian.libraries.records import queries as records
from yangbanjian.libraries.records.models import Star

pytestmark = pytest.mark.django_db
ACHIEVEMENTS = records.LIBRARIES["achievements"]


def shown(title: str = "低温冷库余热梯级回收系统") -> int:
    return int(publish(make.achievement(make.actor(Role.TTO), title=title), "achievements").pk)


def star_in(said: str, number: int) -> str:
    """`true` or `false`: whether the star of this record is lit; "" where there is none."""
    found = re.search(rf'id="star-achievement-{number}" data-star aria-pressed="(\w+)"', said)
    return found[1] if found else ""


@pytest.fixture
def reader() -> Visitor:
    return Visitor(Role.ENTERPRISE)


def test_without_script_a_press_leads_back_with_the_star_lit(reader: Visitor) -> None:
    number = shown()
    for path in ("/achievements", "/", f"/achievements/{number}"):
        assert star_in(text_of(reader.get(path)), number) == "false"
    answer = reader.post(
        f"/achievements/{number}/star", {"on": "1"}, Referer="http://testserver/achievements?q=余"
    )
    assert answer.status_code == 302
    assert answer["Location"].startswith("/achievements?q=")
    assert answer["Location"].endswith(f"#star-achievement-{number}")
    for path in ("/achievements", "/", f"/achievements/{number}", "/desk/stars"):
        assert star_in(text_of(reader.get(path)), number) == "true"
    reader.post(f"/achievements/{number}/star", {"on": "0"})
    assert "还没有收藏" in text_of(reader.get("/desk/stars"))


def test_with_htmx_the_star_alone_comes_back(reader: Visitor) -> None:
    number = shown()
    given = {"on": "1", "title": "<b>余热"}
    answer = reader.post(f"/achievements/{number}/star", given, HX_Request="true")
    said = text_of(answer)
    assert said.lstrip().startswith("<form")
    assert star_in(said, number) == "true"
    assert 'name="on" value="0"' in said
    assert "&lt;b&gt;余热" in said


def test_who_is_not_signed_in_sees_no_star_and_is_led_to_sign_in() -> None:
    number, visitor = shown(), Visitor()
    assert "data-star" not in text_of(visitor.get("/achievements"))
    assert "data-star" not in text_of(visitor.get(f"/achievements/{number}"))
    back = "http://testserver/achievements"
    answer = visitor.post(f"/achievements/{number}/star", {"on": "1"}, Referer=back)
    assert answer["Location"] == "/login?next=%2Fachievements"
    assert visitor.get("/desk/stars")["Location"].startswith("/login")


def test_what_was_withdrawn_is_named_so_and_says_nothing_more(reader: Visitor) -> None:
    number, staff = shown("玄圃除霜机"), Visitor(Role.OPERATOR)
    for visitor in (reader, staff):
        visitor.post(f"/achievements/{number}/star", {"on": "1"})
    actions.move(
        actor=SYSTEM, library=ACHIEVEMENTS, record_id=number, name="withdraw", reason="缘由"
    )
    said = text_of(reader.get("/desk/stars"))
    assert "已撤回或不再公开" in said
    assert "玄圃" not in said
    assert f'href="/achievements/{number}"' not in said
    # Who may still see it, sees it; and everybody can take the star away.
    assert "玄圃除霜机" in text_of(staff.get("/desk/stars"))
    reader.post(f"/achievements/{number}/star", {"on": "0"})
    assert "还没有收藏" in text_of(reader.get("/desk/stars"))


def test_what_may_not_be_seen_cannot_be_starred_and_is_not_told_of(reader: Visitor) -> None:
    owner = make.actor(Role.TTO)
    draft = make.achievement(owner, title="玄圃草稿装置")
    assert reader.post(f"/achievements/{draft.pk}/star", {"on": "1"}).status_code == 404
    # A record that went back to its owner after it was starred.
    beside.star(actor=owner, library=ACHIEVEMENTS, record_id=draft.pk)
    Star.objects.update(person_id=reader.actor.person_id)
    said = text_of(reader.get("/desk/stars"))
    assert "已撤回或不再公开" in said
    assert "玄圃" not in said


def test_a_page_asks_once_for_all_its_stars(reader: Visitor) -> None:
    def asked(path: str) -> int:
        reader.get(path)  # what a process keeps is kept now
        with CaptureQueriesContext(
            connection,
        ) as seen:
            reader.get(path)
        return sum("records_star" in q["sql"] for q in seen.captured_queries)

    first = shown()
    assert asked("/achievements") == 1
    for _ in range(4):
        shown()
    assert asked("/achievements") == 1
    assert asked(f"/achievements/{first}/preview") == 0


def test_many_stars_are_paged_and_all_libraries_stand_together(reader: Visitor) -> None:
    owner = make.actor(Role.TTO)
    for n in range(21):
        record = publish(make.achievement(owner, title=f"第 {n} 项余热装置"), "achievements")
        beside.star(actor=reader.actor, library=ACHIEVEMENTS, record_id=record.pk)
    expert = publish(make.expert(owner, title="沈知行"), "experts")
    reader.post(f"/experts/{expert.pk}/star", {"on": "1"})
    first, second = text_of(reader.get("/desk/stars")), text_of(reader.get("/desk/stars?page=2"))
    assert first.index("沈知行") < first.index("第 20 项")
    assert "第 1 项余热" not in first
    assert "第 1 项余热" in second
