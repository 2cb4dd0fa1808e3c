"""What the database itself keeps of deals, certificates and dossiers. Each guard has a probe: with the
guard it is refused, without it (rolled back) the promise breaks."""

# ruff: noqa: S608 - the statements are the test's own

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings as django_settings
from django.db import connection as django_connection

from tests import credentials, database, deals, make
from tests.deals import fresh
from yangbanjian.ground.bank import jobs as bank_jobs
from yangbanjian.ground.clock import actions as clock_actions
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal import jobs as news
from yangbanjian.kernel.actor import SYSTEM
from yangbanjian.market.certificates import actions as certificates
from yangbanjian.market.certificates.models import Dossier
from yangbanjian.market.trading import actions

TABLES = (
    "trading_deal", "trading_instalment", "trading_royalty_report", "certificates_certificate",
    "certificates_dossier", "trading_payout", "trading_use_report",
)  # fmt: skip
DEAL, PART = (
    "DROP TRIGGER trading_deal_moves ON trading_deal",
    "DROP TRIGGER trading_instalment_moves ON trading_instalment",
)
PAYOUT = "DROP TRIGGER trading_payout_stands ON trading_payout"
STANDS = "DROP TRIGGER certificates_certificate_stands ON certificates_certificate"
DOSSIER = "DROP TRIGGER certificates_dossier_stands ON certificates_dossier"
NO = "2026-0000001-09-00000000000000000000000001-0"
OF = "(SELECT id FROM trading_deal WHERE state = '{}')"


def check(table: str, name: str) -> str:
    return f"ALTER TABLE {table} DROP CONSTRAINT {name}"


def copy(table: str, where: str, **changed: object) -> str:
    """Another row, the same but for what is changed."""
    said = ", ".join(f"'{name}', {value}" for name, value in changed.items())
    return (
        f"INSERT INTO {table} SELECT (jsonb_populate_record(t, jsonb_build_object({said}))).*"
        f" FROM {table} AS t WHERE {where}"
    )


