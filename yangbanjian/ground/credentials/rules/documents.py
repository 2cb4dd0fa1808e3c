"""What the documents say: a credential, a status list, the issuer's identity; and how one shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from yangbanjian.ground.credentials.rules import bits
from yangbanjian.ground.credentials.rules.proofs import Broken, canonical, moment, read_moment

CONTEXT = "https://www.w3.org/ns/credentials/v2"
CREDENTIAL, LIST_CREDENTIAL = "VerifiableCredential", "BitstringStatusListCredential"
REVOCATION = "revocation"
# A list that was signed is believed so long: who checks without a network has a day.
LIST_LASTS = timedelta(hours=24)
# How long somebody may keep a list before asking again; revocation is seen within 60 s.
LIST_KEPT = timedelta(seconds=30)
MOST_FIELDS, LONGEST_VALUE, MOST_VALUES = 60, 600, 60
# What fits a code that is still read from paper (see `codes`).
LARGEST = 8_000
_NAME = re.compile(r"[a-z][A-Za-z0-9]{0,39}", re.ASCII)
_TYPE = re.compile(r"[A-Z][A-Za-z0-9]{0,59}", re.ASCII)
# Names that a subject has already, or that mean something else to other readers.
_TAKEN = frozenset({"id", "type", "proof"})

Value = str | int | Sequence[str]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form: its name in the document and what people call it."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Form:
    """What a kind of credential is called and which fields it has, in the order to be read."""

    type: str
    title: str
    fields: tuple[Field, ...]

    def problem(self) -> str:
        """Why the form can't be used; "" when it can. For whoever writes one, not for users."""
        names = [field.name for field in self.fields]
        if not _TYPE.fullmatch(self.type) or self.type in (CREDENTIAL, LIST_CREDENTIAL):
            return "type"
        if not 0 < len(names) <= MOST_FIELDS or len(set(names)) != len(names):
            return "fields"
        if any(not _NAME.fullmatch(name) or name in _TAKEN for name in names):
            return "name"
        return "" if self.title and all(field.label for field in self.fields) else "label"


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who issues: a did:web identity, the address behind it, and a name for people."""

    did: str
    base: str
    name: str


@dataclass(frozen=True, slots=True)
class Place:
    """The bit that speaks for a credential."""

    list_id: int
    position: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A credential as people read it. Page, PDF and document show the same: this."""

    title: str
    issuer: str
    rows: tuple[tuple[str, str], ...]
    valid_from: str
    valid_until: str
    notice: str = ""


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A public key of the issuer, as the identity document lists it."""

    method: str
    multikey: str
    retired_at: datetime | None
    revoked_at: datetime | None


def did_of(base: str) -> str:
    """did:web of an address without a path: `https://a.example:8443` -> `did:web:a.example%3A8443`."""
    return "did:web:" + quote(urlsplit(base).netloc.lower(), safe=".-_")


def wrong_values(form: Form, values: Mapping[str, Value]) -> dict[str, str]:
    """field -> what is wrong with it: `missing`, `unknown`, `empty`, `long`, `number`, `text`."""
    names = {field.name for field in form.fields}
    wrong = {name: "unknown" for name in values if name not in names}
    for name in names:
        problem = _wrong_value(values[name]) if name in values else "missing"
        if problem:
            wrong[name] = problem
    return wrong


def _wrong_value(value: Value) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | list | tuple):
        return "number"
    if isinstance(value, int):
        return "number" if abs(value) >= 2**53 else ""
    parts = [value] if isinstance(value, str) else value
    if not parts or len(parts) > MOST_VALUES:
        return "empty" if not parts else "long"
    for part in parts:
        if not isinstance(part, str) or not part.strip():
            return "empty"
        if len(part) > LONGEST_VALUE:
            return "long"
        # One line, nothing that is not seen: what is signed is what is read.
        if not all(letter.isprintable() for letter in part) or part != part.strip():
            return "text"
    return ""


def credential(
    issuer: Issuer, token: str, form: Form, values: Mapping[str, Value], place: Place,
    valid_from: datetime, valid_until: datetime | None, notice: str = "",
) -> dict[str, Any]:  # fmt: skip
    """The unsecured document. Its layout (order and names of the fields) is signed with it, so
    that no page can call a number by another name; so is a notice that stands above all of them.
    """
    listed = f"{issuer.base}/status/{place.list_id}"
    subject = {f.name: _plain(values[f.name]) for f in form.fields}
    said: dict[str, Any] = {
        "@context": [CONTEXT, {"@vocab": f"{issuer.base}/terms#"}],
        "id": address_of(issuer.base, token),
        "type": [CREDENTIAL, form.type],
        "name": form.title,
        "issuer": {"id": issuer.did, "name": issuer.name},
        "validFrom": moment(valid_from),
        "credentialSubject": subject,
        "layout": [[field.name, field.label] for field in form.fields],
        "credentialStatus": {
            "id": f"{listed}#{place.position}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": REVOCATION,
            "statusListIndex": str(place.position),
            "statusListCredential": listed,
        },
    }
    if notice:
        said["notice"] = notice
    if valid_until is not None:
        said["validUntil"] = moment(valid_until)
    return said


def address_of(base: str, token: str) -> str:
    """Where a credential is found."""
    return f"{base}/credentials/{token}"


def _plain(value: Value) -> Any:
    return value if isinstance(value, str | int) else list(value)


def shown(document: Mapping[str, Any]) -> Shown:
    """The rows that people read, from the document and nothing else."""
    subject = document["credentialSubject"]
    rows = tuple((label, in_words(subject[name])) for name, label in document["layout"])
    return Shown(
        document["name"], document["issuer"]["name"], rows, document["validFrom"],
        document.get("validUntil", ""), document.get("notice", ""),
    )  # fmt: skip


def in_words(value: Any) -> str:
    """A value as it is printed: lists with 、 between."""
    return "、".join(value) if isinstance(value, list) else str(value)


def status_list(
    issuer: Issuer, list_id: int, revoked: Iterable[int], at: datetime
) -> dict[str, Any]:
    """The unsecured credential of a status list as of `at`."""
    address = f"{issuer.base}/status/{list_id}"
    return {
        "@context": [CONTEXT],
        "id": address,
        "type": [CREDENTIAL, LIST_CREDENTIAL],
        "issuer": {"id": issuer.did, "name": issuer.name},
        "validFrom": moment(at),
        "validUntil": moment(at + LIST_LASTS),
        "credentialSubject": {
            "id": f"{address}#list",
            "type": "BitstringStatusList",
            "statusPurpose": REVOCATION,
            "encodedList": bits.packed(revoked),
            "ttl": int(LIST_KEPT.total_seconds() * 1000),
        },
    }


def is_revoked(document: Mapping[str, Any], listed: Mapping[str, Any], now: datetime) -> bool:
    """What a status list, whose proof has been checked, says of a credential. Raises Broken when
    it is not the list that the credential names, or not one of these days."""
    entry, subject = document.get("credentialStatus"), listed.get("credentialSubject")
    if not isinstance(entry, Mapping) or not isinstance(subject, Mapping):
        raise Broken("status")
    is_same = listed.get("id") == entry.get("statusListCredential")
    issuers = {_issuer(document), _issuer(listed)}
    if not is_same or len(issuers) != 1 or LIST_CREDENTIAL not in listed.get("type", ()):
        raise Broken("status")
    if {entry.get("statusPurpose"), subject.get("statusPurpose")} != {REVOCATION}:
        raise Broken("status")
    since = read_moment(listed.get("validFrom"), "status")
    if not since <= now < read_moment(listed.get("validUntil"), "status"):
        raise Broken("stale")
    index = entry.get("statusListIndex")
    if not isinstance(index, str) or not re.fullmatch(r"0|[1-9][0-9]{0,8}", index):
        raise Broken("position")
    return bits.is_set(bits.unpacked(subject.get("encodedList")), int(index))


def _issuer(document: Mapping[str, Any]) -> Any:
    issuer = document.get("issuer")
    return issuer.get("id") if isinstance(issuer, Mapping) else issuer


def identity(issuer: Issuer, keys: Iterable[KeyRow]) -> dict[str, Any]:
    """The did:web document with every key there ever was: what a retired key signed stands, so it
    stays listed; a revoked one may not assert any more."""
    methods, may_assert = [], []
    for key in keys:
        said = {
            "id": key.method, "type": "Multikey", "controller": issuer.did,
            "publicKeyMultibase": key.multikey,
        }  # fmt: skip
        if key.revoked_at is not None:
            said["revoked"] = moment(key.revoked_at)
        else:
            may_assert.append(key.method)
        if key.retired_at is not None:
            said["expires"] = moment(key.retired_at)
        methods.append(said)
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": issuer.did,
        "verificationMethod": methods,
        "assertionMethod": may_assert,
    }


def is_small_enough(document: Mapping[str, Any]) -> bool:
    """Does it fit where it must fit?"""
    return len(canonical(document)) <= LARGEST
