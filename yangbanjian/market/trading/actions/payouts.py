"""Paying out what a deal has brought: ordered at the bank with the settlement, followed to its end,
repeated where the bank could not pay. Money is on hold from the order on, for one account alone."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID, uuid5

from yangbanjian.ground.bank import actions as bank
from yangbanjian.ground.bank.queries import is_returned
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.ledger import actions as ledger
from yangbanjian.ground.messages import actions as messages
from yangbanjian.ground.messages.actions import Word
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Conflict
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import policy, queries
from yangbanjian.market.trading.actions.deal_rows import locked_deal
from yangbanjian.market.trading.actions.deposits import earned_account, forfeited_to_seller
from yangbanjian.market.trading.models import Deal, Instalment, Payout, Registration
from yangbanjian.market.trading.rules import payouts as rules

ASSET = "CNY"


def pay_out_part(*, actor: Actor, deal: Deal, part: rules.Part, account: UUID) -> Payout | None:
    """Order a part of a deal's income that lies on its owner's account in the ledger; None for the
    house's own, which is at home. Called with the deal locked."""
    if queries.is_house(part.owner_id):
        return None
    return _ordered(actor, deal, part, account, attempt=1)


def _ordered(actor: Actor, deal: Deal, part: rules.Part, account: UUID, attempt: int) -> Payout:
    number = queries.payee_number(part.owner_id)
    made = Payout(
        deal=deal, owner_id=part.owner_id, seq=part.seq, attempt=attempt, kind=part.kind,
        amount_fen=part.amount_fen, account=account, bank_account=number,
        made_by=actor.person_id, made_at=clock.now(),
    )  # fmt: skip
    with acting(SYSTEM):  # the account is its owner's; what is ordered was decided by two persons
        if number:
            made.expectation = bank.pay_out(
                actor=SYSTEM, account=account, amount=part.amount_fen, counterparty=number,
                reference=rules.reference(deal.pk, part.seq, attempt),
                cause=f"deal:{deal.pk}:payout:{part.seq}",
            )  # fmt: skip
        else:
            made.failed_at, made.failure = clock.now(), rules.NO_PAYEE
        made.save()
    _tell(actor, made, "payout_ordered" if number else "payout_failed")
    if not number:
        _write(
            made, gettext_noop("「%(title)s」有款要付给您，请先登记收款账户。"), needs_action=True
        )
    return made


def pass_on_royalty(*, deal: Deal, row: Instalment) -> None:
    """A royalty that came for a settled deal goes on to the seller as the price did: whose it is
    was decided with the settlement. Once; called with the deal locked."""
    seq = rules.ROYALTIES_FROM + row.seq
    if deal.account is None or deal.payouts.filter(seq=seq).exists():
        return
    with acting(SYSTEM):
        to = earned_account(SYSTEM, deal.owner_id, "proceeds")
        ledger.transfer(
            actor=SYSTEM, transfer_id=uuid5(deal.account, f"royalty:{row.seq}"), debit=deal.account,
            credit=to, amount=row.amount_fen, asset=ASSET, cause=f"deal:{deal.pk}:royalty:{row.seq}",
        )  # fmt: skip
        part = rules.Part(seq, rules.ROYALTY, deal.owner_id, row.amount_fen)
        pay_out_part(actor=SYSTEM, deal=deal, part=part, account=to)


def pass_on_forfeited(*, deal: Deal, registration: Registration) -> Payout | None:
    """The seller's part of a deposit that the buyer of this deal has lost goes on to the seller's
    bank, as proceeds do: as much as the ledger says was taken. Once; called with the deal locked."""
    if deal.payouts.filter(seq=rules.COMPENSATED).exists():
        return None
    with acting(SYSTEM):
        taken = forfeited_to_seller(registration)
        if taken is None:
            return None
        part = rules.Part(rules.COMPENSATED, rules.COMPENSATION, deal.owner_id, taken.amount)
        return pay_out_part(actor=SYSTEM, deal=deal, part=part, account=taken.credit.key)


def follow_payouts(*, expectation_ids: Collection[int]) -> int:
    """What the bank has done with orders: paid, not carried out, or a payment taken back or sent
    back; returns how many of ours have moved. Once more changes nothing."""
    with acting(SYSTEM):
        found = Payout.objects.filter(expectation_id__in=expectation_ids, failed_at=None)
        numbers = list(found.order_by("id").values_list("pk", "deal_id"))
    return sum(_followed(pk, deal_id) for pk, deal_id in numbers)


