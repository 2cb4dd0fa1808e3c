"""Gathering the body of a dossier: what was decided, said, bid, signed and paid about one deal, each
with the packet of its journal entry."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.credentials import queries as credentials
from yangbanjian.ground.credentials.actions import SANDBOX
from yangbanjian.ground.files.models import File
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.log import queries as log
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.market.certificates import queries
from yangbanjian.market.certificates.rules import dossiers
from yangbanjian.market.trading import queries as trading
from yangbanjian.market.trading.models import Deal, Decision, Paper, Statement
from yangbanjian.market.trading.rules.papers import PUBLIC

# Beyond it a dossier says that entries were left out; no deal of ours comes near.
MOST_ENTRIES = 2000


def body(deal: Deal) -> dict[str, Any]:
    """The body. Raises Conflict (`log.not_yet`) while an entry is not in the signed log."""
    checklist = trading.duties(deal.achievement)
    sections = dossiers.sections(_entries(deal))
    wanted = {e for s in sections for e in s["entries"]}
    wanted |= {e for d in checklist.items if d.verdict == "met" for e in d.entries}
    kept = sorted(wanted)[:MOST_ENTRIES]
    certificate = queries.live(deal)
    return {
        "deal": _deal(deal),
        "jurisdiction": checklist.jurisdiction,
        "edition": checklist.edition.label,
        "price_mode": checklist.price_mode,
        "made_at": _moment(clock.now()),
        "note": SANDBOX if clock.is_sandbox() else "",
        "duties": [
            {
                "duty": d.duty, "label": trading.duty_label(d.duty), "document": d.document,
                "clause": d.clause, "verdict": d.verdict, "entries": list(d.entries),
            }
            for d in checklist.items
        ],
        "sections": sections,
        "left_out": len(wanted) - len(kept),
        "notice": _notice(deal),
        "contract": deal.contract,
        "signatures": deal.signatures,
        "instalments": [
            {
                "seq": i.seq, "amount_fen": i.amount_fen, "from_deposit_fen": i.from_deposit_fen,
                "paid_fen": i.paid_fen, "due_at": _moment(i.due_at), "paid_at": _moment(i.paid_at),
            }
            for i in trading.plan_of(deal)
        ],
        "lot_log": _lot_log(deal),
        "sealing": trading.deadline_proof(deal.lot),
        "certificate": credentials.document_of(certificate.credential) if certificate else None,
        "files": _files(deal),
        "papers": _papers(deal),
        "readings": _readings(deal),
        "packets": [json.loads(log.packet(SYSTEM, log.entry_for(SYSTEM, e))) for e in kept],
    }  # fmt: skip


def _deal(deal: Deal) -> dict[str, Any]:
    return {
        "id": deal.pk, "lot": deal.lot_id, "listing": deal.listing_id,
        "achievement": deal.achievement_id, "title": deal.listing.title,
        "seller": deal.owner.name, "buyer": deal.buyer.name, "price_fen": deal.price_fen,
        "deal_mode": deal.deal_mode, "method": deal.lot.method, "state": deal.state,
        "follows": deal.follows_id, "registered_no": deal.registered_no,
        "awarded_at": _moment(deal.awarded_at), "signed_at": _moment(deal.signed_at),
        "paid_at": _moment(deal.paid_at), "handed_over_at": _moment(deal.handed_over_at),
    }  # fmt: skip


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="seconds")[:19] + "Z" if at else None


def _notice(deal: Deal) -> dict[str, Any] | None:
    one = deal.listing.notice
    if one is None:
        return None
    return {
        "id": one.pk, "title": one.title, "abstract": one.abstract, "price_fen": one.price_fen,
        "price_mode": one.price_mode, "is_related": one.is_related,
        "related_statement": one.related_statement, "version": one.version, "state": one.state,
        "opened_at": _moment(one.opened_at), "closes_at": _moment(one.closes_at),
        "ended_at": _moment(one.ended_at), "edition": one.edition.label,
        "versions": [
            {"version": v.version, "reason": v.reason, "content": v.content}
            for v in one.versions.order_by("version")
        ],
        "objections": [
            {
                "id": o.pk, "state": o.state, "text": o.text, "ruling": o.ruling,
                "appeal": o.appeal, "final_ruling": o.final_ruling,
            }
            for o in one.objections.order_by("id")
        ],
    }  # fmt: skip


def _entries(deal: Deal) -> dict[str, list[int]]:
    """The entries of each section."""
    listing, notice = deal.listing, deal.listing.notice
    right = trading.right_of(deal.achievement)
    deals = Deal.objects.filter(listing=listing).values_list("pk", flat=True)
    certificates = list(queries.of_deal(deal))
    found = {
        "way_in": _about("achievement", [deal.achievement_id], "trading."),
        "notice": [],
        "listing": [
            *_about("listing", [listing.pk]),
            *_about("registration", listing.registrations.values_list("pk", flat=True)),
            *_about("listing_paper", listing.papers.values_list("pk", flat=True)),
            *_about("undertaking", listing.undertakings.values_list("pk", flat=True)),
        ],
        "bidding": _about("lot", listing.lots.values_list("pk", flat=True)),
        "deal": _about("deal", deals),
        "right": _about("right", [right.pk]) if right else [],
        "certificate": [
            *_about("certificate", [c.pk for c in certificates]),
            *_about("credential", [c.credential_id for c in certificates]),
        ],
        "files": _about("file", [f.pk for f in _stored(deal)], "files.stored"),
    }
    if notice is not None:
        found["notice"] = [
            *_about("notice", [notice.pk]),
            *_about("objection", notice.objections.values_list("pk", flat=True)),
        ]
    return found


def _about(kind: str, ids: Iterable[int], verb: str = "") -> list[int]:
    found = Entry.objects.filter(subject_kind=kind, subject_id__in=list(ids))
    if verb:
        found = found.filter(verb__startswith=verb)
    return list(found.order_by("id").values_list("id", flat=True)[:MOST_ENTRIES])


def _stored(deal: Deal) -> list[File]:
    """The papers that decisions and statements name, and what everybody could read in the room."""
    about = Q(achievement_id=deal.achievement_id, file__isnull=False)
    ids = {
        *Decision.objects.filter(about).values_list("file_id", flat=True),
        *Statement.objects.filter(about).values_list("file_id", flat=True),
        *_shown_papers(deal).filter(tier=PUBLIC).values_list("file_id", flat=True),
    }
    return list(File.objects.filter(pk__in=ids).order_by("pk"))


def _files(deal: Deal) -> list[dict[str, Any]]:
    """What each paper is; its bytes stand in the packet of its entry, where they are not too many."""
    return [
        {"sha256": f.sha256, "name": f.name, "size": f.size, "media_type": f.media_type}
        for f in _stored(deal)
    ]


def _shown_papers(deal: Deal) -> QuerySet[Paper]:
    """What buyers were shown in the diligence room, replaced ones too."""
    listing = deal.listing
    found = listing.papers.filter(withdrawn_at=None, since__lte=listing.version)
    return found.order_by("slot", "version")


def _papers(deal: Deal) -> list[dict[str, Any]]:
    """The room's papers; the bytes of those that everybody could read alone are enclosed."""
    return [
        {
            "slot": p.slot, "version": p.version, "tier": p.tier, "name": p.name,
            "sha256": p.sha256, "size": p.size, "since": p.since, "made_at": _moment(p.made_at),
        }
        for p in _shown_papers(deal)
    ]  # fmt: skip


def _readings(deal: Deal) -> list[dict[str, Any]]:
    """Who has taken which paper when, the first one first."""
    return [
        {
            "slot": g.paper.slot, "version": g.paper.version, "sha256": g.sha256,
            "at": _moment(g.at), "reader": g.number, "organisation": g.who,
        }
        for g in reversed(trading.readings(SYSTEM, deal.listing, most=MOST_ENTRIES))
    ]  # fmt: skip


def _lot_log(deal: Deal) -> str | None:
    """The log of the lot's bidding, with the packets that vouch for it."""
    return trading.whole_log(deal.lot) if deal.lot.entry_id is not None else None
