"""Every guard of the bank's tables is needed: without it, a probe breaks the promise (see
test_ledger_guards.py, whose way of asking this follows)."""

from __future__ import annotations

import psycopg
import pytest

from tests import guards
from tests.actions.test_ledger_guards import WORLD as LEDGER
from tests.actions.test_ledger_guards import named, new, superuser
from tests.guards import Probe

__all__ = ["superuser"]
pytestmark = pytest.mark.django_db
# Statements put together of our own words.
# ruff: noqa: S608
TABLES = ("bank_account", "bank_expectation", "bank_line", "bank_match", "bank_payee")
# The house -1 has the bank account -1, in the ledger -6; the buyer -2 has -7; suspense is -2. Two
# lines have come: 1 for 5 fen, matched to the buyer, and 2 for 7 fen, which waits.
WORLD = f"""
{LEDGER}
INSERT INTO people_organisation (id, kind, name, state, created_at, short_name, sort_name, region, street, intro, website,
  contact_name, contact_email, contact_phone, is_demo) VALUES
  (-1, 'exchange', '甲', 'verified', now(), '', '', '', '', '', '', '', '', '', false),
  (-2, 'enterprise', '乙', 'verified', now(), '', '', '', '', '', '', '', '', '', false);
INSERT INTO ledger_account (id, key, owner_id, code, asset, is_limited, opened_at) VALUES
  (-6, gen_random_uuid(), -1, 'bank', 'CNY', false, now()), (-7, gen_random_uuid(), -2, 'a', 'CNY', false, now()),
  (-8, gen_random_uuid(), -1, 'bank', 'CNY', false, now()), (-9, gen_random_uuid(), -1, 'costs', 'CNY', false, now());
INSERT INTO bank_account (id, number, bank, owner_id, account_id, asset, opened_at)
  VALUES (-1, 'N1', 'b', -1, -6, 'CNY', now());
{new(901, accounts="-6, -2")}
INSERT INTO bank_line (id, bank_account_id, serial, booked_on, amount, counterparty, counterparty_name, reference,
  transfer_id, source, made_at) VALUES (-1, -1, 'S1', '2026-03-01', 5, 'P1', '', '', {named(901)}, '', now());
{new(902, accounts="-2, -7")}
INSERT INTO bank_match (id, line_id, transfer_id, made_at) VALUES (-1, -1, {named(902)}, now());
{new(903, amount=7, accounts="-6, -2")}
INSERT INTO bank_line (id, bank_account_id, serial, booked_on, amount, counterparty, counterparty_name, reference,
  transfer_id, source, made_at) VALUES (-2, -1, 'S2', '2026-03-01', 7, 'P2', '', '', {named(903)}, '', now());
"""
# Another posting and another match, to be used by probes.
MORE = new(910, amount=7, accounts="-6, -2")
PLACED = new(911, amount=7, accounts="-2, -7")


def line(
    pk: int = -3, serial: str = "S3", amount: str = "7", transfer: int = 910, at: int = -1
) -> str:
    return (
        "INSERT INTO bank_line (id, bank_account_id, serial, booked_on, amount, counterparty, counterparty_name,"
        f" reference, transfer_id, source, made_at) VALUES ({pk}, {at}, '{serial}', '2026-03-01', {amount},"
        f" '', '', '', {named(transfer)}, '', now());"
    )


def match(
    pk: int = -3, of: int = -2, transfer: int = 911, expectation: str = "NULL", undone: str = "NULL"
) -> str:
    return (
        "INSERT INTO bank_match (id, line_id, transfer_id, expectation_id, undone_by_id, made_at) VALUES"
        f" ({pk}, {of}, {named(transfer)}, {expectation}, {undone}, now());"
    )


def account(pk: int = -2, number: str = "N2", owner: int = -1, kept: int = -8) -> str:
    return (
        "INSERT INTO bank_account (id, number, bank, owner_id, account_id, asset, opened_at) VALUES"
        f" ({pk}, '{number}', 'b', {owner}, {kept}, 'CNY', now());"
    )


