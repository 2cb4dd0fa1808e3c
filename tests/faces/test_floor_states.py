"""What the pages of the floor say to whom: in the room before, while and after bidding; on a deal's
page how far it is, where to pay, what happens to a default."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests import deals, lots, make
from tests.faces.test_lots import _heard, _url
from yangbanjian.config import events
from yangbanjian.config.lot_events import Rooms
from yangbanjian.ground.people.models import Person
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.market.trading import actions
from yangbanjian.market.trading import queries as trading


@pytest.fixture(autouse=True)
def _sandbox(settings: Any) -> None:
    settings.YBJ_SANDBOX = True


def _page(path: str, who: Person | Actor | None = None) -> str:
    client = Client()
    if who is not None:
        person = who if isinstance(who, Person) else Person.objects.get(pk=who.person_id or 0)
        client.force_login(person)
    answer = client.get(path)
    assert answer.status_code == 200, answer.content.decode()[:500]
    return answer.content.decode()


@pytest.mark.django_db
def test_the_buttons_of_the_room_say_what_they_bid() -> None:
    make.sandbox()
    lot, by = lots.opened()
    page = _page(f"/lots/{lot.pk}", by["A3"])
    assert ">起始价</span>" in page
    assert ">起始价加 1 步<" in page
    lots.bid(by["A3"], lot, 200)
    page = _page(f"/lots/{lot.pk}", by["K7"])
    assert ">加 1 步<" in page
    assert ">起始价</span>" not in page


@pytest.mark.django_db
def test_whoever_has_not_bid_is_not_behind() -> None:
    make.sandbox()
    lot, by = lots.opened()
    lots.bid(by["A3"], lot, 200)
    page = _page(f"/lots/{lot.pk}", by["K7"])
    assert "您还没有报价" in page
    assert 'data-has-bid="true"' not in page
    lots.bid(by["K7"], lot, 210)
    page = _page(f"/lots/{lot.pk}", by["A3"])
    assert "您被超过了，可以再报</span>" in page
    assert 'data-has-bid="true"' in page


@pytest.mark.usefixtures("committed")
def test_who_waits_in_the_room_hears_that_bidding_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    make.sandbox()
    one = lots.listing()
    lots.bidder(one, "A3")
    actions.lay_out(actor=SYSTEM, listing=one, reserve_fen=None)
    lot = trading.lot_of(one)
    page = _page(f"/lots/{lot.pk}", make.person(Role.EXCHANGE))
    assert "js/room" in page
    assert "还没有开始" in page
    monkeypatch.setattr(events, "rooms", Rooms(_url()))

    def open_it() -> None:
        actions.open_lot(actor=SYSTEM, listing=one, opens_at=None, priority_plates=())
        connection.close()

    status, told = asyncio.run(_heard(f"/events/lots/{lot.pk}", b"", '"state": "open"', open_it))
    assert status == 200
    assert '"state": "waiting"' in told
    # At once, and not with the next word of the clock.
    assert "event: clock" not in told


@pytest.mark.django_db
def test_after_a_default_the_room_tells_each_where_they_stand() -> None:
    make.sandbox()
    sale = deals.awarded()
    first = deals.fresh(sale)
    winner, other = sale.bidders[-1], sale.bidders[0]
    room = f"/lots/{sale.lot.pk}"
    assert "您竞得这个标的" in _page(room, winner)
    assert f'href="/deals/{first.pk}">去签约' in _page(room, winner)
    assert f'href="/deals/{first.pk}">看成交结果' in _page(room, other)
    actions.default(actor=sale.staff, deal_id=first.pk, reason="逾期未签约")
    assert "您没有按期履约" in _page(room, winner)
    page = _page(room, other)
    assert "由您递补受让" in page
    assert "去签约" in page
    assert "标的由次高报价者受让" in _page(room)
    assert "已认定买方违约" in _page("/desk/inbox", winner)
    assert "的竞得人违约，由次高报价者受让" in _page("/desk/inbox", other)


@pytest.mark.django_db
def test_a_buyer_reads_where_to_pay_once_both_have_signed() -> None:
    make.sandbox()
    sale = deals.awarded()
    deal = deals.fresh(sale)
    buyer = next(b for b in sale.bidders if b.memberships.get().organisation_id == deal.buyer_id)
    path = f"/deals/{deal.pk}"
    assert "收款账号" not in _page(path, buyer)
    for side in (sale.seller, sale.buyer):
        actions.sign(actor=side, deal_id=deal.pk)
    page = _page(path, buyer)
    assert "收款账号" in page
    assert trading.house_account() in page
    assert deal.registration.bank_account in page
    assert "收款账号" not in _page(path, sale.tto)
    assert "受让方付款" in page
    assert "进展" not in _page(path)
    deals.pay(sale)
    assert "收款账号" not in _page(path, buyer)


@pytest.mark.django_db
def test_a_dossier_that_is_being_made_is_asked_for_again() -> None:
    make.sandbox()
    sale = deals.awarded()
    path = f"/deals/{deals.fresh(sale).pk}"
    assert "every 2s" not in _page(path, sale.tto)
    client = Client()
    client.force_login(sale.tto)
    assert client.post(path, {"do": "dossier"}).status_code == 302
    assert "every 2s" in _page(path, sale.tto)
