"""What becomes of deposits at an award and at a default, as transfers.

Until `actions/deposits.py` is there: the same names and arguments, so that `actions/deals.py` needs
one other import line and no other change.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from yangbanjian.ground.ledger import actions as ledger
from yangbanjian.ground.ledger.rules import Kind, Transfer
from yangbanjian.kernel.actor import Actor
from yangbanjian.market.trading.models import Deal, Registration
from yangbanjian.market.trading.rules import registration_states
from yangbanjian.market.trading.rules.deposits import DepositOutcome, Parts, forfeited_parts

ASSET = "CNY"


def award_chain(
    *, actor: Actor, winner: Registration, losers: Sequence[Registration], account: UUID
) -> None:
    """In one chain: the winner's deposit goes to the deal's account, each loser's is free again.
    Who holds no deposit any more (asked as the runner-up) brings none."""
    chain = uuid4()
    transfers = [
        Transfer(id=uuid4(), kind=Kind.VOID, hold_id=r.hold_id, chain=chain, cause=_cause(r))
        for r in (winner, *losers)
        if r.hold_id is not None and not r.outcome
    ]
    if winner.hold_id is not None and not winner.outcome:
        transfers.append(
            Transfer(
                id=uuid4(), debit=winner.account, credit=account, amount=winner.deposit_fen,
                asset=ASSET, chain=chain, cause=_cause(winner),
            )
        )  # fmt: skip
        winner.outcome = DepositOutcome.TO_PRICE.value
    if transfers:
        ledger.chain(actor=actor, transfers=transfers)
    for one in losers:
        if one.hold_id is not None and not one.outcome:
            one.outcome = DepositOutcome.REFUNDED.value
        _moved(one, "lose")
    _moved(winner, "win")


def forfeit(
    *, actor: Actor, registration: Registration, case: str, fees_fen: int, loss_fen: int
) -> Parts:
    """Take a winner's deposit out of the deal's account: first the fees, the rest to the seller."""
    deal = Deal.objects.filter(registration=registration).order_by("-id").first()
    deposit = registration.deposit_fen if registration.outcome == DepositOutcome.TO_PRICE else 0
    parts = forfeited_parts(deposit, fees_fen, loss_fen)
    if deal is not None and deal.account is not None and deposit:
        chain = uuid4()
        goes = (
            (fees_account(actor), parts.to_fees_fen),
            (seller_account(actor, deal), parts.to_seller_fen),
        )
        ledger.chain(
            actor=actor,
            transfers=[
                Transfer(
                    id=uuid4(), debit=deal.account, credit=to, amount=fen, asset=ASSET, chain=chain,
                    cause=f"forfeit:{registration.pk}:{case}",
                )
                for to, fen in goes
                if fen
            ],
        )  # fmt: skip
    registration.forfeited_for = case
    registration.outcome = DepositOutcome.FORFEITED.value
    _moved(registration, "forfeit")
    return parts


def fees_account(actor: Actor) -> UUID:
    """Where the trading fees of the exchange stand that acts."""
    assert actor.organisation_id is not None
    return current_account(actor, actor.organisation_id, "fees")


def seller_account(actor: Actor, deal: Deal) -> UUID:
    """Where what a seller has earned stands."""
    return current_account(actor, deal.owner_id, "proceeds")


def current_account(actor: Actor, organisation_id: int, code: str) -> UUID:
    """An organisation's account of a code, opened when first asked for; its key."""
    key = uuid5(NAMESPACE_URL, f"urn:ybj:{code}:{organisation_id}")
    ledger.open_account(
        actor=actor, key=key, owner_id=organisation_id, code=code, asset=ASSET, is_limited=False
    )
    return key


def _cause(one: Registration) -> str:
    return f"deposit:{one.pk}"


def _moved(one: Registration, name: str) -> None:
    move = registration_states.TABLE.move(name)
    if move is not None and one.state in move.sources:
        one.state = move.target
        one.version += 1
    one.save()
