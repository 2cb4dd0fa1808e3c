"""Facts about awards for the risk indicators, gathered by the house in a few statements, and what the
indicators say of them to whom."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.people.models import Membership
from yangbanjian.ground.rulebook import queries as rulebook
from yangbanjian.kernel.actor import SYSTEM, Actor
from yangbanjian.market.openness import policy
from yangbanjian.market.openness.rules import risks
from yangbanjian.market.trading.models import Deal, Lot, Registration, Reserve
from yangbanjian.market.trading.rules.lots import Method

TABLE = "risk_indicators"
MOST = 5000
_OF_OTHERS = "achievement", "owner_id", "buyer_id", "price_fen", "awarded_at"
RELATED = "achievement", "lot", "listing__notice", "registration", "owner", "buyer"


@dataclass(frozen=True, slots=True)
class Judged:
    """A sale and what its indicators say."""

    deal: Deal
    verdicts: tuple[risks.Verdict, ...]


def thresholds() -> dict[str, risks.Figures]:
    return risks.figures(rulebook.rule(TABLE).rows)


def judged(actor: Actor, indicator: str = "") -> list[Judged]:
    """The newest sales (5,000 at most) on which an indicator fires, the latest first. Raises
    NotAllowed."""
    policy.may_see_risks(actor).or_refuse()
    with acting(SYSTEM):
        rows = list(_awards().order_by("-id")[:MOST])
        facts = _facts(rows)
        known = thresholds()
    told = [Judged(row, risks.verdicts(facts[row.pk], known)) for row in rows]
    return [
        one
        for one in told
        if one.verdicts and (not indicator or indicator in {v.indicator for v in one.verdicts})
    ]


def counted(found: Collection[Judged]) -> Mapping[str, int]:
    """How many sales each indicator fires on."""
    return Counter(v.indicator for one in found for v in one.verdicts)


def of_deal(actor: Actor, deal: Deal) -> tuple[risks.Verdict, ...]:
    """What the indicators say of one sale, as much of it as this actor may see."""
    if deal.state == "defaulted":
        return ()
    with acting(SYSTEM):
        row = _awards().filter(pk=deal.pk).first()
        if row is None:
            return ()
        told = risks.verdicts(_facts([row])[row.pk], thresholds())
    if policy.may_see_risks(actor).allowed:
        return told
    return tuple(v for v in told if risks.INDICATORS[v.indicator].is_public)


def _awards() -> Any:
    """Awards that stand: what was broken sells nothing."""
    return Deal.objects.exclude(state="defaulted").select_related(*RELATED)


def _facts(rows: list[Deal]) -> dict[int, risks.Facts]:
    """Of each sale by its number. What is around them is read once for all."""
    # Only what its rules compare a sale with: those of the same pair, and what the seller has bought.
    pairs: defaultdict[tuple[int, int], list[risks.Other]] = defaultdict(list)
    bought: defaultdict[int, list[risks.Other]] = defaultdict(list)
    for other in _others({d.owner_id for d in rows}, {d.buyer_id for d in rows}):
        pairs[other.seller_id, other.buyer_id].append(other)
        bought[other.buyer_id].append(other)
    insiders = _names({d.buyer_id for d in rows})
    lots = {d.lot_id for d in rows}
    reserves = dict(Reserve.objects.filter(lot__in=lots).values_list("lot_id", "fen"))
    qualified = _qualified({d.listing_id for d in rows})
    return {
        one.pk: risks.Facts(
            deal_id=one.pk, achievement_id=one.achievement_id, seller_id=one.owner_id,
            buyer_id=one.buyer_id, price_fen=one.price_fen, start_fen=_least(one.lot),
            reserve_fen=reserves.get(one.lot_id), at=one.awarded_at, method=one.lot.method,
            bidders=len(_order(one)), qualified=qualified.get(one.listing_id, 0),
            plate=one.registration.plate, order=_order(one), is_related=_is_related(one),
            completers=frozenset(
                str(c.get("name") or "").strip() for c in one.achievement.completers
            ) - {""},
            insiders=insiders[one.buyer_id], rights=_rights(one),
            others=tuple(
                o for o in (*pairs[one.owner_id, one.buyer_id], *bought[one.owner_id])
                if o.deal_id != one.pk
            ),
        )
        for one in rows
    }  # fmt: skip


def _least(lot: Lot) -> int:
    """The least that would have been taken: where the price falls, its floor."""
    return (lot.floor_fen or lot.start_fen) if lot.method == Method.DUTCH else lot.start_fen


def _order(one: Deal) -> tuple[str, ...]:
    told = (one.lot.result or {}).get("order", ())
    return tuple(row["plate"] for row in told)


def _is_related(one: Deal) -> bool:
    notice = one.listing.notice
    return one.registration.is_related or (notice is not None and notice.is_related)


def _rights(one: Deal) -> frozenset[str]:
    numbers = (str(r.get("number") or "").strip() for r in one.achievement.rights)
    return frozenset(n for n in numbers if n)


def _others(sellers: Collection[int], buyers: Collection[int]) -> list[risks.Other]:
    pairs = Q(owner_id__in=sellers, buyer_id__in=buyers)
    found = (
        Deal.objects.exclude(state="defaulted")
        .filter(pairs | Q(buyer_id__in=sellers))
        .select_related("achievement")
        .only(*_OF_OTHERS, "achievement__rights")
        .order_by("-id")
    )
    return [
        risks.Other(
            deal_id=d.pk, achievement_id=d.achievement_id, seller_id=d.owner_id,
            buyer_id=d.buyer_id, price_fen=d.price_fen, at=d.awarded_at, rights=_rights(d),
        )
        for d in found[:MOST]
    ]  # fmt: skip


def _names(organisations: Collection[int]) -> Mapping[int, frozenset[str]]:
    """Who can act for each, by name."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    rows = Membership.objects.filter(organisation__in=organisations).select_related("person")
    for one in rows:
        if one.person.name:
            found[one.organisation_id].add(one.person.name.strip())
    return defaultdict(frozenset, {k: frozenset(v) for k, v in found.items()})


def _qualified(listings: Collection[int]) -> dict[int, int]:
    rows = Registration.objects.filter(listing__in=listings, qualified_at__isnull=False)
    return dict(rows.values_list("listing_id").annotate(n=Count("id")).order_by())
