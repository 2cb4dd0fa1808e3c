"""Children are restarted, ended with all they started, and found again after kill -9."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from yangbanjian.supervisor import proc, processes, records
from yangbanjian.supervisor.account import NOBODY, Account
from yangbanjian.supervisor.child import Child
from yangbanjian.supervisor.home import Home
from yangbanjian.supervisor.processes import Supervisor, claim
from yangbanjian.supervisor.refusal import EngineRefusal

PROJECT = Path(__file__).parents[2]
SLEEPERS = '[Child("one", ("sleep", "61")), Child("two", ("sh", "-c", "sleep 62 & sleep 63"))]'
PROGRAM = """
import sys
from yangbanjian.supervisor.child import Child
from yangbanjian.supervisor.home import home_at
from yangbanjian.supervisor.postgres import ensure_running
from yangbanjian.supervisor.processes import Supervisor
home = home_at(sys.argv[1])
home.prepare()
engine = ensure_running(home, throwaway=True) if {engine} else None
Supervisor(home, {children}, print, engine).run()
if engine:
    engine.release()
"""


def until(true: Callable[[], object], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(true())


def pids(home: Home) -> dict[str, int]:
    return {row.name: row.pid for row in records.running(home)}


class Started:
    """A supervisor in a process of its own."""

    def __init__(self, home: Home, *, engine: bool = False, children: str = SLEEPERS) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-c", PROGRAM.format(engine=engine, children=children), home.asked],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(PROJECT), *sys.path])},
            stdout=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def start(home: Home) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def one(**how: object) -> subprocess.Popen[str]:
        started.append(Started(home, **how).popen)  # type: ignore[arg-type]
        return started[-1]

    yield one
    for popen in started:
        if popen.poll() is None:
            popen.terminate()
        popen.communicate(timeout=20)
    home.prepare()
    claim(home).close()


def test_what_dies_is_started_again_postgres_too(
    home: Home, start: Callable[..., subprocess.Popen[str]]
) -> None:
    popen = start(engine=True)
    names = {"supervisor", "one", "two", "postgres"}
    assert until(lambda: pids(home).keys() == names), pids(home)
    before = pids(home)
    assert before["supervisor"] == popen.pid
    group = proc.group_members(before["two"])
    assert len(group) == 3
    for name in ("one", "two", "postgres"):
        os.kill(before[name], signal.SIGKILL)
    changed = {"one", "two", "postgres"}
    assert until(
        lambda: (now := pids(home)).keys() == names and all(now[n] != before[n] for n in changed),
        20,
    ), (before, pids(home))
    assert not any(proc.is_alive(pid) for pid in group), "what the dead child had started lives on"
    lines = records.lines(home)
    assert len(lines) == 4
    assert any(line.split()[:2] == ["one", str(pids(home)["one"])] for line in lines)
    last = pids(home)
    began = time.monotonic()
    popen.send_signal(signal.SIGTERM)
    said, _ = popen.communicate(timeout=20)
    assert popen.returncode == 0
    assert time.monotonic() - began < 10
    assert not any(proc.is_alive(pid) for pid in last.values())
    assert pids(home) == {}
    assert "数据库意外退出" in said


def test_children_end_when_their_supervisor_is_killed(
    home: Home, start: Callable[..., subprocess.Popen[str]]
) -> None:
    popen = start()
    assert until(lambda: len(pids(home)) == 3)
    before = pids(home)
    popen.kill()
    assert until(lambda: not proc.is_alive(before["one"]))
    assert until(lambda: not proc.is_alive(before["two"]))


def test_the_next_supervisor_ends_what_a_killed_one_left(
    home: Home, start: Callable[..., subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child that ignores TERM, and a grandchild whose parent is gone."""
    monkeypatch.setattr(processes, "CHILD_GRACE_SECONDS", 1.0)
    stubborn = (
        '[Child("one", ("sh", "-c", "trap : TERM; while :; do sleep 0.1; done")),'
        ' Child("two", ("sh", "-c", "sleep 62 & sleep 63"))]'
    )
    popen = start(children=stubborn)
    assert until(lambda: len(pids(home)) == 3 and len(proc.group_members(pids(home)["two"])) == 3)
    before = pids(home)
    popen.kill()
    popen.wait()
    assert until(lambda: not proc.is_alive(before["two"]))
    assert proc.is_alive(before["one"])
    assert proc.group_members(before["two"]), "the grandchildren are what this test is about"
    claim(home).close()
    assert until(lambda: not proc.is_alive(before["one"]))
    assert proc.group_members(before["two"]) == []
    assert pids(home) == {}


