"""What becomes of a deposit in the ledger: taken as a hold, turned into the price, given back to
whoever paid it, or lost. Ids of transfers follow from the registration, so that the same again
changes nothing.

Where the money is: the bank's line puts it on the buyer's own account (limited); the hold reserves
it towards the house's clearing account; what follows is one chain, wholly there or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from yangbanjian.ground.bank import actions as bank
from yangbanjian.ground.bank.models import Line
from yangbanjian.ground.bank.queries import standing as matches
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.ledger import actions as ledger
from yangbanjian.ground.ledger import queries as accounts
from yangbanjian.ground.ledger.models import Transfer as Entered
from yangbanjian.ground.ledger.rules import CLEARING, Kind, Transfer
from yangbanjian.ground.messages import actions as messages
from yangbanjian.ground.messages.actions import Word
from yangbanjian.ground.people import queries as people
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, Problem
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import queries
from yangbanjian.market.trading.actions.decisions import INVALID, fact
from yangbanjian.market.trading.models import Registration
from yangbanjian.market.trading.rules import deposits as rules
from yangbanjian.market.trading.rules.deposits import DepositOutcome
from yangbanjian.market.trading.rules.registration_states import TABLE

ASSET = "CNY"
# Nothing is kept for these any more: what they pay, or paid too late, goes back.
OVER = ("lapsed", "withdrawn", "refused", "lost")


def account_key(listing_id: int, buyer_id: int) -> UUID:
    """The buyer's account in the ledger for the deposit of one listing."""
    return uuid5(NAMESPACE_URL, f"urn:ybj:trading:deposit:{listing_id}:{buyer_id}")


def fees_account(actor: Actor) -> UUID:
    """The account on which the house keeps what it has earned; the first exchange's."""
    first = people.organisations(kind="exchange").order_by("id").first()
    key = uuid5(NAMESPACE_URL, "urn:ybj:trading:fees")
    opened, _ = ledger.open_account(
        actor=actor, key=key, owner_id=first.pk if first else None,
        code="fees", asset=ASSET, is_limited=False,
    )  # fmt: skip
    return opened.key


def earned_account(actor: Actor, organisation_id: int, code: str) -> UUID:
    """The account on which an organisation has what it has earned on the floor: a seller's
    `proceeds`, a broker's `commission`."""
    key = uuid5(NAMESPACE_URL, f"urn:ybj:trading:{code}:{organisation_id}")
    opened, _ = ledger.open_account(
        actor=actor, key=key, owner_id=organisation_id, code=code, asset=ASSET, is_limited=True
    )
    return opened.key


def _id(one: Registration, what: str) -> UUID:
    return uuid5(account_key(one.listing_id, one.owner_id), what)


def _cause(one: Registration, what: str) -> str:
    return f"trading:{what}:{one.pk}"


def _clearing(actor: Actor) -> UUID:
    return ledger.named_account(actor=actor, name=CLEARING, asset=ASSET).key


def locked(registration_id: int) -> Registration:
    """The registration with its row locked, by the house; its listing's row is locked before, where
    both are. Called for a registration that the actor was found to have a say in."""
    found = Registration.objects.select_for_update(of=("self",), no_key=True)
    related = "listing__achievement__owner", "expectation", "line"
    with acting(SYSTEM):
        return found.select_related(*related).get(pk=registration_id)


def tell(
    actor: Actor, one: Registration, past: str, *, remark: str = "", **more: object
) -> None:  # fmt: skip
    """The journal learns of it; the buyer and the staff alone may read that."""
    payload = {"listing": one.listing_id, "state": one.state, "plate": one.plate, **more}
    journal.record(actor=actor, fact=fact(one, past, "registration", payload, remark=remark))


def keep_if_paid(one: Registration) -> bool:
    """Hold the deposit of a locked registration where its money has come, from the payer that was
    named and in time; True if it is held now. What came late goes back by itself."""
    if one.expectation_id is None or one.state not in ("applied", *OVER):
        return False
    with acting(SYSTEM):  # the bank's books are the house's
        match = matches().filter(expectation_id=one.expectation_id).select_related("line").first()
        if match is None:
            return False
        if one.state != "applied" or _is_late(match.line, one.due_at):
            if one.state == "applied":
                one.state = TABLE.advance(one.state, "lapse")
            _send_back(SYSTEM, one, match.line_id)
            return False
        hold = _id(one, "hold")
        assert one.account is not None
        ledger.hold(
            actor=SYSTEM, transfer_id=hold, debit=one.account, credit=_clearing(SYSTEM),
            amount=one.deposit_fen, asset=ASSET, cause=_cause(one, "deposit"),
        )  # fmt: skip
        one.state = TABLE.advance(one.state, "deposit")
        one.hold_id, one.line = hold, match.line
        one.save()
        tell(SYSTEM, one, "deposit_held", amount_fen=one.deposit_fen, line=match.line_id)
    return True


