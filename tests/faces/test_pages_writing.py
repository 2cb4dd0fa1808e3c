"""What people do on the pages: publish, post, introduce, report, keep."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from tests import make
from tests.faces.pages import COLD, Visitor, publish, text_of
from yangbanjian.engines.matching import queries as matching
from yangbanjian.ground.messages import queries as inbox
from yangbanjian.ground.site import actions as site
from yangbanjian.kernel.actor import SYSTEM, Role
from yangbanjian.libraries.records import jobs, policy
from yangbanjian.libraries.records import queries as records

pytestmark = pytest.mark.django_db
CITED = (
    "沈知行, 顾闻溪. 低温冷库余热梯级回收除霜[J]. 制冷学报, 2024, 45(3): 12-20."
)  # fmt: skip


@pytest.fixture
def tto() -> Visitor:
    return Visitor(Role.TTO)


@pytest.fixture
def asker() -> Visitor:
    return Visitor(Role.ENTERPRISE)


def owned(visitor: Visitor, room: str) -> list[Any]:
    return list(records.owned(records.LIBRARIES[room], visitor.actor))


# —— achievements ——


def test_a_citation_becomes_a_form_then_a_draft_then_submitted(tto: Visitor) -> None:
    said = text_of(tto.post("/publish/achievement", {"text": CITED}))
    assert "低温冷库余热梯级回收除霜" in said
    assert "读自：" in said
    values = {"title": "低温冷库余热梯级回收除霜", "abstract": "回收排热除霜，电耗降 31%。"}
    answer = tto.post("/publish/achievement/save", values)
    (record,) = owned(tto, "achievements")
    assert answer["Location"] == f"/achievements/{record.pk}/ready"
    assert "提交" in text_of(tto.get(answer["Location"]))
    tto.post(f"/achievements/{record.pk}/submit")
    record.refresh_from_db()
    assert record.state == "submitted"


def test_without_moderation_submitting_publishes(tto: Visitor) -> None:
    site.change(actor=SYSTEM, values={"is_moderated": False})
    record = make.achievement(tto.actor)
    tto.post(f"/achievements/{record.pk}/submit")
    record.refresh_from_db()
    assert record.state == "public"


def test_a_draft_may_lack_everything(tto: Visitor) -> None:
    answer = tto.post("/publish/achievement/save", {"keywords": "冷库、除霜", "draft": "1"})
    assert answer["Location"] == "/publish/achievement?draft=1"
    assert not owned(tto, "achievements")
    assert "冷库、除霜" in text_of(tto.get("/publish/achievement?draft=1"))


def test_a_refused_form_keeps_what_was_typed(tto: Visitor) -> None:
    given = {
        "title": "", "abstract": "三次改稿的摘要", "trl": "11", "price_fen": "很多",
        "has": "results", "results-0-metric": "电耗", "results-0-value": "许多",
    }  # fmt: skip
    answer = tto.post("/publish/achievement/save", given)
    said = text_of(answer)
    assert answer.status_code == 422
    assert "三次改稿的摘要" in said
    assert 'value="很多"' in said
    assert 'value="许多"' in said
    assert 'href="#f-title"' in said
    assert not owned(tto, "achievements")


def test_what_was_typed_survives_signing_in(tto: Visitor) -> None:
    visitor = Visitor()
    answer = visitor.post("/publish/achievement/save", {"title": "除霜系统", "abstract": "内容"})
    assert answer["Location"].startswith("/login?next=%2Fpublish%2Fachievement")
    visitor.client.force_login(make.person(Role.TTO))
    assert "除霜系统" in text_of(visitor.get("/publish/achievement"))


@pytest.mark.parametrize("is_token_looked_for", [True, False])
def test_a_form_with_megabytes_is_told_that_it_is_too_big(is_token_looked_for: bool) -> None:
    """Whoever reads the form first finds out: the look for its token, or the page."""
    client = Client(enforce_csrf_checks=is_token_looked_for)
    client.get("/login")
    answer = client.post("/publish/achievement", {"text": "冷" * 1_500_000})
    assert answer.status_code == 413
    assert "内容太大了" in text_of(answer)


@pytest.mark.parametrize("price", ["很多", "-5万", "八百吨", "1e99"])
def test_a_price_that_is_none_is_told_what_one_looks_like(tto: Visitor, price: str) -> None:
    given = {"title": "除霜系统", "abstract": "内容", "price_fen": price}
    answer = tto.post("/publish/achievement/save", given)
    assert answer.status_code == 422
    assert "金额，如 800000 或 80 万" in text_of(answer)
    assert not owned(tto, "achievements")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("2027.3.1", "2027-03-01"), ("2027年3月1日", "2027-03-01"), ("2027-03-01", "2027-03-01"),
        ("", None), ("2024.2.30", "refused"), ("明天", "refused"), ("45000", "refused"),
    ],
)  # fmt: skip
def test_a_date_is_read_as_people_write_it(asker: Visitor, typed: str, kept: str | None) -> None:
    record = make.demand(asker.actor, deadline="2026-12-31")
    given = {"title": record.title, "abstract": record.abstract, "deadline": typed, "expected": "1"}
    answer = asker.post(f"/demands/{record.pk}/save", given)
    record.refresh_from_db()
    if kept == "refused":
        assert answer.status_code == 422
        assert "真实存在的日期" in text_of(answer)
        kept = "2026-12-31"
    assert (record.deadline and record.deadline.isoformat()) == kept


def test_names_of_places_and_amounts_are_understood(tto: Visitor) -> None:
    given = {"title": "除霜系统", "abstract": "内容", "region": "上海市黄浦区", "price_fen": "80万"}
    tto.post("/publish/achievement/save", given)
    (record,) = owned(tto, "achievements")
    assert (record.region, record.price_fen) == ("310101", 80_000_000)


def test_stale_changes_are_refused_with_a_page(tto: Visitor) -> None:
    record = make.achievement(tto.actor)
    path = f"/achievements/{record.pk}/save"
    assert tto.post(path, {"title": "第二版名称", "expected": "1"}).status_code == 302
    late = tto.post(path, {"title": "迟到的改动", "expected": "1"})
    assert late.status_code == 409
    record.refresh_from_db()
    assert record.title == "第二版名称"


def picture(size: tuple[int, int] = (3000, 2000)) -> io.BytesIO:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "Secret maker"
    Image.new("RGB", size, "#2a6").save(out, "JPEG", exif=exif)
    out.seek(0)
    out.name = "site.jpg"
    return out


def test_a_cover_is_drawn_anew_without_its_exif(tto: Visitor) -> None:
    record = make.achievement(tto.actor)
    tto.post(f"/achievements/{record.pk}/save", {"cover": picture()})
    record.refresh_from_db()
    answer = Visitor().get(f"/files/{record.cover}")
    content = answer.content
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in answer["Cache-Control"]
    assert b"Secret maker" not in content
    assert Image.open(io.BytesIO(content)).size == (1350, 900)


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"<svg onload=alert(1)>", b"\xff\xd8\xff\xe0cut", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])  # fmt: skip
def test_what_is_no_picture_is_refused_and_nothing_is_half_done(
    tto: Visitor, content: bytes
) -> None:
    record = make.achievement(tto.actor)
    sent = io.BytesIO(content)
    sent.name = "cover.png"
    answer = tto.post(f"/achievements/{record.pk}/save", {"title": "改名了的成果", "cover": sent})
    record.refresh_from_db()
    assert record.cover == ""
    if content:
        assert answer.status_code == 422
        assert record.title != "改名了的成果"


def test_a_bomb_of_pixels_is_refused_before_it_is_unpacked(tto: Visitor) -> None:
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    out.seek(0)
    out.name = "bomb.png"
    record = make.achievement(tto.actor)
    assert tto.post(f"/achievements/{record.pk}/save", {"cover": out}).status_code == 422


def test_others_may_not_change_or_move(tto: Visitor, asker: Visitor) -> None:
    record = publish(make.achievement(tto.actor), "achievements")
    path = f"/achievements/{record.pk}"
    assert asker.get(path + "/edit").status_code == 403
    assert asker.post(path + "/save", {"title": "夺来的名称"}).status_code == 403
    assert asker.post(path + "/moves/withdraw").status_code == 403
    assert asker.post(path + "/moves/steal").status_code == 404
    assert Visitor().post(path + "/moves/withdraw").status_code == 302


def test_a_move_with_a_reason_needs_it(tto: Visitor, settings: Any) -> None:
    # Outside the sandbox an operator would need a second factor first.
    settings.YBJ_SANDBOX = True
    make.sandbox()
    record = make.achievement(tto.actor)
    tto.post(f"/achievements/{record.pk}/submit")
    operator = Visitor(Role.OPERATOR)
    path = f"/achievements/{record.pk}/moves/return"
    assert operator.post(path).status_code == 422
    assert operator.post(path, {"reason": "请写明测试条件"}).status_code == 302
    assert "请写明测试条件" in text_of(tto.get(f"/achievements/{record.pk}"))


def test_hints_come_while_typing() -> None:
    said = text_of(Visitor().post("/publish/hints", {"abstract": "本成果国际领先。"}))
    assert "国际领先" in said
    assert Visitor().post("/publish/hints", {"nothing": "x"}).status_code == 204


def test_autosave_is_for_who_is_signed_in(tto: Visitor) -> None:
    assert tto.post("/drafts/achievements", {"title": "正在写"}).status_code == 200
    assert "正在写" in text_of(tto.get("/publish"))
    assert Visitor().post("/drafts/achievements", {"title": "x"}).status_code == 302


# —— demands and introductions ——


def test_a_demand_waits_for_signing_in_and_is_then_submitted(asker: Visitor) -> None:
    visitor = Visitor()
    given = {"text": COLD, "visibility": "anonymous"}
    answer = visitor.post("/publish/demand/save", given)
    assert answer["Location"].startswith("/login?next=%2Fpublish%2Fdemand")
    assert COLD in text_of(visitor.get("/publish/demand"))
    answer = asker.post("/publish/demand/save", given)
    (demand,) = owned(asker, "demands")
    assert answer["Location"] == f"/demands/{demand.pk}"
    assert (demand.state, demand.visibility) == ("submitted", "anonymous")
    assert demand.budget_fen == 200_000_000
    assert demand.conditions == ["不停库"]


def test_an_empty_demand_is_refused_and_a_mad_one_survives(asker: Visitor) -> None:
    assert asker.post("/publish/demand/save", {"text": "  "}).status_code == 422
    mad = "<script>alert(1)</script>\u202e😀\u0000" + "冷" * 5000
    answer = asker.post("/publish/demand/save", {"text": mad, "visibility": "all"})
    assert answer.status_code == 302
    (demand,) = owned(asker, "demands")
    assert demand.visibility == "brokers"
    assert "<script>alert" not in text_of(asker.get(f"/demands/{demand.pk}"))


def test_one_tap_makes_contact_and_two_yes_open_it(tto: Visitor, asker: Visitor) -> None:
    record = publish(make.achievement(tto.actor), "achievements")
    wanted = {"q": COLD, "kind": "achievement", "id": str(record.pk)}
    answer = asker.post("/ask/meet", wanted)
    match = matching.matches(asker.actor).get()
    assert answer["Location"] == f"/matches/{match.pk}"
    assert (match.state, match.first, match.turn) == ("interested", "seeker", "provider")
    assert asker.post("/ask/meet", wanted)["Location"] == f"/matches/{match.pk}"
    page = f"/matches/{match.pk}"
    assert "同意约谈" not in text_of(asker.get(page))
    assert "匿名单位" in text_of(tto.get(page))
    tto.post(page + "/moves/agree")
    said = text_of(asker.get(page))
    assert record.owner.name in said
    assert 'class="contacts"' in said


def test_the_tap_waits_for_signing_in(tto: Visitor) -> None:
    record = publish(make.achievement(tto.actor), "achievements")
    visitor = Visitor()
    wanted = {"q": COLD, "kind": "achievement", "id": str(record.pk)}
    answer = visitor.post("/ask/meet", wanted)
    assert answer["Location"] == "/login?next=%2Fask%2Fmeet%2Fresume"
    assert visitor.client.session["pending_meeting"]["q"] == COLD


@pytest.mark.parametrize("given", [{}, {"kind": "demand", "id": "1"}, {"kind": "achievement", "id": "-1"}, {"kind": "achievement", "id": "999999"}, {"kind": "x" * 5000, "id": "9" * 500}])  # fmt: skip
def test_a_senseless_tap_is_not_found(asker: Visitor, given: dict[str, str]) -> None:
    assert asker.post("/ask/meet", given).status_code == 404


def test_nobody_taps_their_own(tto: Visitor) -> None:
    record = publish(make.achievement(tto.actor), "achievements")
    given = {"q": COLD, "kind": "achievement", "id": str(record.pk)}
    assert tto.post("/ask/meet", given).status_code == 409


def test_a_published_demand_is_matched_judged_and_declined(tto: Visitor, asker: Visitor) -> None:
    publish(make.achievement(tto.actor), "achievements")
    demand = publish(make.demand(asker.actor, abstract=COLD), "demands")
    match = matching.matches_of_demand(asker.actor, demand.pk).first()
    assert match is not None
    page = f"/matches/{match.pk}"
    assert tto.get(page).status_code == 404  # for brokers only, until the seeker shows interest
    assert "新推荐" in text_of(asker.get("/desk/matches"))
    assert asker.post(page + "/feedback", {"why": "nonsense"}).status_code == 422
    said = asker.post(page + "/feedback", {"why": "price"}, **{"HX-Request": "true"})
    assert "is-pressed" in text_of(said)
    assert matching.judgement(asker.actor, match.pk) == "bad"
    assert asker.post(page + "/moves/decline").status_code == 422
    asker.post(page + "/moves/decline", {"why": "price"})
    assert "价格不合适" in text_of(asker.get(page))
    assert Visitor(Role.TTO).get(page).status_code == 404


# —— beside the records ——


def test_a_subscription_tells_of_news_once(tto: Visitor, asker: Visitor) -> None:
    from datetime import timedelta

    from yangbanjian.ground.clock import queries as clock

    assert Visitor().post("/achievements/subscribe?field=air").status_code == 302
    asker.post("/achievements/subscribe?field=air")
    asker.post("/achievements/subscribe?field=air")
    assert records.searches(asker.actor).count() == 1
    publish(make.achievement(tto.actor, field="air"), "achievements")
    assert jobs.tell_of_news(clock.now()) == 0
    assert jobs.tell_of_news(clock.now() + timedelta(hours=2)) == 1
    assert jobs.tell_of_news(clock.now() + timedelta(hours=2, minutes=1)) == 0
    (notice,) = inbox.inbox(asker.actor, topic="search")
    assert notice.params["count"] == 1
    answer = asker.get(f"/desk/inbox/{notice.pk}")
    assert answer["Location"] == "/achievements?field=air"
    assert inbox.unread_count(asker.actor) == 0
    (search,) = records.searches(asker.actor)
    assert tto.post(f"/desk/searches/{search.pk}/forget").status_code == 404
    asker.post(f"/desk/searches/{search.pk}/forget")
    assert not records.searches(asker.actor)


def test_anybody_may_report_and_only_the_operator_reads_it(tto: Visitor) -> None:
    record = publish(make.achievement(tto.actor), "achievements")
    path = f"/achievements/{record.pk}/report"
    visitor = Visitor()
    assert visitor.post(path, {"why": "boring"}).status_code == 422
    assert visitor.post(path, {"why": "wrong", "text": "数字不对"}).status_code == 302
    assert records.reports(Visitor(Role.OPERATOR).actor).get().text == "数字不对"
    assert not records.reports(tto.actor)
    assert "收到举报" not in text_of(tto.get(f"/achievements/{record.pk}"))
    answers = [visitor.post(path, {"why": "wrong"}).status_code for _n in range(6)]
    assert answers[-1] == 429


def test_the_desk_shows_only_my_records_with_freshness(tto: Visitor) -> None:
    make.achievement(tto.actor, title="我的除霜系统")
    make.achievement(Visitor(Role.TTO).actor, title="别人的检测系统")
    said = text_of(tto.get("/desk/achievements"))
    assert "我的除霜系统" in said
    assert "别人的检测系统" not in said
    assert "我的除霜系统" not in text_of(tto.get("/desk/achievements?state=public"))
    assert text_of(tto.get("/desk/")).count("tile-name") == 6


def test_the_desk_of_somebody_without_organisation_says_what_to_do() -> None:
    visitor = Visitor()
    visitor.client.force_login(make.person())
    assert "去认领" in text_of(visitor.get("/desk/"))
    answer = visitor.post("/publish/demand/save", {"text": COLD})
    assert answer.status_code == 403
    assert policy.NO_ORGANISATION.reason in text_of(answer)


def test_too_much_is_refused_with_a_page(tto: Visitor) -> None:
    answer = tto.post("/publish/achievement", {"text": "冷" * 1_500_000})
    assert answer.status_code == 413
    assert "太大" in text_of(answer)
