"""Books for tests: accounts with short names, transfers with ids that are counted."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from tests import make
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.ledger import actions
from yangbanjian.ground.ledger.models import Account
from yangbanjian.ground.ledger.rules import Kind, Outcome, Transfer
from yangbanjian.kernel.actor import SYSTEM

_number = itertools.count(1)
CNY = "CNY"


def new_id() -> UUID:
    return UUID(int=(7 << 64) | next(_number))


def account(
    *, is_limited: bool = False, asset: str = CNY, credit: int = 0, owner_id: int | None = None
) -> UUID:
    """A new account, of a new owner unless one is named, with something in it if asked; its key."""
    opened, _ = actions.open_account(
        actor=SYSTEM, key=new_id(), owner_id=owner_id or make.organisation().pk, code="current",
        asset=asset, is_limited=is_limited,
    )  # fmt: skip
    if credit:
        source = account(asset=asset)
        assert [o.result for o in post(posted(source, opened.key, credit, asset))] == ["ok"]
    return opened.key


def posted(debit: UUID, credit: UUID, amount: int, asset: str = CNY, **more: Any) -> Transfer:
    more.setdefault("id", new_id())
    return Transfer(debit=debit, credit=credit, amount=amount, asset=asset, **more)


def pending(debit: UUID, credit: UUID, amount: int, **more: Any) -> Transfer:
    return posted(debit, credit, amount, kind=Kind.PENDING, **more)


def resolve(kind: Kind, hold: Transfer, amount: int | None = None, **more: Any) -> Transfer:
    more.setdefault("id", new_id())
    return Transfer(kind=kind, hold_id=hold.id, amount=amount, **more)


def post(*transfers: Transfer) -> list[Outcome]:
    return actions.post(actor=SYSTEM, transfers=transfers)


def results(transfers: Sequence[Transfer]) -> list[str]:
    return [outcome.result.value for outcome in actions.post(actor=SYSTEM, transfers=transfers)]


def sums(key: UUID) -> tuple[int, int, int, int]:
    """(debits pending, debits posted, credits pending, credits posted) as kept."""
    found = Account.objects.values_list(
        "debits_pending", "debits_posted", "credits_pending", "credits_posted"
    )
    with acting(SYSTEM):
        row = found.get(key=key)
    return row[0], row[1], row[2], row[3]


def contents() -> list[Any]:
    """Everything that the ledger holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_jsonb(a)::text FROM ledger_account a"
            " UNION ALL SELECT to_jsonb(t)::text FROM ledger_transfer t ORDER BY 1"
        )
        return cursor.fetchall()
