"""The unprivileged user under which PostgreSQL, web and worker run when we are root."""

import os
import pwd
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# The kernel's overflow user: exists on every Linux, owns nothing.
NOBODY = 65534


@dataclass(frozen=True)
class Account:
    """A user and group by number. `None` in its place means: whoever we already are."""

    uid: int
    gid: int

    def popen_options(self) -> dict[str, Any]:
        """Keyword arguments for `subprocess.Popen` that drop to this account completely."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def popen_options(account: Account | None) -> dict[str, Any]:
    """The same for an account that may be absent."""
    return account.popen_options() if account else {}


def account_for(database_folder: Path) -> Account | None:
    """Who runs the programs: nobody special for an ordinary user; an unprivileged one for root.

    A database folder that an ordinary user made stays that user's, also when root starts it:
    changing its owner would lock the user out.
    """
    if os.geteuid() != 0:
        return None
    try:
        owner = database_folder.stat()
    except OSError:
        return Account(NOBODY, NOBODY)
    if owner.st_uid == 0 or not _is_known(owner.st_uid):
        return Account(NOBODY, NOBODY)
    return Account(owner.st_uid, owner.st_gid)


def _is_known(uid: int) -> bool:
    """PostgreSQL refuses to start as a user without a name."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def may(account: Account, path: Path, bits: int) -> bool:
    """Does the mode of `path` allow `bits` (4 read, 2 write, 1 enter) to this account?"""
    try:
        found = path.stat()
    except OSError:
        return False
    mode = stat.S_IMODE(found.st_mode)
    if found.st_uid == account.uid:
        return (mode >> 6) & bits == bits
    if found.st_gid == account.gid:
        return (mode >> 3) & bits == bits
    return mode & bits == bits


def reaches(account: Account | None, path: Path) -> bool:
    """Can the account get to `path` and read it? Links are followed; access lists are not read."""
    if account is None:
        return True
    real = Path(os.path.realpath(path))
    if not all(may(account, parent, 1) for parent in real.parents):
        return False
    return may(account, real, 5 if real.is_dir() else 4)


def reaches_all(account: Account | None, paths: Iterable[Path]) -> bool:
    """True when each of the paths can be read."""
    return all(reaches(account, path) for path in paths)
