"""Passwords and keys in the home, each in a file of its own with mode 0600."""

import os
import secrets as randomness
from pathlib import Path

from yangbanjian.supervisor.home import Home


def password(home: Home, name: str, *, shared: bool = False) -> str:
    """The password called `name`; made on first use. `shared`: the account may read it too."""
    return _kept(home, f"{name}.password", shared)


def signing_key(home: Home) -> str:
    """What signs sessions and links; made on first use, readable by the account."""
    return _kept(home, "django.key", True)


def _kept(home: Home, name: str, shared: bool) -> str:
    path = home.secrets / name
    if not path.exists():
        _write_once(path, randomness.token_urlsafe(32))
        home.adopt(path)
    if shared:
        home.give(path)
    return path.read_text(encoding="ascii").strip()


def _write_once(path: Path, text: str) -> None:
    """Whole or not at all, and the first writer wins: two processes may come at once."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
