"""Enterprises without an open demand, and the technologies that lie in their direction.

Whom to tell of a technology is asked of the tags (industry, chain), whom not is asked of the
demands: an enterprise that has said what it looks for is answered by that.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from django.db.models import Q, QuerySet

from yangbanjian.engines.matching import documents, queries
from yangbanjian.engines.matching.keeping import A_DAY, Found
from yangbanjian.engines.matching.live import NUMBER_OF, live
from yangbanjian.engines.matching.models import Document, Match
from yangbanjian.engines.matching.rules import directions as rules
from yangbanjian.engines.matching.rules.directions import Chains, Meeting, Supply, Tag
from yangbanjian.engines.matching.rules.folding import fold
from yangbanjian.engines.matching.rules.reasons.messages import MESSAGES, text_of
from yangbanjian.ground.codes import queries as codes
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.people.models import Membership, Organisation, OrganisationTag
from yangbanjian.kernel.actor import SYSTEM, Role
from yangbanjian.libraries.achievements.models import Achievement
from yangbanjian.libraries.demands.models import Demand
from yangbanjian.libraries.records.rules.states import LIVE

TABLES = {"field": "field", "industry": "industries"}
LONGEST_TEXT = 4000
LOOKED_AT = 400
"""Technologies that are looked at for one enterprise, the newest first."""
NAMED = 60
WEIGHED = 60
"""Of those that one technology may be told to: some will have had enough for the day."""
MOST_ASKED = 5000
"""Enterprises whose tags are weighed for one technology."""
NOTED = (*LIVE, "expired", "sold")
MOST_NOTED = 12
"""Codes of a kind that an enterprise's demands give it as tags."""
Pair = tuple[int, Found]
Facts = tuple[str, str, str]
Wanted = tuple[str, str]


def for_supply(records: Iterable[Any]) -> list[Pair]:
    """(enterprise, what it may be told) for these public achievements. The enterprises are read
    once for all of them: an import has thousands."""
    chains = _chains()
    asked = [(record, supply := supply_of(record), _wanted(supply, chains)) for record in records]
    tags = _tags_of(_with_tag(set().union(*(wanted for _, _, wanted in asked))))
    if not tags:
        return []
    held = {seeker: [_tag(*facts) for facts in mine] for seeker, mine in tags.items()}
    near: dict[Wanted, list[int]] = defaultdict(list)
    for seeker in sorted(tags):
        for kind, code, _ in tags[seeker]:
            near[kind, code].append(seeker)
    best = [
        (record, seeker, met)
        for record, supply, wanted in asked
        for seeker, met in _best(supply, record.owner_id, wanted, near, held)
    ]
    brokers = _brokers_of({seeker for _, seeker, _ in best})
    items = ((seeker, _item(record, met, brokers.get(seeker))) for record, seeker, met in best)
    return [(seeker, item) for seeker, item in items if item is not None]


def _best(
    supply: Supply, owner_id: int, wanted: Collection[Wanted],
    near: Mapping[Wanted, Sequence[int]], held: Mapping[int, Sequence[Tag]],
) -> list[tuple[int, list[Meeting]]]:  # fmt: skip
    """The enterprises to which one technology means most, with where they meet."""
    found = sorted(set().union(*(near.get(one, ()) for one in wanted)) - {owner_id})
    met = {seeker: rules.meetings(held[seeker], supply) for seeker in found[:MOST_ASKED]}
    best = heapq.nlargest(WEIGHED, met, key=lambda seeker: (rules.score_of(met[seeker]), -seeker))
    return [(seeker, met[seeker]) for seeker in best]


def for_enterprises(organisation_ids: Collection[int]) -> list[Pair]:
    """(enterprise, what it may be told) of all public achievements, for those of these enterprises
    that have no open demand."""
    waiting = _without_demand(Organisation.objects.filter(pk__in=organisation_ids))
    tags = _tags_of(waiting.values_list("pk", flat=True))
    brokers = _brokers_of(tags)
    found: list[Pair] = []
    for seeker_id, held in tags.items():
        mine = [_tag(*facts) for facts in held]
        known = Match.objects.filter(demand=None, seeker_id=seeker_id).values("achievement_id")
        rows = _achievements_near(mine).exclude(owner_id=seeker_id).exclude(pk__in=known)
        items = [
            _item(r, rules.meetings(mine, supply_of(r)), brokers.get(seeker_id))
            for r in rows[:LOOKED_AT]
        ]
        good = [item for item in items if item is not None]
        good.sort(key=lambda item: (-item.score, -item.record_id))
        found += [(seeker_id, item) for item in good[:A_DAY]]
    return found


