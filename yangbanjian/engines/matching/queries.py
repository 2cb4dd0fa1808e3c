"""Asking: a sentence in, achievements and experts out, each with its reasons."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import Count, QuerySet

from yangbanjian.engines.matching import documents, policy
from yangbanjian.engines.matching.index import Found, Hit
from yangbanjian.engines.matching.index.batch import find_batch
from yangbanjian.engines.matching.live import NUMBER_OF, encoder, live
from yangbanjian.engines.matching.models import Document, Feedback, Match
from yangbanjian.engines.matching.rules.reasons import (
    Reading,
    RecordView,
    bars,
    is_excluded,
    read_record,
    reasons,
    structured_parts,
)
from yangbanjian.engines.matching.rules.understanding import (
    FieldCode,
    Understanding,
    default_fields,
    default_regions,
    understand,
)
from yangbanjian.engines.matching.rules.why_codes import Advice, advice
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.answers import kept_by
from yangbanjian.kernel.refusals import NotFound, Refusal
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.achievements.models import Achievement
from yangbanjian.libraries.experts.models import Expert
from yangbanjian.libraries.records import queries as records
from yangbanjian.libraries.records.rules.states import LIVE

LONGEST_TEXT = 20_000
MOST = 100
WEIGHED = 20
# Below this share of what the best one has, a hit is there for want of others.
LEAST_PROOF = 0.2
SUPPLY = ("achievement", "expert")


def vectors_made() -> tuple[int, int]:
    """(vectors on this machine, live documents): how far the encoding is, read from the file's size
    without opening the index. Texts that stand twice or no more make it a little wrong."""
    keys = Path(settings.INDEX_ROOT) / "vectors" / "keys.u64"
    made = keys.stat().st_size // 8 if keys.exists() else 0
    with acting(SYSTEM):
        wanted = Document.objects.filter(is_live=True).count()
    return min(made, wanted), wanted


@dataclass(frozen=True, slots=True)
class Item:
    """One record found. `parts` are signed addends of six decimals that sum to `score`."""

    kind: str
    record: Any
    score: float
    percent: int
    parts: dict[str, float]
    reasons: list[dict[str, Any]]
    bars: dict[str, int | None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was understood and what was found; `nothing_here` when nothing deserves to be shown."""

    said: Understanding
    items: list[Item]
    nothing_here: bool
    compared: int
    took_ms: int


def read(text: str, *, today: date | None = None) -> Understanding:
    """What the sentence says, by rules; `today` saves asking the clock again."""
    return understand(
        text[:LONGEST_TEXT],
        today=today or clock.today(),
        fields=_fields(),
        regions=default_regions(),
    )


_FIELD_OF = {
    "showroom-information": "it",
    "showroom-design": "design",
    "showroom-marine": "marine",
    "showroom-paediatrics": "paediatrics",
    "showroom-printing": "printing",
    "showroom-indoor-air": "air",
    "showroom-manufacturing": "manufacturing",
}


@cache
def _fields() -> tuple[FieldCode, ...]:
    """The site's fields with the words that point to them."""
    return tuple(
        replace(field, code=_FIELD_OF[field.code])
        for field in default_fields()
        if field.code in _FIELD_OF
    )


def ask(
    *, actor: Actor, text: str, kinds: Sequence[str] = SUPPLY, limit: int = 10,
    with_encoder: bool = True, exclude_owner: int | None = None,
) -> Answer:  # fmt: skip
    """The best records for a sentence, of those that the actor may see."""
    began = time.perf_counter()
    today = clock.today()
    said = read(text, today=today)
    index = live().up_to_date()
    numbers = [NUMBER_OF[k] for k in kinds if k in NUMBER_OF]
    limit = max(1, min(limit, MOST))
    items: list[Item] = []
    if text.strip() and numbers:
        seen = index.find(
            said.ranking_text, kinds=numbers, limit=max(WEIGHED, limit + 10),
            encoder=encoder() if with_encoder else None,
        )  # fmt: skip
        items = _shown(actor, said, seen, limit, today, exclude_owner)
    took = round((time.perf_counter() - began) * 1000)
    return Answer(said, items, not items, len(index), took)


