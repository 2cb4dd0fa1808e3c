"""Several at once at a diligence room, with real commits: a slot replaced twice, an undertaking given
twice, a paper put in while its listing is changed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.actions.test_papers import actor_behind, published_with, put, undertake
from tests.races.test_ledger import at_once
from tests.trading import Market, fresh
from yangbanjian.ground.files import actions as files
from yangbanjian.market.trading import actions
from yangbanjian.market.trading.models import Paper, Undertaking

pytestmark = pytest.mark.usefixtures("own_database")


@pytest.fixture
def market(settings: Any, own_database: None) -> Market:
    settings.YBJ_SANDBOX = True
    return Market()


def test_two_replacements_at_once_are_two_versions(market: Market) -> None:
    one = market.drafted()
    first = put(market, one, "nda")
    stored = [
        files.attach(actor=market.tto, content=bytes([n]), name=f"{n}.txt").pk for n in range(3)
    ]
    told = at_once(
        3,
        lambda n: actions.put_paper(
            actor=market.tto, listing_id=one.pk, file_id=stored[n], tier="nda", name="工艺",
            slot=first.slot,
        ).version,
    )  # fmt: skip
    assert sorted(told) == [2, 3, 4], told


def test_an_undertaking_that_is_given_twice_at_once_is_one(market: Market) -> None:
    one, _ = published_with(market, "nda")
    buyer = actor_behind(market.signed_up(one).owner_id, market)
    told = at_once(3, lambda _n: undertake(buyer, one).pk)
    assert len(set(told)) == 1, told
    assert Undertaking.objects.filter(listing=one).count() == 1


def test_what_is_put_in_while_the_listing_changes_counts_from_one_version_or_the_next(
    market: Market,
) -> None:
    one, _ = published_with(market, "public")
    stored = files.attach(actor=market.tto, content=b"late", name="late.txt").pk

    def act(number: int) -> object:
        if number:
            return actions.change_listing(
                actor=market.exchange, listing_id=one.pk, reason="补充", values={}
            ).version
        return actions.put_paper(
            actor=market.tto, listing_id=one.pk, file_id=stored, tier="public", name="补充",
            reason="补充",
        ).since  # fmt: skip

    told = at_once(2, act)
    assert not [t for t in told if isinstance(t, Exception)], told
    after, late = fresh(one), Paper.objects.get(file_id=stored)
    assert (after.version, late.since in (2, 3)) == (2, True)
    # Either it came before the change, which then tells of it, or it waits for the next.
    from yangbanjian.ground.journal.models import Entry

    said = Entry.objects.filter(verb="trading.listing_changed", subject_id=one.pk).latest("pk")
    assert said.payload["papers"] == (1 if late.since == 2 else 0)
