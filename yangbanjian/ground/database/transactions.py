"""The one wrapper that opens a transaction and tells the database who acts.

Row-level security and triggers read these settings; SET LOCAL ends with the transaction, so a
pooled connection never carries one actor's rights to another. Where nobody has been told, the
database shows what is public and takes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from yangbanjian.ground.database import prepared
from yangbanjian.kernel.actor import ANONYMOUS, Actor

_SET = (
    "SELECT set_config('ybj.person', %s::text, true), set_config('ybj.organisation', %s::text, true),"
    " set_config('ybj.mandates', %s::text, true), set_config('ybj.roles', %s::text, true),"
    " set_config('ybj.system', %s::text, true)"
)
Settings = tuple[str, str, str, str, str]


def _settings_of(actor: Actor) -> Settings:
    return (
        str(actor.person_id or ""),
        str(actor.organisation_id or ""),
        ",".join(str(m) for m in sorted(actor.mandates)),
        ",".join(sorted(actor.roles)),
        "on" if actor.is_system else "off",
    )


_NOBODY = _settings_of(ANONYMOUS)


def _remember(settings: Settings | None) -> None:
    # Kept on the connection, because that is what the settings belong to.
    connection.ybj_actor = settings  # type: ignore[attr-defined]


def _tell(settings: Settings) -> None:
    with prepared.together():  # with the BEGIN that this may be the first statement after
        prepared.ask(_SET, settings)
    _remember(settings)


def tell(actor: Actor) -> None:
    """Say who acts in the transaction that is already open (a request's)."""
    wanted = _settings_of(actor)
    if connection.in_atomic_block and wanted != getattr(connection, "ybj_actor", None):
        _tell(wanted)


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Run the block in one transaction (a savepoint inside another) as this actor."""
    wanted = _settings_of(actor)
    is_outermost = not connection.in_atomic_block
    before: Settings | None = None if is_outermost else getattr(connection, "ybj_actor", None)
    try:
        with transaction.atomic():
            if wanted != before:
                _tell(wanted)
            yield
            if is_outermost or connection.needs_rollback:
                # The end of the transaction, or of the savepoint, takes the settings with it.
                _remember(before)
            elif getattr(connection, "ybj_actor", None) != before:
                _tell(before or getattr(connection, "ybj_each", None) or _NOBODY)
                _remember(before)
    except BaseException:
        # The rollback has put the database's settings back; follow it.
        _remember(before)
        raise


@contextmanager
def one_snapshot(actor: Actor) -> Iterator[None]:
    """As `acting`, and what is read in the block is as it was at one instant, whatever is written
    meanwhile; inside another transaction it is that one's rows. Nothing is written here."""
    with transaction.atomic():
        if not connection.savepoint_ids:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        with acting(actor):
            yield


@contextmanager
def each_as(actor: Actor) -> Iterator[None]:
    """Run the block so that a statement outside any transaction gets one of its own, as this actor;
    one in a transaction that nobody has been told in is this actor's as well.

    For work that must commit as it goes, or that looks without writing for longer than a
    transaction should last: the worker, the command line, a few pages.
    """
    if connection.in_atomic_block:
        with acting(actor):
            yield
        return
    outer: Settings | None = getattr(connection, "ybj_each", None)
    connection.ybj_each = _settings_of(actor)  # type: ignore[attr-defined]
    try:
        if outer is not None:
            yield
        else:
            with connection.execute_wrapper(_told):
                yield
    finally:
        connection.ybj_each = outer  # type: ignore[attr-defined]


def _told(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    if not connection.in_atomic_block:
        with transaction.atomic():
            _tell_once()
            return execute(sql, params, many, context)
    if getattr(connection, "ybj_actor", None) is None and not _is_about_it(sql):
        _tell_once()
    return execute(sql, params, many, context)


def _is_about_it(sql: Any) -> bool:
    """A statement about the transaction itself: some must be its first, some end a failure."""
    return sql is _SET or str(sql).startswith(("SET ", "SAVEPOINT", "RELEASE", "ROLLBACK"))


def _tell_once() -> None:
    # Past the cursor, which would come here again, or is named and made for one statement.
    connection.connection.execute(_SET, connection.ybj_each)  # type: ignore[attr-defined]
