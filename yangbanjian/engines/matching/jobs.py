"""Following the libraries: documents to find, background matching, reminders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from yangbanjian.engines.matching import actions, documents, queries
from yangbanjian.engines.matching.live import live
from yangbanjian.engines.matching.models import Document, Match
from yangbanjian.ground.clock.jobs import due
from yangbanjian.ground.database import bulk
from yangbanjian.ground.journal.jobs import subscribe
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.messages import actions as messages
from yangbanjian.ground.messages.actions import Word
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.records.rules.states import LIVE

KEPT_A_DEMAND = 8
LEAST_PERCENT = 45
WORTH_A_COPY = 50
# What a document needs of a record besides its texts.
_READ = ("state", "external_id", "is_title_derived")
LEAST_PROOF = 0.35
DEMANDS_A_SUPPLY = 3
DOCUMENTS = "matching.documents"
_CHANGES = ("achievements.*", "demands.*", "experts.*")


@subscribe(DOCUMENTS, *_CHANGES)
def follow_records(news: Sequence[Entry]) -> None:
    """Keep a document for each live record, and take it away from one that is not."""
    for kind in ("achievement", "demand", "expert"):
        ids = {e.subject_id for e in news if e.subject_kind == kind}
        if ids:
            library = documents.LIBRARY_OF[kind]
            rows = library.model.objects.filter(pk__in=ids).order_by("pk")
            write_documents(kind, rows.only(*documents.TEXTS[kind], *_READ))


def write_documents(kind: str, rows: Any) -> int:
    """Write the documents of these records; unchanged ones are left alone. Returns how many."""
    rows = list(rows)
    known = {
        d.record_id: d
        for d in Document.objects.filter(kind=kind, record_id__in=[r.pk for r in rows])
    }
    changed = []
    for record in rows:
        is_live = record.state in LIVE
        old = known.get(record.pk)
        if old is None and not is_live:
            continue
        text = documents.text_of(kind, record)
        if old is not None and (old.text, old.is_live) == (text, is_live):
            continue
        changed.append(
            {
                "kind": kind, "record_id": record.pk, "external_id": record.external_id or "",
                "text": text, "is_live": is_live,
            }
        )  # fmt: skip
    if not known and len(changed) >= WORTH_A_COPY:
        # An import. Should somebody write one of them now, this batch fails and is tried again.
        bulk.copy_in(Document, changed, {}, bulk.drawn(Document, len(changed)))
        return len(changed)
    Document.objects.bulk_create(
        [Document(**row) for row in changed],
        update_conflicts=True,
        unique_fields=["kind", "record_id"],
        update_fields=["text", "is_live", "external_id"],
        batch_size=1000,
    )
    return len(changed)


@subscribe("matching.demands", "demands.published", "demands.revised", "demands.renewed")
def match_demands(news: Sequence[Entry]) -> None:
    """A new or changed demand looks for what may solve it."""
    library = documents.LIBRARY_OF["demand"]
    ids = {e.subject_id for e in news}
    live().catch_up()
    for demand in library.model.objects.filter(pk__in=ids, state__in=LIVE):
        match_demand(demand)


def match_demand(demand: Any) -> list[Match]:
    """Match one demand against both supply libraries; keeps and announces what is new."""
    text = f"{demand.title}。{demand.abstract}"
    answer = queries.ask(
        actor=SYSTEM, text=text, limit=KEPT_A_DEMAND, exclude_owner=demand.owner_id
    )
    found = [
        actions.Found(
            kind=item.kind,
            record_id=item.record.pk,
            provider_id=item.record.owner_id,
            broker_id=getattr(item.record, "custody_broker_id", None),
            score=Decimal(str(item.score)),
            percent=item.percent,
            parts=item.parts,
            reasons=item.reasons,
            versions=(demand.version, item.record.version),
        )
        for item in answer.items
        if item.percent >= LEAST_PERCENT
    ]
    new = actions.keep(seeker_id=demand.owner_id, demand_id=demand.pk, found=found)
    if new:
        messages.tell_organisation(
            demand.owner_id,
            Word(
                "match",
                gettext_noop("「%(title)s」新找到 %(count)d 项匹配"),
                {"title": demand.title, "count": len(new)},
                url=f"/demands/{demand.pk}",
                once=f"matches:{demand.pk}:{demand.version}:{len(new)}",
            ),
        )
    return new


@subscribe("matching.supply", "achievements.published", "experts.published")
def match_supply(news: Sequence[Entry]) -> None:
    """New supply looks for the demands that may wait for it; those look again, each once."""
    library = documents.LIBRARY_OF["demand"]
    waiting: set[int] = set()
    live().catch_up()
    for entry in news:
        kind = entry.subject_kind
        record = documents.LIBRARY_OF[kind].model.objects.filter(pk=entry.subject_id).first()
        if record is None or record.state not in LIVE:
            continue
        told = documents.text_of(kind, record)[:300]
        near = queries.near(told, kind="demand", limit=DEMANDS_A_SUPPLY)
        waiting |= {record_id for record_id, proof in near if proof >= LEAST_PROOF}
    for demand in library.model.objects.filter(pk__in=waiting, state__in=LIVE):
        match_demand(demand)


_WORDS = {
    "matches.interested": gettext_noop("对方对「%(title)s」有意向，请在 %(until)s 前回应"),
    "matches.agreed": gettext_noop("双方已同意约谈「%(title)s」，现在可以看到联系方式"),
    "matches.declined": gettext_noop("「%(title)s」的意向被婉拒，原因已写明"),
    "matches.lapsed": gettext_noop("「%(title)s」的意向逾期未回应，已自动关闭"),
}


@subscribe("matching.tell", *_WORDS)
def tell_parties(news: Sequence[Entry]) -> None:
    """The other side (or both) learns of each step of an introduction; so does the broker."""
    found = Match.objects.select_related("demand", "achievement", "expert")
    by_id = found.in_bulk([e.subject_id for e in news])
    for entry in news:
        match = by_id.get(entry.subject_id)
        if match is None:
            continue
        supply = match.achievement or match.expert
        assert supply is not None
        word = Word(
            "introduction",
            _WORDS[entry.verb],
            {
                "title": supply.title,
                "until": match.turn_until.date().isoformat() if match.turn_until else "",
            },
            url=f"/matches/{match.pk}",
            needs_action=entry.verb == "matches.interested",
            once=f"{entry.verb}:{entry.pk}",
        )
        side = entry.payload.get("side")
        told = {match.seeker_id, match.provider_id}
        if entry.verb in ("matches.interested", "matches.declined"):
            told = {match.provider_id if side == "seeker" else match.seeker_id}
        if match.broker_id:
            told.add(match.broker_id)
        for organisation_id in told:
            messages.tell_organisation(organisation_id, word)


@due("matching.lapse")
def lapse_overdue(now: datetime) -> int:
    """Introductions whose turn has run out are closed."""
    late = Match.objects.filter(state="interested", turn_until__lte=now)
    ids = list(late.values_list("pk", flat=True)[:200])
    for match_id in ids:
        actions.lapse(match_id=match_id)
    return len(ids)
