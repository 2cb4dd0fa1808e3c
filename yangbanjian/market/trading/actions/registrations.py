"""A buyer's registration: signed up, qualified or refused by the exchange, taken back."""

from __future__ import annotations

import secrets
from datetime import datetime

from yangbanjian.ground.bank import actions as bank
from yangbanjian.ground.bank.actions.sandbox import number_of
from yangbanjian.ground.bank.rules import account_number
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.ledger import actions as ledger
from yangbanjian.ground.messages import actions as messages
from yangbanjian.ground.messages.actions import Word
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.refusals import Conflict, Invalid, Problem
from yangbanjian.kernel.text import clean_text
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import policy, queries
from yangbanjian.market.trading.actions import deposits
from yangbanjian.market.trading.actions.decisions import INVALID
from yangbanjian.market.trading.actions.disclosure import go_on
from yangbanjian.market.trading.actions.listings import locked_listing, needed_reason
from yangbanjian.market.trading.models import Listing, Registration
from yangbanjian.market.trading.rules import listings as rules
from yangbanjian.market.trading.rules.lots import Method
from yangbanjian.market.trading.rules.registration_states import TABLE

MOST_REGISTRATIONS = 500


def sign_up(
    *, actor: Actor, listing_id: int, bank_account: str = "", is_related: bool = False,
    is_priority: bool = False, statement: str = "",
) -> Registration:  # fmt: skip
    """Register the actor's organisation for a listing while it is disclosed. `bank_account` is its
    own, from which alone the deposit counts and to which alone it goes back. Signing up again gives
    the same registration."""
    with acting(actor):
        queries.listing(actor, listing_id)
        one = locked_listing(listing_id)
        policy.may_sign_up(actor, one).or_refuse()
        assert actor.organisation_id is not None
        there = one.registrations.filter(owner_id=actor.organisation_id).first()
        if there is not None:
            return _again(there)
        due = _due(one)
        said = clean_text(statement, cap=2000)
        payer = _payer(actor.organisation_id, bank_account)
        _refuse_relation(one, is_related=is_related, is_priority=is_priority, said=said)
        made = Registration(
            listing=one, owner_id=actor.organisation_id, plate=_plate(one), bank_account=payer,
            deposit_fen=one.deposit_fen, due_at=due, is_related=is_related,
            is_priority=is_priority, statement=said, made_by=actor.person_id, made_at=clock.now(),
        )  # fmt: skip
        _expect(made)
        made.save()
        deposits.tell(actor, made, "signed_up", amount_fen=made.deposit_fen)
        if not made.deposit_fen:
            made.state = TABLE.advance(made.state, "deposit")
            made.save()
        word = Word(
            "trading", gettext_noop("「%(title)s」有新的报名。"), {"title": one.title},
            f"/listings/{one.pk}", once=f"registration.{made.pk}",
        )  # fmt: skip
        messages.tell_role(Role.EXCHANGE, word)
        return made


def _again(there: Registration) -> Registration:
    if there.state in ("withdrawn", "refused", "lapsed"):
        raise Conflict(
            "registrations.once", gettext_noop("您的单位对这项挂牌报过名，已经结束，不能再报。")
        )
    return there


def _due(one: Listing) -> datetime:
    """The end of the disclosure, until which one signs up and pays; refuses where it is over."""
    ends = one.disclosure_ends_at
    if one.state != "disclosed" or ends is None or clock.now() >= ends:
        raise Conflict(
            "registrations.not_open", gettext_noop("这项挂牌不在信息发布期内，现在不能报名。")
        )
    with acting(SYSTEM):  # a buyer sees their own alone
        count = one.registrations.count()
    if count >= MOST_REGISTRATIONS:
        raise Conflict("registrations.many", gettext_noop("报名的单位已经很多，请联系交易机构。"))
    return ends


def _payer(organisation_id: int, said: str) -> str:
    number = account_number(said)
    if not number and clock.is_sandbox():
        number = number_of(organisation_id)
    if not number:
        told = gettext_noop("请填写本单位的银行账号：只有从它付的保证金才算，退款也只退回它。")
        raise Invalid("registrations.invalid", INVALID, [Problem("bank_account", "required", told)])
    return number


