"""Releases: what each step of a sale says in the words of OCDS 1.1.5.

Each function gives the parts that its step tells; `release` puts the head before them. Nothing is
told twice that has not changed: the record is the sum. The mapping is docs/algorithms/openness.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from yangbanjian.market.openness.rules import parts
from yangbanjian.market.openness.rules.facts import (
    Auction,
    Closed,
    Enquiry,
    Event,
    Offer,
    Process,
    Sale,
)
from yangbanjian.market.openness.rules.parts import Part

LANGUAGE = "zh"
# verb of a listing -> (tag, status of the tender)
LISTING = {
    "listing_published": ("tender", "active"),
    "listing_changed": ("tenderAmendment", "active"),
    "listing_extended": ("tenderUpdate", "active"),
    "listing_lowered": ("tenderUpdate", "active"),
    "listing_paused": ("tenderUpdate", "active"),
    "listing_resumed": ("tenderUpdate", "active"),
    "listing_expired": ("tenderUpdate", "active"),
    "listing_negotiating": ("tenderUpdate", "active"),
    "listing_bidding": ("tenderUpdate", "active"),
    "listing_found_nobody": ("tenderUpdate", "active"),
    "listing_withdrawn": ("tenderCancellation", "cancelled"),
    "listing_ended": ("tenderCancellation", "unsuccessful"),
}
WHOLE = ("listing_published", "listing_changed", "listing_extended", "listing_lowered")
LOT = ("lot_opened", "lot_paused", "lot_resumed", "lot_extended", "priority_asked", "bids_opened",
       "lot_stopped", "lot_closed")  # fmt: skip
DEAL = {
    "awarded": "award",
    "deal_defaulted": "awardCancellation",
    "deal_signed": "contract",
    "deal_registered": "contractUpdate",
    "deal_paid": "implementation",
    "deal_handed_over": "implementationUpdate",
    "deal_settled": "implementationUpdate",
    "deal_archived": "contractTermination",
}
CERTIFICATE = {
    "certificate_issued": "implementationUpdate",
    "certificate_revoked": "implementationUpdate",
}
_MILESTONES = {
    "deal_registered": ("registered", "approval", "技术合同认定登记"),
    "deal_handed_over": ("handed-over", "delivery", "交割，权益登记已更新"),
    "deal_settled": ("settled", "payment", "价款已结算给转让方"),
    "certificate_issued": ("certificate", "approval", "交易凭证已出具"),
    "certificate_revoked": ("certificate", "approval", "交易凭证已撤销"),
}


def release(process: Process, event: Event, tags: Sequence[str], told: Part) -> Part:
    """A whole release: its head, who sells, and what the step tells."""
    parties = {one["id"]: one for one in [parts.seller(process), *told.get("parties", ())]}
    return parts.without_nothing(
        {
            "ocid": process.ocid,
            "id": parts.release_id(process.ocid, event.entry_id),
            "date": parts.instant(event.at),
            "tag": list(dict.fromkeys(tags)),
            "initiationType": "tender",
            "language": LANGUAGE,
            "isDemonstration": process.is_sandbox or None,
            "buyer": parts.reference(process.seller),
            **told,
            "parties": list(parties.values()),
        }
    )


def _tender(process: Process, **told: Any) -> Part:
    return {"tender": {"id": f"listing-{process.listing_id}", **told}}


def of_offer(process: Process, event: Event, offer: Offer) -> Part:
    """A listing in full, as published, changed, or laid out for its next round."""
    lot, address = parts.lot_name(offer.lot_id), f"{process.base}/listings/{process.listing_id}"
    runs = parts.period(offer.published_at, offer.ends_at)
    is_bid_for = offer.method != "negotiated"
    told = _tender(
        process, title=offer.title, description=offer.abstract, status="active",
        procuringEntity=parts.reference(process.seller), value=parts.value(offer.start_fen),
        procurementMethod="open", procurementMethodDetails=f"挂牌，{offer.method_label}，{offer.mode_label}",
        awardCriteria="priceOnly", awardCriteriaDetails="不低于挂牌价，价高者得",
        submissionMethod=["electronicAuction" if is_bid_for else "electronicSubmission"],
        submissionMethodDetails=f"{process.base}/lots/{offer.lot_id}" if is_bid_for else address,
        eligibilityCriteria=offer.conditions, tenderPeriod=runs, enquiryPeriod=runs,
        items=[{"id": f"achievement-{offer.achievement_id}", "description": offer.title,
                "quantity": 1, "relatedLot": lot}],
        lots=[
            *({"id": parts.lot_name(n), "status": "unsuccessful"} for n in offer.earlier_lots),
            {"id": lot, "title": f"第 {offer.round} 轮", "status": "active",
             "value": parts.value(offer.start_fen)},
        ],
        documents=[parts.document(f"listing-{process.listing_id}", "tenderNotice", offer.title,
                                  address, offer.published_at)],
    )  # fmt: skip
    if offer.deposit_fen:
        told["tender"]["participationFees"] = [
            {"id": "deposit", "type": ["deposit"], "value": parts.value(offer.deposit_fen),
             "description": "保证金，未竞得的原路退还，不计息", "methodOfPayment": ["wireTransfer"]}
        ]  # fmt: skip
    if event.verb == "listing_changed":
        told["tender"]["amendments"] = [
            {"id": f"version-{offer.version}", "date": parts.instant(event.at),
             "description": f"第 {offer.version} 版，信息发布期重新计算",
             "releaseID": parts.release_id(process.ocid, event.entry_id)}
        ]  # fmt: skip
    return {**told, **_before(process, offer)}


def _before(process: Process, offer: Offer) -> Part:
    """What went before the listing: its public notice, the listing that it follows."""
    told: Part = {}
    if offer.notice_id is not None:
        told["planning"] = {
            "documents": [
                parts.document(
                    f"notice-{offer.notice_id}", "plannedProcurementNotice",
                    "职务科技成果转化公示", f"{process.base}/notices/{offer.notice_id}",
                    offer.notice_from,
                )
            ]
        }  # fmt: skip
        if offer.notice_to is not None:
            told["planning"]["milestones"] = [
                {"id": f"notice-{offer.notice_id}", "title": "公示期满", "type": "preProcurement",
                 "dueDate": parts.instant(offer.notice_to)}
            ]  # fmt: skip
    if offer.relists:
        told["relatedProcesses"] = [
            {"id": "relists", "relationship": ["unsuccessfulProcess"], "scheme": "ocid",
             "identifier": offer.relists}
        ]  # fmt: skip
    return told


def of_listing(process: Process, event: Event, offer: Offer) -> Part:
    """A step of a listing that changes its state and its period, not what it says."""
    told = _tender(
        process, status=LISTING[event.verb][1],
        tenderPeriod=parts.period(offer.published_at, offer.ends_at),
    )  # fmt: skip
    if LISTING[event.verb][0] == "tenderCancellation":
        lots = [*offer.earlier_lots, offer.lot_id]
        status = LISTING[event.verb][1]
        told["tender"]["lots"] = [{"id": parts.lot_name(n), "status": status} for n in lots]
    return told


def of_enquiry(process: Process, asked: Enquiry) -> Part:
    """A question with its answer."""
    return _tender(
        process, hasEnquiries=True,
        enquiries=[
            {"id": f"question-{asked.id}", "date": parts.instant(asked.asked_at),
             "description": asked.text, "answer": asked.answer,
             "dateAnswered": parts.instant(asked.answered_at)}
        ],
    )  # fmt: skip


def of_opening(process: Process, auction: Auction) -> Part:
    """Bidding begins: the auction with its stages, in the shape that Prozorro gave it."""
    opens = auction.opens_at
    free_to = opens + timedelta(seconds=auction.free_s)
    hard = opens + timedelta(seconds=max(auction.hard_close_s, auction.free_s))
    stages: list[Part] = [{"id": "free", "type": "free", "period": parts.period(opens, free_to)}]
    if auction.method in ("rising", "dynamic") and auction.cycle_s:
        stages.append(
            {"id": "timed", "type": "timed", "cycleSeconds": auction.cycle_s,
             "period": parts.period(free_to, None, hard)}
        )  # fmt: skip
    if auction.method == "dutch" and auction.cycle_s:
        stages = [
            {"id": "falling", "type": "falling", "cycleSeconds": auction.cycle_s,
             "period": parts.period(opens, None, hard)}
        ]  # fmt: skip
    if auction.priority_s:
        stages.append({"id": "priority", "type": "priority", "cycleSeconds": auction.priority_s})
    one = {
        "id": f"auction-{auction.lot_id}", "relatedLot": parts.lot_name(auction.lot_id),
        "url": f"{process.base}/lots/{auction.lot_id}", "method": auction.method, "status": "active",
        "period": parts.period(opens, None, hard), "stages": stages,
    }  # fmt: skip
    if auction.step_fen and auction.method != "sealed":
        one["minimalStep"] = parts.value(auction.step_fen)
    return _tender(process, auctions=[one])


def of_times(
    process: Process, lot_id: int, status: str, *, hard_close_at: str = ""
) -> Part:  # fmt: skip
    """An auction stands still or runs on; its latest end may have moved."""
    one: Part = {"id": f"auction-{lot_id}", "status": status}
    if hard_close_at:
        one["period"] = {"maxExtentDate": hard_close_at}
    return _tender(process, auctions=[one])


def of_closing(process: Process, closed: Closed) -> Part:
    """A lot is over: its bids under their plates, and the counts."""
    lot = parts.lot_name(closed.lot_id)
    told = _tender(
        process, numberOfTenderers=closed.bidders,
        lots=[{"id": lot, "status": "complete" if closed.is_sold else "unsuccessful"}],
        auctions=[
            {"id": f"auction-{closed.lot_id}", "status": "complete", "extensions": closed.extensions,
             "outcome": closed.outcome, "period": {"endDate": parts.instant(closed.closed_at)}}
        ],
    )  # fmt: skip
    if closed.is_sold:
        told["tender"]["status"] = "complete"
    counted = {
        "bids": closed.bids, "bidders": closed.bidders, "qualifiedBidders": closed.qualified,
    }  # fmt: skip
    statistics: list[Part] = [
        {"id": f"{lot}-{name}", "measure": name, "value": n, "relatedLot": lot,
         "date": parts.instant(closed.closed_at)}
        for name, n in counted.items()
    ]  # fmt: skip
    if closed.order:
        best = parts.value(closed.order[0].amount_fen)
        statistics.append(
            {"id": f"{lot}-highestValidBidValue", "measure": "highestValidBidValue",
             "value": best["amount"], "currency": "CNY", "relatedLot": lot,
             "date": parts.instant(closed.closed_at)}
        )  # fmt: skip
    return {**told, "bids": {"statistics": statistics, "details": _details(closed)}}


def _details(closed: Closed) -> list[Part]:
    return [
        {
            "id": parts.bid_name(closed.lot_id, bid.plate), "status": "valid",
            "value": parts.value(bid.amount_fen), "relatedLots": [parts.lot_name(closed.lot_id)],
            **({"date": parts.instant(bid.at)} if bid.at else {}),
        }
        for bid in closed.order
    ]  # fmt: skip


def of_award(process: Process, sale: Sale) -> Part:
    """The lot is somebody's: from now on the winner has a name."""
    bid = parts.bid_name(sale.lot_id, sale.plate)
    return {
        "parties": [parts.party(sale.buyer, "supplier", "tenderer", "payer")],
        **_tender(process, status="complete"),
        "bids": {"details": [{"id": bid, "tenderers": [parts.reference(sale.buyer)]}]},
        "awards": [
            {
                "id": _award(sale), "title": sale.title, "status": "active",
                "date": parts.instant(sale.awarded_at), "value": parts.value(sale.price_fen),
                "suppliers": [parts.reference(sale.buyer)], "relatedBid": bid,
                "relatedLots": [parts.lot_name(sale.lot_id)],
                "documents": [
                    parts.document(_award(sale), "awardNotice", "成交公示",
                                   f"{process.base}/deals/{sale.id}", sale.awarded_at)
                ],
            }
        ],
    }  # fmt: skip


