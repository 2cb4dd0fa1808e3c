"""What anybody may read: lists, details, answers, plain pages."""

from __future__ import annotations

import pytest

from tests import make
from tests.faces.pages import COLD, Visitor, publish, text_of
from yangbanjian.kernel.actor import SYSTEM, Role
from yangbanjian.libraries.experts import actions as experts
from yangbanjian.libraries.records import actions
from yangbanjian.libraries.records import queries as records

pytestmark = pytest.mark.django_db
HX = {"HX-Request": "true"}


@pytest.fixture
def tto() -> Visitor:
    return Visitor(Role.TTO)


def test_home_counts_what_is_live_and_shows_the_latest(tto: Visitor) -> None:
    publish(make.achievement(tto.actor, title="除霜系统甲"), "achievements")
    make.achievement(tto.actor, title="尚未提交的乙")
    said = text_of(Visitor().get("/"))
    assert "除霜系统甲" in said
    assert "尚未提交的乙" not in said
    assert '<b class="num">1</b><span>在库成果' in said


def test_a_sentence_is_answered_with_reasons_without_script(tto: Visitor) -> None:
    record = publish(make.achievement(tto.actor), "achievements")
    said = text_of(Visitor().get("/?q=" + COLD))
    assert f'href="/achievements/{record.pk}"' in said
    assert "不停库" in said
    assert 'class="why"' in said
    assert "<!doctype html>" in said


def test_htmx_gets_the_fragment_and_going_back_the_whole(tto: Visitor) -> None:
    publish(make.achievement(tto.actor), "achievements")
    assert "<!doctype" not in text_of(Visitor().get("/?q=冷库", **HX))
    whole = Visitor().get("/?q=冷库", **HX, **{"HX-History-Restore-Request": "true"})
    assert "<!doctype" in text_of(whole)
    assert "<!doctype" not in text_of(Visitor().get("/achievements", **HX))


def test_correcting_a_chip_rewrites_the_sentence() -> None:
    answer = Visitor().get("/?q=预算200万以内&at-2-6=300万")
    assert answer.status_code == 302
    assert "300%E4%B8%87" in answer["Location"]
    answer = Visitor().get("/?q=冷库降电耗&answer=氨")
    assert answer["Location"].endswith("%EF%BC%8C%E6%B0%A8")


@pytest.mark.parametrize(
    ("orcid", "mark"),
    [("0000-0002-1825-0097", "校验位正确"), ("0000-0002-1825-0098", "号码待核对"), ("", "")],
)
def test_an_orcid_is_shown_with_what_its_check_character_says(orcid: str, mark: str) -> None:
    owner = make.actor(Role.EXPERT)
    record = make.expert(owner, orcid=orcid)
    for name, actor in (("submit", owner), ("approve", make.actor(Role.OPERATOR))):
        experts.move(actor=actor, record_id=record.pk, name=name)
    said = text_of(Visitor().get(f"/experts/{record.pk}"))
    assert orcid in said
    assert [m for m in ("校验位正确", "号码待核对") if m in said] == [m for m in (mark,) if m]


def test_nothing_here_offers_to_publish() -> None:
    said = text_of(Visitor().get("/?q=怎样训练信鸽送信"))
    assert "我们不凑数" in said
    assert "/publish/demand?text=" in said


@pytest.mark.parametrize(
    "q",
    [
        "x", "  ", "\u202e\u0000\x1b[31m", "😀" * 300, "<script>alert(1)</script>",
        "%", "'); DROP TABLE", "=HYPERLINK(1)", "冷" * 100_000,
    ],
)  # fmt: skip
def test_bad_sentences_are_answered_and_escaped(q: str) -> None:
    from urllib.parse import quote

    answer = Visitor().get("/?q=" + quote(q))
    assert answer.status_code == 200
    assert "<script>alert" not in text_of(answer)


def test_filters_narrow_and_can_be_taken_away(tto: Visitor) -> None:
    publish(make.achievement(tto.actor, title="冷库余热", field="air", trl=7), "achievements")
    publish(make.achievement(tto.actor, title="视觉检测", field="it", trl=3), "achievements")
    said = text_of(Visitor().get("/achievements?field=it"))
    assert "视觉检测" in said
    assert "冷库余热" not in said
    assert 'href="/achievements"' in said
    assert "信息工程与应用" in said
    both = text_of(Visitor().get("/achievements?field=it&field=air&trl=7-9"))
    assert "冷库余热" in both
    assert "视觉检测" not in both


@pytest.mark.parametrize("query", ["page=0", "page=999999", "page=x", "trl=11", "owner=99999999999999999999", "sort=no", "field=%00", "q=%00%ff"])  # fmt: skip
def test_senseless_filters_are_left_out(query: str) -> None:
    assert Visitor().get("/achievements?" + query).status_code == 200


def test_an_empty_list_offers_one_way_out() -> None:
    said = text_of(Visitor().get("/demands?field=it"))
    assert "没有符合的条目" in said
    assert "清空条件" in said


