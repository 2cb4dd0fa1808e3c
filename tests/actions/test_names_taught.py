"""The corpus teaches its own synonyms to the running market."""

from __future__ import annotations

import pytest

from tests import make
from tests.faces.matching import published
from yangbanjian.engines.matching import jobs, live
from yangbanjian.engines.matching.models import Document
from yangbanjian.faces.cli import working
from yangbanjian.ground.journal import jobs as journal
from yangbanjian.kernel.actor import Role
from yangbanjian.libraries.achievements import actions
from yangbanjian.libraries.experts import actions as experts

pytestmark = pytest.mark.usefixtures("committed")
assert jobs


def _publish(count: int, start: int = 0) -> None:
    """Experts who write both names of one thing."""
    tto = make.actor(Role.TTO)
    lead = ("轻量的", "我们训练", "改进了", "一种")
    for n in range(start, start + count):
        text = f"{lead[n % 4]}卷积神经网络（CNN）模型，样本 {n} 百张。"
        published(experts, make.expert(tto, title=f"某{n}", abstract=text), tto)
    journal.deliver(include_own=True)


def test_a_synonym_that_the_corpus_teaches_finds_a_record_after_the_worker_ran() -> None:
    tto = make.actor(Role.TTO)
    only_latin = make.achievement(
        tto, title="Fast CNN on edge chips", abstract="A CNN that needs little power."
    )
    published(actions, only_latin, tto)
    _publish(3)

    document = Document.objects.get(kind="achievement", record_id=only_latin.pk)

    def found() -> list[int]:
        hits = live.live().index.search("卷积神经网络", kinds=[live.NUMBER_OF["achievement"]])
        return [hit.key for hit in hits]

    live.live().catch_up()
    assert found() == []
    working._compact()
    assert found() == [document.pk]


def test_it_is_taught_again_only_after_growth(monkeypatch: pytest.MonkeyPatch) -> None:
    _publish(10)
    index = live.live()
    index.catch_up()
    assert index.learn_names() > 0
    taught: list[int] = []
    monkeypatch.setattr(
        index.index, "teach", lambda texts: taught.append(len(list(texts))) or len(taught)
    )
    _publish(2, 10)
    index.catch_up()
    assert index.learn_names() == 0
    _publish(1, 12)
    index.catch_up()
    assert index.learn_names() == 1
    monkeypatch.setattr(live, "TAUGHT_FROM", 5)
    (index.folder / "taught").write_text("1")
    index.learn_names()
    assert taught == [13, 5]
