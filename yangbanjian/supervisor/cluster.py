"""PostgreSQL's data folder and its own programs: initdb, pg_ctl, the pid file."""

import os
import shlex
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from psycopg import pq

from yangbanjian.supervisor import proc
from yangbanjian.supervisor.account import popen_options
from yangbanjian.supervisor.home import Home
from yangbanjian.supervisor.refusal import EngineRefusal

MAJOR = "18"
PORT = 5432  # only part of the socket's name: nothing listens on the network
SUPERUSER = "ybj_superuser"
LEAST_FREE_BYTES = 200 * 1024 * 1024

_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "dynamic_shared_memory_type": "posix",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] %u ",
    # A bulk import must not make a shutdown or a recovery long.
    "max_wal_size": "1GB",
    "checkpoint_timeout": "5min",
}
# For tests only: nothing survives a power cut, everything is fast.
_THROWAWAY_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum_naptime": "1h",
}


@dataclass(frozen=True)
class Cluster:
    """The data folder of one home, with the programs that work on it."""

    home: Home
    binaries: Path
    throwaway: bool = False

    @property
    def _throwaway_mark(self) -> Path:
        return self.home.root / "postgres.throwaway"

    def exists(self) -> bool:
        """Has it been made, completely?"""
        return (self.home.postgres / "PG_VERSION").exists()

    def refuse_if_full(self) -> None:
        """Raise when a start would soon run out of disk."""
        free = shutil.disk_usage(self.home.root).free
        if free < LEAST_FREE_BYTES:
            raise EngineRefusal(
                "disk_full",
                f"磁盘空间不足：{self.home.root} 所在磁盘只剩 {free // 2**20} MB，"
                f"至少需要 {LEAST_FREE_BYTES // 2**20} MB。请清理磁盘后重试。",
            )

    def refuse_if_wrong(self) -> None:
        """Raise when the folder belongs to another major version or to another use."""
        if not self.exists():
            return
        found = (self.home.postgres / "PG_VERSION").read_text(encoding="ascii").strip()
        if found != MAJOR:
            raise EngineRefusal(
                "other_major_version",
                f"数据目录 {self.home.postgres} 属于 PostgreSQL {found}，本程序使用 {MAJOR}，"
                "不能直接打开。请先用原版本备份（ybj backup），再在新目录恢复（ybj restore）。",
            )
        if self.throwaway and not self._throwaway_mark.exists():
            raise EngineRefusal(
                "not_throwaway",
                f"数据目录 {self.home.postgres} 中是正式数据，不能以测试方式（不落盘）打开。",
            )

    def create(self, password: str) -> None:
        """Run initdb in a draft folder and rename it: a half-made folder is never mistaken."""
        # A name of its own: what a killed start was still writing is not this one's.
        for left in self.home.root.glob("postgres.draft*"):
            shutil.rmtree(left, ignore_errors=True)
        draft = self.home.postgres.with_name(f"postgres.draft-{os.getpid()}")
        draft.mkdir(mode=0o700)
        self.home.give(draft)
        password_file = self.home.sockets / "initdb.password"
        password_file.unlink(missing_ok=True)
        # Exclusively: the folder is the account's, which might have put a link there.
        handle = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(password)
            self.home.give(password_file)
            done = self._run(
                "initdb", "-D", str(draft), "-U", SUPERUSER, "--auth=scram-sha-256",
                f"--pwfile={password_file}", "--encoding=UTF8", "--locale-provider=builtin",
                "--locale=C.UTF-8", *(["--no-sync"] if self.throwaway else []),
            )  # fmt: skip
        finally:
            password_file.unlink(missing_ok=True)
        if "could not look up effective user" in done.stdout:
            raise EngineRefusal(
                "user_without_name",
                f"当前用户（编号 {os.geteuid()}）没有用户名，PostgreSQL 不能用它启动。"
                "请在 /etc/passwd 中为它登记用户名，或换一个用户运行。",
            )
        if done.returncode:
            raise EngineRefusal("initdb_failed", f"无法建立数据库目录：{_last_line(done)}")
        self._throwaway_mark.unlink(missing_ok=True)
        if self.throwaway:
            self._throwaway_mark.touch()
        draft.rename(self.home.postgres)

    def start(self, timeout_seconds: int) -> str:
        """Start the server and wait until it answers. Returns why not; empty when it runs."""
        settings = {**_SETTINGS, "unix_socket_directories": str(self.home.sockets)}
        if self.throwaway:
            settings |= _THROWAWAY_SETTINGS
        options = " ".join(f"-c {shlex.quote(f'{key}={value}')}" for key, value in settings.items())
        log = self.home.logs / "postgres.log"
        before = log.stat().st_size
        done = self._run(
            "pg_ctl", "start", "-D", str(self.home.postgres), "-w", "-t", str(timeout_seconds),
            "-l", str(log), "-o", options,
        )  # fmt: skip
        if done.returncode == 0:
            return ""
        with log.open("rb") as file:
            file.seek(before)
            return file.read(20_000).decode("utf-8", "replace") + done.stdout

    def stop(self, timeout_seconds: int) -> None:
        """Stop cleanly; when that takes too long, at once (the next start then recovers)."""
        folder = str(self.home.postgres)
        wait = ["-w", "-t", str(timeout_seconds)]
        if self._run("pg_ctl", "stop", "-D", folder, "-m", "fast", *wait).returncode:
            self._run("pg_ctl", "stop", "-D", folder, "-m", "immediate", *wait)

    def answers(self) -> pq.Ping:
        """What the server says on its socket: OK, REJECT (starting, stopping) or NO_RESPONSE."""
        knock = f"host={self.home.sockets} port={PORT} dbname=postgres connect_timeout=5"
        return pq.Ping(pq.PGconn.ping(knock.encode()))

    def server_pid(self) -> int | None:
        """The pid in the server's pid file, alive or not."""
        try:
            return int((self.home.postgres / "postmaster.pid").read_text("utf-8").split("\n")[0])
        except (FileNotFoundError, ValueError):
            return None

    def drop_strangers_pid(self) -> bool:
        """Remove a pid file whose number now belongs to some other program.

        PostgreSQL would believe that program to be its server and refuse to start for ever. A
        zombie is left to be reaped; a process called postgres is never doubted.
        """
        pid = self.server_pid()
        if pid is None or not proc.is_alive(pid) or proc.name(pid).startswith("postgres"):
            return False
        (self.home.postgres / "postmaster.pid").unlink(missing_ok=True)
        return True

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        # Not our folder: the account may be unable to enter it, and initdb minds.
        # Output goes to a file in PostgreSQL's hands, never a pipe: the server would keep it open.
        place = self.home.run / f"{program}.out"
        with place.open("w+", encoding="utf-8") as output:
            place.unlink()  # only the open file is needed
            done = subprocess.run(
                [str(self.binaries / program), *arguments],
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                start_new_session=True,
                # A half-made folder or a waiting pg_ctl is of no use to anybody once we are gone;
                # a server that pg_ctl has started lives on and is joined by the next start.
                preexec_fn=proc.dies_with_us(signal.SIGKILL),
                **popen_options(self.home.account),
            )
            output.seek(0)
            done.stdout = output.read()
        return done


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    return lines[-1] if lines else f"exit {done.returncode}"
