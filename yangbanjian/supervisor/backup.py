"""A backup is a folder: the database, the files, the keys, and a manifest that proves them whole.

The database is dumped and counted in one snapshot. Files are copied after it: they are named by
their content and never change, so every file that a dumped row names is there by then.
"""

import hashlib
import json
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from yangbanjian.supervisor.home import Home
from yangbanjian.supervisor.postgres import ensure_running
from yangbanjian.supervisor.program import Say, server_binaries
from yangbanjian.supervisor.refusal import EngineRefusal
from yangbanjian.supervisor.roles import LOGINS, POSTER

DUMP, FILES, KEYS, MANIFEST = "database.dump", "files", "keys", "manifest.json"
_FORMAT = 1
# The owner of an external database is bound by row policies: it reads every row as the house. A
# superuser passes them anyway.
AS_THE_HOUSE = "-c ybj.system=on"


@dataclass(frozen=True)
class Manifest:
    """What a backup holds. `sha256` is by path inside the folder, `rows` by table."""

    format: int
    made_at: str
    server: str
    rows: dict[str, int]
    roles: list[str]
    files: int
    keys: int
    sha256: dict[str, str]

    def sentence(self) -> str:
        """One line for people: what is inside and what is not."""
        keys = f"含 {self.keys} 个密钥（请妥善保管）" if self.keys else "不含密钥"
        return (
            f"数据库 {len(self.rows)} 张表共 {sum(self.rows.values())} 行；"
            f"附件 {self.files} 个；{keys}；不含数据库账号密码（恢复时重新生成）。"
        )


@contextmanager
def owners_url(home: Home, say: Say) -> Iterator[str]:
    """A login that may read every row of this installation's database: the superuser of the
    embedded one, started if need be, or the owner of an external one. Raises EngineRefusal."""
    if os.environ.get("DATABASE_URL"):
        home.prepare()
        owner = os.environ.get("YBJ_MIGRATE_URL")
        if not owner:
            raise EngineRefusal(
                "no_migrate_url",
                "备份外部数据库要用表的所有者登录。请把 YBJ_MIGRATE_URL（ybj db init 打印的）也放进环境变量。",
            )
        yield owner
        return
    with ensure_running(home, say=say) as engine:
        yield engine.url("superuser")


def refuse_external() -> None:
    """A restore makes an embedded database; raise when another one would be served afterwards."""
    if os.environ.get("DATABASE_URL"):
        raise EngineRefusal(
            "restore_embedded_only",
            "恢复只装入内置数据库。请先去掉 DATABASE_URL 与 YBJ_MIGRATE_URL，"
            "用 YBJ_HOME 指定一个新目录再恢复；外部数据库请用它自己的备份工具恢复。",
        )


def backup(home: Home, folder: Path, url: str, *, keys: bool = True) -> Manifest:
    """Back up the database at `url` (an administrator's login), files and keys of `home`.

    `folder` must be new or empty; it appears whole or not at all. Raises EngineRefusal.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise EngineRefusal("backup_not_empty", f"备份目录 {folder} 已有内容，请换一个空目录。")
    draft = folder.with_name(f".{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    try:
        server, rows = _dump(url, draft / DUMP)
        files = _copy(home.files, draft / FILES)
        key_count = _copy(home.secrets, draft / KEYS) if keys else 0
        manifest = Manifest(
            _FORMAT,
            datetime.now(UTC).isoformat(timespec="seconds"),
            server,
            rows,
            [*LOGINS.values(), POSTER],
            files,
            key_count,
            {name: _sha256(draft / name) for name in _names(draft)},
        )
        text = json.dumps(asdict(manifest), ensure_ascii=False, indent=1, sort_keys=True)
        (draft / MANIFEST).write_text(text + "\n", encoding="utf-8")
        draft.replace(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return manifest


def verify(folder: Path) -> Manifest:
    """Read a backup's manifest and check every file against it. Raises EngineRefusal."""
    try:
        raw = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        manifest = Manifest(**raw)
    except (OSError, ValueError, TypeError):
        raise EngineRefusal("backup_unreadable", f"{folder} 不是完整的备份。") from None
    found = {name: _sha256(folder / name) for name in _names(folder) if name != MANIFEST}
    for name in sorted(manifest.sha256.keys() | found.keys()):
        if manifest.sha256.get(name) != found.get(name):
            raise EngineRefusal("backup_damaged", f"备份已损坏：{name} 与清单不符，未做任何恢复。")
    return manifest


