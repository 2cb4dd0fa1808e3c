"""The operator's workspace: numbers, queue, reports, settings, log; and who may see them."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from tests import make
from tests.faces.matching import match_between
from tests.faces.pages import Visitor, publish, text_of
from yangbanjian.engines.matching import actions as matching
from yangbanjian.faces.web.operator_log import neutral
from yangbanjian.faces.web.operator_report import Sheet, build
from yangbanjian.ground.people import actions as people
from yangbanjian.ground.people import queries as persons
from yangbanjian.ground.site import actions as site_actions
from yangbanjian.ground.site import queries as site
from yangbanjian.kernel.actor import SYSTEM, Role
from yangbanjian.libraries.records import actions, beside
from yangbanjian.libraries.records import queries as records

pytestmark = pytest.mark.django_db
LIBRARY = "achievements"
PAGES = [
    "/desk/cockpit", "/desk/figures", "/desk/moderation", "/desk/report", "/desk/report.xlsx",
    "/desk/log", "/desk/log.csv", "/desk/settings", "/desk/figures/answered",
    "/desk/figures/response", "/desk/figures/agreed", "/desk/figures/stale",
    "/desk/figures/streets",
]  # fmt: skip


@pytest.fixture
def operator() -> Visitor:
    return Visitor(Role.OPERATOR)


@pytest.fixture
def tto() -> Visitor:
    return Visitor(Role.TTO)


def submitted(tto: Visitor, **values: Any) -> Any:
    record = make.achievement(tto.actor, **values)
    library = records.LIBRARIES[LIBRARY]
    return actions.submit(actor=tto.actor, library=library, record_id=record.pk)


@pytest.mark.parametrize("path", PAGES)
def test_only_staff_see_the_pages(path: str) -> None:
    assert Visitor(Role.OPERATOR).get(path).status_code == 200
    assert Visitor(Role.AUDITOR).get(path).status_code == 200
    assert Visitor(Role.TTO).get(path).status_code == 403
    assert Visitor(Role.BROKER).get(path).status_code == 403
    assert Visitor().get(path).status_code == 302


def test_streets_are_counted_as_the_list_behind_them(operator: Visitor) -> None:
    assert 'class="hexes"' not in text_of(operator.get("/desk/cockpit"))
    site_actions.change(actor=SYSTEM, values={"streets": ["滨江街道", "大学城街道"]})
    firms = [Visitor(Role.ENTERPRISE) for _ in range(3)]
    for firm, street in zip(firms, ("滨江街道", "滨江街道", "老街道"), strict=True):
        people.change_organisation(
            actor=SYSTEM, organisation_id=firm.actor.organisation_id or 0, values={"street": street}
        )
        publish(make.demand(firm.actor), "demands")
    cockpit = text_of(operator.get("/desk/cockpit"))
    assert 'aria-label="街道需求热度：滨江街道 2"' in cockpit
    assert "<title>大学城街道 0</title>" in cockpit
    for name, count in (("滨江街道", 2), ("大学城街道", 0), ("名单外的街道", 1)):
        row = f'<th scope="row">{name}</th><td class="r num">{count}</td>'
        assert row in cockpit, name
    behind = text_of(operator.get("/desk/figures/streets"))
    assert (behind.count("滨江街道"), behind.count("老街道")) == (2, 1)


def test_an_organisation_chooses_its_street_from_the_list() -> None:
    firm = Visitor(Role.ENTERPRISE)
    assert 'name="street"' not in text_of(firm.get("/desk/organisation"))
    site_actions.change(actor=SYSTEM, values={"streets": ["滨江街道"]})
    page = text_of(firm.get("/desk/organisation"))
    assert '<option value="滨江街道">' in page
    own = persons.organisation(firm.actor.organisation_id or 0)
    assert own is not None
    sent = {"do": "profile", "name": own.name, "street": "滨江街道"}
    assert firm.post("/desk/organisation", sent).status_code == 302
    # The operator shortens the list; what was chosen stays, what was never listed is refused.
    site_actions.change(actor=SYSTEM, values={"streets": ["大学城街道"]})
    assert '<option value="滨江街道" selected>' in text_of(firm.get("/desk/organisation"))
    assert firm.post("/desk/organisation", {**sent, "street": "没有的街道"}).status_code == 422


def test_an_auditor_reads_and_changes_nothing(tto: Visitor) -> None:
    record, auditor = submitted(tto), Visitor(Role.AUDITOR)
    sent = {"pick": f"{LIBRARY}-{record.pk}", "do": "approve"}
    assert auditor.post("/desk/moderation/decide", sent).status_code == 403
    assert auditor.post("/desk/settings", {"name": "别的名字"}).status_code == 403
    record.refresh_from_db()
    assert record.state == "submitted"
    assert site.settings().name != "别的名字"
    assert 'name="do"' not in text_of(auditor.get(f"/desk/moderation/{LIBRARY}/{record.pk}"))


def test_cockpit_counts_and_drills(operator: Visitor, tto: Visitor) -> None:
    publish(make.achievement(tto.actor), LIBRARY)
    submitted(tto, title="等待审核的乙", abstract="另一件事：视觉检测带钢表面的缺陷。")
    said = text_of(operator.get("/desk/cockpit?period=nonsense"))
    assert 'href="/desk/moderation"' in said
    assert said.count('class="panel tile') == 6
    assert "看数据表" in said
    assert 'data-theme="night"' in text_of(operator.get("/desk/cockpit?wall=1&period=year"))


def test_behind_a_number_stand_the_records_that_it_counts(operator: Visitor, tto: Visitor) -> None:
    enterprise = Visitor(Role.ENTERPRISE)
    match = match_between(enterprise.actor, tto.actor, title="印刷废气治理")
    publish(make.demand(Visitor(Role.ENTERPRISE).actor, title="无人应答的难题"), "demands")
    answered = text_of(operator.get("/desk/figures/answered"))
    assert answered.count("还没有响应") == 2
    assert "这段时间没有" in text_of(operator.get("/desk/figures/response"))
    matching.move(actor=enterprise.actor, match_id=match.pk, name="interested")
    answered = text_of(operator.get("/desk/figures/answered?period=quarter"))
    assert answered.count("还没有响应") == 1
    assert answered.count("有意向</td>") == 1
    waits = text_of(operator.get("/desk/figures/response"))
    # Counted by everybody's office, read of under a grant (T7).
    assert "不公开，需查阅" in waits
    assert "印刷废气治理" not in waits
    make.look_in(operator.actor, match.seeker_id)
    assert "印刷废气治理" in text_of(operator.get("/desk/figures/response"))
    assert "无人应答的难题" not in waits
    assert "这段时间没有" in text_of(operator.get("/desk/figures/agreed"))
    matching.move(actor=tto.actor, match_id=match.pk, name="agree")
    assert f'href="/matches/{match.pk}"' in text_of(operator.get("/desk/figures/agreed"))
    assert operator.get("/desk/figures/nothing").status_code == 404


def test_the_queue_shows_hints_and_duplicates(operator: Visitor, tto: Visitor) -> None:
    publish(make.achievement(tto.actor), LIBRARY)
    record = submitted(tto)
    assert record.title in text_of(operator.get("/desk/moderation?library=achievements"))
    whole = text_of(operator.get(f"/desk/moderation/{LIBRARY}/{record.pk}"))
    part = text_of(
        operator.get(f"/desk/moderation/{LIBRARY}/{record.pk}", **{"HX-Request": "true"})
    )
    assert "可能重复" in part
    assert "<!doctype" in whole
    assert "<!doctype" not in part
    assert operator.get("/desk/moderation/nowhere/1").status_code == 404
    assert operator.get(f"/desk/moderation/{LIBRARY}/999999").status_code == 404


def test_bulk_approval_tells_of_each_item(operator: Visitor, tto: Visitor) -> None:
    one, two = submitted(tto), submitted(tto, title="另一条")
    gone = make.achievement(tto.actor, title="还是草稿")
    picks = [f"{LIBRARY}-{r.pk}" for r in (one, two, gone)] + ["nonsense-x", "achievements-٣", "x"]
    operator.post("/desk/moderation/decide", {"pick": picks, "do": "approve"})
    said = text_of(operator.get("/desk/moderation"))
    assert "已通过 2 条" in said
    assert f"{LIBRARY}-{gone.pk}：" in said
    for record, state in ((one, "public"), (two, "public"), (gone, "draft")):
        record.refresh_from_db()
        assert record.state == state


def test_a_return_needs_a_reason_and_carries_it(operator: Visitor, tto: Visitor) -> None:
    record = submitted(tto)
    sent = {"pick": f"{LIBRARY}-{record.pk}", "do": "return"}
    assert operator.post("/desk/moderation/decide", sent).status_code == 422
    record.refresh_from_db()
    assert record.state == "submitted"
    operator.post("/desk/moderation/decide", {**sent, "reason": "numbers", "text": "缺电耗"})
    record.refresh_from_db()
    assert record.state == "draft"
    assert record.state_reason == "请补充实测结果或指标，说明测试条件；缺电耗"
    assert operator.post("/desk/moderation/decide", {"do": "approve"}).status_code == 422


@pytest.mark.parametrize(("outcome", "state"), [("upheld", "withdrawn"), ("dismissed", "public")])
def test_a_report_upheld_takes_the_item_down(
    operator: Visitor, tto: Visitor, outcome: str, state: str
) -> None:
    record = publish(make.achievement(tto.actor), LIBRARY)
    report = beside.report(
        actor=Visitor().actor, library=records.LIBRARIES[LIBRARY], record_id=record.pk, why="wrong"
    )
    assert "内容不实" in text_of(operator.get("/desk/moderation"))
    path = f"/desk/reports/{report.pk}"
    assert operator.post(path, {"outcome": outcome, "answer": ""}).status_code == 422
    assert operator.post(path, {"outcome": "maybe", "answer": "x"}).status_code == 422
    assert tto.post(path, {"outcome": outcome, "answer": "已核实"}).status_code == 403
    assert operator.post(path, {"outcome": outcome, "answer": "已核实"}).status_code == 302
    record.refresh_from_db()
    assert record.state == state
    assert operator.post(path, {"outcome": outcome, "answer": "再来"}).status_code == 409


SETTINGS = {
    "name": "星桥技术市场", "languages": ["zh-hans", "en"], "valid_days": "200", "notice_days": "20", "import_file_days": "30", "digest_hour": "9",
    "streets": "甲街道\n\n乙街道\n甲街道", "is_moderated": "on",
}  # fmt: skip


def test_settings_change_the_site_and_are_remembered(operator: Visitor) -> None:
    assert operator.post("/desk/settings", SETTINGS).status_code == 302
    held = site.settings()
    assert held.name == "星桥技术市场"
    assert held.streets == ("甲街道", "乙街道")
    assert held.valid_days == 200
    said = text_of(operator.get("/desk/settings"))
    assert "星桥技术市场" in text_of(Visitor().get("/"))
    assert "公开有效天数" in said.partition("修改记录")[2]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""}, {"valid_days": "-1"}, {"valid_days": "三百"}, {"languages": ["xx"]},
        {"name": "很" * 41}, {"name": "\x00"},
    ],
)  # fmt: skip
def test_wrong_settings_are_refused_whole(operator: Visitor, wrong: dict[str, Any]) -> None:
    before = site.settings()
    assert operator.post("/desk/settings", {**SETTINGS, **wrong}).status_code == 422
    assert site.settings() == before


def test_a_logo_must_be_a_picture(operator: Visitor) -> None:
    fake = io.BytesIO(b"<script>alert(1)</script>")
    fake.name = "logo.png"
    assert operator.post("/desk/settings", {**SETTINGS, "logo": fake}).status_code == 422
    assert site.settings().logo == ""


def test_without_moderation_what_is_submitted_is_public(tto: Visitor) -> None:
    site_actions.change(actor=SYSTEM, values={"is_moderated": False})
    assert submitted(tto).state == "public"


def test_the_log_is_filtered_and_exported(operator: Visitor, tto: Visitor) -> None:
    record = publish(make.achievement(tto.actor, title="余热"), LIBRARY)
    said = text_of(operator.get(f"/desk/log?verb=achievements.published&subject={record.pk}"))
    assert f'href="/achievements/{record.pk}"' in said
    assert "achievements.added" not in said
    table = text_of(operator.get("/desk/log.csv?verb=achievements"))
    assert "achievements.published" in table
    for bad in ("since=2024-02-30", "until=9999-12-31", "subject=x", "organisation=%00", "page=-3"):
        assert operator.get("/desk/log?" + bad).status_code == 200
    assert "已略过" in text_of(operator.get("/desk/log?since=2024-02-30"))


@pytest.mark.parametrize("month", ["2026-13", "x", "0000-01", "9999-01", "２０２６-01", "2026-1x"])
def test_a_month_that_cannot_be_is_refused(operator: Visitor, month: str) -> None:
    assert operator.get("/desk/report.xlsx").status_code == 200
    assert operator.get(f"/desk/report?month={month}").status_code == 422


def test_no_cell_of_a_workbook_is_a_formula() -> None:
    rows = [["=HYPERLINK(1)", 3], ["http://a.example", 4.5]]
    book = build([Sheet("甲", ["名称", "数"], rows)])
    with zipfile.ZipFile(io.BytesIO(book)) as whole:
        sheet = whole.read("xl/worksheets/sheet1.xml").decode()
        shared = whole.read("xl/sharedStrings.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    assert "'=HYPERLINK(1)" in shared
    assert neutral("@x") == "'@x"
    assert neutral("冷库 −3") == "冷库 −3"
