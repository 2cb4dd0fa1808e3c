"""The operator's rules: what holds and where it comes from, drafts, trials, publishing; without
script."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faces.matching import match_between
from tests.faces.pages import Visitor, text_of
from yangbanjian.engines.matching import actions as matching
from yangbanjian.ground.rulebook.models import Edition
from yangbanjian.kernel.actor import Role

pytestmark = pytest.mark.django_db
SENT = {
    "jurisdiction": "310110", "document": "区府发〔2026〕1号", "clause": "第二条", "begins": "2030-01-01",
    "0-case": "agreement_price", "0-days": "20", "0-unit": "calendar", "0-first_day": "counted",
    "1-case": "", "1-days": "", "1-unit": "", "1-first_day": "",
}  # fmt: skip


@pytest.fixture
def author() -> Visitor:
    return Visitor(Role.OPERATOR)


@pytest.fixture
def second() -> Visitor:
    return Visitor(Role.OPERATOR)


def drafted(author: Visitor, table: str = "notice_days", **more: str) -> Edition:
    answer = author.post(f"/desk/rules/{table}/new", {**SENT, **more})
    assert answer.status_code == 302, text_of(answer)
    return Edition.objects.get(pk=int(answer.url.rpartition("/")[2]))


def test_only_staff_see_the_rules(author: Visitor) -> None:
    one = drafted(author)
    for path in ("/desk/rules", "/desk/rules/notice_days", f"/desk/rules/editions/{one.pk}"):
        assert Visitor(Role.AUDITOR).get(path).status_code == 200
        assert Visitor(Role.TTO).get(path).status_code == 403
        assert Visitor().get(path).status_code == 302
    auditor = Visitor(Role.AUDITOR)
    assert auditor.get("/desk/rules/notice_days/new").status_code == 403
    assert "保存草稿" not in text_of(auditor.get(f"/desk/rules/editions/{one.pk}"))
    assert auditor.post(f"/desk/rules/editions/{one.pk}", {"do": "withdraw"}).status_code == 403


def test_the_overview_says_where_figures_come_from_and_which_are_provisional(
    author: Visitor,
) -> None:
    said = text_of(author.get("/desk/rules"))
    assert "国发〔2016〕16号" in said
    assert "促进科技成果转化法（2015） 第四十五条" in said
    assert "未见原文，待核" in said
    assert "暂定" in said
    provisional = Edition.objects.get(shipped_as="notice_days/CN/1")
    said = text_of(author.get(f"/desk/rules/editions/{provisional.pk}"))
    assert "暂定：还没有核对原文" in said
    read = Edition.objects.get(shipped_as="reward_floors/CN/1")
    assert "暂定：" not in text_of(author.get(f"/desk/rules/editions/{read.pk}"))
    assert author.get("/desk/rules/nothing").status_code == 404
    assert author.get("/desk/rules/editions/999999").status_code == 404


def test_days_are_counted_and_the_first_day_is_said(author: Visitor) -> None:
    asked = "/desk/rules?start=2024-02-01&days=15&unit=calendar&first_day="
    assert "自 2 月 1 日起 15 日，至 2 月 15 日止" in text_of(author.get(asked + "counted"))
    assert "自 2 月 1 日的次日起 15 日，至 2 月 16 日止" in text_of(author.get(asked + "next"))
    uncovered = asked.replace("2024", "2150").replace("calendar", "working") + "counted"
    assert "还没有 2150 年的节假日安排" in text_of(author.get(uncovered))


def test_a_draft_is_begun_from_what_holds_and_corrected(author: Visitor) -> None:
    form = text_of(author.get("/desk/rules/fee_schedules/new?jurisdiction=120000"))
    assert 'value="1000"' in form
    assert "天津市" in form
    # Begun from the nation's, it rests on another document: what was provisional there isn't here.
    assert 'is_provisional" checked' not in text_of(
        author.get("/desk/rules/notice_days/new?jurisdiction=310110")
    )
    assert 'is_provisional" checked' in text_of(author.get("/desk/rules/notice_days/new"))
    refused = author.post("/desk/rules/notice_days/new", {**SENT, "0-days": "0"})
    assert refused.status_code == 422
    said = text_of(refused)
    assert "应是 1 到 3650 之间的整数" in said
    assert 'value="0"' in said
    assert 'href="#id_0-days"' in said
    assert author.post("/desk/rules/notice_days/new", {**SENT, "document": ""}).status_code == 422
    one = drafted(author)
    assert [r["days"] for r in one.rows] == [20]
    path = f"/desk/rules/editions/{one.pk}/edit"
    assert 'value="区府发〔2026〕1号"' in text_of(author.get(path))
    # The first row was emptied: what is wrong is said of the row where it was typed.
    moved = {k.replace("0-", "2-"): v for k, v in SENT.items()} | {"2-days": "many"}
    refused = author.post(path, moved)
    assert 'href="#id_2-days"' in text_of(refused)
    assert author.post(path, SENT | {"0-days": "25"}).status_code == 302
    one.refresh_from_db()
    assert (one.rows[0]["days"], one.version) == (25, 2)


def test_publishing_wants_a_second_person_and_a_tick(author: Visitor, second: Visitor) -> None:
    one = drafted(author)
    path = f"/desk/rules/editions/{one.pk}"
    assert "起草的人不能自己发布" in text_of(author.get(path))
    own = author.post(path, {"do": "publish", "is_checked": "on"})
    assert own.status_code in (403, 422)
    assert second.post(path, {"do": "publish"}).status_code == 422
    one.refresh_from_db()
    assert one.state == "draft"
    assert (
        second.post(path, {"do": "publish", "is_checked": "on", "reason": "已核对"}).status_code
        == 302
    )
    one.refresh_from_db()
    assert one.state == "published"
    assert "将生效" in text_of(author.get(path))
    assert author.get(f"{path}/edit").status_code == 302
    again = second.post(path, {"do": "withdraw"})
    assert again.status_code == 422


def test_two_editions_side_by_side(author: Visitor, second: Visitor) -> None:
    one = drafted(author)
    shipped = Edition.objects.get(shipped_as="notice_days/CN/1")
    asked = f"/desk/rules/notice_days?left={shipped.pk}&right={one.pk}"
    said = text_of(author.get(asked))
    assert "<del>15</del>" in said
    assert "<ins>20</ins>" in said
    assert "上海市 杨浦区 第 1 版" in said
    assert author.get("/desk/rules/notice_days?left=x&right=999").status_code == 200


def _waiting() -> Any:
    seeker, provider = Visitor(Role.ENTERPRISE), Visitor(Role.TTO)
    match = match_between(seeker.actor, provider.actor)
    return matching.move(actor=seeker.actor, match_id=match.pk, name="interested")


def test_a_draft_lists_who_would_change(author: Visitor) -> None:
    match = _waiting()
    sent = {
        "document": "本站自定",
        "begins": "2020-01-01",
        "0-step": "introduction",
        "0-days": "10",
    }
    answer = author.post("/desk/rules/answer_days/new", sent)
    said = text_of(author.get(answer.url))
    assert "用正在办理的 1 件试算，1 件会不一样" in said
    assert f'href="/matches/{match.pk}"' in said
    other = drafted(author)
    assert "没有可试的" in text_of(author.get(f"/desk/rules/editions/{other.pk}"))