def restore(folder: Path, home: Home, say: Say) -> Manifest:
    """Restore a verified backup into an empty home and count every table again.

    The server's roles get new passwords. Raises EngineRefusal and leaves the home's database
    unusable rather than half right: the folder is then to be deleted and the restore repeated.
    """
    manifest = verify(folder)
    home.prepare()
    taken = [part for part in (home.postgres, home.files) if part.exists() and any(part.iterdir())]
    if taken:
        raise EngineRefusal("home_not_empty", f"{home.root} 已有数据，只能恢复到空的数据目录。")
    _bring_back(home, folder / KEYS, home.secrets)
    with ensure_running(home, say=say) as engine:
        _load(engine.url("superuser"), folder / DUMP)
        with psycopg.connect(engine.url("superuser")) as database:
            found = _count(database)
    if found != manifest.rows:
        differing = sorted(set(found.items()) ^ set(manifest.rows.items()))[0][0]
        raise EngineRefusal("restore_differs", f"恢复后的行数与备份不符：{differing}。")
    _bring_back(home, folder / FILES, home.files)
    return manifest


def _dump(url: str, target: Path) -> tuple[str, dict[str, int]]:
    with psycopg.connect(url, options=AS_THE_HOUSE) as database:
        database.execute("set transaction isolation level repeatable read, read only")
        row = database.execute("select pg_export_snapshot()").fetchone()
        rows = _count(database)
        snapshot = row[0] if row else ""
        _tool(
            url, "pg_dump", "--format=custom", "--compress=6", f"--snapshot={snapshot}",
            "--enable-row-security", f"--file={target}",
        )  # fmt: skip
        return database.info.parameter_status("server_version") or "", rows


def _load(url: str, dump: Path) -> None:
    _tool(url, "pg_restore", "--exit-on-error", "--single-transaction", "--dbname", _plain(url),
          str(dump))  # fmt: skip


def _tool(url: str, program: str, *arguments: str) -> None:
    """Run a client program; the password goes by the environment, never on the command line."""
    where = () if program == "pg_restore" else ("--dbname", _plain(url))
    done = subprocess.run(
        [str(server_binaries(None) / program), *where, *arguments],
        env={
            "PATH": os.defpath,
            "LC_ALL": "C",
            "PGOPTIONS": AS_THE_HOUSE,
            "PGPASSWORD": unquote(urlsplit(url).password or ""),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["?"])[-1]
        raise EngineRefusal(f"{program}_failed", f"{program} 失败：{reason}")


def _plain(url: str) -> str:
    """The URL without its password."""
    parts = urlsplit(url)
    user, _, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}@{place}"))


def _count(database: psycopg.Connection) -> dict[str, int]:
    tables = database.execute(
        "select schemaname, tablename from pg_tables"
        " where schemaname not in ('pg_catalog', 'information_schema') order by 1, 2"
    ).fetchall()
    counts = {}
    for schema, table in tables:
        counted = sql.SQL("select count(*) from {}").format(sql.Identifier(schema, table))
        row = database.execute(counted).fetchone()
        counts[f"{schema}.{table}"] = int(row[0]) if row else 0
    return counts


def _copy(source: Path, target: Path) -> int:
    """Copy regular files only: a link could lead out of the folder. Role passwords stay behind."""
    left_out = {f"{name}.password" for name in (*LOGINS, "superuser")}
    count = 0
    for name in _names(source):
        if name not in left_out:
            (target / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(source / name, target / name, follow_symlinks=False)
            count += 1
    return count


def _bring_back(home: Home, source: Path, target: Path) -> None:
    for name in _names(source):
        place = target / name
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(source / name, place)
        place.chmod(0o600)
        # Both are read by the product at work, which runs as the account.
        for path in (place, *(part for part in place.parents if target in part.parents)):
            home.give(path)


def _names(folder: Path) -> Iterator[str]:
    """Regular files below a folder, by their path inside it."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(place) / name
            if stat.S_ISREG(path.lstat().st_mode):
                yield path.relative_to(folder).as_posix()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
