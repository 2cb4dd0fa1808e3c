"""A bank line was matched by mistake: what it paid is open again, or known to be missing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests import deals, make
from tests.deals import DEPOSIT, WAN, books_balance, fresh
from yangbanjian.ground.bank import actions as bank
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.journal import jobs as news
from yangbanjian.ground.messages.models import Notice
from yangbanjian.kernel.refusals import Conflict
from yangbanjian.market.certificates import actions as certificates
from yangbanjian.market.certificates import queries as certified
from yangbanjian.market.certificates.rules import form
from yangbanjian.market.trading import actions, queries

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_a_sandbox(settings: Any) -> None:
    settings.YBJ_SANDBOX = True
    make.sandbox()


def test_a_match_that_is_undone_opens_the_instalment_again() -> None:
    sale = deals.awarded()
    deals.pay(sale)
    row = queries.instalments(fresh(sale))[0]
    assert row.line is not None
    bank.unmatch(actor=sale.staff, line_id=row.line.pk, reason="错账")
    news.deliver(include_own=True)
    again = queries.instalments(fresh(sale))[0]
    assert (again.paid_fen, again.line, again.paid_at) == (DEPOSIT, None, None)


def test_a_price_that_is_taken_back_stops_certificate_and_settlement() -> None:
    sale = deals.paid()
    deal = actions.hand_over(actor=sale.seller, deal_id=fresh(sale).pk)
    row = queries.instalments(deal)[0]
    assert row.line is not None
    assert row.expectation is not None
    told = Notice.objects.filter(url=f"/deals/{deal.pk}", sentence__contains="被撤销对账")
    for times in (1, 2):
        bank.unmatch(actor=sale.staff, line_id=row.line.pk, reason="错账")
        news.deliver(include_own=True)
        assert queries.received_fen(deal) == DEPOSIT
        for person in (sale.staff.person_id, sale.staff2.person_id):
            assert told.filter(person_id=person, needs_action=True).count() == times
        with pytest.raises(Conflict) as refusal:
            certificates.issue(actor=sale.staff, deal_id=deal.pk)
        assert refusal.value.code == "certificates.not_yet"
        assert form.missing(certified.facts(deal)) == ("books_agree",)
        actions.propose_settlement(actor=sale.staff, deal_id=deal.pk)
        with pytest.raises(Conflict):
            actions.settle(actor=sale.staff2, deal_id=deal.pk)
        bank.match(actor=sale.staff, line_id=row.line.pk, expectation_id=row.expectation.pk)
        news.deliver(include_own=True)
    assert queries.received_fen(deal) == deal.price_fen
    certificates.issue(actor=sale.staff, deal_id=deal.pk)
    actions.settle(actor=sale.staff2, deal_id=deal.pk)
    assert queries.received_fen(fresh(sale)) == deal.price_fen
    assert books_balance()


def test_a_royalty_whose_match_is_undone_is_owed_again() -> None:
    """It holds up neither the settlement of the price nor, when it has come, itself."""
    payment = {"kind": "entry_royalty", "rate_permille": 50, "base": "sales"}
    sale = deals.paid(payment=payment, deal_mode="licence_ordinary")
    today = clock.today()
    actions.report_royalty(
        actor=sale.buyer, deal_id=fresh(sale).pk, base_fen=100 * WAN,
        period_from=today - timedelta(days=60), period_to=today - timedelta(days=31),
    )  # fmt: skip
    deals.pay(sale, 2)
    line = queries.instalments(fresh(sale))[1].line
    assert line is not None
    bank.unmatch(actor=sale.staff, line_id=line.pk, reason="错账")
    news.deliver(include_own=True)
    row = queries.instalments(fresh(sale))[1]
    assert (row.paid_fen, row.line, row.paid_at) == (0, None, None)
    assert row.expectation is not None
    actions.propose_settlement(actor=sale.staff, deal_id=fresh(sale).pk)
    actions.settle(actor=sale.staff2, deal_id=fresh(sale).pk)
    assert fresh(sale).payouts.filter(kind="royalty").count() == 0
    bank.match(actor=sale.staff, line_id=line.pk, expectation_id=row.expectation.pk)
    news.deliver(include_own=True)
    assert queries.instalments(fresh(sale))[1].paid_fen == row.amount_fen
    assert fresh(sale).payouts.filter(kind="royalty").count() == 1
    assert books_balance()
