"""The diligence room: which papers are open to whom, from when, and what is undertaken."""

from __future__ import annotations

from itertools import product

import pytest

from yangbanjian.ground.rulebook.queries import shipped
from yangbanjian.market.trading.rules import listing_states, papers, registration_states
from yangbanjian.market.trading.rules.papers import Standing, lacks

STATES = ("", *registration_states.TABLE.codes)


@pytest.mark.parametrize(
    ("tier", "state", "has_undertaken"), list(product(papers.TIERS, STATES, (True, False)))
)
def test_what_a_buyer_must_still_do(tier: str, state: str, has_undertaken: bool) -> None:
    missing = lacks(tier, Standing(state, has_undertaken))
    is_in = state in ("applied", "deposited", "qualified", "won", "completed")
    is_qualified = state in ("qualified", "won", "completed")
    is_open = {
        "public": True, "nda": is_in and has_undertaken,
        "qualified": is_qualified and has_undertaken,
    }[tier]  # fmt: skip
    assert (missing == "") == is_open
    if tier != "public" and not is_in:
        assert missing == "sign_up"
    elif tier != "public" and not has_undertaken:
        assert missing == "undertake"
    elif not is_open:
        assert missing == "qualify"


def test_a_deposit_that_nobody_has_judged_does_not_open_the_innermost_tier() -> None:
    assert lacks("qualified", Standing("deposited", True)) == "qualify"
    with pytest.raises(ValueError, match="no tier"):
        lacks("secret", Standing())


def test_what_is_new_in_a_public_listing_counts_from_its_next_version() -> None:
    assert papers.since(1, is_public=False) == 1
    assert papers.since(3, is_public=True) == 4
    assert not papers.is_shown(1, 1, is_public=False)
    assert papers.is_shown(1, 3, is_public=True)
    assert not papers.is_shown(4, 3, is_public=True)
    assert papers.is_shown(4, 4, is_public=True)


def test_the_states_named_are_states() -> None:
    known = set(listing_states.TABLE.codes)
    assert set(papers.MAY_PUT) | set(papers.READERS_KNOWN) <= known
    before = {"draft", "submitted", "returned", "accepted", *listing_states.BEFORE_BIDDING}
    assert known - set(papers.READERS_KNOWN) == before | {"negotiating", "bidding"}
    assert set(papers.STILL_IN) | set(papers.HAS_QUALIFIED) <= set(registration_states.TABLE.codes)


def test_the_undertaking_is_one_text_in_the_order_of_its_clauses() -> None:
    rows = [{"no": 10, "text": "丁"}, {"no": 2, "text": "乙"}, {"no": 1, "text": "甲"}]
    assert papers.text_of(rows) == "1. 甲\n2. 乙\n10. 丁"
    assert papers.digest(papers.text_of(rows)) != papers.digest(papers.text_of(rows[:2]))
    (told,) = [e for e in shipped() if e["table"] == "undertakings"]
    assert len(papers.text_of(told["rows"]).splitlines()) == len(told["rows"]) >= 5
