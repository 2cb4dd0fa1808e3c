"""Writing library records: one way for page, API, sheet and job.

add -> draft (version 1) · revise -> next version · move -> another state. Every one checks the
policy, locks, decides by the rules, writes the row and its version, and tells the journal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.codes import queries as codes
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.files import queries as files
from yangbanjian.ground.journal import actions as journal
from yangbanjian.ground.site import queries as site
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.answers import SIGN_IN
from yangbanjian.kernel.moves import Move
from yangbanjian.kernel.refusals import Invalid, NotAllowed, NotFound, Problem, Stale
from yangbanjian.kernel.text import bands_of, clean_text
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.libraries.records import policy, queries
from yangbanjian.libraries.records.queries import Library
from yangbanjian.libraries.records.rules import fields as rules
from yangbanjian.libraries.records.rules import search, states

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a record comes from: form, api, import (with its external id), demo."""

    source: str = "form"
    external_id: str | None = None
    is_title_derived: bool = False
    is_demo: bool = False


def examined(
    library: Library, given: Values, base: Values | None, known: rules.Codes
) -> tuple[dict[str, Any], list[Problem]]:
    """Clean values and every problem. `base` is what stood before; `known` are all codes."""
    cleaned = rules.clean(library.fields, given, known)
    names = {f.name for f in library.fields}
    problems = list(cleaned.problems)
    problems += [
        Problem(name, "unknown_field", gettext_noop("没有「%(label)s」这一栏。"), {"label": name})
        for name in given
        if name not in names
    ]
    if not problems:
        whole = {**(base or {}), **cleaned.values}
        problems += rules.missing_required(library.fields, whole)
        problems += list(library.check(whole))
    return cleaned.values, problems


def checked(library: Library, given: Values, base: Values | None = None) -> dict[str, Any]:
    """Clean values, or an Invalid that names every problem. `base` is what stood before."""
    values, problems = examined(library, given, base, codes.known_tables())
    if problems:
        raise Invalid(
            f"{library.room}.invalid", gettext_noop("有几处需要修改，请看各栏的提示。"), problems
        )
    return values


def derive(library: Library, record: Any) -> None:
    """Fill what follows from the content: search words, fingerprint, numbers, completeness."""
    values = {f.name: getattr(record, f.name) for f in library.fields}
    owner = record.owner.name if library.is_owner_searchable else ""
    found = derived(library, values, owner, is_title_derived=record.is_title_derived)
    for name, value in found.items():
        setattr(record, name, value)
    record.bands = bands_of([compared(values)])[0]


def derived(
    library: Library, values: Values, owner: str, *, is_title_derived: bool
) -> dict[str, Any]:
    """What follows from the values of a record, but for its fingerprint; `owner` is the name under
    which it may be searched, or ""."""
    texts = [_plain(values.get(name)) for name in library.text_fields]
    said = values if not is_title_derived else {**values, "title": ""}
    return {
        "terms": search.as_vector(search.terms_of([*texts, owner])),
        "numbers": list(library.identify(values)),
        "completeness": rules.share_said(library.fields, said),
    }


def compared(values: Values) -> str:
    """The text whose fingerprint finds duplicates."""
    return f"{values['title']}\n{values['abstract']}"


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return " ".join(_plain(v) for v in value)
    if isinstance(value, dict):
        return " ".join(_plain(v) for v in value.values())
    return ""


def add(
    *, actor: Actor, library: Library, owner_id: int, values: Values, origin: Origin | None = None
) -> Any:
    """A new record, a draft of version 1; returns it. Raises Invalid, NotAllowed."""
    origin = origin or Origin()
    with acting(actor):
        clean = checked(library, values)
        now = clock.now()
        record = _built(library, owner_id, clean, origin, actor, now)
        record.save(force_insert=True)
        _keep_version(library, record, actor, sorted(clean), "", now)
        _tell(actor, library, record, "added", "parties", {"source": origin.source})
        return record