# What breaks the promise, and the guards that go for it.
GUARDS: dict[str, tuple[str, list[str]]] = {
    "the price stands": ("UPDATE trading_deal SET price_fen = price_fen + 1", [DEAL]),
    "the buyer stands": ("UPDATE trading_deal SET buyer_id = -9", [DEAL]),
    "no step is skipped": (
        "UPDATE trading_deal SET state = 'paid', paid_at = now() WHERE state = 'awarded'", [DEAL]),
    "paid needs the money": (
        "UPDATE trading_deal SET state = 'paid', paid_at = now() WHERE state = 'signed'", [DEAL]),
    "signed needs both sides": (
        "UPDATE trading_deal SET state = 'signed', signed_at = now() WHERE state = 'awarded'", [DEAL]),
    "a signature stands": (
        "UPDATE trading_deal SET seller_signed_by = -7 WHERE state = 'signed'", [DEAL]),
    "the text under a signature stands": (
        "UPDATE trading_deal SET contract = '{}' WHERE state = 'signed'", [DEAL]),
    "a registration number stands": (
        "UPDATE trading_deal SET registered_no = 'x' WHERE registered_no <> ''", [DEAL]),
    "a deal is not deleted": (
        f"DELETE FROM trading_instalment WHERE deal_id = {OF.format('awarded')};"
        " DELETE FROM trading_deal WHERE state = 'awarded'", [PART, DEAL]),
    "a deal has a known state": (
        "UPDATE trading_deal SET state = 'x'", [DEAL, check("trading_deal", "deal_state_known")]),
    "a price is in range": (
        "UPDATE trading_deal SET price_fen = 0", [DEAL, check("trading_deal", "deal_price_in_range")]),
    "a deal has two sides": (
        "UPDATE trading_deal SET buyer_id = owner_id",
        [DEAL, check("trading_deal", "deal_has_two_sides")]),
    "a lot has one award": (
        copy("trading_deal", "state = 'awarded'", id=-1), ["DROP INDEX deal_one_award"]),
    "what is technical is within the price": (
        "UPDATE trading_deal SET other_fen = price_fen + 1 WHERE state = 'awarded'",
        [check("trading_deal", "deal_technical_within_price")]),
    "a default has its case": (
        "UPDATE trading_deal SET default_case = 'withdrew' WHERE state = 'awarded'",
        [check("trading_deal", "deal_default_has_case")]),
    "two persons settle": (
        "UPDATE trading_deal SET settle_proposed_by = -7, settled_by = -7, settled_at = now()"
        " WHERE state = 'paid'", [check("trading_deal", "deal_settled_by_two")]),
    "an instalment's amount stands": (
        "UPDATE trading_instalment SET amount_fen = amount_fen + 1", [PART]),
    "when it is due stands after signing": (
        f"UPDATE trading_instalment SET due_at = now() WHERE deal_id = {OF.format('signed')}", [PART]),
    "money is not unsaid": (
        f"UPDATE trading_instalment SET paid_fen = 0 WHERE deal_id = {OF.format('paid')}", [PART]),
    "paid money came by a line": (
        f"UPDATE trading_instalment SET paid_fen = amount_fen WHERE deal_id = {OF.format('signed')}",
        [check("trading_instalment", "instalment_paid_by_line")]),
    "no more is paid than is due": (
        f"UPDATE trading_instalment SET paid_fen = amount_fen + 1 WHERE line_id IS NOT NULL AND deal_id = {OF.format('paid')}",
        [check("trading_instalment", "instalment_within_amount")]),
    "an instalment is there once": (
        copy("trading_instalment", f"deal_id = {OF.format('awarded')}", id=-1),
        [check("trading_instalment", "instalment_once")]),
    "a payment stands as it was ordered": (
        "UPDATE trading_payout SET bank_account = 'A9'", [PAYOUT]),
    "a payment is not deleted": ("DELETE FROM trading_payout", [PAYOUT]),
    "what was paid is not unsaid": (
        "UPDATE trading_payout SET paid_at = now() + interval '1 hour' WHERE paid_at IS NOT NULL", [PAYOUT]),
    "a payment is of a known kind": (
        copy("trading_payout", "true", id=-1, seq=9, kind="'x'"), [check("trading_payout", "payout_kind_known")]),
    "a payment pays": (
        copy("trading_payout", "true", id=-1, seq=9, amount_fen=0), [check("trading_payout", "payout_pays")]),
    "an attempt is there once": (
        copy("trading_payout", "true", id=-1, failed_at="now()", failure="'x'"),
        [check("trading_payout", "payout_once")]),
    "a part is on its way once": (
        copy("trading_payout", "true", id=-1, attempt=9), ["DROP INDEX payout_one_alive"]),
    "what is alive is ordered": (
        copy("trading_payout", "true", id=-1, seq=9, expectation_id="NULL::bigint"),
        [check("trading_payout", "payout_is_ordered")]),
    "what is paid has its line": (
        copy("trading_payout", "true", id=-1, seq=9, line_id="NULL::bigint"),
        [check("trading_payout", "payout_paid_by_line")]),
    "what failed says why": (
        copy("trading_payout", "true", id=-1, seq=9, failed_at="now()"),
        [check("trading_payout", "payout_failed_with_reason")]),
    "that it was used stands": (
        "UPDATE trading_deal SET used_at = now() WHERE used_at IS NOT NULL",
        ["DROP TRIGGER trading_deal_use_stands ON trading_deal"]),
    "a report of use stands": (
        "UPDATE trading_use_report SET text = 'x'",
        ["DROP TRIGGER trading_use_report_stands ON trading_use_report"]),
    "a report of use says something": (
        copy("trading_use_report", "true", id=-1, text="''"),
        [check("trading_use_report", "use_report_says")]),
    "a paper of use has its digest": (
        copy("trading_use_report", "true", id=-1, sha256="'x'"),
        [check("trading_use_report", "use_report_paper_has_digest")]),
    "a report stands": (
        "UPDATE trading_royalty_report SET base_fen = 1",
        ["DROP TRIGGER trading_royalty_report_stands ON trading_royalty_report"]),
    "a period is reported once": (
        copy("trading_royalty_report", "true", id=-1),
        [check("trading_royalty_report", "royalty_period_once")]),
    "a period ends after it begins": (
        copy("trading_royalty_report", "true", id=-1, period_from="'2030-01-01'"),
        [check("trading_royalty_report", "royalty_period_in_order")]),
    "a base is in range": (
        copy("trading_royalty_report", "true", id=-1, period_from="'2001-01-01'", base_fen=-1),
        [check("trading_royalty_report", "royalty_in_range")]),
    "a number stands": (f"UPDATE certificates_certificate SET no = '{NO}'", [STANDS]),
    "a number cannot be guessed": (
        "UPDATE certificates_certificate SET no = 'A1'",
        [STANDS, check("certificates_certificate", "certificate_no_unguessable")]),
    "a number is one certificate's": (
        copy("certificates_certificate", "true", id=-1, credential_id="(SELECT max(id) FROM credentials_credential)"),
        [check("certificates_certificate", "certificates_certificate_no_key"), "DROP INDEX certificate_one_live"]),
    "a credential is one certificate's": (
        copy("certificates_certificate", "true", id=-1, no=f"'{NO}'"),
        [check("certificates_certificate", "certificates_certificate_credential_id_key"),
         "DROP INDEX certificate_one_live"]),
    "a deal has one live certificate": (
        copy("certificates_certificate", "true", id=-1, no=f"'{NO}'",
             credential_id="(SELECT max(id) FROM credentials_credential)"),
        ["DROP INDEX certificate_one_live"]),
    "no certificate before the money": (
        copy("certificates_certificate", "true", id=-1, no=f"'{NO}'", deal_id=OF.format("signed"),
             credential_id="(SELECT max(id) FROM credentials_credential)"),
        ["DROP TRIGGER certificates_certificate_condition ON certificates_certificate"]),
    "two persons issue and revoke": (
        "UPDATE certificates_certificate SET revoked_at = now(), revoked_by = issued_by, reason = 'x'",
        [check("certificates_certificate", "certificate_second_person")]),
    "a revocation has its reason": (
        "UPDATE certificates_certificate SET revoked_at = now(), revoked_by = -7",
        [check("certificates_certificate", "certificate_revoked_with_reason")]),
    "a dossier stands": ("UPDATE certificates_dossier SET asked_by = -7", [DOSSIER]),
    "a dossier has a known state": (
        "UPDATE certificates_dossier SET state = 'x'",
        [check("certificates_dossier", "dossier_state_known")]),
    "a dossier that is done has its file": (
        "UPDATE certificates_dossier SET state = 'done'",
        [check("certificates_dossier", "dossier_done_has_file")]),
}  # fmt: skip


