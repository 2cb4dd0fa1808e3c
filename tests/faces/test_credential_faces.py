"""Credentials over the wire: what a stranger needs, how soon a revocation is seen, C8 on the page,
and what a second implementation that is not ours says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from openvc.did.base import DidResolverRegistry
from openvc.did.did_web import DidWebResolver
from openvc.proof.di_jcs import EddsaJcsProofSuite
from openvc.proof.errors import SignatureInvalid
from openvc.status.status_list import check_credential_status

from tests.credentials import FORM, VALUES, issued
from yangbanjian.ground.credentials import actions, queries
from yangbanjian.ground.credentials.models import Credential
from yangbanjian.ground.credentials.rules import documents
from yangbanjian.kernel.actor import SYSTEM

pytestmark = pytest.mark.django_db


def test_a_stranger_with_nothing_but_the_wire(client: Client, tmp_path: Path) -> None:
    """Fetched, checked by another program in another folder; revoked, fetched again."""
    row = issued()
    whole = client.get(f"/credentials/{row.token}.vc.json").content
    listed = json.loads(whole)["credentialStatus"]["statusListCredential"]
    assert listed.endswith(f"/status/{row.status_list_id}")
    for name, content in {
        "it.vc.json": whole,
        "it.txt": queries.code_of(row).encode(),
        "keys.json": client.get("/log/keys").content,
        "verify.py": client.get("/log/verify.py").content,
        "before.json": client.get(f"/status/{row.status_list_id}").content,
    }.items():
        (tmp_path / name).write_bytes(content)
    trusted = ("--trust", "keys.json")
    assert _verify(tmp_path, "it.vc.json", *trusted) == (0, "")
    assert _verify(tmp_path, "it.vc.json", *trusted, "--status", "before.json") == (0, "")
    assert _verify(tmp_path, "it.txt", *trusted, "--status", "before.json") == (0, "")
    assert _verify(tmp_path, "before.json", *trusted) == (0, "")
    assert _verify(tmp_path, "it.vc.json") == (3, "trust")
    assert _verify(tmp_path, "it.vc.json", *trusted, "--status", "none.json") == (2, "file")
    at = ("--at", "2999-01-01T00:00:00Z")
    assert _verify(tmp_path, "it.vc.json", *trusted, "--status", "before.json", *at)[0] == 1
    actions.revoke(actor=SYSTEM, credential_id=row.pk, reason="mistaken")
    (tmp_path / "after.json").write_bytes(
        client.get(f"/api/v1/status/{row.status_list_id}").content
    )
    assert _verify(tmp_path, "it.vc.json", *trusted, "--status", "after.json") == (1, "revoked")


def _verify(folder: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-I", "verify.py", *arguments, "--json"],
        cwd=folder, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    said = json.loads(done.stdout)
    assert said["code"] == done.returncode
    return done.returncode, said["check"]


def test_C6_nobody_keeps_a_list_for_longer_than_a_minute(client: Client) -> None:
    row = issued()
    for address in (f"/status/{row.status_list_id}", f"/api/v1/status/{row.status_list_id}"):
        answer = client.get(address)
        (kept,) = re.findall(r"max-age=(\d+)", answer.headers["Cache-Control"])
        # Kept by a cache, and before that as old as the step that it was signed for.
        assert int(kept) + queries.STEP_S <= 60
        assert int(kept) == documents.LIST_KEPT.total_seconds()
    assert "no-cache" in client.get(f"/credentials/{row.token}").headers["Cache-Control"]
    before = client.get(f"/status/{row.status_list_id}").content
    actions.revoke(actor=SYSTEM, credential_id=row.pk, reason="mistaken")
    assert client.get(f"/status/{row.status_list_id}").content != before


class Facts(HTMLParser):
    """The rows of the lists of facts on a page."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.inside = ""

    def handle_starttag(self, tag: str, _attrs: Any) -> None:
        self.inside = tag if tag in ("dt", "dd") else ""
        if tag == "dt":
            self.rows.append(["", ""])

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.rows[-1][self.inside == "dd"] += data


def test_C8_the_page_shows_the_fields_of_the_document(client: Client) -> None:
    row = issued()
    facts = Facts()
    page = client.get(f"/credentials/{row.token}").content.decode()
    facts.feed(page)
    shown = dict(facts.rows)
    for field in FORM.fields:
        assert shown[field.label] == documents.in_words(VALUES[field.name])
    assert "有效" in page
    assert f"/credentials/{row.token}.pdf" in page
    assert client.get(f"/credentials/{row.token}.pdf").content.startswith(b"%PDF-1.7")


def test_the_page_says_how_it_stands(client: Client) -> None:
    first = issued(about=31)
    second = issued(about=31, replaces=True)
    page = client.get(f"/credentials/{first.token}").content.decode()
    assert "已换发，本份作废" in page
    assert f"/credentials/{second.token}" in page
    actions.revoke(actor=SYSTEM, credential_id=second.pk, reason="undone")
    assert "已撤销" in client.get(f"/credentials/{second.token}").content.decode()
    english = client.get(f"/credentials/{second.token}", headers={"Accept-Language": "en"})
    assert "Revoked" in english.content.decode()


def test_what_is_not_there(client: Client) -> None:
    for address in ("/.well-known/did.json", "/status/1", f"/credentials/{'0' * 32}",
                    "/credentials/x.pdf", "/credentials/x.vc.json", "/api/v1/status/1"):  # fmt: skip
        assert client.get(address).status_code == 404, address
    assert client.get(f"/status/{2**70}").status_code == 404
    assert client.post("/status/1").status_code in (403, 405)


# --- openvc, which is nobody of ours --------------------------------------------------------------


def resolver_of(client: Client) -> DidResolverRegistry:
    """did:web, resolved by openvc over our pages instead of a network."""

    def fetch(url: str, *_: Any, **__: Any) -> Any:
        assert url.endswith("/.well-known/did.json")
        return client.get("/.well-known/did.json").json()

    registry = DidResolverRegistry()
    registry.register(DidWebResolver(fetch))
    return registry


def accepted(client: Client, document: dict[str, Any]) -> Any:
    return EddsaJcsProofSuite().verify(document, resolver=resolver_of(client))


def test_another_implementation_accepts_and_refuses(client: Client, settings: Any) -> None:
    settings.YBJ_PUBLIC_URL = "https://market.example"
    row = issued()
    document = json.loads(client.get(f"/credentials/{row.token}.vc.json").content)
    assert accepted(client, document)
    document["credentialSubject"]["price"] = "¥1.00"
    with pytest.raises(SignatureInvalid):
        accepted(client, document)
    assert not revoked_there(client, row)
    actions.revoke(actor=SYSTEM, credential_id=row.pk, reason="mistaken")
    assert revoked_there(client, row)


def test_another_implementation_accepts_what_an_old_key_signed(
    client: Client, settings: Any
) -> None:
    settings.YBJ_PUBLIC_URL = "https://market.example"
    row = issued()
    actions.rotate_key(actor=SYSTEM)
    assert accepted(client, json.loads(client.get(f"/credentials/{row.token}.vc.json").content))


def revoked_there(client: Client, row: Credential) -> bool:
    def fetch(address: str) -> dict[str, Any]:
        answer = client.get(address.removeprefix("https://market.example"))
        listed: dict[str, Any] = json.loads(answer.content)
        assert accepted(client, listed)
        return listed

    found = check_credential_status(queries.document_of(row), resolve_status_list=fetch)
    return bool(found.revoked)
