"""Copies of programs at a place which an unprivileged user can read.

Needed when root started us from a private folder (a clone in /root, an interpreter in a private
home): the account could not even read its own code there. Hard links are used where the file
system and the mode allow it, so a mirror costs little time and hardly any disk.
"""

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

Skip = Callable[[str, str], bool]


def skip_nothing(_folder: str, _name: str) -> bool:
    """Mirror everything."""
    return False


def mirror(source: Path, target: Path, skip: Skip = skip_nothing) -> None:
    """Make `target` equal to `source`: new and changed files come, vanished ones go.

    `skip(relative folder, name)` says which entries are left out. Readable for all users.
    """
    for relative, folders, files in _walk(source, skip):
        here = target / relative
        here.mkdir(parents=True, exist_ok=True)
        here.chmod(0o755)
        _drop_strangers(here, {*folders, *files})
        for name in files:
            _bring(source / relative / name, here / name)


def _walk(source: Path, skip: Skip) -> Iterator[tuple[str, list[str], list[str]]]:
    for folder, folders, files in os.walk(source, followlinks=True):
        relative = os.path.relpath(folder, source)
        folders[:] = [name for name in folders if not skip(relative, name)]
        yield relative, folders, [name for name in files if not skip(relative, name)]


def _drop_strangers(here: Path, wanted: set[str]) -> None:
    for entry in list(os.scandir(here)):
        if entry.name in wanted:
            continue
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            Path(entry.path).unlink()


def _bring(source: Path, target: Path) -> None:
    try:
        wanted = source.stat()
    except FileNotFoundError:  # a link that points nowhere
        return
    if not stat.S_ISREG(wanted.st_mode) or _is_same(wanted, target):
        return
    target.unlink(missing_ok=True)
    real = os.path.realpath(source)
    if wanted.st_mode & stat.S_IROTH:
        try:
            os.link(real, target)
        except OSError:  # another file system, or links forbidden: copy
            pass
        else:
            return
    shutil.copy2(real, target)
    target.chmod(0o755 if wanted.st_mode & stat.S_IXUSR else 0o644)


def _is_same(wanted: os.stat_result, target: Path) -> bool:
    try:
        found = target.lstat()
    except FileNotFoundError:
        return False
    if not found.st_mode & stat.S_IROTH:
        return False
    if (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino):
        return True
    return (found.st_size, found.st_mtime_ns) == (wanted.st_size, wanted.st_mtime_ns)
