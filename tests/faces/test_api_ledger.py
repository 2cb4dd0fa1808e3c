"""The ledger's calls, as the contract lists them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests import make
from tests.faces.calling import client_as, client_of, get, is_problem, post
from yangbanjian.ground.ledger.models import Transfer
from yangbanjian.ground.ledger.rules import MOST_TRANSFERS
from yangbanjian.kernel.actor import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def treasurer() -> Any:
    return client_as(Role.EXCHANGE)


def _open(client: Any, key: Any, **more: Any) -> Any:
    return post(client, "/ledger/accounts", {"id": key, "code": "1001", "asset": "CNY", **more})


def _batch(client: Any, *transfers: dict[str, Any]) -> list[dict[str, Any]]:
    answer = post(client, "/ledger/batches", {"transfers": list(transfers)})
    assert answer.status_code == 200, answer.json()
    told: list[dict[str, Any]] = answer.json()["results"]
    return told


def test_a_story_of_the_contract(treasurer: Any) -> None:
    bank, buyer = str(uuid4()), str(uuid4())
    opened = _open(treasurer, bank, owner_id=make.organisation().pk, limited=False)
    assert opened.status_code == 201
    assert opened.json()["id"] == bank
    assert opened.json()["code"] == 1001
    assert _open(treasurer, buyer, limited=True).status_code == 201
    fill = {
        "id": str(uuid4()), "kind": "posted", "debit": bank, "credit": buyer, "amount": 100,
        "asset": "CNY", "pending_id": None, "chain": None, "timeout_s": None, "cause": "deposit",
    }  # fmt: skip
    hold = {**fill, "id": str(uuid4()), "kind": "pending", "debit": buyer, "credit": bank,
            "amount": 80, "timeout_s": 60}  # fmt: skip
    told = _batch(treasurer, fill, hold, {**fill, "id": "x", "debit": buyer, "credit": bank})
    assert [one["result"] for one in told] == ["ok", "ok", "over_limit"]
    assert [one["id"] for one in told] == [fill["id"], hold["id"], "x"]
    assert told[2]["seq"] is None
    assert _batch(treasurer, fill)[0] == {**told[0], "result": "exists"}
    assert _batch(treasurer, {**fill, "amount": 99})[0]["result"] == "conflict"
    paid = _batch(
        treasurer, {"id": 1, "kind": "post", "pending_id": hold["id"], "amount": 30},
        {"id": 2, "kind": "void", "pending_id": hold["id"], "amount": 0},
    )  # fmt: skip
    assert [one["result"] for one in paid] == ["ok", "resolved"]
    path = f"/ledger/accounts/{buyer}"
    now, then = get(treasurer, path).json(), get(treasurer, path, at_seq=told[1]["seq"]).json()
    sums = ("debits_pending", "debits_posted", "credits_pending", "credits_posted")
    assert [now[name] for name in sums] == [0, 30, 0, 100]
    assert [then[name] for name in sums] == [80, 0, 0, 100]
    lines = get(client_as(Role.AUDITOR), "/ledger/trial-balance", at_seq=told[1]["seq"]).json()
    assert lines == {
        "seq": told[1]["seq"],
        "assets": [
            {"asset": "CNY", "debits_posted": 100, "credits_posted": 100,
             "debits_pending": 80, "credits_pending": 80}
        ],
    }  # fmt: skip


def test_the_largest_batch_fits_into_one_request(treasurer: Any) -> None:
    assert _open(treasurer, "a").status_code == _open(treasurer, "b").status_code == 201
    whole = [
        {"id": str(uuid4()), "kind": "posted", "debit": str(uuid4()), "credit": str(uuid4()),
         "amount": n, "asset": "CNY", "pending_id": None, "chain": None, "timeout_s": None,
         "cause": "deposit:1234567"} for n in range(1, MOST_TRANSFERS + 1)
    ]  # fmt: skip
    assert {one["result"] for one in _batch(treasurer, *whole)} == {"no_account"}
    over = post(treasurer, "/ledger/batches", {"transfers": [*whole, whole[0]]})
    assert is_problem(over, 422, "api.invalid")


def test_a_refused_word_is_told_with_the_words_that_may_be_used(treasurer: Any) -> None:
    odd = {"id": "x", "kind": "weird", "debit": "a", "credit": "b", "amount": 1, "asset": "券"}
    told = post(treasurer, "/ledger/batches", {"transfers": [odd]}).json()["errors"]
    assert told[0]["detail"] == "只能填：posted、pending、post、void。"
    assert told[1]["field"] == "transfers.0.asset"
    assert "不能用的字符" in told[1]["detail"]
    places = [e["field"] for e in _open(treasurer, "中文").json()["errors"]]
    assert set(places) == {"id"}


def test_an_id_may_be_a_uuid_a_number_or_a_name(treasurer: Any) -> None:
    for key in (12, "cash-1", str(uuid4())):
        assert _open(treasurer, key).status_code == 201
        assert _open(treasurer, key).status_code == 200
        assert get(treasurer, f"/ledger/accounts/{key}").json()["id"] == key
    assert _open(treasurer, "12").status_code == 200
    assert is_problem(_open(treasurer, 12, limited=True), 409, "ledger.account_conflict")
    assert is_problem(get(treasurer, "/ledger/accounts/none"), 404, "ledger.no_account")
    assert is_problem(_open(treasurer, 99, owner_id=10**12), 404, "ledger.no_owner")


@pytest.mark.parametrize(
    "amount", [0, -1, 1.5, 1.0, "1", "１", "1e3", True, 2**53, 10**30, None, [1], {}, "NaN"]
)
def test_bad_amounts_are_refused_and_nothing_is_posted(treasurer: Any, amount: Any) -> None:
    for key in (1, 2):
        _open(treasurer, key)
    good = {"id": "a", "debit": 1, "credit": 2, "amount": 5, "asset": "CNY"}
    answer = post(
        treasurer, "/ledger/batches", {"transfers": [good, {**good, "id": "b", "amount": amount}]}
    )
    assert answer.status_code == 422, answer.json()
    assert answer.json()["errors"][0]["field"].startswith("transfers.1.amount")
    assert not Transfer.objects.exists()


def test_a_number_of_the_future_is_refused(treasurer: Any) -> None:
    _open(treasurer, 1)
    for path in ("/ledger/accounts/1", "/ledger/trial-balance"):
        assert is_problem(get(treasurer, path, at_seq=10**9), 422, "ledger.no_such_seq")


def test_owners_read_their_own_account_and_nobody_elses(treasurer: Any) -> None:
    owner = make.person(Role.ENTERPRISE)
    _open(treasurer, 1, owner_id=owner.memberships.get().organisation_id)
    _open(treasurer, 2)
    client = client_of(owner)
    assert get(client, "/ledger/accounts/1").status_code == 200
    assert is_problem(get(client, "/ledger/accounts/2"), 404, "ledger.no_account")


def test_in_a_sandbox_the_operator_keeps_books_too(settings: Any) -> None:
    operator = client_as(Role.OPERATOR)
    assert is_problem(_open(operator, 1), 403, "ledger.treasurer_only")
    settings.YBJ_SANDBOX = True
    make.sandbox()
    assert _open(operator, 1).status_code == 201
    assert is_problem(_open(client_as(Role.ENTERPRISE), 2), 403, "ledger.treasurer_only")
