"""A market for tests: a university with an achievement that has stood its notice, two persons of the
exchange, buyers with an account at the sandbox's bank."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests import make
from tests.actions.test_notices import advance, brought, said
from yangbanjian.ground.bank import actions as bank
from yangbanjian.ground.bank.actions.sandbox import number_of
from yangbanjian.ground.journal.jobs import deliver
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.market.trading import actions, queries
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


def terms(**values: Any) -> dict[str, Any]:
    return {
        "method": "rising", "start_fen": 200 * WAN, "step_fen": 10 * WAN, "deposit_fen": 20 * WAN,
        "free_s": 600, "cycle_s": 180, "hard_close_s": 3600, **values,
    }  # fmt: skip


def fresh(one: Any) -> Any:
    return type(one).objects.get(pk=one.pk)
