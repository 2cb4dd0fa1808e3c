"""Homes of their own, on real disks, with real servers that force nothing to disk."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from yangbanjian.supervisor.home import Home, home_at
from yangbanjian.supervisor.postgres import Engine, ensure_running


def _new_home() -> Iterator[Home]:
    # Not tmp_path: its parent is 0700, so as root the home would move to the system folder.
    folder = Path(tempfile.mkdtemp(prefix="ybj-test-"))
    folder.chmod(0o755)
    home = home_at(folder)
    yield home
    shutil.rmtree(home.sockets, ignore_errors=True)
    shutil.rmtree(folder)


@pytest.fixture
def home() -> Iterator[Home]:
    """An empty home."""
    yield from _new_home()


@pytest.fixture(scope="module")
def shared_home() -> Iterator[Home]:
    """One home for the tests of a module that only look at a running server."""
    yield from _new_home()


@pytest.fixture(scope="module")
def engine(shared_home: Home) -> Iterator[Engine]:
    """A running throw-away server with its roles."""
    with ensure_running(shared_home, throwaway=True) as engine:
        yield engine