def _followed(payout_id: int, deal_id: int) -> bool:
    with acting(SYSTEM):
        locked_deal(SYSTEM, deal_id)
        one = _locked(payout_id)
        assert one.expectation is not None
        if one.failed_at is not None:
            return False
        match = one.expectation.matches.filter(undone_by=None).select_related("line").first()
        has_moved = match is not None and one.paid_at is None
        if match is not None and has_moved:
            one.line, one.paid_at = match.line, clock.now()
            one.save(update_fields=["line", "paid_at"])
            _tell(SYSTEM, one, "payout_paid", line=match.line_id)
        if is_returned(one.expectation.pk):
            _failed(SYSTEM, one, rules.RETURNED)
            return True
        if has_moved:
            _write(one, gettext_noop("「%(title)s」的款已付到您的账户。"))
            return True
        if match is None and (one.paid_at is not None or one.expectation.withdrawn_at):
            reason = one.expectation.failure or (rules.UNDONE if one.paid_at else "")
            _failed(SYSTEM, one, reason or gettext_noop("付款单已撤回"))
            return True
    return False


def _locked(payout_id: int) -> Payout:
    found = Payout.objects.select_for_update(of=("self",), no_key=True)
    with acting(SYSTEM):
        return found.select_related("expectation", "deal__listing", "owner").get(pk=payout_id)


def _failed(actor: Actor, one: Payout, reason: str) -> None:
    one.failed_at, one.failure = clock.now(), reason
    one.save(update_fields=["failed_at", "failure"])
    _tell(actor, one, "payout_failed", remark=reason)
    _write(one, gettext_noop("「%(title)s」的款没有付成，请核对收款账户。"), needs_action=True)
    word = Word(
        "trading", gettext_noop("「%(title)s」有一笔款没有付成，请核对后重新付款。"),
        {"title": one.deal.listing.title}, f"/deals/{one.deal_id}#payouts", needs_action=True,
        once=f"payout.failed.house.{one.pk}",
    )  # fmt: skip
    messages.tell_role(Role.EXCHANGE, word)


def fail_payout(*, actor: Actor, payout_id: int, reason: str) -> Payout:
    """The bank says that it did not pay (the account is closed): the order is over, the money free
    again on its owner's account. Raises NotFound, NotAllowed, Invalid, Conflict."""
    with acting(actor):
        one = _looked_at(actor, payout_id)
        if one.failed_at is not None or one.paid_at is not None or one.expectation is None:
            raise Conflict("payouts.over", gettext_noop("这笔付款已有结果，请刷新页面再看。"))
        over = bank.fail(actor=actor, expectation_id=one.expectation_id or 0, reason=reason)
        _failed(actor, one, over.failure)
        return one


def repeat_payout(*, actor: Actor, payout_id: int) -> Payout:
    """Order a payment that has failed once more, to the account that its owner has named now. The
    failed one stays. Raises NotFound, NotAllowed, Conflict."""
    with acting(actor):
        one = _looked_at(actor, payout_id)
        last = one.deal.payouts.filter(seq=one.seq).order_by("-attempt").first()
        if one.failed_at is None or last is None or last.pk != one.pk:
            raise Conflict(
                "payouts.not_failed",
                gettext_noop("只有最近一次没有付成的款可以重新付，请刷新页面再看。"),
            )
        if not queries.payee_number(one.owner_id):
            raise Conflict(
                "payouts.no_payee", gettext_noop("收款方还没有登记收款账户，请等对方登记后再付。")
            )
        part = rules.Part(one.seq, one.kind, one.owner_id, one.amount_fen)
        return _ordered(actor, one.deal, part, one.account, attempt=one.attempt + 1)


def _looked_at(actor: Actor, payout_id: int) -> Payout:
    """The payment with its deal's row locked, and then its own, for the exchange."""
    seen = queries.payout(actor, payout_id)
    policy.may_pay_out(actor).or_refuse()
    locked_deal(actor, seen.deal_id)
    return _locked(payout_id)


def _tell(actor: Actor, one: Payout, past: str, *, remark: str = "", **more: object) -> None:
    """Those who are paid and the seller may read it; of the account the journal says nothing."""
    said = journal.Fact(
        verb=f"trading.{past}", subject_kind="deal", subject_id=one.deal_id,
        owner_id=one.deal.owner_id, party_ids=(one.deal.owner_id, one.owner_id), audience="parties",
        payload={
            "deal": one.deal_id, "seq": one.seq, "attempt": one.attempt, "kind": one.kind,
            "amount_fen": one.amount_fen, **more,
        }, remark=remark,
    )  # fmt: skip
    journal.record(actor=actor, fact=said)


def _write(one: Payout, sentence: str, *, needs_action: bool = False) -> None:
    state = rules.state_of(one.paid_at, one.failed_at)
    word = Word(
        "trading", sentence, {"title": one.deal.listing.title}, "/desk/payee",
        needs_action=needs_action, once=f"payout.{state}.{one.pk}",
    )  # fmt: skip
    messages.tell_organisation(one.owner_id, word, Role.TTO, Role.ENTERPRISE, Role.BROKER)
