"""A market for tests: a university with an achievement that has stood its notice, two persons of the
exchange, buyers with an account at the sandbox's bank."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests import make
from tests.actions.test_notices import advance, brought, said
from yangbanjian.ground.bank import actions as bank
from yangbanjian.ground.bank.actions.sandbox import number_of
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.journal.jobs import deliver
from yangbanjian.ground.ledger import actions as ledger
from yangbanjian.ground.people.models import Organisation
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.market.trading import actions, queries
from yangbanjian.market.trading.actions import deposits
from yangbanjian.market.trading.models import Listing, Registration

DAY = timedelta(days=1)
WAN = 10_000_00
STATED = ("price_basis", "title", "encumbrance", "priority")


class Market:
    """The people of one sale."""

    def __init__(self) -> None:
        make.sandbox()
        self.tto = make.actor(Role.TTO, make.organisation("university", region="330106"))
        house = make.organisation("exchange")
        self.exchange, self.second = (make.actor(Role.EXCHANGE, house) for _ in range(2))
        self.house = number_of(house.pk)

    def ready(self) -> Any:
        """An achievement of which every duty is met."""
        record = brought(self.tto)
        actions.decide(
            actor=self.tto, achievement_id=record.pk, kind="collective", price_mode="agreement",
            price_fen=300 * WAN,
        )  # fmt: skip
        values = said(price_fen=300 * WAN)
        one = actions.draft_notice(actor=self.tto, achievement_id=record.pk, values=values)
        actions.open_notice(actor=self.tto, notice_id=one.pk)
        for item in STATED:
            actions.state(actor=self.tto, achievement_id=record.pk, item=item, verdict="pass")
        advance(16 * DAY)
        return queries.achievement(self.tto, record.pk)

    def drafted(self, record: Any = None, **values: Any) -> Listing:
        record = record or self.ready()
        return actions.draft_listing(
            actor=self.tto, achievement_id=record.pk, values=terms(**values)
        )

    def accepted(self, **values: Any) -> Listing:
        one = self.drafted(**values)
        actions.submit_listing(actor=self.tto, listing_id=one.pk)
        return actions.accept_listing(actor=self.exchange, listing_id=one.pk)

    def published(self, **values: Any) -> Listing:
        one = self.accepted(**values)
        return actions.publish_listing(actor=self.second, listing_id=one.pk)

    def buyer(self) -> Actor:
        return make.actor(Role.ENTERPRISE)

    def signed_up(self, one: Listing, **values: Any) -> Registration:
        return actions.sign_up(actor=self.buyer(), listing_id=one.pk, **values)

    def pay(self, registration: Registration, sender: str = "", amount: int | None = None) -> None:
        """The bank brings it, and the news of it arrives."""
        assert registration.expectation is not None
        bank.move_money(
            sender=sender or registration.bank_account, receiver=self.house,
            amount=registration.deposit_fen if amount is None else amount,
            reference=registration.expectation.reference,
        )  # fmt: skip
        deliver(include_own=True)

    def deposited(self, one: Listing, **values: Any) -> Registration:
        made = self.signed_up(one, **values)
        self.pay(made)
        return fresh(made)

    def qualified(self, one: Listing, **values: Any) -> Registration:
        made = self.deposited(one, **values)
        return actions.qualify_buyer(actor=self.exchange, registration_id=made.pk)


def through(one: Listing, last: str = "bidding") -> Listing:
    """A drafted row as it is when bidding begins; or, still to be signed up for, as `disclosed`."""
    now = clock.now()
    ends = now + DAY / 2 if last == "disclosed" else now - DAY / 2
    public = {"published_by": 2, "published_at": now - DAY, "disclosure_ends_at": ends}
    steps: dict[str, dict[str, Any]] = {
        "submitted": {}, "accepted": {"accepted_by": 1}, "disclosed": public, "expired": {},
        "qualifying": {}, "bidding": {},
    }  # fmt: skip
    for state, values in steps.items():
        Listing.objects.filter(pk=one.pk).update(state=state, **values)
        if state == last:
            break
    return fresh(one)  # type: ignore[no-any-return]


def entered(
    one: Listing,
    owner_id: int,
    plate: str,
    *,
    deposit_fen: int = 0,
    until: str = "qualified",
    **values: Any,
) -> Registration:
    """A buyer in a listing whose days of signing up are over: the row by hand, the money by the
    bank and the ledger."""
    expected = None
    if deposit_fen:
        values["account"] = deposits.account_key(one.pk, owner_id)
        ledger.open_account(
            actor=SYSTEM, key=values["account"], owner_id=owner_id, code="deposit", asset="CNY",
            is_limited=True,
        )  # fmt: skip
        values["bank_account"] = number_of(owner_id)
        expected = bank.expect(
            actor=SYSTEM, account=values["account"], amount=deposit_fen,
            counterparty=number_of(owner_id), cause="deposit",
        )  # fmt: skip
    now = clock.now()
    made = Registration.objects.create(
        listing=one, owner_id=owner_id, plate=plate, deposit_fen=deposit_fen, expectation=expected,
        due_at=now + DAY, made_at=now, **values,
    )  # fmt: skip
    if expected is not None:
        bank.move_money(
            sender=number_of(owner_id), receiver=number_of(_house()), amount=deposit_fen,
            reference=expected.reference,
        )  # fmt: skip
        assert deposits.keep_if_paid(deposits.locked(made.pk))
    else:
        Registration.objects.filter(pk=made.pk).update(state="deposited")
    if until != "deposited":
        Registration.objects.filter(pk=made.pk).update(
            state="qualified", qualified_by=1, qualified_at=now
        )
    if until not in ("deposited", "qualified"):
        Registration.objects.filter(pk=made.pk).update(state=until)
    return fresh(made)  # type: ignore[no-any-return]


def _house() -> int:
    found = Organisation.objects.filter(kind="exchange").order_by("id").first()
    return (found or make.organisation("exchange")).pk


def terms(**values: Any) -> dict[str, Any]:
    return {
        "method": "rising", "start_fen": 200 * WAN, "step_fen": 10 * WAN, "deposit_fen": 20 * WAN,
        "free_s": 600, "cycle_s": 180, "hard_close_s": 3600, **values,
    }  # fmt: skip


def fresh(one: Any) -> Any:
    return type(one).objects.get(pk=one.pk)
