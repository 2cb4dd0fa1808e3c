"""From a saved record to one that can be found, with and without its vector."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from django.db import connection

from tests import make
from tests.faces import sheets
from yangbanjian.engines.matching import jobs, live, queries
from yangbanjian.faces.cli import working
from yangbanjian.faces.sheets import importing
from yangbanjian.ground.journal import jobs as journal
from yangbanjian.ground.journal.models import Entry, Subscription
from yangbanjian.kernel.actor import ANONYMOUS, SYSTEM, Role
from yangbanjian.libraries.achievements import actions
from yangbanjian.libraries.achievements.models import Achievement

pytestmark = pytest.mark.usefixtures("committed")

TEXTS = {
    "低温冷库余热梯级回收": "回收压缩机排热供除霜和地坪防冻，冷库综合电耗下降 31%，不停库改造。",
    "注塑件表面缺陷视觉检测": "每类缺陷只要二十张样本即可上线，漏检率低于 0.3%，换型当天完成。",
    "儿童雾化给药面罩": "柔性密封贴合儿童脸型，雾化药物到肺量提高一倍，哭闹时不漏气。",
}


def _publish() -> list[int]:
    tto, operator = make.actor(Role.TTO), make.actor(Role.OPERATOR)
    made = []
    for title, abstract in TEXTS.items():
        record = make.achievement(tto, title=title, abstract=abstract)
        actions.move(actor=tto, record_id=record.pk, name="submit")
        actions.move(actor=operator, record_id=record.pk, name="approve")
        made.append(record.pk)
    journal.deliver(include_own=True)
    return made


def test_what_is_published_is_found_and_what_is_withdrawn_is_not() -> None:
    cold, _, _ = _publish()
    live.live().catch_up()
    answer = queries.ask(actor=ANONYMOUS, text="冷库电耗降 25% 以上，不停库", with_encoder=False)
    assert answer.items[0].record.pk == cold
    first = answer.items[0]
    assert first.score == round(sum(first.parts.values()), 6)
    assert [r for r in first.reasons if r["verdict"] != "yes"] == []
    actions.move(actor=make.actor(Role.OPERATOR), record_id=cold, name="withdraw")
    journal.deliver(include_own=True)
    live.live().catch_up()
    answer = queries.ask(actor=ANONYMOUS, text="冷库电耗降 25% 以上，不停库", with_encoder=False)
    assert cold not in [item.record.pk for item in answer.items]


def test_every_text_gets_its_vector_and_then_none_is_missing() -> None:
    _publish()
    index = live.live()
    index.catch_up()
    assert index.encode_some(2) == 2
    assert index.encode_some(2) == 1
    assert index.encode_some(2) == 0
    assert len(index.index.missing()) == 0


def test_what_a_record_says_is_read_again_when_it_says_something_else() -> None:
    """Also under the same number: a process may meet another database."""
    cold, _, _ = _publish()
    live.live().catch_up()
    text = "冷库电耗降 25% 以上"
    assert queries.ask(actor=ANONYMOUS, text=text, with_encoder=False).items[0].reasons
    Achievement.objects.filter(pk=cold).update(abstract="回收压缩机排热，冷库电耗下降 5%。")
    told = queries.ask(actor=ANONYMOUS, text=text, with_encoder=False).items[0]
    assert "no" in {reason["verdict"] for reason in told.reasons}


def _imported(count: int, tmp_path: Path) -> None:
    owner = make.organisation("authority")
    path = sheets.lines(tmp_path / "a.jsonl", sheets.rows(count))
    planned = importing.plan(path, "achievements")
    importing.run(SYSTEM, planned, owner_id=owner.pk, report=tmp_path / "rejected.xlsx")


def test_what_was_imported_is_found_by_words(tmp_path: Path) -> None:
    _imported(60, tmp_path)
    journal.deliver(include_own=True, lane=journal.PROMPT)
    assert live.live().catch_up() == 60
    answer = queries.ask(actor=ANONYMOUS, text="低温余热回收装置第17号", with_encoder=False)
    assert answer.items[0].record.external_id == "a17"
    assert queries.vectors_made() == (0, 60)
    live.live().encode_some(5)
    assert queries.vectors_made() == (5, 60)


def test_an_import_is_cut_into_words_once_though_a_transaction_runs_for_long(
    tmp_path: Path,
) -> None:
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT pg_current_xact_id()")
        _imported(60, tmp_path)
        documents = Achievement.objects.order_by("pk")
        assert jobs.write_documents("achievement", documents) == 60
        index = live.live()
        assert [index.catch_up(), index.catch_up()] == [60, 0]
    Achievement.objects.filter(external_id="a3").update(title="换热管")
    jobs.write_documents("achievement", documents.all())
    assert index.catch_up() == 1


def test_no_follower_looks_twice_through_what_it_does_not_want(tmp_path: Path) -> None:
    _imported(60, tmp_path)
    assert journal.is_far_behind(jobs.DOCUMENTS, 59)
    assert not journal.is_far_behind(jobs.DOCUMENTS, 60)
    journal.deliver(include_own=True)
    last = Entry.objects.order_by("-xact", "-id")[0]
    cursors = {(s.xact, s.entry_id) for s in Subscription.objects.all()}
    assert cursors == {(last.xact, last.pk)}
    assert not journal.is_far_behind(jobs.DOCUMENTS, 0)


def test_who_asks_after_an_import_waits_for_a_part_only(tmp_path: Path) -> None:
    _imported(60, tmp_path)
    journal.deliver(include_own=True, lane=journal.PROMPT)
    index = live.live()
    taken = [index.catch_up(25), index.catch_up(25), index.catch_up(25), index.catch_up(25)]
    assert taken == [25, 25, 10, 0]
    assert len(index.index) == 60


def test_the_names_that_records_give_are_learnt(tmp_path: Path) -> None:
    tto, operator = make.actor(Role.TTO), make.actor(Role.OPERATOR)
    for title, abstract in (
        ("铸件缺陷识别", "用支持向量机（SVM）从少量样本学习。"),
        ("轴承故障分类", "采用支持向量机（SVM），无需标注。"),
    ):
        record = make.achievement(tto, title=title, abstract=abstract)
        actions.move(actor=tto, record_id=record.pk, name="submit")
        actions.move(actor=operator, record_id=record.pk, name="approve")
    journal.deliver(include_own=True)
    index = live.LiveIndex(tmp_path)
    index.catch_up()
    assert "lsvm" not in index.index.ask("支持向量机").terms
    index.compact()
    assert index.learn_names()
    assert "lsvm" in index.index.ask("支持向量机").terms


def test_what_a_long_import_brings_is_found_bit_by_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new base now and then, and not one at the end: readers take from it what they lack."""
    _imported(60, tmp_path)
    index = live.LiveIndex(tmp_path / "index")
    bases: list[int] = []
    written = index.index.compact
    monkeypatch.setattr(
        index.index, "compact", lambda: (bases.append(len(index.index)), written())[1]
    )
    monkeypatch.setattr(live, "COMPACT_AFTER", 10)
    monkeypatch.setattr(live, "REST", 0)
    monkeypatch.setattr(working, "BASE_STEP", 20)
    monkeypatch.setattr(working, "live", lambda: index)
    journal.deliver(include_own=True, lane=journal.PROMPT)
    working._compact()
    assert bases == [20, 40, 60]
    monkeypatch.setattr(live, "REST", 1000)
    index.compact()
    _imported(20, tmp_path)
    journal.deliver(include_own=True, lane=journal.PROMPT)
    working._compact()
    assert bases == [20, 40, 60, 60]  # it rests now
    assert len(index.index) == 80


@pytest.mark.parametrize("lane", [journal.PROMPT, ""])
def test_a_follower_that_is_far_behind_keeps_no_news_from_the_others(
    lane: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "BATCH", 5)
    _imported(8, tmp_path)
    journal.deliver(include_own=True)
    late = Subscription.objects.filter(name=jobs.DOCUMENTS)
    late.update(xact=0, entry_id=0)
    heard: list[int] = []
    monkeypatch.setitem(
        journal._FOLLOWING, "tests.heard",
        journal._Following(
            "tests.heard", ("achievements.published",), lambda news: heard.extend(e.pk for e in news)
        ),
    )  # fmt: skip
    last = Entry.objects.order_by("-xact", "-id")[0]
    Subscription.objects.create(name="tests.heard", xact=last.xact, entry_id=last.pk)
    tto, operator = make.actor(Role.TTO), make.actor(Role.OPERATOR)
    new = make.achievement(tto, title="余热锅炉", abstract="回收窑尾余热供汽。")
    actions.move(actor=tto, record_id=new.pk, name="submit")
    actions.move(actor=operator, record_id=new.pk, name="approve")
    journal.deliver(include_own=True, lane=lane)
    assert len(heard) == 1
