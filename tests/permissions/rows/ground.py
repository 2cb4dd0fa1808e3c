"""Rows of the ground floor but its people: rules, log, credentials, ledger, codes."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from tests import make
from tests.actions.test_log import sequenced, written
from tests.credentials import issued
from tests.permissions.cells import (
    EVERYBODY,
    OPERATOR,
    OWN,
    STAFF,
    Made,
    Table,
    Things,
    Verb,
    nothing,
)
from yangbanjian.ground.ledger import actions as ledger
from yangbanjian.ground.people.queries import actor_of
from yangbanjian.ground.rulebook import actions as rulebook
from yangbanjian.kernel.actor import SYSTEM, Role

A_TRANSFER = {
    "transfers": [
        {"id": 8, "kind": "posted", "debit": 5001, "credit": 5002, "amount": 1, "asset": "CNY"}
    ]
}
EDITION = {
    "jurisdiction": "310110", "document": "某文件", "effective_from": "2030-01-01",
    "rows": [{"case": "reward", "days": 20, "unit": "calendar", "first_day": "counted"}],
}  # fmt: skip
TABLE: Table = {
    # OWN is the author: an operator too, who may not publish what they drafted.
    "rules": [
        Verb("tables", "get", "/rules", None, "", EVERYBODY),
        Verb("in_force", "get", "/rules/notice_days", None, "", EVERYBODY),
        Verb("editions", "get", "/rules/notice_days/editions", None, "", EVERYBODY),
        Verb("draft", "post", "/rules/notice_days/editions", EDITION, "", OPERATOR | {OWN}),
        Verb("read", "get", "/editions/{id}", None, "draft", STAFF | {OWN}),
        Verb("read", "get", "/editions/{id}", None, "published", EVERYBODY),
        Verb("change", "patch", "/editions/{id}", {"note": "改"}, "draft", OPERATOR | {OWN}),
        Verb("movers", "get", "/editions/{id}/movers", None, "draft", STAFF | {OWN}),
        Verb("publish", "post", "/editions/{id}/moves/publish", {}, "draft", OPERATOR),
        Verb("withdraw", "post", "/editions/{id}/moves/withdraw", {}, "draft", OPERATOR | {OWN}),
        Verb("deadline", "get", "/calendar/deadline?from=2024-02-01&days=15", None, "", EVERYBODY),
    ],
    "log": [
        Verb("list", "get", "/entries?subject=thing:1", None, "", EVERYBODY),
        Verb("proof", "get", "/entries/{id}/proof", None, "parties", STAFF | {OWN}),
        Verb("packet", "get", "/entries/{id}/packet", None, "parties", STAFF | {OWN}),
        Verb("proof", "get", "/entries/{id}/proof", None, "staff", STAFF),
        Verb("packet", "get", "/entries/{id}/packet", None, "staff", STAFF),
        Verb("packet", "get", "/entries/{id}/packet", None, "public", EVERYBODY),
        Verb("consistency", "get", "/log/consistency?from=1&to=1", None, "public", EVERYBODY),
    ],
    "credentials": [
        Verb("status", "get", "/status/{id}", None, "", EVERYBODY),
    ],
    # Outside a sandbox: there the operator keeps books too (tests/faces/test_api_ledger.py).
    "ledger": [
        Verb("open", "post", "/ledger/accounts", {"id": 7, "code": "c", "asset": "CNY"}, "",
             frozenset({"exchange"})),
        Verb("post", "post", "/ledger/batches", A_TRANSFER, "", frozenset({"exchange"})),
        Verb("read", "get", "/ledger/accounts/{id}", None, "",
             frozenset({"auditor", "exchange", OWN})),
        Verb("trial balance", "get", "/ledger/trial-balance", None, "", STAFF | {"exchange"}),
        Verb("unmatched", "get", "/ledger/unmatched", None, "", STAFF | {"exchange"}),
    ],
    "everybody": [
        Verb("codes", "get", "/codes/field", None, "", EVERYBODY),
        Verb("match", "post", "/match", {"text": "冷库电费太高"}, "", EVERYBODY),
        Verb("health", "get", "/health", None, "", EVERYBODY),
    ],
}  # fmt: skip


def _entry(audience: str) -> Made:
    owner = make.person(Role.TTO)
    party = owner.memberships.get().organisation_id
    (made,) = written(1, audience=audience or "public", owner_id=party)
    sequenced()
    return made, {OWN: owner}


def _status_list(_state: str) -> Made:
    return issued().status_list_id, {}


def _accounts(_state: str) -> Made:
    person = make.person(Role.TTO)
    for number in (5001, 5002):
        ledger.open_account(
            actor=SYSTEM, key=UUID(int=number), owner_id=person.memberships.get().organisation_id,
            code="current", asset="CNY", is_limited=False,
        )  # fmt: skip
    return 5001, {OWN: person}


def _edition(state: str) -> Made:
    author = make.person(Role.OPERATOR)
    values = {"document": "某文件", "begins": date(2030, 1, 1), "rows": EDITION["rows"]}
    one = rulebook.draft(
        actor=actor_of(author), table="notice_days", jurisdiction="310110", values=values
    )
    if state == "published":
        rulebook.publish(actor=make.actor(Role.OPERATOR), edition_id=one.pk)
    return one.pk, {OWN: author}


THINGS: Things = {
    "rules": _edition,
    "log": _entry,
    "credentials": _status_list,
    "ledger": _accounts,
    "everybody": nothing,
}
