"""Writing to the journal. Called by every action of every room, inside its transaction."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import rfc8785
from django.db import connection
from django.db.models import Q

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database import bulk, prepared
from yangbanjian.ground.journal.models import Entry, Remark
from yangbanjian.kernel.actor import Actor

Reader = Literal["public", "parties", "staff"]
WORTH_A_COPY = 50
# `statement_timestamp()` is one moment for both times of all rows.
_INSERT = """
INSERT INTO journal_entry (verb, subject_kind, subject_id, owner_id, party_ids, edition, audience, payload, salt,
  payload_jcs_sha256, remark_sha256, person_id, organisation_id, at_business, at_recorded)
SELECT verb, subject_kind, subject_id, owner_id, party_ids, edition, audience, payload, salt,
  payload_jcs_sha256, remark_sha256, person_id, organisation_id, statement_timestamp()
    + make_interval(secs => COALESCE((SELECT offset_seconds FROM clock_installation), 0)), statement_timestamp()
FROM jsonb_to_recordset(%s::jsonb) AS x(place int, verb text, subject_kind text, subject_id bigint, owner_id bigint,
  party_ids bigint[], edition text, audience text, payload jsonb, salt bytea, payload_jcs_sha256 bytea,
  remark_sha256 bytea, person_id bigint, organisation_id bigint)
ORDER BY place RETURNING id
"""


def _plain(value: Any) -> Any:
    return "\\x" + value.hex() if isinstance(value, bytes) else dict(value)


_in_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain).encode


@dataclass(frozen=True, slots=True)
class Fact:
    """What is to be written: ids and facts only, never personal data (that goes to `remark`)."""

    verb: str
    subject_kind: str
    subject_id: int
    owner_id: int | None = None
    party_ids: tuple[int, ...] = ()
    audience: Reader = "staff"
    payload: Mapping[str, Any] = field(default_factory=dict)
    edition: str = ""
    remark: str = ""


def digest(salt: bytes, form: bytes) -> bytes:
    """SHA-256 over salt and content (a payload's RFC 8785 form, a remark's words); the salt keeps
    guessing out."""
    return hashlib.sha256(salt + form).digest()


def record(*, actor: Actor, fact: Fact) -> int:
    """Write one entry; returns its id."""
    return record_many(actor=actor, facts=[fact])[0]


def record_many(*, actor: Actor, facts: Iterable[Fact]) -> list[int]:
    """Write entries in order; returns their ids. Must be called inside a transaction."""
    if not connection.in_atomic_block:
        raise RuntimeError("the journal is written in the transaction of the act it tells of")
    listed = list(facts)
    salts = [secrets.token_bytes(16) if fact.remark else b"" for fact in listed]
    same: dict[str, Any] = {
        "person_id": actor.person_id,
        "organisation_id": actor.organisation_id,
    }
    if len(listed) < WORTH_A_COPY:
        ids = _inserted([{**row, **same} for row in _rows(listed, salts)])
    else:
        same["at_business"], same["at_recorded"] = clock.both()
        ids = bulk.drawn(Entry, len(listed))
        bulk.copy_in(Entry, _rows(listed, salts), same, ids)
    remarks = [
        Remark(entry_id=pk, text=fact.remark, salt=salt)
        for pk, fact, salt in zip(ids, listed, salts, strict=True)
        if fact.remark
    ]
    if remarks:
        Remark.objects.bulk_create(remarks)
    return ids


def _inserted(rows: Sequence[dict[str, Any]]) -> list[int]:
    """A few entries in one statement by hand, times included: every act waits for this one, and
    the mapper would take longer to write it than the server to carry it out."""
    if not rows:
        return []
    listed = [{"place": place, **row} for place, row in enumerate(rows)]
    return [int(pk) for (pk,) in prepared.rows(_INSERT, [_in_json(listed)])]


def _rows(facts: Sequence[Fact], salts: Sequence[bytes]) -> Iterator[dict[str, Any]]:
    """Columns of entries; `salts` are those of the remarks. Facts that share a payload share the
    work of writing it down."""
    forms: dict[int, bytes] = {}
    for fact, beside in zip(facts, salts, strict=True):
        form = forms.get(id(fact.payload))
        if form is None:
            form = forms[id(fact.payload)] = rfc8785.dumps(dict(fact.payload))
        salt = secrets.token_bytes(16)
        yield {
            "verb": fact.verb,
            "subject_kind": fact.subject_kind,
            "subject_id": fact.subject_id,
            "owner_id": fact.owner_id,
            "party_ids": list(fact.party_ids),
            "edition": fact.edition,
            "audience": fact.audience,
            "payload": fact.payload,
            "salt": salt,
            "payload_jcs_sha256": digest(salt, form),
            "remark_sha256": digest(beside, fact.remark.encode()) if fact.remark else b"",
        }


def erase_remarks(*, actor: Actor, person_id: int, about: Mapping[str, Collection[int]]) -> int:
    """Blank what a person wrote beside entries, and what others wrote beside entries about them
    (`about`: kind of subject -> ids); the entries stay. Returns how many. The caller has asked
    whether the actor may, and writes the entry that tells of it."""
    if not connection.in_atomic_block:
        raise RuntimeError("remarks are erased in the transaction of the act that erases")
    _, at_recorded = clock.both()
    theirs = Q(entry__person_id=person_id)
    for kind, ids in about.items():
        theirs |= Q(entry__subject_kind=kind, entry__subject_id__in=list(ids))
    return Remark.objects.filter(theirs, erased_at=None).update(
        text="", salt=b"", erased_at=at_recorded
    )