def expected(
    pk: int = -1, reference: str = "K-0001", of: int = -7, amount: int = 7, payer: str = "",
    origin: str = "NULL", hold: str = "NULL", owner: str = "NULL", repeats: str = "NULL",
) -> str:  # fmt: skip
    return (
        "INSERT INTO bank_expectation (id, reference, account_id, amount, counterparty, origin_id, hold_id, cause,"
        f" made_at, payee_id, repeats_id) VALUES ({pk}, '{reference}', {of}, {amount}, '{payer}', {origin}, {hold},"
        f" '', now(), {owner}, {repeats});"
    )


def payee(owner: int = -2, number: str = "A1") -> str:
    return (
        "INSERT INTO bank_payee (id, owner_id, number, bank, made_at) VALUES"
        f" (-1, {owner}, '{number}', 'b', now());"
    )


def hold(seq: int = 920, amount: int = 5) -> str:
    return new(seq, "pending", amount=amount, posted=0, pending=amount, accounts="-7, -2")


def returned(pk: int = -5, of: int = -2, transfer: int = 911, order: str = "-1") -> str:
    return (
        "INSERT INTO bank_match (id, line_id, transfer_id, returns_id, made_at) VALUES"
        f" ({pk}, {of}, {named(transfer)}, {order}, now());"
    )


