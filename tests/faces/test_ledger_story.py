"""The ledger's block of the contract, played over HTTP as another program would."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests import make
from tests.faces.calling import get, is_problem, post
from yangbanjian.ground.ledger.models import Transfer

pytestmark = pytest.mark.django_db
HEADINGS = "流水号,记账日期,收入金额,支出金额,币种,对方账号,对方户名,附言\n"


@pytest.fixture(autouse=True)
def _sandbox(settings: Any) -> None:
    settings.YBJ_SANDBOX = True
    make.sandbox()


def accounts(role: str, count: int = 1) -> list[dict[str, Any]]:
    answer = post(Client(), "/sandbox/accounts", {"role": role, "count": count})
    assert answer.status_code == 201, answer.json()
    made: list[dict[str, Any]] = answer.json()["items"]
    return made


def client(made: dict[str, Any]) -> Client:
    return Client(headers={"Authorization": f"Bearer {made['token']}"})


def batch(who: Client, *transfers: dict[str, Any]) -> list[str]:
    answer = post(who, "/ledger/batches", {"transfers": list(transfers)})
    assert answer.status_code == 200, answer.json()
    return [one["result"] for one in answer.json()["results"]]


def pay(sender: dict[str, Any], receiver: dict[str, Any], fen: Any, reference: str = "") -> Any:
    said = {
        "from_account": sender["bank_account"], "to_account": receiver["bank_account"],
        "amount_fen": fen, "reference": reference,
    }  # fmt: skip
    return post(Client(), "/sandbox/bank", said)


def unmatched(who: Client) -> dict[str, Any]:
    said: dict[str, Any] = get(who, "/ledger/unmatched").json()
    assert said["sum"] == said["suspense_balance"] == sum(o["amount_fen"] for o in said["items"])
    return said


def send(who: Client, text: str, name: str = "day.csv", **more: str) -> dict[str, Any]:
    file = SimpleUploadedFile(name, text.encode("gb18030"))
    answer = who.post("/api/v1/imports", {"kind": "bank", "file": file, **more})
    assert answer.status_code == 202, answer.json()
    said: dict[str, Any] = answer.json()
    return said


def test_the_ledger_block_from_accounts_to_a_bank_file() -> None:
    exchange, firm = accounts("exchange")[0], accounts("enterprise")[0]
    treasurer, auditor = client(exchange), client(accounts("auditor")[0])
    bank, buyer, unit = str(uuid4()), str(uuid4()), str(uuid4())
    for key, owner, asset, limited in (
        (bank, exchange, "CNY", False), (buyer, firm, "CNY", True), (unit, firm, "V:2026", False),
    ):  # fmt: skip
        body = {
            "id": key, "owner_id": owner["organisation_id"], "code": 1001, "asset": asset,
            "limited": limited,
        }  # fmt: skip
        assert post(treasurer, "/ledger/accounts", body).status_code == 201
        assert post(auditor, "/ledger/accounts", body).status_code == 403
    chain = str(uuid4())
    fill = {"id": "fill", "debit": bank, "credit": buyer, "amount": 1_000, "asset": "CNY"}
    hold = {
        "id": "hold", "kind": "pending", "debit": buyer, "credit": bank, "amount": 600,
        "asset": "CNY",
    }  # fmt: skip
    late = {**hold, "id": "late", "amount": 100, "timeout_s": 3600}
    # Each result that the contract names, in one story.
    assert batch(treasurer, fill, hold, late) == ["ok", "ok", "ok"]
    assert batch(treasurer, fill, {**fill, "amount": 999}) == ["exists", "conflict"]
    assert batch(treasurer, {**fill, "id": "far", "debit": buyer, "credit": bank}) == ["over_limit"]
    assert batch(treasurer, {**fill, "id": "odd", "credit": str(uuid4())}) == ["no_account"]
    assert batch(treasurer, {**fill, "id": "mix", "credit": unit}) == ["wrong_asset"]
    linked = [{**fill, "id": f"c{n}", "chain": chain, "amount": n} for n in (1, 2)]
    bad = {**fill, "id": "c3", "chain": chain, "credit": unit}
    assert batch(treasurer, *linked, bad) == ["chain_failed", "chain_failed", "wrong_asset"]
    part = {"id": "part", "kind": "post", "pending_id": "hold", "amount": 450}
    assert batch(treasurer, part, {**part, "id": "again"}) == ["ok", "resolved"]
    then = get(auditor, "/ledger/trial-balance").json()
    now = get(auditor, f"/ledger/accounts/{buyer}").json()
    assert (now["debits_pending"], now["debits_posted"]) == (100, 450)
    # The sandbox's clock lets the late hold expire; the answer about the past stays.
    assert post(Client(), "/sandbox/clock", {"advance": "2h"}).status_code == 200
    void = {"id": "void", "kind": "void", "pending_id": "late"}
    assert batch(treasurer, void) == ["expired"]
    after = get(auditor, f"/ledger/accounts/{buyer}").json()
    assert (after["debits_pending"], after["debits_posted"]) == (0, 450)
    assert get(auditor, "/ledger/trial-balance", at_seq=then["seq"]).json() == then
    # Money arrives at the bank: two payments, and a file with three lines of which one is wrong.
    assert unmatched(auditor)["items"] == []
    line = pay(firm, exchange, 25_000, "保证金").json()["line_id"]
    said = unmatched(treasurer)
    assert [o["line_id"] for o in said["items"]] == [line]
    assert said["items"][0]["amount_fen"] == said["sum"] == 25_000
    assert said["items"][0]["counterparty"] == firm["bank_account"]
    assert said["items"][0]["bank_account"] == exchange["bank_account"]
    rows = "S1,2026-03-01,1000.00,,CNY,6222,某公司,货款\nS2,2026-03-01,,3.50,CNY,,,手续费\n"
    told = send(treasurer, HEADINGS + rows + 'S3,2026-03-01,"1,234.50",,CNY,6222,,\n')
    assert (told["state"], told["created"], told["rejected"]) == ("failed", 0, 1)
    assert told["problems"][0]["row"] == 4
    assert unmatched(auditor)["sum"] == 25_000
    told = send(treasurer, HEADINGS + rows)
    assert (told["state"], told["created"], told["unchanged"]) == ("done", 2, 0)
    again = send(treasurer, HEADINGS + rows)
    assert (again["state"], again["created"], again["unchanged"]) == ("done", 0, 2)
    assert unmatched(auditor)["sum"] == 25_000 + 100_000 - 350
    balance = get(auditor, "/ledger/trial-balance").json()["assets"][0]
    assert balance["debits_posted"] == balance["credits_posted"]


def test_money_that_leaves_is_a_line_too_and_strangers_leave_none() -> None:
    exchange, firm, other = *accounts("exchange"), *accounts("enterprise", 2)
    reader = client(exchange)
    assert pay(firm, exchange, 500).status_code == 201
    assert pay(exchange, firm, 200).status_code == 201
    assert sorted(o["amount_fen"] for o in unmatched(reader)["items"]) == [-200, 500]
    assert is_problem(pay(firm, other, 5), 422, "sandbox.no_own_account")
    assert is_problem(pay(firm, firm, 5), 422, "sandbox.bank")
    for fen in (0, -1, 2**53):
        assert is_problem(pay(firm, exchange, fen), 422, "sandbox.bank")
    for odd in (1.5, "1e5", "１２３４", "1,234.50", None, True, 2**63):
        assert pay(firm, exchange, odd).status_code == 422
    assert unmatched(reader)["count"] == 2


def test_outside_a_sandbox_there_is_no_such_bank(settings: Any) -> None:
    exchange, firm = accounts("exchange")[0], accounts("enterprise")[0]
    settings.YBJ_SANDBOX = False
    assert is_problem(pay(firm, exchange, 500), 404, "sandbox.none")


def test_an_idempotency_key_moves_money_once() -> None:
    exchange, firm = accounts("exchange")[0], accounts("enterprise")[0]
    said = {
        "from_account": firm["bank_account"], "to_account": exchange["bank_account"],
        "amount_fen": 500, "reference": "x",
    }  # fmt: skip
    who = client(exchange)
    first = post(who, "/sandbox/bank", said, **{"Idempotency-Key": "k1"}).json()
    assert post(who, "/sandbox/bank", said, **{"Idempotency-Key": "k1"}).json() == first
    assert unmatched(who)["count"] == 1


@pytest.mark.parametrize(
    "cell",
    ['"1,234.50"', "１２３４", "1e5", "-0", str(2**63), "12.345", "5元", "", "0", "NaN", "=1+1"],
)
def test_odd_amounts_stop_the_file_by_row_and_nothing_is_posted(cell: str) -> None:
    exchange = accounts("exchange")[0]
    treasurer = client(exchange)
    assert pay(accounts("enterprise")[0], exchange, 1).status_code == 201
    before = Transfer.objects.count()
    rows = f"S1,2026-03-01,10.00,,CNY,6222,,\nS2,2026-03-01,{cell},,CNY,6222,,\n"
    told = send(treasurer, HEADINGS + rows)
    assert told["state"] == "failed"
    assert [p["row"] for p in told["problems"]] == [3]
    assert told["problems"][0]["reason"]
    assert Transfer.objects.count() == before


@pytest.mark.parametrize(
    ("text", "row"),
    [
        (HEADINGS + "S1,2026-03-01,10.00,,USD,6222,,\n", 2),
        (HEADINGS + "S1,2026-03-01,10.00,,CNY,6222,,\nS2,2026-03-01,10.", 3),
        (HEADINGS + "S1,2026-03-01,10.00,,CNY,6222,,\nS1,2026-03-01,10.00,,CNY,6222,,\n", 3),
        (HEADINGS + 'S1,2026-03-01,10.00,,CNY,6222,,"附', None),
        ("流水号,附言\nS1,x\n", None),
        (HEADINGS, None),
    ],
)
def test_a_file_that_is_cut_off_or_foreign_is_refused_whole(text: str, row: int | None) -> None:
    exchange = accounts("exchange")[0]
    assert pay(accounts("enterprise")[0], exchange, 1).status_code == 201
    before = Transfer.objects.count()
    told = send(client(exchange), text)
    assert told["state"] == "failed"
    assert told["failure"]
    assert [p["row"] for p in told["problems"]] == ([row] if row else [])
    assert Transfer.objects.count() == before
