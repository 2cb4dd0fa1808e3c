"""The embedded server: shared, killed, confused, refused."""

import multiprocessing
import os
import shutil
import signal
import subprocess
import time
from collections import namedtuple
from multiprocessing.queues import Queue

import psycopg
import pytest

from yangbanjian.supervisor import cluster as cluster_module
from yangbanjian.supervisor import proc
from yangbanjian.supervisor.home import Home, home_at
from yangbanjian.supervisor.postgres import ensure_running
from yangbanjian.supervisor.refusal import EngineRefusal


def _count(url: str) -> int:
    with psycopg.connect(url) as database:
        row = database.execute("select count(*) from kept").fetchone()
        assert row is not None
        return int(row[0])


def _join(folder: str, answers: "Queue[tuple[int | None, bool]]", everyone: int) -> None:
    """One of several processes that start at once; leaves when all have come."""
    engine = ensure_running(home_at(folder), throwaway=True)
    with psycopg.connect(engine.url()) as database:
        database.execute("select 1")
    answers.put((engine.pid(), engine.started_here))
    deadline = time.monotonic() + 30
    while answers.qsize() < everyone and time.monotonic() < deadline:
        time.sleep(0.02)
    engine.release()


def test_four_processes_at_once_share_one_server_and_the_last_stops_it(home: Home) -> None:
    spawn = multiprocessing.get_context("spawn")
    answers: Queue[tuple[int | None, bool]] = spawn.Queue()
    crowd = [spawn.Process(target=_join, args=(str(home.asked), answers, 4)) for _ in range(4)]
    for process in crowd:
        process.start()
    for process in crowd:
        process.join(60)
    assert [process.exitcode for process in crowd] == [0] * 4
    found = [answers.get(timeout=5) for _ in crowd]
    assert len({pid for pid, _started in found}) == 1
    assert sorted(started for _pid, started in found) == [False, False, False, True]
    assert not (home.postgres / "postmaster.pid").exists()


def test_committed_rows_survive_kill_9(home: Home) -> None:
    """Not throw-away: fsync is on, as in production."""
    engine = ensure_running(home)
    with psycopg.connect(engine.url("migrator"), autocommit=True) as database:
        database.execute("create table kept (n integer)")
    with psycopg.connect(engine.url(), autocommit=True) as database:
        for n in range(200):
            database.execute("insert into kept values (%s)", [n])
        killed = engine.pid()
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while engine.pid() is not None and time.monotonic() < deadline:
        time.sleep(0.02)  # a signal takes its time
    assert engine.revive()
    assert engine.pid() != killed
    assert _count(engine.url()) == 200
    assert not engine.revive()
    second = ensure_running(home)
    assert not second.started_here
    assert not engine.release(), "stopped although somebody still shares it"
    assert _count(second.url()) == 200
    assert second.release()


def test_a_pid_file_that_names_another_program_does_not_stop_the_start(home: Home) -> None:
    engine = ensure_running(home, throwaway=True)
    pid_file = home.postgres / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    engine.release()
    # The number now belongs to a program of the same user that is no PostgreSQL.
    account = home.account
    options = account.popen_options() if account else {}
    with subprocess.Popen(["sleep", "60"], **options) as stranger:
        try:
            pid_file.write_text("\n".join([str(stranger.pid), *lines[1:], ""]))
            with ensure_running(home, throwaway=True) as again:
                assert again.started_here
                assert again.pid() != stranger.pid
                assert proc.is_alive(stranger.pid)
        finally:
            stranger.kill()


def test_another_major_version_is_refused_in_one_sentence(home: Home) -> None:
    home.prepare()
    home.postgres.mkdir()
    (home.postgres / "PG_VERSION").write_text("17\n")
    with pytest.raises(EngineRefusal) as refusal:
        ensure_running(home)
    assert refusal.value.code == "other_major_version"
    assert "PostgreSQL 17" in refusal.value.sentence
    assert "\n" not in refusal.value.sentence


def test_a_full_disk_is_refused_before_anything_is_made(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(10**9, 10**9, 100 * 2**20))
    with pytest.raises(EngineRefusal) as refusal:
        ensure_running(home)
    assert refusal.value.code == "disk_full"
    assert "100 MB" in refusal.value.sentence
    assert not home.postgres.exists()


def test_a_locale_that_loses_chinese_is_refused(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A database made by other hands, with plain C, where ours would be.
    engine = ensure_running(home, throwaway=True)
    with psycopg.connect(engine.url("superuser", "postgres"), autocommit=True) as server:
        server.execute("drop database ybj")
        server.execute("create database ybj template template0 locale_provider libc locale 'C'")
    with pytest.raises(EngineRefusal) as refusal:
        ensure_running(home, throwaway=True)
    assert refusal.value.code == "wrong_locale"
    assert engine.release(), "the refused one must not keep a share"


def test_real_data_is_never_opened_without_fsync(home: Home) -> None:
    home.prepare()
    home.postgres.mkdir()
    (home.postgres / "PG_VERSION").write_text(f"{cluster_module.MAJOR}\n")
    with pytest.raises(EngineRefusal) as refusal:
        ensure_running(home, throwaway=True)
    assert refusal.value.code == "not_throwaway"


def test_a_failed_start_says_why(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_running(home, throwaway=True).release()
    monkeypatch.setitem(cluster_module._THROWAWAY_SETTINGS, "no_such_setting", "1")
    with pytest.raises(EngineRefusal) as refusal:
        ensure_running(home, throwaway=True)
    assert refusal.value.code == "start_failed"
    assert "no_such_setting" in refusal.value.sentence