BACK = new(930, accounts="-7, -2", corrects_id=named(902))
UNDO = f"UPDATE bank_match SET undone_by_id = {named(930)} WHERE id = -1;"
ORDER = hold() + expected(amount=-5, payer="P1", origin="-1", hold=named(920))
WITHOUT = "ALTER TABLE {0} DISABLE TRIGGER {1};"
# Probes of the owner: the runtime role has no right to begin with, or the row would need others.
PROBES: dict[str, Probe] = {
    "bank_account_pkey": Probe(account(-1)),
    "bank_account_number_key": Probe(account(number="N1")),
    "bank_account_account_id_key": Probe(account(kept=-6)),
    "bank_account_owner_id_fk": Probe(
        account(owner=-99),
        before=WITHOUT.format("bank_account", "bank_account_fits"),
    ),
    "bank_account_number": Probe(account(number="中")),
    "bank_account_fits": Probe(account(kept=-7)),
    "bank_account_stays": Probe("UPDATE bank_account SET bank = 'c'"),
    "bank_account_table_stays": Probe(
        "TRUNCATE bank_account CASCADE",
        before="".join(WITHOUT.format(t, f"{t}_table_stays") for t in TABLES[1:]),
    ),
    "bank_line_pkey": Probe(line(-2), before=MORE),
    "bank_line_once": Probe(line(serial="S1"), before=MORE),
    "bank_line_transfer_id_key": Probe(
        line(transfer=903), before=WITHOUT.format("bank_line", "bank_line_adds_up")
    ),
    "bank_line_amount": Probe(
        line(amount="0"),
        before=WITHOUT.format("bank_line", "bank_line_posted")
        + WITHOUT.format("bank_line", "bank_line_adds_up") + MORE,
    ),
    "bank_line_serial": Probe(line(serial=""), before=MORE),
    "bank_line_bank_account_id_fk": Probe(
        line(at=-99),
        before=WITHOUT.format("bank_line", "bank_line_posted")
        + WITHOUT.format("bank_line", "bank_line_adds_up"),
    ),
    # Another amount than was posted; what adds up is asked of the whole, so it is put right beside.
    "bank_line_posted": Probe(
        line(amount="3") + line(-4, "S4", "4", 912),
        before=WITHOUT.format("bank_line", "bank_line_adds_up") + MORE,
    ),
    # A line for a transfer that was no line's: the match of another, turned round.
    "bank_line_adds_up": Probe(
        line(transfer=910), before=MORE + new(931, amount=7, accounts="-6, -2"),
    ),
    "bank_line_stays": Probe("UPDATE bank_line SET counterparty = 'P9'"),
    "bank_line_table_stays": Probe(
        "TRUNCATE bank_line CASCADE",
        before="".join(
            WITHOUT.format(t, f"{t}_table_stays") for t in ("bank_match", "bank_expectation")
        ),
    ),
    "bank_expectation_pkey": Probe(expected(reference="K-0002"), before=expected()),
    "bank_expectation_reference_key": Probe(expected(-2), before=expected()),
    "bank_expectation_hold_id_key": Probe(
        expected(-2, "K-0002", amount=-5, payer="P1", hold=named(920)), before=ORDER
    ),
    "bank_expectation_origin_id_fk": Probe(
        expected(amount=-5, payer="P", origin="-99", hold=named(920)),
        before=hold() + WITHOUT.format("bank_expectation", "bank_expectation_fits"),
    ),
    "bank_expectation_reference": Probe(expected(reference="k")),
    "bank_expectation_shape": Probe(expected(amount=-5, hold=named(920)), before=hold()),
    # Refund to another than the payer (attack 30).
    "bank_expectation_fits": Probe(
        expected(amount=-5, payer="P9", origin="-1", hold=named(920)), before=hold()
    ),
    "bank_expectation_fixed": Probe(
        "UPDATE bank_expectation SET counterparty = 'P9'", before=ORDER
    ),
    "bank_expectation_stays": Probe("DELETE FROM bank_expectation", before=ORDER),
    "bank_expectation_table_stays": Probe(
        "TRUNCATE bank_expectation CASCADE", before=WITHOUT.format("bank_match", "bank_match_table_stays")
    ),
    "bank_match_pkey": Probe(match(-1), before=PLACED),
    "bank_match_line_once": Probe(
        match(of=-1, transfer=911),
        before=new(911, accounts="-2, -7") + WITHOUT.format("bank_match", "bank_match_adds_up"),
    ),
    "bank_match_transfer_id_key": Probe(
        match(transfer=902),
        before=WITHOUT.format("bank_match", "bank_match_fits")
        + WITHOUT.format("bank_match", "bank_match_adds_up"),
    ),
    "bank_match_undone_by_id_key": Probe(
        f"UPDATE bank_match SET undone_by_id = {named(930)} WHERE id = -3;",
        before=PLACED + match() + BACK + UNDO
        + WITHOUT.format("bank_match", "bank_match_undone")
        + WITHOUT.format("bank_match", "bank_match_adds_up"),
    ),
    "bank_match_expectation_once": Probe(
        match(-4, -2, 911, "-1") ,
        before=expected(amount=5) + new(940, accounts="-6, -2") + line(-3, "S3", "5", 940)
        + new(941, accounts="-2, -7") + match(-3, -3, 941, "-1") + PLACED
        + WITHOUT.format("bank_match", "bank_match_fits"),
    ),
    "bank_match_line_id_fk": Probe(
        match(of=-99),
        before=WITHOUT.format("bank_match", "bank_match_fits")
        + WITHOUT.format("bank_match", "bank_match_adds_up"),
    ),
    "bank_match_expectation_id_fk": Probe(
        match(expectation="-99"),
        before=PLACED + WITHOUT.format("bank_match", "bank_match_fits"),
    ),
    # A line of 7 fen that stands for a transfer of 5 and, so that it adds up, 2 more.
    "bank_match_fits": Probe(
        match(), before=new(911, amount=5, accounts="-2, -7") + new(912, amount=2, accounts="-2, -7")
    ),
    "bank_match_adds_up": Probe(
        match(), before=PLACED + new(950, amount=7, accounts="-7, -2")
    ),
    "bank_match_undone": Probe(
        UNDO, before=new(930, accounts="-9, -2", corrects_id=named(902))
    ),
    "bank_match_stays": Probe(
        "DELETE FROM bank_match", before=WITHOUT.format("bank_match", "bank_match_adds_up")
    ),
    "bank_match_table_stays": Probe("TRUNCATE bank_match"),
    "bank_expectation_payee_id_fk": Probe(expected(owner="-99")),
    "bank_expectation_repeats_id_fk": Probe(
        expected(repeats="-99"), before=WITHOUT.format("bank_expectation", "bank_expectation_fits")
    ),
    "bank_expectation_repeats_id_key": Probe(
        expected(-3, "K-0003", repeats="-1"),
        before=WITHOUT.format("bank_expectation", "bank_expectation_fits") + expected()
        + expected(-2, "K-0002", repeats="-1"),
    ),
    "bank_match_returns_id_fk": Probe(
        returned(order="-99"), before=PLACED + WITHOUT.format("bank_match", "bank_match_fits")
    ),
    "bank_match_returns_once": Probe(
        returned(-6, -3, 912),
        before=WITHOUT.format("bank_match", "bank_match_fits") + expected() + PLACED + returned()
        + MORE + line(-3) + new(912, amount=7, accounts="-2, -7"),
    ),
    "bank_expectation_failed_is_over": Probe(
        "UPDATE bank_expectation SET failure = 'x'", before=ORDER
    ),
    "bank_payee_pkey": Probe(payee(), before=payee()),
    "bank_payee_owner_id_fk": Probe(payee(owner=-99)),
    "bank_payee_number": Probe(payee(number="中")),
    "bank_payee_stays": Probe("UPDATE bank_payee SET number = 'A2'", before=payee()),
    "bank_payee_table_stays": Probe("TRUNCATE bank_payee"),
}  # fmt: skip

