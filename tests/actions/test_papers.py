"""The diligence room: put in and replaced by the seller, opened by steps, every reading on record."""

from __future__ import annotations

from typing import Any

import pytest

from tests import make
from tests.trading import DAY, Market, fresh
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.files import actions as files
from yangbanjian.ground.files import queries as stored
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.messages.models import Notice
from yangbanjian.kernel.actor import ANONYMOUS, Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound
from yangbanjian.market.trading import actions, queries
from yangbanjian.market.trading.models import Listing, Paper, Reading, Undertaking

pytestmark = pytest.mark.django_db
TIERS = ("public", "nda", "qualified")


@pytest.fixture
def market(settings: Any) -> Market:
    settings.YBJ_SANDBOX = True
    return Market()


def put(market: Market, one: Listing, tier: str, name: str = "", **more: Any) -> Paper:
    name = name or f"{tier}材料"
    content = more.pop("content", f"{name}的内容".encode())
    file = files.attach(actor=market.tto, content=content, name=f"{name}.txt")
    return actions.put_paper(
        actor=market.tto, listing_id=one.pk, file_id=file.pk, tier=tier, name=name, **more
    )


def published_with(market: Market, *tiers: str, **values: Any) -> tuple[Listing, list[Paper]]:
    one = market.drafted(**values)
    papers = [put(market, one, tier) for tier in tiers or TIERS]
    actions.submit_listing(actor=market.tto, listing_id=one.pk)
    actions.accept_listing(actor=market.exchange, listing_id=one.pk)
    return actions.publish_listing(actor=market.second, listing_id=one.pk), papers


def actor_behind(owner_id: int, market: Market) -> Actor:
    from yangbanjian.ground.people import queries as people

    return people.actor_of(people.members(owner_id)[0].person)


def names(actor: Actor, one: Listing) -> list[str]:
    with acting(actor):
        return [p.tier for p in queries.papers(actor, one)]


def undertake(actor: Actor, one: Listing) -> Undertaking:
    digest = queries.undertaking_terms().sha256
    return actions.undertake(actor=actor, listing_id=one.pk, sha256=digest)


def opened_by(actor: Actor, papers: list[Paper]) -> list[str]:
    """The tiers whose papers the actor gets."""
    got = []
    for paper in papers:
        try:
            _, content = actions.read_paper(actor=actor, paper_id=paper.pk)
        except NotFound:
            continue
        assert content == f"{paper.name}的内容".encode()
        got.append(paper.tier)
    return got


def test_each_step_opens_a_tier_and_leaving_closes_it(market: Market) -> None:
    one, papers = published_with(market)
    made = market.signed_up(one)
    buyer = actor_behind(made.owner_id, market)
    assert names(buyer, one) == opened_by(buyer, papers) == ["public"]
    with acting(buyer):
        assert dict(queries.closed(buyer, one)) == {"nda": 1, "qualified": 1}
    undertake(buyer, one)
    assert names(buyer, one) == opened_by(buyer, papers) == ["public", "nda"]
    market.pay(made)
    assert fresh(made).state == "deposited"
    assert names(buyer, one) == ["public", "nda"]
    actions.qualify_buyer(actor=market.exchange, registration_id=made.pk)
    assert names(buyer, one) == opened_by(buyer, papers) == list(TIERS)

    other = market.signed_up(one)
    leaver = actor_behind(other.owner_id, market)
    undertake(leaver, one)
    assert names(leaver, one) == ["public", "nda"]
    actions.withdraw_registration(actor=leaver, registration_id=other.pk)
    assert names(leaver, one) == ["public"]


def test_nobody_else_has_a_file_or_a_name_of_what_is_closed(market: Market) -> None:
    one, papers = published_with(market)
    made = market.qualified(one)
    undertake(actor_behind(made.owner_id, market), one)
    strangers = [
        ANONYMOUS, market.buyer(), make.actor(Role.TTO), make.actor(Role.BROKER), make.actor(Role.EXPERT),
        # A colleague of the reader's who has undertaken nothing.
        make.actor(Role.ENTERPRISE, made.owner),
    ]  # fmt: skip
    for actor in strangers:
        assert names(actor, one) == ["public"], actor
        assert opened_by(actor, papers) == ["public"]
        for paper in papers[1:]:
            with acting(actor), pytest.raises(NotFound):
                stored.opened(actor, paper.sha256)
    for actor in (market.tto, market.exchange, make.actor(Role.AUDITOR), make.actor(Role.OPERATOR)):
        assert names(actor, one) == opened_by(actor, papers) == list(TIERS)
    # The wall alone, whatever a query forgets.
    for actor in strangers:
        with acting(actor):
            assert {p.tier for p in Paper.objects.filter(listing=one)} == {"public"}
            assert not Undertaking.objects.exclude(owner_id=actor.organisation_id).exists()


