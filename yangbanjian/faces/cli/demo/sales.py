"""What the demo district sells on its floor: by rising bids, by a falling price, to one buyer; one
winner who never signs, one listing that buyers can still sign up for, one auction that runs when a
visitor comes. All by the real verbs, on the district's clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from yangbanjian.faces.cli import working
from yangbanjian.faces.cli.demo import floor
from yangbanjian.faces.cli.demo.district import District
from yangbanjian.ground.bank import actions as bank
from yangbanjian.ground.clock import queries as clock
from yangbanjian.kernel.actor import Actor
from yangbanjian.market.certificates import actions as certificates
from yangbanjian.market.trading import actions, queries

WAN = 1_000_000
DAY_S = 24 * 3600
SOON = 0.02  # of a day: after something has fallen due
Then = Callable[["Sale"], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """One sale: when it is listed, how it is sold, how many come, how often they bid."""

    day: float
    method: str
    start: int  # in 万
    step: int
    buyers: int
    bids: int
    then: str = "paid"  # or "defaulted", "live", "disclosed"


PLANS = (
    Plan(205, "rising", 200, 10, 3, 9),
    Plan(228, "negotiated", 68, 1, 1, 1),
    Plan(251, "dutch", 150, 5, 2, 1),
    Plan(274, "rising", 120, 5, 3, 7, "defaulted"),
    Plan(297, "rising", 86, 4, 2, 6),
    Plan(343, "rising", 260, 10, 3, 4, "live"),
    Plan(360, "rising", 96, 5, 1, 0, "disclosed"),
)


class Sale:
    """One sale as it goes on."""

    def __init__(self, district: District, plan: Plan) -> None:
        self.district, self.plan = district, plan
        self.exchange = district.accounts["exchange"]
        self.second = district.accounts["exchange2"]
        self.buyers: Sequence[Actor] = [
            district.accounts[name] for name in ("enterprise", "enterprise2", "enterprise3")
        ][: plan.buyers]
        self.owner: Actor = self.exchange
        self.listing_id = self.lot_id = 0

    def at(self, days: float, what: Callable[[], None]) -> None:
        """In so many days."""
        story = self.district.story
        story.plan(story.day + days, partial(self.district.attempt, what, "sale"))

    def after(self, moment: Any, what: Callable[[], None]) -> None:
        """Once a moment of business time has come and what falls due then is done."""

        def due() -> None:
            working.due()
            what()

        self.at((moment - clock.now()).total_seconds() / DAY_S + SOON, due)

    # Listed --------------------------------------------------------------------------------

    def begin(self) -> None:
        """The unit decides, states its checks, hands the listing in; two persons accept it."""
        # From the end: the first ones are for the notices.
        *_, (self.owner, record) = floor.candidates(self.district)
        start = self.plan.start * WAN
        actions.choose_way(actor=self.owner, achievement_id=record.pk, is_floor=True)
        actions.decide(
            actor=self.owner, achievement_id=record.pk, kind="collective", price_mode="auction",
            price_fen=start, decided_on=clock.today(), note="校长办公会纪要（演示）",
        )  # fmt: skip
        for item in ("price_basis", "title", "encumbrance", "priority"):
            actions.state(actor=self.owner, achievement_id=record.pk, item=item, verdict="pass")
        is_long = self.plan.then == "live"
        values: dict[str, Any] = {
            "method": self.plan.method, "start_fen": start, "step_fen": self.plan.step * WAN,
            "deposit_fen": start // 10, "free_s": 2 * DAY_S,
            "cycle_s": (15 if is_long else 1) * DAY_S, "hard_close_s": (60 if is_long else 12) * DAY_S,
            "floor_fen": start // 2 if self.plan.method == "dutch" else None,
            "commission": [
                {"organisation_id": self.exchange.organisation_id, "permille": 15},
            ],
        }  # fmt: skip
        made = actions.draft_listing(actor=self.owner, achievement_id=record.pk, values=values)
        self.listing_id = made.pk
        actions.submit_listing(actor=self.owner, listing_id=made.pk)
        actions.accept_listing(actor=self.exchange, listing_id=made.pk)
        published = actions.publish_listing(actor=self.second, listing_id=made.pk)
        self.at(1, self.sign_up)
        if self.plan.then != "disclosed":
            self.after(published.disclosure_ends_at, self.opened)

    def sign_up(self) -> None:
        """Each buyer pays the deposit from their own account; the exchange confirms them."""
        for buyer in self.buyers:
            one = actions.sign_up(actor=buyer, listing_id=self.listing_id)
            self._pay(buyer, one.deposit_fen, one.expectation)
            if self.plan.then != "disclosed":
                actions.qualify_buyer(actor=self.exchange, registration_id=one.pk)

    def _pay(self, buyer: Actor, fen: int, expectation: Any) -> None:
        bank.move_money(
            sender=bank.number_of(buyer.organisation_id or 0), receiver=queries.house_account(),
            amount=fen, reference=expectation.reference,
        )  # fmt: skip

    # Sold ----------------------------------------------------------------------------------

    def opened(self) -> None:
        """Bidding has begun; a falling price is waited for."""
        if self.plan.method == "dutch":
            self.at(2.2, self.bid)
        else:
            self.bid()

    def bid(self) -> None:
        """As many bids as planned, by turns; of a falling price whatever the clock says."""
        lot = queries.lot_of(queries.listing(self.exchange, self.listing_id))
        self.lot_id = lot.pk
        price, step = lot.start_fen, lot.step_fen
        for n in range(self.plan.bids):
            told = actions.place_bid(
                actor=self.buyers[n % len(self.buyers)], lot_id=lot.pk,
                bid_id=f"demo-{lot.pk}-{n}", amount_fen=price,
            )  # fmt: skip
            price += step * (1 + n % 3)
            assert told.verdict == "accepted", told
        lot.refresh_from_db()
        if self.plan.then != "live":
            is_taken = self.plan.method in ("dutch", "negotiated")
            self.after(clock.now() if is_taken else lot.closes_at, self.won)

    def _deal(self) -> Any:
        """The deal that holds; one that was broken is over."""
        found = queries.deals(self.exchange).filter(lot_id=self.lot_id)
        return found.exclude(state="defaulted").get()

    def won(self) -> None:
        """The lot is over: signed and paid, or never signed."""
        deal = self._deal()
        if self.plan.then == "defaulted" and deal.follows_id is None:
            self.after(deal.sign_by, self.defaulted)
            return
        winner = next(b for b in self.buyers if b.organisation_id == deal.buyer_id)
        actions.sign(actor=self.owner, deal_id=deal.pk)
        actions.sign(actor=winner, deal_id=deal.pk)
        for part in queries.instalments(deal):
            if part.amount_fen > part.paid_fen:
                self._pay(winner, part.amount_fen - part.paid_fen, part.expectation)
        self.at(1, partial(self.paid, deal.pk))

    def defaulted(self) -> None:
        """The winner lets the days of signing pass; the runner-up has it."""
        deal = self._deal()
        actions.default(actor=self.exchange, deal_id=deal.pk, reason="逾期未签成交合同")
        self.at(1, self.won)

    def paid(self, deal_id: int) -> None:
        """The bank's news has come: handed over, certified, settled by two."""
        working.catch_up()
        actions.hand_over(actor=self.owner, deal_id=deal_id)
        certificates.issue(actor=self.exchange, deal_id=deal_id)
        actions.propose_settlement(actor=self.exchange, deal_id=deal_id)
        actions.settle(actor=self.second, deal_id=deal_id)


def plan_sales(district: District) -> None:
    """Lay the sales out."""
    for plan in PLANS:
        sale = Sale(district, plan)
        district.story.plan(plan.day, partial(district.attempt, sale.begin, "sale"))
