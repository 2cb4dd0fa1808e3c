"""What the kernel says about processes. Linux only, like the embedded server's supervision."""

import ctypes
import os
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path

_PROC = Path("/proc")
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat after the name, so that index 0 is the state; None if gone."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text[text.rindex(")") + 2 :].split()


def start_ticks(pid: int) -> int | None:
    """When the process started, in clock ticks since boot: with the pid it names a process."""
    fields = _stat(pid)
    return int(fields[19]) if fields else None


def is_alive(pid: int) -> bool:
    """Is there such a process, and is it more than a zombie nobody has waited for?"""
    fields = _stat(pid)
    return fields is not None and fields[0] not in "ZX"


def is_same(pid: int, ticks: int) -> bool:
    """Is the process alive and the very one that was recorded (a pid may be used again)?"""
    return is_alive(pid) and start_ticks(pid) == ticks


def name(pid: int) -> str:
    """The program's short name; empty if there is no such process."""
    try:
        return (_PROC / str(pid) / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def blocks(pid: int, number: int) -> bool:
    """Does the process hold back this signal just now, as it does in the signal's own handler?"""
    try:
        status = (_PROC / str(pid) / "status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    masks = [line.split()[1] for line in status.splitlines() if line.startswith("SigBlk:")]
    return bool(masks) and int(masks[0], 16) >> (number - 1) & 1 == 1


def uptime_seconds(pid: int) -> float | None:
    """How long the process has been running."""
    ticks = start_ticks(pid)
    if ticks is None:
        return None
    since_boot = time.clock_gettime(time.CLOCK_BOOTTIME)
    return max(0.0, since_boot - ticks / os.sysconf("SC_CLK_TCK"))


def group_members(group: int) -> list[int]:
    """Living processes of a process group."""
    every = (int(entry.name) for entry in os.scandir(_PROC) if entry.name.isdigit())
    return [pid for pid in every if _group(pid) == group and is_alive(pid)]


def carries(pid: int, mark: str) -> bool:
    """Does the process's environment hold `mark` (`NAME=value`)?

    In a container root may be forbidden to look; the answer is then yes, and the caller relies
    on the group that the process is in. What an ordinary user may not look into is not theirs.
    """
    try:
        environment = (_PROC / str(pid) / "environ").read_bytes()
    except PermissionError:
        return os.geteuid() == 0
    except OSError:
        return False
    return mark.encode() in environment.split(b"\0")


def _group(pid: int) -> int | None:
    fields = _stat(pid)
    return int(fields[2]) if fields else None


def dies_with_us(number: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: the kernel sends the new program this signal when our thread ends."""
    parent = os.getpid()

    def ask_kernel() -> None:
        # After the change of user, which would clear it; and the parent may be gone already.
        _libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask_kernel


def may_open(files: int) -> None:
    """Let us and all that we start have so many files open, if the system allows as many: shells
    give 1,024, and everybody who watches an auction is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = files if hard == resource.RLIM_INFINITY else min(files, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
