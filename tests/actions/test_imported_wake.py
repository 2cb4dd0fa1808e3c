"""What an import brings is matched too: in bulk, with one message an owner."""

from __future__ import annotations

from typing import Any

import pytest

from tests import make
from tests.faces.matching import published
from yangbanjian.engines.matching import jobs, live, queries
from yangbanjian.engines.matching.models import Match
from yangbanjian.ground.journal import jobs as journal
from yangbanjian.ground.messages import queries as messages
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.libraries.achievements import actions as achievements
from yangbanjian.libraries.achievements.queries import LIBRARY as ACHIEVEMENTS
from yangbanjian.libraries.demands import actions as demands
from yangbanjian.libraries.demands.queries import LIBRARY as DEMANDS
from yangbanjian.libraries.records import imports
from yangbanjian.libraries.records.imports import Row

pytestmark = pytest.mark.django_db
THINGS = (
    "冷库压缩机余热除霜", "注塑件表面缺陷视觉检测", "儿童雾化给药面罩密封", "水性油墨薄膜附着力",
    "船用海水淡化膜清洗", "甲醛催化分解滤网再生", "数控机床主轴热误差补偿", "瓦楞纸箱边压强度预测",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _words_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "encoder", lambda: None)


def rows(count: int, what: str, start: int = 0) -> list[Row]:
    return [
        Row(
            n,
            f"{what}{n}",
            values={"title": f"{THINGS[n % 8]}{what}", "abstract": f"{THINGS[n % 8]}，第 {n} 批。"},
        )
        for n in range(start, start + count)
    ]


def brought(library: Any, owner_id: int, listed: list[Row]) -> int:
    """Import as the system does; returns how many are new."""
    done = imports.import_rows(actor=SYSTEM, library=library, owner_id=owner_id, rows=listed)
    made = sum(outcome.created for outcome in done)
    journal.deliver(include_own=True)
    return made


def told(actor: Actor) -> list[str]:
    return [n.sentence % n.params for n in messages.inbox(actor).filter(topic="match")]


def supply(count: int = 8) -> Actor:
    tto = make.actor(Role.TTO)
    for n in range(count):
        made = make.achievement(tto, title=THINGS[n], abstract=f"{THINGS[n]}，现场用了一年。")
        published(achievements, made, tto)
    journal.deliver(include_own=True)
    return tto


def test_imported_demands_are_matched_and_their_owner_is_told_once() -> None:
    supply()
    seeker = make.actor(Role.ENTERPRISE)
    assert seeker.organisation_id is not None
    assert brought(DEMANDS, seeker.organisation_id, rows(20, "需求")) == 20
    assert Match.objects.values("demand").distinct().count() == 20
    assert told(seeker) == ["导入后，您的多项需求有了新匹配，陆续出现在「匹配」里"]
    before = Match.objects.count()
    jobs.match_imported_demands(
        list(journal.Entry.objects.filter(verb="demands.imported").order_by("id"))
    )
    assert (Match.objects.count(), len(told(seeker))) == (before, 1)


def test_many_imported_demands_are_matched_by_words_in_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    supply()
    monkeypatch.setattr(jobs, "FEW", 5)
    monkeypatch.setattr(jobs, "KEPT_AT_ONCE", 7)
    asked: list[bool] = []
    many = queries.ask_many

    def counted(*args: Any, **named: Any) -> Any:
        asked.append(named["with_encoder"])
        return many(*args, **named)

    monkeypatch.setattr(queries, "ask_many", counted)
    monkeypatch.setattr(queries, "ask", None)  # not one by one
    seeker = make.actor(Role.ENTERPRISE)
    assert seeker.organisation_id is not None
    brought(DEMANDS, seeker.organisation_id, rows(20, "需求"))
    assert asked == [False] * 3
    assert Match.objects.values("demand").distinct().count() == 20
    assert min(Match.objects.values_list("percent", flat=True)) >= jobs.LEAST_PERCENT_BY_WORDS
    assert len(told(seeker)) == 1


