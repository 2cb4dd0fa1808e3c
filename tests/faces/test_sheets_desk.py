"""Importing over HTTP and on the desk; sheets to take away."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests import make
from tests.faces import sheets
from tests.faces.test_api_records import client_of
from yangbanjian.faces.sheets.jobs import run_import
from yangbanjian.faces.sheets.reading import open_table
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.intake import imports
from yangbanjian.ground.intake.models import ImportJob
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.people.models import Person
from yangbanjian.ground.site import actions as site
from yangbanjian.kernel.actor import Role
from yangbanjian.libraries.achievements.models import Achievement
from yangbanjian.libraries.demands import actions as demands

pytestmark = pytest.mark.django_db


def visitor(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def upload(path: Path) -> SimpleUploadedFile:
    return SimpleUploadedFile(path.name, path.read_bytes())


def table(tmp_path: Path, text: str) -> SimpleUploadedFile:
    path = tmp_path / "成果.csv"
    path.write_text(text, "utf-8")
    return upload(path)


ROWS = "编号,名称,摘要,TRL\na1,甲装置,乙做法,7\na2,丙装置,丁做法,11\n"


def test_a_file_sent_over_the_api_is_imported_and_its_errors_fetched(tmp_path: Path) -> None:
    tto = client_of(make.person(Role.TTO))
    answer = tto.post("/api/v1/imports", {"kind": "achievements", "file": table(tmp_path, ROWS)})
    assert answer.status_code == 202, answer.content
    job = answer.json()
    assert (job["state"], job["progress"], job["errors_url"]) == ("queued", 0, None)
    run_import(job["id"])
    done = tto.get(f"/api/v1/imports/{job['id']}").json()
    assert {k: done[k] for k in ("state", "progress", "created", "rejected")} == {
        "state": "done", "progress": 1, "created": 1, "rejected": 1,
    }  # fmt: skip
    assert (done["problems"][0]["row"], done["problems"][0]["column"]) == (3, "TRL")
    report = tmp_path / "report.xlsx"
    report.write_bytes(b"".join(tto.get(done["errors_url"]).streaming_content))  # type: ignore[attr-defined]
    (left,) = open_table(report).rows()
    assert left.cells["编号"] == "a2"
    stranger = client_of(make.person(Role.TTO))
    assert stranger.get(f"/api/v1/imports/{job['id']}").status_code == 404
    assert Client().get(f"/api/v1/imports/{job['id']}").status_code == 401


def test_what_the_api_refuses_it_says(tmp_path: Path) -> None:
    tto = client_of(make.person(Role.TTO))
    other = make.organisation()

    def send(client: Client, **fields: Any) -> tuple[int, str]:
        body = {"kind": "achievements", "file": table(tmp_path, ROWS), **fields}
        answer = client.post("/api/v1/imports", body)
        return answer.status_code, answer.json().get("code", "")

    assert send(Client()) == (401, "people.sign_in_first")
    assert send(tto, owner=str(other.pk)) == (403, "records.not_yours")
    assert send(tto, owner="没有这个单位") == (404, "people.no_such_owner")
    assert send(tto, kind="deals") == (422, "sheets.kind")
    assert send(tto, state="sold") == (422, "intake.as_state")
    assert tto.post("/api/v1/imports", {"kind": "achievements"}).status_code == 422
    assert not ImportJob.objects.exists()


def test_a_file_that_cannot_be_used_fails_with_a_sentence_and_changes_nothing(
    tmp_path: Path,
) -> None:
    tto = client_of(make.person(Role.TTO))
    file = upload(sheets.bomb(tmp_path / "a.xlsx"))
    job = tto.post("/api/v1/imports", {"kind": "achievements", "file": file}).json()
    run_import(job["id"])
    done = tto.get(f"/api/v1/imports/{job['id']}").json()
    assert (done["state"], done["created"]) == ("failed", 0)
    assert "展开" in done["failure"]
    run_import(job["id"])
    assert not Achievement.objects.exists()


def test_a_job_whose_worker_died_is_taken_up_again(tmp_path: Path) -> None:
    tto = client_of(make.person(Role.TTO))
    job = tto.post(
        "/api/v1/imports", {"kind": "achievements", "file": table(tmp_path, ROWS)}
    ).json()
    ImportJob.objects.update(state="running", beat_at=clock.recorded_now())
    run_import(job["id"])
    assert ImportJob.objects.get().state == "running"
    ImportJob.objects.update(beat_at=clock.recorded_now() - 2 * imports.SILENT)
    assert imports.resume(clock.now()) == 1
    run_import(job["id"])
    assert ImportJob.objects.get().state == "done"


def test_on_the_desk_columns_are_confirmed_and_remembered(tmp_path: Path) -> None:
    person = make.person(Role.TTO)
    browser = visitor(person)
    text = "甲,乙,丙,丁\na1,甲装置,乙做法,7\na2,丙装置,丁做法,11\n"
    sent = browser.post("/desk/imports", {"kind": "achievements", "file": table(tmp_path, text)})
    assert sent.status_code == 302
    url = sent["Location"]
    page = browser.get(url)
    assert page.status_code == 200
    assert "没有找到必填的列" in page.content.decode()
    assert browser.post(f"{url}/confirm", {"column-0": "external_id"}).status_code == 422
    twice = browser.post(f"{url}/confirm", {"column-0": "title", "column-1": "title"})
    assert "有两列都选了" in twice.content.decode()
    columns = {
        "column-0": "external_id",
        "column-1": "title",
        "column-2": "abstract",
        "column-3": "trl",
    }
    look = browser.post(f"{url}/confirm", {**columns, "look": "1"}).content.decode()
    assert "应在 1 到 9 之间" in look or "1 到 9" in look
    assert browser.post(f"{url}/confirm", columns).status_code == 302
    waiting = browser.get(url).content.decode()
    assert 'hx-trigger="every 2s"' in waiting
    assert 'http-equiv="refresh"' in waiting
    run_import(int(url.rpartition("/")[2]))
    done = browser.get(url).content.decode()
    assert "hx-trigger" not in done
    assert f"{url}/errors" in done
    assert browser.get(url, headers={"HX-Request": "true"}).content.decode().startswith("<section")
    again = browser.post("/desk/imports", {"kind": "achievements", "file": table(tmp_path, text)})
    assert '<option value="trl" selected>' in browser.get(again["Location"]).content.decode()
    assert "成果.csv" in browser.get("/desk/imports").content.decode()


def test_an_unusable_file_on_the_desk_says_what_to_do(tmp_path: Path) -> None:
    browser = visitor(make.person(Role.TTO))
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0" + b"\0" * 100)
    sent = browser.post("/desk/imports", {"kind": "achievements", "file": upload(path)})
    page = browser.get(sent["Location"])
    assert page.status_code == 422
    assert "另存为 .xlsx" in page.content.decode()
    none = browser.post("/desk/imports", {"kind": "achievements"})
    assert (none.status_code, "请先选一个文件" in none.content.decode()) == (422, True)


def saved(tmp_path: Path, answer: Any) -> Path:
    path = tmp_path / "got.xlsx"
    path.write_bytes(b"".join(answer.streaming_content))
    return path


@pytest.mark.parametrize("kind", ["achievements", "demands", "experts"])
def test_the_template_is_a_sheet_that_can_be_filled_in_and_sent(tmp_path: Path, kind: str) -> None:
    import zipfile

    path = saved(tmp_path, Client().get(f"/desk/imports/template/{kind}.xlsx"))
    with zipfile.ZipFile(path) as book:
        assert b'state="hidden"' in book.read("xl/workbook.xml")
        assert b'type="list"' in book.read("xl/worksheets/sheet1.xml")
    table = open_table(path)
    assert table.headings[0] == "编号"
    from yangbanjian.faces.sheets import mapping

    assert set(mapping.propose(kind, table.headings)) == set(table.headings)
    mapping.check(kind, table.headings, mapping.propose(kind, table.headings))


def test_a_filtered_list_is_taken_away_without_what_is_not_public(tmp_path: Path) -> None:
    tto, operator = make.actor(Role.TTO), make.actor(Role.OPERATOR)
    from yangbanjian.libraries.achievements import actions as achievements

    for title in ("低温冷库余热回收", "=HYPERLINK(1)"):
        record = make.achievement(tto, title=title)
        achievements.move(actor=tto, record_id=record.pk, name="submit")
        achievements.move(actor=operator, record_id=record.pk, name="approve")
    found = list(open_table(saved(tmp_path, Client().get("/achievements.xlsx?q=冷库"))).rows())
    assert {r.cells["名称"] for r in found} >= {"低温冷库余热回收"}
    assert all(not r.cells["平台编号"] and not r.cells["密级"] for r in found)
    everything = list(open_table(saved(tmp_path, Client().get("/achievements.xlsx"))).rows())
    assert "=HYPERLINK(1)" in {r.cells["名称"] for r in everything}


def test_an_anonymous_demand_leaves_without_its_owners_number(tmp_path: Path) -> None:
    enterprise, operator = make.actor(Role.ENTERPRISE), make.actor(Role.OPERATOR)
    record = make.demand(enterprise, visibility="anonymous")
    type(record).objects.filter(pk=record.pk).update(external_id="OURS-1")
    demands.move(actor=enterprise, record_id=record.pk, name="submit")
    demands.move(actor=operator, record_id=record.pk, name="approve")
    (row,) = open_table(saved(tmp_path, Client().get("/demands.xlsx"))).rows()
    assert (row.cells["编号"], row.cells["名称"]) == ("", "冷库节能")


def test_the_workbook_is_bytes_of_a_workbook() -> None:
    answer = Client().get("/experts.xlsx")
    body = io.BytesIO(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    assert body.getvalue()[:2] == b"PK"
    assert "experts.xlsx" in answer["Content-Disposition"]


def test_files_are_removed_when_they_have_been_kept_long_enough(tmp_path: Path) -> None:
    """The counts stay, the bytes go; the same bytes sent again are another job's."""
    person = make.person(Role.TTO)
    tto, browser = client_of(person), visitor(person)

    def sent() -> ImportJob:
        answer = tto.post(
            "/api/v1/imports", {"kind": "achievements", "file": table(tmp_path, ROWS)}
        )
        run_import(answer.json()["id"])
        return ImportJob.objects.get(pk=answer.json()["id"])

    first = sent()
    answer = browser.post("/desk/imports", {"kind": "achievements", "file": table(tmp_path, ROWS)})
    waiting = ImportJob.objects.get(pk=int(answer["Location"].rsplit("/", 1)[1]))
    now = clock.now()
    assert imports.forget_files(now + timedelta(days=29)) == 0
    site.change(actor=make.actor(Role.OPERATOR), values={"import_file_days": 10})
    assert "保存 10 天" in browser.get("/desk/imports").content.decode()
    assert "10 天" in Client().get("/privacy").content.decode()
    ImportJob.objects.filter(pk=first.pk).update(made_at=now - timedelta(days=11))
    file, report = imports.path_of(first.file), imports.path_of(first.report)
    assert imports.forget_files(now) == 1
    assert (file.exists(), report.exists()) == (True, False), "the second job needs its file"
    assert imports.forget_files(now + timedelta(days=11)) == 1
    assert not file.exists()
    assert imports.forget_files(now + timedelta(days=11)) == 0
    first.refresh_from_db()
    waiting.refresh_from_db()
    assert (first.state, first.created, first.file, first.problems) == ("done", 1, "", [])
    assert (waiting.state, waiting.file) == ("failed", "")
    assert "保存期" in browser.get(f"/desk/imports/{waiting.pk}").content.decode()
    assert browser.get(f"/desk/imports/{first.pk}").status_code == 200
    assert tto.get(f"/api/v1/imports/{first.pk}/errors").status_code == 404
    verbs = Entry.objects.filter(verb="intake.files_removed").order_by("id")
    assert [e.subject_id for e in verbs] == [first.pk, waiting.pk]
    copy = tto.get("/api/v1/me/export").json()
    assert [j["kept"] for j in copy["imports"]] == [False, False]


def test_an_import_at_work_keeps_its_file(tmp_path: Path) -> None:
    tto = client_of(make.person(Role.TTO))
    answer = tto.post("/api/v1/imports", {"kind": "achievements", "file": table(tmp_path, ROWS)})
    job = ImportJob.objects.get(pk=answer.json()["id"])
    assert job.state == "queued"
    assert imports.forget_files(clock.now() + timedelta(days=400)) == 0
    assert imports.path_of(job.file).exists()
