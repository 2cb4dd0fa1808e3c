"""Money of a deal: what is waited for, what has come, what goes on to the seller."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import uuid4

from yangbanjian.ground.bank import actions as bank
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.ledger import actions as ledger
from yangbanjian.ground.ledger.rules import Transfer
from yangbanjian.ground.log.requirements import Subject, require_entries
from yangbanjian.ground.messages import actions as messages
from yangbanjian.ground.messages.actions import Word
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, Problem
from yangbanjian.kernel.text import clean_line
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import policy, queries
from yangbanjian.market.trading.actions.deal_rows import (
    keep_listing,
    locked_deal,
    moved_registration,
    save,
    tell,
    write_to,
)
from yangbanjian.market.trading.actions.decisions import INVALID
from yangbanjian.market.trading.actions.deposits import earned_account
from yangbanjian.market.trading.actions.payouts import pass_on_royalty, pay_out_part
from yangbanjian.market.trading.models import Deal, Instalment, RoyaltyReport
from yangbanjian.market.trading.rules import deal_states, lot_states, payments
from yangbanjian.market.trading.rules import payouts as payout_rules

ASSET = "CNY"
_CLOSED = gettext_noop("这笔交易不在这一步，请刷新页面再看。")


def await_payment(row: Instalment, open_fen: int) -> None:
    """Write an instalment down and wait for what is open of it."""
    deal = row.deal
    assert deal.account is not None
    if open_fen:
        row.expectation = bank.expect(
            actor=SYSTEM, account=deal.account, amount=open_fen,
            reference=f"JK{deal.pk:06d}-{row.seq:02d}", cause=f"deal:{deal.pk}:{row.seq}",
            counterparty=deal.registration.bank_account,
        )  # fmt: skip
    else:
        row.paid_at = clock.now()
    row.save()


def take_payments(*, expectation_ids: Collection[int]) -> int:
    """What the bank has matched: the instalments that waited for it are paid, and a deal whose
    instalments all are. Once more changes nothing. Returns how many instalments."""
    waiting = Instalment.objects.filter(expectation_id__in=expectation_ids, paid_at=None)
    done = 0
    with acting(SYSTEM):
        numbers = sorted(set(waiting.values_list("deal_id", flat=True)))
    for deal_id in numbers:
        with acting(SYSTEM):
            done += take_matched(locked_deal(SYSTEM, deal_id))
    return done


def take_matched(deal: Deal) -> int:
    """Of a deal that is locked: every open instalment whose money is there counts as paid. What
    comes for a deal in default (it crossed with the finding of it) goes back to its payer."""
    done = 0
    for row in queries.instalments(deal):
        if row.expectation is None or row.paid_at is not None:
            continue
        match = row.expectation.matches.filter(undone_by=None).first()
        if match is None:
            continue
        row.line, row.paid_fen, row.paid_at = match.line, row.amount_fen, clock.now()
        row.save()
        done += 1
        tell(
            SYSTEM, deal, "instalment_paid", seq=row.seq, amount_fen=row.amount_fen,
            line=match.line_id,
        )  # fmt: skip
        if deal.state == "defaulted":
            give_back(deal, row)
    settle_state(deal)
    _pass_on_royalties(deal)
    return done


def give_back(deal: Deal, row: Instalment) -> None:
    """What an instalment brought goes back by the way it came. A line that does not name its payer
    waits for the treasurer."""
    if row.line is not None and row.line.counterparty:
        bank.refund(
            actor=SYSTEM, line_id=row.line.pk, account=deal.account,
            reference=f"TK{deal.pk:06d}-{row.seq:02d}", cause=f"deal:{deal.pk}:default",
            payee_id=deal.buyer_id,
        )  # fmt: skip


def take_back_payments(*, expectation_ids: Collection[int]) -> int:
    """A match was undone: what it paid is open again, and asked for with the next look at what is
    late. A part of the price stays as it is once the deal counts as paid; a royalty, without which
    it does, only once it has gone on to the seller. The exchange is told then: no certificate is
    issued and nothing settled while the books lack the money."""
    rows = Instalment.objects.filter(expectation_id__in=expectation_ids).exclude(paid_at=None)
    done = 0
    with acting(SYSTEM):
        numbers = list(rows.values_list("pk", flat=True))
    for pk in numbers:
        with acting(SYSTEM):
            deal = locked_deal(SYSTEM, Instalment.objects.get(pk=pk).deal_id)
            row = Instalment.objects.select_related("expectation").get(pk=pk)
            assert row.expectation is not None
            if row.expectation.matches.filter(undone_by=None).exists():
                continue
            is_here = not deal.payouts.filter(seq=payout_rules.ROYALTIES_FROM + row.seq).exists()
            is_royalty = deal.reports.filter(instalment=row).exists()
            if deal.state in ("awarded", "signed") or (is_royalty and is_here):
                row.paid_fen, row.line, row.paid_at = row.from_deposit_fen, None, None
                row.save()
                deal.follow_on = clock.today()
                deal.save(update_fields=["follow_on"])
            elif deal.state != "defaulted":
                _tell_of_lack(deal, row)
            tell(SYSTEM, deal, "payment_taken_back", seq=row.seq, state=deal.state)
            done += 1
    return done


def _tell_of_lack(deal: Deal, row: Instalment) -> None:
    assert row.expectation is not None
    word = Word(
        "trading",
        gettext_noop("「%(title)s」已到账的一笔款被撤销对账，账上少了钱。请核对流水，补齐以前不要出凭证、不要结算。"),
        {"title": deal.listing.title}, f"/deals/{deal.pk}", needs_action=True,
        once=f"deal.lack.{row.pk}.{row.expectation.matches.count()}",
    )  # fmt: skip
    messages.tell_role(Role.EXCHANGE, word)


def settle_state(deal: Deal) -> None:
    """Signed, and nothing open: paid."""
    is_open = any(i.paid_fen < i.amount_fen for i in queries.instalments(deal))
    if deal.state != "signed" or is_open:
        return
    deal.state, deal.paid_at = deal_states.TABLE.advance(deal.state, "pay"), clock.now()
    save(deal)
    moved_registration(deal.registration_id, "complete")
    keep_listing(deal)
    tell(SYSTEM, deal, "deal_paid", audience="public", price_fen=deal.price_fen)
    write_to(deal, gettext_noop("「%(title)s」价款已到账。"), "paid")


def note_security(*, actor: Actor, deal_id: int, security: str) -> Deal:
    """The exchange has the guarantee for the instalments that are still open: with the first one
    paid, the certificate may be issued."""
    with acting(actor):
        deal = locked_deal(actor, deal_id)
        policy.may_as(actor, deal, "exchange").or_refuse()
        said = clean_line(security, cap=300)
        if not said:
            sentence = gettext_noop("请写明担保的种类、出具人和编号。")
            raise Invalid("deals.invalid", INVALID, [Problem("security", "required", sentence)])
        if deal.state != "signed":
            raise Conflict("deals.not_now", _CLOSED)
        deal.security, deal.security_by = said, actor.person_id
        save(deal)
        tell(actor, deal, "security_noted", security=said)
        return deal


def propose_settlement(*, actor: Actor, deal_id: int) -> Deal:
    """Propose that the price goes on to the seller and to those who have a commission."""
    with acting(actor):
        deal = locked_deal(actor, deal_id)
        policy.may_as(actor, deal, "exchange").or_refuse()
        if deal.state not in ("paid", "handed_over", "archived") or deal.settled_at:
            raise Conflict("deals.not_now", _CLOSED)
        deal.settle_proposed_by, deal.settle_proposed_at = actor.person_id, clock.now()
        save(deal)
        tell(actor, deal, "settlement_proposed")
        return deal


def settle(*, actor: Actor, deal_id: int) -> Deal:
    """Another person of the exchange confirms: one chain pays the commissions and the seller, so
    that the deal's account is empty. Raises NotAllowed (`trading.second_person`), Conflict."""
    with acting(actor):
        deal = locked_deal(actor, deal_id)
        if deal.settle_proposed_at is None or deal.settled_at:
            raise Conflict("deals.not_now", _CLOSED)
        policy.may_be_second(actor, deal.settle_proposed_by).or_refuse()
        assert deal.account is not None
        require_entries(Subject("deal", deal.pk), process="deal", state="settled")
        shares = [(to, fen) for to, _, fen in queries.commissions(deal)]
        parts = [
            (part, earned_account(actor, part.owner_id, part.kind))
            for part in payout_rules.parts_of(deal.price_fen, deal.owner_id, shares)
        ]
        commission = sum(fen for _, fen in shares)
        chain = uuid4()
        ledger.chain(
            actor=actor,
            transfers=[
                Transfer(
                    id=uuid4(), debit=deal.account, credit=to, amount=part.amount_fen, asset=ASSET,
                    chain=chain, cause=f"deal:{deal.pk}:settle",
                )
                for part, to in parts
            ],
        )  # fmt: skip
        deal.settled_by, deal.settled_at = actor.person_id, clock.now()
        save(deal)
        move = lot_states.TABLE.move("settle")
        if move is not None and deal.lot.state in move.sources:
            deal.lot.state = move.target
            deal.lot.save(update_fields=["state"])
        tell(
            actor, deal, "deal_settled", seller_fen=deal.price_fen - commission,
            commission_fen=commission,
        )  # fmt: skip
        for part, account in parts:
            pay_out_part(actor=actor, deal=deal, part=part, account=account)
        _pass_on_royalties(deal)
        return deal