def test_few_imported_achievements_wake_the_demands_that_wait_for_them() -> None:
    seeker = make.actor(Role.ENTERPRISE)
    wanted = published(
        demands, make.demand(seeker, title=THINGS[2], abstract=THINGS[2] + "不漏气。"), seeker
    )
    journal.deliver(include_own=True)
    live.live().catch_up()
    owner = make.organisation("university")
    brought(ACHIEVEMENTS, owner.pk, rows(8, "成果"))
    best = Match.objects.filter(demand=wanted).order_by("-score")[0]
    assert best.achievement is not None
    assert best.achievement.title.startswith(THINGS[2])
    assert told(seeker)[0].startswith(f"「{THINGS[2]}」新找到")


def test_after_a_great_import_each_open_demand_is_asked_once_against_the_new_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jobs, "FEW", 10)
    seekers = [make.actor(Role.ENTERPRISE) for _ in range(2)]
    for n, seeker in enumerate(seekers):
        made = make.demand(seeker, title=THINGS[n], abstract=THINGS[n] + "，请帮忙解决。")
        published(demands, made, seeker)
    supply(2)
    journal.deliver(include_own=True)
    old = set(Match.objects.values_list("pk", flat=True))
    searched: list[int] = []
    many = queries.ask_many

    def counted(asked: Any, **named: Any) -> Any:
        searched.append(len(asked))
        return many(asked, **named)

    monkeypatch.setattr(queries, "ask_many", counted)
    monkeypatch.setattr(queries, "near", None)  # not one by one
    brought(ACHIEVEMENTS, make.organisation("university").pk, rows(40, "成果"))
    assert searched == [2]
    new = Match.objects.exclude(pk__in=old)
    assert new.count() <= 2 * jobs.KEPT_OF_IMPORTS
    assert {m.achievement.source for m in new if m.achievement} == {"import"}
    for n, seeker in enumerate(seekers):
        mine = new.filter(seeker_id=seeker.organisation_id)
        assert all(m.achievement and m.achievement.title.startswith(THINGS[n]) for m in mine)
        assert mine.exists()


def test_drafts_of_an_import_wake_nobody() -> None:
    supply()
    seeker = make.actor(Role.ENTERPRISE)
    assert seeker.organisation_id is not None
    done = imports.import_rows(
        actor=SYSTEM, library=DEMANDS, owner_id=seeker.organisation_id, rows=rows(5, "需求"),
        state="draft",
    )  # fmt: skip
    assert sum(outcome.created for outcome in done) == 5
    journal.deliver(include_own=True)
    assert not Match.objects.exists()
    assert told(seeker) == []


def test_an_import_that_changes_rows_matches_them_again_in_bulk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    supply()
    seeker = make.actor(Role.ENTERPRISE)
    assert seeker.organisation_id is not None
    vague = [Row(n, f"x{n}", values={"title": "难题", "abstract": "请帮忙。"}) for n in range(5)]
    brought(DEMANDS, seeker.organisation_id, vague)
    assert not Match.objects.exists()
    monkeypatch.setattr(jobs, "match_demand", None)
    clear = [
        Row(r.number, r.external_id, values=rows(1, "", n)[0].values) for n, r in enumerate(vague)
    ]
    brought(DEMANDS, seeker.organisation_id, clear)
    assert Match.objects.values("demand").distinct().count() == 5


def test_what_is_slow_does_not_hold_up_what_is_prompt() -> None:
    seeker = make.actor(Role.ENTERPRISE)
    assert seeker.organisation_id is not None
    supply()
    done = imports.import_rows(
        actor=SYSTEM, library=DEMANDS, owner_id=seeker.organisation_id, rows=rows(3, "需求")
    )
    assert sum(outcome.created for outcome in done) == 3
    journal.deliver(include_own=True, lane=journal.PROMPT)
    assert not Match.objects.exists()
    journal.deliver(include_own=True, lane=journal.BULK)
    assert Match.objects.exists()


def test_asking_many_gives_what_asking_each_gives() -> None:
    supply()
    live.live().catch_up()
    asked = [(f"{thing}，怎么解决？", 0) for thing in THINGS]
    many = queries.ask_many(asked, limit=3, with_encoder=False)
    for (text, _), items in zip(asked, many, strict=True):
        alone = queries.ask(actor=SYSTEM, text=text, limit=3, with_encoder=False)
        assert [(i.record.pk, i.score, i.percent, i.reasons) for i in items] == [
            (i.record.pk, i.score, i.percent, i.reasons) for i in alone.items
        ]
