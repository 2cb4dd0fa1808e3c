"""What the database itself keeps of listings, registrations and questions. Each guard has a probe:
with it the statement is refused, without it (rolled back) the promise breaks."""

# ruff: noqa: S608 - the statements are the test's own

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection as django_connection

from tests import database
from tests.actions.test_papers import actor_behind, put, undertake
from tests.trading import Market
from yangbanjian.market.trading import actions

MOVES = "DROP TRIGGER trading_{0}_moves ON trading_{0}"
STANDS = "DROP TRIGGER trading_{0}_stands ON trading_{0}"
CHECK = "ALTER TABLE trading_{0} DROP CONSTRAINT {1}"
# Another paper, like the one that waits.
ANOTHER = (
    "INSERT INTO trading_paper SELECT (jsonb_populate_record(t, jsonb_build_object('id', -1, 'version', 9)"
    " || jsonb_build_object({}))).* FROM trading_paper AS t WHERE since = 3"
)
# A listing that is disclosed (2, with a version), one that is a draft (1).
PUBLIC = "WHERE state = 'disclosed'"
GUARDS: dict[str, tuple[str, list[str]]] = {
    "a listing does not skip a step": (
        "UPDATE trading_listing SET state = 'accepted' WHERE state = 'draft'",
        [MOVES.format("listing")]),
    "its disclosure does not end early": (
        f"UPDATE trading_listing SET state = 'expired' {PUBLIC}", [MOVES.format("listing")]),
    "its end does not come nearer": (
        f"UPDATE trading_listing SET disclosure_ends_at = published_at + interval '1 hour' {PUBLIC}",
        [MOVES.format("listing")]),
    "what it says does not change in silence": (
        f"UPDATE trading_listing SET start_fen = start_fen - 1 {PUBLIC}", [MOVES.format("listing")]),
    "a new version keeps what was said": (
        "UPDATE trading_listing SET version = version + 1, published_at = published_at + interval"
        f" '1 second' {PUBLIC}", [MOVES.format("listing")]),
    "nothing goes on unpublished": (
        "UPDATE trading_listing SET state = 'ended' WHERE state = 'draft'", [MOVES.format("listing")]),
    "who stands behind it stands": (
        f"UPDATE trading_listing SET accepted_by = -7 {PUBLIC}", [MOVES.format("listing")]),
    "two persons stand behind it": (
        f"UPDATE trading_listing SET accepted_by = 7, published_by = 7 {PUBLIC}",
        [MOVES.format("listing"), CHECK.format("listing", "listing_second_person")]),
    "it is not deleted": (
        "DELETE FROM trading_lot WHERE listing_id IN (SELECT id FROM trading_listing WHERE state ="
        " 'draft'); DELETE FROM trading_listing WHERE state = 'draft'",
        [MOVES.format("listing"), MOVES.format("lot")]),
    "an earlier version stands": (
        "UPDATE trading_listing_version SET reason = ''", [STANDS.format("listing_version")]),
    "a plate stands": (
        "UPDATE trading_registration SET plate = 'A000' WHERE state = 'applied'",
        [MOVES.format("registration")]),
    "a registration stays of its buyer": (
        "UPDATE trading_registration SET owner_id = (SELECT owner_id FROM trading_listing LIMIT 1)"
        " WHERE state = 'applied'", [MOVES.format("registration")]),
    "the payer stands (attack 30)": (
        "UPDATE trading_registration SET bank_account = '6222' WHERE state = 'qualified'",
        [MOVES.format("registration")]),
    "a registration moves by its table": (
        "UPDATE trading_registration SET state = 'lost' WHERE state = 'applied'",
        [MOVES.format("registration")]),
    "no deposit without its hold": (
        "UPDATE trading_registration SET state = 'deposited' WHERE state = 'applied'",
        [CHECK.format("registration", "registration_deposit_is_held")]),
    "nobody qualifies by a program's word": (
        "UPDATE trading_registration SET qualified_by = NULL WHERE state = 'qualified'",
        [MOVES.format("registration"), CHECK.format("registration", "registration_qualified_by_person")]),
    "a question stands": ("UPDATE trading_question SET text = '无'", [STANDS.format("question")]),
    "an answer is given once": (
        "UPDATE trading_question SET answer = '改' WHERE answer <> ''", [STANDS.format("question")]),
    "an answer has its time": (
        "UPDATE trading_question SET answer = '有' WHERE answer = ''",
        [CHECK.format("question", "question_answered_at")]),
    "a question asks": (
        "UPDATE trading_question SET text = ''",
        [STANDS.format("question"), CHECK.format("question", "question_asks")]),
    "a paper stands": ("UPDATE trading_paper SET name = 'x'", [STANDS.format("paper")]),
    "a paper is not deleted": (
        "DELETE FROM trading_paper WHERE since = 3", [STANDS.format("paper")]),
    "a paper that was shown is not taken back": (
        "UPDATE trading_paper SET withdrawn_at = now() WHERE since = 2", [STANDS.format("paper")]),
    "what is new in a public listing waits": (
        ANOTHER.format("'since', 1"), [STANDS.format("paper")]),
    "a paper is of its listing's seller": (
        ANOTHER.format("'owner_id', (SELECT max(id) FROM people_organisation)"),
        [STANDS.format("paper")]),
    "a tier is known": (
        ANOTHER.format("'tier', 'x'"), [CHECK.format("paper", "paper_tier_known")]),
    "a paper has a name": (ANOTHER.format("'name', ''"), [CHECK.format("paper", "paper_named")]),
    "a paper has its digest": (
        ANOTHER.format("'sha256', 'x'"), [CHECK.format("paper", "paper_sha256_is_hex")]),
    "a version is there once": (
        ANOTHER.format("'version', 1"), [CHECK.format("paper", "paper_once")]),
    "an undertaking stands": (
        "UPDATE trading_undertaking SET made_by = -7", [STANDS.format("undertaking")]),
    "an undertaking is given once": (
        "INSERT INTO trading_undertaking SELECT (jsonb_populate_record(t, jsonb_build_object('id', -1))).*"
        " FROM trading_undertaking AS t", [CHECK.format("undertaking", "undertaking_once")]),
    "an undertaking names its text": (
        "INSERT INTO trading_undertaking SELECT (jsonb_populate_record(t, jsonb_build_object('id', -1,"
        " 'made_by', -7, 'text_sha256', 'x'))).* FROM trading_undertaking AS t",
        [CHECK.format("undertaking", "undertaking_sha256_is_hex")]),
    "a reading stands": (
        "UPDATE trading_reading SET sha256 = 'x'", [STANDS.format("reading")]),
}  # fmt: skip


