"""Deals under real commits: a default and the money at the same moment, two certificates at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from tests import deals, make
from tests.deals import balance, fresh
from yangbanjian.ground.bank import actions as bank
from yangbanjian.ground.bank.actions import sandbox
from yangbanjian.ground.journal import jobs as news
from yangbanjian.ground.ledger.models import Account
from yangbanjian.kernel.refusals import Refusal
from yangbanjian.market.certificates import actions as certificates
from yangbanjian.market.certificates.models import Certificate
from yangbanjian.market.trading import actions, queries
from yangbanjian.market.trading.models import Payout

pytestmark = pytest.mark.usefixtures("own_database")


def at_once(*acts: Callable[[], Any]) -> list[str]:
    """What became of each: "done", or the code of its refusal."""
    gate = threading.Barrier(len(acts))
    told = [""] * len(acts)

    def run(place: int) -> None:
        try:
            gate.wait(timeout=30)
            acts[place]()
            told[place] = "done"
        except Refusal as refusal:
            told[place] = refusal.code
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return told


@pytest.fixture(scope="module")
def _secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("signing")


@pytest.fixture(autouse=True)
def _in_a_sandbox(settings: Any, _secrets: Path) -> None:
    settings.YBJ_SANDBOX = True
    settings.KEYS_ROOT = _secrets  # the database outlives a test, so its keys must
    make.sandbox()


def test_a_default_and_the_payment_at_once_leave_one_of_them_and_no_money_lost() -> None:
    for turn in range(3):
        sale = deals.signed(title=f"成果{turn}")
        deal = fresh(sale)
        row = queries.instalments(deal)[0]
        assert row.expectation is not None
        open_fen, reference = row.expectation.amount, row.expectation.reference
        at = bank.open_account(actor=sale.staff, number=f"7705{turn:012d}", bank="东港银行")

        def pay(
            sale: Any = sale, to: str = at.number, fen: int = open_fen, k: str = reference
        ) -> None:
            sandbox.move_money(
                sender=sandbox.number_of(sale.deal.buyer_id), receiver=to, amount=fen, reference=k
            )

        def default(sale: Any = sale, pk: int = deal.pk) -> None:
            actions.default(actor=sale.staff, deal_id=pk, reason="逾期")

        told = at_once(pay, default)
        news.deliver()
        now = fresh(sale)
        assert told[0] == "done"
        assert now.state in ("paid", "defaulted"), told
        if now.state == "paid":
            assert told[1] in ("deals.move_not_possible", "bank.no_expectation")
            assert balance(now.account) == now.price_fen
        else:
            assert told[1] == "done"
            kept = Account.objects.get(key=now.account)
            # The deposit is forfeited; what came besides waits in suspense or is on its way back.
            assert balance(now.account) == kept.debits_pending


def test_a_deposit_that_is_forfeited_twice_at_once_is_passed_on_once() -> None:
    sale = deals.signed()
    pk = fresh(sale).pk

    def default() -> None:
        actions.default(actor=sale.staff, deal_id=pk, reason="逾期", case="did_not_pay")

    told = at_once(default, default, default)
    assert sorted(told) == ["deals.move_not_possible", "deals.move_not_possible", "done"]
    ordered = Payout.objects.get(deal_id=pk)
    assert (ordered.kind, ordered.amount_fen) == ("compensation", deals.DEPOSIT)
    assert Account.objects.get(key=ordered.account).debits_pending == deals.DEPOSIT


def test_two_certificates_at_once_are_one() -> None:
    sale = deals.signed()
    deals.pay(sale)
    news.deliver()
    pk = fresh(sale).pk
    told = at_once(*[lambda: certificates.issue(actor=sale.staff, deal_id=pk)] * 3)
    assert sorted(told) == ["certificates.exists", "certificates.exists", "done"]
    assert Certificate.objects.filter(deal_id=pk, revoked_at=None).count() == 1


def test_both_sides_sign_at_once_and_the_deal_is_signed() -> None:
    sale = deals.awarded()
    assert sale.deal is not None
    pk = sale.deal.pk
    told = at_once(
        lambda: actions.sign(actor=sale.seller, deal_id=pk),
        lambda: actions.sign(actor=sale.buyer, deal_id=pk),
    )
    assert told == ["done", "done"]
    assert fresh(sale).state == "signed"
