"""`ybj import`, `ybj export` and `ybj match`: what they print and how they end."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests import bank, deals, make
from tests.faces import sheets
from yangbanjian.engines.matching import batch
from yangbanjian.engines.matching.live import live
from yangbanjian.faces.cli import files
from yangbanjian.faces.sheets.reading import open_table
from yangbanjian.ground.bank.models import Line
from yangbanjian.ground.codes import queries as codes
from yangbanjian.ground.journal.jobs import deliver
from yangbanjian.ground.people import owners
from yangbanjian.ground.people.models import Organisation
from yangbanjian.kernel.refusals import Invalid, NotFound
from yangbanjian.libraries.achievements.models import Achievement

pytestmark = pytest.mark.django_db


def load(
    file: Path, kind: str = "achievements", owner: str = "", report: Path | None = None
) -> int:
    return files.import_file(kind, file, owner=owner, state="public", format_="", report=report)


def test_the_last_line_and_the_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = sheets.rows(4)
    rows[2]["id"] = rows[1]["id"]
    path = sheets.lines(tmp_path / "a.jsonl.gz", rows)
    assert load(path) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "created=3 updated=0 unchanged=0 rejected=1"
    (left,) = open_table(tmp_path / "a.jsonl.gz.rejected.xlsx").rows()
    assert (left.cells["行号"], left.cells["列"]) == (3, "id")
    assert load(sheets.lines(tmp_path / "b.jsonl", sheets.rows(4)), report=tmp_path / "r.xlsx") == 0
    assert not (tmp_path / "r.xlsx").exists()
    operator = Organisation.objects.get()
    assert (operator.kind, operator.name) == ("authority", owners.OPERATOR_NAME)


def test_the_owner_may_be_named(tmp_path: Path) -> None:
    owner = make.organisation(name="某某制冷设备公司", uscc="91310000MA1FL00000")
    for said in ("某某制冷设备公司", "91310000ma1fl00000", str(owner.pk)):
        assert load(sheets.lines(tmp_path / "a.jsonl", sheets.rows(1)), owner=said) == 0
    assert Achievement.objects.get().owner_id == owner.pk
    with pytest.raises(NotFound):
        load(tmp_path / "a.jsonl", owner="没有这家")


def test_an_unusable_file_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        load(sheets.bomb(tmp_path / "a.xlsx"))
    with pytest.raises(Invalid):
        load(tmp_path / "nothing.csv")
    with pytest.raises(Invalid):
        load(sheets.lines(tmp_path / "a.jsonl", sheets.rows(1)), kind="deals")
    assert not Organisation.objects.exists()


def test_export_writes_what_import_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load(sheets.lines(tmp_path / "a.jsonl", sheets.rows(3)))
    target = tmp_path / "out.xlsx"
    assert files.export_file("achievements", target) == 0
    assert load(target) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "created=0 updated=0 unchanged=3 rejected=0"
    with pytest.raises(Invalid):
        files.export_file("achievements", tmp_path / "out.doc")
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(".")) == []


def test_deals_are_taken_away_in_every_format_and_never_taken_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: Any
) -> None:
    settings.YBJ_SANDBOX = True
    make.sandbox()
    sale = deals.paid(title="=HYPERLINK(1)冷库余热")
    one = deals.fresh(sale)
    for name in ("deals.xlsx", "deals.csv", "deals.jsonl", "deals.jsonl.gz"):
        assert files.export_file("deals", tmp_path / name) == 0
        assert capsys.readouterr().out.splitlines()[-1] == "exported=1"
    for name in ("deals.xlsx", "deals.csv"):
        (row,) = open_table(tmp_path / name).rows()
        assert row.cells["成果名称"] == "=HYPERLINK(1)冷库余热"  # a text, read back as it was
        assert row.cells["状态"] == "价款已到账"
        assert row.cells["受让方"] == one.buyer.name
        assert float(str(row.cells["成交价（元）"])) == one.price_fen / 100
    told = json.loads((tmp_path / "deals.jsonl").read_text("utf-8"))
    assert (told["id"], told["state"], told["price_fen"]) == (one.pk, "paid", one.price_fen)
    assert told["edition"] == one.edition.label
    assert told["awarded_at"] == one.awarded_at.isoformat()
    with pytest.raises(Invalid):
        load(tmp_path / "deals.xlsx", kind="deals")
    with pytest.raises(Invalid):
        files.export_file("deals", tmp_path / "deals.doc")


def test_code_tables_are_added_and_their_bad_rows_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "industries.csv"
    text = "code,parent,label_zh\nX1,,新门类\nX11,X1,新大类\nX9,没有,孤儿\nX1,,重复\n,,空\n"
    path.write_text(text, "utf-8")
    assert load(path, kind="codes") == 1
    assert capsys.readouterr().out.splitlines()[-1] == "created=2 updated=0 unchanged=0 rejected=3"
    table = codes.table("industries")
    assert (table.codes["X11"].label_zh, table.codes["X11"].level) == ("新大类", 2)
    assert "X11" in codes.known_tables()["industries"]
    assert load(path, kind="codes") == 1
    assert "unchanged=2" in capsys.readouterr().out


def test_imported_records_are_matched_under_their_own_ids(tmp_path: Path) -> None:
    rows = [
        {"id": "r1", "title": "低温冷库余热回收", "abstract": "回收压缩机排热用于除霜。"},
        {"id": "r2", "title": "稀土永磁电机", "abstract": "无人机用的轻量电机。"},
        {"id": "r3", "title": "鱼塘增氧浮标", "abstract": "测溶解氧，自动增氧。"},
    ]
    load(sheets.lines(tmp_path / "a.jsonl", rows))
    deliver(include_own=True)
    live().catch_up()
    out = io.StringIO()
    asked = [("q1", "冷库除霜太费电"), ("q2", "鱼塘缺氧怎么办")]
    batch.match_to(out, asked, kind="achievement", top=2, encodes=False)
    lines = [line.split() for line in out.getvalue().splitlines()]
    assert [(x[0], x[1], x[3], x[5]) for x in lines if x[3] == "1"] == [
        ("q1", "Q0", "1", "ybj"),
        ("q2", "Q0", "1", "ybj"),
    ]
    assert {x[0]: x[2] for x in lines if x[3] == "1"} == {"q1": "r1", "q2": "r3"}
    with pytest.raises(Invalid):
        batch.match_to(out, asked, kind="organ", top=2, encodes=False)
    with pytest.raises(Invalid):
        batch.match_to(out, asked, kind="achievement", top=0, encodes=False)


def test_queries_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(json.dumps({"_id": "q1"}) + "\n", "utf-8")
    with pytest.raises(Invalid) as refused:
        list(files._queries(path))
    assert "第 1 行" in str(refused.value)


STATEMENT = "流水号,记账日期,收入金额,支出金额,附言\n"


def test_a_bank_statement_is_taken_in_whole_or_not_at_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "day.csv"
    file.write_text(STATEMENT + "S1,2026-03-01,10.00,0.00,货款\nS2,2026-03-01,0.00,1e5,\n", "utf-8")
    with pytest.raises(NotFound):
        load(file, "bank")
    at = bank.bank_account()
    assert load(file, "bank") == 2
    assert capsys.readouterr().out.splitlines()[-1] == "created=0 updated=0 unchanged=0 rejected=1"
    (left,) = open_table(tmp_path / "day.csv.rejected.xlsx").rows()
    assert (left.cells["行号"], left.cells["列"]) == (3, "支出金额")
    assert not Line.objects.exists()
    file.write_text(
        STATEMENT + "S1,2026-03-01,10.00,0.00,货款\nS2,2026-03-01,0.00,3.00,\n", "utf-8"
    )
    for closing in ("created=2 updated=0 unchanged=0", "created=0 updated=0 unchanged=2"):
        assert load(file, "bank") == 0
        assert capsys.readouterr().out.splitlines()[-1] == f"{closing} rejected=0"
    assert [one.amount for one in Line.objects.filter(bank_account=at)] == [1000, -300]
    file.write_text(STATEMENT + "S1,2026-03-01,11.00,0.00,货款\n", "utf-8")
    assert load(file, "bank") == 2
    bank.bank_account()
    with pytest.raises(NotFound):
        load(file, "bank")
    code = files.import_file(
        "bank", file, owner="", state="public", format_="", report=None, account=at.number
    )
    assert (code, Line.objects.count()) == (2, 2)
