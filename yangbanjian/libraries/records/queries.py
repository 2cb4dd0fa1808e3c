"""Reading what the three libraries share. A library describes itself once, as `Library`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from yangbanjian.ground.database.opened import is_opened, of_opened
from yangbanjian.ground.database.transactions import acting
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.answers import kept_by
from yangbanjian.kernel.moves import StateTable
from yangbanjian.kernel.refusals import NotFound, Refusal
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.records.models import Draft, RecordVersion, Report, SavedSearch, Star
from yangbanjian.libraries.records.rules import search
from yangbanjian.libraries.records.rules.fields import Field
from yangbanjian.libraries.records.rules.filters import TRL_BANDS, Filters
from yangbanjian.libraries.records.rules.states import LIVE


@dataclass(frozen=True, slots=True)
class Library:
    """What a library is made of. `kind` is the word in verbs, URLs and tables (achievement),
    `room` its plural (achievements); `text_fields` are searched; `identify` names the numbers
    that make two records the same thing; `visible_to` is the filter of who may see what;
    `may_write` says whether an actor may change a record of this owner;
    `is_owner_searchable` is False where the owner's name may be nobody's business;
    `keeps_in` names what in a record forbids the state that it is in."""

    kind: str
    room: str
    label: str
    model: Any
    versions: Any
    fields: tuple[Field, ...]
    table: StateTable
    text_fields: tuple[str, ...]
    visible_to: Callable[[Actor], Q]
    may_write: Callable[[Actor, Any], bool]
    is_owner_searchable: bool = True
    identify: Callable[[Mapping[str, Any]], Sequence[str]] = lambda values: ()
    check: Callable[[Mapping[str, Any]], Sequence[Any]] = lambda values: ()
    keeps_in: Callable[[Any], Sequence[Any]] = lambda record: ()

    def field(self, name: str) -> Field:
        return next(f for f in self.fields if f.name == name)


LIBRARIES: dict[str, Library] = {}


def register(library: Library) -> Library:
    """Make a library known by its room's name."""
    LIBRARIES[library.room] = library
    return library


def library_of_kind(kind: str) -> Library:
    return next(lib for lib in LIBRARIES.values() if lib.kind == kind)


def in_office(actor: Actor, shown: Q) -> Q:
    """What an operator sees of others' records beside what is shown: what was handed in to be
    judged, what they entered themselves, what a grant has opened to them (T7)."""
    if actor.is_system or Role.OPERATOR not in actor.roles:
        return shown
    return shown | Q(state="submitted") | Q(created_by=actor.person_id) | of_opened("owner_id")


def is_inside(library: Library, actor: Actor, record: Any) -> bool:
    """Does the actor read what the owner keeps to itself of this record? Who may write it, and an
    operator to whom its owner is opened."""
    is_theirs = replace(actor, roles=actor.roles - {Role.OPERATOR})
    if actor.is_system or library.may_write(is_theirs, record):
        return True
    return Role.OPERATOR in actor.roles and is_opened(record.owner_id)


def not_found(library: Library, actor: Actor, record_id: int) -> Refusal:
    """Why a record is not there for the actor. What is private and not theirs does not exist; an
    operator is told whose it is, and how it is opened."""
    if Role.OPERATOR in actor.roles:
        with acting(SYSTEM):
            found = library.model.objects.filter(pk=record_id).values_list("owner_id", flat=True)
            owner_id = found.first()
        if owner_id is not None:
            return kept_by(owner_id)
    return NotFound(
        f"{library.room}.not_found",
        gettext_noop("没有找到这条记录，它可能已被撤回或不对您公开。"),
    )


def visible(library: Library, actor: Actor) -> QuerySet[Any]:
    """The records this actor may see, in any state."""
    found: QuerySet[Any] = library.model.objects.filter(library.visible_to(actor))
    return found.select_related("owner")


def get(library: Library, actor: Actor, record_id: int) -> Any:
    """One record; what may not be seen does not exist."""
    record = visible(library, actor).filter(pk=record_id).first()
    if record is None:
        raise not_found(library, actor, record_id)
    return record


