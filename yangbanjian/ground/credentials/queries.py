"""Reading credentials: one by its address, its standing, the lists, the issuer's identity."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

from django.conf import settings

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.credentials.models import Credential, Issuer, StatusList
from yangbanjian.ground.credentials.rules import codes, documents, proofs
from yangbanjian.ground.keys import queries as keys
from yangbanjian.ground.keys.models import Key
from yangbanjian.ground.keys.rules import ED25519
from yangbanjian.ground.site import queries as site
from yangbanjian.kernel.refusals import NotFound
from yangbanjian.kernel.words import gettext_noop

PURPOSE, SEAL = "credential", "seal"
SUPERSEDED = "superseded"
# Lists are signed for moments so far apart: within one, all who ask get the same bytes.
STEP_S = 10


@dataclass(frozen=True, slots=True)
class Standing:
    """How a credential stands: since when (recorded time), why, and what has replaced it."""

    state: Literal["valid", "expired", "revoked", "superseded"]
    since: datetime
    reason: str = ""
    replaced_by: str = ""


def base_address() -> str:
    """Where this house is found from outside, without a path."""
    return settings.YBJ_PUBLIC_URL or f"http://127.0.0.1:{settings.YBJ_PORT}"


def issuer() -> documents.Issuer | None:
    """Who issues here; None before anything was issued."""
    row = Issuer.objects.first()
    return documents.Issuer(row.did, row.base, site.settings().host) if row is not None else None


def issuer_or_refuse() -> documents.Issuer:
    found = issuer()
    if found is None:
        raise NotFound("credentials.nothing_yet", gettext_noop("这里还没有签发过凭证。"))
    return found


def by_token(token: str) -> Credential:
    """The credential with this address. Raises NotFound."""
    found = Credential.objects.select_related("replaced_by", "key").filter(token=token).first()
    if found is None:
        raise NotFound(
            "credentials.none", gettext_noop("没有这份凭证。请核对网址，或扫描凭证上的二维码。")
        )
    return found


def live(form_type: str, about_kind: str, about_id: int) -> Credential | None:
    """The one that holds of a kind about one thing."""
    return Credential.objects.filter(
        type=form_type, about_kind=about_kind, about_id=about_id, revoked_at=None
    ).first()


def all_about(about_kind: str, about_id: int) -> list[Credential]:
    """All that there have been about one thing, oldest first."""
    found = Credential.objects.filter(about_kind=about_kind, about_id=about_id)
    return list(found.select_related("replaced_by").order_by("id"))


def document_of(credential: Credential) -> dict[str, Any]:
    """The signed document, read."""
    found: dict[str, Any] = json.loads(credential.document)
    return found


def shown(credential: Credential) -> documents.Shown:
    """What people read of it."""
    return documents.shown(document_of(credential))


def address_of(credential: Credential) -> str:
    return str(document_of(credential)["id"])


def code_of(credential: Credential) -> str:
    """The text of the code to scan: the whole document with its signature."""
    return codes.to_code(credential.document.encode())


def status_of(credential: Credential) -> Standing:
    """How it stands now, from the row: not from a list that somebody kept."""
    if credential.revoked_at is not None:
        after = credential.replaced_by
        return Standing(
            "superseded" if credential.reason == SUPERSEDED else "revoked",
            credential.revoked_at, credential.reason, after.token if after else "",
        )  # fmt: skip
    until = document_of(credential).get("validUntil")
    if until is not None:
        ended = proofs.read_moment(until, "validUntil")
        if ended <= clock.recorded_now():
            return Standing("expired", ended)
    return Standing("valid", credential.issued_at)


def status_list(list_id: int) -> bytes:
    """The list as a signed credential, canonical: all that was revoked when it is read.

    Nothing is kept that could lag behind or lose one of two revocations at once: the bits are the
    rows. Raises NotFound.
    """
    if not StatusList.objects.filter(pk=list_id).exists():
        raise NotFound("credentials.no_list", gettext_noop("没有这份状态列表。"))
    at = clock.recorded_now()
    revoked = Credential.objects.filter(status_list_id=list_id, revoked_at__isnull=False)
    key = keys.at_work(PURPOSE)
    assert key is not None
    # Whole steps, so that a list is the same bytes for a while; never before its key was there.
    step = at.replace(microsecond=0) - timedelta(seconds=at.second % STEP_S)
    said = documents.status_list(
        issuer_or_refuse(), list_id, revoked.values_list("position", flat=True), step
    )
    return signed(said, key, max(step, key.made_at))


def signed(said: dict[str, Any], key: Key, at: datetime) -> bytes:
    """A document with its proof, canonical."""
    found = proofs.secured(said, keys.signer_of(key), said["issuer"]["id"], at)
    return proofs.canonical(found)


def known_keys() -> list[proofs.KnownKey]:
    """The keys that a reader of ours trusts."""
    who = issuer()
    if who is None:
        return []
    return [
        proofs.KnownKey(who.did, bytes(k.public), k.made_at, k.retired_at, k.revoked_at)
        for k in keys.all_of(PURPOSE)
    ]


def identity() -> dict[str, Any]:
    """The did:web document. Raises NotFound before anything was issued."""
    who = issuer_or_refuse()
    return documents.identity(
        who,
        [
            documents.KeyRow(
                proofs.method_of(who.did, ED25519, bytes(k.public)),
                proofs.multikey(ED25519, bytes(k.public)), k.retired_at, k.revoked_at,
            )
            for k in keys.all_of(PURPOSE)
        ],
    )  # fmt: skip


def published_keys() -> list[dict[str, Any]]:
    """Rows for the list of keys that people keep: what the verifier trusts certificates by."""
    return [
        {
            "purpose": PURPOSE,
            "algorithm": ED25519,
            "controller": key.controller,
            "public": key.public.hex(),
            "made_at": proofs.moment(key.made_at),
            "retired_at": proofs.moment(key.retired_at) if key.retired_at else None,
            "revoked_at": proofs.moment(key.revoked_at) if key.revoked_at else None,
        }
        for key in known_keys()
    ]


def check(content: bytes) -> documents.Shown:
    """What a document from outside says, if one of our keys signed it. Raises proofs.Broken."""
    document = proofs.read(content)
    proofs.check(document, known_keys())
    return documents.shown(document)


def host_of(address: str) -> str:
    """The domain that a page prints, for people to compare."""
    return urlsplit(address).netloc
