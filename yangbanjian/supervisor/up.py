"""`ybj up`: the engine, then what must be done first, then pages, events and worker until told."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from yangbanjian.supervisor import proc, records
from yangbanjian.supervisor.account import popen_options
from yangbanjian.supervisor.child import MARK, Child, end_groups
from yangbanjian.supervisor.external import refuse_unfit
from yangbanjian.supervisor.home import Home
from yangbanjian.supervisor.postgres import Engine, ensure_running
from yangbanjian.supervisor.processes import CHILD_GRACE_SECONDS, Supervisor, claimed, leaving
from yangbanjian.supervisor.program import Program, Say, program_for
from yangbanjian.supervisor.refusal import EngineRefusal
from yangbanjian.supervisor.secrets import signing_key

PAGES = "yangbanjian.config.rsgi:application"
EVENTS = "yangbanjian.config.events:application"
# Connections of one process: those who watch or listen (config.events), and pages.
MOST_OPEN = 4096
MOST_FILES = 8192
MOST_ATTEMPTS = 3  # of what runs once beside the pages
COMMAND = ("-P", "-m", "yangbanjian.faces.cli")


@dataclass(frozen=True)
class Place:
    """Where we listen: everything on `port`; the events also on one of their own, for a front
    server that keeps their many streams away from the processes that make pages."""

    bind: str
    port: int
    events_port: int


def place_from_environment(environment: Mapping[str, str] = os.environ) -> Place:
    """`YBJ_BIND`, `YBJ_PORT`, `YBJ_EVENTS_PORT` (default: the port after). Raises EngineRefusal."""
    try:
        port = int(environment.get("YBJ_PORT") or 8000)
        events = int(environment.get("YBJ_EVENTS_PORT") or port + 1)
    except ValueError:
        port = events = 0
    if not (0 < port < 65536 and 0 < events < 65536 and port != events):
        raise EngineRefusal(
            "bad_port", "YBJ_PORT 与 YBJ_EVENTS_PORT 必须是 1 到 65535 之间两个不同的数。"
        )
    return Place(environment.get("YBJ_BIND") or "127.0.0.1", port, events)


@contextmanager
def database(home: Home, say: Say) -> Iterator[tuple[Engine | None, dict[str, str]]]:
    """The database for one program: the external one, checked, or the embedded one, shared.

    Gives the engine (None for an external database) and `DATABASE_URL` and `YBJ_MIGRATE_URL` for
    the program's environment. Raises EngineRefusal when the external one is unfit.
    """
    external = os.environ.get("DATABASE_URL")
    if external:
        home.prepare()
        signing_key(home)
        refuse_unfit(external)
        migrate = os.environ.get("YBJ_MIGRATE_URL") or external
        yield None, {"DATABASE_URL": external, "YBJ_MIGRATE_URL": migrate}
        return
    with ensure_running(home, say=say) as engine:
        signing_key(home)
        urls = {role: engine.url(role) for role in ("runtime", "migrator")}
        yield engine, {"DATABASE_URL": urls["runtime"], "YBJ_MIGRATE_URL": urls["migrator"]}


def serve(
    home: Home,
    say: Say,
    *,
    first: Sequence[Sequence[str]] = (("migrate",),),
    beside: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Run everything until INT or TERM, then stop everything. Raises EngineRefusal.

    `first`: `ybj` commands that must succeed before anything is served; only they get the
    migrator's login. `beside`: name -> `ybj` command that runs once while pages are served; when
    one fails, the first steps and everything after them are done again.
    """
    place = place_from_environment()
    home.prepare()
    proc.may_open(MOST_FILES)
    is_over = make_watch()
    # A signal before the supervisor watches for it must also leave through every `with`.
    before = {number: signal.signal(number, leave) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        # Claimed first: that frees the ports which a killed predecessor's children hold.
        with claimed(home):
            refuse_taken_ports(place)
            with database(home, say) as (engine, urls), leaving(home):
                program = program_for(home.account, say)

                def once(steps: Sequence[Sequence[str]], extra: Mapping[str, Sequence[str]]) -> str:
                    for step in steps:
                        run_first(home, program, step, urls, is_over)
                    running = children(home, program, place, urls["DATABASE_URL"], extra)
                    return Supervisor(home, running, say, engine, is_over).watch()

                for _ in range(MOST_ATTEMPTS):
                    if not (failed := once(first, beside or {})):
                        return
                    say(f"{failed} 中途退出。详情见 {home.logs / failed}.log。")
                say(f"{failed} 试了 {MOST_ATTEMPTS} 次都没有完成，下次启动时再试。")
                once((), {})
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def children(
    home: Home,
    program: Program,
    place: Place,
    database_url: str,
    beside: Mapping[str, Sequence[str]],
) -> list[Child]:
    """Pages (two processes, four threads each), events, worker; each signs in as runtime."""
    env = {
        **_environment(home, program),
        "YBJ_EVENTS_PORT": str(place.events_port),
        "DATABASE_URL": database_url,
        "YBJ_MIGRATE_URL": "",
    }

    def python(name: str, *arguments: str, once: bool = False) -> Child:
        return Child(name, (program.python, *arguments), env, home.account, once)

    return [
        python("web", *_granian("rsgi", place.bind, place.port), "--workers", "2", PAGES),
        python("events", *_granian("asgi", place.bind, place.events_port), "--workers", "1",
               EVENTS),
        python("worker", *COMMAND, "worker"),
        *(python(name, *COMMAND, *command, once=True) for name, command in beside.items()),
    ]  # fmt: skip


def refuse_taken_ports(place: Place) -> None:
    """Raise EngineRefusal when somebody already listens where we want to."""
    refuse_taken(place.bind, place.port, "YBJ_PORT")
    refuse_taken(place.bind, place.events_port, "YBJ_EVENTS_PORT")


def refuse_taken(bind: str, port: int, name: str) -> None:
    """The same for one port, which the variable `name` sets."""
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except OSError as error:
            raise EngineRefusal(
                "port_taken",
                f"无法在 {bind}:{port} 上监听（{error.strerror}）。"
                f"请停止占用它的程序，或用 {name} 指定另一个端口。",
            ) from None


def make_watch() -> Callable[[], bool]:
    """A question to ask again and again: has `make`, our parent, been interrupted or killed?

    From a terminal we get INT too. Sent to make alone it is not passed on: make holds it back and
    waits for us to end, for ever. Killed, make leaves us behind with nobody to stop us.
    """
    parent = os.getppid()
    if proc.name(parent) not in ("make", "gmake"):
        return lambda: False
    return lambda: os.getppid() != parent or proc.blocks(parent, signal.SIGINT)


def run_first(
    home: Home,
    program: Program,
    command: Sequence[str],
    urls: dict[str, str],
    is_over: Callable[[], bool],
) -> None:
    """Run one step to its end. Recorded like a child: a killed start must not leave it at work."""
    step = command[0]
    running = subprocess.Popen(
        [program.python, *COMMAND, *command],
        cwd="/",
        env={**os.environ, **_environment(home, program), **urls, MARK: step},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=proc.dies_with_us(signal.SIGTERM),
        **popen_options(home.account),
    )
    try:
        records.write(home, step, running.pid, step)
        while running.poll() is None:
            if is_over():
                raise SystemExit(0)
            time.sleep(0.05)
    finally:
        if running.poll() is None:
            end_groups([running.pid], CHILD_GRACE_SECONDS)
            running.wait()
        records.forget(home, step)
    if running.returncode:
        raise EngineRefusal(
            "first_step_failed", f"启动前的步骤 {' '.join(command)} 失败，详情见上。"
        )


def _environment(home: Home, program: Program) -> dict[str, str]:
    env = {**program.env, "YBJ_HOME": str(home.root), "PYTHONUNBUFFERED": "1"}
    if home.account:
        # Root's own home folder is closed to the account, and libraries look there for caches.
        env["HOME"] = str(home.index)
    return env


def _granian(interface: str, bind: str, port: int) -> tuple[str, ...]:
    return (
        "-P", "-m", "granian", "--interface", interface, "--host", bind, "--port", str(port),
        # Open streams count as requests here, and beyond the number nobody is answered at all.
        "--backlog", "2048", "--backpressure", str(MOST_OPEN),
        "--no-ws", "--respawn-failed-workers", "--workers-kill-timeout", "4",
    )  # fmt: skip


def leave(_number: int, _frame: FrameType | None) -> None:
    """A signal's handler: out through every `with`."""
    raise SystemExit(0)
