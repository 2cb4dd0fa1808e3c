"""What is paid out, by hand and by program: each sees their own, the exchange repeats what failed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests import deals, make
from tests.actions.test_notices import advance
from tests.actions.test_payouts import bank_pays, settled
from tests.deals import fresh
from tests.faces.calling import client_of, get, is_problem, post
from tests.faces.pages import text_of
from tests.faces.test_listings_pages import at_the_desk
from yangbanjian.ground.people.models import Person
from yangbanjian.kernel.actor import Role
from yangbanjian.market.trading import actions as trading

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_a_sandbox(settings: Any) -> None:
    settings.YBJ_SANDBOX = True
    make.sandbox()


def test_a_failed_payment_is_seen_mended_and_repeated_by_hand() -> None:
    sale = settled()
    page = f"/deals/{fresh(sale).pk}"
    seller, house = at_the_desk(sale.seller), at_the_desk(sale.staff)
    number = f"sandbox-{sale.deal.owner_id}"  # type: ignore[union-attr]
    assert number in text_of(seller.get(page))
    assert number in text_of(house.get(page))
    for client in (at_the_desk(sale.buyer), Client()):
        assert "付给各方的款" not in text_of(client.get(page))
    one = fresh(sale).payouts.get()
    sent = {"do": "payout_fail", "payout": one.pk, "reason": "账户已销户"}
    assert seller.post(page, sent).status_code in (403, 422)
    assert house.post(page, sent).status_code == 302
    told = text_of(seller.get(page))
    assert "账户已销户" in told
    assert "没有付成" in told
    refused = seller.post("/desk/payee", {"do": "name", "number": "账号", "bank": "东港银行"})
    assert refused.status_code == 422
    named = {"do": "name", "number": "6222020000000001", "bank": "东港银行"}
    assert seller.post("/desk/payee", named).status_code == 302
    again = {"do": "payout_repeat", "payout": one.pk}
    assert house.post(page, again).status_code == 302
    assert house.post(page, again).status_code == 422
    bank_pays()
    told = text_of(seller.get("/desk/payee"))
    assert "6222020000000001" in told
    assert "已付到账户" in told
    assert Client().get("/desk/payee").status_code in (302, 401, 403)


def test_the_seller_sees_what_a_forfeited_deposit_brings() -> None:
    sale = deals.awarded()
    advance(timedelta(days=9))
    trading.default(actor=sale.staff, deal_id=fresh(sale).pk, reason="逾期未签约")
    seller = at_the_desk(sale.seller)
    for page in (f"/deals/{fresh(sale).pk}", "/desk/payee"):
        told = text_of(seller.get(page))
        assert "扣除的保证金" in told
        assert "付款中" in told
    assert "扣除的保证金" not in text_of(at_the_desk(sale.buyer).get(f"/deals/{fresh(sale).pk}"))


def test_payments_by_program() -> None:
    broker = make.person(Role.BROKER)
    share = {"organisation_id": broker.memberships.get().organisation_id, "permille": 15}
    sale = settled(commission=[share])
    seller, house = (
        client_of(Person.objects.get(pk=a.person_id)) for a in (sale.seller, sale.staff)
    )
    rows = get(seller, "/payouts").json()["items"]
    assert [(r["of"], r["state"], bool(r["bank_account"])) for r in rows] == [
        ("commission", "ordered", False), ("proceeds", "ordered", True),
    ]  # fmt: skip
    (mine,) = get(client_of(broker), "/payouts").json()["items"]
    assert mine["of"] == "commission"
    assert mine["bank_account"].startswith("sandbox-")
    number = rows[1]["id"]
    path = f"/payouts/{number}/moves"
    assert is_problem(post(seller, f"{path}/fail", {}), 403, "trading.exchange_only")
    assert is_problem(post(house, f"{path}/fail", {}), 422, "bank.no_reason")
    assert is_problem(post(house, f"{path}/repeat", {}), 409, "payouts.not_failed")
    assert is_problem(post(house, f"{path}/burn", {}), 404, "payouts.no_such_move")
    gone = post(house, f"{path}/fail", {"reason": "销户"}).json()
    assert (gone["state"], gone["failure"]) == ("failed", "销户")
    assert [m["move"] for m in gone["moves"]] == ["repeat"]
    assert get(seller, "/payee").json()["number"] == ""
    assert post(seller, "/payee", {"number": "6222 01", "bank": "东港银行"}).status_code == 200
    again = post(house, f"{path}/repeat", {}).json()
    assert (again["attempt"], again["bank_account"]) == (2, "622201")
    deal = get(house, f"/payouts?deal={fresh(sale).pk}").json()
    assert deal["count"] == 3
