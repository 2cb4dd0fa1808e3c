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


def write_part(home: Home, name: str, pid: int, mark: str) -> None:
    """Record a part that runs by itself (`ybj web`): no supervisor may take it for its own."""
    ticks = proc.start_ticks(pid)
    if ticks is not None:
        draft = home.run / f"{name}.draft"
        draft.write_text(json.dumps(asdict(Record(name, pid, ticks, mark))), encoding="utf-8")
        draft.replace(_part_path(home, name))


def forget_part(home: Home, name: str) -> None:
    """The part has ended."""
    _part_path(home, name).unlink(missing_ok=True)


def parts(home: Home) -> list[Record]:
    """All records of parts, also of those that are gone."""
    return _read(home, "*.part.json")


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
    """All records of children, also of those that are gone."""
    return _read(home, "*.child.json")


def _read(home: Home, pattern: str) -> list[Record]:
    """What is recorded. Unreadable records are dropped."""
    found = []
    for path in sorted(home.run.glob(pattern)):
        try:
            found.append(Record(**json.loads(path.read_text(encoding="utf-8"))))
        except (ValueError, TypeError, FileNotFoundError):
            path.unlink(missing_ok=True)
    return found


def running(home: Home) -> list[Running]:
    """Every living process of this home: supervisor, children, parts, PostgreSQL."""
    known = [*read(home), *parts(home)]
    pids = [(record.name, record.pid) for record in known if _is_living(record)]
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


def _part_path(home: Home, name: str) -> Path:
    return home.run / f"{name}.part.json"


def _path(home: Home, name: str) -> Path:
    return home.run / f"{name}.child.json"
