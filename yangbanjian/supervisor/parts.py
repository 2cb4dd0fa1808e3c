"""One part by itself, in the foreground: `ybj web`, `ybj worker`; for several machines."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from yangbanjian.supervisor import proc, records
from yangbanjian.supervisor.account import popen_options
from yangbanjian.supervisor.child import MARK, Child, end_groups, has_ended, left_groups
from yangbanjian.supervisor.home import Home
from yangbanjian.supervisor.locks import FileLock, held_alone
from yangbanjian.supervisor.postgres import Engine
from yangbanjian.supervisor.processes import CHILD_GRACE_SECONDS, TICK_SECONDS
from yangbanjian.supervisor.program import Say, program_for
from yangbanjian.supervisor.refusal import EngineRefusal
from yangbanjian.supervisor.up import (
    MOST_FILES,
    Place,
    children,
    database,
    leave,
    make_watch,
    place_from_environment,
    refuse_taken,
    run_first,
)

READY, READY_SECONDS = ("ready",), 120  # two parts that start together take turns


def serve_part(home: Home, say: Say, part: str) -> None:
    """Run `web` or `worker` until INT or TERM; what it says goes to our own output.

    Against `DATABASE_URL`, or the embedded database of the home, which is started unless it runs.
    Raises EngineRefusal when it can't start or ends by itself: who starts us starts us again.
    """
    place = place_from_environment()
    home.prepare()
    proc.may_open(MOST_FILES)
    is_over = make_watch()
    before = {number: signal.signal(number, leave) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with _name_of(home, part, place) as name:
            if part == "web":
                refuse_taken(place.bind, place.port, "YBJ_PORT")
            with database(home, say) as (engine, urls):
                program = program_for(home.account, say)
                # Never the migrator's login: whoever upgrades runs `ybj migrate`, once for all.
                login = {"DATABASE_URL": urls["DATABASE_URL"], "YBJ_MIGRATE_URL": ""}
                with held_alone(home.run / "ready.lock", READY_SECONDS):
                    run_first(home, program, READY, login, is_over)
                found = children(home, program, place, urls["DATABASE_URL"], {})
                child = next(c for c in found if c.name == part)
                _Part(home, name, child, say, engine).run(is_over)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Part:
    """The child of ours that does the work, watched until it or we end."""

    def __init__(
        self, home: Home, name: str, child: Child, say: Say, engine: Engine | None
    ) -> None:
        self._home, self._name, self._child = home, name, child
        self._say, self._engine = say, engine
        self._stopping = False

    def run(self, is_over: Callable[[], bool]) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        mark = secrets.token_hex(8)
        popen = _start(self._child, mark)
        records.write_part(self._home, self._name, popen.pid, mark)
        try:
            while not (self._stopping or has_ended(popen) or is_over()):
                self._look_after_engine()
                time.sleep(TICK_SECONDS)
            is_ours = not has_ended(popen)
        finally:
            end_groups([popen.pid], CHILD_GRACE_SECONDS)
            code = popen.wait()
            records.forget_part(self._home, self._name)
        if not is_ours and not self._stopping:
            raise EngineRefusal("part_ended", f"{self._name} 意外退出（{code}），详情见上。")

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


def _start(child: Child, mark: str) -> subprocess.Popen[bytes]:
    env = {**os.environ, **child.env, MARK: mark}
    sys.stdout.flush()
    return subprocess.Popen(
        child.argv,
        cwd="/",
        env=env,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=proc.dies_with_us(signal.SIGTERM),
        **popen_options(child.user),
    )


@contextmanager
def _name_of(home: Home, part: str, place: Place) -> Iterator[str]:
    """What `ybj ps` calls it. Pages: one to a port, and what a killed one left there is ended."""
    if part != "web":
        yield f"{part}-{os.getpid()}"
        return
    name = f"web-{place.port}"
    lock = FileLock(home.run / f"{name}.lock")
    try:
        if not lock.try_alone():
            raise EngineRefusal("already_running", f"{name} 已经在运行。请先停止它。")
        left = [record for record in records.parts(home) if record.name == name]
        end_groups(left_groups(left), CHILD_GRACE_SECONDS)
        yield name
    finally:
        lock.close()
