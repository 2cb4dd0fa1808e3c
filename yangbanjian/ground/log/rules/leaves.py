"""What a leaf of the log says of a journal entry: everything but words that can be erased.

The payload stands by its salted digest, a remark by its own: who has neither salt cannot guess
them, and when a remark is erased with its salt the leaf stays as it was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as its table has it."""

    id: int
    xact: int
    verb: str
    subject_kind: str
    subject_id: int
    owner_id: int | None
    party_ids: Sequence[int]
    person_id: int | None
    organisation_id: int | None
    at_business: datetime
    at_recorded: datetime
    edition: str
    audience: str
    payload: Mapping[str, Any]
    salt: bytes
    payload_jcs_sha256: bytes
    remark_sha256: bytes


def moment(at: datetime) -> str:
    """RFC 3339 in UTC with six decimals: one way of writing each moment."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def leaf_of(row: Row) -> dict[str, Any]:
    """The leaf as an object of strings, whole numbers below 2 ** 53, lists and null."""
    return {
        "at_business": moment(row.at_business),
        "at_recorded": moment(row.at_recorded),
        "audience": row.audience,
        "edition": row.edition,
        "id": row.id,
        "organisation": row.organisation_id,
        "owner": row.owner_id,
        "parties": list(row.party_ids),
        "payload_sha256": bytes(row.payload_jcs_sha256).hex(),
        "person": row.person_id,
        "remark_sha256": bytes(row.remark_sha256).hex() or None,
        "subject": f"{row.subject_kind}:{row.subject_id}",
        "v": 1,
        "verb": row.verb,
        "xact": row.xact,
    }


def leaf_bytes(leaf: Mapping[str, Any]) -> bytes:
    """RFC 8785, which for ASCII keys and without fractions is what the standard encoder writes
    when told so: a quarter of the time of a general canoniser, and a log has many leaves."""
    return _encode(leaf).encode()
