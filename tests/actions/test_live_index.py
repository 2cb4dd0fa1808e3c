"""From a saved record to one that can be found, with and without its vector."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import make
from yangbanjian.engines.matching import live, queries
from yangbanjian.ground.journal import jobs as journal
from yangbanjian.kernel.actor import ANONYMOUS, Role
from yangbanjian.libraries.achievements import actions

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
    journal.deliver()
    return made


def test_what_is_published_is_found_and_what_is_withdrawn_is_not() -> None:
    cold, _, _ = _publish()
    live.live().catch_up()
    answer = queries.ask(actor=ANONYMOUS, text="冷库电耗降 25% 以上，不停库", with_encoder=False)
    assert answer.items[0].record.pk == cold
    first = answer.items[0]
    assert first.score == round(sum(first.parts.values()), 6)
    assert {r["verdict"] for r in first.reasons} == {"yes"}
    actions.move(actor=make.actor(Role.OPERATOR), record_id=cold, name="withdraw")
    journal.deliver()
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


def test_a_new_base_knows_the_names_that_its_records_give(tmp_path: Path) -> None:
    tto, operator = make.actor(Role.TTO), make.actor(Role.OPERATOR)
    for title, abstract in (
        ("铸件缺陷识别", "用支持向量机（SVM）从少量样本学习。"),
        ("轴承故障分类", "采用支持向量机（SVM），无需标注。"),
    ):
        record = make.achievement(tto, title=title, abstract=abstract)
        actions.move(actor=tto, record_id=record.pk, name="submit")
        actions.move(actor=operator, record_id=record.pk, name="approve")
    journal.deliver()
    index = live.LiveIndex(tmp_path)
    index.catch_up()
    assert "lsvm" not in index.index.ask("支持向量机").terms
    index.compact()
    assert "lsvm" in index.index.ask("支持向量机").terms
