"""Which installation a command speaks to, and Django set up on its database."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from yangbanjian.kernel.refusals import Conflict
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.supervisor.home import Home, home_from_environment
from yangbanjian.supervisor.refusal import EngineRefusal
from yangbanjian.supervisor.up import database


def say(line: str) -> None:
    """One line for the person at the terminal."""
    print(line, file=sys.stderr, flush=True)


def is_child() -> bool:
    """Are we a process that `ybj up` started? It has given us our database."""
    return os.environ.get("YBJ_CHILD") == "1"


@contextmanager
def installation(*, migrates: bool = False) -> Iterator[Home]:
    """Django on the database of this installation, which is started for as long as we need it.

    `migrates`: makes the tables. Any other command is refused where there is no market yet, or one
    with the tables of another edition.
    """
    home = home_from_environment()
    if is_child():
        with _set_up():
            yield home
        return
    if not migrates:
        refuse_unbegun(home)
    with database(home, say) as (_engine, urls):
        os.environ["DATABASE_URL"] = urls["DATABASE_URL"]
        if migrates:
            os.environ["YBJ_MIGRATE_URL"] = urls["YBJ_MIGRATE_URL"]
        os.environ["YBJ_HOME"] = str(home.root)
        try:
            with _set_up():
                if not migrates:
                    refuse_other_tables()
                yield home
        finally:
            _give_back(home)


def refuse_unbegun(home: Home) -> None:
    """Raise EngineRefusal where no market was ever started: a mistyped YBJ_HOME must not leave an
    empty database behind."""
    if os.environ.get("DATABASE_URL") or (home.postgres / "PG_VERSION").exists():
        return
    raise EngineRefusal(
        "no_market_here",
        f"数据目录 {home.asked} 里还没有市场。请检查 YBJ_HOME，或先运行 ybj up 建立一个。",
    )


def refuse_other_tables() -> None:
    """Raise Conflict when the database has no tables yet, or those of another edition."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise Conflict(
            "site.not_migrated",
            gettext_noop("数据库还没有建表，或表结构不是这个版本的，请先运行 ybj migrate。"),
        )


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
