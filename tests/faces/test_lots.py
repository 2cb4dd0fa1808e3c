"""The auction room on pages, over the API, as events; `ybj seal`."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import MutableMapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client

from tests import lots, make
from tests.actions.test_log import sequenced
from tests.faces.calling import client_of, get, is_problem, post
from tests.signing import come_in
from yangbanjian.config import events
from yangbanjian.config.lot_events import Rooms
from yangbanjian.faces.cli.sealing import seal
from yangbanjian.ground.clock import actions as clock_actions
from yangbanjian.ground.people.models import Person
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Invalid
from yangbanjian.market.trading import actions
from yangbanjian.market.trading.models import Lot, PlacedBid


@pytest.fixture(autouse=True)
def _sandbox(settings: Any) -> None:
    settings.YBJ_SANDBOX = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def _person(actor: Actor) -> Person:
    return Person.objects.get(pk=actor.person_id)


def _api(actor: Actor) -> Client:
    return client_of(_person(actor))


@pytest.mark.django_db
def test_bids_over_the_api_as_the_contract_writes_them() -> None:
    make.sandbox()
    lot, by = lots.opened()
    path = f"/lots/{lot.pk}"
    first = post(_api(by["A3"]), f"{path}/bids", {"bid_id": "a1", "amount_fen": 200 * lots.WAN})
    assert first.status_code == 200
    said = first.json()
    assert (said["verdict"], said["seq"]) == ("accepted", 1)
    again = post(_api(by["A3"]), f"{path}/bids", {"bid_id": "a1", "amount_fen": 200 * lots.WAN})
    assert again.json() == said
    low = post(_api(by["K7"]), f"{path}/bids", {"bid_id": "k1", "amount_fen": 1})
    assert low.json()["verdict"] == "too_low"
    assert (
        post(_api(by["K7"]), f"{path}/ceiling", {"max_fen": 300 * lots.WAN}).json()["seq"] is None
    )
    shown = get(Client(), path).json()
    assert shown["top"] == {"seq": 2, "amount_fen": 210 * lots.WAN, "plate": "K7"}
    assert shown["next_fen"] == 220 * lots.WAN
    assert shown["mine"] is None
    mine = get(_api(by["K7"]), path).json()["mine"]
    assert (mine["plate"], mine["is_top"], mine["ceiling_fen"]) == ("K7", True, 300 * lots.WAN)
    odd = {"bid_id": "x", "amount_fen": 1.5}
    assert is_problem(post(_api(by["A3"]), f"{path}/bids", odd), 422, "api.invalid")
    assert "runner_up" in get(Client(), path).json()
    clock_actions.advance(actor=SYSTEM, by=timedelta(hours=2))
    actions.close_due(now=lot.opens_at + timedelta(hours=3), most=5)  # type: ignore[operator]
    ended = get(client_of(make.person(Role.EXCHANGE)), path).json()
    assert (ended["state"], ended["result"]["winner"]) == ("sold", "K7")
    assert ended["deal_id"] is not None
    assert ended["winner_id"] == by["K7"].organisation_id
    assert ended["runner_up"]["plate"] == "A3"
    public = get(Client(), path).json()
    assert (public["winner_id"], public["runner_up"]) == (None, None)
    log = get(Client(), f"{path}/log")
    assert log.headers["Content-Type"].startswith("application/jsonl")
    assert json.loads(log.content.decode().splitlines()[-1])["kind"] == "result"


@pytest.mark.django_db
def test_the_room_works_without_script() -> None:
    make.sandbox()
    lot, by = lots.opened()
    page = Client().get(f"/lots/{lot.pk}").content.decode()
    assert "您在旁观" in page
    bidder = Client()
    come_in(bidder, _person(by["A3"]))
    page = bidder.get(f"/lots/{lot.pk}").content.decode()
    assert page.count('name="bid_id"') == 4
    assert "您还没有报价" in page
    sent = {"do": "bid", "amount_fen": "200万", "bid_id": "p1", "confirmed": ""}
    assert bidder.post(f"/lots/{lot.pk}", sent).status_code == 302
    page = bidder.get(f"/lots/{lot.pk}").content.decode()
    assert "您领先" in page
    assert "¥2,000,000.00" in page
    again = bidder.post(f"/lots/{lot.pk}", {**sent, "bid_id": "p2", "amount_fen": "210万"})
    assert again.status_code == 422
    assert "您已经领先" in again.content.decode()


@pytest.mark.django_db
def test_more_than_a_tenth_above_is_asked_about_once_more() -> None:
    make.sandbox()
    lot, by = lots.opened()
    bidder = Client()
    come_in(bidder, _person(by["A3"]))
    sent = {"do": "bid", "amount_fen": "230万", "bid_id": "p1", "confirmed": ""}
    asked = bidder.post(f"/lots/{lot.pk}", sent)
    assert asked.status_code == 422
    assert not PlacedBid.objects.exists()
    found = re.search(r'name="confirmed" value="(\d+)"', asked.content.decode())
    assert found is not None
    assert bidder.post(f"/lots/{lot.pk}", {**sent, "confirmed": found[1]}).status_code == 302
    assert PlacedBid.objects.get().amount_fen == 230 * lots.WAN


@pytest.mark.django_db
def test_the_exchange_has_its_console_and_others_have_not() -> None:
    make.sandbox()
    lot, by = lots.opened()
    officer = Client()
    come_in(officer, make.person(Role.EXCHANGE))
    assert "竞价管理" in officer.get(f"/lots/{lot.pk}").content.decode()
    assert officer.post(f"/lots/{lot.pk}", {"do": "pause", "reason": "检修"}).status_code == 302
    assert Lot.objects.get(pk=lot.pk).state == "paused"
    assert officer.post(f"/lots/{lot.pk}", {"do": "resume"}).status_code == 302
    bidder = Client()
    come_in(bidder, _person(by["A3"]))
    assert "竞价管理" not in bidder.get(f"/lots/{lot.pk}").content.decode()
    assert bidder.post(f"/lots/{lot.pk}", {"do": "pause", "reason": "x"}).status_code == 403


@pytest.mark.django_db
def test_a_sealed_bid_from_the_command_line_to_the_page_and_two_of_three_open_it(
    tmp_path: Path,
) -> None:
    make.sandbox()
    tto = make.actor(Role.TTO)
    lot, by = lots.opened(seller=tto, method="sealed", step_fen=0)
    holders = [make.actor(Role.EXCHANGE), tto, make.actor(Role.AUDITOR)]
    shares = []
    for holder in holders:
        client = Client()
        come_in(client, _person(holder))
        assert "领取份额" in client.get(f"/lots/{lot.pk}").content.decode()
        shown = client.post(f"/lots/{lot.pk}", {"do": "keep"})
        assert "no-store" in shown.headers["Cache-Control"]
        found = re.search(r'data-keep="([0-9a-f-]+)"', shown.content.decode())
        assert found is not None
        shares.append(found[1])
    how, out = tmp_path / "SEALING.json", tmp_path / "BID.json"
    how.write_bytes(get(_api(by["A3"]), f"/lots/{lot.pk}/sealing").content)
    seal(how, 234 * lots.WAN, out, "")
    bidder = Client()
    come_in(bidder, _person(by["A3"]))
    sent = {"do": "seal", "sealed": out.read_text(encoding="utf-8")}
    assert bidder.post(f"/lots/{lot.pk}", sent).status_code == 302
    assert "您的报价已封存" in bidder.get(f"/lots/{lot.pk}").content.decode()
    clock_actions.advance(actor=SYSTEM, by=timedelta(hours=1))
    actions.close_lot(actor=SYSTEM, lot_id=lot.pk)
    sequenced()
    for holder, share in list(zip(holders, shares, strict=True))[1:]:
        answer = post(_api(holder), f"/lots/{lot.pk}/key-shares", {"share": share})
        assert answer.status_code == 200, answer.content
    assert answer.json()["state"] == "sold"
    assert Lot.objects.get(pk=lot.pk).result["price_fen"] == 234 * lots.WAN
    with pytest.raises(Invalid):
        seal(out, 1, out, "")


# --- events ---------------------------------------------------------------------------------------


def _url() -> str:
    return psycopg.conninfo.make_conninfo(**{
        k: v for k, v in connection.get_connection_params().items()
        if k in ("dbname", "user", "password", "host", "port")
    })  # fmt: skip


async def _heard(path: str, last: bytes, until: str, deed: Any = None) -> tuple[int, str]:
    """(status, what was sent up to `until`); `deed` is done when the stream is open."""
    sent: list[MutableMapping[str, Any]] = []
    left = asyncio.Event()

    async def receive() -> MutableMapping[str, Any]:
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)
        if until in b"".join(m.get("body", b"") for m in sent).decode():
            left.set()

    scope = {"type": "http", "path": path, "method": "GET", "headers": [(b"last-event-id", last)]}
    task = asyncio.create_task(events.application(scope, receive, send))
    if deed is not None:
        while len(sent) < 2:
            await asyncio.sleep(0.02)
        await asyncio.to_thread(deed)
    await asyncio.wait_for(left.wait(), 20)
    task.cancel()
    return sent[0]["status"], b"".join(m.get("body", b"") for m in sent[1:]).decode()


@pytest.mark.usefixtures("committed")
def test_watchers_hear_bids_and_who_comes_back_hears_what_was_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make.sandbox()
    lot, by = lots.opened()
    lots.bid(by["A3"], lot, 200)
    lots.bid(by["A3"], lot, 190)
    actions.set_ceiling(actor=by["K7"], lot_id=lot.pk, max_fen=300 * lots.WAN)
    path = f"/events/lots/{lot.pk}"
    monkeypatch.setattr(events, "rooms", Rooms(_url()))

    def pause() -> None:
        actions.pause_lot(actor=SYSTEM, lot_id=lot.pk, reason="检修")
        connection.close()

    status, told = asyncio.run(_heard(path, b"0", '"state": "paused"', pause))
    assert status == 200
    assert re.findall(r'"amount_fen": (\d+)', told.partition("event: state")[0]) == [
        "200000000", "210000000",
    ]  # fmt: skip
    assert told.count("event: bid") == 2
    assert "300000000" not in told
    assert "ceiling" not in told
    monkeypatch.setattr(events, "rooms", Rooms(_url()))
    status, _ = asyncio.run(_heard("/events/lots/999999", b"", "没有"))
    assert status == 404
