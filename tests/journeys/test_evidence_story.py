"""Somebody who trusts nobody: reads what 存证 proves, takes the packet away and checks it alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.looking import assert_accessible, assert_no_sideways_scroll, shot


def checked(folder: Path, name: str, *trust: str) -> int:
    """The exit code of the verifier, in a folder of its own, without the platform."""
    done = subprocess.run(
        [sys.executable, "-I", "verify.py", name, *trust],
        cwd=folder, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    return done.returncode


def test_evidence_is_read_taken_away_and_checked(visit: Visit, screen: str, tmp_path: Path) -> None:
    page = visit(screen=screen)
    page.goto("/log")
    expect(page.get_by_role("heading", level=1, name="存证日志")).to_be_visible()
    shot(page, "log", whole=True)
    assert_accessible(page)
    assert_no_sideways_scroll(page)

    # An entry that everybody may read; newest first, since the oldest is the key's own.
    known = page.request.get("/api/v1/achievements?size=1").json()["items"][0]["id"]
    told = page.request.get(f"/api/v1/entries?subject=achievement:{known}").json()["items"]
    entry = next(one["id"] for one in told if one["index"] is not None)
    page.goto(f"/log/entries/{entry}")
    expect(page.get_by_text("这能证明什么")).to_be_visible()
    expect(page.get_by_text("指纹", exact=True)).to_be_hidden()
    shot(page, "log-entry", whole=True)
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.locator("summary", has_text="技术细节").click()
    expect(page.get_by_text("指纹", exact=True)).to_be_visible()
    assert_no_sideways_scroll(page)
    with page.expect_download() as taken:
        page.get_by_role("link", name="下载证据包").click()
    taken.value.save_as(tmp_path / "packet.json")

    for name, path in {
        "keys.json": "/log/keys", "verify.py": "/log/verify.py", "head.txt": "/log/checkpoint"
    }.items():  # fmt: skip
        (tmp_path / name).write_bytes(page.request.get(path).body())
    trust = ("--trust", "keys.json")
    packet = (tmp_path / "packet.json").read_text(encoding="utf-8")
    said = json.loads(packet)
    assert checked(tmp_path, "packet.json", *trust) == 0
    assert checked(tmp_path, "head.txt", *trust) == 0
    at = json.dumps(said["leaf"]["at_recorded"])
    (tmp_path / "forged.json").write_text(packet.replace(at, at.replace("20", "19", 1)), "utf-8")
    assert checked(tmp_path, "forged.json", *trust) == 1
    (tmp_path / "torn.json").write_text(packet[:-40], "utf-8")
    assert checked(tmp_path, "torn.json", *trust) == 2
    assert checked(tmp_path, "packet.json") == 3
