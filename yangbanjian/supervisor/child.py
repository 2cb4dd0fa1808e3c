"""One supervised program: started so that it cannot outlive us, ended with all it started."""

import os
import signal
import subprocess
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from yangbanjian.supervisor import proc
from yangbanjian.supervisor.account import Account, popen_options
from yangbanjian.supervisor.records import Record

# In a child's environment; says which supervisor's it is, for all its descendants too.
MARK = "YBJ_SUPERVISOR"


@dataclass(frozen=True)
class Child:
    """What to run. `env` is added to ours; `once` means that a clean exit is the end of it."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    user: Account | None = None
    once: bool = False


def spawn(child: Child, log: Path, mark: str) -> subprocess.Popen[bytes]:
    """Start a child in a process group of its own, its output appended to `log`.

    Raises OSError when the program cannot be started.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            child.argv,
            cwd="/",
            env={**os.environ, **child.env, MARK: mark},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=proc.dies_with_us(signal.SIGTERM),
            **popen_options(child.user),
        )


def has_ended(popen: subprocess.Popen[bytes]) -> bool:
    """Has it ended? It stays unreaped, so that its number, and its group's, stay taken."""
    if popen.returncode is not None:
        return True
    options = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, popen.pid, options) is not None


def end_groups(groups: Collection[int], grace_seconds: float) -> None:
    """End all processes of these groups, each by its id; answers when they are gone.

    The leader gets TERM first, so that it can end its own workers in order; what it leaves behind
    gets TERM after it, and what still lives after the grace gets KILL. The caller makes sure
    that the groups are those it means: see `has_ended` and `left_groups`.
    """
    told: set[int] = set()
    deadline = time.monotonic() + grace_seconds
    while living := {group: rest for group in groups if (rest := proc.group_members(group))}:
        if time.monotonic() > deadline:
            break
        next_ones = {
            pid for group, rest in living.items() for pid in ([group] if group in rest else rest)
        }
        _signal(next_ones - told, signal.SIGTERM)
        told |= next_ones
        time.sleep(0.05)
    _signal((pid for rest in living.values() for pid in rest), signal.SIGKILL)


def left_groups(left: Iterable[Record]) -> list[int]:
    """Groups of recorded children that outlived their supervisor.

    Certain when the leader is the recorded process. When the leader is gone, the rest of its group
    must carry the mark: the number might belong to somebody else by now.
    """
    return [
        record.pid
        for record in left
        if proc.is_same(record.pid, record.ticks)
        or (
            not proc.is_alive(record.pid)
            and (rest := proc.group_members(record.pid))
            and all(proc.carries(pid, f"{MARK}={record.mark}") for pid in rest)
        )
    ]


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
