"""From the award to the hand-over: contract, payments, default and runner-up, split, settlement."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from tests import deals, make
from tests.actions.test_notices import advance
from tests.deals import DEPOSIT, WAN, balance, books_balance, fresh
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.ledger.models import Account
from yangbanjian.kernel.actor import ANONYMOUS, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, NotAllowed, Refusal
from yangbanjian.market.trading import actions, queries
from yangbanjian.market.trading.models import Deal, Listing, Lot, Registration
from yangbanjian.market.trading.rules import contracts, deal_states

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_a_sandbox(settings: Any) -> None:
    settings.YBJ_SANDBOX = True
    make.sandbox()


def test_an_award_converts_the_winners_deposit_frees_the_others_and_waits_for_the_rest() -> None:
    sale = deals.awarded(bidders=3)
    deal = fresh(sale)
    (only,) = queries.instalments(deal)

    assert deal.price_fen == 220 * WAN
    assert (only.amount_fen, only.from_deposit_fen, only.paid_fen) == (220 * WAN, DEPOSIT, DEPOSIT)
    assert only.expectation is not None
    assert only.expectation.amount == 200 * WAN
    assert balance(deal.account) == DEPOSIT
    states = dict(Registration.objects.values_list("plate", "state"))
    assert [states[p] for p in sale.plates] == ["lost", "lost", "won"]
    for one in Registration.objects.filter(state="lost"):
        account = Account.objects.get(key=one.account)
        # Free of the lot, and on its way back to whoever paid it.
        assert (account.debits_pending, account.credits_posted) == (DEPOSIT, DEPOSIT)
        assert one.outcome == "refunded"
    assert deal.listing.state == "announced"
    assert books_balance()


def test_both_sides_sign_one_text_and_the_days_of_payment_begin() -> None:
    sale = deals.awarded()
    assert sale.deal is not None
    before = sale.deal.contract["sha256"]
    actions.draft_contract(
        actor=sale.buyer, deal_id=sale.deal.pk, fields={"plan": "六十日内在买方工厂交付。"}
    )
    actions.sign(actor=sale.buyer, deal_id=sale.deal.pk)
    assert fresh(sale).state == "awarded"
    with pytest.raises(Conflict) as refused:
        actions.draft_contract(actor=sale.seller, deal_id=sale.deal.pk, fields={"plan": "改"})
    assert refused.value.code == "deals.contract_stands"
    again = fresh(sale).version
    actions.sign(actor=sale.buyer, deal_id=sale.deal.pk)
    assert fresh(sale).version == again
    actions.sign(actor=sale.seller, deal_id=sale.deal.pk)

    deal = fresh(sale)
    assert deal.state == "signed"
    assert deal.listing.state == "signed"
    assert deal.contract["sha256"] == contracts.digest(deal.contract) != before
    assert {s["contract_sha256"] for s in deal.signatures.values()} == {deal.contract["sha256"]}
    assert {c["name"] for c in deal.contract["clauses"]} >= {"project", "price", "plan", "terms"}
    due = queries.instalments(deal)[0].due_at
    assert timedelta(days=5) <= due - clock.now() <= timedelta(days=16)
    with pytest.raises(Invalid):
        actions.draft_contract(
            actor=deals.awarded().seller,
            deal_id=Deal.objects.latest("pk").pk,
            fields={"price": "一元"},
        )


def test_money_that_the_bank_matches_pays_the_deal_also_before_the_signatures() -> None:
    sale = deals.awarded()
    deals.pay(sale)
    assert fresh(sale).state == "awarded"
    deals.sign_both(sale)
    deal = fresh(sale)
    assert (deal.state, deal.listing.state, deal.registration.state) == (
        "paid",
        "paid",
        "completed",
    )
    assert balance(deal.account) == deal.price_fen
    assert actions.take_payments(expectation_ids=[queries.instalments(deal)[0].expectation_id]) == 0


def test_instalments_begin_with_the_least_share_and_each_is_paid_by_its_own_line() -> None:
    parts = [{"percent": 50, "months": 0}, {"percent": 50, "months": 6}]
    sale = deals.signed(
        payment={"kind": "instalments", "parts": parts}, prices=[200 * WAN, 210 * WAN + 1]
    )
    first, second = queries.instalments(fresh(sale))
    assert (first.amount_fen, second.amount_fen) == (105 * WAN + 1, 105 * WAN)
    assert timedelta(days=180) < second.due_at - clock.now() < timedelta(days=190)
    deals.pay(sale, 1)
    assert fresh(sale).state == "signed"
    deals.pay(sale, 2)
    assert fresh(sale).state == "paid"


def test_a_default_forfeits_the_deposit_and_the_runner_up_has_the_lot_at_their_own_bid() -> None:
    house = make.organisation("society")
    sale = deals.awarded(commission=[{"organisation_id": house.pk, "permille": 20}])
    assert sale.deal is not None
    advance(timedelta(days=9))
    gone = actions.default(actor=sale.staff, deal_id=sale.deal.pk, reason="逾期未签约")

    assert (gone.state, gone.default_case) == ("defaulted", "did_not_sign")
    assert gone.registration.state == "won"  # the row as it was read; below as it stands
    assert Registration.objects.get(pk=gone.registration_id).state == "forfeited"
    # fees of 2 % of 210 万 = 4.2 万; the loss of 10 万 is covered by the rest
    assert gone.claim_fen == 0
    assert balance(gone.account) == 0
    told = Entry.objects.get(verb="trading.deal_defaulted").payload
    assert (told["to_fees_fen"], told["to_seller_fen"]) == (42_000_00, DEPOSIT - 42_000_00)
    following = Deal.objects.get(follows=gone)
    assert (following.price_fen, following.state) == (200 * WAN, "awarded")
    assert queries.instalments(following)[0].from_deposit_fen == 0
    assert Lot.objects.get(pk=sale.lot.pk).state == "sold"
    assert books_balance()
    sale.deal = following
    deals.sign_both(sale)
    deals.pay(sale)
    assert fresh(sale).state == "paid"
    last = actions.default
    with pytest.raises(Conflict):
        last(actor=sale.staff, deal_id=following.pk, reason="晚了")


def test_when_nobody_is_left_the_lot_is_unsold_and_what_was_paid_goes_back() -> None:
    sale = deals.signed(bidders=1, payment={"kind": "instalments"})
    deals.pay(sale, 1)
    deal = fresh(sale)
    paid_in = balance(deal.account)
    gone = actions.default(
        actor=sale.staff, deal_id=deal.pk, reason="停产", case="broke_undertaking"
    )
    row = queries.instalments(gone)[0]
    assert row.line is not None
    assert paid_in == DEPOSIT + row.line.amount
    account = Account.objects.get(key=gone.account)
    assert account.debits_pending == row.line.amount  # on its way back, to its payer alone
    assert account.debits_posted == DEPOSIT
    assert Lot.objects.get(pk=sale.lot.pk).state == "unsold"
    assert Listing.objects.get(pk=gone.listing_id).state == "defaulted"


def test_hand_over_enters_the_right_and_a_licence_leaves_it_with_the_seller() -> None:
    sale = deals.paid()
    deal = actions.hand_over(actor=sale.seller, deal_id=fresh(sale).pk)
    state = queries.standing(queries.right_of(sale.record))
    assert [h["organisation_id"] for h in state.holders] == [deal.buyer_id]
    assert deal.state == "handed_over"

    other = deals.paid(deal_mode="licence_exclusive", title="另一项成果")
    actions.hand_over(
        actor=other.seller, deal_id=fresh(other).pk, territory="长三角", until="2031-12-31"
    )
    state = queries.standing(queries.right_of(other.record))
    assert [h["organisation_id"] for h in state.holders] == [other.record.owner_id]
    assert state.licences[0]["licence"] == "exclusive"


def test_the_registry_number_is_entered_once_after_the_check() -> None:
    sale = deals.awarded()
    assert sale.deal is not None
    actions.draft_contract(
        actor=sale.seller, deal_id=sale.deal.pk, fields={"secrecy": ""}, other_fen=30 * WAN
    )
    check = queries.registry_check(fresh(sale))
    assert (check.kind, check.technical_fen, check.missing) == ("transfer", 180 * WAN, ("secrecy",))
    deals.sign_both(sale)
    with pytest.raises(Conflict) as refused:
        actions.register(actor=sale.seller, deal_id=sale.deal.pk, no="2026330000000001")
    assert refused.value.params["missing"] == ("secrecy",)

    whole = deals.signed(title="另一项成果")
    done = actions.register(actor=whole.seller, deal_id=fresh(whole).pk, no="2026330000000001")
    assert done.registered_no == "2026330000000001"
    with pytest.raises(Conflict):
        actions.register(actor=whole.seller, deal_id=done.pk, no="2")


def test_two_persons_settle_and_the_deals_account_is_empty() -> None:
    broker = make.organisation("broker")
    sale = deals.paid(commission=[{"organisation_id": broker.pk, "permille": 15}])
    deal = actions.propose_settlement(actor=sale.staff, deal_id=fresh(sale).pk)
    with pytest.raises(NotAllowed) as refused:
        actions.settle(actor=sale.staff, deal_id=deal.pk)
    assert refused.value.code == "trading.second_person"
    actions.settle(actor=sale.staff2, deal_id=deal.pk)
    assert balance(deal.account) == 0
    owned = {
        (a.owner_id, a.code): a.credits_posted
        for a in Account.objects.filter(code__in=["commission", "proceeds"])
    }
    assert owned == {
        (broker.pk, "commission"): 31_500_00,
        (deal.owner_id, "proceeds"): 2_068_500_00,
    }
    with pytest.raises(Conflict):
        actions.settle(actor=sale.staff2, deal_id=deal.pk)


def test_the_split_follows_the_place_and_adds_up() -> None:
    shares = {}
    for region in ("310110", "330106", "500000"):
        sale = deals.awarded(region=region, prices=[90 * WAN, 100 * WAN], title=f"成果{region}")
        found, edition = queries.split(fresh(sale))
        assert sum(s.fen for s in found.shares) + sum(f for _, f in found.costs) == 100 * WAN
        shares[edition.jurisdiction] = found.reward_fen
    assert shares == {"310000": 70 * WAN, "330000": 70 * WAN, "CN": 50 * WAN}


def test_royalties_use_up_the_advance_first() -> None:
    payment = {"kind": "royalty", "rate_permille": 50, "base": "sales", "years": 5}
    sale = deals.paid(payment=payment, deal_mode="licence_ordinary")
    deal, today = fresh(sale), clock.today()
    year = timedelta(days=30)
    one = actions.report_royalty(
        actor=sale.buyer, deal_id=deal.pk, period_from=today - 2 * year,
        period_to=today - year, base_fen=4_000 * WAN,
    )  # fmt: skip
    assert (one.royalty_fen, one.instalment) == (0, None)  # 200 万 of an advance of 210 万
    two = actions.report_royalty(
        actor=sale.buyer, deal_id=deal.pk, period_from=today - year + timedelta(days=1),
        period_to=today, base_fen=1_000 * WAN,
    )  # fmt: skip
    assert two.royalty_fen == 40 * WAN
    assert two.instalment is not None
    with pytest.raises(Conflict):
        actions.report_royalty(
            actor=sale.buyer, deal_id=deal.pk, period_from=today, period_to=today, base_fen=1
        )


def test_what_is_late_is_told_once() -> None:
    from yangbanjian.market.trading import jobs

    deals.awarded()
    assert jobs.remind_of_deals(clock.now()) == 0
    advance(timedelta(days=20))
    assert jobs.remind_of_deals(clock.now()) == 0, "told while the clock was moved"


# --- every state, every move, everybody -------------------------------------------------------------

MAKERS = {
    "awarded": deals.awarded, "signed": deals.signed, "paid": deals.paid,
    "handed_over": lambda **k: _handed(deals.paid(**k)),
    "archived": lambda **k: _archived(_handed(deals.paid(**k))),
    "defaulted": lambda **k: _defaulted(deals.awarded(**k)),
}  # fmt: skip
MOVES = {
    "sign": lambda a, pk: actions.sign(actor=a, deal_id=pk),
    "hand_over": lambda a, pk: actions.hand_over(actor=a, deal_id=pk),
    "archive": lambda a, pk: actions.archive(actor=a, deal_id=pk),
    "default": lambda a, pk: actions.default(actor=a, deal_id=pk, reason="违约"),
}
# Written out once more: (state, move) -> who may.
MAY = {
    ("awarded", "sign"): {"owner", "buyer"},
    ("awarded", "default"): {"exchange"},
    ("signed", "default"): {"exchange"},
    ("paid", "hand_over"): {"owner", "exchange"},
    ("handed_over", "archive"): {"exchange"},
}
WHO = ("owner", "buyer", "exchange", "stranger", "auditor", "nobody")


def _handed(sale: Any) -> Any:
    actions.hand_over(actor=sale.seller, deal_id=sale.deal.pk)
    return sale


def _archived(sale: Any) -> Any:
    actions.archive(actor=sale.staff, deal_id=sale.deal.pk)
    return sale


def _defaulted(sale: Any) -> Any:
    actions.default(actor=sale.staff, deal_id=sale.deal.pk, reason="违约")
    return sale


@pytest.mark.parametrize("state", MAKERS)
def test_every_move_in_every_state_by_everybody(state: str) -> None:
    from django.db import transaction

    sale = MAKERS[state]()
    callers = {
        "owner": sale.seller, "buyer": sale.buyer, "exchange": sale.staff, "nobody": ANONYMOUS,
        "stranger": make.actor(Role.ENTERPRISE), "auditor": make.actor(Role.AUDITOR),
    }  # fmt: skip
    pk = sale.deal.pk
    for move, who in product(MOVES, WHO):
        before = Deal.objects.filter(pk=pk).values().get()
        is_signed_by = move == "sign" and state != "awarded" and who in ("owner", "buyer")
        with transaction.atomic():
            try:
                MOVES[move](callers[who], pk)
                done = True
            except Refusal:
                done = False
                assert Deal.objects.filter(pk=pk).values().get() == before
            transaction.set_rollback(True)
        # Who has signed may say so again: nothing changes.
        wanted = who in MAY.get((state, move), set())
        assert done == wanted or (is_signed_by and done), (state, move, who)


def test_the_table_and_its_second_writing_agree() -> None:
    told = {
        (source, m.name): set(m.who) - {"system"}
        for m in deal_states.TABLE.moves
        for source in m.sources
    }
    told.pop(("signed", "pay"))
    assert told == MAY
