"""Which installation a command speaks to, and Django set up on its database."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from yangbanjian.supervisor.home import Home, home_from_environment
from yangbanjian.supervisor.up import database


def say(line: str) -> None:
    """One line for the person at the terminal."""
    print(line, file=sys.stderr, flush=True)


def is_child() -> bool:
    """Are we a process that `ybj up` started? It has given us our database."""
    return os.environ.get("YBJ_CHILD") == "1"


@contextmanager
def installation(*, migrates: bool = False) -> Iterator[Home]:
    """Django on the database of this installation, which is started for as long as we need it."""
    home = home_from_environment()
    if is_child():
        with _set_up():
            yield home
        return
    with database(home, say) as (_engine, urls):
        os.environ["DATABASE_URL"] = urls["DATABASE_URL"]
        if migrates:
            os.environ["YBJ_MIGRATE_URL"] = urls["YBJ_MIGRATE_URL"]
        os.environ["YBJ_HOME"] = str(home.root)
        try:
            with _set_up():
                yield home
        finally:
            _give_back(home)


@contextmanager
def _set_up() -> Iterator[None]:
    """Who has the machine works as the house."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yangbanjian.config.settings")
    django.setup()
    from yangbanjian.ground.database.transactions import each_as
    from yangbanjian.kernel.actor import SYSTEM

    with each_as(SYSTEM):
        yield


def _give_back(home: Home) -> None:
    """What a command of root's wrote must belong to the account that the product runs as."""
    from django.db import connections

    connections.close_all()
    if home.account:
        for folder in (home.index, home.files, home.static):
            for path in (folder, *folder.rglob("*")):
                if path.lstat().st_uid != home.account.uid:
                    home.give(path)