def _refuse_relation(one: Listing, *, is_related: bool, is_priority: bool, said: str) -> None:
    if is_related and one.method != Method.NEGOTIATED:
        raise Conflict(
            "registrations.related",
            gettext_noop(
                "转让方的关联方不能参加竞价。请与转让方另办协议转让，并在公示里写明关系。"
            ),
        )
    if (is_related or is_priority) and not said:
        told = gettext_noop("请写明是谁、什么关系：关联方或完成人的情况要留下说明。")
        raise Invalid("registrations.invalid", INVALID, [Problem("statement", "required", told)])


def _plate(one: Listing) -> str:
    """Drawn at random, so that it tells nothing of who came when."""
    with acting(SYSTEM):
        taken = set(one.registrations.values_list("plate", flat=True))
    while True:
        drawn = rules.plate(secrets.randbelow(rules.PLATES))
        if drawn not in taken:
            return drawn


def _expect(made: Registration) -> None:
    """The buyer's own account for the deposit, and what the bank is to bring. Nobody but the house
    opens accounts, so the house does."""
    if not made.deposit_fen:
        return
    queries.house_account()
    key = deposits.account_key(made.listing_id, made.owner_id)
    ledger.open_account(
        actor=SYSTEM, key=key, owner_id=made.owner_id, code="deposit", asset=deposits.ASSET,
        is_limited=True,
    )  # fmt: skip
    made.account = key
    made.expectation = bank.expect(
        actor=SYSTEM,
        account=key,
        amount=made.deposit_fen,
        counterparty=made.bank_account,
        cause=f"trading:deposit:{made.listing_id}",
    )


def _locked(actor: Actor, registration_id: int) -> tuple[Listing, Registration]:
    """The listing, then the registration, both locked: always in this order."""
    seen = queries.registration(actor, registration_id)
    listing = locked_listing(seen.listing_id)
    return listing, deposits.locked(registration_id)


def qualify_buyer(*, actor: Actor, registration_id: int) -> Registration:
    """Confirm that a buyer who has paid may buy; what the listing waited for goes on."""
    with acting(actor):
        listing, one = _locked(actor, registration_id)
        policy.may_qualify(actor, one).or_refuse()
        deposits.keep_if_paid(one)  # the bank may be quicker than the news of it
        if one.state == "applied":
            raise Conflict(
                "registrations.deposit_missing",
                gettext_noop("保证金还没有到账，到账后才能确认资格。"),
            )
        one.state = TABLE.advance(one.state, "qualify")
        one.qualified_by, one.qualified_at = actor.person_id, clock.now()
        one.save()
        deposits.tell(actor, one, "buyer_qualified")
        _tell_buyer(one, gettext_noop("您对「%(title)s」的报名已取得资格。"))
        go_on(actor, listing)
        return one


def refuse_buyer(*, actor: Actor, registration_id: int, reason: str) -> Registration:
    """Refuse a buyer, with the reason; what was paid goes back to the payer."""
    with acting(actor):
        listing, one = _locked(actor, registration_id)
        policy.may_qualify(actor, one).or_refuse()
        why = needed_reason(reason)
        deposits.keep_if_paid(one)
        one.state = TABLE.advance(one.state, "refuse")
        one.save()
        deposits.tell(actor, one, "buyer_refused", remark=why)
        deposits.release(actor=actor, registration=one)
        _tell_buyer(one, gettext_noop("您对「%(title)s」的报名没有通过资格审查，请查看原因。"))
        go_on(actor, listing)
        one.refresh_from_db()
        return one


def withdraw_registration(*, actor: Actor, registration_id: int) -> Registration:
    """Take one's registration back before the deposit has come."""
    with acting(actor):
        _, one = _locked(actor, registration_id)
        policy.may_leave(actor, one).or_refuse()
        deposits.keep_if_paid(one)
        one.state = TABLE.advance(one.state, "withdraw")
        one.save()
        deposits.tell(actor, one, "registration_withdrawn")
        return one


def looked_at_registration(actor: Actor, registration_id: int) -> Registration:
    """The registration as it is before a move, locked to the end of the request."""
    return _locked(actor, registration_id)[1]


def _tell_buyer(one: Registration, sentence: str) -> None:
    word = Word(
        "trading", sentence, {"title": one.listing.title}, f"/listings/{one.listing_id}",
        once=f"registration.{one.state}.{one.pk}",
    )  # fmt: skip
    messages.tell_organisation(one.owner_id, word, Role.ENTERPRISE, Role.TTO, Role.BROKER)
