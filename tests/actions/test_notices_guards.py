"""What the database itself keeps of decisions, notices, objections, ways and the register. Each
guard has a probe: with the guard it is refused, without it (rolled back) the promise breaks."""

# ruff: noqa: S608 - the statements are the test's own

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection as django_connection

from tests import database, make
from tests.actions.test_notices import brought, opened
from yangbanjian.kernel.actor import Role
from yangbanjian.market.trading import actions

# The database keeps it too: guard -> (the statement that breaks the promise, how the guard goes).
STANDS = "DROP TRIGGER trading_{0}_stands ON trading_{0}"
MOVES = "DROP TRIGGER trading_{0}_moves ON trading_{0}"
TABLES = (
    "decision", "statement", "notice_version", "notice", "objection", "right", "right_entry", "way",
)  # fmt: skip
CHECK = "ALTER TABLE trading_{0} DROP CONSTRAINT {1}"
GUARDS: dict[str, tuple[str, list[str]]] = {
    "a decision stands": (
        "UPDATE trading_decision SET price_fen = 1", [STANDS.format("decision")]),
    "a statement stands": (
        "UPDATE trading_statement SET verdict = 'fail'", [STANDS.format("statement")]),
    "an earlier version stands": (
        "UPDATE trading_notice_version SET reason = ''", [STANDS.format("notice_version")]),
    "a right's number stands": (
        "UPDATE trading_right SET no = 'R1'", [STANDS.format("right")]),
    "a register entry stands": (
        "UPDATE trading_right_entry SET holds_from = '2000-01-01'", [STANDS.format("right_entry")]),
    "a notice does not end early": (
        "UPDATE trading_notice SET state = 'ended', ended_at = closes_at", [MOVES.format("notice")]),
    "a notice is not said to have ended before its last day": (
        "UPDATE trading_notice SET state = 'ended', ended_at = opened_at",
        [MOVES.format("notice"), CHECK.format("notice", "notice_ends_when_due")]),
    "its end does not come nearer": (
        "UPDATE trading_notice SET closes_at = opened_at + interval '1 day'",
        [MOVES.format("notice")]),
    "what it says does not change in silence": (
        "UPDATE trading_notice SET price_fen = 1", [MOVES.format("notice")]),
    "it is not deleted": ("DELETE FROM trading_notice_version; DELETE FROM trading_objection;"
        " DELETE FROM trading_notice",
        [STANDS.format("notice_version"), MOVES.format("objection"), MOVES.format("notice")]),
    "what an objection says stands": (
        "UPDATE trading_objection SET text = '无'", [MOVES.format("objection")]),
    "an objection is ruled by the table": (
        "UPDATE trading_objection SET state = 'final', ruled_at = now()",
        [MOVES.format("objection")]),
    "the way outside has its reason": (
        "UPDATE trading_way SET reason = ''", [CHECK.format("way", "way_outside_has_reason")]),
    "two persons rule": (
        "UPDATE trading_objection SET ruled_by = 7, final_ruled_by = 7",
        [MOVES.format("objection"), CHECK.format("objection", "objection_second_person")]),
}  # fmt: skip

TABLES = (
    "decision", "statement", "notice", "notice_version", "objection", "right", "right_entry", "way",
)  # fmt: skip


def furnish() -> None:
    """A row in each table, by the real actions."""
    make.sandbox()
    tto = make.actor(Role.TTO, make.organisation("university", region="330106"))
    exchange = make.actor(Role.EXCHANGE, make.organisation("exchange"))
    one = opened(tto)
    record = one.achievement_id
    actions.change_notice(actor=tto, notice_id=one.pk, reason="补充", values={})
    made = actions.object_to(actor=make.actor(Role.EXPERT), notice_id=one.pk, text="有异议。")
    actions.rule(actor=exchange, objection_id=made.pk, outcome="dismissed", reason="不成立。")
    actions.decide(actor=tto, achievement_id=record, kind="collective", price_mode="agreement")
    actions.state(actor=tto, achievement_id=record, item="title", verdict="pass")
    actions.choose_way(
        actor=tto, achievement_id=brought(tto, title="另一项").pk, is_floor=False, reason="定向"
    )
    holders = [{"name": "东湖大学", "share_bp": 10_000}]
    actions.enter_right(
        actor=exchange, achievement_id=record, kind="initial", content={"holders": holders}
    )


@pytest.fixture
def owner(committed: None) -> Iterator[psycopg.Connection[Any]]:
    """The superuser on a furnished database; what it does is rolled back."""
    furnish()
    name = str(django_connection.settings_dict["NAME"])
    url = urlsplit(database.admin_url())._replace(path=f"/{name}").geturl()
    with psycopg.connect(url) as connection:
        connection.execute("SET lock_timeout = '10s'")
        yield connection
        connection.rollback()


def test_each_guard_refuses_and_without_it_the_promise_breaks(
    owner: psycopg.Connection[Any],
) -> None:
    for name, (probe, guards) in GUARDS.items():
        owner.rollback()
        owner.execute("SET LOCAL ROLE ybj_migrator; SET LOCAL ybj.system = 'on'")
        with pytest.raises(psycopg.Error):
            owner.execute(probe)
        owner.rollback()
        owner.execute("SET LOCAL ROLE ybj_migrator; SET LOCAL ybj.system = 'on'")
        for guard in guards:
            owner.execute(guard)
        assert owner.execute(probe).rowcount > 0, name


def test_every_trigger_has_a_probe(owner: psycopg.Connection[Any]) -> None:
    rows = owner.execute(
        "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
        " WHERE relname = ANY (%s) AND NOT tgisinternal",
        [[f"trading_{table}" for table in TABLES]],
    )
    told = " ".join(" ".join(guards) for _, guards in GUARDS.values())
    assert [name for (name,) in rows if name not in told] == []


def test_the_runtime_may_not_delete(owner: psycopg.Connection[Any]) -> None:
    for table in TABLES:
        owner.rollback()
        owner.execute("SET LOCAL ROLE ybj_runtime")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            owner.execute(f"DELETE FROM trading_{table}")
