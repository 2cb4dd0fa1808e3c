"""Reading deals: one, lists, who comes next, the division of the income."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, time, timedelta

from django.db.models import F, Q, QuerySet, Sum, prefetch_related_objects

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.ledger import queries as ledger
from yangbanjian.ground.ledger.models import Account
from yangbanjian.ground.people import queries as people
from yangbanjian.ground.rulebook import queries as rulebook
from yangbanjian.ground.rulebook.models import Edition
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.kernel.calendar import Unit
from yangbanjian.kernel.flaws import FlawError
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading.models import Deal, Instalment, Listing, Lot, PlacedBid, Reserve
from yangbanjian.market.trading.queries import way
from yangbanjian.market.trading.rules import closing, contracts, payments, splits
from yangbanjian.market.trading.rules.lots import Placed

DEPOSITS, FLOORS = "deposit_rules", "reward_floors"
_NEXT = ("qualified", "lost")  # registrations that may still be asked


def deals(actor: Actor, *, only_own: bool = False) -> QuerySet[Deal]:
    """Results are public: everybody sees them all, the newest first. `only_own`: those of the
    actor's organisations."""
    found = Deal.objects.select_related(
        "owner", "buyer", "listing", "lot", "achievement", "edition"
    )
    if only_own:
        mine = sorted(actor.mandates)
        found = found.filter(Q(owner_id__in=mine) | Q(buyer_id__in=mine))
    return found.order_by("-id")


def deal(actor: Actor, deal_id: int) -> Deal:
    """One deal. Raises NotFound. Also where its achievement is no longer shown."""
    with acting(SYSTEM):
        found = deals(actor).filter(pk=deal_id).first()
    if found is None:
        raise NotFound("deals.not_found", gettext_noop("没有找到这笔交易，请核对编号。"))
    return found


def instalments(one: Deal) -> list[Instalment]:
    """What is to be paid and what has been, in order; nothing for those who are no party. Who sees
    a row sees what is waited for at the bank, also the buyer, whose account it is not."""
    rows = list(one.instalments.order_by("seq"))
    with acting(SYSTEM):
        prefetch_related_objects(rows, "expectation__account", "line")
    return rows


def plan_of(one: Deal) -> list[Instalment]:
    """The instalments of the price itself, without those that royalty reports asked for."""
    asked = set(one.reports.values_list("instalment_id", flat=True))
    return [i for i in instalments(one) if i.pk not in asked]


def deposit_rule(place: str) -> Edition:
    """The edition of deposits, signing and paying that holds there now."""
    return rulebook.rule(DEPOSITS, place)


def figure(edition: Edition, item: str) -> tuple[int, str]:
    """(value, unit) of one row of the deposit rules. Raises KeyError."""
    for row in edition.rows:
        if row["item"] == item:
            return int(row["value"]), str(row["unit"])
    raise KeyError(item)


def day_after(start: datetime, days: int, unit: str) -> datetime:
    """The end of the last of so many days from the day after `start`. In a year whose holidays
    nobody has announced yet, weekdays count: an award cannot wait for a table."""
    zone = clock.site_zone()
    first = start.astimezone(zone).date()
    wanted: Unit = "working" if unit == "working" else "calendar"
    try:
        last = clock.calendar().add_days(first, days, unit=wanted, first_day="next").last
    except FlawError:
        last = _weekdays_after(first, days)
    return midnight_after(last)


def midnight_after(last: date) -> datetime:
    """The first instant after a day, in the site's zone."""
    return datetime.combine(last + timedelta(days=1), time(), clock.site_zone())


def _weekdays_after(day: date, days: int) -> date:
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < 5
    return day


def months_later(start: datetime, months: int) -> datetime:
    """The end of the same day so many months later."""
    day = start.astimezone(clock.site_zone()).date()
    return midnight_after(payments.months_after(day, months))


def result_of(lot: Lot) -> closing.Result:
    """The result of a sold lot with every plate's best bid, also those that its log keeps back."""
    best: dict[str, Placed] = {}
    for bid in PlacedBid.objects.filter(lot=lot).order_by("-amount_fen", "seq"):
        best.setdefault(
            bid.plate,
            Placed(bid.seq, bid.plate, bid.amount_fen, bid.at, bid.closes_at, bid.is_auto),
        )
    told = lot.result or {}
    for row in told.get("order", ()):
        at = lot.closes_at or lot.made_at
        best.setdefault(row["plate"], Placed(row["seq"], row["plate"], row["amount_fen"], at, at))
    order = sorted(best.values(), key=lambda b: (-b.amount_fen, b.seq))
    return closing.Result(
        outcome=closing.Outcome.SOLD, closed_at=lot.closes_at or lot.made_at, order=tuple(order),
        winner=told.get("winner"), price_fen=told.get("price_fen"),
    )  # fmt: skip