def _award(sale: Sale) -> str:
    return f"deal-{sale.id}"


def _contract(sale: Sale, **told: Any) -> Part:
    return {"contracts": [{"id": f"contract-{sale.id}", "awardID": _award(sale), **told}]}


def of_default(sale: Sale) -> Part:
    """The buyer has broken the deal: the award is void, and the contract, where there was one."""
    told: Part = {"awards": [{"id": _award(sale), "status": "cancelled"}]}
    return {**told, **_contract(sale, status="cancelled")} if sale.signed_at else told


def of_deal(process: Process, event: Event, sale: Sale) -> Part:
    """What a contract came to: signed, registered, paid, handed over, settled, filed; certified."""
    if event.verb == "deal_signed":
        at = parts.instant(sale.signed_at or event.at)
        return _contract(
            sale,
            title=sale.title,
            status="active",
            dateSigned=at,
            value=parts.value(sale.price_fen),
        )
    if event.verb == "deal_paid":
        return _contract(
            sale, implementation={"transactions": [_payment(process, event, sale)]}
        ) | {"parties": [parts.party(sale.buyer, "supplier", "tenderer", "payer")]}
    if event.verb == "deal_archived":
        return _contract(sale, status="terminated")
    name, kind, title = _MILESTONES[event.verb]
    met = {"id": f"{name}-{sale.id}", "type": kind, "title": title}
    if event.verb == "certificate_revoked":
        return _contract(
            sale, milestones=[{**met, "status": "notMet", "dateModified": parts.instant(event.at)}]
        )
    step: Part = {**met, "status": "met", "dateMet": parts.instant(event.at)}
    if event.verb == "deal_registered" and sale.registered_no:
        step["description"] = sale.registered_no
    if event.verb == "deal_handed_over" and sale.right_no:
        step["documents"] = [
            parts.document(f"right-{sale.right_no}", "contractArrangements", "技术权益登记",
                           f"{process.base}/rights/{sale.right_no}", event.at)
        ]  # fmt: skip
    return _contract(sale, milestones=[step])


def _payment(process: Process, event: Event, sale: Sale) -> Part:
    return {
        "id": f"price-{sale.id}", "date": parts.instant(sale.paid_at or event.at),
        "value": parts.value(sale.price_fen), "payer": parts.reference(sale.buyer),
        "payee": parts.reference(process.seller),
    }  # fmt: skip
