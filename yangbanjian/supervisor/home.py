"""Where everything lies: the layout of `YBJ_HOME`, its owner, and the socket folder."""

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from yangbanjian.supervisor.account import Account, account_for, may
from yangbanjian.supervisor.refusal import EngineRefusal

SYSTEM_FOLDER = Path("/var/lib/yangbanjian")
# A socket's whole path may have 107 bytes. /tmp and not XDG_RUNTIME_DIR: each process must find
# the same folder, also one from cron or a service, which have no runtime folder.
SOCKET_PARENT = Path("/tmp")  # noqa: S108 - the folder in it is 0700 and its owner is checked
PRIVATE = 0o700


@dataclass(frozen=True)
class Home:
    """The data folder. `asked` is what YBJ_HOME says, `root` is where the data really lies."""

    asked: Path
    root: Path
    account: Account | None

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data folder."""
        return self.root / "postgres"

    @property
    def index(self) -> Path:
        """Matching's index files; can be rebuilt."""
        return self.root / "index"

    @property
    def files(self) -> Path:
        """Attachments by content."""
        return self.root / "files"

    @property
    def static(self) -> Path:
        """Styles, scripts and pictures under hashed names, collected at each start."""
        return self.root / "static"

    @property
    def logs(self) -> Path:
        """One log per child."""
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """Locks and pids of what runs now."""
        return self.root / "run"

    @property
    def secrets(self) -> Path:
        """Passwords and keys, each 0600."""
        return self.root / "secrets"

    @property
    def signing(self) -> Path:
        """Signing keys, each 0600; the product makes them, so the account owns the folder."""
        return self.secrets / "signing"

    @property
    def anchors(self) -> Path:
        """Signed heads of the log, put out for others to take away."""
        return self.root / "anchors"

    @property
    def moved(self) -> bool:
        """Does the data lie elsewhere than YBJ_HOME says?"""
        return self.root != self.asked

    @property
    def sockets(self) -> Path:
        """The folder of PostgreSQL's socket: short, and ours alone."""
        return SOCKET_PARENT / f"ybj-{_short_hash(self.root)}"

    def prepare(self) -> None:
        """Make what is missing and hand to the account what its programs write. Idempotent."""
        _make(self.asked, 0o755)
        if self.moved:
            note = self.asked / "MOVED.txt"
            note.write_text(f"数据在 / the data is in: {self.root}\n", encoding="utf-8")
        _make(self.root, 0o755)
        for folder in (self.index, self.files):
            _make(folder, PRIVATE)
            self.give(folder)
        _make(self.static, 0o755)
        self.give(self.static)
        # Ours, not the account's: we write here by name, and the account must not be able to
        # put a link in the way. The server's own log is made here and then given to it.
        _make(self.logs, 0o711 if self.account else PRIVATE)
        log = self.logs / "postgres.log"
        log.touch(mode=0o600)
        self.give(log)
        _make(self.run, 0o755)
        # Entered, but not listed, by the account: it opens only the secrets that are its own.
        _make(self.secrets, 0o711 if self.account else PRIVATE)
        for folder in (self.logs, self.run, self.secrets):
            self.adopt(folder)
        _make(self.signing, PRIVATE)
        self.give(self.signing)
        _make(self.anchors, 0o755)
        self.give(self.anchors)
        self._make_sockets()

    def give(self, path: Path) -> None:
        """Make the account the owner of one path; nothing to do for an ordinary user."""
        if self.account:
            os.chown(path, self.account.uid, self.account.gid, follow_symlinks=False)

    def adopt(self, path: Path) -> None:
        """Keep a user's home that user's: what root makes in it must be usable without root."""
        if self.account and self.root.stat().st_uid == self.account.uid:
            self.give(path)

    def _make_sockets(self) -> None:
        folder = self.sockets
        if not folder.exists():
            # Another process that starts now must not see it before its owner has it.
            made = Path(tempfile.mkdtemp(prefix=folder.name + "-", dir=folder.parent))
            self.give(made)
            try:
                made.rename(folder)
            except OSError:  # another one was first
                made.rmdir()
        found = folder.lstat()
        wanted = self.account.uid if self.account else os.geteuid()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != wanted:
            raise EngineRefusal(
                "socket_folder_taken",
                f"套接字目录 {folder} 属于另一个用户，不能使用。请删除该目录后重试。",
            )
        if stat.S_IMODE(found.st_mode) != PRIVATE:
            folder.chmod(PRIVATE)


def home_at(folder: str | Path) -> Home:
    """The home at a folder. As root it moves to a system folder if the account cannot reach it.

    The answer depends only on the folder and the user, so that each process finds the same.
    """
    asked = Path(folder).expanduser().absolute()
    account = account_for(asked / "postgres")
    root = asked
    if account and not _can_enter(account, asked):
        root = SYSTEM_FOLDER / _short_hash(asked)
        account = account_for(root / "postgres")
    return Home(asked=asked, root=root, account=account)


def home_from_environment() -> Home:
    """The home that `YBJ_HOME` names; `./var` when it is not set."""
    return home_at(os.environ.get("YBJ_HOME") or "var")


def _can_enter(account: Account, folder: Path) -> bool:
    """Every folder on the way that exists lets the account through; new ones will be 0755."""
    real = Path(os.path.realpath(folder))
    return all(may(account, part, 1) for part in (real, *real.parents) if part.exists())


def _short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(os.path.realpath(path))).hexdigest()[:12]


def _make(folder: Path, mode: int) -> None:
    """Make a folder with exactly this mode, whatever the umask says; refuse a stranger's."""
    if not folder.parent.exists():
        _make(folder.parent, 0o755)
    try:
        folder.mkdir(mode=mode)
        folder.chmod(mode)
    except FileExistsError:
        allowed = folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
    except PermissionError:
        allowed = False
    else:
        return
    if not allowed:
        raise EngineRefusal(
            "home_not_ours",
            f"目录 {folder} 不可写，可能由另一个用户创建。"
            "请用当初的用户运行，或用 YBJ_HOME 指定别的数据目录。",
        )