def furnish() -> None:
    """Deals in three states, a royalty report, a certificate and a dossier, by the real actions."""
    django_settings.YBJ_SANDBOX = True
    make.sandbox()
    with acting(SYSTEM):
        deals.awarded(title="成果甲")
        sale = deals.signed(title="成果乙", payment={"kind": "instalments"})
        actions.register(actor=sale.seller, deal_id=fresh(sale).pk, no="2026330000000001")
        licence = deals.signed(
            title="成果丙", deal_mode="licence_ordinary",
            payment={"kind": "entry_royalty", "rate_permille": 30, "base": "sales"},
        )  # fmt: skip
        deals.pay(licence)
    news.deliver()
    assert fresh(licence).state == "paid"
    today = clock.today()
    actions.report_royalty(
        actor=licence.buyer, deal_id=fresh(licence).pk, period_from=today - timedelta(days=9),
        period_to=today, base_fen=100,
    )  # fmt: skip
    certificates.issue(actor=licence.staff, deal_id=fresh(licence).pk)
    credentials.issued()
    Dossier.objects.create(
        deal=fresh(licence), owner_id=fresh(licence).owner_id, asked_at=clock.now()
    )
    # One that is settled, and paid out by the bank.
    with acting(SYSTEM):
        settled_and_paid_out()
    news.deliver()


def settled_and_paid_out() -> None:
    done = deals.paid(title="已结算的成果")
    actions.hand_over(actor=done.seller, deal_id=fresh(done).pk)
    actions.propose_settlement(actor=done.staff, deal_id=fresh(done).pk)
    actions.settle(actor=done.staff2, deal_id=fresh(done).pk)
    actions.report_use(
        actor=done.buyer, deal_id=fresh(done).pk, used_on=clock.today(), text="已投产。"
    )
    clock_actions.advance(actor=SYSTEM, by=timedelta(hours=3))
    bank_jobs.pay_what_was_ordered(clock.now())
    news.deliver(include_own=True)


@pytest.fixture
def owner(committed: None, settings: Any) -> Iterator[psycopg.Connection[Any]]:
    """The superuser on a furnished database; what it does is rolled back."""
    settings.YBJ_SANDBOX = True
    furnish()
    name = str(django_connection.settings_dict["NAME"])
    url = urlsplit(database.admin_url())._replace(path=f"/{name}").geturl()
    with psycopg.connect(url) as connection:
        connection.execute("SET lock_timeout = '10s'")
        yield connection
        connection.rollback()


def is_refused(owner: psycopg.Connection[Any], probe: str) -> bool:
    try:
        owner.execute(probe)
    except psycopg.Error:
        return True
    return False


def test_each_guard_refuses_and_without_it_the_promise_breaks(
    owner: psycopg.Connection[Any],
) -> None:
    for name, (probe, guards) in GUARDS.items():
        owner.rollback()
        owner.execute("SET LOCAL ROLE ybj_migrator; SET LOCAL ybj.system = 'on'")
        assert is_refused(owner, probe), name
        owner.rollback()
        owner.execute("SET LOCAL ROLE ybj_migrator; SET LOCAL ybj.system = 'on'")
        for guard in guards:
            owner.execute(guard)
        owner.execute("SET CONSTRAINTS ALL DEFERRED")
        assert owner.execute(probe).rowcount > 0, name
    owner.rollback()

    told = " ".join(" ".join(guards) for _, guards in GUARDS.values())
    rows = owner.execute(
        "SELECT tgname FROM pg_trigger WHERE tgrelid::regclass::text = ANY (%(t)s) AND NOT tgisinternal"
        " UNION ALL SELECT conname FROM pg_constraint WHERE conrelid::regclass::text = ANY (%(t)s)"
        " AND contype IN ('c', 'u') UNION ALL SELECT indexrelid::regclass::text FROM pg_index"
        " WHERE indrelid::regclass::text = ANY (%(t)s) AND indisunique AND NOT indisprimary"
        " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)",
        {"t": list(TABLES)},
    )
    assert [n for (n,) in rows if n not in told] == [], "a guard without a probe"
    for table in TABLES:
        owner.rollback()
        owner.execute("SET LOCAL ROLE ybj_runtime")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            owner.execute(f"DELETE FROM {table}")
