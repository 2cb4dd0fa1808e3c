"""Keeps a set of children running until it is told to stop."""

import os
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from yangbanjian.supervisor import records
from yangbanjian.supervisor.child import Child, end_groups, has_ended, left_groups, spawn
from yangbanjian.supervisor.home import Home
from yangbanjian.supervisor.locks import FileLock
from yangbanjian.supervisor.postgres import Engine
from yangbanjian.supervisor.program import Say
from yangbanjian.supervisor.refusal import EngineRefusal

SUPERVISOR = "supervisor"
TICK_SECONDS = 0.2
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
# A child that lived this long is well: its next crash is a new story.
WELL_SECONDS = 60.0
LONGEST_LOG_BYTES = 20 * 1024 * 1024
CHILD_GRACE_SECONDS = 6.0  # with PostgreSQL's own time about ten in all
# How long a newcomer waits for one that may be about to leave, and for one that is leaving.
PATIENCE_SECONDS, LEAVING_SECONDS = 2.0, 60.0


@dataclass
class _Place:
    """A child and what became of it."""

    child: Child
    popen: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    due: float = 0.0
    pause: float = FIRST_PAUSE
    finished: bool = False


class Supervisor:
    """Runs children of one home; only one at a time does. Restarts what dies, PostgreSQL too."""

    def __init__(
        self,
        home: Home,
        children: Sequence[Child],
        say: Say,
        engine: Engine | None = None,
        is_over: Callable[[], bool] = lambda: False,
    ) -> None:
        self._home = home
        self._places = [_Place(child) for child in children]
        self._say = say
        self._engine = engine
        self._stopping = False
        # Asked at each tick: another reason to stop than a signal.
        self._is_over = is_over
        # A child that was to work once and failed: those who gave it must decide what now.
        self._failed = ""
        # Names this run in the environment of every descendant.
        self._mark = secrets.token_hex(8)

    def run(self) -> None:
        """`watch` as the home's only supervisor. Raises EngineRefusal when another one runs."""
        with claimed(self._home):
            self.watch()

    def watch(self) -> str:
        """Start everything, watch it until INT or TERM, stop it. Call from the main thread.

        The main thread, because the kernel ends the children when the thread that started them
        ends. Answers the name of a `once` child that failed, which also ends everything; else "".
        """
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        for number in before:
            signal.signal(number, self._on_signal)
        try:
            while not self._stopping and not self._failed and not self._is_over():
                self._look_after_engine()
                for place in self._places:
                    self._look_after(place)
                time.sleep(TICK_SECONDS)
        finally:
            if not self._failed:
                records.say_leaving(self._home, True)
            self._stop_all()
            for number, handler in before.items():
                signal.signal(number, handler)
        return "" if self._stopping else self._failed

    def stop(self) -> None:
        """Make `run` return soon."""
        self._stopping = True

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _look_after_engine(self) -> None:
        if self._engine is None or self._engine.pid() is not None:
            return
        try:
            if self._engine.revive():
                self._say("数据库意外退出，已重新启动，已提交的数据均已恢复。")
        except EngineRefusal as refusal:
            self._say(refusal.sentence)
            time.sleep(FIRST_PAUSE)

    def _look_after(self, place: _Place) -> None:
        if place.popen is not None:
            if has_ended(place.popen):
                self._bury(place, place.popen)
        elif not place.finished and not self._stopping and time.monotonic() >= place.due:
            self._start(place)

    def _start(self, place: _Place) -> None:
        child = place.child
        place.started = time.monotonic()
        try:
            place.popen = spawn(child, _log(self._home, child.name), self._mark)
        except (OSError, subprocess.SubprocessError) as error:
            self._say(f"无法启动 {child.name}：{error}")
            self._postpone(place)
            return
        records.write(self._home, child.name, place.popen.pid, self._mark)

    def _bury(self, place: _Place, popen: subprocess.Popen[bytes]) -> None:
        """A child ended by itself: end what it left behind, then start it again after a pause."""
        end_groups([popen.pid], grace_seconds=1.0)
        code = popen.wait()
        records.forget(self._home, place.child.name)
        place.popen = None
        if place.child.once:
            place.finished = True
            self._failed = place.child.name if code else ""
            return
        self._postpone(place)
        log = self._home.logs / f"{place.child.name}.log"
        self._say(
            f"{place.child.name} 意外退出（{code}），{place.pause:g} 秒后重新启动。详情见 {log}。"
        )

    def _postpone(self, place: _Place) -> None:
        was_well = time.monotonic() - place.started > WELL_SECONDS
        is_first = place.due == 0.0
        place.pause = FIRST_PAUSE if was_well or is_first else min(place.pause * 2, LONGEST_PAUSE)
        place.due = time.monotonic() + place.pause

    def _stop_all(self) -> None:
        running = [(place.child.name, place.popen) for place in self._places if place.popen]
        end_groups([popen.pid for _name, popen in running], CHILD_GRACE_SECONDS)
        for name, popen in running:
            popen.wait()
            records.forget(self._home, name)


def _log(home: Home, name: str) -> Path:
    """The child's log; a long one is put aside, replacing the one put aside before it."""
    path = home.logs / f"{name}.log"
    if path.exists() and path.stat().st_size > LONGEST_LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    path.touch(mode=0o600)
    home.adopt(path)
    return path


@contextmanager
def claimed(home: Home) -> Iterator[None]:
    """Be this home's only supervisor for the block, named in `ybj ps`. Raises as `claim` does."""
    lock = claim(home)
    try:
        records.write(home, SUPERVISOR, os.getpid(), "")
        yield
    finally:
        records.forget(home, SUPERVISOR)
        lock.close()


@contextmanager
def leaving(home: Home) -> Iterator[None]:
    """However the block ends, a successor learns that this supervisor is about to be gone."""
    try:
        yield
    finally:
        records.say_leaving(home, True)


def claim(home: Home) -> FileLock:
    """Become this home's only supervisor and end what a killed predecessor left. Close to leave.

    Waits for one that is leaving. Raises EngineRefusal when another one stays.
    """
    lock = FileLock(home.run / "supervisor.lock")
    began = time.monotonic()
    while not lock.try_alone():
        patience = LEAVING_SECONDS if records.is_leaving(home) else PATIENCE_SECONDS
        if time.monotonic() - began > patience:
            lock.close()
            pids = [str(row.pid) for row in records.running(home) if row.name == SUPERVISOR]
            where = f"（进程 {pids[0]}）" if pids else ""
            raise EngineRefusal("already_running", f"{home.root} 已经在运行{where}。请先停止它。")
        time.sleep(TICK_SECONDS)
    records.say_leaving(home, False)
    left = records.read(home)
    orphans = left_groups(record for record in left if record.name != SUPERVISOR)
    end_groups(orphans, CHILD_GRACE_SECONDS)
    for record in left:
        records.forget(home, record.name)
    return lock