def test_nothing_is_open_before_the_listing_is(market: Market) -> None:
    one = market.drafted()
    papers = [put(market, one, tier) for tier in TIERS]
    assert opened_by(market.tto, papers) == list(TIERS)
    for actor in (ANONYMOUS, market.buyer()):
        with acting(actor):
            assert not Paper.objects.exists()
        assert opened_by(actor, papers) == []
    gone = actions.take_back_paper(actor=market.tto, paper_id=papers[0].pk)
    assert gone.withdrawn_at
    with pytest.raises(Conflict):
        actions.take_back_paper(actor=market.tto, paper_id=papers[0].pk)


def test_the_undertaking_is_of_the_text_that_was_read_and_given_once(market: Market) -> None:
    one, _ = published_with(market)
    stranger = market.buyer()
    for actor in (ANONYMOUS, stranger, market.exchange, market.tto):
        with pytest.raises(NotAllowed):
            undertake(actor, one)
    made = market.signed_up(one)
    buyer = actor_behind(made.owner_id, market)
    with pytest.raises(Conflict) as refused:
        actions.undertake(actor=buyer, listing_id=one.pk, sha256="0" * 64)
    assert refused.value.code == "papers.text_changed"
    first, again = undertake(buyer, one), undertake(buyer, one)
    assert first.pk == again.pk
    told = Entry.objects.get(verb="trading.undertaken")
    assert told.payload == {
        "listing": one.pk, "text_sha256": queries.undertaking_terms().sha256
    }  # fmt: skip
    assert (told.person_id, told.edition) == (buyer.person_id, first.edition.label)
    assert told.owner_id == buyer.organisation_id


def test_every_reading_is_on_record_and_the_seller_learns_who_when_bidding_is_over(
    market: Market,
) -> None:
    one, papers = published_with(market)
    made = market.qualified(one)
    buyer = actor_behind(made.owner_id, market)
    undertake(buyer, one)
    for paper in (papers[1], papers[2], papers[1]):
        actions.read_paper(actor=buyer, paper_id=paper.pk)
    actions.read_paper(actor=market.tto, paper_id=papers[1].pk)
    actions.read_paper(actor=ANONYMOUS, paper_id=papers[0].pk)
    actions.read_paper(actor=market.exchange, paper_id=papers[1].pk)
    for reader, knows in ((market.tto, False), (market.exchange, True)):
        with acting(reader):
            told = queries.readings(reader, one)
        assert [(g.paper.pk, g.number, g.sha256) for g in told] == [
            (papers[1].pk, 2, papers[1].sha256), (papers[1].pk, 1, papers[1].sha256),
            (papers[2].pk, 1, papers[2].sha256), (papers[1].pk, 1, papers[1].sha256),
        ]  # fmt: skip
        assert {g.who for g in told[1:]} == {made.owner.name if knows else ""}
        assert any(g.person for g in told) == knows
    with acting(market.tto):
        assert not Reading.objects.exists()
    for actor in (buyer, market.buyer(), ANONYMOUS):
        with acting(actor), pytest.raises(NotAllowed):
            queries.readings(actor, one)
    assert Entry.objects.filter(verb="trading.paper_read").count() == 4
    actions.withdraw_listing(actor=market.tto, listing_id=one.pk, reason="改变计划")
    with acting(market.tto):
        assert made.owner.name in {g.who for g in queries.readings(market.tto, fresh(one))}
        assert Reading.objects.count() == 4
    assert opened_by(buyer, papers) == ["public"]  # who may no longer buy may no longer read


def test_new_material_waits_for_a_change_which_discloses_anew(market: Market) -> None:
    one, papers = published_with(market)
    ends = one.disclosure_ends_at
    with pytest.raises(Invalid) as refused:
        put(market, one, "public", "补充测试报告")
    assert [p.field for p in refused.value.problems] == ["reason"]
    late = put(market, one, "public", "补充测试报告", reason="测试刚完成")
    second = put(market, one, "nda", "工艺（第二版）", slot=papers[1].slot, reason="有一处笔误")
    assert (second.slot, second.version, second.since) == (papers[1].slot, 2, 2)
    assert names(ANONYMOUS, one) == ["public"]
    assert opened_by(market.buyer(), [late]) == []
    assert Notice.objects.filter(url=f"/listings/{one.pk}/papers").exists()
    from tests.actions.test_notices import advance

    advance(2 * DAY)
    actions.change_listing(actor=market.exchange, listing_id=one.pk, reason="补充材料", values={})
    after = fresh(one)
    assert after.disclosure_ends_at > ends
    assert Entry.objects.get(verb="trading.listing_changed").payload["papers"] == 2
    assert names(ANONYMOUS, after) == ["public", "public"]
    assert opened_by(market.buyer(), [late]) == ["public"]
    # The replaced one is still there for those who could read it.
    made = market.signed_up(after)
    buyer = actor_behind(made.owner_id, market)
    undertake(buyer, after)
    with acting(buyer):
        kept = [(p.slot, p.version) for p in queries.papers(buyer, after) if p.tier == "nda"]
    assert kept == [(papers[1].slot, 2), (papers[1].slot, 1)]
    with pytest.raises(Conflict):
        actions.take_back_paper(actor=market.tto, paper_id=late.pk)