def _item(record: Any, met: Sequence[Meeting], broker_id: int | None) -> Found | None:
    score = rules.score_of(met)
    if score < rules.LEAST:
        return None
    return Found(
        kind="achievement",
        record_id=record.pk,
        provider_id=record.owner_id,
        broker_id=broker_id or record.custody_broker_id,
        score=Decimal(str(score)),
        percent=rules.percent_of(score),
        parts=rules.parts_of(met),
        reasons=[_reason(one) for one in met],
        versions=(0, record.version),
    )


# --- enterprises ---------------------------------------------------------------------------------


def _without_demand(found: QuerySet[Organisation]) -> QuerySet[Organisation]:
    busy = Demand.objects.filter(state__in=LIVE).values("owner_id")
    return found.filter(kind="enterprise").exclude(state="suspended").exclude(pk__in=busy)


def _wanted(supply: Supply, chains: Chains) -> set[Wanted]:
    """The tags that may meet a technology, but for the field: a field alone never suffices."""
    industries = set(supply.industries)
    if supply.industries:
        for code in supply.industries:
            industries |= around(code)
    else:
        industries |= _industries().within(supply.text)
    named = {("industry", code) for code in industries}
    return named | {("chain", code) for code in chains.within(supply.text)}


def _with_tag(wanted: Collection[Wanted]) -> QuerySet[Any, int]:
    """Enterprises without an open demand that have one of these tags, as numbers."""
    of_kind = defaultdict(set)
    for kind, code in wanted:
        of_kind[kind].add(code)
    having = Q(pk__in=[])
    for kind, named in of_kind.items():
        having |= Q(kind=kind, code__in=named)
    near = OrganisationTag.objects.filter(having).values("organisation_id")
    return _without_demand(Organisation.objects.filter(pk__in=near)).values_list("pk", flat=True)


def _tags_of(organisation_ids: Iterable[int]) -> dict[int, list[Facts]]:
    rows = OrganisationTag.objects.filter(organisation_id__in=list(organisation_ids))
    found: dict[int, list[Facts]] = defaultdict(list)
    for organisation_id, *facts in rows.order_by("organisation_id", "kind", "code").values_list(
        "organisation_id", "kind", "code", "source"
    ):
        found[organisation_id].append((facts[0], facts[1], facts[2]))
    return dict(found)


def _brokers_of(organisation_ids: Iterable[int]) -> dict[int, int]:
    """The brokerage whose member last confirmed a tag of each enterprise."""
    confirmed = OrganisationTag.objects.filter(
        organisation_id__in=list(organisation_ids), source="broker", set_by__isnull=False
    )
    by_enterprise = dict(
        confirmed.order_by("set_at", "pk").values_list("organisation_id", "set_by")
    )
    held = Membership.objects.filter(
        person_id__in=set(by_enterprise.values()), role=Role.BROKER, period__endswith=None
    )
    brokerage = dict(held.order_by("pk").values_list("person_id", "organisation_id"))
    return {
        enterprise: brokerage[person]
        for enterprise, person in by_enterprise.items()
        if person in brokerage
    }


def codes_of_demands(owner_ids: Collection[int]) -> dict[int, dict[str, list[str]]]:
    """Enterprise -> kind of tag -> codes of the newest demands that it has published by name."""
    rows = Demand.objects.filter(
        owner_id__in=owner_ids, owner__kind="enterprise", visibility="named", state__in=NOTED
    ).order_by("-published_at", "-pk")
    found: dict[int, dict[str, list[str]]] = {}
    for owner_id, field, industries in rows.values_list("owner_id", "field", "industry_codes"):
        mine = found.setdefault(owner_id, {"field": [], "industry": []})
        mine["field"] += [field] if field and field not in mine["field"] else []
        mine["industry"] += [c for c in industries if c not in mine["industry"]]
    return {
        owner: {kind: listed[:MOST_NOTED] for kind, listed in mine.items()}
        for owner, mine in found.items()
    }


# --- achievements --------------------------------------------------------------------------------