def test_a_newcomer_waits_for_one_that_is_leaving(
    home: Home, start: Callable[..., subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer than for one that stays, whom it refuses."""
    monkeypatch.setattr(processes, "PATIENCE_SECONDS", 0.5)
    slow = "trap 'sleep 2; exit' TERM; while :; do sleep 0.1; done"
    popen = start(children=f'[Child("slow", ("sh", "-c", "{slow}"))]')
    assert until(lambda: "slow" in pids(home))
    with pytest.raises(EngineRefusal):
        claim(home)
    popen.terminate()
    assert until(lambda: records.is_leaving(home))
    assert "slow" in pids(home), "it must still be stopping for this to mean something"
    claim(home).close()
    assert not records.is_leaving(home)


def test_a_reused_pid_is_left_alone(home: Home) -> None:
    home.prepare()
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as stranger:
        try:
            records.write(home, "one", stranger.pid, "mark")
            path = next(home.run.glob("*.json"))
            ticks = proc.start_ticks(stranger.pid)
            path.write_text(path.read_text().replace(f'"ticks": {ticks}', '"ticks": 1'))
            assert records.running(home) == []
            claim(home).close()
            assert proc.is_alive(stranger.pid)
            assert records.read(home) == []
        finally:
            stranger.kill()


def test_only_one_supervisor_per_home(home: Home) -> None:
    home.prepare()
    lock = claim(home)
    with pytest.raises(EngineRefusal) as refusal:
        claim(home)
    assert refusal.value.code == "already_running"
    lock.close()
    claim(home).close()


def test_a_child_that_works_once_is_not_started_again(home: Home) -> None:
    home.prepare()
    count = home.run / "count"
    count.write_text("")
    once = Child("once", ("sh", "-c", f"echo x >> {count}"), once=True)
    crashing = Child("crashing", ("sh", "-c", "exit 3"))
    missing = Child("missing", ("/nowhere/at/all",))
    said: list[str] = []
    supervisor = Supervisor(home, [once, crashing, missing], said.append)
    timer = threading.Timer(2.5, supervisor.stop)
    timer.start()
    supervisor.run()
    timer.join()
    assert count.read_text() == "x\n"
    restarts = [line for line in said if line.startswith("crashing")]
    # At once, after 0.5, after 1 more: each pause is twice the one before.
    assert 2 <= len(restarts) <= 3
    assert "（3）" in restarts[0]
    assert any("missing" in line for line in said)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes users")
def test_a_child_of_another_user_has_no_way_back(home: Home) -> None:
    home.prepare()
    child = Child("who", ("sh", "-c", "grep -E '^(Uid|Gid|Groups|CapEff)' /proc/self/status"),
                  user=Account(NOBODY, NOBODY), once=True)  # fmt: skip
    supervisor = Supervisor(home, [child], print)
    timer = threading.Timer(1.0, supervisor.stop)
    timer.start()
    supervisor.run()
    timer.join()
    fields = {
        line.split(":")[0]: line.split(":")[1].split()
        for line in (home.logs / "who.log").read_text().splitlines()
    }
    assert fields["Uid"] == ["65534"] * 4
    assert fields["Gid"] == ["65534"] * 4
    assert fields["Groups"] == []
    assert int(fields["CapEff"][0], 16) == 0


def test_more_files_than_a_shell_gives_may_be_open_as_far_as_the_system_allows() -> None:
    program = (
        "import resource as r; from yangbanjian.supervisor.proc import may_open\n"
        "r.setrlimit(r.RLIMIT_NOFILE, (128, 512)); may_open(256)\n"
        "print(r.getrlimit(r.RLIMIT_NOFILE)[0]); may_open(9999)\n"
        "print(r.getrlimit(r.RLIMIT_NOFILE)[0]); may_open(300)\n"
        "print(r.getrlimit(r.RLIMIT_NOFILE)[0])"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == ["256", "512", "512"]
