"""What runs, written down: for `ybj ps`, and for the next supervisor if this one is killed."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from yangbanjian.supervisor import proc
from yangbanjian.supervisor.cluster import Cluster
from yangbanjian.supervisor.home import Home


@dataclass(frozen=True)
class Record:
    """A started process. `ticks` (start since boot) tells it from a later one of the same pid."""

    name: str
    pid: int
    ticks: int
    mark: str


@dataclass(frozen=True)
class Running:
    """A line of `ybj ps`."""

    name: str
    pid: int
    uptime_seconds: float


def write(home: Home, name: str, pid: int, mark: str) -> None:
    """Record a process that has just been started; nothing if it is already gone."""
    ticks = proc.start_ticks(pid)
    if ticks is None:
        return
    path = _path(home, name)
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(asdict(Record(name, pid, ticks, mark))), encoding="utf-8")
    draft.replace(path)


def say_leaving(home: Home, leaving: bool) -> None:
    """Tell the next supervisor whether this one is on its way out, so that it waits for it."""
    if leaving:
        _leaving(home).touch()
    else:
        _leaving(home).unlink(missing_ok=True)


def is_leaving(home: Home) -> bool:
    """Is the running supervisor stopping its children?"""
    return _leaving(home).exists()


def forget(home: Home, name: str) -> None:
    """Its process has ended."""
    _path(home, name).unlink(missing_ok=True)


def read(home: Home) -> list[Record]:
    """All records, also of processes that are gone. Unreadable ones are dropped."""
    found = []
    for path in sorted(home.run.glob("*.child.json")):
        try:
            found.append(Record(**json.loads(path.read_text(encoding="utf-8"))))
        except (ValueError, TypeError, FileNotFoundError):
            path.unlink(missing_ok=True)
    return found


def running(home: Home) -> list[Running]:
    """Every living process of this home: supervisor, children, PostgreSQL."""
    pids = [(record.name, record.pid) for record in read(home) if _is_living(record)]
    server = Cluster(home, Path(os.devnull)).server_pid()
    if server is not None and proc.name(server).startswith("postgres") and proc.is_alive(server):
        pids.append(("postgres", server))
    return [Running(name, pid, proc.uptime_seconds(pid) or 0.0) for name, pid in pids]


def lines(home: Home) -> list[str]:
    """`ybj ps`: name, pid, uptime in seconds; separated by blanks, for people and for programs."""
    return [f"{row.name:<12} {row.pid:>8} {row.uptime_seconds:>9.0f}s" for row in running(home)]


def _is_living(record: Record) -> bool:
    return proc.is_same(record.pid, record.ticks)


def _leaving(home: Home) -> Path:
    return home.run / "supervisor.leaving"


def _path(home: Home, name: str) -> Path:
    return home.run / f"{name}.child.json"