def supply_of(record: Any) -> Supply:
    """What an achievement says of its direction."""
    text = documents.text_of("achievement", record)[:LONGEST_TEXT]
    guessed = "" if record.field else queries.read(text[:500]).field or ""
    return Supply(
        field=record.field,
        industries=frozenset(record.industry_codes),
        head=fold(" ".join([record.title, *record.keywords])),
        text=fold(text),
        guessed_field=guessed,
    )


def _achievements_near(tags: Sequence[Tag]) -> QuerySet[Achievement]:
    industries: set[str] = set()
    named: set[int] = set()
    for tag in tags:
        if tag.kind == "industry":
            industries |= {tag.code, *tag.around}
        if tag.kind in ("industry", "chain"):
            for word in tag.words:
                named |= _naming(word)
    near = Q(industry_codes__overlap=sorted(industries)) | Q(pk__in=named)
    found = Achievement.objects.filter(near, state__in=LIVE).defer("terms", "bands", "numbers")
    return found.order_by("-published_at", "-pk")


def _naming(word: str) -> set[int]:
    """Achievements whose text has the word among what tells most."""
    if len(word) < rules.SHORTEST_WORD:
        return set()
    found = live().index.find(word, kinds=[NUMBER_OF["achievement"]], limit=NAMED)
    keys = [hit.key for hit in found.hits]
    with acting(SYSTEM):
        return set(Document.objects.filter(pk__in=keys).values_list("record_id", flat=True))


# --- tags ----------------------------------------------------------------------------------------


def around(code: str) -> frozenset[str]:
    """The industries a level above and below one."""
    table = codes.shipped("industries")
    path = table.path(code)
    below = {child.code for child in table.children(code)} if code else set()
    return frozenset(below | {one.code for one in path[-2:-1]})


@cache
def _labels(kind: str, code: str) -> tuple[str, ...]:
    """What a code of a table is called, folded, in every language it has."""
    found = codes.shipped(TABLES[kind]).codes.get(code)
    if found is None:
        return ()
    said = (found.label_zh, found.label_hant, found.label_en)
    return tuple(dict.fromkeys(fold(label) for label in said if label))


def _tag(kind: str, code: str, source: str) -> Tag:
    if kind == "chain":
        name = fold(code)
        return Tag(kind, code, source, (name, *live().index.other_names(name)))
    near = around(code) if kind == "industry" else frozenset()
    return Tag(kind, code, source, _labels(kind, code), near)


def _chains() -> Chains:
    """Every chain tag that somebody holds, with the other names that the corpus gives it."""
    held = OrganisationTag.objects.filter(kind="chain").order_by("code")
    names: dict[str, str] = {}
    for code in held.values_list("code", flat=True).distinct():
        for word in _tag("chain", code, "stated").words:
            names.setdefault(word, code)
    return Chains(names)


@cache
def _industries() -> Chains:
    """Industries by their labels, for technologies that name none by its code."""
    table = codes.shipped("industries")
    return Chains({word: c.code for c in table for word in _labels("industry", c.code)})


# --- reasons -------------------------------------------------------------------------------------


def _reason(met: Meeting) -> dict[str, Any]:
    """A meeting as a reason, in the form that reasons of sentences have."""
    tag = met.tag
    confirmed = "_broker" if tag.source == "broker" else ""
    params = {"field": "field_code", "industry": "industry", "chain": "chain"}
    name, given = f"tag_{tag.kind}{confirmed}", {params[tag.kind]: tag.code}
    verdict = "yes"
    if tag.kind == "field" and met.how == "words":
        name, verdict = "tag_field_guessed", "unknown"
    elif met.how == "near":
        name, verdict = "tag_industry_near", "unknown"
    elif tag.kind == "industry" and met.how == "words":
        name, given, verdict = "tag_industry_named", {"word": met.word}, "unknown"
    elif tag.kind == "chain" and met.word != fold(tag.code):
        name, given, verdict = "tag_named", {"word": met.word, "chain": tag.code}, "unknown"
    said = {key: _label_of(key, value) for key, value in given.items()}
    return {
        "verdict": verdict, "text": text_of(MESSAGES[name], said), "demand_span": None,
        "record_field": None, "record_span": None, "code": name, "params": given,
        "change": None, "change_code": None, "change_params": {},
    }  # fmt: skip


def _label_of(name: str, value: str) -> str:
    table = {"field_code": "field", "industry": "industries"}.get(name)
    return codes.label(table, value) if table else value