def test_what_is_replaced_before_anybody_has_seen_it_is_never_shown(market: Market) -> None:
    """A seller who puts a closed paper in the place of an open one has not opened that one."""
    one = market.drafted()
    wrong = put(market, one, "public", "工艺参数")
    right = put(market, one, "nda", "工艺参数（须保密）", slot=wrong.slot)
    assert fresh(wrong).withdrawn_at is not None
    assert fresh(right).withdrawn_at is None
    actions.submit_listing(actor=market.tto, listing_id=one.pk)
    actions.accept_listing(actor=market.exchange, listing_id=one.pk)
    one = actions.publish_listing(actor=market.second, listing_id=one.pk)
    assert opened_by(market.buyer(), [wrong, right]) == []
    assert names(ANONYMOUS, one) == []
    # The same while it waits for a change of the listing.
    late = put(market, one, "public", "补充", reason="补充")
    put(market, one, "qualified", "补充（第二版）", slot=late.slot, reason="有误")
    one = actions.change_listing(
        actor=market.exchange, listing_id=one.pk, reason="补充", values={}
    )  # fmt: skip
    assert names(ANONYMOUS, one) == []
    with acting(ANONYMOUS):
        assert dict(queries.closed(ANONYMOUS, one)) == {"nda": 1, "qualified": 1}


def test_a_paper_whose_new_version_is_closed_counts_as_closed(market: Market) -> None:
    one, papers = published_with(market, "public")
    put(market, one, "nda", "第二版", slot=papers[0].slot, reason="补充数据")
    one = actions.change_listing(
        actor=market.exchange, listing_id=one.pk, reason="补充", values={}
    )  # fmt: skip
    assert names(ANONYMOUS, one) == ["public"]
    with acting(ANONYMOUS):
        assert dict(queries.closed(ANONYMOUS, one)) == {"nda": 1}


def test_readings_are_read_in_few_statements_however_many(
    market: Market, django_assert_max_num_queries: Any
) -> None:
    one, papers = published_with(market, "public")
    for reader in [market.buyer() for _ in range(4)] * 2:
        actions.read_paper(actor=reader, paper_id=papers[0].pk)
    with acting(market.exchange), django_assert_max_num_queries(9):
        told = queries.readings(market.exchange, one, most=3)
    assert [g.number for g in told] == [4, 3, 2]
    assert all(g.person and g.who for g in told)


def test_what_the_exchange_does_not_take_is_never_shown(market: Market) -> None:
    one, _ = published_with(market, "public")
    late = put(market, one, "public", "宣传册", reason="补充")
    with pytest.raises(NotFound):
        actions.take_back_paper(actor=market.buyer(), paper_id=late.pk)
    actions.take_back_paper(actor=market.exchange, paper_id=late.pk)
    actions.change_listing(actor=market.exchange, listing_id=one.pk, reason="补充", values={})
    assert names(ANONYMOUS, fresh(one)) == ["public"]
    assert names(market.tto, fresh(one)) == ["public", "public"]


def test_what_cannot_be_put_in(market: Market) -> None:
    one = market.drafted()
    theirs = files.attach(actor=market.buyer(), content=b"x", name="a.txt")
    with pytest.raises(Invalid) as refused:
        actions.put_paper(
            actor=market.tto, listing_id=one.pk, file_id=theirs.pk, tier="secret", name=" ", slot=4
        )
    assert [p.field for p in refused.value.problems] == ["tier", "name", "file", "slot"]
    open_one = files.store(
        actor=market.tto, content=b"y", media_type="text/plain", name="b", is_public=True
    )
    with pytest.raises(Invalid) as refused:
        actions.put_paper(
            actor=market.tto, listing_id=one.pk, file_id=open_one.pk, tier="nda", name="保密"
        )
    assert [p.code for p in refused.value.problems] == ["is_public"]
    for actor in (market.buyer(), market.exchange):
        with pytest.raises((NotAllowed, NotFound)):
            actions.put_paper(
                actor=actor, listing_id=one.pk, file_id=theirs.pk, tier="nda", name="材料"
            )
    actions.submit_listing(actor=market.tto, listing_id=one.pk)
    with pytest.raises(Conflict) as late:
        put(market, one, "public")
    assert late.value.code == "papers.not_now"
    assert not Paper.objects.exists()


def test_where_bids_are_open_from_the_start_nothing_is_changed(market: Market) -> None:
    one, _ = published_with(market, "public", method="dynamic")
    with pytest.raises(Conflict) as refused:
        put(market, one, "public", "补充", reason="补充")
    assert refused.value.code == "papers.lot_open"


def test_a_damaged_file_is_not_given_out(market: Market) -> None:
    one, papers = published_with(market, "public")
    stored.path_of(papers[0].sha256).write_bytes(b"changed")
    with pytest.raises(Conflict) as refused:
        actions.read_paper(actor=market.buyer(), paper_id=papers[0].pk)
    assert refused.value.code == "files.damaged"
    assert not Reading.objects.filter(listing=one).exists()
