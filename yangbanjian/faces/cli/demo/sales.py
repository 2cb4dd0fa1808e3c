"""How the demo district sells on its floor: a listing with all that follows, by the real verbs and on
the district's clock. What is sold, and what becomes of it, stands in plans.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import Any

from yangbanjian.faces.cli import working
from yangbanjian.faces.cli.demo import content, sealed
from yangbanjian.faces.cli.demo.district import District
from yangbanjian.faces.cli.demo.plans import FALLS, PLANS, WAN, Plan
from yangbanjian.ground.bank import actions as bank
from yangbanjian.ground.clock import queries as clock
from yangbanjian.kernel.actor import Actor
from yangbanjian.market.certificates import actions as certificates
from yangbanjian.market.trading import actions, queries
from yangbanjian.market.trading.rules import payments

DAY_S = 24 * 3600
SOON = 0.02  # of a day: after something has fallen due
# What has to fall due for a sale to go on; the rest is done every few days.
NEEDED = ("bank", "trading")
VISITORS = ("enterprise", "enterprise2", "enterprise3")
EXCHANGE_PERMILLE, SHOWROOM_PERMILLE = 12, 8
QUESTIONS = (
    ("中试的原始记录和检测报告能在报名前看吗？", "可以。报名并取得资格后，在约定的时间到我单位查阅原件。"),
    ("成交以后，完成人团队会派人驻场吗？", "会。合同约定交付后三个月内驻场指导，差旅由受让方承担。"),
    ("以前有没有许可过别的企业？", "没有。权益登记簿上没有许可、质押的记录，可以公开查询。"),
)  # fmt: skip


class Sale:
    """One sale as it goes on."""

    def __init__(self, district: District, plan: Plan, number: int) -> None:
        self.district, self.plan, self.number = district, plan, number
        self.exchange = district.accounts["exchange"]
        self.second = district.accounts["exchange2"]
        self.row = next(r for r in content.rows("achievements") if r["key"] == plan.key)
        self.owner: Actor = district.actors[self.row["holder"]]
        self.holders = sealed.Holders(self.exchange, self.owner, district.accounts["auditor"])
        self.listing_id = self.lot_id = 0

    @cached_property
    def buyers(self) -> Sequence[Actor]:
        """Enterprises of the field, other ones each time; or those that a visitor may be."""
        if self.plan.is_for_visitors:
            return [self.district.accounts[name] for name in VISITORS][: self.plan.buyers]
        firms = [
            row["key"] for row in content.rows("organisations")
            if row["kind"] in ("enterprise", "investor") and self.row["field"] in row["fields"]
        ]  # fmt: skip
        first = self.number * 3
        return [
            self.district.actors[firms[(first + n) % len(firms)]] for n in range(self.plan.buyers)
        ]

    def at(self, days: float, what: Callable[[], None]) -> None:
        """In so many days."""
        story = self.district.story
        story.plan(story.day + days, partial(self.district.attempt, what, self.plan.key))

    def after(self, moment: datetime, what: Callable[[], None]) -> None:
        """Once a moment of business time has come and what falls due then is done."""

        def due() -> None:
            working.due(NEEDED)
            what()

        self.at((moment - clock.now()).total_seconds() / DAY_S + SOON, due)

    # Listed --------------------------------------------------------------------------------

    def begin(self) -> None:
        """The unit decides, states its checks, hands the listing in; two persons accept it."""
        pk, start = self.district.records[self.plan.key], self.plan.start * WAN
        actions.choose_way(actor=self.owner, achievement_id=pk, is_floor=True)
        actions.decide(
            actor=self.owner, achievement_id=pk, kind="collective", price_mode=self.plan.price_mode,
            price_fen=start, decided_on=clock.today(), note="校长办公会纪要（演示）",
        )  # fmt: skip
        for item in ("price_basis", "title", "encumbrance", "priority"):
            actions.state(actor=self.owner, achievement_id=pk, item=item, verdict="pass")
        made = actions.draft_listing(
            actor=self.owner, achievement_id=pk, values=self._values(start)
        )
        self.listing_id = made.pk
        actions.submit_listing(actor=self.owner, listing_id=made.pk)
        actions.accept_listing(actor=self.exchange, listing_id=made.pk)
        published = actions.publish_listing(actor=self.second, listing_id=made.pk)
        assert published.disclosure_ends_at is not None
        if self.number % 4 == 0:
            self.at(2, self.asked)
        if self.plan.then in ("withdrawn", "ended"):
            self.at(4, self.taken_back)
        elif self.plan.round > 1:
            self.after(published.disclosure_ends_at, self.next_round)
        elif self.plan.buyers:
            self.offered(published.disclosure_ends_at)

    def _values(self, start: int) -> dict[str, Any]:
        is_long, method = self.plan.then == "live", self.plan.method
        hosts = [(self.exchange.organisation_id, EXCHANGE_PERMILLE)]
        hosts.append((self.district.showroom(self.row["field"]), SHOWROOM_PERMILLE))
        return {
            "deal_mode": self.plan.mode, "method": method, "start_fen": start,
            "step_fen": 0 if method == "sealed" else self.plan.step * WAN,
            "deposit_fen": start // 10, "free_s": 2 * DAY_S,
            "cycle_s": (15 if is_long else 1) * DAY_S,
            "hard_close_s": (60 if is_long else 12) * DAY_S,
            "floor_fen": start // 2 if method == "dutch" else None,
            "reserve_fen": self.plan.reserve * WAN if self.plan.reserve else None,
            "payment": dict(self.plan.payment), "ladder": [dict(step) for step in self.plan.ladder],
            "commission": [{"organisation_id": who, "permille": part} for who, part in hosts],
        }  # fmt: skip

    def asked(self) -> None:
        """Somebody who thinks of buying asks; the unit answers for everybody to read."""
        text, said = QUESTIONS[self.number // 4 % len(QUESTIONS)]
        others = (
            a
            for a in self.district.actors.values()
            if not a.acts_for(self.owner.organisation_id or 0)
        )
        one = actions.ask(actor=next(others), listing_id=self.listing_id, text=text)
        self.at(1, partial(self._answer, one.pk, said))

    def _answer(self, question_id: int, said: str) -> None:
        actions.answer(actor=self.owner, question_id=question_id, text=said)

    def taken_back(self) -> None:
        """It does not come to bidding."""
        if self.plan.then == "withdrawn":
            actions.withdraw_listing(
                actor=self.owner, listing_id=self.listing_id, reason=self.plan.reason
            )
        else:
            actions.end_listing(
                actor=self.exchange, listing_id=self.listing_id, reason=self.plan.reason
            )

    def next_round(self) -> None:
        """Nobody came; the round that was laid down in advance has begun."""
        one = queries.listing(self.exchange, self.listing_id)
        assert one.disclosure_ends_at is not None
        if one.round < self.plan.round:
            self.after(one.disclosure_ends_at, self.next_round)
        else:
            self.offered(one.disclosure_ends_at)

    def offered(self, until: datetime) -> None:
        """Buyers come in the first days of a disclosure; it runs to its end."""
        self.at(1, self.sign_up)
        if self.plan.method == "sealed":
            self.at(1.5, lambda: self.holders.keep(queries.lot_of(self._listing()).pk))
        if self.plan.then != "disclosed":
            bids_from = 2.5 if self.plan.method == "dynamic" else None
            if bids_from is not None:
                self.at(bids_from, self.bid)
            else:
                self.after(until, self.opened)

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

    def _listing(self) -> Any:
        return queries.listing(self.exchange, self.listing_id)

    # Sold ----------------------------------------------------------------------------------

    def opened(self) -> None:
        """Bidding has begun; a falling price is waited for."""
        if self.plan.method == "dutch":
            self.at(FALLS + 0.2, self.bid)
        elif self.plan.method == "sealed":
            self.seal()
        else:
            self.bid()

    def bid(self) -> None:
        """As many bids as planned, by turns; of a falling price whatever the clock says."""
        lot = queries.lot_of(self._listing())
        self.lot_id = lot.pk
        for n, offer in enumerate(self.plan.offers):
            told = actions.place_bid(
                actor=self.buyers[n % len(self.buyers)], lot_id=lot.pk,
                bid_id=f"demo-{lot.pk}-{n}", amount_fen=offer * WAN,
            )  # fmt: skip
            assert told.verdict == "accepted", (self.plan.key, told)
        lot.refresh_from_db()
        if self.plan.then == "live":
            return
        assert lot.closes_at is not None
        is_taken = self.plan.method in ("dutch", "negotiated") or len(self.buyers) == 1
        self.after(clock.now() if is_taken else lot.closes_at, self.won)

    def seal(self) -> None:
        """Everybody seals one bid; two of the three holders open them."""
        lot = queries.lot_of(self._listing())
        self.lot_id = lot.pk
        for n, (buyer, offer) in enumerate(zip(self.buyers, self.plan.offers, strict=True)):
            sealed.place(buyer, lot.pk, f"demo-{lot.pk}-{n}", offer * WAN)
        assert lot.closes_at is not None
        self.after(lot.closes_at, self.open_bids)

    def open_bids(self) -> None:
        """The deadline is written in the signed log; then the keys are handed in."""
        self.holders.open(self.lot_id)
        self.won()

    def _deal(self) -> Any:
        """The deal that holds; one that was broken is over."""
        found = queries.deals(self.exchange).filter(lot_id=self.lot_id)
        return found.exclude(state="defaulted").get()

    def won(self) -> None:
        """The lot is over: signed, or never signed; or no bid has reached the reserve."""
        if self.plan.then in ("reserved", "awarded"):
            return
        deal = self._deal()
        if self.plan.then == "defaulted" and deal.follows_id is None:
            self.after(deal.sign_by, self.defaulted)
            return
        actions.sign(actor=self.owner, deal_id=deal.pk)
        actions.sign(actor=self._winner(deal), deal_id=deal.pk)
        if self.number % 2:
            no = f"{clock.today():%Y}3101{deal.pk:06d}"
            actions.register(actor=self.owner, deal_id=deal.pk, no=no)
        self.pay_next(deal.pk)

    def _winner(self, deal: Any) -> Actor:
        return next(b for b in self.buyers if b.organisation_id == deal.buyer_id)

    def defaulted(self) -> None:
        """The winner lets the days of signing pass; the runner-up has it."""
        deal = self._deal()
        actions.default(actor=self.exchange, deal_id=deal.pk, reason="逾期未签成交合同")
        self.at(1, self.won)

    def pay_next(self, deal_id: int) -> None:
        """The next instalment is paid from the winner's own account."""
        deal = queries.deal(self.exchange, deal_id)
        waiting = [i for i in queries.instalments(deal) if i.amount_fen > i.paid_fen]
        if waiting:
            part = waiting[0]
            self._pay(self._winner(deal), part.amount_fen - part.paid_fen, part.expectation)
        self.at(1, partial(self.paid, deal_id))

    def paid(self, deal_id: int) -> None:
        """The bank's news has come: what is paid whole goes on; else the next part is waited for."""
        working.news("trading")
        deal = queries.deal(self.exchange, deal_id)
        left = [i for i in queries.instalments(deal) if i.amount_fen > i.paid_fen]
        if not left:
            self.done(deal_id)
            return
        if not deal.security:
            actions.note_security(
                actor=self.exchange, deal_id=deal_id, security=f"东港银行付款保函 BH{deal_id:06d}"
            )
            self.issue(deal_id)
        if self.plan.then != "secured":
            self.at(
                (left[0].due_at - clock.now()) / timedelta(days=1) - 3,
                partial(self.pay_next, deal_id),
            )

    def issue(self, deal_id: int) -> None:
        """The certificate; of a few it is corrected or revoked later."""
        made = certificates.issue(actor=self.exchange, deal_id=deal_id)
        if self.plan.after_issue == "replaced":
            self.at(9, lambda: self._replace(deal_id))
        elif self.plan.after_issue == "revoked":
            self.at(16, partial(self._revoke, made.no))

    def _replace(self, deal_id: int) -> None:
        certificates.issue(actor=self.exchange, deal_id=deal_id, replaces=True)

    def _revoke(self, no: str) -> None:
        certificates.revoke(actor=self.second, no=no, reason="双方协议解除合同，凭证收回。")

    def done(self, deal_id: int) -> None:
        """Paid whole: certified, handed over, settled by two; royalties reported, filed."""
        if not queries.deal(self.exchange, deal_id).security:
            self.issue(deal_id)
        actions.hand_over(actor=self.owner, deal_id=deal_id)
        actions.propose_settlement(actor=self.exchange, deal_id=deal_id)
        actions.settle(actor=self.second, deal_id=deal_id)
        if payments.kind_of(self.plan.payment) in payments.WITH_ROYALTY:
            self.at(185, partial(self.reported, deal_id))
        else:
            self.at(90, lambda: self._archive(deal_id))

    def _archive(self, deal_id: int) -> None:
        actions.archive(actor=self.exchange, deal_id=deal_id)

    def reported(self, deal_id: int) -> None:
        """The buyer tells of half a year's sales, and pays the royalty if there is one."""
        deal, today = queries.deal(self.exchange, deal_id), clock.today()
        buyer = self._winner(deal)
        told = actions.report_royalty(
            actor=buyer, deal_id=deal_id, period_from=today - timedelta(days=180),
            period_to=today, base_fen=deal.price_fen * 2,
        )  # fmt: skip
        if told.instalment is not None:
            self._pay(buyer, told.royalty_fen, told.instalment.expectation)


def plan_sales(district: District) -> None:
    """Lay the sales out."""
    for number, plan in enumerate(PLANS):
        sale = Sale(district, plan, number)
        district.story.plan(plan.day, partial(district.attempt, sale.begin, plan.key))
