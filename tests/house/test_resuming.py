"""A long run that was stopped goes on where it was; other code begins anew."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests import resuming

PROOFS = """
import os, pathlib
def test_one():
    with open("ran", "a") as out: out.write("1")
def test_two():
    with open("ran", "a") as out: out.write("2")
    assert not pathlib.Path("stop").exists()
"""


def run(folder: Path, code: str) -> str:
    (folder / "plugin.py").write_text(
        f"from tests import resuming\nresuming.digest = lambda: {code!r}\n"
        "pytest_configure = resuming.pytest_configure\n",
        encoding="utf-8",
    )
    told = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "plugin", "-p", "no:django",
         "-p", "no:randomly", "proofs.py"],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
        env={"PYTHONPATH": f"{folder}:{resuming.PROJECT}", "PATH": ""},
    )  # fmt: skip
    return told.stdout + told.stderr


def test_what_was_proven_is_not_proven_again_by_the_same_code(tmp_path: Path) -> None:
    (tmp_path / "proofs.py").write_text(PROOFS, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    ran, stop = tmp_path / "ran", tmp_path / "stop"
    stop.touch()
    assert "1 failed, 1 passed" in run(tmp_path, "a")
    stop.unlink()
    assert "1 passed, 1 deselected" in run(tmp_path, "a")
    assert ran.read_text() == "122"
    # It has come to its end, and begins anew.
    stop.touch()
    run(tmp_path, "a")
    run(tmp_path, "b")
    assert ran.read_text() == "122" + "12" + "12"


def test_the_digest_is_of_the_files() -> None:
    assert resuming.digest() == resuming.digest()
    assert len(resuming.digest()) == 64