def _is_late(line: Line, due: datetime) -> bool:
    """By the day on which the bank booked it, for a statement may be read a day later."""
    return line.made_at > due and line.booked_on >= due.astimezone(clock.site_zone()).date()


def _send_back(actor: Actor, one: Registration, line_id: int) -> None:
    """Order the refund to whoever paid the line, once; promise by when."""
    if queries.refund_of(one) is not None or one.account is None:
        return
    with acting(actor):
        bank.refund(
            actor=actor, line_id=line_id, amount=one.deposit_fen, account=one.account,
            reference=queries.refund_reference(one), cause=_cause(one, "refund"),
            payee_id=one.owner_id,
        )  # fmt: skip
        one.outcome = DepositOutcome.REFUNDED.value
        one.save()
        promised = queries.working_days_after(
            one.listing.achievement, "refund_losers", clock.now()
        )  # fmt: skip
        tell(
            actor, one, "deposit_refunded", amount_fen=one.deposit_fen,
            promised_on=promised.isoformat(),
        )  # fmt: skip
        word = Word(
            "trading", gettext_noop("「%(title)s」的保证金将在 %(day)s 前原路退回。"),
            {"title": one.listing.title, "day": promised.isoformat()},
            f"/listings/{one.listing_id}", once=f"deposit.refunded.{one.pk}",
        )  # fmt: skip
        messages.tell_organisation(one.owner_id, word, Role.ENTERPRISE, Role.TTO, Role.BROKER)


def release(*, actor: Actor, registration: Registration) -> None:
    """Give a deposit back: the hold is void, and the payer gets it by the original channel. Without
    a deposit, or once it is on its way, nothing happens."""
    with acting(actor):
        one = locked(registration.pk)
        if one.hold_id is None or one.outcome:
            return
        ledger.release(
            actor=actor, transfer_id=_id(one, "void"), hold_id=one.hold_id,
            cause=_cause(one, "release"),
        )  # fmt: skip
        assert one.line_id is not None
        _send_back(actor, one, one.line_id)


def release_all(*, actor: Actor, registrations: Sequence[Registration]) -> None:
    """A lot has ended without an award: who had a deposit gets it back, and nobody has won."""
    with acting(actor):
        for pk in sorted(r.pk for r in registrations):
            one = locked(pk)
            if one.state in ("deposited", "qualified"):
                one.state = TABLE.advance(one.state, "lose")
                one.save()
                release(actor=actor, registration=one)


def award_chain(
    *, actor: Actor, winner: Registration, losers: Sequence[Registration], account: UUID
) -> None:
    """One chain (A9, L7): the winner's hold goes to the deal's account, the losers' holds are void;
    then their refunds are ordered. Asked again, it changes nothing. A runner-up whose deposit has
    gone back already becomes the winner without one."""
    with acting(actor):
        rows = {pk: locked(pk) for pk in sorted({winner.pk, *(r.pk for r in losers)})}
        first = rows.pop(winner.pk)
        if first.state == "won":
            return
        others = [r for r in rows.values() if r.state in ("deposited", "qualified")]
        is_held = first.hold_id is not None and not first.outcome
        first.state = TABLE.advance(first.state, "win")
        for one in others:
            one.state = TABLE.advance(one.state, "lose")
        chain = _id(first, "award")
        asked = _to(actor, first, account, "to_price", chain) if is_held else []
        asked += [
            Transfer(
                id=_id(r, "void"), kind=Kind.VOID, hold_id=r.hold_id, chain=chain,
                cause=_cause(r, "release"),
            )
            for r in others if r.hold_id is not None
        ]  # fmt: skip
        if asked:
            ledger.chain(actor=actor, transfers=asked)
        first.outcome = DepositOutcome.TO_PRICE.value if is_held else first.outcome
        first.save()
        tell(actor, first, "registration_won", amount_fen=first.deposit_fen if is_held else 0)
        for one in others:
            one.save()
            if one.line_id is not None:
                _send_back(actor, one, one.line_id)


def _to(actor: Actor, one: Registration, account: UUID, what: str, chain: UUID) -> list[Transfer]:
    """The two transfers that pay a hold and pass it on from clearing."""
    return [
        Transfer(
            id=_id(one, f"{what}:post"), kind=Kind.POST, hold_id=one.hold_id, chain=chain,
            cause=_cause(one, what),
        ),
        Transfer(
            id=_id(one, what), debit=_clearing(actor), credit=account, amount=one.deposit_fen,
            asset=ASSET, chain=chain, cause=_cause(one, what),
        ),
    ]  # fmt: skip


