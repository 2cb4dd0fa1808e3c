"""A real small disk fills up in the middle of a lot's end: the server can write no more, nothing of the
end is left, and once there is room the same end comes whole.

The whole database lies on a file system in memory of its own (its log of changes stays on the other
disk, whose end would end the server and not a transaction). Where none may be mounted this is
skipped and says so.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection, connections

from tests import database
from tests.races.test_close_stopped import _fails, _is_sold, _sold, everything, stopped_at
from tests.telling import telling
from yangbanjian.market.trading.models import Deal

pytestmark = [pytest.mark.usefixtures("own_database"), pytest.mark.proof]
SIZE_MB, BLOCK, STEPS = 300, 1 << 16, 12


@pytest.fixture(autouse=True)
def _sandbox(settings: Any) -> None:
    settings.YBJ_SANDBOX = True


@contextmanager
def small_disk() -> Iterator[Path]:
    """A small file system in memory, mounted for a moment."""
    place = Path(tempfile.mkdtemp(prefix="ybj-small-"))
    place.chmod(0o755)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(place)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, timeout=20, check=False)
    except OSError as missing:
        place.rmdir()
        pytest.skip(f"nothing can be mounted here: {missing}")
    if done.returncode:
        place.rmdir()
        pytest.skip(f"no file system may be mounted here: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], timeout=20, check=True)
        place.rmdir()


@contextmanager
def lying_on(place: Path) -> Iterator[None]:
    """The test's database on that disk; back on the other one afterwards."""
    name = connections["default"].settings_dict["NAME"]
    with psycopg.connect(database.admin_url(), autocommit=True) as admin:
        (home,) = admin.execute("SHOW data_directory").fetchone() or ("",)
        owner = os.stat(home)
        folder = place / "tables"
        folder.mkdir(mode=0o700)
        os.chown(folder, owner.st_uid, owner.st_gid)
        connections.close_all()
        admin.execute(f"CREATE TABLESPACE ybj_small LOCATION '{folder}'".encode())
        try:
            admin.execute(f'ALTER DATABASE "{name}" SET TABLESPACE ybj_small'.encode())
            yield
        finally:
            connections.close_all()
            admin.execute(f'ALTER DATABASE "{name}" SET TABLESPACE pg_default'.encode())
            admin.execute(b"DROP TABLESPACE ybj_small")


def fill(place: Path) -> None:
    """Write until the disk takes no more: first in large pieces, then to the last page."""
    with suppress(OSError), (place / "ballast").open("ab", buffering=0) as ballast:
        size = BLOCK
        while size >= 512:
            try:
                if ballast.write(b"\0" * size) < size:
                    size //= 2
            except OSError:
                size //= 2


def free(place: Path) -> None:
    (place / "ballast").unlink(missing_ok=True)


def test_a_disk_that_is_full_in_the_middle_of_an_end_leaves_nothing_half_done(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lot, close = _sold()
    with (
        telling(1, ["stopped", "completed"], capsys) as tell,
        small_disk() as place,
        lying_on(place),
    ):
        before = everything()
        # From the first statement on, and ever later: until the rest of the end needs no new page.
        for step in range(1, STEPS * 10, 10):
            with stopped_at(step, lambda: fill(place)) as seen:
                failed = _fails(close)
            free(place)
            tell.steps += 1
            if not failed:
                assert len(seen) > 0
                break
            tell.reached["stopped"] += 1
            lot.refresh_from_db()
            if everything() != before or Deal.objects.filter(lot=lot).exists():
                tell.violated(f"stopped after statement {step}: {seen[-1]}")
        close()
        _is_sold(lot)
        after = everything()
        close()
        assert everything() == after
        tell.reached["completed"] += 1
        connection.close()
