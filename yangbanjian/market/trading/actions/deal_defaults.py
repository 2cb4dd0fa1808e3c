"""A buyer's default, and who comes next."""

from __future__ import annotations

from typing import Any

from yangbanjian.ground.bank import actions as bank
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.kernel.refusals import Invalid, Problem
from yangbanjian.kernel.text import clean_text
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import policy, queries
from yangbanjian.market.trading.actions import deposits
from yangbanjian.market.trading.actions.deal_payments import give_back, take_matched
from yangbanjian.market.trading.actions.deal_rows import (
    locked_deal,
    move_listing,
    save,
    tell,
    write_to,
)
from yangbanjian.market.trading.actions.deals import award
from yangbanjian.market.trading.actions.decisions import INVALID
from yangbanjian.market.trading.actions.payouts import pass_on_forfeited
from yangbanjian.market.trading.models import Deal, Lot, Registration
from yangbanjian.market.trading.rules import deal_states, lot_states, splits
from yangbanjian.market.trading.rules.deposits import FORFEITURE_CODES, shortfall_fen


def default(*, actor: Actor, deal_id: int, reason: str, case: str = "") -> Deal:
    """The buyer has broken the deal: the deposit is forfeited, what came otherwise goes back, and
    the lot goes to the runner-up, or to nobody. `case` is one of the cases of forfeiture; without
    one it follows from what is late. Raises NotAllowed, Conflict, Invalid."""
    with acting(actor):
        known = queries.deal(actor, deal_id)
        policy.may_as(actor, known, "exchange").or_refuse()
        lot = (
            Lot.objects.select_for_update(of=("self",))
            .select_related("listing")
            .get(pk=known.lot_id)
        )
        deal = locked_deal(actor, deal_id)
        take_matched(deal)  # money that came a moment ago counts: who has paid does not default
        why = clean_text(reason, cap=1000)
        state = deal_states.TABLE.advance(deal.state, "default")
        if not why:
            sentence = gettext_noop("请写明为什么认定违约。")
            raise Invalid("deals.invalid", INVALID, [Problem("reason", "required", sentence)])
        case = case or _case_of(deal)
        if case not in FORFEITURE_CODES:
            sentence = gettext_noop("没有这种违约情形，请从列表里选。")
            raise Invalid("deals.invalid", INVALID, [Problem("case", "unknown", sentence)])
        deal.state, deal.default_case, deal.defaulted_at = state, case, clock.now()
        barred = set(
            Deal.objects.filter(lot=lot, state="defaulted").values_list(
                "registration__plate", flat=True
            )
        ) | {deal.registration.plate}
        following = queries.next_in_line(lot, barred)
        fees = splits.commission_fen(
            deal.price_fen, sum(int(c["permille"]) for c in deal.listing.commission)
        )
        loss = shortfall_fen(deal.price_fen, following.amount_fen) if following else 0
        _give_back(deal)
        registration = Registration.objects.select_for_update(no_key=True).get(
            pk=deal.registration_id
        )
        parts = deposits.forfeit(
            actor=actor, registration=registration, case=case, fees_fen=fees, loss_fen=loss
        )
        deal.claim_fen = parts.claim_fen
        save(deal)
        pass_on_forfeited(deal=deal, registration=registration)
        tell(
            actor, deal, "deal_defaulted", audience="public", remark=why, case=case,
            to_fees_fen=parts.to_fees_fen, to_seller_fen=parts.to_seller_fen,
            claim_fen=parts.claim_fen, runner_up=following.plate if following else None,
        )  # fmt: skip
        word = gettext_noop("「%(title)s」已认定买方违约，保证金按规则扣除。")
        write_to(deal, word, "defaulted")
        _pass_on(actor, lot, deal, following)
        return deal


def _case_of(deal: Deal) -> str:
    is_late = queries.overdue(deal, clock.now())
    if deal.state == "awarded":
        return "did_not_sign" if is_late else "withdrew"
    return "did_not_pay" if is_late else "broke_undertaking"


def _give_back(deal: Deal) -> None:
    """What the defaulter paid beyond the deposit goes back to whoever paid it; nothing is waited
    for any more."""
    for row in queries.instalments(deal):
        if row.expectation is not None and row.line is None:
            bank.withdraw(actor=SYSTEM, expectation_id=row.expectation.pk)
        give_back(deal, row)


def _pass_on(actor: Actor, lot: Lot, deal: Deal, following: Any) -> None:
    names = ["default", "pass_on" if following else "give_up"]
    for name in names:
        move = lot_states.TABLE.move(name)
        if move is not None and lot.state in move.sources:
            lot.state = move.target
            lot.version += 1
            lot.save(update_fields=["state", "version"])
    move_listing(deal.listing_id, "default")
    if following is not None:
        move_listing(deal.listing_id, "pass_on")
        award(
            actor=actor, lot=lot, plate=following.plate, price_fen=following.amount_fen,
            follows=deal,
        )  # fmt: skip
