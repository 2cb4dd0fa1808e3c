"""`ybj up`: the engine, then what must be done first, then pages, events and worker until told."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from yangbanjian.supervisor import proc
from yangbanjian.supervisor.account import popen_options
from yangbanjian.supervisor.child import Child
from yangbanjian.supervisor.external import refuse_unfit
from yangbanjian.supervisor.home import Home
from yangbanjian.supervisor.postgres import Engine, ensure_running
from yangbanjian.supervisor.processes import Supervisor, claim
from yangbanjian.supervisor.program import Program, Say, program_for
from yangbanjian.supervisor.refusal import EngineRefusal
from yangbanjian.supervisor.secrets import signing_key

PAGES = "yangbanjian.config.wsgi:application"
EVENTS = "yangbanjian.config.events:application"
COMMAND = ("-P", "-m", "yangbanjian.faces.cli")


@dataclass(frozen=True)
class Place:
    """Where we listen. The events have a port of their own: granian cannot share one by path."""

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
    migrator's login. `beside`: name -> `ybj` command that runs once while pages are served.
    """
    place = place_from_environment()
    home.prepare()
    claim(
        home
    ).close()  # refuse early, and free the ports that a killed predecessor's children hold
    refuse_taken_ports(place)
    # TERM before the supervisor watches for it must also leave through every `with`.
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        with database(home, say) as (engine, urls):
            program = program_for(home.account, say)
            for command in first:
                _run_first(home, program, command, urls)
            running = children(home, program, place, urls["DATABASE_URL"], beside or {})
            Supervisor(home, running, say, engine, is_make_interrupted).run()
    finally:
        signal.signal(signal.SIGTERM, before)


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
        python("web", *_granian("wsgi", place.bind, place.port), "--workers", "2",
               "--blocking-threads", "4", PAGES),
        python("events", *_granian("asgi", place.bind, place.events_port), "--workers", "1",
               EVENTS),
        python("worker", *COMMAND, "worker"),
        *(python(name, *COMMAND, *command, once=True) for name, command in beside.items()),
    ]  # fmt: skip


def refuse_taken_ports(place: Place) -> None:
    """Raise EngineRefusal when somebody already listens where we want to."""
    for name, port in (("YBJ_PORT", place.port), ("YBJ_EVENTS_PORT", place.events_port)):
        family = socket.AF_INET6 if ":" in place.bind else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((place.bind, port))
            except OSError as error:
                raise EngineRefusal(
                    "port_taken",
                    f"无法在 {place.bind}:{port} 上监听（{error.strerror}）。"
                    f"请停止占用它的程序，或用 {name} 指定另一个端口。",
                ) from None


def is_make_interrupted() -> bool:
    """Has `make`, our parent, been told to stop by INT?

    From a terminal we get that signal too. Sent to make alone it is not passed on: make holds it
    back and waits for us to end, for ever.
    """
    parent = os.getppid()
    return proc.name(parent) in ("make", "gmake") and proc.blocks(parent, signal.SIGINT)


def _run_first(home: Home, program: Program, command: Sequence[str], urls: dict[str, str]) -> None:
    done = subprocess.run(
        [program.python, *COMMAND, *command],
        cwd="/",
        env={**os.environ, **_environment(home, program), **urls},
        stdin=subprocess.DEVNULL,
        check=False,
        **popen_options(home.account),
    )
    if done.returncode:
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
        "--no-ws", "--respawn-failed-workers", "--workers-kill-timeout", "4",
    )  # fmt: skip


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
