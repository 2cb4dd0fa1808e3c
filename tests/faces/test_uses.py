"""Whether what was bought is put to use, by hand and by program."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests import make
from tests.actions.test_follow_up import handed_over, pass_days
from tests.deals import fresh
from tests.faces.calling import client_of, get, is_problem, post
from tests.faces.pages import text_of
from tests.faces.test_listings_pages import at_the_desk
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.people.models import Person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_a_sandbox(settings: Any) -> None:
    settings.YBJ_SANDBOX = True
    make.sandbox()


def test_a_note_and_a_late_report_by_hand() -> None:
    sale = handed_over()
    page, buyer, seller = (
        f"/deals/{fresh(sale).pk}",
        at_the_desk(sale.buyer),
        at_the_desk(sale.seller),
    )
    assert "还没有实施记录的" in text_of(buyer.get(page))
    assert 'value="use"' not in text_of(seller.get(page))
    pass_days(380)
    assert "到期未实施" in text_of(seller.get(page))
    assert "到期未实施" not in text_of(Client().get(page)).split("办理记录")[0]
    sent = {"do": "use", "used_on": clock.today().isoformat(), "text": ""}
    assert buyer.post(page, sent).status_code == 422
    paper = SimpleUploadedFile("合同.pdf", b"%PDF-1.7")
    assert buyer.post(page, {**sent, "text": "月产 300 台。", "file": paper}).status_code == 302
    told = text_of(seller.get(page))
    assert "月产 300 台。" in told
    assert "已申报实施" in told
    report = fresh(sale).uses.get()
    got = seller.get(f"/uses/{report.pk}")
    assert got.content == b"%PDF-1.7"
    assert Client().get(f"/uses/{report.pk}").status_code == 404
    assert seller.post(page, {**sent, "text": "替买方报"}).status_code in (403, 422)


def test_reports_by_program() -> None:
    sale = handed_over()
    deal = fresh(sale).pk
    buyer, seller = (
        client_of(Person.objects.get(pk=a.person_id)) for a in (sale.buyer, sale.seller)
    )
    before = get(seller, f"/deals/{deal}/uses").json()
    assert (before["state"], before["items"]) == ("waiting", [])
    body = {"used_on": clock.today().isoformat(), "text": "已投产。"}
    assert is_problem(post(seller, f"/deals/{deal}/uses", body), 403, "deals.not_a_party")
    assert is_problem(post(buyer, f"/deals/{deal}/uses", {**body, "text": ""}), 422, "uses.invalid")
    # What would be cut is not taken: nobody's words end in the middle.
    assert post(buyer, f"/deals/{deal}/uses", {**body, "text": "长" * 4001}).status_code == 422
    made = post(buyer, f"/deals/{deal}/uses", body)
    assert made.status_code == 201
    after = get(seller, f"/deals/{deal}/uses").json()
    assert (after["state"], after["unused_at"]) == ("reported", None)
    assert [u["text"] for u in after["items"]] == ["已投产。"]
    assert is_problem(get(seller, f"/uses/{made.json()['id']}/content"), 404, "uses.no_paper")
    assert is_problem(get(Client(), f"/deals/{deal}/uses"), 401, "people.sign_in_first")
