"""A whole market of its own for the journeys: `ybj up` with the demo district, stopped at the end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
DEMO_MINUTES = 6
STOP_SECONDS = 30


@dataclass
class Market:
    """Where it is served, and the program that serves it (none: somebody else's)."""

    url: str
    home: Path | None = None
    program: subprocess.Popen[bytes] | None = None
    log: list[str] = field(default_factory=list)

    def health(self) -> dict[str, Any]:
        """What `/api/v1/health` says; `{}` while nobody listens."""
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/health", timeout=5) as answer:  # noqa: S310
                return dict(json.load(answer))
        except urllib.error.HTTPError as refused:
            with refused:
                return dict(json.load(refused))
        except OSError:
            return {}

    def get(self, path: str) -> Any:
        """What the API answers to somebody without a token."""
        with urllib.request.urlopen(f"{self.url}{path}", timeout=30) as answer:  # noqa: S310
            return json.load(answer)

    def wait_until_open(self, seconds: float = DEMO_MINUTES * 60) -> None:
        """Until the demo district has lived through its year; tells how it goes."""
        began, told = time.monotonic(), ""
        while (said := self.health()).get("status") != "ok":
            waited = time.monotonic() - began
            line = f"[{waited:4.0f} s] {said.get('checks') or 'starting'}"
            if line[9:] != told:
                print(line, flush=True)
                told = line[9:]
            if self.program and self.program.poll() is not None:
                raise AssertionError(
                    f"ybj up ended with {self.program.returncode}\n{self.output()}"
                )
            if waited > seconds:
                raise AssertionError(f"not open after {seconds:.0f} s: {said}\n{self.output()}")
            time.sleep(1)
        print(f"[{time.monotonic() - began:4.0f} s] open at {self.url}", flush=True)

    def output(self) -> str:
        """The last lines of the program and of its children."""
        if not self.home:
            return ""
        logs = [self.home.parent / "up.log", *sorted(self.home.glob("logs/*.log"))]
        return "\n".join(
            f"== {log.name}\n{log.read_text(errors='replace')[-2000:]}"
            for log in logs
            if log.exists()
        )

    def stop(self) -> None:
        """End our own program, and leave nothing behind."""
        if not self.program or not self.home:
            return
        self.program.send_signal(signal.SIGTERM)
        try:
            self.program.wait(STOP_SECONDS)
        finally:
            if self.program.poll() is None:
                self.program.kill()
                self.program.wait(5)
            shutil.rmtree(self.home.parent, ignore_errors=True)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def open_market(**settings: str) -> Market:
    """Start one, with these settings; or, without any, take the one that `YBJ_JOURNEY_URL` names
    (for those who write stories)."""
    given = os.environ.get("YBJ_JOURNEY_URL")
    if given and not settings:
        return Market(given.rstrip("/"))
    # Not in pytest's folder: it is 0700, and started by root the market runs as another account.
    place = Path(tempfile.mkdtemp(prefix="ybj-journeys-"))
    place.chmod(0o755)
    port = free_port()
    env = {
        **{k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "YBJ_MIGRATE_URL")},
        "YBJ_SANDBOX": "1",
        "YBJ_HOME": str(place / "home"),
        "YBJ_PORT": str(port),
        "YBJ_EVENTS_PORT": str(free_port()),
        "PYTHONPATH": str(PROJECT),
        **settings,
    }
    with (place / "up.log").open("wb") as log:
        program = subprocess.Popen(
            [sys.executable, "-P", "-m", "yangbanjian.faces.cli", "up"],
            cwd=place, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    return Market(f"http://127.0.0.1:{port}", place / "home", program)
