"""Locks between processes. The kernel frees them when their holder dies, however it dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class FileLock:
    """An advisory lock on a file; open for reading only, so that any user may share it."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def share(self) -> None:
        """Hold it together with others; waits for an exclusive holder."""
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def try_alone(self) -> bool:
        """Hold it alone if nobody else holds it; False at once if somebody does."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Let go. Safe to call twice."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


@contextmanager
def held_alone(
    path: Path, timeout_seconds: float, otherwise: Exception | None = None
) -> Iterator[None]:
    """Hold the lock of `path` alone. Raises `otherwise` when others keep it too long."""
    lock = FileLock(path)
    deadline = time.monotonic() + timeout_seconds
    try:
        while not lock.try_alone():
            if time.monotonic() > deadline:
                raise otherwise or TimeoutError(str(path))
            time.sleep(0.05)
        yield
    finally:
        lock.close()
