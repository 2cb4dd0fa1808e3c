"""A lot that is sold, for tests of what comes after: with its listing, bidders and deposits. The
listing's row is written by hand, the rest is done by the real verbs."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tests import make
from tests.actions.test_notices import advance, brought, said
from tests.trading import entered, through
from yangbanjian.ground.bank import actions as bank
from yangbanjian.ground.bank.actions import sandbox
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.files import actions as files
from yangbanjian.ground.journal import jobs as news
from yangbanjian.ground.ledger import queries as ledger
from yangbanjian.ground.ledger.models import Account
from yangbanjian.ground.people import queries as people
from yangbanjian.ground.people.models import Person
from yangbanjian.ground.rulebook import queries as rulebook
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.market.trading import actions, queries
from yangbanjian.market.trading.models import Deal, Listing, Lot
from yangbanjian.market.trading.rules.deposits import FORFEITURES

WAN = 1_000_000  # 1 万元 in fen
DEPOSIT = 20 * WAN
_plates = itertools.count(1)


@dataclass
class Sale:
    """A sold lot and everybody around it. `bidders` are in the order of their bids, best last."""

    tto: Person
    exchange: Person
    exchange2: Person
    bidders: list[Person]
    record: Any
    lot: Lot
    plates: list[str]
    prices: list[int]
    deal: Deal | None = None
    numbers: dict[int, str] = field(default_factory=dict)

    def actor(self, person: Person) -> Actor:
        return people.actor_of(person)

    @property
    def seller(self) -> Actor:
        return people.actor_of(self.tto)

    @property
    def buyer(self) -> Actor:
        deal = self.deal
        assert deal is not None
        return next(
            a for a in map(people.actor_of, self.bidders) if a.organisation_id == deal.buyer_id
        )

    @property
    def staff(self) -> Actor:
        return people.actor_of(self.exchange)

    @property
    def staff2(self) -> Actor:
        return people.actor_of(self.exchange2)


def sold(
    *, region: str = "330106", bidders: int = 2, payment: dict[str, Any] | None = None,
    deal_mode: str = "transfer", commission: list[dict[str, int]] | None = None,
    prices: list[int] | None = None, notice: bool = True, papers: tuple[str, ...] = (), **record: Any,
) -> Sale:  # fmt: skip
    """A lot whose bidding is over by the clock, the last bidder on top; not closed yet."""
    university = make.organisation("university", region=region)
    house = make.organisation("exchange")
    tto = make.person(Role.TTO, university)
    first, second = make.person(Role.EXCHANGE, house), make.person(Role.EXCHANGE, house)
    seller = people.actor_of(tto)
    achievement = brought(
        seller,
        **{
            "completers": [
                {"name": "沈知行", "share_percent": "60"}, {"name": "林一", "share_percent": "40"},
            ],
            **record,
        },
    )  # fmt: skip
    ended = _way_in(seller, achievement, deal_mode) if notice else None
    buyers = [make.person(Role.ENTERPRISE, make.organisation("enterprise")) for _ in range(bidders)]
    amounts = prices or [200 * WAN + 10 * WAN * n for n in range(bidders)]
    lot, plates = _sale(
        seller,
        achievement,
        ended,
        buyers,
        amounts,
        payment or {"kind": "once"},
        deal_mode,
        commission or [],
        papers,
    )
    return Sale(tto, first, second, buyers, achievement, lot, plates, amounts)


def _way_in(seller: Actor, achievement: Any, deal_mode: str) -> Any:
    """Decision, statements, and a notice that has stood its days."""
    actions.decide(
        actor=seller, achievement_id=achievement.pk, kind="collective", price_mode="agreement",
        price_fen=200 * WAN,
    )  # fmt: skip
    for item in ("title", "encumbrance", "annual_fee", "secrecy", "priority", "price_basis"):
        actions.state(actor=seller, achievement_id=achievement.pk, item=item, verdict="pass")
    drafted = actions.draft_notice(
        actor=seller, achievement_id=achievement.pk,
        values=said(deal_mode=deal_mode, price_fen=200 * WAN),
    )  # fmt: skip
    actions.open_notice(actor=seller, notice_id=drafted.pk)
    advance(timedelta(days=16))
    return queries.notice(seller, drafted.pk)


def _sale(
    seller: Actor, achievement: Any, notice: Any, buyers: list[Person], amounts: list[int],
    payment: dict[str, Any], deal_mode: str, commission: list[dict[str, int]],
    papers: tuple[str, ...],
) -> tuple[Lot, list[str]]:  # fmt: skip
    """A listing, its bidders, their bids."""
    now = clock.now()
    edition = rulebook.rule("deposit_rules", "CN")
    listing = Listing.objects.create(
        achievement=achievement, notice=notice, owner_id=achievement.owner_id, edition=edition,
        title=achievement.title, abstract=achievement.abstract, deal_mode=deal_mode,
        method="rising", start_fen=amounts[0], step_fen=1, deposit_fen=DEPOSIT, days=20,
        unit="working", first_day="counted", free_s=600, cycle_s=180, hard_close_s=3600,
        commission=commission, payment=payment, made_at=now,
        forfeitures=[one.code for one in FORFEITURES],
    )  # fmt: skip
    for tier in papers:
        actions.put_paper(
            actor=seller, listing_id=listing.pk, tier=tier, name=f"{tier}材料",
            file_id=files.attach(actor=seller, content=f"{tier}材料".encode(), name="a.txt").pk,
        )  # fmt: skip
    through(listing)
    actions.lay_out(actor=SYSTEM, listing=listing)
    plates = [f"A{next(_plates)}" for _ in buyers]
    for buyer, plate in zip(buyers, plates, strict=True):
        owner_id = buyer.memberships.get().organisation_id
        entered(listing, owner_id, plate, deposit_fen=DEPOSIT)
    lot = actions.open_lot(actor=SYSTEM, listing=listing)
    for seq, (buyer, amount) in enumerate(zip(buyers, amounts, strict=True), 1):
        told = actions.place_bid(
            actor=people.actor_of(buyer), lot_id=lot.pk, bid_id=f"b{seq}", amount_fen=amount
        )
        assert told.verdict == "accepted", told
    advance(timedelta(hours=2))
    return Lot.objects.select_related("listing").get(pk=lot.pk), plates


def awarded(**how: Any) -> Sale:
    """The last bidder has the lot."""
    sale = sold(**how)
    actions.close_lot(actor=SYSTEM, lot_id=sale.lot.pk)
    sale.deal = Deal.objects.get(lot=sale.lot)
    return sale


def signed(**how: Any) -> Sale:
    """Both sides have signed."""
    sale = awarded(**how)
    sign_both(sale)
    return sale


def sign_both(sale: Sale) -> None:
    assert sale.deal is not None
    actions.sign(actor=sale.buyer, deal_id=sale.deal.pk)
    actions.sign(actor=sale.seller, deal_id=sale.deal.pk)


def paid(**how: Any) -> Sale:
    """The price has come by the bank."""
    sale = signed(**how)
    pay(sale)
    return sale


def pay(sale: Sale, *seqs: int) -> None:
    """Pay instalments (all that are open) through the bank of the sandbox, and deliver the news."""
    assert sale.deal is not None
    house = sale.exchange.memberships.get().organisation_id
    at = bank.open_account(actor=sale.staff, number=f"3105{house:012d}", bank="东港银行")
    for row in queries.instalments(Deal.objects.get(pk=sale.deal.pk)):
        if row.paid_at is None and row.expectation and (not seqs or row.seq in seqs):
            sandbox.move_money(
                sender=sandbox.number_of(sale.deal.buyer_id), receiver=at.number,
                amount=row.expectation.amount, reference=row.expectation.reference,
            )  # fmt: skip
    news.deliver(include_own=True)


def fresh(sale: Sale) -> Deal:
    assert sale.deal is not None
    return Deal.objects.select_related("listing", "lot", "registration").get(pk=sale.deal.pk)


def balance(key: Any) -> int:
    """What a ledger account has: credits less debits, posted."""
    row = Account.objects.get(key=key)
    return row.credits_posted - row.debits_posted


def books_balance() -> bool:
    _, rows = ledger.trial_balance(SYSTEM)
    return all(r.balance.debits_posted == r.balance.credits_posted for r in rows)