def test_detail_shows_measured_results_rights_and_public_entries(tto: Visitor) -> None:
    record = make.achievement(
        tto.actor,
        results=[{"metric": "电耗", "op": "le", "value": "31", "unit": "%"}],
        rights=[{"kind": "invention", "number": "ZL202010000000.1", "title": "一种除霜阀"}],
        trl=7,
        trl_evidence=[{"level": 7, "text": "四座冷库试用记录"}],
    )
    publish(record, "achievements")
    said = text_of(Visitor().get(f"/achievements/{record.pk}"))
    assert "一种除霜阀" in said
    assert "号码待核对" in said
    assert "四座冷库试用记录" in said
    assert "og:url" in said
    assert "建立草稿" not in said
    assert "建立草稿" in text_of(tto.get(f"/achievements/{record.pk}"))


def test_a_draft_does_not_exist_for_others(tto: Visitor) -> None:
    record = make.achievement(tto.actor)
    for path in ("", "/card", "/history", "/qr.svg", "/edit", "/ready", "/preview"):
        assert Visitor().get(f"/achievements/{record.pk}{path}").status_code == 404
        assert Visitor(Role.ENTERPRISE).get(f"/achievements/{record.pk}{path}").status_code == 404
    assert tto.get(f"/achievements/{record.pk}").status_code == 200


def test_an_anonymous_demand_keeps_its_owner(tto: Visitor) -> None:
    asker = Visitor(Role.ENTERPRISE)
    demand = make.demand(asker.actor, visibility="anonymous")
    publish(demand, "demands")
    owner = demand.owner.name
    for path in ("/demands", f"/demands/{demand.pk}", "/", f"/demands/{demand.pk}/history"):
        assert owner not in text_of(Visitor().get(path)), path
        assert owner not in text_of(tto.get(path)), path
    assert owner in text_of(Visitor(Role.BROKER).get(f"/demands/{demand.pk}"))


def test_a_withdrawn_record_keeps_its_page_with_a_mark(tto: Visitor) -> None:
    record = publish(make.achievement(tto.actor), "achievements")
    library = records.LIBRARIES["achievements"]
    actions.move(actor=SYSTEM, library=library, record_id=record.pk, name="withdraw")
    answer = Visitor().get(f"/achievements/{record.pk}")
    assert answer.status_code == 200
    assert "已由发布单位撤回" in text_of(answer)
    assert "我有意向" not in text_of(answer)


def test_versions_are_compared(tto: Visitor) -> None:
    record = publish(make.achievement(tto.actor, title="除霜系统"), "achievements")
    tto.post(f"/achievements/{record.pk}/save", {"title": "智能除霜系统", "expected": "1"})
    said = text_of(Visitor().get(f"/achievements/{record.pk}/history?a=1&b=2"))
    assert "<ins>智能</ins>" in said
    assert Visitor().get(f"/achievements/{record.pk}/history?a=1&b=9").status_code == 404


def test_the_name_card_has_a_qr_and_fits_its_own_template(tto: Visitor) -> None:
    record = publish(make.achievement(tto.actor), "achievements")
    said = text_of(Visitor().get(f"/achievements/{record.pk}/card"))
    assert f"/achievements/{record.pk}/qr.svg" in said
    code = Visitor().get(f"/achievements/{record.pk}/qr.svg")
    assert code["Content-Type"] == "image/svg+xml"
    assert b"<svg" in code.content


@pytest.mark.parametrize(
    "path",
    [
        "/about", "/privacy", "/accessibility", "/open-data", "/sitemap", "/robots.txt", "/publish",
        "/publish/demand", "/publish/achievement", "/publish/achievement?blank=1",
        "/publish/expert", "/experts", "/manifest.webmanifest", "/sw.js",
    ],
)  # fmt: skip
def test_pages_that_anybody_may_open(path: str) -> None:
    assert Visitor().get(path).status_code == 200


@pytest.mark.parametrize("path", ["/desk/", "/desk/matches", "/desk/inbox", "/desk/searches", "/desk/stars", "/desk/achievements", "/matches/1"])  # fmt: skip
def test_workspaces_ask_to_sign_in_and_come_back(path: str) -> None:
    answer = Visitor().get(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login?next=")


def test_no_page_has_inline_script_or_style(tto: Visitor) -> None:
    record = publish(make.achievement(tto.actor), "achievements")
    paths = ["/", "/?q=" + COLD, "/achievements", f"/achievements/{record.pk}", "/desk/",
             f"/achievements/{record.pk}/edit", "/publish/demand?text=" + COLD]  # fmt: skip
    for path in paths:
        said = text_of(tto.get(path))
        assert " style=" not in said, path
        assert " onclick=" not in said, path
        assert said.count("<script") == said.count("<script src=") + said.count("application/json")


def test_unknown_addresses_have_a_page_with_a_way_on() -> None:
    answer = Visitor().get("/no/such/page")
    assert answer.status_code == 404
    assert 'name="q"' in text_of(answer)


def test_languages_are_chosen_and_kept() -> None:
    visitor = Visitor()
    answer = visitor.post("/language", {"language": "en", "next": "/about"})
    assert answer["Location"] == "/about"
    assert 'lang="en"' in text_of(visitor.get("/about"))
    away = visitor.post("/language", {"language": "en", "next": "https://example.org/"})
    assert away["Location"] == "/"
