"""Many rows at once: what a sheet holds becomes records, in transactions of a thousand rows.

A row is known again by its owner and external id, or by the reference that an export wrote beside
it. So the same file may be sent twice, or twice at the same moment: an advisory lock on owner and
library lets one batch write while the other waits and then finds everything unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import connection

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.codes import queries as codes
from yangbanjian.ground.database import bulk
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.people.models import Organisation
from yangbanjian.ground.site import queries as site
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Invalid, NotFound, Problem
from yangbanjian.kernel.text import bands_of, clean_line
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.records import actions, policy
from yangbanjian.libraries.records.actions import Origin
from yangbanjian.libraries.records.queries import Library
from yangbanjian.libraries.records.rules import states

BATCH = 1000
# Made while the server reads those before.
AT_ONCE = 32
LONGEST_ID = 200
STATES = ("draft", "public")


@dataclass(frozen=True, slots=True)
class Row:
    """A row as read: `values` are raw values by field name, None where a cell was left blank.
    `reference` is what `reference_of` gave for an exported record."""

    number: int
    external_id: str = ""
    reference: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    is_title_derived: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that was left out, and why."""

    number: int
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class Outcome:
    """What became of some rows."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[Rejection] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return self.created + self.updated + self.unchanged + len(self.rejected)


def reference_of(record: Any) -> str:
    """Names this record in an exported sheet. The moment of its making is part of it, so that the
    number of a record in another installation is not taken for ours."""
    return f"{record.pk}-{int(record.created_at.timestamp() * 1_000_000):x}"


def import_rows(
    *,
    actor: Actor,
    library: Library,
    owner_id: int,
    rows: Iterable[Row],
    state: str = "public",
    origin: Origin | None = None,
) -> Iterator[Outcome]:
    """Write rows as they come, BATCH of them a transaction; yields the outcome of each batch.

    New records of an operator's enter the state asked for; somebody else's enter moderation
    instead of being published. What exists keeps its state. Raises NotAllowed, NotFound.
    """
    if not actor.is_operator:
        policy.may_add(actor, owner_id, actor.roles).or_refuse()
    if state not in STATES:
        sentence = gettext_noop("导入后的状态只能是 draft 或 public。")
        raise Invalid("records.import_state", sentence)
    writer = _Writer(actor, library, owner_id, state, origin or Origin(source="import"))
    waiting = iter(rows)
    while batch := list(islice(waiting, BATCH)):
        yield writer.write(batch)


@dataclass(frozen=True, slots=True)
class _New:
    row: Row
    values: dict[str, Any]


class _Writer:
    """One import: what it may look up once, and the ids it has already used."""

    def __init__(
        self, actor: Actor, library: Library, owner_id: int, state: str, origin: Origin
    ) -> None:
        self.actor, self.library, self.origin, self.state = actor, library, origin, state
        owner = Organisation.objects.filter(pk=owner_id).first()
        if owner is None:
            raise NotFound("people.no_organisation", gettext_noop("没有找到这个单位。"))
        self.owner = owner
        self.seen: dict[str, int] = {}
        self.blank = {
            f.name: library.model._meta.get_field(f.name).get_default() for f in library.fields
        }
        self.valid_days = site.settings().valid_days
        self.known = codes.known_tables()

    def write(self, batch: list[Row]) -> Outcome:
        """One transaction. Either all of the batch is written or nothing."""
        outcome = Outcome()
        rows = [row for row in map(_tidy, batch) if self._is_usable(row, outcome)]
        before = dict(self.seen)
        try:
            # An operator does not see an owner's drafts, which a table may speak of.
            with acting(actions.writer(self.actor)):
                self._wait_for_turn()
                self._write(rows, outcome, clock.now())
        except BaseException:
            self.seen = before
            raise
        outcome.rejected.sort(key=lambda r: r.number)
        return outcome

    def _wait_for_turn(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtext(%s), %s)",
                [f"import {self.library.room}", self.owner.pk % 2**31],
            )

    def _is_usable(self, row: Row, outcome: Outcome) -> bool:
        problems = row.problems + _problems_of_id(row)
        if problems:
            outcome.rejected.append(Rejection(row.number, problems))
        return not problems

    def _write(self, rows: list[Row], outcome: Outcome, now: datetime) -> None:
        standing = _Standing(self.library, self.owner.pk, rows)
        fresh: list[_New] = []
        revised: list[tuple[Any, list[str]]] = []
        for row in rows:
            record = standing.of(row)
            problems, values = self._examine(row, record)
            if problems:
                outcome.rejected.append(Rejection(row.number, tuple(problems)))
                continue
            self.seen[row.external_id or row.reference] = row.number
            if record is None:
                fresh.append(_New(row, values))
            elif changed := _apply(record, values, row):
                revised.append((record, changed))
            else:
                outcome.unchanged += 1
        self._create(fresh, now)
        self._revise(revised, now)
        outcome.created, outcome.updated = len(fresh), len(revised)

    def _examine(self, row: Row, record: Any) -> tuple[list[Problem], dict[str, Any]]:
        first = self.seen.get(row.external_id or row.reference)
        if first is not None:
            return [_duplicate(row.external_id or row.reference, first)], {}
        if record is None and not row.external_id:
            return [_id_required()], {}
        if record is not None and not self.library.may_write(self.actor, record):
            return [Problem("record_id", "not_yours", policy.NOT_YOURS.reason)], {}
        given = {k: self.blank[k] if v is None else v for k, v in row.values.items()}
        base = self.blank
        if record is not None:
            base = {f.name: getattr(record, f.name) for f in self.library.fields}
        values, problems = actions.examined(self.library, given, base, self.known)
        if not problems and self._is_secret_in_public(record, values):
            sentence = gettext_noop("涉密成果不能公开，请改密级，或按草稿导入。")
            problems = [Problem("secrecy", "secret", sentence)]
        return problems, values

    def _is_secret_in_public(self, record: Any, values: Mapping[str, Any]) -> bool:
        if values.get("secrecy", "none") == "none":
            return False
        stays_inside = ("draft", "withdrawn")
        return (self.state != "draft") if record is None else record.state not in stays_inside

    def _create(self, fresh: list[_New], now: datetime) -> None:
        if not fresh:
            return
        library = self.library
        same = self._same(now)
        ids = bulk.drawn(library.model, len(fresh))
        bulk.copy_in(library.model, self._records(fresh), same, ids)
        made = {"version": 1, "made_by": self.actor.person_id, "made_at": now}
        versions = bulk.drawn(library.versions, len(fresh))
        bulk.copy_in(library.versions, self._versions(fresh, ids), made, versions)
        audience: journal.Reader = "public" if same["state"] in states.LIVE else "parties"
        told = {"version": 1, "source": self.origin.source}
        verb, kind, owner_id = f"{library.room}.imported", library.kind, self.owner.pk
        facts = [
            journal.Fact(verb, kind, pk, owner_id, audience=audience, payload=told) for pk in ids
        ]
        journal.record_many(actor=self.actor, facts=facts)

    def _same(self, now: datetime) -> dict[str, Any]:
        """What all new records have alike."""
        state, published = self.library.table.start, {}
        if self.state == "public" and self.actor.is_operator:
            until = states.valid_until(now, self.valid_days)
            state, published = "public", {"published_at": now, "valid_until": until}
        elif self.state == "public":
            state = "submitted"
        return {
            "owner_id": self.owner.pk,
            "source": self.origin.source,
            "is_demo": self.origin.is_demo,
            "created_by": self.actor.person_id,
            "created_at": now,
            "updated_at": now,
            "state_since": now,
            "state": state,
            **published,
        }

    def _records(self, fresh: list[_New]) -> Iterator[dict[str, Any]]:
        owner = self.owner.name if self.library.is_owner_searchable else ""
        for start in range(0, len(fresh), AT_ONCE):
            some = fresh[start : start + AT_ONCE]
            whole = [{**self.blank, **new.values} for new in some]
            bands = bands_of([actions.compared(values) for values in whole])
            for new, values, keys in zip(some, whole, bands, strict=True):
                is_derived = new.row.is_title_derived
                yield {
                    **new.values,
                    **actions.derived(self.library, values, owner, is_title_derived=is_derived),
                    "external_id": new.row.external_id or None,
                    "is_title_derived": is_derived,
                    "extra": new.row.extra,
                    "bands": keys,
                }

    def _versions(self, fresh: list[_New], ids: list[int]) -> Iterator[dict[str, Any]]:
        for new, pk in zip(fresh, ids, strict=True):
            content = actions.content_of({**self.blank, **new.values})
            yield {"record_id": pk, "content": content, "changed": sorted(new.values)}

    def _revise(self, revised: list[tuple[Any, list[str]]], now: datetime) -> None:
        facts, versions = [], []
        for record, changed in revised:
            record.version += 1
            record.updated_at = now
            actions.derive(self.library, record)
            record.save()
            versions.append(actions.version_of(self.library, record, self.actor, changed, "", now))
            audience: journal.Reader = "public" if record.state in states.LIVE else "parties"
            told = {"changed": changed, "source": self.origin.source}
            facts.append(actions.fact_of(self.library, record, "revised", audience, told))
        self.library.versions.objects.bulk_create(versions)
        journal.record_many(actor=self.actor, facts=facts)


def examine_rows(library: Library, rows: Iterable[Row]) -> list[Rejection]:
    """Which rows would be left out for what stands in them. Nothing is written; whether they may
    be written, and what stands already, is not asked."""
    known = codes.known_tables()
    blank = {f.name: library.model._meta.get_field(f.name).get_default() for f in library.fields}
    seen: dict[str, int] = {}
    found = []
    for row in map(_tidy, rows):
        problems = list(row.problems + _problems_of_id(row))
        if not problems and row.external_id in seen:
            problems = [_duplicate(row.external_id, seen[row.external_id])]
        if not problems:
            given = {k: blank[k] if v is None else v for k, v in row.values.items()}
            base = {} if row.reference else blank
            problems = actions.examined(library, given, base, known)[1]
            if row.external_id:
                seen[row.external_id] = row.number
        if problems:
            found.append(Rejection(row.number, tuple(problems)))
    return found


def _duplicate(said: str, first: int) -> Problem:
    sentence = gettext_noop("编号「%(id)s」与第 %(row)d 行重复，只收第一行。")
    return Problem("external_id", "duplicate_id", sentence, {"id": said, "row": first})


class _Standing:
    """The records that some rows speak of, locked."""

    def __init__(self, library: Library, owner_id: int, rows: list[Row]) -> None:
        found = library.model.objects.select_for_update(no_key=True, of=("self",))
        found = found.select_related("owner")
        ids = [row.external_id for row in rows if row.external_id]
        numbers = [n for n in (_number_in(row.reference) for row in rows) if n]
        self.by_id = {
            r.external_id: r
            for r in found.filter(owner_id=owner_id, external_id__in=ids).order_by("pk")
        }
        self.by_reference: dict[str, Any] = {}
        if numbers:
            known = {r.pk: r for r in self.by_id.values()}
            for record in found.filter(pk__in=numbers).order_by("pk"):
                self.by_reference[reference_of(record)] = known.get(record.pk, record)

    def of(self, row: Row) -> Any:
        return self.by_reference.get(row.reference) or self.by_id.get(row.external_id)


def _number_in(reference: str) -> int | None:
    number = reference.partition("-")[0]
    return int(number) if number.isascii() and number.isdigit() and len(number) < 19 else None


def _tidy(row: Row) -> Row:
    external_id = clean_line(row.external_id, cap=LONGEST_ID + 1)
    reference = row.reference.strip()
    if external_id == row.external_id and reference == row.reference:
        return row
    return replace(row, external_id=external_id, reference=reference)


def _id_required() -> Problem:
    sentence = gettext_noop("请填写「%(label)s」。")
    return Problem("external_id", "required", sentence, {"label": gettext_noop("编号")})


def _problems_of_id(row: Row) -> tuple[Problem, ...]:
    said = row.external_id
    if not said and not row.reference:
        if any(p.code in ("cut_off", "not_json") for p in row.problems):
            return ()
        return (_id_required(),)
    if len(said) > LONGEST_ID:
        sentence = gettext_noop("编号最多 %(most)d 字，请改短。")
        return (Problem("external_id", "too_long", sentence, {"most": LONGEST_ID}),)
    if any(c.isspace() for c in said):
        sentence = gettext_noop("编号「%(id)s」中间有空格，请去掉。")
        return (Problem("external_id", "space_in_id", sentence, {"id": said[:60]}),)
    return ()


def _apply(record: Any, values: Mapping[str, Any], row: Row) -> list[str]:
    """Set what differs; returns the names of the fields that did."""
    changed = [n for n, v in values.items() if _said(getattr(record, n)) != _said(v)]
    for name in changed:
        setattr(record, name, values[name])
    if changed:
        record.extra = {**record.extra, **row.extra}
        if "title" in changed:
            record.is_title_derived = row.is_title_derived
    return sorted(changed)


def _said(value: Any) -> Any:
    """A value as it is compared: in rows of a table, an empty cell and none are the same."""
    if isinstance(value, list):
        return [_said(v) for v in value]
    if isinstance(value, Mapping):
        return {k: v for k, v in value.items() if v not in ("", None, [])}
    return value
