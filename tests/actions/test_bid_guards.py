"""What the database itself keeps of lots and bids: every guard of their tables has a probe that needs it."""

# ruff: noqa: S608 - statements are the test's own

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests import guards
from tests.guards import Probe
from yangbanjian.market.trading.rules import lot_states

pytestmark = pytest.mark.django_db
TABLES = (
    "trading_lot", "trading_reserve", "trading_received", "trading_bid", "trading_lot_line",
    "trading_inbox", "trading_sealing", "trading_beat",
)  # fmt: skip
T = "'2026-03-02T01:00:00Z'::timestamptz + interval '1 second' * "


def row(table: str, **columns: str) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(columns.values())});"


def lot(pk: int, state: str = "open", **more: str) -> str:
    said = {
        "id": str(pk), "listing_id": str(pk), "owner_id": "-1", "edition_id": "-1", "round": "1",
        "state": f"'{state}'", "version": "1", "method": "'rising'", "start_fen": "100",
        "step_fen": "10", "free_s": "0", "cycle_s": "100", "hard_close_s": "1000", "resume_s": "1",
        "outage_s": "1", "needs_free_bid": "false", "priority_s": "0", "priority_plates": "'[]'",
        "reserve_commitment": "''", "shows_losing": "true", "opens_at": T + "0",
        "stage": "'bidding'", "free_until": T + "0", "closes_at": T + "100",
        "hard_close_at": T + "1000", "held": "'0'", "extensions": "0", "seq": "1", "lines": "1",
        "top_plate": "''", "matched": "''", "passed": "'[]'", "made_at": T + "0", **more,
    }  # fmt: skip
    return row("trading_lot", **said)


def received(pk: int, key: str = "", **more: str) -> str:
    said = {
        "id": str(pk), "lot_id": "-1", "owner_id": "-1", "key": f"'{key or pk}'", "kind": "'bid'",
        "plate": "'A3'", "content": "'{}'", "standing": "'ok'", "clock": T + "1", "at": T + "1",
        "verdict": "'accepted'", "closes_at": T + "101", **more,
    }  # fmt: skip
    return row("trading_received", **said)


def bid(pk: int, seq: int = 2, amount: int = 110, second: float = 2, **more: str) -> str:
    said = {
        "id": str(pk), "lot_id": "-1", "received_id": "-1", "seq": str(seq), "plate": "'A3'",
        "amount_fen": str(amount), "at": T + str(second), "closes_at": T + str(second + 100),
        "is_auto": "false", **more,
    }  # fmt: skip
    return row("trading_bid", **said)


def line(pk: int, n: int, kind: str = "bid", of: int = -1) -> str:
    said = {"id": str(pk), "lot_id": str(of), "n": str(n), "line": f"""'{{"kind": "{kind}"}}'"""}
    return row("trading_lot_line", **said)


def inbox(pk: int, kind: str = "bid") -> str:
    return row(
        "trading_inbox", id=str(pk), lot_id="-1", key="'x'", kind=f"'{kind}'", owner_id="-1",
        content="'{}'", is_operator="false", verdict="''",
    )  # fmt: skip


def reserve(of: int, fen: int = 5) -> str:
    return row("trading_reserve", lot_id=str(of), fen=str(fen), nonce="''")


def sealing(of: int, key: str = "ab") -> str:
    return row(
        "trading_sealing", lot_id=str(of), public_key=f"'{key}'", holders="'[]'", shares="'{}'",
        made_at=T + "0",
    )  # fmt: skip


def alone(table: str, column: str) -> str:
    """Only the foreign key of this column is left: what else is missing shall not matter."""
    return (
        "DO $$ DECLARE r record; BEGIN FOR r IN SELECT conname FROM pg_constraint WHERE contype = 'f'"
        f" AND conrelid = '{table}'::regclass AND conname NOT LIKE '{table}\\_{column}\\_%'"
        f" LOOP EXECUTE format('ALTER TABLE {table} DROP CONSTRAINT %I', r.conname); END LOOP; END $$;"
    )


def no_keys() -> str:
    """Rows of this transaction are looked at again when they are changed: the keys step aside."""
    tables = ", ".join(f"'{t}'::regclass" for t in TABLES)
    return (
        "DO $$ DECLARE r record; BEGIN FOR r IN SELECT conname, conrelid::regclass AS t FROM pg_constraint"
        f" WHERE contype = 'f' AND conrelid IN ({tables})"
        " LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', r.t, r.conname); END LOOP; END $$;"
    )


