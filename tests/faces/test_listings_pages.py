"""The floor's pages: read by everybody, done without script."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.faces.pages import Visitor, text_of
from tests.signing import come_in
from tests.trading import WAN, Market, fresh
from yangbanjian.ground.people.models import Person
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.market.trading.models import Listing, Registration

pytestmark = pytest.mark.django_db


@pytest.fixture
def market(settings: Any) -> Market:
    settings.YBJ_SANDBOX = True
    return Market()


def at_the_desk(actor: Actor) -> Client:
    client = Client()
    come_in(client, Person.objects.get(pk=actor.person_id))
    return client


def test_a_unit_drafts_and_the_exchange_publishes_by_hand(market: Market) -> None:
    record = market.ready()
    office, first = at_the_desk(market.tto), at_the_desk(market.exchange)
    second = at_the_desk(market.second)
    form = f"/desk/floor/{record.pk}/listing"
    assert "披露至少 10 个工作日" in text_of(office.get(form))
    said = {
        "do": "draft", "deal_mode": "transfer", "method": "rising", "start_fen": "200 万",
        "step_fen": "10 万", "deposit_fen": "20 万", "reserve_fen": "2345678", "free_s": "10",
        "cycle_s": "3", "hard_close_s": "60", "payment": "once",
    }  # fmt: skip
    refused = office.post(form, {**said, "deposit_fen": "90 万"})
    assert refused.status_code == 422
    assert "30%" in text_of(refused)
    made = office.post(form, said)
    one = Listing.objects.get()
    page = f"/listings/{one.pk}"
    assert made.headers["Location"] == page
    assert (one.start_fen, one.cycle_s, one.notice_id is not None) == (200 * WAN, 180, True)
    assert Client().get(page).status_code == 404
    assert office.post(page, {"do": "submit"}).status_code == 302
    assert first.post(page, {"do": "accept"}).status_code == 302
    assert 'value="publish"' not in text_of(first.get(page))
    assert 'value="publish"' in text_of(second.get(page))
    assert second.post(page, {"do": "publish"}).status_code == 302

    told = text_of(Client().get(page))
    assert "¥2,000,000.00" in told
    assert "有，保密" in told
    assert "2345678" not in told.replace(",", "")
    assert one.title in text_of(Client().get("/floor?state=open"))
    assert one.title not in text_of(Client().get("/floor?state=over"))
    assert one.title in text_of(first.get("/desk/listings"))


def test_a_buyer_signs_up_pays_and_is_qualified_by_hand(market: Market) -> None:
    one = market.published()
    page = f"/listings/{one.pk}"
    buyer = Visitor(Role.ENTERPRISE)
    assert "登录后报名" in text_of(Client().get(page))
    refused = buyer.post(page, {"do": "sign_up", "relation": "priority", "statement": ""})
    assert refused.status_code == 422
    assert buyer.post(page, {"do": "sign_up", "relation": "none"}).status_code == 302
    made = Registration.objects.get()
    told = text_of(buyer.get(page))
    assert made.plate in told
    assert made.expectation is not None
    assert made.expectation.reference in told
    assert market.house in told
    market.pay(made)
    assert "已到账" in text_of(buyer.get("/desk/registrations"))
    exchange = at_the_desk(market.exchange)
    assert made.plate in text_of(exchange.get(page))
    # Neither the seller nor another buyer learns who has come.
    for other in (at_the_desk(market.tto), Visitor(Role.ENTERPRISE).client, Client()):
        assert made.plate not in text_of(other.get(page))
        assert made.owner.name not in text_of(other.get(page))
    given = {"do": "qualify", "registration": made.pk}
    assert buyer.post(page, given).status_code in (403, 422)
    assert exchange.post(page, given).status_code == 302
    assert fresh(made).state == "qualified"


def test_questions_by_hand(market: Market) -> None:
    one = market.published()
    page = f"/listings/{one.pk}"
    buyer, office = Visitor(Role.ENTERPRISE), at_the_desk(market.tto)
    assert buyer.post(page, {"do": "ask", "text": "年费缴到哪一年？"}).status_code == 302
    assert "年费" not in text_of(Client().get(page))
    number = one.questions.get().pk
    told = {"do": "answer", "question": number, "text": "缴到 2028 年。"}
    assert office.post(page, told).status_code == 302
    assert "缴到 2028 年。" in text_of(Client().get(page))