def _pass_on_royalties(deal: Deal) -> None:
    """What royalties have brought to a settled deal is the seller's."""
    if deal.settled_at is None:
        return
    with acting(SYSTEM):
        asked = set(deal.reports.values_list("instalment_id", flat=True))
        rows = [i for i in queries.instalments(deal) if i.pk in asked and i.paid_at]
    for row in rows:
        pass_on_royalty(deal=deal, row=row)


def report_royalty(
    *, actor: Actor, deal_id: int, period_from: date, period_to: date, base_fen: int
) -> RoyaltyReport:
    """The buyer reports the base of a period; what is due by it becomes an instalment, after the
    advance of a royalty without entry fee is used up."""
    with acting(actor):
        deal = locked_deal(actor, deal_id)
        policy.may_as(actor, deal, "buyer").or_refuse()
        if payments.kind_of(deal.payment) not in payments.WITH_ROYALTY:
            raise Conflict("deals.no_royalty", gettext_noop("这笔交易没有约定提成。"))
        if deal.state not in ("paid", "handed_over", "archived"):
            raise Conflict("deals.not_now", _CLOSED)
        if not 0 <= base_fen < 2**53 or period_to < period_from or period_to > clock.today():
            sentence = gettext_noop("期间要在今天以前，起止顺序正确，基数不能是负数。")
            raise Invalid("deals.invalid", INVALID, [Problem("base_fen", "range", sentence)])
        if deal.reports.filter(period_to__gte=period_from, period_from__lte=period_to).exists():
            raise Conflict("deals.period_reported", gettext_noop("这段时间已经报过，不能重复。"))
        before = list(deal.reports.order_by("pk"))
        asked = sum(r.royalty_fen for r in before)
        due = payments.royalty_due_fen(
            [*(r.base_fen for r in before), base_fen], deal.payment, deal.price_fen, asked
        )
        row = _asked_for(deal, due) if due else None
        made = RoyaltyReport.objects.create(
            deal=deal, owner_id=deal.buyer_id, period_from=period_from, period_to=period_to,
            base_fen=base_fen, royalty_fen=due, instalment=row, made_by=actor.person_id,
            made_at=clock.now(),
        )  # fmt: skip
        save(deal)
        tell(
            actor, deal, "royalty_reported", period_from=period_from.isoformat(),
            period_to=period_to.isoformat(), base_fen=base_fen, royalty_fen=due,
        )  # fmt: skip
        return made


def _asked_for(deal: Deal, due_fen: int) -> Instalment:
    rule = queries.deposit_rule(queries.jurisdiction(deal.achievement))
    with acting(SYSTEM):  # what is to be paid is the house's to write
        row = Instalment(
            deal=deal, owner_id=deal.buyer_id, seq=deal.instalments.count() + 1,
            amount_fen=due_fen,
            due_at=queries.day_after(clock.now(), *queries.figure(rule, "pay_once")),
        )  # fmt: skip
        await_payment(row, due_fen)
    return row


def remind(*, deal_id: int) -> bool:
    """Tell both sides once that a signature is late."""
    deal = queries.deal(SYSTEM, deal_id)
    if not queries.overdue(deal, clock.now()):
        return False
    sentence = gettext_noop("「%(title)s」已过期限，仍未办理，请尽快处理。")
    return write_to(deal, sentence, f"late.{deal.state}") > 0
