"""What each database login may and may not do; the checks on a database."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import errors

from yangbanjian.supervisor.doctor import engine_checks, skew_between
from yangbanjian.supervisor.external import check_database, refuse_unfit
from yangbanjian.supervisor.postgres import Engine
from yangbanjian.supervisor.refusal import EngineRefusal
from yangbanjian.supervisor.roles import LOGINS, init_roles

# Off in a throw-away server, and nothing else is wrong with it.
DURABILITY = {"fsync", "synchronous_commit", "full_page_writes"}


@pytest.fixture(scope="module")
def table(engine: Engine) -> str:
    with psycopg.connect(engine.url("migrator"), autocommit=True) as database:
        database.execute("create table things (id bigint generated always as identity, t text)")
        database.execute("insert into things (t) values ('一')")
        database.execute("create function twice(n int) returns int language sql return n * 2")
    return "things"


def refused(url: str, statement: str) -> bool:
    with psycopg.connect(url) as database:
        try:
            database.execute(statement.encode())
        except errors.InsufficientPrivilege:
            return True
        database.rollback()
    return False


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(
    "statement",
    [
        "create table mine (n int)",
        "create schema mine",
        "create function mine() returns int language sql return 1",
        "alter table things add column x int",
        "alter table things disable trigger all",
        "drop table things",
        "truncate things",
        "create role mine",
        "alter role ybj_runtime bypassrls",
        "set role ybj_migrator",
        "set role ybj_poster",
        "set session_replication_role = replica",
        "create extension hstore",
        "copy things to program 'true'",
    ],
)
def test_runtime_may_not(engine: Engine, statement: str) -> None:
    assert refused(engine.url("runtime"), statement)


@pytest.mark.usefixtures("table")
def test_runtime_works_with_what_the_migrator_makes(engine: Engine) -> None:
    with psycopg.connect(engine.url("runtime")) as database:
        database.execute("insert into things (t) values ('二')")
        database.execute("update things set t = '三' where t = '二'")
        database.execute("delete from things where t = '三'")
        database.execute("create temporary table draft (n int)")
        assert database.execute("select twice(2)").fetchone() == (4,)
        database.rollback()


@pytest.mark.usefixtures("table")
def test_runtime_is_bound_by_row_policies(engine: Engine) -> None:
    with psycopg.connect(engine.url("migrator"), autocommit=True) as database:
        database.execute("create table walled as select 1 as n")
        database.execute("alter table walled enable row level security")
    with psycopg.connect(engine.url("runtime")) as database:
        assert database.execute("select count(*) from walled").fetchone() == (0,)


@pytest.mark.usefixtures("table")
def test_the_auditor_reads_and_nothing_else(engine: Engine) -> None:
    url = engine.url("auditor")
    with psycopg.connect(url) as database:
        assert database.execute("select count(*) from things").fetchone() == (1,)
    for statement in ("insert into things (t) values ('x')", "delete from things",
                      "select twice(2)", "create temporary table x (n int)"):  # fmt: skip
        assert refused(url, statement), statement


def test_no_login_without_its_password(engine: Engine) -> None:
    url = engine.url("runtime")
    wrong = url.replace(urlsplit(url).password or "", "wrong")
    for bad in (wrong, engine.url("superuser").replace("://ybj_superuser:", "://postgres:")):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(bad)


def test_runtime_sees_only_our_database(engine: Engine) -> None:
    with psycopg.connect(engine.url("superuser")) as database:
        owned = database.execute(
            "select count(*) from pg_class where relowner = 'ybj_runtime'::regrole"
        ).fetchone()
    assert owned == (0,)


def test_init_roles_again_changes_passwords_and_mends_privileges(engine: Engine) -> None:
    admin = engine.url("superuser", "postgres")
    with psycopg.connect(admin, autocommit=True) as server:
        server.execute("alter role ybj_auditor superuser")
    urls = init_roles(admin, {role: f"new {role}" for role in LOGINS}, "other")
    try:
        assert urls.keys() == LOGINS.keys()
        broken = {check.name for check in check_database(urls["runtime"]) if not check.ok}
        assert broken == DURABILITY
        assert refused(urls["auditor"], "create table mine (n int)")
        with psycopg.connect(urls["migrator"]) as database:
            database.execute("create table hers (n int)")
    finally:
        old = {role: urlsplit(engine.url(role)).password or "" for role in LOGINS}
        init_roles(admin, old, "other")


def test_checks_name_what_is_wrong(engine: Engine) -> None:
    """A throw-away server is exactly what must not serve: its durability is off."""
    broken = {check.name for check in check_database(engine.url()) if not check.ok}
    assert broken == DURABILITY
    as_superuser = {check.name for check in check_database(engine.url("superuser")) if not check.ok}
    assert as_superuser == broken | {"role"}
    with pytest.raises(EngineRefusal) as refusal:
        refuse_unfit(engine.url())
    assert "fsync = off" in refusal.value.sentence


def test_a_plain_c_database_fails_the_checks(engine: Engine) -> None:
    with psycopg.connect(engine.url("superuser"), autocommit=True) as server:
        server.execute("create database plain template template0 locale_provider libc locale 'C'")
        server.execute(
            "create database ascii template template0 locale_provider libc locale 'C'"
            " encoding 'SQL_ASCII'"
        )
    with psycopg.connect(engine.url("superuser", "plain"), autocommit=True) as plain:
        plain.execute("create extension pg_trgm")
    found = {
        check.name for check in check_database(engine.url("superuser", "plain")) if not check.ok
    }
    assert {"locale", "btree_gist"} <= found
    assert "pg_trgm" not in found
    ascii_found = check_database(engine.url("superuser", "ascii"))
    broken = {check.name for check in ascii_found if not check.ok}
    assert {"encoding", "pg_trgm"} <= broken
    assert "locale" not in broken, "one sentence for one fault"


def test_a_database_that_is_not_there_is_one_failed_check() -> None:
    checks = check_database("postgresql://nobody@127.0.0.1:9/none")
    assert [(check.name, check.ok) for check in checks] == [("connection", False)]


def test_the_doctor_asks_clock_disk_and_secrets_too(engine: Engine) -> None:
    found = {check.name: check.ok for check in engine_checks(engine.home, engine.url())}
    assert found["clock"]
    assert found["disk"]
    assert found["secrets"]
    secret = engine.home.secrets / "migrator.password"
    secret.chmod(0o644)
    try:
        assert not engine_checks(engine.home, engine.url())[-1].ok
    finally:
        secret.chmod(0o600)


def test_clock_skew_allows_for_the_way_there_and_back() -> None:
    noon, trip = datetime(2026, 3, 1, 12, tzinfo=UTC), timedelta(seconds=1)
    assert skew_between(noon + timedelta(seconds=0.5), noon, trip) == timedelta(0)
    assert skew_between(noon + timedelta(seconds=5), noon, trip) == timedelta(seconds=4)
    assert skew_between(noon - timedelta(seconds=3), noon, trip) == timedelta(seconds=-3)
