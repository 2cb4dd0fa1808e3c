"""Commands where no market was ever started, and where the machine fails: a sentence, no trace."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from yangbanjian.faces import cli


def ybj(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "YBJ_CHILD")}
    return subprocess.run(
        [sys.executable, "-P", "-m", "yangbanjian.faces.cli", *words],
        env={**env, "YBJ_HOME": str(home), "YBJ_SANDBOX": "1"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        ("clock", "show"),
        ("user", "create", "--name", "zhang"),
        ("import", "achievements", "rows.csv"),
        ("db", "url", "--as", "runtime"),
        ("backup", "elsewhere"),
    ],
)
def test_nothing_is_made_where_no_market_is(tmp_path: Path, words: tuple[str, ...]) -> None:
    home = tmp_path / "mistyped"
    told = ybj(home, *words)
    assert told.returncode == 2, told.stderr
    assert told.stderr.strip().splitlines() == [
        f"数据目录 {home} 里还没有市场。请检查 YBJ_HOME，或先运行 ybj up 建立一个。"
    ]
    assert not home.exists()


def test_doctor_says_what_it_can_of_a_home_without_a_market(tmp_path: Path) -> None:
    told = ybj(tmp_path / "mistyped", "doctor")
    assert told.returncode == 1
    assert told.stderr == ""
    first, *others = told.stdout.splitlines()
    assert first.startswith("坏  market  ")
    assert "ybj up" in first
    assert [line.split()[:2] for line in others] == [["好", "disk"], ["好", "secrets"]]


def test_an_address_that_no_server_answers_at(tmp_path: Path) -> None:
    told = ybj(tmp_path, "db", "init", "--admin-url", "postgresql://nobody@127.0.0.1:1/x")
    assert told.returncode == 2
    assert told.stderr.startswith("用这个地址不能建立角色和数据库")
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "磁盘已满"),
        (PermissionError(errno.EACCES, "Permission denied", "/nobody/out.csv"), "/nobody/out.csv"),
    ],
)
def test_a_disk_that_fails_under_us(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], problem: OSError, sentence: str
) -> None:  # fmt: skip
    from yangbanjian.faces.cli import commands

    def fail() -> None:
        raise problem

    monkeypatch.setattr(commands, "app", fail)
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 2
    assert sentence in capsys.readouterr().err


def test_a_bug_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    from yangbanjian.faces.cli import commands

    def fail() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(commands, "app", fail)
    with pytest.raises(ZeroDivisionError):
        cli.main()