def _built(
    library: Library, owner_id: int, clean: Values, origin: Origin, actor: Actor, now: datetime
) -> Any:
    """An unsaved record with everything derived; `clean` has been checked."""
    record = library.model(
        owner_id=owner_id,
        external_id=origin.external_id,
        source=origin.source,
        is_demo=origin.is_demo,
        is_title_derived=origin.is_title_derived,
        created_by=actor.person_id,
        created_at=now,
        updated_at=now,
        state_since=now,
        state=library.table.start,
        **clean,
    )
    derive(library, record)
    return record


def revise(
    *,
    actor: Actor,
    library: Library,
    record_id: int,
    values: Values,
    expected_version: int | None = None,
    note: str = "",
) -> Any:
    """Change a record; a change that changes nothing makes no version. Raises Stale as well."""
    with acting(actor):
        record = locked(actor, library, record_id)
        policy.may_revise(actor, library, record).or_refuse()
        if expected_version is not None and record.version != expected_version:
            raise Stale(
                f"{library.room}.stale",
                gettext_noop("这条记录已被别人改过（现为第 %(version)d 版）。请刷新后再改。"),
                version=record.version,
            )
        before = {f.name: getattr(record, f.name) for f in library.fields}
        clean = checked(library, values, before)
        changed = sorted(name for name, value in clean.items() if before[name] != value)
        if not changed:
            return record
        for name in changed:
            setattr(record, name, clean[name])
        if "title" in changed:
            record.is_title_derived = False
        now = clock.now()
        record.version += 1
        record.updated_at = now
        derive(library, record)
        _fits_its_state(library, record)
        with acting(writer(actor)):
            record.save()
            _keep_version(library, record, actor, changed, note, now)
        audience: journal.Reader = "public" if record.state in states.LIVE else "parties"
        _tell(actor, library, record, "revised", audience, {"changed": changed}, note)
        return record


def move(*, actor: Actor, library: Library, record_id: int, name: str, reason: str = "") -> Any:
    """Advance the state by one move of the table; returns the record."""
    reason = clean_text(reason, cap=1000)
    with acting(actor):
        record = locked(actor, library, record_id)
        step = _allowed_move(actor, library, record, name)
        target = library.table.advance(record.state, name)
        if step.needs_reason and not reason.strip():
            raise Invalid(
                "records.reason_needed",
                gettext_noop("请写明理由，对方会看到。"),
                [Problem("reason", "required", gettext_noop("请写明理由，对方会看到。"))],
            )
        came_from = record.state
        _enter(record, target, reason, clock.now())
        _fits_its_state(library, record)
        with acting(writer(actor)):
            record.save()
        audience: journal.Reader = "public" if target in states.SHOWN else "parties"
        _tell(
            actor, library, record, _PAST[name], audience, {"from": came_from, "to": target}, reason
        )
        return record


def writer(actor: Actor) -> Actor:
    """Who writes what the policy has allowed: for an operator the house. A row must be seen to be
    written, and what they send back, say, is its owner's again and no longer theirs to see (T7)."""
    return SYSTEM if Role.OPERATOR in actor.roles else actor


_PAST = {
    "submit": "submitted",
    "approve": "published",
    "return": "returned",
    "renew": "renewed",
    "withdraw": "withdrawn",
    "reopen": "reopened",
    "warn": "expiring",
    "expire": "expired",
    "close": "closed",
}


def _allowed_move(actor: Actor, library: Library, record: Any, name: str) -> Move:
    step = library.table.move(name)
    if step is None:
        raise NotFound("records.no_such_move", gettext_noop("没有「%(move)s」这一步。"), move=name)
    if not policy.kinds_of(actor, library, record) & set(step.who):
        if actor.is_anonymous:
            SIGN_IN.or_refuse()
        raise NotAllowed(
            f"{library.room}.may_not_{name}",
            gettext_noop("您不能对这条记录做「%(move)s」，请联系记录所属单位或运营人员。"),
            move=step.label,
        )
    return step


