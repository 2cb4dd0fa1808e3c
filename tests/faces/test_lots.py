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


@pytest.mark.django_db
def test_a_trial_bid_over_the_api() -> None:
    make.sandbox()
    lot, by = lots.waiting()
    path = f"/lots/{lot.pk}/trial-bids"
    told = post(_api(by["A3"]), path, {"amount_fen": 200 * lots.WAN})
    assert told.status_code == 200, told.content
    assert (told.json()["is_trial"], told.json()["verdict"]) == (True, "accepted")
    assert told.json()["opens_at"] < told.json()["closes_at"]
    assert post(_api(by["A3"]), path, {"amount_fen": 1}).json()["verdict"] == "too_low"
    for odd in ({"amount_fen": 1.5}, {"amount_fen": "x"}, {}, {"amount_fen": 1, "bid_id": "a"}):
        assert is_problem(post(_api(by["A3"]), path, odd), 422, "api.invalid")
    assert is_problem(post(_api(by["A3"]), path, {"amount_fen": 0}), 422, "bids.invalid")
    assert post(Client(), path, {"amount_fen": 200 * lots.WAN}).status_code == 401
    assert post(_api(by["A3"]), "/lots/999999/trial-bids", {"amount_fen": 1}).status_code == 404
    opened, others = lots.opened()
    late = post(_api(others["A3"]), f"/lots/{opened.pk}/trial-bids", {"amount_fen": 1})
    assert is_problem(late, 409, "trading.trial_over")


@pytest.mark.django_db
def test_the_waiting_room_has_rules_a_clock_and_a_trial_without_script() -> None:
    make.sandbox()
    lot, by = lots.waiting()
    page = Client().get(f"/lots/{lot.pk}").content.decode()
    for told in ("等候室", "服务器时间", "竞价规则", "每次比当前价至少高 ¥100,000.00", "60 分钟"):
        assert told in page, told
    assert 'value="trial"' not in page
    bidder = Client()
    come_in(bidder, _person(by["A3"]))
    page = bidder.get(f"/lots/{lot.pk}").content.decode()
    assert page.count('value="trial"') == 4
    assert 'value="bid"' not in page
    done = bidder.post(f"/lots/{lot.pk}", {"do": "trial", "amount_fen": "200万"}, follow=True)
    assert (
        "试报价：¥2,000,000.00 会是有效的报价。这次没有计入，也没有记录。" in done.content.decode()
    )
    assert "还没有开始" in done.content.decode()
    for typed, why in (
        ("1万", "低于需要的金额"), ("200.5万", "不在加价幅度上"), ("许多", "金额没有看懂"), ("", "必填"),
    ):  # fmt: skip
        refused = bidder.post(f"/lots/{lot.pk}", {"do": "trial", "amount_fen": typed})
        assert refused.status_code == 422, typed
        assert why in refused.content.decode(), typed
    high = {"do": "trial", "amount_fen": "300万"}
    asked = bidder.post(f"/lots/{lot.pk}", high)
    found = re.search(r'name="confirmed" value="(\d+)"', asked.content.decode())
    assert found is not None
    assert "正式报价时会再问一次" in asked.content.decode()
    assert bidder.post(f"/lots/{lot.pk}", {**high, "confirmed": found[1]}).status_code == 302
    stranger = Client()
    come_in(stranger, make.person(Role.ENTERPRISE))
    refused = stranger.post(f"/lots/{lot.pk}", {"do": "trial", "amount_fen": "200万"})
    assert "没有这个标的的竞买资格" in refused.content.decode()
    assert not PlacedBid.objects.exists()


@pytest.mark.django_db
def test_in_the_waiting_room_of_sealed_bids_sealing_is_tried() -> None:
    make.sandbox()
    lot, by = lots.waiting(method="sealed", step_fen=0)
    bidder = Client()
    come_in(bidder, _person(by["A3"]))
    page = bidder.get(f"/lots/{lot.pk}").content.decode()
    assert "试封存" in page
    assert "一次报价没有平台上的试报价" in page, "for those without script"
    assert 'value="trial"' not in page
    found = re.search(r'<script id="seal-spec"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert found is not None
    spec = json.loads(found[1])
    assert (spec["public_key"], spec["plate"]) == ("", "A3")
    refused = bidder.post(f"/lots/{lot.pk}", {"do": "trial", "amount_fen": "200万"})
    assert "请在竞价厅里试着封存一次" in refused.content.decode()


METHODS = [
    {"method": "rising"}, {"method": "dynamic"}, {"method": "sealed", "step_fen": 0},
    {"method": "dutch", "floor_fen": 100 * lots.WAN}, {"method": "negotiated"},
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("values", METHODS, ids=lambda v: str(v["method"]))
def test_the_rules_are_told_of_each_method_with_the_lots_own_figures(
    values: dict[str, Any],
) -> None:
    make.sandbox()
    lot, _ = lots.waiting(**values)
    Lot.objects.filter(pk=lot.pk).update(outage_s=47, resume_s=90, priority_s=7200)
    page = Client().get(f"/lots/{lot.pk}").content.decode()
    for told in ("平台中断超过 47 秒", "恢复后至少还有 90 秒", "结束后 2 小时内", "¥2,000,000.00"):
        assert told in page, told
    lot, _ = lots.opened(**values)
    page = Client().get(f"/lots/{lot.pk}").content.decode()
    assert "竞价规则" in page, "they can be read on while bidding runs"
    assert "等候室" not in page
