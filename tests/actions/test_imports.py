"""Sheets become records: counts, rejected rows, doing it again, whose they are."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from tests import make
from tests.faces import sheets
from yangbanjian.faces.sheets import importing
from yangbanjian.faces.sheets.importing import Counts
from yangbanjian.faces.sheets.reading import open_table
from yangbanjian.ground.database import bulk
from yangbanjian.ground.journal.models import Entry
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Invalid, NotAllowed
from yangbanjian.libraries.achievements.models import Achievement
from yangbanjian.libraries.achievements.queries import LIBRARY
from yangbanjian.libraries.demands.models import Demand
from yangbanjian.libraries.records import actions, imports

pytestmark = pytest.mark.django_db
PAPERS = Path(__file__).resolve().parents[3] / "shared/data/achievements/papers.jsonl.gz"


def load(
    path: Path,
    owner_id: int,
    *,
    actor: Actor = SYSTEM,
    kind: str = "achievements",
    state: str = "public",
    format_: str = "",
) -> Counts:
    planned = importing.plan(path, kind, format_=format_)
    report = path.with_name(path.name + ".rejected.xlsx")
    return importing.run(actor, planned, owner_id=owner_id, state=state, report=report)


def csv(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def test_the_same_file_again_changes_nothing_and_a_changed_row_is_a_version(tmp_path: Path) -> None:
    owner = make.organisation("authority")
    path = sheets.lines(tmp_path / "a.jsonl", sheets.rows(3))
    assert load(path, owner.pk).line() == "created=3 updated=0 unchanged=0 rejected=0"
    entries = Entry.objects.count()
    assert load(path, owner.pk).line() == "created=0 updated=0 unchanged=3 rejected=0"
    assert Entry.objects.count() == entries
    rows = sheets.rows(4)
    rows[1]["title"] = "换热器"
    assert (
        load(sheets.lines(path, rows), owner.pk).line()
        == "created=1 updated=1 unchanged=2 rejected=0"
    )
    changed = Achievement.objects.get(external_id="a1")
    assert (changed.title, changed.version, changed.state, changed.source) == (
        "换热器",
        2,
        "public",
        "import",
    )
    verbs = Entry.objects.filter(subject_id=changed.pk, subject_kind="achievement").order_by("pk")
    assert [e.verb for e in verbs] == ["achievements.imported", "achievements.revised"]
    assert [v.changed for v in changed.versions.order_by("version")][1] == ["title"]
    assert changed.published_at is not None
    assert Achievement.objects.filter(terms="换热").exists()


def test_ids_are_the_owners_own(tmp_path: Path) -> None:
    path = sheets.lines(tmp_path / "a.jsonl", sheets.rows(2))
    for _ in range(2):
        assert load(path, make.organisation().pk).created == 2


BAD = [
    ("TRL", "技术成熟度", "11"),
    ("negative", "期望价格（元起）", "-3"),
    ("foreign", "期望价格（元起）", "$300"),
    ("not a code", "技术领域", "炼金术"),
    ("shares", "持有单位与份额", "甲|||60\n乙|||30"),
    ("yes or no", "职务成果", "也许"),
    ("secret", "密级", "机密"),
    ("expiry", "知识产权", "发明专利|CN1|名|有效||2024.2.30|"),
    ("too many cells", "完成人与贡献", "甲|50|多一格"),
]


@pytest.mark.parametrize(("what", "column", "cell"), BAD, ids=[b[0] for b in BAD])
def test_a_wrong_value_rejects_its_row_with_column_and_reason(
    tmp_path: Path, what: str, column: str, cell: str
) -> None:
    owner = make.organisation("authority")
    path = sheets.workbook(
        tmp_path / "a.xlsx",
        [("a1", "甲装置", "乙做法", cell), ("a2", "甲装置二", "乙做法二", None)],
        ("编号", "名称", "摘要", column),
    )
    counts = load(path, owner.pk)
    assert counts.line() == "created=1 updated=0 unchanged=0 rejected=1"
    (problem,) = counts.problems
    assert (problem["row"], problem["column"]) == (2, column)
    assert "%(" not in problem["reason"]
    assert len(problem["reason"]) > 5


def test_the_report_can_be_put_right_and_sent_again(tmp_path: Path) -> None:
    owner = make.organisation("authority")
    rows = [
        ("a1", "甲", "乙", 11),
        ("a2", "丙", "丁", 7),
        (" ", "戊", "己", 5),
        ("a2", "庚", "辛", 5),
    ]
    headings = ("编号", "名称", "摘要", "TRL")
    path = sheets.workbook(tmp_path / "a.xlsx", rows, headings)
    assert load(path, owner.pk).line() == "created=1 updated=0 unchanged=0 rejected=3"
    report = open_table(tmp_path / "a.xlsx.rejected.xlsx")
    assert report.headings == (*headings, "行号", "列", "原因")
    left = list(report.rows())
    assert [int(r.cells["行号"]) for r in left] == [2, 4, 5]
    assert [r.cells["列"] for r in left] == ["TRL", "编号", "编号"]
    fixed = [[*list(r.cells.values())[:3], 6, *list(r.cells.values())[4:]] for r in left]
    fixed[1][0], fixed[2][0] = "a3", "a4"
    again = sheets.workbook(tmp_path / "fixed.xlsx", fixed, report.headings)
    assert load(again, owner.pk).line() == "created=3 updated=0 unchanged=0 rejected=0"
    assert Achievement.objects.get(external_id="a3").extra == {}


def test_amounts_dates_and_numbers_are_read_as_people_write_them(tmp_path: Path) -> None:
    owner = make.organisation("authority")
    text = (
        "编号,名称,摘要,预算（万元）,希望完成日期,要求成熟度\n"
        "d1,甲,乙,三百万,2024/2/3,TRL7\nd2,甲,乙,８０,2024年2月3日,７级\nd3,甲,乙,面议,,\n"
        "d4,甲,乙,80万元,2024.2.30,\n"
    )
    counts = load(csv(tmp_path / "a.csv", text), owner.pk, kind="demands")
    assert counts.line() == "created=3 updated=0 unchanged=0 rejected=1"
    assert "2 月没有 30 日" in counts.problems[0]["reason"]
    found = Demand.objects.order_by("external_id").values_list(
        "budget_fen", "deadline", "trl_wanted"
    )
    assert [(b, d and d.isoformat(), t) for b, d, t in found] == [
        (300_000_000, "2024-02-03", 7), (80_000_000, "2024-02-03", 7), (None, None, None),
    ]  # fmt: skip


def test_ids_are_trimmed_and_those_with_spaces_inside_are_refused(tmp_path: Path) -> None:
    owner = make.organisation("authority")
    text = "id,title,abstract\n  a1 ,甲,乙\na 2,甲,乙\n"
    counts = load(csv(tmp_path / "a.csv", text), owner.pk)
    assert counts.line() == "created=1 updated=0 unchanged=0 rejected=1"
    assert Achievement.objects.get().external_id == "a1"
    assert "空格" in counts.problems[0]["reason"]


def test_a_file_without_what_every_row_needs_is_refused_whole(tmp_path: Path) -> None:
    owner = make.organisation("authority")
    with pytest.raises(Invalid) as refused:
        load(csv(tmp_path / "a.csv", "编号,名称\n1,甲\n"), owner.pk)
    assert refused.value.code == "sheets.missing_columns"
    assert "摘要" in str(refused.value)
    assert not Achievement.objects.exists()


def test_foreign_headings_are_told_by_their_contents(tmp_path: Path) -> None:
    owner = make.organisation("authority")
    text = "甲列,乙列,丙列\n" + "".join(
        f"x{n},第{n}号换热装置,{'回收排热用于除霜和地坪防冻。' * 6}{n}\n" for n in range(5)
    )
    assert load(csv(tmp_path / "a.csv", text), owner.pk).created == 5
    assert Achievement.objects.get(external_id="x3").title == "第3号换热装置"


def test_a_corpus_without_titles_gets_them_from_the_text_and_says_so(tmp_path: Path) -> None:
    owner = make.organisation("authority")
    first_row = {"_id": "d1", "title": "", "text": "回收压缩机排热。用于除霜。"}
    rows = [
        {**first_row, "metadata": {"kind": "paper"}},
        {"_id": "d2", "title": "有题名", "text": "回收排热。"},
    ]
    path = sheets.lines(tmp_path / "c.jsonl.gz", rows)
    assert (
        load(path, owner.pk, format_="beir").line() == "created=2 updated=0 unchanged=0 rejected=0"
    )
    assert load(path, owner.pk, format_="beir").unchanged == 2
    first, second = Achievement.objects.order_by("external_id")
    assert (first.title, first.is_title_derived, first.extra) == (
        "回收压缩机排热", True, {"metadata": {"kind": "paper"}})  # fmt: skip
    assert not second.is_title_derived
    with pytest.raises(Invalid):
        load(sheets.lines(tmp_path / "b.jsonl", sheets.rows(1)), owner.pk, format_="beir")


def test_others_send_to_moderation_and_only_for_themselves(tmp_path: Path) -> None:
    tto = make.actor(Role.TTO)
    path = sheets.lines(tmp_path / "a.jsonl", sheets.rows(1))
    assert tto.organisation_id is not None
    load(path, tto.organisation_id, actor=tto)
    assert Achievement.objects.get().state == "submitted"
    with pytest.raises(NotAllowed):
        load(path, make.organisation().pk, actor=tto)
    assert Achievement.objects.count() == 1


def test_an_imported_record_is_what_a_form_would_have_made(tmp_path: Path) -> None:
    said: dict[str, Any] = {
        "title": '低温余热\\回收"装置"',
        "abstract": "第一行\t有制表符，\n第二行有 CO2 与 30%。",
        "keywords": ["余热", "逗号,与{括号}"],
        "trl": 6,
        "price_fen": 1_200_000,
        "rights": [{"kind": "invention", "number": "ZL 2020 1 0000001.3"}],
        "is_service": True,
    }
    owner = make.organisation("authority")
    made = actions.add(actor=SYSTEM, library=LIBRARY, owner_id=owner.pk, values=said)
    row = imports.Row(1, external_id="a", values=said)
    blank = imports.Row(2, external_id="b", values={**said, "abstract": "。", "title": "，"})
    outcomes = imports.import_rows(
        actor=SYSTEM, library=LIBRARY, owner_id=owner.pk, rows=[row, blank], state="draft"
    )
    assert [o.created for o in outcomes] == [2]
    records = Achievement.objects.select_related("owner").order_by("pk")
    first, second, _ = records
    assert first.pk == made.pk
    apart = {"id", "external_id", "source", "created_at", "updated_at", "state_since"}
    names = [f.attname for f in Achievement._meta.concrete_fields if f.attname not in apart]
    assert {n: getattr(first, n) for n in names} == {n: getattr(second, n) for n in names}
    assert second.bands
    one, other = first.versions.get(), second.versions.get()
    assert (one.version, one.content, one.changed) == (other.version, other.content, other.changed)


def test_each_row_has_its_entry_and_the_entry_its_digest(tmp_path: Path) -> None:
    owner = make.organisation("authority")
    load(sheets.lines(tmp_path / "a.jsonl", sheets.rows(60)), owner.pk)
    entries = list(Entry.objects.filter(verb="achievements.imported"))
    ids = set(Achievement.objects.values_list("pk", flat=True))
    assert len(entries) == 60
    assert {e.subject_id for e in entries} == ids
    assert len({bytes(e.salt) for e in entries}) == 60
    for entry in entries:
        told = rfc8785.dumps(entry.payload)
        digest = hashlib.sha256(bytes(entry.salt) + told).digest()
        assert bytes(entry.payload_jcs_sha256) == digest
        assert (entry.owner_id, entry.audience) == (owner.pk, "public")


def test_a_column_that_does_not_exist_is_not_copied() -> None:
    with pytest.raises(KeyError):
        bulk.copy_in(Entry, [{}], {"no_such_column": 1}, [1])


def test_a_draft_stays_a_draft(tmp_path: Path) -> None:
    owner = make.organisation("authority")
    path = sheets.lines(tmp_path / "a.jsonl", sheets.rows(1))
    load(path, owner.pk, state="draft")
    assert Achievement.objects.get().state == "draft"
    with pytest.raises(Invalid):
        load(path, owner.pk, state="sold")


def test_a_cell_that_was_emptied_empties_the_field_and_a_missing_column_does_not(
    tmp_path: Path,
) -> None:
    owner = make.organisation("authority")
    load(csv(tmp_path / "a.csv", "id,title,abstract,trl,team\na,甲,乙,7,丙队\n"), owner.pk)
    counts = load(csv(tmp_path / "b.csv", "id,title,abstract,trl\na,甲,乙,\n"), owner.pk)
    assert counts.updated == 1
    record: Any = Achievement.objects.get()
    assert (record.trl, record.team) == (None, "丙队")


@pytest.mark.skipif(not PAPERS.exists(), reason="the shared papers are not here")
def test_the_real_papers_are_imported_whole(tmp_path: Path) -> None:
    import shutil

    owner = make.organisation("authority")
    path = tmp_path / "papers.jsonl.gz"
    shutil.copyfile(PAPERS, path)
    counts = load(path, owner.pk)
    assert (counts.created, counts.rejected) == (counts.total, 0)
    record = Achievement.objects.get(external_id="csl-dev-0000")
    assert record.keywords[1] == "平方和优化"
    assert record.extra["category"] == "工学"