def ask_many(
    asked: Sequence[tuple[str, int]], *, among: Collection[int] | None = None, limit: int,
    with_encoder: bool,
) -> Iterator[list[Item]]:  # fmt: skip
    """The best supply for many (sentence, owner who is left out), in blocks and in their order.

    `among`: numbers of the documents to look at, or all. System work: what anybody may see counts.
    """
    index = live().up_to_date()
    today = clock.today()
    said = [read(text, today=today) for text, _ in asked]
    allowed = None
    if among is not None:
        few = np.array(sorted(among), np.int64)
        allowed = lambda keys: np.isin(keys, few)  # noqa: E731
    found = find_batch(
        [one.ranking_text for one in said], index, kinds=[NUMBER_OF[k] for k in SUPPLY],
        allowed=allowed, limit=WEIGHED, encoder=encoder() if with_encoder else None,
    )  # fmt: skip
    for one, seen, (_, owner) in zip(said, found, asked, strict=True):
        yield _shown(SYSTEM, one, seen, limit, today, owner)


def _shown(
    actor: Actor, said: Understanding, seen: Found, limit: int, today: date,
    exclude_owner: int | None,
) -> list[Item]:  # fmt: skip
    """What of the hits deserves to be shown, best first; nothing where the evidence is thin."""
    if seen.nothing_here:
        return []
    proof = proof_of(seen)
    found = _weighed(actor, said, seen.hits, proof, today, exclude_owner)
    return [_explained(said, one, proof[one.hit.key], today) for one in found[:limit]]


def proof_of(seen: Found) -> dict[int, float]:
    """How much speaks for each hit, 0..1: the evidence for the best, less for those behind it."""
    top = max((hit.score for hit in seen.hits), default=0.0) or 1.0
    return {hit.key: round(seen.evidence * max(0.0, hit.score / top), 6) for hit in seen.hits}


def near(text: str, *, kind: str, limit: int) -> list[tuple[int, float]]:
    """Records of a kind that share the text's words, with the evidence; nothing is explained.

    By words alone: it is asked of every new record, and what it wakes is then matched in full.
    """
    index = live().up_to_date()
    seen = index.find(text, kinds=[NUMBER_OF[kind]], limit=limit)
    proof = proof_of(seen)
    rows = Document.objects.filter(pk__in=list(proof)).values_list("pk", "record_id")
    with acting(SYSTEM):
        where = dict(rows)
    return [(where[h.key], proof[h.key]) for h in seen.hits if h.key in where]


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A hit with its structured side added; the reasons are given only if it is shown."""

    hit: Hit
    kind: str
    record: Any
    view: RecordView
    reading: Reading
    parts: dict[str, float]
    score: float


def _weighed(
    actor: Actor, said: Understanding, hits: Sequence[Hit], proof: dict[int, float], today: date,
    exclude_owner: int | None,
) -> list[_Weighed]:  # fmt: skip
    """The hits that deserve to be shown, with the structured side added, best first."""
    found = []
    for hit, kind, record in _records_of(actor, hits):
        if record.owner_id == exclude_owner or proof[hit.key] < LEAST_PROOF:
            continue
        view = documents.view_of(kind, record)
        if is_excluded(said, view, today=today):
            continue
        reading = _reading(kind, record, view)
        parts = {**hit.parts, **structured_parts(said, view, reading=reading)}
        parts = {name: value for name, value in parts.items() if value}
        score = round(sum(parts.values()), 6)
        found.append(_Weighed(hit, kind, record, view, reading, parts, score))
    found.sort(key=lambda one: (-one.score, one.kind, one.record.pk))
    return found


def _explained(said: Understanding, one: _Weighed, proof: float, today: date) -> Item:
    """A weighed hit as it is shown: percentage, reasons, bars."""
    terms = [term for term, _ in one.hit.terms]
    told = reasons(said, one.view, terms, today=today, reading=one.reading)
    # In step with the score: what the structured side adds moves the percentage as much.
    share = one.score / one.hit.score if one.hit.score > 0 else 1.0
    return Item(
        one.kind,
        one.record,
        one.score,
        round(100 * min(0.99, max(0.05, proof * share))),
        one.parts,
        [_checked(reason.as_json(), one.record) for reason in told],
        bars(said, one.view, text_fit=proof, today=today, reading=one.reading),
    )


_READINGS: OrderedDict[tuple[str, int], tuple[RecordView, Reading]] = OrderedDict()
READINGS_KEPT = 5000


def _reading(kind: str, record: Any, view: RecordView) -> Reading:
    """The facts of a record, read once a process as long as it says the same."""
    key = (kind, record.pk)
    known, reading = _READINGS.get(key, (None, None))
    if reading is None or known != view:
        reading = read_record(view)
        _READINGS[key] = view, reading
        while len(_READINGS) > READINGS_KEPT:
            _READINGS.popitem(last=False)
    return reading


def _checked(reason: dict[str, Any], record: Any) -> dict[str, Any]:
    """Keep a span only where it points into a field that is stored as one text."""
    name = reason["record_field"]
    if name and not isinstance(getattr(record, name, None), str):
        reason["record_span"] = None
    return reason


def _records_of(actor: Actor, hits: Sequence[Hit]) -> list[tuple[Hit, str, Any]]:
    """The live records behind the hits that the actor may see, in the hits' order."""
    documents_of = Document.objects.filter(pk__in=[h.key for h in hits])
    # Texts are the house's; the records behind them are read as who asks.
    with acting(SYSTEM):
        where = {
            pk: (kind, rid) for pk, kind, rid in documents_of.values_list("pk", "kind", "record_id")
        }
    loaded: dict[tuple[str, int], Any] = {}
    for kind in {kind for kind, _ in where.values()}:
        if kind not in documents.LIBRARY_OF:
            continue
        library = documents.LIBRARY_OF[kind]
        ids = [rid for k, rid in where.values() if k == kind]
        rows = records.visible(library, actor).defer(*records.UNREAD)
        for record in rows.filter(pk__in=ids, state__in=LIVE):
            loaded[kind, record.pk] = record
    found = []
    for hit in hits:
        place = where.get(hit.key)
        if place is not None and place in loaded:
            found.append((hit, place[0], loaded[place]))
    return found


