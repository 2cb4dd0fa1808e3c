"""`ybj web` and `ybj worker` apart, on one home: each comes, works and goes by itself."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from yangbanjian.supervisor import records
from yangbanjian.supervisor.home import Home
from yangbanjian.supervisor.processes import claimed

PROJECT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-P", "-m", "yangbanjian.faces.cli")


def test_a_supervisor_does_not_take_a_part_for_its_own(home: Home) -> None:
    home.prepare()
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as part:
        try:
            records.write_part(home, "web-8000", part.pid, "x")
            assert [(row.name, row.pid) for row in records.running(home)] == [
                ("web-8000", part.pid)
            ]
            with claimed(home):
                assert part.poll() is None
            assert [record.name for record in records.parts(home)] == ["web-8000"]
            records.forget_part(home, "web-8000")
            assert records.running(home) == []
        finally:
            part.kill()


@pytest.fixture
def environment(home: Home) -> dict[str, str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    left = {k: v for k, v in os.environ.items() if not k.startswith(("YBJ_", "DATABASE_"))}
    return {
        **left,
        "PYTHONPATH": str(PROJECT),
        "YBJ_HOME": str(home.asked),
        "YBJ_PORT": str(port),
        "YBJ_SANDBOX": "1",
        "YBJ_DEMO": "0",
    }


def answers(port: str, path: str) -> int:
    """The status; 0 while nobody answers."""
    with (
        suppress(OSError),
        urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as a,
    ):
        return int(a.status)
    return 0


def until(what: Callable[[], object], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.mark.proof
def test_web_and_worker_run_apart_on_one_home(home: Home, environment: dict[str, str]) -> None:
    def ybj(*words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([*COMMAND, *words], env=environment, capture_output=True, timeout=120)

    refused = ybj("web")
    assert refused.returncode == 2
    assert "ybj migrate" in refused.stderr.decode()
    assert ybj("migrate").returncode == 0
    port = environment["YBJ_PORT"]
    parts = {
        name: subprocess.Popen([*COMMAND, name], env=environment, stderr=subprocess.DEVNULL)
        for name in ("web", "worker")
    }
    try:
        until(lambda: answers(port, "/api/v1/health") == 200)
        until(lambda: len(records.parts(home)) == 2)
        assert answers(port, "/") == 200
        again = ybj("web")
        assert (again.returncode, answers(port, "/")) == (2, 200)
        parts["worker"].send_signal(signal.SIGTERM)
        assert parts["worker"].wait(30) == 0
        assert answers(port, "/achievements") == 200, "the pages need no worker"
        parts["web"].send_signal(signal.SIGINT)
        assert parts["web"].wait(30) == 0
    finally:
        for part in parts.values():
            if part.poll() is None:
                part.kill()
                part.wait()
    until(lambda: not records.running(home), 30)
    assert answers(port, "/") == 0
