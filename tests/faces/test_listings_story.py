"""From the unit's decision to an opened lot, played over HTTP as another program would."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests import make
from tests.faces.calling import get, is_problem, post
from tests.faces.test_ledger_story import accounts, client, pay
from yangbanjian.ground.clock import actions as clock_actions
from yangbanjian.ground.journal.jobs import work_off
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.kernel.durations import read_duration

pytestmark = pytest.mark.django_db
WAN = 10_000_00
ACHIEVEMENT = {
    "title": "低温冷库余热梯级回收系统", "abstract": "回收压缩机排热，冷库综合电耗下降三成。",
    "is_service": True, "is_fiscally_funded": True, "is_export_controlled": False,
    "holders": [{"name": "东湖大学", "share_percent": "100"}], "completers": [{"name": "沈知行"}],
}  # fmt: skip
NOTICE = {
    "deal_mode": "transfer", "price_mode": "agreement", "price_fen": 300 * WAN, "days": 15,
    "related_party": {"is": False, "statement": ""},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _sandbox(settings: Any) -> None:
    settings.YBJ_SANDBOX = True
    make.sandbox()


def done(answer: Any, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.json()
    said: dict[str, Any] = answer.json()
    return said


def advance(by: str) -> None:
    """As `POST /sandbox/clock`, which commits and so can't be called inside a test's transaction."""
    clock_actions.advance(actor=SYSTEM, by=read_duration(by))
    assert not work_off().failed


def test_from_the_decision_to_an_opened_lot() -> None:
    office, operator = client(accounts("tto")[0]), client(accounts("operator")[0])
    houses = accounts("exchange", 2)
    first, second = client(houses[0]), client(houses[1])
    record = done(post(office, "/achievements", ACHIEVEMENT), 201)["id"]
    done(post(office, f"/achievements/{record}/moves/submit", {}))
    done(post(operator, f"/achievements/{record}/moves/approve", {}))
    decision = {"kind": "collective", "price_mode": "agreement", "price_fen": 300 * WAN}
    done(post(office, f"/achievements/{record}/decisions", decision), 201)
    notice = done(post(office, "/notices", {"achievement_id": record, **NOTICE}), 201)["id"]
    done(post(office, f"/notices/{notice}/moves/open", {}))

    terms = {
        "achievement_id": record, "notice_id": notice, "method": "rising", "start_fen": 200 * WAN,
        "step_fen": 10 * WAN, "reserve_fen": 234_567_89, "deposit_fen": 20 * WAN,
        "disclosure": {"days": 10, "unit": "working"}, "free_s": 600, "cycle_s": 180,
        "hard_close_s": 7200, "ladder": [{"start_fen": 180 * WAN}],
        "commission": [{"organisation_id": houses[0]["organisation_id"], "permille": 20}],
    }  # fmt: skip
    drafted = done(post(office, "/listings", terms), 201)
    assert {"id", "lot_id", "disclosure_ends_at"} <= set(drafted)
    one = f"/listings/{drafted['id']}"
    early = post(office, f"{one}/moves/submit", {})
    assert is_problem(early, 409, "listings.duties_missing")
    assert "notice" in early.json()["missing"]
    advance("16d")
    for item in ("price_basis", "title", "encumbrance", "priority"):
        said = {"item": item, "verdict": "pass"}
        done(post(office, f"/achievements/{record}/statements", said), 201)
    done(post(office, f"{one}/moves/submit", {}))
    done(post(first, f"{one}/moves/accept", {}))
    assert is_problem(post(first, f"{one}/moves/publish", {}), 403, "trading.second_person")
    public = done(post(second, f"{one}/moves/publish", {}))
    assert (public["state"], public["has_reserve"]) == ("disclosed", True)

    buyers = accounts("enterprise", 3)
    signed = []
    for buyer in buyers:
        told = done(post(client(buyer), f"{one}/registrations", {}), 201)
        assert told["deposit"]["account"] == houses[0]["bank_account"]
        assert told["deposit"]["amount_fen"] == 20 * WAN
        to = {"bank_account": told["deposit"]["account"]}
        assert pay(buyer, to, 20 * WAN, told["deposit"]["reference"]).status_code == 201
        signed.append(told["id"])
    work_off()
    mine = done(get(client(buyers[0]), f"/registrations/{signed[0]}"))
    assert (mine["state"], mine["deposit"]["payer"]) == ("deposited", buyers[0]["bank_account"])
    assert get(client(buyers[1]), f"/registrations/{signed[0]}").status_code == 404
    assert get(office, f"/registrations/{signed[0]}").status_code == 404
    done(post(first, f"/registrations/{signed[0]}/moves/qualify", {}))
    done(post(first, f"/registrations/{signed[1]}/moves/qualify", {}))
    refused = done(post(second, f"/registrations/{signed[2]}/moves/refuse", {"reason": "不符"}))
    assert refused["deposit"]["refund"]["paid_at"] is None

    assert "234" + "56789" not in str(done(get(Client(), one)))
    asked = done(post(client(buyers[0]), f"{one}/questions", {"text": "年费到哪年？"}), 201)
    done(post(office, f"/questions/{asked['id']}/answer", {"text": "2028 年。"}))
    assert done(get(Client(), f"{one}/questions"))["items"][0]["answer"] == "2028 年。"
    advance("30d")

    told = done(get(Client(), one))
    assert (told["state"], told["registrations"]) == ("bidding", None)
    back = done(get(client(buyers[2]), f"/registrations/{signed[2]}"))["deposit"]["refund"]
    assert back["paid_at"] is not None
    books = done(get(first, "/ledger/trial-balance"))["assets"]
    assert all(b["debits_posted"] == b["credits_posted"] for b in books)


@pytest.mark.parametrize("bad", [-1, 0, 2**53, 1.5, "1e6", "１００", True, None])
def test_attack_10_bad_amounts_are_refused(bad: Any) -> None:
    office = client(accounts("tto")[0])
    record = done(post(office, "/achievements", ACHIEVEMENT), 201)["id"]
    terms = {
        "achievement_id": record, "method": "rising", "start_fen": bad, "step_fen": WAN,
        "free_s": 600, "cycle_s": 180, "hard_close_s": 7200,
    }  # fmt: skip
    assert post(office, "/listings", terms).status_code == 422
    good = {**terms, "start_fen": 200 * WAN}
    if bad not in (0, None):
        assert post(office, "/listings", {**good, "deposit_fen": bad}).status_code == 422
        assert post(office, "/listings", {**good, "step_fen": bad}).status_code == 422
    assert done(get(office, "/listings"))["count"] == 0