def off(*triggers: str) -> str:
    """Another guard of the table would refuse it first."""
    return "".join(
        f"ALTER TABLE {t.partition(' ')[0]} DISABLE TRIGGER {t.partition(' ')[2]};"
        for t in triggers
    )


NO_BID = off("trading_bid trading_bid_follows")
NO_LINE = off("trading_lot_line trading_lot_line_follows")
NO_LOT = off("trading_lot trading_lot_moves")
NO_RESERVE = off("trading_reserve trading_reserve_stands")
# An open lot with a bid, and one that waits; they lean on nothing, which nobody looks at here.
WORLD = (
    "SET session_replication_role = replica;" + lot(-1) + lot(-2, "waiting", listing_id="-2")
    + received(-1) + bid(-1, 1, 100, 1) + line(-1, 0, "terms") + inbox(-1) + reserve(-2)
    + sealing(-1) + "DELETE FROM trading_beat;" + row("trading_beat", id="1", at=T + "0")
    + "SET session_replication_role = origin;"
)  # fmt: skip
SET_LOT = "UPDATE trading_lot SET {} WHERE id = -1"
PROBES: dict[str, list[Probe]] = {
    # A1, A2, A3
    "trading_bid_follows": [
        Probe(bid(-9, seq=3)),
        Probe(bid(-9, second=1)),
        Probe(bid(-9, amount=105)),
        Probe(bid(-9, amount=115)),
        Probe(bid(-9, second=101)),
        Probe(bid(-9, closes_at=T + "50")),
        Probe(bid(-9, second=2, closes_at=T + "1001")),
        Probe(bid(-9), before=NO_LOT + "UPDATE trading_lot SET state = 'paused' WHERE id = -1;"),
        Probe(bid(-9), before=NO_LOT + "UPDATE trading_lot SET method = 'dutch' WHERE id = -1;"),
    ],
    "trading_lot_moves": [
        Probe(SET_LOT.format("state = 'settled'")),
        Probe(SET_LOT.format("step_fen = 1")),
        Probe(SET_LOT.format("closes_at = closes_at - interval '1 second'")),
        Probe(SET_LOT.format("hard_close_at = hard_close_at + interval '1 hour'")),
        Probe(SET_LOT.format("seq = 0")),
        Probe(SET_LOT.format("result = '{}'"), before=SET_LOT.format("result = '[]'")),
        Probe("DELETE FROM trading_lot WHERE id = -2", before="DELETE FROM trading_reserve;"),
    ],
    "trading_lot_line_follows": [
        Probe(line(-9, 2)),
        Probe(line(-9, 2), before=line(-8, 1, "result")),
    ],
    "trading_received_stands": [Probe("UPDATE trading_received SET verdict = 'closed'")],
    "trading_bid_stands": [Probe("DELETE FROM trading_bid")],
    "trading_lot_line_stands": [Probe("UPDATE trading_lot_line SET line = '{}'")],
    "trading_reserve_stands": [
        Probe("UPDATE trading_reserve SET fen = 1"),
        Probe(reserve(-1)),
        Probe("DELETE FROM trading_reserve", before="UPDATE trading_lot SET state = 'open';"),
    ],
    "trading_sealing_stands": [
        Probe("UPDATE trading_sealing SET public_key = 'cd'"),
        Probe("UPDATE trading_sealing SET opened = '[1]'", before="UPDATE trading_sealing SET opened = '[]';"),
        Probe("DELETE FROM trading_sealing"),
    ],
    "beat_one_row": [Probe(row("trading_beat", id="2", at=T + "0"))],
    "trading_beat_pkey": [Probe(row("trading_beat", id="1", at=T + "0"))],
    "bid_amount_in_range": [Probe(bid(-9, amount=0), before=NO_BID)],
    "bid_seq_once": [Probe(bid(-9, seq=1), before=NO_BID)],
    "bid_seq_positive": [Probe(bid(-9, seq=0), before=NO_BID)],
    "trading_bid_pkey": [Probe(bid(-1))],
    "trading_bid_lot_id_fk": [Probe(bid(-9, 1, lot_id="-99"), before=NO_BID)],
    "trading_bid_received_id_fk": [Probe(bid(-9, received_id="-99"))],
    "inbox_kind_known": [Probe(inbox(-9, "gift"))],
    "trading_inbox_pkey": [Probe(inbox(-1))],
    "lot_closes_in_time": [Probe(SET_LOT.format(f"closes_at = {T} 1001"), before=NO_LOT)],
    "lot_method_known": [Probe(SET_LOT.format("method = 'raffle'"), before=NO_LOT)],
    "lot_stage_known": [Probe(SET_LOT.format("stage = 'somewhere'"))],
    "lot_start_in_range": [Probe(SET_LOT.format("start_fen = 0"), before=NO_LOT)],
    "lot_state_known": [Probe(SET_LOT.format("state = 'lost'"), before=NO_LOT)],
    "lot_round_once": [Probe(lot(-9, listing_id="-1"))],
    "trading_lot_pkey": [Probe(lot(-1, listing_id="-9"))],
    "trading_lot_listing_id_fk": [Probe(lot(-9), before=alone("trading_lot", "listing_id"))],
    "trading_lot_owner_id_fk": [Probe(lot(-9), before=alone("trading_lot", "owner_id"))],
    "trading_lot_edition_id_fk": [Probe(lot(-9), before=alone("trading_lot", "edition_id"))],
    "lot_line_once": [Probe(line(-9, 0), before=NO_LINE)],
    "trading_lot_line_pkey": [Probe(line(-1, 1))],
    "trading_lot_line_lot_id_fk": [Probe(line(-9, 0, of=-99))],
    "received_key_once": [Probe(received(-9, "-1"))],
    "received_kind_known": [Probe(received(-9, kind="'gift'"))],
    "received_verdict_known": [
        Probe(received(-9, verdict="'perhaps'"))
    ],
    "trading_received_pkey": [Probe(received(-1, "other"))],
    "trading_received_lot_id_fk": [
        Probe(received(-9, lot_id="-99"), before=alone("trading_received", "lot_id"))
    ],
    "trading_received_owner_id_fk": [Probe(received(-9), before=alone("trading_received", "owner_id"))],
    "trading_received_registration_id_fk": [
        Probe(received(-9, registration_id="-99"), before=alone("trading_received", "registration_id"))
    ],
    "reserve_in_range": [Probe(reserve(-1, 0), before=NO_RESERVE)],
    "trading_reserve_pkey": [Probe(reserve(-2))],
    "trading_reserve_lot_id_fk": [Probe(reserve(-99))],
    "trading_sealing_pkey": [Probe(sealing(-1))],
    "trading_sealing_lot_id_fk": [Probe(sealing(-99))],
}  # fmt: skip
ALL = [(name, n) for name, probes in PROBES.items() for n in range(len(probes))]
STAY = ("trading_received", "trading_bid", "trading_lot_line")


