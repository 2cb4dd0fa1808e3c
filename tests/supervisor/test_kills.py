"""A whole market under load, killed piece by piece and all at once: nothing acknowledged is lost.

`make run` itself is started and killed. Both stories print what they counted:
`pytest -m proof -s tests/supervisor/test_kills.py`.
"""

import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from yangbanjian.supervisor import proc, records
from yangbanjian.supervisor.home import Home, home_at
from yangbanjian.supervisor.processes import claim

pytestmark = pytest.mark.proof

PROJECT = Path(__file__).parents[2]
SERVED_AGAIN_SECONDS, WHOLE_SECONDS = 90.0, 900.0


def free_port() -> int:
    """One whose successor is free too."""
    while True:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            with suppress(OSError, OverflowError):
                two.bind(("127.0.0.1", port + 1))
                return port


class Market:
    """`make run` on a home of its own."""

    def __init__(self, home: Home, log: Path) -> None:
        self.home, self.port = home, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("YBJ_", "DATABASE_"))}
        self.env |= {"YBJ_HOME": str(home.asked), "YBJ_PORT": str(self.port), "YBJ_SANDBOX": "1"}
        self._log = log
        self.make: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as output:
            self.make = subprocess.Popen(
                ["make", "run"],
                cwd=PROJECT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def reap(self) -> None:
        if self.make:
            self.make.wait(30)

    def said(self) -> str:
        return self._log.read_text("utf-8", "replace")

    def pids(self) -> dict[str, int]:
        return {row.name: row.pid for row in records.running(self.home)}

    def call(self, path: str, token: str = "", body: Any = None) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        sent = urllib.request.Request(  # noqa: S310 - our own address
            self.url + path, json.dumps(body).encode() if body is not None else None, headers
        )
        try:
            with urllib.request.urlopen(sent, timeout=10) as answer:  # noqa: S310
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except (OSError, ValueError):
            return 0, None

    def until(self, what: str, seconds: float) -> float:
        """Seconds until health says `what` ("" for: answers at all)."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            status, body = self.call("/api/v1/health")
            text = json.dumps(body) if isinstance(body, dict) else (body or b"").decode()
            if status and what in text:
                return time.monotonic() - began
            assert self.make is None or self.make.poll() is None, self.said()
            time.sleep(0.2)
        raise AssertionError(f"no {what!r} after {seconds} s:\n{self.said()}")

    def until_people(self) -> None:
        """Wait until the demo has come so far that there is something half done."""
        deadline = time.monotonic() + SERVED_AGAIN_SECONDS
        while time.monotonic() < deadline:
            status, body = self.call("/api/v1/organisations?size=1")
            if status == 200 and body["count"] > 5:
                return
            time.sleep(0.2)
        raise AssertionError(self.said())


class Load:
    """A writer and a reader, ten requests a second each at most; counts what was acknowledged."""

    def __init__(self, market: Market, token: str) -> None:
        self._market, self._token = market, token
        self.acknowledged: dict[int, str] = {}
        self.refused = self.unanswered = self.read = 0
        self._ends = threading.Event()
        self._threads = [threading.Thread(target=t) for t in (self._write, self._reading)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        for thread in self._threads:
            thread.join()

    def _write(self) -> None:
        number = 0
        while not self._ends.wait(0.1):
            number += 1
            title = f"持久性检验第 {number} 号 {time.time_ns()}"
            body = {"title": title, "abstract": "写入后随时断电。"}
            status, made = self._market.call("/api/v1/achievements", self._token, body)
            if status == 201:
                self.acknowledged[made["id"]] = title
            elif status:
                self.refused += 1
            else:
                self.unanswered += 1

    def _reading(self) -> None:
        while not self._ends.wait(0.1):
            self.read += self._market.call("/api/v1/achievements?size=5")[0] == 200

    def lost(self) -> list[int]:
        """Acknowledged records that are not there, asked one by one as their owner."""
        return [
            number for number, title in self.acknowledged.items() if self._title(number) != title
        ]

    def _title(self, number: int) -> str:
        """What it is called; asked again while nobody answers or the caller asks too often."""
        status, body = 0, None
        for _ in range(120):
            status, body = self._market.call(f"/api/v1/achievements/{number}", self._token)
            if status not in (0, 429, 502, 503):
                break
            time.sleep(0.5)
        return str(body["title"]) if status == 200 else f"status {status}"


def strangers(home: Home) -> list[str]:
    """Processes of this home that nothing accounts for, by what they were started with."""
    known = set(records.running(home))
    groups = {row.pid for row in known}
    found = []
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit() or not proc.is_alive(int(entry.name)):
            continue
        with suppress(OSError):
            environment = Path(entry.path, "environ").read_bytes().split(b"\0")
            mine = f"YBJ_HOME={home.root}".encode() in environment
            is_child = any(one.startswith(b"YBJ_SUPERVISOR=") for one in environment)
            group = os.getpgid(int(entry.name))
            if mine and is_child and group not in groups:
                found.append(f"{entry.name} {proc.name(int(entry.name))}")
    return found


def leaders(home: Home) -> list[int]:
    """Postmasters at work in this home's data folder."""
    found = []
    for entry in os.scandir("/proc"):
        with suppress(OSError, ValueError):
            words = Path(entry.path, "cmdline").read_bytes().split(b"\0")
            if b"-D" in words and str(home.postgres).encode() in words:
                found.append(int(entry.name))
    return found


@pytest.fixture
def market(tmp_path: Path) -> Iterator[Market]:
    folder = Path(tempfile.mkdtemp(prefix="ybj-kills-"))
    folder.chmod(0o755)
    one = Market(home_at(folder), tmp_path / "make.log")
    yield one
    if one.make and one.make.poll() is None:
        one.make.terminate()
        one.reap()
    # After a failure there may be anything left.
    claim(one.home).close()
    subprocess.run(["rm", "-rf", folder, one.home.sockets], check=True)


def kill_start(market: Market) -> None:
    """Kill `ybj up`, or make when that is all there is, and everything is orphaned at once."""
    pid = market.pids().get("supervisor")
    if pid:
        os.kill(pid, signal.SIGKILL)
    elif market.make:
        os.killpg(market.make.pid, signal.SIGKILL)
    market.reap()


def test_a_first_start_killed_anywhere_ends_whole(market: Market) -> None:
    """Killed while the folder is made, while tables are made, while the demo loads; then it is whole."""
    for moment in ("run", "postgres", "migrate", "demo"):
        market.start()
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if moment == "run" and (market.home.root / "run").exists():
                break
            if moment in market.pids():
                break
            time.sleep(0.02)
        else:
            raise AssertionError(f"{moment} never came:\n{market.said()}")
        if moment == "demo":
            market.until_people()
        time.sleep(3.0 if moment in ("migrate", "demo") else 0.3)
        kill_start(market)
    market.start()
    # Once more, the loader alone: the start that runs must see to it.
    market.until_people()
    os.kill(market.pids()["demo"], signal.SIGKILL)
    seconds = market.until('"status": "ok"', WHOLE_SECONDS)
    _, listed = market.call("/api/v1/achievements?size=1")
    assert listed["count"] > 50
    assert market.said().count("正在清空并从头再装") == 2
    print(f"demo whole after {seconds:.0f} s, achievements={listed['count']}")


def test_nothing_acknowledged_is_lost(market: Market) -> None:
    """Each child, PostgreSQL, the supervisor, make: killed under load, and served again."""
    market.env["YBJ_DEMO"] = "0"
    market.start()
    market.until('"status": "ok"', WHOLE_SECONDS)
    _, made = market.call("/api/v1/sandbox/accounts", body={"role": "tto", "count": 1})
    token = made["items"][0]["token"]
    told = []
    with Load(market, token) as load:
        for name in ("web", "events", "worker", "postgres", "supervisor", "make"):
            time.sleep(2.0)
            before = market.pids()
            if name == "make":
                assert market.make is not None
                market.make.kill()
            else:
                os.kill(before[name], signal.SIGKILL)
            began = time.monotonic()
            if name in ("supervisor", "make"):
                market.reap()
                market.start()
                # What the old one still answers while it stops is not yet being served again.
                while market.pids().get("supervisor") in (None, before["supervisor"]):
                    assert time.monotonic() - began < SERVED_AGAIN_SECONDS, market.said()
                    time.sleep(0.05)
            seen = len(load.acknowledged)
            while len(load.acknowledged) <= seen:
                assert time.monotonic() - began < SERVED_AGAIN_SECONDS, (name, market.said())
                time.sleep(0.05)
            told.append(f"{name}={time.monotonic() - began:.1f}s")
            names = {"web", "events", "worker", "postgres", "supervisor"}
            while not names <= market.pids().keys():
                assert time.monotonic() - began < SERVED_AGAIN_SECONDS, (name, market.pids())
                time.sleep(0.2)
        time.sleep(2.0)
    lost = load.lost()
    print(
        f"served again after {' '.join(told)}; acknowledged={len(load.acknowledged)}"
        f" refused={load.refused} unanswered={load.unanswered} read={load.read} lost={len(lost)}"
    )
    assert lost == []
    assert len(load.acknowledged) > 50
    assert strangers(market.home) == []
    assert len(leaders(market.home)) == 1
    last = market.pids()
    assert market.make is not None
    market.make.terminate()
    market.reap()
    assert market.pids() == {}
    assert leaders(market.home) == []
    assert not any(proc.is_alive(pid) for pid in last.values())
    assert strangers(market.home) == []
