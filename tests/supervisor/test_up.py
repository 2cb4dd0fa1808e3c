"""What `ybj up` starts, where it listens, and who can tell it to stop."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from yangbanjian.supervisor import up
from yangbanjian.supervisor.home import Home
from yangbanjian.supervisor.program import Program
from yangbanjian.supervisor.refusal import EngineRefusal

PROJECT = Path(__file__).parents[2]


def test_the_events_port_follows_the_port() -> None:
    assert up.place_from_environment({}) == up.Place("127.0.0.1", 8000, 8001)
    chosen = {"YBJ_PORT": "9000", "YBJ_EVENTS_PORT": "9100", "YBJ_BIND": "0.0.0.0"}  # noqa: S104
    assert up.place_from_environment(chosen) == up.Place("0.0.0.0", 9000, 9100)  # noqa: S104


@pytest.mark.parametrize("port", ["0", "65536", "65535", "http", "-1"])
def test_a_bad_port_is_refused(port: str) -> None:
    with pytest.raises(EngineRefusal) as refusal:
        up.place_from_environment({"YBJ_PORT": port})
    assert refusal.value.code == "bad_port"


def test_a_taken_port_is_refused_by_name() -> None:
    with socket.socket() as taken, socket.socket() as free:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        free.bind(("127.0.0.1", 0))
        ports = free.getsockname()[1], taken.getsockname()[1]
        free.close()
        with pytest.raises(EngineRefusal) as refusal:
            up.refuse_taken_ports(up.Place("127.0.0.1", *ports))
    assert refusal.value.code == "port_taken"
    assert str(ports[1]) in refusal.value.sentence
    assert "YBJ_EVENTS_PORT" in refusal.value.sentence


def test_children_never_get_the_migrators_login(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YBJ_MIGRATE_URL", "postgresql://secret")
    found = up.children(
        home, Program("/python"), up.Place("127.0.0.1", 1, 2), "postgresql://r", {"demo": ["demo"]}
    )
    assert [child.name for child in found] == ["web", "events", "worker", "demo"]
    assert [child.once for child in found] == [False, False, False, True]
    for child in found:
        merged = {**os.environ, **child.env}
        assert merged["YBJ_MIGRATE_URL"] == ""
        assert merged["DATABASE_URL"] == "postgresql://r"
        assert merged["YBJ_HOME"] == str(home.root)
        assert child.user == home.account


def test_an_unfit_external_database_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    with pytest.raises(EngineRefusal) as refusal, up.database(home, print):
        pass
    assert refusal.value.code == "external_connection"
    assert not home.postgres.exists()


WATCHED = """
import time
from yangbanjian.supervisor.child import Child
from yangbanjian.supervisor.home import home_at
from yangbanjian.supervisor.processes import Supervisor
from yangbanjian.supervisor.up import make_watch
import sys
home = home_at(sys.argv[1])
home.prepare()
Supervisor(home, [Child("one", ("sleep", "61"))], print, None, make_watch()).run()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_to_make_alone_stops_everything(
    home: Home, tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "watched.py").write_text(WATCHED)
    (tmp_path / "Makefile").write_text(
        f"run:\n\t@exec {sys.executable} {tmp_path}/watched.py {home.asked}\n"
    )
    with subprocess.Popen(
        ["make", "run"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(PROJECT), *sys.path])},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        # Whoever runs the tests behind a shell's `&` has INT ignored, and make would keep it so.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as make:
        record = home.run / "one.child.json"
        deadline = time.monotonic() + 20
        while not record.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert record.exists()
        make.send_signal(number)
        try:
            assert make.wait(15) != 0
        finally:
            if make.poll() is None:
                os.killpg(make.pid, signal.SIGKILL)
    deadline = time.monotonic() + 15
    while record.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not record.exists()