OVER = new(922, "void", posted=0, pending=-5, accounts="-7, -2", hold_id=named(920))
# What the same guards say of payments that come back: the name of the guard and a probe.
RETURNS: dict[str, tuple[str, Probe]] = {
    "a refund given anew to an account that nobody has named": (
        "bank_expectation_fits",
        Probe(
            expected(-2, "K-0002", amount=-5, payer="P9", origin="-1", hold=named(921), owner="-2",
                     repeats="-1"),
            before=hold() + expected(amount=-5, payer="P1", origin="-1", hold=named(920), owner="-2")
            + OVER + "UPDATE bank_expectation SET withdrawn_at = now();" + hold(921)
            + payee(number="P8"),
        ),
    ),
    "a refund given anew while the first one stands": (
        "bank_expectation_fits",
        Probe(
            expected(-2, "K-0002", amount=-2, payer="P1", origin="-1", hold=named(921), repeats="-1"),
            before=hold(amount=2) + expected(amount=-2, payer="P1", origin="-1", hold=named(920))
            + hold(921, 2),
        ),
    ),
    "the return of what was never paid": (
        "bank_match_fits", Probe(returned(), before=hold(amount=7) + PLACED
            + expected(amount=-7, payer="P1", hold=named(920))),
    ),
    "the end of a payment that has come back": (
        "bank_match_undone",
        Probe(
            UNDO,
            before=WITHOUT.format("bank_match", "bank_match_adds_up")
            + expected(amount=5) + BACK + WITHOUT.format("bank_match", "bank_match_fits")
            + WITHOUT.format("bank_match", "bank_match_undone")
            + "UPDATE bank_match SET expectation_id = -1 WHERE id = -1;"
            + "ALTER TABLE bank_match ENABLE ALWAYS TRIGGER bank_match_undone;"
            + PLACED + returned(),
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", RETURNS)
def test_what_comes_back_is_guarded_too(superuser: psycopg.Connection, case: str) -> None:
    superuser.execute(WORLD.encode())
    name, probe = RETURNS[case]
    guards.is_needed(superuser, name, probe, TABLES)


def test_every_guard_has_a_probe(superuser: psycopg.Connection) -> None:
    assert set(guards.guards(superuser, TABLES)) == set(PROBES)


@pytest.mark.parametrize("name", PROBES)
def test_without_the_guard_its_probe_goes_through(superuser: psycopg.Connection, name: str) -> None:
    superuser.execute(WORLD.encode())
    guards.is_needed(superuser, name, PROBES[name], TABLES)
