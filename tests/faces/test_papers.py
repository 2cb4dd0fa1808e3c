"""The diligence room by hand and by program: nothing closed leaves it, not by its name either."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.actions.test_papers import actor_behind, published_with, put
from tests.faces.calling import client_of, get, is_problem, post
from tests.faces.pages import text_of
from tests.faces.test_listings_pages import at_the_desk
from tests.trading import Market
from yangbanjian.ground.people.models import Person
from yangbanjian.kernel.actor import Actor
from yangbanjian.market.trading import actions, queries
from yangbanjian.market.trading.models import Paper, Reading

pytestmark = pytest.mark.django_db


@pytest.fixture
def market(settings: Any) -> Market:
    settings.YBJ_SANDBOX = True
    return Market()


def caller(actor: Actor) -> Client:
    return client_of(Person.objects.get(pk=actor.person_id))


def test_the_seller_fills_the_room_and_a_buyer_reads_by_hand(market: Market) -> None:
    one = market.drafted()
    page, office = f"/listings/{one.pk}/papers", at_the_desk(market.tto)
    assert "/papers" in text_of(office.get(f"/listings/{one.pk}"))
    assert Client().get(page).status_code == 404
    sent = {"do": "put", "name": "工艺说明书", "tier": "nda", "slot": ""}
    refused = office.post(page, sent)
    assert refused.status_code == 422
    file = SimpleUploadedFile("工艺.pdf", b"%PDF-1.7 inside")
    assert office.post(page, {**sent, "file": file}).status_code == 302
    (paper,) = Paper.objects.all()
    assert (paper.tier, paper.media_type, paper.since) == ("nda", "application/pdf", 1)
    again = SimpleUploadedFile("工艺2.pdf", b"%PDF-1.7 better")
    assert office.post(page, {**sent, "file": again, "slot": paper.slot}).status_code == 302
    actions.submit_listing(actor=market.tto, listing_id=one.pk)
    actions.accept_listing(actor=market.exchange, listing_id=one.pk)
    actions.publish_listing(actor=market.second, listing_id=one.pk)

    made = market.signed_up(one)
    buyer = at_the_desk(actor_behind(made.owner_id, market))
    told = text_of(buyer.get(page))
    assert "工艺说明书" not in told
    assert "同意并承诺" in told
    address = f"/papers/{Paper.objects.latest('pk').pk}"
    assert buyer.get(address).status_code == 404
    digest = queries.undertaking_terms().sha256
    assert buyer.post(page, {"do": "undertake", "sha256": "0" * 64}).status_code == 422
    assert buyer.post(page, {"do": "undertake", "sha256": digest}).status_code == 302
    told = text_of(buyer.get(page))
    assert "工艺说明书" in told
    assert "已被替换" not in told  # nobody had seen it
    got = buyer.get(address)
    assert got.content == b"%PDF-1.7 better"
    assert got.headers["Content-Disposition"].endswith(".pdf")
    assert got.headers["Cache-Control"] == "private, no-store"
    log = text_of(office.get(page))
    assert "1 号" in log
    assert made.owner.name not in log
    assert made.owner.name in text_of(at_the_desk(market.exchange).get(page))
    # Nobody else, whatever they ask.
    for client in (Client(), at_the_desk(market.buyer())):
        assert client.get(address).status_code == 404
        told = text_of(client.get(page))
        assert "工艺说明书" not in told
        assert "查阅记录" not in told
    assert Reading.objects.count() == 1


def test_new_material_of_a_public_listing_by_hand(market: Market) -> None:
    one, _ = published_with(market, "public")
    page, office = f"/listings/{one.pk}/papers", at_the_desk(market.tto)
    sent = {"do": "put", "name": "补充报告", "tier": "public", "slot": ""}
    file = SimpleUploadedFile("b.txt", b"more")
    assert office.post(page, {**sent, "file": file}).status_code == 422
    file.seek(0)
    assert office.post(page, {**sent, "file": file, "reason": "测完了"}).status_code == 302
    assert "待开放" in text_of(office.get(page))
    assert "补充报告" not in text_of(Client().get(page))
    late = Paper.objects.get(name="补充报告")
    house = at_the_desk(market.exchange)
    assert 'name="paper"' in text_of(house.get(page))
    assert house.post(page, {"do": "take_back", "paper": late.pk}).status_code == 302
    assert "已撤下" in text_of(office.get(page))


def test_the_room_by_program(market: Market) -> None:
    one = market.drafted()
    office = caller(market.tto)
    sent = office.post("/api/v1/files", {"file": SimpleUploadedFile("c.txt", b"closed")})
    body = {"file_id": sent.json()["id"], "tier": "nda", "name": "配方"}
    # A name that would be cut is not taken.
    long = {**body, "name": "长" * 121}
    assert post(office, f"/listings/{one.pk}/papers", long).status_code == 422
    made = post(office, f"/listings/{one.pk}/papers", body)
    assert made.status_code == 201
    assert made.json()["is_shown"] is False
    assert is_problem(
        post(office, f"/listings/{one.pk}/papers", {**body, "tier": "x"}), 422, "papers.invalid"
    )
    put(market, one, "public", "说明")
    actions.submit_listing(actor=market.tto, listing_id=one.pk)
    actions.accept_listing(actor=market.exchange, listing_id=one.pk)
    actions.publish_listing(actor=market.second, listing_id=one.pk)
    room = get(Client(), f"/listings/{one.pk}/papers").json()
    assert [p["name"] for p in room["items"]] == ["说明"]
    assert room["closed"] == {"nda": 1}
    assert "配方" not in str(room)
    assert get(Client(), f"/papers/{room['items'][0]['id']}/content").status_code == 200

    closed = made.json()["id"]
    buyer = caller(actor_behind(market.signed_up(one).owner_id, market))
    assert is_problem(get(buyer, f"/papers/{closed}/content"), 404, "papers.not_found")
    text = get(buyer, f"/listings/{one.pk}/papers").json()["undertaking"]
    assert text["may_give"] is True
    given = post(buyer, f"/listings/{one.pk}/undertaking", {"sha256": text["sha256"]}).json()
    assert given["given_at"]
    assert given["may_give"] is False
    assert get(buyer, f"/papers/{closed}/content").content == b"closed"
    assert is_problem(get(buyer, f"/listings/{one.pk}/readings"), 403, "papers.log_closed")
    (row,) = get(office, f"/listings/{one.pk}/readings").json()["items"]
    assert (row["reader"], row["organisation"], row["sha256"]) == (1, "", made.json()["sha256"])
    assert is_problem(
        post(office, f"/papers/{closed}/moves/take_back", {}), 409, "papers.stands"
    )  # fmt: skip
    assert post(office, f"/papers/{closed}/moves/burn", {}).status_code == 404