@pytest.fixture
def owner(committed: None, settings: Any) -> Iterator[psycopg.Connection[Any]]:
    """The superuser on a furnished database; what it does is rolled back."""
    settings.YBJ_SANDBOX = True
    market = Market()
    market.drafted()
    one = market.published()
    buyer = actor_behind(market.qualified(one).owner_id, market)
    shown = put(market, one, "nda", "一", reason="补充")
    actions.change_listing(actor=market.exchange, listing_id=one.pk, reason="补充", values={})
    put(market, one, "nda", "二", reason="补充")
    undertake(buyer, one)
    actions.read_paper(actor=buyer, paper_id=shown.pk)
    market.signed_up(one)
    for text in ("一？", "二？"):
        asked = actions.ask(actor=market.buyer(), listing_id=one.pk, text=text)
    actions.answer(actor=market.tto, question_id=asked.pk, text="答。")
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
            assert owner.execute(probe).rowcount is None, name
        owner.rollback()
        owner.execute("SET LOCAL ROLE ybj_migrator; SET LOCAL ybj.system = 'on'")
        for guard in guards:
            owner.execute(guard)
        assert owner.execute(probe).rowcount > 0, name
    owner.rollback()
    tables = (
        "listing",
        "listing_version",
        "registration",
        "question",
        "paper",
        "undertaking",
        "reading",
    )
    for table in tables:
        owner.execute("SET LOCAL ROLE ybj_runtime")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            owner.execute(f"DELETE FROM trading_{table}")
        owner.rollback()


def test_every_trigger_has_a_probe(owner: psycopg.Connection[Any]) -> None:
    rows = owner.execute(
        "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal"
        " AND relname IN ('trading_listing', 'trading_listing_version', 'trading_registration',"
        " 'trading_question', 'trading_paper', 'trading_undertaking', 'trading_reading')"
    )
    told = " ".join(" ".join(guards) for _, guards in GUARDS.values())
    assert [name for (name,) in rows if name not in told] == []