def _enter(record: Any, target: str, reason: str, now: datetime) -> None:
    record.state = target
    record.state_reason = reason.strip()
    record.state_since = now
    record.updated_at = now
    if target == "public":
        record.published_at = record.published_at or now
        record.valid_until = states.valid_until(now, site.settings().valid_days)


def _fits_its_state(library: Library, record: Any) -> None:
    """Refuses what the database would: content that forbids the state."""
    problems = library.keeps_in(record)
    if problems:
        raise Invalid(f"{library.room}.stays_inside", problems[0].sentence, problems)


def locked(actor: Actor, library: Library, record_id: int) -> Any:
    """The record under a row lock; without the lock where the actor may see it and not change it,
    so that the policy can say why. Refuses what does not exist for them."""
    found = library.model.objects.select_related("owner").filter(pk=record_id)
    record = found.select_for_update(no_key=True, of=("self",)).first() or found.first()
    if record is None:
        raise queries.not_found(library, actor, record_id)
    return record


def version_of(
    library: Library, record: Any, actor: Actor, changed: Sequence[str], note: str, now: datetime
) -> Any:
    """An unsaved version row for the record as it stands."""
    return library.versions(
        record=record,
        version=record.version,
        content=content_of({f.name: getattr(record, f.name) for f in library.fields}),
        changed=list(changed),
        note=note[:1000],
        made_by=actor.person_id,
        made_at=now,
    )


def _keep_version(
    library: Library, record: Any, actor: Actor, changed: Sequence[str], note: str, now: datetime
) -> None:
    version_of(library, record, actor, changed, note, now).save(force_insert=True)


def content_of(values: Values) -> dict[str, Any]:
    """The values of a record's fields as a version keeps them."""
    return {n: v.isoformat() if isinstance(v, date) else v for n, v in values.items()}


def fact_of(
    library: Library, record: Any, past: str, audience: journal.Reader, payload: Mapping[str, Any]
) -> journal.Fact:
    """What the journal is told about a record: ids and facts."""
    return journal.Fact(
        verb=f"{library.room}.{past}",
        subject_kind=library.kind,
        subject_id=record.pk,
        owner_id=record.owner_id,
        audience=audience,
        payload={"version": record.version, **payload},
    )


def _tell(
    actor: Actor,
    library: Library,
    record: Any,
    past: str,
    audience: journal.Reader,
    payload: Mapping[str, Any],
    remark: str = "",
) -> None:
    fact = fact_of(library, record, past, audience, payload)
    if remark:
        fact = journal.Fact(
            verb=fact.verb,
            subject_kind=fact.subject_kind,
            subject_id=fact.subject_id,
            owner_id=fact.owner_id,
            audience=fact.audience,
            payload=fact.payload,
            remark=remark,
        )
    journal.record(actor=actor, fact=fact)


def set_cover(*, actor: Actor, library: Library, record_id: int, sha256: str) -> Any:
    """Give a record its picture (a public stored file), or take it away with ""."""
    with acting(actor):
        record = locked(actor, library, record_id)
        policy.may_revise(actor, library, record).or_refuse()
        if sha256 and not files.opened(actor, sha256).is_public:
            raise NotFound("files.not_found", gettext_noop("没有找到这个文件。"))
        if record.cover == sha256:
            return record
        record.cover = sha256
        record.save(update_fields=["cover"])
        _tell(actor, library, record, "covered", "parties", {"sha256": sha256})
        return record


def submit(*, actor: Actor, library: Library, record_id: int) -> Any:
    """Hand a draft in; on a site without moderation it is public at once."""
    with acting(actor):
        record = move(actor=actor, library=library, record_id=record_id, name="submit")
        if not site.settings().is_moderated:
            record = move(actor=SYSTEM, library=library, record_id=record_id, name="approve")
        return record
