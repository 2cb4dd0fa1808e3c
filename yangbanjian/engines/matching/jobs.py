"""Following the libraries: documents to find, background matching, reminders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from yangbanjian.engines.matching import (
    actions,
    directions,
    documents,
    keeping,
    queries,
    telling,
)
from yangbanjian.engines.matching.keeping import Found
from yangbanjian.engines.matching.live import live
from yangbanjian.engines.matching.models import Document, Match
from yangbanjian.ground.clock.jobs import due
from yangbanjian.ground.database import bulk
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal.jobs import BULK, subscribe
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.messages import actions as messages
from yangbanjian.ground.messages.actions import Word
from yangbanjian.ground.people import actions as people
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.records import queries as records
from yangbanjian.libraries.records.rules.states import LIVE

KEPT_A_DEMAND = 8
LEAST_PERCENT = 45
# Up to so many rows of an import are matched like single records. Words alone tell less: they must
# tell more clearly.
FEW, KEPT_OF_IMPORTS, LEAST_PERCENT_BY_WORDS, KEPT_AT_ONCE = 50, 3, 60, 640
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
    ids = {e.subject_id for e in news if not _of_import(e)}
    live().catch_up()
    new: list[Match] = []
    for demand in library.model.objects.filter(pk__in=ids, state__in=LIVE).order_by("pk"):
        new += match_demand(demand)
    telling.tell_of_demands(new)


def match_demand(demand: Any) -> list[Match]:
    """Match one demand against both supply libraries; keeps and returns what is new."""
    answer = queries.ask(
        actor=SYSTEM, text=_asked(demand), limit=KEPT_A_DEMAND, exclude_owner=demand.owner_id
    )
    return keeping.keep_all(_worth_keeping(demand, answer.items, LEAST_PERCENT))


def _asked(demand: Any) -> str:
    return f"{demand.title}。{demand.abstract}"


def _worth_keeping(
    demand: Any, items: Sequence[queries.Item], least: int
) -> list[tuple[int, int, Found]]:
    return [
        (
            demand.owner_id,
            demand.pk,
            Found(
                kind=item.kind,
                record_id=item.record.pk,
                provider_id=item.record.owner_id,
                broker_id=getattr(item.record, "custody_broker_id", None),
                score=Decimal(str(item.score)),
                percent=item.percent,
                parts=item.parts,
                reasons=item.reasons,
                versions=(demand.version, item.record.version),
            ),
        )
        for item in items
        if item.percent >= least
    ]


_SUPPLY = (
    "achievements.published", "achievements.revised", "experts.published", "experts.revised",
)  # fmt: skip


@subscribe("matching.supply", *_SUPPLY)
def match_supply(news: Sequence[Entry]) -> None:
    """New or changed supply looks for the demands that may wait for it; those look again, each
    once."""
    live().catch_up()
    wake_demands(_live_supply([e for e in news if not _of_import(e)]))


def wake_demands(supply: Sequence[tuple[str, Any]]) -> None:
    """The demands that may wait for these (kind, record) look again."""
    waiting: set[int] = set()
    for kind, record in supply:
        told = documents.text_of(kind, record)[:300]
        near = queries.near(told, kind="demand", limit=DEMANDS_A_SUPPLY)
        waiting |= {record_id for record_id, proof in near if proof >= LEAST_PROOF}
    library = documents.LIBRARY_OF["demand"]
    new: list[Match] = []
    for demand in library.model.objects.filter(pk__in=waiting, state__in=LIVE).order_by("pk"):
        new += match_demand(demand)
    telling.tell_of_demands(new)


def _live_supply(news: Sequence[Entry]) -> list[tuple[str, Any]]:
    """(kind, record) of the public records that the news is about, each once."""
    found: list[tuple[str, Any]] = []
    for kind in queries.SUPPLY:
        ids = {e.subject_id for e in news if e.subject_kind == kind}
        rows = documents.LIBRARY_OF[kind].model.objects.filter(pk__in=ids, state__in=LIVE)
        found += [(kind, record) for record in rows.defer(*records.UNREAD).order_by("pk")]
    return found


def _of_import(entry: Entry) -> bool:
    """Rows of an import are matched in bulk."""
    return bool(entry.payload.get("source") == "import")


# --- enterprises without a demand ----------------------------------------------------------------


@subscribe("matching.directions", "achievements.published", "achievements.revised")
def suggest_supply(news: Sequence[Entry]) -> None:
    """New or changed achievements are suggested to enterprises without a demand, by their tags."""
    live().catch_up()
    supply = _live_supply([e for e in news if not _of_import(e)])
    pairs = directions.for_supply(record for kind, record in supply if kind == "achievement")
    telling.tell_of_directions(keeping.suggest(pairs))


@subscribe("matching.tags", "people.organisation_tagged")
def suggest_to_tagged(news: Sequence[Entry]) -> None:
    """An enterprise whose tags have changed hears what is there already."""
    live().catch_up()
    pairs = directions.for_enterprises({e.subject_id for e in news})
    telling.tell_of_directions(keeping.suggest(pairs))


@subscribe(
    "matching.tags_of_demands", "demands.published", "demands.imported", "demands.revised",
    lane=BULK,
)  # fmt: skip
def note_tags(news: Sequence[Entry]) -> None:
    """What an enterprise has asked for under its name is a tag of its own. What it asked without
    its name is not: tags can be read by everybody."""
    owners = {e.owner_id for e in news if e.owner_id is not None}
    for owner_id, codes in directions.codes_of_demands(owners).items():
        for kind, listed in codes.items():
            people.note_tags_of_demands(
                actor=SYSTEM, organisation_id=owner_id, kind=kind, codes=listed
            )


# --- imports -------------------------------------------------------------------------------------


@subscribe("matching.imported_demands", "demands.imported", "demands.revised", lane=BULK)
def match_imported_demands(news: Sequence[Entry]) -> None:
    """Demands of an import look for what may solve them, in blocks: with meaning as long as they
    are few, by words alone and with a higher bar beyond."""
    ids = {e.subject_id for e in news if _of_import(e) or e.verb.endswith(".imported")}
    live().catch_up()
    rows = documents.LIBRARY_OF["demand"].model.objects.filter(pk__in=ids, state__in=LIVE)
    new = _match_in_blocks(list(rows.defer(*records.UNREAD).order_by("pk")), limit=KEPT_OF_IMPORTS)
    _told_of_imports(new)


@subscribe(
    "matching.imported_supply", "achievements.imported", "achievements.revised",
    "experts.imported", "experts.revised", lane=BULK,
)  # fmt: skip
def match_imported_supply(news: Sequence[Entry]) -> None:
    """Supply of an import: a few look for demands each on its own; of many, every open demand is
    asked once against the new ones alone. Enterprises without a demand hear of the best."""
    supply = _live_supply([e for e in news if _of_import(e) or e.verb.endswith(".imported")])
    live().catch_up()
    offered = [record for kind, record in supply if kind == "achievement"]
    for start in range(0, len(offered), KEPT_AT_ONCE):
        pairs = directions.for_supply(offered[start : start + KEPT_AT_ONCE])
        with acting(SYSTEM):
            telling.tell_of_directions(keeping.suggest(pairs))
    if len(supply) <= FEW:
        wake_demands(supply)
        return
    among: set[int] = set()
    for kind in queries.SUPPLY:
        ids = [record.pk for k, record in supply if k == kind]
        among |= set(
            Document.objects.filter(kind=kind, record_id__in=ids).values_list("pk", flat=True)
        )
    rows = documents.LIBRARY_OF["demand"].model.objects.filter(state__in=LIVE)
    waiting = list(rows.defer(*records.UNREAD).order_by("pk"))
    _told_of_imports(_match_in_blocks(waiting, limit=KEPT_OF_IMPORTS, among=among))


def _told_of_imports(new: Sequence[Match]) -> None:
    with acting(SYSTEM):
        telling.tell_of_imports(new)


def _match_in_blocks(
    demands: Sequence[Any], *, limit: int, among: set[int] | None = None
) -> list[Match]:
    """Match many demands; keeps and returns what is new."""
    is_few = len(demands) <= FEW
    least = LEAST_PERCENT if is_few else LEAST_PERCENT_BY_WORDS
    found: list[tuple[int, int, Found]] = []
    new: list[Match] = []
    for start in range(0, len(demands), KEPT_AT_ONCE):
        some = demands[start : start + KEPT_AT_ONCE]
        answers = queries.ask_many(
            [(_asked(d), d.owner_id) for d in some], among=among, limit=limit, with_encoder=is_few
        )
        for demand, items in zip(some, answers, strict=True):
            found += _worth_keeping(demand, items, least)
        new += keeping.keep_all(found)
        found = []
    return new


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
