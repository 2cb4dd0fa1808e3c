"""Lots, listings, registrations: every state with every move, written out once more."""

from __future__ import annotations

from itertools import product

import pytest

from yangbanjian.kernel.moves import StateTable
from yangbanjian.kernel.refusals import Conflict
from yangbanjian.market.trading.rules import listing_states, lot_states, registration_states

LISTING = """
draft submit submitted | returned submit submitted | submitted return returned
submitted accept accepted | accepted publish disclosed | disclosed change disclosed
paused change disclosed | disclosed pause paused | paused resume disclosed
disclosed expire expired | expired qualify qualifying | expired find_nobody nobody
qualifying find_nobody nobody | nobody extend disclosed | nobody lower disclosed
qualifying negotiate negotiating | qualifying bid bidding | negotiating fail nobody
bidding fail nobody | negotiating confirm confirmed | bidding confirm confirmed
confirmed announce announced | announced sign signed | signed pay paid | paid certify certified
certified hand_over handed_over | handed_over archive archived | confirmed default defaulted
announced default defaulted | signed default defaulted | defaulted pass_on confirmed
defaulted relist relisted | draft withdraw withdrawn | submitted withdraw withdrawn
returned withdraw withdrawn | accepted withdraw withdrawn | disclosed withdraw withdrawn
paused withdraw withdrawn | expired withdraw withdrawn | nobody withdraw withdrawn
qualifying withdraw withdrawn | disclosed end ended | paused end ended | expired end ended
nobody end ended | qualifying end ended | negotiating end ended | bidding end ended
defaulted end ended
"""
LOT = """
waiting open open | open pause paused | paused resume open | open await_opening opening
open ask_priority priority | opening ask_priority priority | open award sold | opening award sold
priority award sold | open fail unsold | opening fail unsold | waiting stop stopped
open stop stopped | paused stop stopped | opening stop stopped | sold default defaulted
defaulted pass_on sold | defaulted give_up unsold | sold settle settled
"""
REGISTRATION = """
applied deposit deposited | applied lapse lapsed | deposited qualify qualified
applied refuse refused | deposited refuse refused | applied withdraw withdrawn
qualified win won | lost win won | qualified lose lost | deposited lose lost | won complete completed
deposited forfeit forfeited | qualified forfeit forfeited | won forfeit forfeited
"""
TABLES = {
    "listings": (listing_states.TABLE, LISTING),
    "lots": (lot_states.TABLE, LOT),
    "registrations": (registration_states.TABLE, REGISTRATION),
}


def read(text: str) -> dict[tuple[str, str], str]:
    rows = [row.split() for line in text.strip().splitlines() for row in line.split("|")]
    return {(state, move): target for state, move, target in rows}


@pytest.mark.parametrize("name", TABLES)
def test_every_state_with_every_move(name: str) -> None:
    table, text = TABLES[name]
    wanted = read(text)
    for state, move in product(table.codes, [m.name for m in table.moves]):
        if (state, move) in wanted:
            assert table.advance(state, move) == wanted[state, move]
        else:
            with pytest.raises(Conflict):
                table.advance(state, move)


@pytest.mark.parametrize("name", TABLES)
def test_every_state_is_reached_and_final_ones_are_the_ends(name: str) -> None:
    table: StateTable = TABLES[name][0]
    reached, before = {table.start}, set[str]()
    while reached != before:
        before = set(reached)
        reached |= {m.target for m in table.moves if set(m.sources) & before}
    assert reached == set(table.codes)
    left = {s for m in table.moves for s in m.sources}
    assert {s.code for s in table.states if s.is_final} == set(table.codes) - left


def test_the_public_sees_no_breach_before_it_is_settled_and_nothing_of_a_draft() -> None:
    lots = lot_states.TABLE
    assert lots.state("defaulted").public_label == lots.state("sold").public_label
    unseen = {s.code for s in listing_states.TABLE.states if not s.public_label}
    assert unseen == {"draft", "submitted", "returned", "accepted"}
    assert not any(s.public_label for s in registration_states.TABLE.states)


def test_what_costs_somebody_something_needs_a_reason() -> None:
    for table, _ in TABLES.values():
        for move in table.moves:
            if move.name in ("pause", "withdraw", "end", "stop", "default", "refuse", "forfeit"):
                assert move.needs_reason or move.who == ("buyer",), move.name


def test_only_the_exchange_and_the_clock_decide_over_bidders() -> None:
    for table in (lot_states.TABLE, registration_states.TABLE):
        for move in table.moves:
            allowed = {"exchange", "system"} | ({"buyer"} if move.name == "withdraw" else set())
            assert set(move.who) <= allowed
