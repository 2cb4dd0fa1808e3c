"""C1 to C8: what is promised of a deal's certificate, and what is made of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tests import credentials as outside
from tests import deals, make
from tests.actions.test_notices import advance
from tests.deals import WAN, fresh
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.credentials import actions as credential_actions
from yangbanjian.ground.credentials import queries as credentials
from yangbanjian.ground.credentials.rules import documents
from yangbanjian.ground.journal import jobs as news
from yangbanjian.ground.messages.models import Notice as Letter
from yangbanjian.kernel.actor import Role
from yangbanjian.kernel.refusals import Conflict, NotAllowed, NotFound
from yangbanjian.market.certificates import actions, jobs, queries
from yangbanjian.market.certificates.models import Certificate
from yangbanjian.market.certificates.rules import form, numbers
from yangbanjian.market.trading import actions as trading
from yangbanjian.market.trading.models import Deal, Listing

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_a_sandbox(settings: Any) -> None:
    settings.YBJ_SANDBOX = True
    make.sandbox()


def certified(**how: Any) -> tuple[Any, Certificate]:
    sale = deals.paid(**how)
    return sale, actions.issue(actor=sale.staff, deal_id=fresh(sale).pk)


def test_C1_it_verifies_offline_with_the_document_and_the_public_key() -> None:
    _, made = certified()
    assert outside.verdict(made.credential.document).code == 0


def test_C2_a_changed_value_is_refused() -> None:
    _, made = certified()
    said = json.loads(made.credential.document)
    for name, value in said["credentialSubject"].items():
        changed = json.loads(made.credential.document)
        changed["credentialSubject"][name] = value + 1 if isinstance(value, int) else "假"
        assert outside.verdict(json.dumps(changed, ensure_ascii=False)).code == 1, name


def test_C3_one_live_number_a_deal_and_reissue_revokes_the_former_in_the_same_commit() -> None:
    sale, first = certified()
    with pytest.raises(Conflict) as refused:
        actions.issue(actor=sale.staff, deal_id=first.deal_id)
    assert refused.value.code == "certificates.exists"
    second = actions.issue(actor=sale.staff, deal_id=first.deal_id, replaces=True)

    assert Certificate.objects.get(revoked_at=None) == second
    old = queries.certificate(first.no)
    assert (old.reason, old.no != second.no) == ("superseded", True)
    assert credentials.status_of(old.credential).state == "superseded"
    with pytest.raises(IntegrityError), transaction.atomic():
        Certificate.objects.create(
            deal_id=first.deal_id, owner_id=first.owner_id, credential=outside.issued(sale.staff),
            no=numbers.number(2026, first.deal_id, 9, 1), issued_by=1, issued_at=clock.now(),
        )  # fmt: skip


def test_C4_the_values_are_the_ledgers_and_the_lots_and_the_daily_check_finds_what_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sale, made = certified(prices=[200 * WAN, 210 * WAN + 7])
    subject = credentials.document_of(made.credential)["credentialSubject"]
    assert (subject["price"], subject["received"]) == ("¥2,100,000.07", "¥2,100,000.07")
    assert (subject["bids"], subject["method"]) == (2, "多次报价")
    assert subject["contractDigest"] == fresh(sale).contract["sha256"]
    assert queries.differing_now(queries.certificate(made.no)) == ()
    operator = make.actor(Role.OPERATOR)
    tomorrow = clock.today() + timedelta(days=1)
    assert actions.check_values(today=tomorrow, most=10) == 1
    assert actions.check_values(today=tomorrow, most=10) == 0
    assert queries.found_differing() == []

    facts = queries.facts(queries.certificate(made.no).deal)
    monkeypatch.setattr(queries, "facts", lambda _deal: replace(facts, bids=1))
    assert actions.check_values(today=tomorrow + timedelta(days=1), most=10) == 1
    assert queries.found_differing() == [made.no]
    assert queries.certificate(made.no).differs == ["bids"]
    assert Letter.objects.filter(person_id=operator.person_id, params__no=made.no[:15]).exists()


def test_C4_less_in_the_ledger_than_on_paper_is_found() -> None:
    _, made = certified()
    subject = {**credentials.document_of(made.credential)["credentialSubject"]}
    facts = queries.facts(queries.certificate(made.no).deal)
    assert form.differing(subject, form.values(facts, made.no)) == ()
    assert queries._fen(subject["received"]) == facts.received_fen
    document = credentials.document_of(made.credential)
    document["credentialSubject"]["received"] = "¥9,999,999.00"
    made.credential.document = json.dumps(document, ensure_ascii=False)
    made.deal = queries.certificate(made.no).deal
    assert queries.differing_now(made) == ("received",)


def test_C5_no_certificate_before_contract_money_notice_and_duties() -> None:
    sale = deals.awarded()
    assert sale.deal is not None
    pk = sale.deal.pk

    def lacks() -> tuple[str, ...]:
        with pytest.raises(Conflict) as refused:
            actions.issue(actor=sale.staff, deal_id=pk)
        assert refused.value.code == "certificates.not_yet"
        return tuple(refused.value.params["missing"])

    assert lacks() == ("contract_signed", "price_received")
    deals.sign_both(sale)
    assert lacks() == ("price_received",)
    trading.state(actor=sale.seller, achievement_id=sale.record.pk, item="priority", verdict="fail")
    assert lacks() == ("price_received", "duty.priority")
    deals.pay(sale)
    assert lacks() == ("duty.priority",)
    trading.state(actor=sale.seller, achievement_id=sale.record.pk, item="priority", verdict="pass")
    assert actions.issue(actor=sale.staff, deal_id=pk).no
    assert Listing.objects.get(pk=fresh(sale).listing_id).state == "certified"


def test_C5_the_first_instalment_and_a_security_are_enough() -> None:
    sale = deals.signed(payment={"kind": "instalments"})
    deals.pay(sale, 1)
    pk = fresh(sale).pk
    with pytest.raises(Conflict):
        actions.issue(actor=sale.staff, deal_id=pk)
    with pytest.raises(NotAllowed):
        trading.note_security(actor=sale.buyer, deal_id=pk, security="口头担保")
    trading.note_security(actor=sale.staff, deal_id=pk, security="银行保函 BH-2026-0012")
    made = actions.issue(actor=sale.staff, deal_id=pk)
    subject = credentials.document_of(made.credential)["credentialSubject"]
    assert (subject["price"], subject["received"]) == ("¥2,100,000.00", "¥630,000.00")
    assert [u.use for u in queries.uses(made) if u.is_accepted] == [
        "contract_registry",
        "bank_loan",
    ]


def test_a_listing_certified_on_a_guarantee_goes_on_when_the_rest_is_paid() -> None:
    sale = deals.signed(payment={"kind": "instalments"})
    deals.pay(sale, 1)
    pk = fresh(sale).pk
    trading.note_security(actor=sale.staff, deal_id=pk, security="银行保函 BH-2026-0012")
    actions.issue(actor=sale.staff, deal_id=pk)
    assert fresh(sale).listing.state == "signed"
    deals.pay(sale)
    news.deliver(include_own=True)
    assert (fresh(sale).state, fresh(sale).listing.state) == ("paid", "certified")
    trading.hand_over(actor=sale.seller, deal_id=pk)
    assert fresh(sale).listing.state == "handed_over"


def test_C5_a_defaulted_deal_has_none() -> None:
    sale = deals.awarded()
    assert sale.deal is not None
    trading.default(actor=sale.staff, deal_id=sale.deal.pk, reason="违约")
    with pytest.raises(Conflict) as refused:
        actions.issue(actor=sale.staff, deal_id=sale.deal.pk)
    assert "not_defaulted" in refused.value.params["missing"]


def test_C6_another_person_revokes_and_the_status_list_says_so_at_once() -> None:
    sale, made = certified()
    with pytest.raises(NotAllowed) as refused:
        actions.revoke(actor=sale.staff, no=made.no, reason="金额有误")
    assert refused.value.code == "trading.second_person"
    for who in (sale.seller, sale.buyer):
        with pytest.raises(NotAllowed):
            actions.revoke(actor=who, no=made.no, reason="不要了")
    before = outside.listed(made.credential)
    assert outside.verdict(made.credential.document, status=before).code == 0
    actions.revoke(actor=sale.staff2, no=made.no, reason="金额有误")

    now = outside.listed(made.credential)
    said = outside.verdict(made.credential.document, status=now)
    assert (said.code, said.check) == (1, "revoked")
    assert documents.LIST_KEPT + timedelta(seconds=credentials.STEP_S) <= timedelta(seconds=60)
    with pytest.raises(Conflict):
        actions.revoke(actor=sale.staff2, no=made.no, reason="再撤一次")
    again = actions.issue(actor=sale.staff2, deal_id=made.deal_id)
    assert queries.live(again.deal) == again


def test_C7_a_number_has_a_check_letter_and_cannot_be_guessed() -> None:
    sale, made = certified()
    assert numbers.read(made.no.lower().replace("-", " - ")) == made.no
    assert queries.certificate(f" {made.no} ").pk == made.pk
    with pytest.raises(NotFound) as refused:
        queries.certificate(made.no[:-1] + ("A" if made.no[-1] != "A" else "B"))
    assert refused.value.code == "certificates.mistyped"
    with pytest.raises(NotFound) as refused:
        queries.certificate(numbers.number(2026, sale.deal.pk, 1, 5))
    assert refused.value.code == "certificates.none"


def test_C8_paper_document_and_page_show_the_same_fields() -> None:
    _, made = certified()
    shown = credentials.shown(made.credential)
    assert [label for label, _ in shown.rows] == [f.label for f in form.FORM.fields]
    assert dict(shown.rows)["凭证编号"] == made.no
    pdf = credential_actions.page(credential=made.credential)
    assert pdf.startswith(b"%PDF-")


def test_uses_open_as_the_deal_goes_on_and_readers_get_their_fields_alone() -> None:
    sale, made = certified()
    assert {u.use for u in queries.uses(made) if u.is_accepted} == {
        "contract_registry", "reward_payout", "bank_loan",
    }  # fmt: skip
    assert queries.read_for(made, "voucher_claim")["lacks"] == ["registered"]
    trading.register(actor=sale.seller, deal_id=made.deal_id, no="2026330000000001")
    trading.hand_over(actor=sale.seller, deal_id=made.deal_id)
    now = queries.certificate(made.no)
    assert all(u.is_accepted for u in queries.uses(now))
    told = queries.read_for(now, "reward_payout")
    assert told["accepted"]
    assert set(told["fields"]) == {
        "no",
        "subject",
        "seller",
        "price",
        "received",
        "signedOn",
        "objections",
    }
    actions.revoke(actor=sale.staff2, no=made.no, reason="有误")
    assert not any(u.is_accepted for u in queries.uses(queries.certificate(made.no)))
    with pytest.raises(NotFound):
        queries.read_for(now, "lottery")


def test_the_daily_check_is_due_work_and_comes_to_an_end() -> None:
    certified()
    assert jobs.check_certificates(clock.now()) == 0, "issued today: checked today"
    advance(timedelta(days=1))
    assert jobs.check_certificates(clock.now()) == 0, "done while the clock was moved"
    assert Certificate.objects.get().checked_on == clock.today()
    assert Deal.objects.count() == 1
