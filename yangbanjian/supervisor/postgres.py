"""The embedded PostgreSQL: made, started, shared between processes, recovered, stopped."""

import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg import pq, sql

from yangbanjian.supervisor import proc
from yangbanjian.supervisor.cluster import PORT, SUPERUSER, Cluster
from yangbanjian.supervisor.home import Home
from yangbanjian.supervisor.locks import FileLock, held_alone
from yangbanjian.supervisor.program import Say, server_binaries
from yangbanjian.supervisor.refusal import EngineRefusal
from yangbanjian.supervisor.roles import DATABASE, EDITION, LOGINS, init_roles
from yangbanjian.supervisor.secrets import password

START_SECONDS = 300  # a recovery after a crash may be long
ZOMBIE_SECONDS = 12  # a killed server may stay a zombie until process 1 reaps it
_BUSY = ("postmaster.pid", "still in use", "could not create any Unix-domain sockets")


@dataclass
class Engine:
    """A running server that this process shares with others; leave it with `release` or `with`."""

    cluster: Cluster
    started_here: bool
    _users: FileLock = field(repr=False)

    @property
    def home(self) -> Home:
        """The home it serves."""
        return self.cluster.home

    def url(self, role: str = "runtime", database: str = DATABASE) -> str:
        """Connection URL as `superuser`, `migrator`, `runtime` or `auditor`; holds the password."""
        return login_url(self.home, role, database)

    def pid(self) -> int | None:
        """The server's process; None when it does not run."""
        pid = self.cluster.server_pid()
        return pid if pid is not None and proc.is_alive(pid) else None

    def revive(self) -> bool:
        """Start the server again if it died under us. True when it had to be started."""
        if self.pid() is not None:
            return False
        with _starting(self.home):
            return _bring_up(self.cluster)

    def release(self) -> bool:
        """Leave. Stops the server when no other process shares it; True when it was stopped."""
        with _starting(self.home):
            alone = self._users.try_alone()
            if alone:
                self.cluster.stop(timeout_seconds=8)
            self._users.close()
        return alone

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.release()


def _quiet(_line: str) -> None:
    """Say nothing."""


def ensure_running(home: Home, *, throwaway: bool = False, say: Say = _quiet) -> Engine:
    """Make, start or join the server of this home, with its roles. Safe from many processes.

    `throwaway` is for tests: a fresh folder, nothing forced to disk. Raises EngineRefusal.
    """
    home.prepare()
    if home.moved:
        say(f"运行用户无法进入 {home.asked}，数据保存在系统目录 {home.root}。")
    cluster = Cluster(home, server_binaries(home.account, say), throwaway)
    with _starting(home):
        # Joined under the same lock as `release`, so nobody stops it between start and join.
        users = FileLock(home.run / "postgres.users")
        users.share()
        try:
            started = _bring_up(cluster)
            _ensure_roles(home)
        except BaseException:
            users.close()
            raise
    return Engine(cluster, started, users)


def _starting(home: Home) -> AbstractContextManager[None]:
    """The lock under which the server is started and stopped."""
    busy = EngineRefusal("start_busy", "另一个进程正在启动或停止数据库，等待超时。请稍后重试。")
    return held_alone(home.run / "postgres.lock", START_SECONDS + 60, busy)


def _bring_up(cluster: Cluster) -> bool:
    """Have the server answer. True when it was started here. Only under the lock."""
    cluster.refuse_if_wrong()
    state = cluster.answers()
    if state == pq.Ping.OK:
        return False
    if state == pq.Ping.REJECT and _settles(cluster):
        return False
    cluster.refuse_if_full()
    if not cluster.exists():
        cluster.create(password(cluster.home, "superuser"))
    deadline = time.monotonic() + ZOMBIE_SECONDS
    while why := cluster.start(START_SECONDS):
        # pg_ctl may give up on a server that another start, or a slow recovery, brings up.
        if cluster.answers() == pq.Ping.OK:
            return True
        is_busy = any(sign in why for sign in _BUSY)
        if not is_busy or time.monotonic() > deadline:
            raise _start_refusal(cluster, why)
        cluster.drop_strangers_pid()
        time.sleep(0.5)
    return True


def _settles(cluster: Cluster) -> bool:
    """Wait while the server starts or stops. True when it then runs."""
    deadline = time.monotonic() + START_SECONDS
    while (state := cluster.answers()) == pq.Ping.REJECT and time.monotonic() < deadline:
        time.sleep(0.2)
    return state == pq.Ping.OK


def _start_refusal(cluster: Cluster, why: str) -> EngineRefusal:
    if "No space left on device" in why:
        return EngineRefusal("disk_full", "磁盘已满，数据库无法启动。请清理磁盘后重试。")
    signs = ("FATAL", "PANIC", "ERROR", "error:")
    lines = [line for line in why.splitlines() if any(sign in line for sign in signs)]
    reason = (lines or why.strip().splitlines() or ["?"])[-1].strip()
    log = cluster.home.logs / "postgres.log"
    return EngineRefusal("start_failed", f"数据库无法启动：{reason}。详情见 {log}。")


def login_url(home: Home, role: str, database: str = DATABASE) -> str:
    """Connection URL of the embedded server, running or not; see `Engine.url`."""
    login = SUPERUSER if role == "superuser" else LOGINS[role]
    secret = password(home, role, shared=role in ("runtime", "auditor"))
    folder = quote(str(home.sockets), safe="")
    return f"postgresql://{login}:{quote(secret, safe='')}@{folder}:{PORT}/{database}"


def _ensure_roles(home: Home) -> None:
    """Once per database and edition of the roles; then refuse a database that loses Chinese."""
    admin = login_url(home, "superuser", "postgres")
    with psycopg.connect(admin, autocommit=True) as server:
        row = server.execute(
            "select shobj_description(oid, 'pg_database') from pg_database where datname = %s",
            [DATABASE],
        ).fetchone()
    # The mark is in the database itself, so that it goes where the database goes.
    mark = f"yangbanjian roles edition {EDITION}"
    if row is not None and row[0] == mark:
        return
    init_roles(admin, {role: password(home, role) for role in LOGINS})
    with psycopg.connect(login_url(home, "superuser"), autocommit=True) as database:
        row = database.execute("select cardinality(show_trgm('技术')) > 0").fetchone()
        if row is None or not row[0]:
            raise EngineRefusal(
                "wrong_locale",
                f"数据目录 {home.postgres} 的区域设置不识别中文，检索将失效。"
                "请换一个新的数据目录。",
            )
        database.execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(
                sql.Identifier(DATABASE), sql.Literal(mark)
            )
        )
