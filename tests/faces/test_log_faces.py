"""The log over the wire: addresses of C2SP, proofs and packets, and the page that explains them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests import make
from tests.actions.test_log import sequenced, written
from tests.faces.calling import client_of
from verify import __main__ as verifier
from verify.heads import read_head
from verify.tree import _node
from verify.trust import Key
from yangbanjian.ground.log import actions, queries
from yangbanjian.kernel.actor import SYSTEM, Role

pytestmark = pytest.mark.django_db
API = "/api/v1"


def head_size() -> int:
    return queries.head_or_refuse().size


def test_an_auditor_with_nothing_but_the_wire_checks_one_entry(
    client: Client, tmp_path: Path
) -> None:
    (pk,) = written(1, subject_id=77)
    written(300)
    sequenced()
    about = client.get(f"{API}/entries?subject=thing:77").json()
    assert about["items"][0]["id"] == pk
    packet = client.get(f"{API}/entries/{pk}/packet").content
    assert packet == client.get(f"/log/entries/{pk}/packet").content
    for name, content in {
        "packet.json": packet,
        "head.txt": client.get("/log/checkpoint").content,
        "keys.json": client.get("/log/keys").content,
        "verify.py": client.get("/log/verify.py").content,
        "old.json": client.get(f"{API}/log/consistency?from=1&to={head_size()}").content,
    }.items():
        (tmp_path / name).write_bytes(content)
    # In another process, in another folder, without the platform on its path.
    for name, code in {"packet.json": 0, "head.txt": 0, "old.json": 2, "verify.py": 1}.items():
        done = _verify(tmp_path, name, "--trust", "keys.json", "--json")
        assert done.returncode == code, done.stdout + done.stderr
        assert json.loads(done.stdout)["code"] == code
    (tmp_path / "tampered.json").write_bytes(packet.replace(b'"thing:77"', b'"thing:78"'))
    done = _verify(tmp_path, "tampered.json", "--trust", "keys.json", "--json")
    assert (done.returncode, json.loads(done.stdout)["check"]) == (1, "leaf")
    assert _verify(tmp_path, "packet.json").returncode == 3
    assert _verify(tmp_path, "missing").returncode == 2


def _verify(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "verify.py", *arguments],
        cwd=folder, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_a_consistency_proof_of_two_signed_heads_is_a_file_for_the_verifier(client: Client) -> None:
    written(5)
    sequenced()
    old = head_size()
    written(5)
    sequenced()
    answer = client.get(f"{API}/log/consistency?from={old}&to={head_size()}")
    trust = {
        bytes.fromhex(k["public"]): Key(bytes.fromhex(k["public"]), is_revoked=False)
        for k in client.get("/log/keys").json()["keys"]
    }
    assert verifier.verify(answer.content, verifier.Trust(trust, [])).code == 0
    for query in ("from=0&to=1", "from=3&to=2", "from=1&to=99999", "from=a&to=1", ""):
        assert client.get(f"{API}/log/consistency?{query}").status_code == 422, query


def test_a_proof_is_recomputed_from_tiles_alone(client: Client) -> None:
    """A witness that trusts no proof of ours: leaves from tiles, root from the checkpoint."""
    written(600)
    sequenced()
    head = read_head(client.get("/log/checkpoint").content.decode())
    leaves = b""
    for index in range(head.size // 256 + 1):
        width = min(256, head.size - index * 256)
        partial = "" if width == 256 else f".p/{width}"
        leaves += client.get(f"/log/tile/0/{index:03d}{partial}").content
    hashes = [leaves[i : i + 32] for i in range(0, len(leaves), 32)]
    assert len(hashes) == head.size
    row = hashes
    while len(row) > 1:
        pairs = [_node(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)]
        row = pairs + row[len(pairs) * 2 :]
    assert row[0] == head.root
    above = client.get(f"/log/tile/1/000.p/{head.size // 256}")
    assert len(above.content) == head.size // 256 * 32
    assert "immutable" in above.headers["Cache-Control"]
    assert client.get("/log/tile/0/2").headers["Cache-Control"] == "no-store"
    for bad in ("0/2.p/900", "0/009", "9/000", "0/002", "0/x", "0/000.p/300"):
        assert client.get(f"/log/tile/{bad}").status_code == 404, bad


def test_before_the_first_head_there_is_a_reason(client: Client) -> None:
    assert client.get("/log/checkpoint").status_code == 404
    assert client.get("/log").status_code == 200
    assert client.get("/log/keys").json()["keys"] == []


def test_the_page_explains_the_proof_and_offers_the_packet(client: Client) -> None:
    (pk,) = written(1)
    waits = client.get(f"/log/entries/{pk}")
    assert "请一分钟后再试" in waits.content.decode()
    sequenced()
    page = client.get(f"/log/entries/{pk}").content.decode()
    assert f"/log/entries/{pk}/packet" in page
    assert "verify.py" in page
    english = client.get(f"/log/entries/{pk}", headers={"Accept-Language": "en"}).content.decode()
    assert "Evidence" in english
    assert str(head_size()) in client.get("/log").content.decode()


def test_an_entry_is_only_for_its_audience(client: Client) -> None:
    (hidden,) = written(1, audience="staff")
    owner = make.person(Role.TTO)
    (shared,) = written(1, audience="parties", owner_id=owner.memberships.get().organisation_id)
    sequenced()
    auditor, party, stranger = (
        client_of(a) for a in (make.person(Role.AUDITOR), owner, make.person(Role.TTO))
    )
    wanted: dict[int, list[tuple[Any, int]]] = {
        hidden: [(client, 404), (party, 404), (auditor, 200)],
        shared: [(client, 404), (stranger, 404), (party, 200), (auditor, 200)],
    }
    for pk, callers in wanted.items():
        for caller, status in callers:
            assert caller.get(f"{API}/entries/{pk}/packet").status_code == status
            assert caller.get(f"{API}/entries/{pk}/proof").status_code == status
        assert client.get(f"/log/entries/{pk}").status_code == 404
        assert client.get(f"/log/entries/{pk}/packet").status_code == 404
    assert client.get(f"{API}/entries?subject=thing:1").json()["items"] == []


@pytest.mark.parametrize(
    "odd", ["thing", "thing:", ":1", "thing:x", "thing:²", "thing:" + "9" * 30]
)
def test_odd_subjects_are_refused(client: Client, odd: str) -> None:
    assert client.get(f"{API}/entries", {"subject": odd}).status_code == 422


def test_the_audit_of_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    from yangbanjian.faces.cli.evidence import rotate, run_audit

    written(3)
    sequenced()
    actions.anchor_if_due(actor=SYSTEM)
    rotate(is_lost=False)
    assert run_audit([]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("outside=2 findings=0")
    with pytest.raises(SystemExit):
        verifier.main([])