def matching_text(found: QuerySet[Any], q: str) -> QuerySet[Any]:
    """Those that contain every word of q."""
    terms = search.query_terms(q)
    if not terms:
        return found.none() if q.strip() else found
    combined = " & ".join("'" + t.replace("\\", "\\\\").replace("'", "''") + "'" for t in terms)
    return found.filter(_looked_up(found, "said", "to_tsquery('simple', %s)", combined))


def _looked_up(found: QuerySet[Any], finder: str, wanted: str, value: Any) -> Q:
    """Those that a function of the room finds by an index that row policies keep us from."""
    room = found.model._meta.app_label
    # A table to the planner, not a column: it reads it once and adds nothing up.
    call = f"SELECT n FROM {room}_{finder}({wanted}) AS n"  # noqa: S608 - our own words
    return Q(pk__in=RawSQL(call, [value]))  # noqa: S611


def content_of(library: Library, record: Any) -> dict[str, Any]:
    """The values of the declared fields, as JSON can hold them: what a version keeps."""
    content: dict[str, Any] = {}
    for field in library.fields:
        value = getattr(record, field.name)
        content[field.name] = value.isoformat() if isinstance(value, date | datetime) else value
    return content


def history(library: Library, actor: Actor, record: Any) -> QuerySet[RecordVersion]:
    """Versions, newest first: all for who reads what is kept inside and for auditors, else those
    since publication; of what is not published the one that was handed in."""
    found: QuerySet[RecordVersion] = library.versions.objects.filter(record=record)
    if is_inside(library, actor, record) or actor.has_any(Role.AUDITOR):
        return found.order_by("-version")
    if record.published_at is None:
        found = found.filter(version=record.version)
    else:
        first = found.filter(made_at__lte=record.published_at).order_by("-version").first()
        found = found.filter(version__gte=first.version if first else 1)
    return found.order_by("-version")


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A record that may be the same thing, and why we think so."""

    record_id: int
    title: str
    state: str
    why: str


def duplicates(library: Library, actor: Actor, record: Any, limit: int = 5) -> list[Duplicate]:
    """Records that share a number, the title and owner, or nearly the text; visible ones only."""
    others = visible(library, actor).exclude(pk=record.pk)
    found: dict[int, Duplicate] = {}

    def add(records: QuerySet[Any], why: str) -> None:
        for other in records[:limit]:
            found.setdefault(other.pk, Duplicate(other.pk, other.title, other.state, why))

    if record.numbers:
        add(others.filter(_looked_up(others, "numbered", "%s::text[]", record.numbers)), "number")
    add(others.filter(owner_id=record.owner_id, title__iexact=record.title), "title_and_owner")
    if record.bands:
        add(others.filter(_looked_up(others, "alike", "%s::bigint[]", record.bands)), "text")
    return list(found.values())[:limit]


# What serves to find a record and is never shown: more than half of its bytes.
UNREAD = ("terms", "bands", "numbers")


def listed(library: Library, actor: Actor, filters: Filters) -> QuerySet[Any]:
    """The records that the filters leave, in their order; without a state, the live ones."""
    found = visible(library, actor).defer(*UNREAD)
    found = found.filter(state__in=filters.state or LIVE)
    found = matching_text(found, filters.q)
    for condition in _conditions(library, filters):
        found = found.filter(condition)
    order = {"complete": "-completeness", "price": "price_fen"}.get(filters.sort)
    if order == "price_fen" and not has_column(library, "price_fen"):
        order = None
    return found.order_by(*([order] if order else []), "-updated_at", "-id")


def has_column(library: Library, name: str) -> bool:
    return any(f.name == name for f in library.model._meta.get_fields())


NARROWING = ("field", "region", "trl", "mode", "kind", "availability")


def _conditions(library: Library, filters: Filters) -> list[Q]:
    conditions = [condition_of(library, filters, name) for name in NARROWING]
    if filters.owner is not None:
        conditions.append(Q(owner_id=filters.owner))
    return [condition for condition in conditions if condition]


def part(found: QuerySet[Any], start: int, stop: int) -> QuerySet[Any]:
    """Rows `start` to `stop` of a list: which they are is read from the index alone (`shelf`), and
    only those few are then read whole."""
    chosen = found.select_related(None).defer(None).values("pk")[start:stop]
    rows: QuerySet[Any] = found.model.objects.filter(pk__in=chosen).defer(*UNREAD)
    return rows.select_related("owner").order_by(*found.query.order_by)


def column_of(library: Library, name: str) -> str:
    """The column that a part of the filters looks at; "" where the library has none."""
    names = {"mode": ("modes",), "trl": ("trl", "trl_wanted")}.get(name, (name,))
    return next((column for column in names if has_column(library, column)), "")


def condition_of(library: Library, filters: Filters, name: str) -> Q:
    """What one part of the filters asks; nothing where the library has no such column."""
    chosen, column = list(getattr(filters, name)), column_of(library, name)
    if not chosen or not column:
        return Q()
    anywhere = Q(pk__in=[])
    if name == "region":
        for code in chosen:
            anywhere |= Q(region__startswith=code.rstrip("0") or code)
        return anywhere
    if name == "trl":
        for band in chosen:
            anywhere |= Q(**{f"{column}__range": TRL_BANDS[band]})
        return anywhere
    return Q(**{f"{column}__overlap" if name == "mode" else f"{column}__in": chosen})


def stale_share(library: Library) -> tuple[int, int]:
    """(expired, all that were ever public and not closed): a public number."""
    rows = library.model.objects.filter(state__in=["public", "expiring", "expired"])
    return rows.filter(state="expired").count(), rows.count()


def counters() -> dict[str, tuple[int, int]]:
    """For each library (live records, stale share in whole per cent): public numbers."""
    found = {}
    for room, library in LIBRARIES.items():
        stale, all_shown = stale_share(library)
        found[room] = (all_shown - stale, 100 * stale // all_shown if all_shown else 0)
    return found


def draft(actor: Actor, form: str) -> dict[str, Any]:
    """What this person was typing into the form; {} for nothing."""
    if actor.person_id is None:
        return {}
    row = Draft.objects.filter(person_id=actor.person_id, form=form[:100]).first()
    return dict(row.content) if row is not None else {}


def drafts(actor: Actor) -> QuerySet[Draft]:
    """One's own drafts of forms, the last one first."""
    if actor.person_id is None:
        return Draft.objects.none()
    return Draft.objects.filter(person_id=actor.person_id).order_by("-saved_at", "-pk")


