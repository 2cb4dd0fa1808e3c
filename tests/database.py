"""A database for a test run: made by the superuser, migrated by the migrator, used as runtime."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from yangbanjian.config.settings import database as django_settings
from yangbanjian.supervisor.home import home_at
from yangbanjian.supervisor.postgres import ensure_running
from yangbanjian.supervisor.roles import init_roles

PASSWORD = "only-for-tests"


@cache
def admin_url() -> str:
    """The superuser's URL of the server that this test process uses: one given, or our own."""
    given = os.environ.get("YBJ_TEST_ADMIN_URL")
    if given:
        return given
    # Not under pytest's folder: its parent is 0700, which the server's account can't pass.
    folder = Path(tempfile.mkdtemp(prefix="ybj-test-"))
    folder.chmod(0o755)
    home = home_at(folder)
    engine = ensure_running(home, throwaway=True)

    def clean_up() -> None:
        engine.release()
        shutil.rmtree(home.sockets, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(clean_up)
    return engine.url("superuser", "postgres")


def create(name: str, admin: str) -> dict[str, str]:
    """An empty database with its roles, extensions and default rights; role -> URL."""
    passwords = dict.fromkeys(("migrator", "runtime", "poster", "auditor"), PASSWORD)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(714)")
        return init_roles(admin, passwords, database=name)


def migrated(name: str, admin: str) -> dict[str, str]:
    """A database with the product's tables and nothing in them, copied from one that this process
    has migrated before: migrating takes fifteen seconds; role -> URL."""
    template = _template(admin)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(714)")
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    return create(name, admin)  # rights of a database are not copied


@cache
def _template(admin: str) -> str:
    name = f"test_template_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"
    urls = create(name, admin)
    before = dict(connections.settings["default"])
    point_default_at(urls["runtime"])
    connections.settings["migrator"] = {**before, **django_settings(urls["migrator"])}
    try:
        call_command("migrate", database="migrator", verbosity=0, interactive=False)
        from yangbanjian.ground.rulebook.actions import settle_shipped

        settle_shipped("migrator")
    finally:
        for alias in ("migrator", "default"):
            connections[alias].close()
        del connections["migrator"]
        del connections.settings["migrator"]
        connections.settings["default"] = before
        connections["default"].settings_dict.update(before)
    if os.environ.get("YBJ_TEST_ADMIN_URL"):
        atexit.register(drop, name, admin)
    return name


def point_default_at(url: str) -> None:
    """Let `default` be this login on this database."""
    connections["default"].close()
    settings = {**connections.settings["default"], **django_settings(url)}
    connections.settings["default"] = settings
    connections["default"].settings_dict.update(settings)


def empty(name: str, admin: str) -> None:
    """Take every row out again, past the guards that keep the product from doing so."""
    with psycopg.connect(_on(admin, name), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        rows = connection.execute(
            "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"
            " AND tablename NOT IN ('django_migrations', 'django_content_type', 'rulebook_edition')"
        ).fetchall()
        # Some guards stand in that role too: they step aside for this one statement.
        always = connection.execute(
            "SELECT tgrelid::regclass::text, quote_ident(tgname) FROM pg_trigger"
            " WHERE tgenabled = 'A' AND tgtype & 32 <> 0 AND NOT tgisinternal"
        ).fetchall()
        with connection.transaction():
            for table, trigger in always:
                connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}".encode())
            connection.execute("TRUNCATE " + ", ".join(row[0] for row in rows) + " CASCADE")  # type: ignore[arg-type]
            for table, trigger in always:
                connection.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}".encode())


def _on(admin: str, name: str) -> str:
    return urlsplit(admin)._replace(path="/" + name).geturl()


def drop(name: str, admin: str) -> None:
    connections["default"].close()
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
