"""Deals, certificates and dossiers over the API and on pages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests import deals, make
from tests.actions.test_dossiers import keys
from tests.actions.test_log import sequenced
from tests.deals import WAN, Sale, fresh
from tests.faces.calling import client_of, get, is_problem, post
from verify import __main__ as verifier
from yangbanjian.faces.verifier import verifier_source
from yangbanjian.ground.people.models import Person
from yangbanjian.kernel.actor import Role
from yangbanjian.market.certificates import actions as certificates

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_a_sandbox(settings: Any) -> None:
    settings.YBJ_SANDBOX = True
    make.sandbox()


class Room:
    """A sale and a client for everybody around it."""

    def __init__(self, sale: Sale) -> None:
        self.sale = sale
        self.pk = fresh(sale).pk
        buyer = fresh(sale).buyer_id
        bidder = next(b for b in sale.bidders if b.memberships.get().organisation_id == buyer)
        self.people: dict[str, Person] = {
            "seller": sale.tto, "buyer": bidder, "exchange": sale.exchange,
            "exchange2": sale.exchange2,
        }  # fmt: skip
        self.api = {name: client_of(person) for name, person in self.people.items()}
        self.api["nobody"] = Client()

    def move(self, who: str, move: str, **body: Any) -> Any:
        return post(self.api[who], f"/deals/{self.pk}/moves/{move}", body)

    def page(self, who: str) -> Client:
        client = Client()
        client.force_login(self.people[who])
        return client


def test_from_the_award_to_a_dossier_that_is_verified_over_http(tmp_path: Path) -> None:
    room = Room(deals.awarded())
    told = get(room.api["nobody"], f"/deals/{room.pk}").json()
    assert (told["state"], told["price_fen"], told["instalments"], told["contract"]) == (
        "awarded", 210 * WAN, [], {},
    )  # fmt: skip
    inside = get(room.api["buyer"], f"/deals/{room.pk}").json()
    assert inside["instalments"][0]["open_fen"] == 190 * WAN
    assert [m["move"] for m in inside["moves"]] == ["sign"]
    worded = post(
        room.api["buyer"], f"/deals/{room.pk}/contract", {"fields": {"plan": "六十日内交付。"}}
    )
    assert worded.status_code == 200
    assert room.move("seller", "sign").json()["state"] == "awarded"
    assert room.move("buyer", "sign").json()["state"] == "signed"
    early = post(room.api["exchange"], f"/deals/{room.pk}/certificate", {})
    assert is_problem(early, 409, "certificates.not_yet")
    assert early.json()["missing"] == ["price_received"]
    deals.pay(room.sale)

    made = post(room.api["exchange"], f"/deals/{room.pk}/certificate", {})
    assert made.status_code == 201
    no = made.json()["no"]
    read = get(room.api["nobody"], f"/certificates/{no}").json()
    assert (read["state"], read["fields"]["price"]) == ("valid", "¥2,100,000.00")
    document = get(room.api["nobody"], f"/certificates/{no}.vc.json")
    assert verifier.verify(document.content, keys()).code == 0
    assert get(room.api["nobody"], f"/certificates/{no}.pdf").content.startswith(b"%PDF-")
    use = get(room.api["nobody"], f"/certificates/{no}/uses/reward_payout").json()
    assert use["accepted"]

    assert room.move("seller", "register", no="2026330000000001").status_code == 200
    assert room.move("seller", "hand_over").json()["state"] == "handed_over"
    split = get(room.api["seller"], f"/deals/{room.pk}/split").json()
    assert split["floor"]["permille"] == 700
    assert sum(s["fen"] for s in split["shares"]) == split["net_fen"]
    asked = post(room.api["seller"], f"/deals/{room.pk}/dossier", {})
    assert asked.status_code == 202
    job = asked.json()["job"]
    assert get(room.api["seller"], f"/jobs/{job}").json()["state"] == "queued"
    for _ in range(2):
        sequenced()
        certificates.go_on(dossier_id=job)
    done = get(room.api["seller"], f"/jobs/{job}").json()
    assert done["state"] == "done"
    content = room.api["seller"].get(done["file"]).content
    assert verifier.verify(content, keys()).code == 0
    assert room.api["seller"].get(done["paper"]).content.startswith(b"%PDF-")
    assert is_problem(get(room.api["buyer"], f"/jobs/{job}"), 404, "jobs.not_found")

    same = post(room.api["exchange"], f"/certificates/{no}/moves/revoke", {"reason": "有误"})
    assert is_problem(same, 403, "trading.second_person")
    gone = post(room.api["exchange2"], f"/certificates/{no}/moves/revoke", {"reason": "有误"})
    assert gone.json()["state"] == "revoked"
    _one_file_verifies(content, tmp_path)


def _one_file_verifies(content: bytes, folder: Path) -> None:
    """The verifier in one file, as it is handed out, knows dossiers too."""
    from yangbanjian.ground.credentials import queries as credentials
    from yangbanjian.ground.log import queries as log

    space: dict[str, Any] = {"__name__": "handed_out"}
    exec(compile(verifier_source(), "verify.py", "exec"), space)  # noqa: S102 - our own program
    said = log.published_keys()
    rows = [*said["keys"], *credentials.published_keys()]
    (folder / "keys.json").write_text(json.dumps({**said, "keys": rows}))
    (folder / "d.json").write_bytes(content)
    assert (
        space["main"]([str(folder / "d.json"), "--trust", str(folder / "keys.json"), "--json"]) == 0
    )


def test_settling_takes_two_and_a_default_asks_for_a_reason() -> None:
    room = Room(deals.paid())
    assert room.move("exchange", "settle").status_code == 200
    assert is_problem(room.move("exchange", "settle"), 403, "trading.second_person")
    assert room.move("exchange2", "settle").json()["settled_at"]
    other = Room(deals.awarded(title="另一项成果"))
    assert is_problem(other.move("exchange", "default"), 422, "deals.invalid")
    assert is_problem(other.move("buyer", "default", reason="不买了"), 403, "trading.exchange_only")
    assert other.move("exchange", "default", reason="不买了").json()["state"] == "defaulted"
    assert is_problem(other.move("exchange", "fly"), 404, "deals.no_such_move")
    listed = get(room.api["nobody"], "/deals").json()
    assert listed["count"] == 3
    assert get(room.api["buyer"], "/deals", own=True).json()["count"] == 1


def test_royalties_over_the_api() -> None:
    payment = {"kind": "entry_royalty", "rate_permille": 30, "base": "sales"}
    room = Room(deals.paid(payment=payment, deal_mode="licence_ordinary"))
    body = {"period_from": "2026-01-01", "period_to": "2026-06-30", "base_fen": 100 * WAN}
    made = post(room.api["buyer"], f"/deals/{room.pk}/royalties", body)
    assert (made.status_code, made.json()["royalty_fen"]) == (201, 3 * WAN)
    assert is_problem(
        post(room.api["seller"], f"/deals/{room.pk}/royalties", body), 403, "deals.not_a_party"
    )


def test_pages_for_everybody_for_parties_and_for_whoever_has_the_number() -> None:
    room = Room(deals.paid())
    public = Client().get(f"/deals/{room.pk}").content.decode()
    assert "2,100,000.00" in public
    assert "SHA-256" not in public
    assert "成交公示" in Client().get("/deals").content.decode()
    for who in ("seller", "buyer", "exchange"):
        page = room.page(who)
        inside = page.get(f"/deals/{room.pk}")
        assert inside.status_code == 200
        assert "净收入" in inside.content.decode()
        assert page.get("/desk/deals").status_code == 200
    sent = room.page("exchange").post(f"/deals/{room.pk}", {"do": "issue"})
    assert sent.status_code == 302
    at = sent.headers["Location"]
    seen = Client().get(at).content.decode()
    assert "一证通用" in seen
    assert "技术合同登记" in seen
    assert Client().get(f"{at}.pdf").content.startswith(b"%PDF-")
    refused = room.page("exchange").post(at, {"do": "revoke", "reason": "有误"})
    assert refused.status_code in (403, 422)
    gone = room.page("exchange2").post(at, {"do": "revoke", "reason": "有误"})
    assert gone.status_code == 302
    assert "已撤销" in Client().get(at).content.decode()
    assert Client().get(at[:-1] + "!").status_code == 404


def test_every_form_on_a_deals_page_works_without_script() -> None:
    room = Room(deals.awarded())
    seller, buyer = room.page("seller"), room.page("buyer")
    url = f"/deals/{room.pk}"
    worded = seller.post(url, {"do": "word", "plan": "三十日内交付", "secrecy": "保密", "terms": "同公告",
                               "ownership": "归买方", "acceptance": "资料齐全", "other_fen": "10 万"})  # fmt: skip
    assert worded.status_code == 302
    assert fresh(room.sale).other_fen == 10 * WAN
    assert seller.post(url, {"do": "sign"}).status_code == 302
    assert buyer.post(url, {"do": "sign"}).status_code == 302
    staff = room.page("exchange")
    assert staff.post(url, {"do": "secure", "security": ""}).status_code == 422
    assert staff.post(url, {"do": "secure", "security": "保函 1 号"}).status_code == 302
    assert seller.post(url, {"do": "register", "no": "2026"}).status_code == 302
    deals.pay(room.sale)
    assert seller.post(url, {"do": "hand_over", "territory": "", "until": ""}).status_code == 302
    assert seller.post(url, {"do": "dossier"}).status_code == 302
    assert staff.post(url, {"do": "settle"}).status_code == 302
    assert staff.post(url, {"do": "archive"}).status_code == 302
    assert fresh(room.sale).state == "archived"
    late = Room(deals.awarded(title="另一项成果"))
    assert late.page("exchange").post(
        f"/deals/{late.pk}", {"do": "default", "case": "", "reason": "逾期"}
    ).status_code == 302  # fmt: skip
    assert make.actor(Role.AUDITOR).person_id