def next_in_line(lot: Lot, barred: Collection[str]) -> Placed | None:
    """The runner-up who may still be asked; None: nobody. Registrations and the reserve are read by
    the house."""
    with acting(SYSTEM):
        return _next_in_line(lot, barred)


def _next_in_line(lot: Lot, barred: Collection[str]) -> Placed | None:
    able = set(
        lot.listing.registrations.filter(state__in=_NEXT).values_list("plate", flat=True)
    ) - set(barred)
    result = result_of(lot)
    others = {b.plate for b in result.order} - able
    kept = Reserve.objects.filter(lot=lot).first()
    reserve = closing.Reserve(fen=kept.fen, nonce=kept.nonce) if kept else None
    return closing.runner_up(result, others, reserve)


def received_fen(one: Deal) -> int:
    """What the deal's account in the ledger has received and kept; 0 before it is opened."""
    with acting(SYSTEM):  # the account is the seller's; a certificate says what it has received
        account = Account.objects.filter(key=one.account).first() if one.account else None
        return ledger.received(account) if account is not None else 0


def paid_fen(one: Deal) -> int:
    with acting(SYSTEM):
        return int(one.instalments.aggregate(n=Sum("paid_fen"))["n"] or 0)


def overdue(one: Deal, now: datetime) -> bool:
    """Is a signature or a payment late?"""
    if one.state == "awarded":
        return now >= one.sign_by
    if one.state != "signed":
        return False
    with acting(SYSTEM):  # that it is late is told with the state, how much is not
        return one.instalments.filter(paid_fen__lt=F("amount_fen"), due_at__lte=now).exists()


def default_at(one: Deal) -> datetime | None:
    """From when on the buyer is late with the next signature or payment; None where nothing that
    has a day is waited for. A deal that is broken otherwise may be found so before."""
    if one.state == "awarded":
        return one.sign_by
    if one.state != "signed":
        return None
    with acting(SYSTEM):  # as `overdue`: when, and not how much
        waiting = one.instalments.filter(paid_fen__lt=F("amount_fen"))
        return waiting.order_by("due_at").values_list("due_at", flat=True).first()


def prices(listings: Iterable[Listing]) -> Mapping[int, int]:
    """What those of these listings that are sold went for in fen, by the listing's number. Of a sale
    that its buyer has broken only what came after it counts."""
    with acting(SYSTEM):  # results are public, also where the achievement is shown no longer
        held = Deal.objects.filter(listing__in=[one.pk for one in listings])
        return dict(
            held.exclude(state="defaulted").order_by("id").values_list("listing_id", "price_fen")
        )


def commissions(one: Deal) -> list[tuple[int, str, int]]:
    """(organisation, its name, fen) of everybody who has a share of the price by the listing."""
    found = []
    for row in one.listing.commission:
        organisation = people.organisation(int(row["organisation_id"]))
        if organisation is not None:
            fen = splits.commission_fen(one.price_fen, int(row["permille"]))
            found.append((organisation.pk, organisation.name, fen))
    return found


def split(one: Deal) -> tuple[splits.Split, Edition]:
    """Whose the income is, under the floors that held where the seller is on the day of the award."""
    place = way.jurisdiction(one.achievement)
    day = one.awarded_at.astimezone(clock.site_zone()).date()
    edition = rulebook.rule(FLOORS, place, day)
    costs = [("commission", sum(fen for _, _, fen in commissions(one)))]
    permille = splits.floor_permille(edition.rows, one.deal_mode)
    people_of_it = one.achievement.completers if way.is_public_unit(one.achievement) else []
    return splits.split(one.price_fen, costs, permille, people_of_it, one.owner.name), edition


def registry_check(one: Deal) -> contracts.RegistryCheck:
    """The check before the technology contract is filed."""
    fields = {c["name"]: c["text"] for c in one.contract.get("clauses", ())}
    return contracts.check_for_registry(one.deal_mode, fields, one.price_fen, one.other_fen)


def due_deals(now: datetime, most: int) -> list[int]:
    """Deals with a signature that has become late; payments are followed with the deal."""
    late = Deal.objects.filter(state="awarded", sign_by__lte=now).order_by("id")
    return list(late.values_list("pk", flat=True)[:most])
