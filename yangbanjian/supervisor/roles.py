"""Database, roles and privileges; the same on the embedded and on an external server.

`ybj_migrator` owns the schema and changes it. `ybj_runtime` is the product at work: it owns nothing
and cannot bypass row policies. `ybj_poster` never signs in: it owns functions that do more than
their caller may. `ybj_auditor` only reads.
"""

from collections.abc import Mapping
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import errors, sql

DATABASE = "ybj"
MIGRATOR, RUNTIME, POSTER, AUDITOR = "ybj_migrator", "ybj_runtime", "ybj_poster", "ybj_auditor"
LOGINS = {"migrator": MIGRATOR, "runtime": RUNTIME, "auditor": AUDITOR}
# Raise it when the statements below change: embedded servers then apply them at the next start.
EDITION = "1"
REQUIRED_EXTENSIONS = ("pg_trgm", "btree_gist")
OPTIONAL_EXTENSIONS = ("vector",)

_WHOLE_DATABASE = f"""
    REVOKE ALL ON DATABASE {{database}} FROM PUBLIC;
    GRANT ALL ON DATABASE {{database}} TO {MIGRATOR};
    GRANT CONNECT, TEMPORARY ON DATABASE {{database}} TO {RUNTIME};
    GRANT CONNECT ON DATABASE {{database}} TO {AUDITOR};
"""
# Default privileges reach only what is made later, so the same is granted on what exists.
_SCHEMA = f"""
    ALTER SCHEMA public OWNER TO {MIGRATOR};
    REVOKE ALL ON SCHEMA public FROM PUBLIC, {RUNTIME}, {POSTER}, {AUDITOR};
    GRANT USAGE ON SCHEMA public TO {RUNTIME}, {POSTER}, {AUDITOR};
    ALTER DEFAULT PRIVILEGES FOR ROLE {MIGRATOR} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
    ALTER DEFAULT PRIVILEGES FOR ROLE {MIGRATOR}
        GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {RUNTIME};
    ALTER DEFAULT PRIVILEGES FOR ROLE {MIGRATOR} GRANT USAGE, SELECT ON SEQUENCES TO {RUNTIME};
    ALTER DEFAULT PRIVILEGES FOR ROLE {MIGRATOR} GRANT EXECUTE ON FUNCTIONS TO {RUNTIME};
    ALTER DEFAULT PRIVILEGES FOR ROLE {MIGRATOR} GRANT SELECT ON TABLES TO {AUDITOR};
    ALTER DEFAULT PRIVILEGES FOR ROLE {MIGRATOR} GRANT SELECT ON SEQUENCES TO {AUDITOR};
"""


def init_roles(
    admin_url: str, passwords: Mapping[str, str], database: str = DATABASE
) -> dict[str, str]:
    """Make or mend roles, database, extensions and privileges. Idempotent.

    `admin_url` signs in as a superuser, or as a managed server's administrator; `passwords` has
    one for each of `migrator`, `runtime`, `auditor`. Answers the URL of each of these logins.
    """
    with psycopg.connect(admin_url, autocommit=True) as server:
        for role, name in LOGINS.items():
            _ensure_role(server, name, passwords[role])
        _ensure_role(server, POSTER, None)
        # The migrator may hand functions to the poster, and only it may.
        server.execute(f"GRANT {POSTER} TO {MIGRATOR}")
        _lend_migrator(server)
        _ensure_database(server, database)
    with psycopg.connect(_with_database(admin_url, database), autocommit=True) as here:
        with here.transaction():
            here.execute(sql.SQL(_WHOLE_DATABASE).format(database=sql.Identifier(database)))
            here.execute(_SCHEMA)
        _ensure_extensions(here)
    return {
        role: _as_login(admin_url, name, passwords[role], database) for role, name in LOGINS.items()
    }


def _ensure_role(server: psycopg.Connection, name: str, password: str | None) -> None:
    role = sql.Identifier(name)
    found = server.execute(
        "select rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication"
        " from pg_roles where rolname = %s",
        [name],
    ).fetchone()
    if found is None:
        server.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(role))
    elif found[0]:
        server.execute(
            sql.SQL(
                "ALTER ROLE {} NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION"
            ).format(role)
        )
    if password is not None:
        # The server stores a scram verifier; the plain password does not reach its log.
        verifier = server.pgconn.encrypt_password(
            password.encode(), name.encode(), b"scram-sha-256"
        ).decode()
        server.execute(
            sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(verifier))
        )


def _lend_migrator(server: psycopg.Connection) -> None:
    """A managed server's administrator is no superuser and must belong to the owner it names."""
    row = server.execute("select rolsuper from pg_roles where rolname = current_user").fetchone()
    if row is None or not row[0]:
        server.execute(f"GRANT {MIGRATOR} TO CURRENT_USER")


def _ensure_database(server: psycopg.Connection, database: str) -> None:
    if server.execute("select 1 from pg_database where datname = %s", [database]).fetchone():
        return
    made = "CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8' {}"
    # Names are told apart by code point, letters known as letters: never plain C, which would
    # make pg_trgm forget all Chinese. Before version 17 only the operating system has that.
    builtin = "LOCALE_PROVIDER builtin " if server.info.server_version >= 170000 else ""
    names = sql.Identifier(database), sql.Identifier(MIGRATOR)
    try:
        server.execute(
            sql.SQL(made).format(*names, sql.SQL("{}LOCALE 'C.UTF-8'").format(sql.SQL(builtin)))
        )
    except (errors.WrongObjectType, errors.InvalidParameterValue, errors.FeatureNotSupported):
        # No such locale there: take the server's own; the checks at start judge it.
        server.execute(sql.SQL(made).format(*names, sql.SQL("")))


def _ensure_extensions(here: psycopg.Connection) -> None:
    for name in REQUIRED_EXTENSIONS:
        here.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name)))
    for name in OPTIONAL_EXTENSIONS:
        if here.execute("select 1 from pg_available_extensions where name = %s", [name]).fetchone():
            here.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name)))


def _with_database(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{quote(database, safe='')}"))


def _as_login(url: str, name: str, password: str, database: str) -> str:
    parts = urlsplit(_with_database(url, database))
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{name}:{quote(password, safe='')}@{place}"))