def forfeit(
    *, actor: Actor, registration: Registration, case: str, fees_fen: int, loss_fen: int
) -> rules.Parts:
    """Take a deposit for a case that the listing has adopted: first the fees of both sides, the
    rest to the seller, in one chain; from the hold, or from the deal's account where a winner's has
    gone already. Returns the parts, with what is still claimed. Asked again, the same answer."""
    with acting(actor):
        one = locked(registration.pk)
        if min(fees_fen, loss_fen) < 0:
            told = gettext_noop("费用和损失不能小于零。")
            raise Invalid("deposits.invalid", INVALID, [Problem("fees_fen", "negative", told)])
        # A runner-up's may have gone back before the lot became theirs: then all of it is claimed.
        is_gone = one.hold_id is None or queries.refund_of(one) is not None
        parts = rules.forfeited_parts(0 if is_gone else one.deposit_fen, fees_fen, loss_fen)
        if one.state == "forfeited" and one.forfeited_for == case:
            return parts
        qualified = one.listing.registrations.filter(qualified_at__isnull=False).count()
        if case not in one.listing.forfeitures or not rules.is_forfeited(case, qualified=qualified):
            told = gettext_noop("挂牌没有写明这种情形扣除保证金，不能扣。")
            raise Conflict("deposits.case_not_adopted", told)
        source, asked = _source(actor, one)
        one.state = TABLE.advance(one.state, "forfeit")
        chain = _id(one, "forfeit")
        for what, amount in (("fees", parts.to_fees_fen), ("seller", parts.to_seller_fen)):
            if amount and source is not None:
                to = (
                    fees_account(actor) if what == "fees"
                    else earned_account(actor, one.listing.owner_id, "proceeds")
                )  # fmt: skip
                asked.append(
                    Transfer(
                        id=_id(one, f"forfeit:{what}"), debit=source, credit=to, amount=amount,
                        asset=ASSET, chain=chain, cause=_cause(one, "forfeit"),
                    )
                )  # fmt: skip
        if asked:
            ledger.chain(actor=actor, transfers=asked)
        one.outcome, one.forfeited_for = DepositOutcome.FORFEITED.value, case
        one.save()
        tell(
            actor, one, "deposit_forfeited", case=case, to_fees_fen=parts.to_fees_fen,
            to_seller_fen=parts.to_seller_fen, claim_fen=parts.claim_fen,
        )  # fmt: skip
        return parts


def forfeited_to_seller(one: Registration) -> Entered | None:
    """What a forfeited deposit has brought the seller, as it stands in the ledger."""
    return accounts.transfer(_id(one, "forfeit:seller"))


def _source(actor: Actor, one: Registration) -> tuple[UUID | None, list[Transfer]]:
    """Where a deposit is to be taken from, and what must happen first for that. None where there
    is none: it was nought, or has gone back."""
    if one.hold_id is None or one.outcome == DepositOutcome.REFUNDED:
        return None, []
    passed_on = accounts.transfer(_id(one, "to_price"))
    if passed_on is not None:
        return passed_on.credit.key, []
    post = Transfer(
        id=_id(one, "forfeit:post"), kind=Kind.POST, hold_id=one.hold_id,
        chain=_id(one, "forfeit"), cause=_cause(one, "forfeit"),
    )  # fmt: skip
    return _clearing(actor), [post]


def take_matched(expectation_ids: Sequence[int]) -> int:
    """Deposits whose money has just been matched; returns how many are held now."""
    found = Registration.objects.filter(expectation_id__in=expectation_ids).order_by("id")
    with acting(SYSTEM):
        numbers = list(found.values_list("pk", flat=True))
    return sum(_kept(pk) for pk in numbers)


def _kept(registration_id: int) -> bool:
    with acting(SYSTEM):
        return keep_if_paid(locked(registration_id))


def look_at_waiting(*, now: datetime, most: int) -> int:
    """Deposits that came while nobody listened: held, or sent back; up to `most`."""
    paid = matches().filter(expectation__isnull=False).values("expectation_id")
    waiting = Registration.objects.filter(
        state__in=("applied", *OVER), expectation_id__in=paid, outcome="", made_at__lte=now
    ).order_by("id")  # fmt: skip
    done = 0
    for pk in list(waiting.values_list("pk", flat=True)[:most]):
        with acting(SYSTEM):
            one = locked(pk)
            was = one.state, one.outcome
            keep_if_paid(one)
            done += (one.state, one.outcome) != was
    return done