@pytest.fixture
def found() -> Iterator[psycopg.Connection]:
    with guards.superuser() as connection:
        connection.execute(WORLD.encode())
        yield connection


def test_every_guard_has_a_probe(found: psycopg.Connection) -> None:
    assert set(guards.guards(found, TABLES)) == set(PROBES)


@pytest.mark.parametrize(("name", "n"), ALL, ids=[f"{name}-{n}" for name, n in ALL])
def test_without_the_guard_its_probe_goes_through(
    found: psycopg.Connection, name: str, n: int
) -> None:
    if not name.endswith("_fk"):
        found.execute(no_keys().encode())
    guards.is_needed(found, name, PROBES[name][n], TABLES)


def test_without_its_right_the_runtime_role_can_not(found: psycopg.Connection) -> None:
    found.execute(no_keys().encode())
    rights = guards.revoked(found, TABLES)
    assert {(t, r) for t in STAY for r in ("UPDATE", "DELETE")} <= set(rights)
    assert {(t, "TRUNCATE") for t in TABLES} <= set(rights)
    for table, right in rights:
        with found.transaction(force_rollback=True):
            guards.is_needed_right(found, table, right, "")
            found.execute("RESET ROLE")


def test_the_database_knows_the_table_of_states(found: psycopg.Connection) -> None:
    """The trigger's list of steps is that of the rules, for all pairs."""
    found.execute(no_keys().encode())
    codes = lot_states.TABLE.codes
    steps = {(source, m.target) for m in lot_states.TABLE.moves for source in m.sources}
    for old in codes:
        for new in codes:
            if old == new:
                continue
            with found.transaction(force_rollback=True):
                found.execute(b"SET LOCAL session_replication_role = replica")
                found.execute("UPDATE trading_lot SET state = %s WHERE id = -1", [old])
                found.execute(b"SET LOCAL session_replication_role = origin")
                try:
                    with found.transaction():
                        found.execute("UPDATE trading_lot SET state = %s WHERE id = -1", [new])
                    is_let = True
                except psycopg.errors.RestrictViolation:
                    is_let = False
            assert is_let == ((old, new) in steps), (old, new)