def matches(actor: Actor) -> QuerySet[Match]:
    """The matches this actor may see, the freshest first."""
    return (
        Match.objects.filter(policy.visible_to(actor))
        .select_related(
            "demand", "achievement", "expert", "seeker", "provider", "broker", "edition"
        )
        .order_by("-state_since", "-percent", "-id")
    )


def known(match_ids: Sequence[int]) -> dict[int, Match]:
    """Those of these matches that who acts may see, by number."""
    found = Match.objects.select_related("demand", "achievement", "expert", "seeker", "provider")
    return found.in_bulk(list(match_ids))


def matches_of_demand(actor: Actor, demand_id: int) -> QuerySet[Match]:
    """The matches of one demand, best first."""
    return matches(actor).filter(demand_id=demand_id).order_by("-score", "id")


def supply_of(match: Match) -> Achievement | Expert:
    """What a match offers: an achievement or an expert, never neither (the database sees to it)."""
    supply = match.achievement or match.expert
    assert supply is not None
    return supply


def judgement(actor: Actor, match_id: int) -> str:
    """What the actor's organisation has said of the match: good, bad, or "" for nothing yet."""
    if actor.organisation_id is None:
        return ""
    said = Feedback.objects.filter(match_id=match_id, organisation_id=actor.organisation_id)
    return said.values_list("verdict", flat=True).first() or ""


def complaints(kind: str, record_id: int) -> list[Advice]:
    """Advice to the owner of a record from what others have said of its matches."""
    said = Feedback.objects.filter(verdict="bad", **{f"match__{kind}_id": record_id})
    # Others' words come to the owner counted, never whose they are.
    with acting(SYSTEM):
        counts = dict(said.values_list("why").annotate(n=Count("pk")).order_by())
    return advice(counts)


def match(actor: Actor, match_id: int) -> Match:
    """One match that the actor may see."""
    found = matches(actor).filter(pk=match_id).first()
    if found is None:
        raise not_found(actor, match_id)
    return found


def not_found(actor: Actor, match_id: int) -> Refusal:
    """Why a match is not there; an operator is told whose it is, and how it is opened (T7)."""
    if Role.OPERATOR in actor.roles:
        with acting(SYSTEM):
            seeker_id = (
                Match.objects.filter(pk=match_id).values_list("seeker_id", flat=True).first()
            )
        if seeker_id is not None:
            return kept_by(seeker_id)
    return NotFound("matches.not_found", gettext_noop("没有找到这条匹配。"))
