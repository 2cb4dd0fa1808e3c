"""E7: a file is what its name says, on every read and once a month; a damaged one is told of and
never given out."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from tests import make
from tests.actions.test_log import packet_of, sequenced, trust
from verify import __main__ as verifier
from yangbanjian.faces.cli import health
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.files import actions, jobs, queries
from yangbanjian.ground.files.models import Content, File
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.log import jobs as log_jobs
from yangbanjian.ground.messages.models import Notice
from yangbanjian.kernel.actor import Role
from yangbanjian.kernel.refusals import Conflict, NotFound

pytestmark = pytest.mark.django_db
# GB/T 32905-2016, appendix A.1.
ABC_SM3 = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
CONTENT = b"%PDF-1.7 a test report"


def stored(content: bytes = CONTENT) -> tuple[Any, File, Path]:
    actor = make.actor(Role.TTO)
    row = actions.attach(actor=actor, content=content, name="报告.pdf")
    return actor, row, queries.path_of(row.sha256)


def verbs() -> list[str]:
    found = Entry.objects.filter(verb__startswith="files.").order_by("id")
    return [verb.removeprefix("files.") for verb in found.values_list("verb", flat=True)]


def test_e7_a_file_has_both_digests_and_both_are_in_the_log() -> None:
    _, row, _ = stored(b"abc")
    assert queries.sm3_of(row.sha256) == ABC_SM3
    assert Entry.objects.get(verb="files.stored").payload["sm3"] == ABC_SM3


@pytest.mark.parametrize("damage", ["one bit", "cut off", "gone", "another file"])
def test_e7_a_damaged_file_is_refused_and_told_once(damage: str, client: Client) -> None:
    operator = make.person(Role.OPERATOR)
    actor, row, path = stored()
    assert actions.read(actor=actor, sha256=row.sha256)[1] == CONTENT
    harm(path, damage)
    for _ in range(2):
        with pytest.raises(Conflict) as refused:
            actions.read(actor=actor, sha256=row.sha256)
        assert refused.value.code == "files.damaged"
    assert verbs() == ["stored", "damaged"]
    log_jobs.watch(clock.now())
    log_jobs.watch(clock.now())
    # Of the file alone: entries that came with the tables are late too when this runs later.
    told = Notice.objects.filter(person=operator, once__startswith="files.damaged:")
    assert told.count() == 1
    assert not health._files().ok
    assert row.sha256[:12] in health._files().sentence
    assert client.get("/api/v1/health").json()["checks"]["files"] == "damaged"
    # Whoever has the original puts it in again, and all is well.
    actions.attach(actor=actor, content=CONTENT, name="报告.pdf")
    assert actions.read(actor=actor, sha256=row.sha256)[1] == CONTENT
    assert verbs() == ["stored", "damaged", "mended"]
    assert health._files().ok


def harm(path: Path, damage: str) -> None:
    if damage == "gone":
        path.unlink()
        return
    new = {"one bit": bytes([CONTENT[0] ^ 1]) + CONTENT[1:], "cut off": CONTENT[:-1]}
    path.write_bytes(new.get(damage, b"something else entirely"))


def test_e7_the_page_says_what_is_wrong_and_gives_nothing_out(client: Client) -> None:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "#2a6").save(out, "PNG")
    row = actions.store_cover(actor=make.actor(Role.TTO), content=out.getvalue())
    assert client.get(f"/files/{row.sha256}").status_code == 200
    good = queries.path_of(row.sha256).read_bytes()
    queries.path_of(row.sha256).write_bytes(good[:-1] + b"!")
    answer = client.get(f"/files/{row.sha256}")
    assert answer.status_code == 409
    assert "与存入时不同" in answer.content.decode()
    assert good[:64] not in answer.content
    # The finding is kept though the answer was a refusal.
    assert queries.damaged()[0].pk == row.sha256


def test_e7_a_packet_leaves_a_damaged_file_out() -> None:
    _, _, path = stored()
    sequenced()
    entry = Entry.objects.get(verb="files.stored")
    whole = packet_of(entry.pk)
    assert b'"content":' in whole
    path.write_bytes(b"%PDF-1.7 forged")
    without = packet_of(entry.pk)
    assert b'"content":' not in without
    assert verifier.verify(whole, trust()).code == verifier.verify(without, trust()).code == 0
    assert len(queries.damaged()) == 1


def test_e7_every_file_is_compared_once_a_month() -> None:
    actor, row, path = stored()
    other = actions.attach(actor=actor, content=b"another", name="b")
    assert jobs.check(clock.now()) == 0
    month_ago = clock.recorded_now() - timedelta(days=31)
    Content.objects.update(checked_at=month_ago)
    path.write_bytes(b"rotten")
    assert jobs.check(clock.now()) == 2
    assert jobs.check(clock.now()) == 0
    assert [c.pk for c in queries.damaged()] == [row.sha256]
    assert Content.objects.get(pk=other.sha256).damaged_at is None
    Content.objects.update(checked_at=month_ago - timedelta(days=30), damaged_at=None)
    assert "两个月没有核对" in health._files().sentence


def test_e7_a_file_from_before_gets_its_other_digest() -> None:
    _, row, _ = stored(b"abc")
    Content.objects.update(sm3="", checked_at=None)
    assert jobs.check(clock.now()) == 1
    assert queries.sm3_of(row.sha256) == ABC_SM3


def test_a_file_that_is_not_ones_own_does_not_exist() -> None:
    _, row, _ = stored()
    with pytest.raises(NotFound):
        actions.read(actor=make.actor(Role.TTO), sha256=row.sha256)
    with pytest.raises(NotFound):
        actions.read(actor=make.actor(Role.OPERATOR), sha256="../../etc/passwd")
