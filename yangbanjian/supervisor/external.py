"""What a database must be, wherever it runs; asked of `DATABASE_URL` before anything is served."""

import psycopg

from yangbanjian.supervisor.check import Check
from yangbanjian.supervisor.refusal import EngineRefusal
from yangbanjian.supervisor.roles import REQUIRED_EXTENSIONS

LEAST_VERSION = 15
# Each one off loses or tears committed rows when the machine fails.
_DURABLE = ("fsync", "synchronous_commit", "full_page_writes")
_DURABLE_VALUES = {"on", "remote_apply", "remote_write", "local"}


def check_database(url: str) -> list[Check]:
    """All checks on the database at `url`, in a fixed order; never raises for a bad database."""
    try:
        with psycopg.connect(
            # Said outright: an SQL_ASCII server would otherwise have us speak ASCII.
            url,
            autocommit=True,
            connect_timeout=10,
            client_encoding="utf8",
        ) as database:
            return [
                Check("connection", True, "数据库可以连接。"),
                _version(database),
                _encoding(database),
                *_extensions(database),
                *_chinese(database),
                *_durability(database),
                _role(database),
            ]
    except psycopg.OperationalError as error:
        # The first line says what happened; those after it guess why.
        reason = str(error).strip().splitlines()[0] if str(error).strip() else "?"
        advice = "请检查 DATABASE_URL、数据库是否启动、账号和密码。"
        return [Check("connection", False, f"无法连接数据库：{reason}。{advice}")]


def refuse_unfit(url: str) -> None:
    """Raise EngineRefusal with every broken promise of the database at `url`."""
    broken = [check for check in check_database(url) if not check.ok]
    if broken:
        sentences = " ".join(check.sentence for check in broken)
        raise EngineRefusal(f"external_{broken[0].name}", sentences)


def _value(database: psycopg.Connection, query: str, *arguments: object) -> object:
    row = database.execute(query, arguments).fetchone()
    return row[0] if row else None


def _version(database: psycopg.Connection) -> Check:
    major = database.info.server_version // 10000
    if major >= LEAST_VERSION:
        return Check("version", True, f"PostgreSQL {major}。")
    return Check("version", False, f"PostgreSQL {major} 过旧，至少需要 {LEAST_VERSION}。")


def _encoding(database: psycopg.Connection) -> Check:
    found = str(_value(database, "select current_setting('server_encoding')"))
    if found == "UTF8":
        return Check("encoding", True, "编码为 UTF8。")
    return Check("encoding", False, f"数据库编码为 {found}，必须是 UTF8。请重建数据库。")


def _extensions(database: psycopg.Connection) -> list[Check]:
    return [_extension(database, name) for name in REQUIRED_EXTENSIONS]


def _extension(database: psycopg.Connection, name: str) -> Check:
    found = _value(database, "select extversion from pg_extension where extname = %s", name)
    if found is not None:
        return Check(name, True, f"扩展 {name} {found}。")
    advice = "请用管理员账号运行 ybj db init。"
    return Check(name, False, f"数据库缺少扩展 {name}。{advice}")


def _chinese(database: psycopg.Connection) -> list[Check]:
    """Under the C locale pg_trgm takes Chinese for punctuation, and search finds nothing. Nothing
    to ask where pg_trgm is missing, which has been said."""
    bad = Check(
        "locale", False, "数据库的区域设置不识别中文，检索将失效。请用 C.UTF-8 重建数据库。"
    )
    try:
        kept = _value(database, "select cardinality(show_trgm('技术转移')) > 0")
    except psycopg.errors.UndefinedFunction:
        return []
    except psycopg.errors.UntranslatableCharacter:
        return [bad]
    return [Check("locale", True, "区域设置识别中文。") if kept else bad]


def _durability(database: psycopg.Connection) -> list[Check]:
    return [_durable(database, name) for name in _DURABLE]


def _durable(database: psycopg.Connection, name: str) -> Check:
    found = str(_value(database, "select current_setting(%s)", name))
    if found in _DURABLE_VALUES:
        return Check(name, True, f"{name} = {found}。")
    return Check(name, False, f"{name} = {found}，断电会丢失已确认的数据。请改为 on。")


def _role(database: psycopg.Connection) -> Check:
    """The product at work must not be able to step over row policies or change tables."""
    risky = _value(
        database,
        "select rolsuper or rolbypassrls or has_schema_privilege('public', 'CREATE')"
        " from pg_roles where rolname = current_user",
    )
    if not risky:
        return Check("role", True, "运行账号没有多余权限。")
    return Check(
        "role", False, "运行账号权限过大（超级用户、绕过行级策略或可建表）。请运行 ybj db init。"
    )