def searches(actor: Actor) -> QuerySet[SavedSearch]:
    """One's own saved searches, the newest first."""
    if actor.person_id is None:
        return SavedSearch.objects.none()
    return SavedSearch.objects.filter(person_id=actor.person_id).order_by("-pk")


def stars(actor: Actor) -> QuerySet[Star]:
    """What this person has starred in all libraries, the latest first."""
    if actor.person_id is None:
        return Star.objects.none()
    return Star.objects.filter(person_id=actor.person_id).order_by("-pk")


def starred(actor: Actor, library: Library, record_ids: Sequence[int]) -> frozenset[int]:
    """Which of these records the actor has starred: one look into one index."""
    if not record_ids:
        return frozenset()
    mine = stars(actor).order_by().filter(library=library.room, record_id__in=list(record_ids))
    return frozenset(mine.values_list("record_id", flat=True))


def among(library: Library, actor: Actor, record_ids: Sequence[int]) -> dict[int, Any]:
    """Those of these records that the actor may see, by number."""
    found = visible(library, actor).filter(pk__in=list(record_ids)).defer(*UNREAD)
    return {record.pk: record for record in found}


def reports(actor: Actor, state: str = "open") -> QuerySet[Report]:
    """What was reported, for those who decide; the oldest first."""
    if not actor.has_any(Role.OPERATOR, Role.AUDITOR):
        return Report.objects.none()
    return Report.objects.filter(state=state).select_related("owner").order_by("pk")


def owned(library: Library, actor: Actor, state: Sequence[str] = ()) -> QuerySet[Any]:
    """The records of the organisations the actor may speak for, the last changed first."""
    found = visible(library, actor).filter(owner_id__in=sorted(actor.mandates))
    if state:
        found = found.filter(state__in=list(state))
    return found.order_by("-updated_at", "-pk")


def waiting(library: Library) -> QuerySet[Any]:
    """Submitted records that nobody has decided about, the longest waiting first."""
    found: QuerySet[Any] = library.model.objects.filter(state="submitted")
    return found.select_related("owner").order_by("state_since", "pk")


def waiting_count() -> int:
    """How many records of all libraries wait for moderation."""
    return sum(waiting(library).count() for library in LIBRARIES.values())
