"""Balances, now and at any number of the past; statements; whether the books add up."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import connection
from django.db.models import F, Q, QuerySet, Sum

from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal.models import Entry
from yangbanjian.ground.ledger import policy
from yangbanjian.ground.ledger.models import Account, Transfer
from yangbanjian.ground.ledger.rules import NAMED
from yangbanjian.ground.ledger.rules.book import Balance
from yangbanjian.kernel.actor import SYSTEM, Actor, Role
from yangbanjian.kernel.answers import kept_by
from yangbanjian.kernel.refusals import Conflict, Invalid, NotFound, Problem
from yangbanjian.kernel.words import gettext_noop

# How long a reader waits for transfers with smaller numbers that are being written.
PATIENCE_S, GLANCE_S = 2.0, 0.01
# A batch that others overtook ends before theirs: as many as can be under way at once.
ENTRIES_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class AssetBalance:
    """One line of the trial balance."""

    asset: str
    balance: Balance


def _rows(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _sums(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Of all accounts, for whoever may read the books: the sum of what one sees would be wrong."""
    with acting(SYSTEM):
        return _rows(statement, values)


def named_key(name: str, asset: str) -> UUID:
    """The key of an account of the house itself (`clearing`, `suspense`, `rounding`)."""
    if name not in NAMED:
        raise ValueError(f"no account of the house is called {name}")
    return uuid5(NAMESPACE_URL, f"urn:ybj:ledger:{name}:{asset}")


def settled_seq() -> int:
    """The greatest number below which no transfer can appear any more."""
    return int(_rows("SELECT settled FROM ledger_settled()", [])[0][0])


def past(at_seq: int | None) -> int:
    """`at_seq`, as soon as it is past for good; without it the last number that is.

    Transfers that are being written while somebody reads may have smaller numbers than some that
    are there already; they are waited for. Refuses a number that nobody has drawn yet.
    """
    until = time.monotonic() + PATIENCE_S
    while True:
        settled, drawn = _rows("SELECT settled, drawn FROM ledger_settled()", [])[0]
        if at_seq is None:
            return int(settled)
        if at_seq <= settled:
            return at_seq
        if at_seq > drawn:
            sentence = gettext_noop("账上还没有第 %(seq)d 号，最后一号是 %(last)d。")
            params = {"seq": at_seq, "last": drawn}
            problem = Problem("at_seq", "not_yet", sentence, params)
            raise Invalid("ledger.no_such_seq", sentence, [problem], **params)
        if time.monotonic() > until:
            raise Conflict(
                "ledger.not_settled",
                gettext_noop("第 %(seq)d 号之前还有账正在记，请过几秒再查。"),
                seq=at_seq,
            )
        time.sleep(GLANCE_S)


def account(actor: Actor, key: UUID) -> Account:
    """The account of this key; refuses as unknown what the actor may not read."""
    found = Account.objects.filter(key=key).first()
    if found is None and Role.OPERATOR in actor.roles:
        with acting(SYSTEM):
            owner_id = Account.objects.filter(key=key).values_list("owner_id", flat=True).first()
        if owner_id is not None:
            raise kept_by(owner_id)
    if found is None or not policy.may_read_account(actor, found).allowed:
        if actor.is_anonymous:
            policy.may_read_books(actor).or_refuse()
        raise NotFound("ledger.no_account", gettext_noop("没有这个账户，请核对编号。"))
    return found


_FOLD = """
SELECT COALESCE(sum(pending_change) FILTER (WHERE is_debit), 0),
  COALESCE(sum(posted_change) FILTER (WHERE is_debit), 0),
  COALESCE(sum(pending_change) FILTER (WHERE NOT is_debit), 0),
  COALESCE(sum(posted_change) FILTER (WHERE NOT is_debit), 0)
FROM (
  SELECT true AS is_debit, posted_change, pending_change FROM ledger_transfer
  WHERE debit_id = %s AND seq <= %s
  UNION ALL
  SELECT false, posted_change, pending_change FROM ledger_transfer
  WHERE credit_id = %s AND seq <= %s
) AS sides
"""


def balance(account: Account, at_seq: int | None = None) -> tuple[int, Balance]:
    """(number, the account's sums at it), folded from its transfers up to and with that number."""
    seq = past(at_seq)
    sums = _rows(_FOLD, [account.pk, seq, account.pk, seq])[0]
    return seq, Balance(*map(int, sums))


# What each account has moved up to a number; an account may have two rows.
_MOVED = """
WITH moved AS (
SELECT debit_id AS id, sum(pending_change) AS dpe, sum(posted_change) AS dpo,
  0 AS cpe, 0 AS cpo FROM ledger_transfer WHERE seq <= %s GROUP BY debit_id
UNION ALL
SELECT credit_id, 0, 0, sum(pending_change), sum(posted_change)
FROM ledger_transfer WHERE seq <= %s GROUP BY credit_id
)"""


def trial_balance(actor: Actor, at_seq: int | None = None) -> tuple[int, list[AssetBalance]]:
    """(number, sums of each asset at it): debits and credits are equal, or the books are wrong.

    Folded from the transfers; each side on its own account's asset, so that it could be wrong.
    """
    policy.may_read_books(actor).or_refuse()
    seq = past(at_seq)
    found = _sums(
        _MOVED  # noqa: S608 - our own words
        + """
        SELECT a.asset, COALESCE(sum(m.dpe), 0), COALESCE(sum(m.dpo), 0),
          COALESCE(sum(m.cpe), 0), COALESCE(sum(m.cpo), 0)
        FROM ledger_account AS a LEFT JOIN moved AS m ON m.id = a.id
        GROUP BY a.asset ORDER BY a.asset
        """,
        [seq, seq],
    )
    return seq, [AssetBalance(asset, Balance(*map(int, sums))) for asset, *sums in found]


@dataclass(frozen=True, slots=True)
class CodeBalance:
    """Accounts of one code and asset together; `is_house` those without an owner."""

    asset: str
    code: str
    is_house: bool
    accounts: int
    balance: Balance


def trial_balance_by_code(actor: Actor, seq: int) -> list[CodeBalance]:
    """What the trial balance at a settled number is made of."""
    policy.may_read_books(actor).or_refuse()
    found = _sums(
        _MOVED  # noqa: S608 - our own words
        + """
        SELECT a.asset, a.code, a.owner_id IS NULL, count(DISTINCT a.id), COALESCE(sum(m.dpe), 0),
          COALESCE(sum(m.dpo), 0), COALESCE(sum(m.cpe), 0), COALESCE(sum(m.cpo), 0)
        FROM ledger_account AS a LEFT JOIN moved AS m ON m.id = a.id
        GROUP BY 1, 2, 3 ORDER BY 1, 3 DESC, 2
        """,
        [seq, seq],
    )
    return [
        CodeBalance(asset, code, is_house, count, Balance(*map(int, sums)))
        for asset, code, is_house, count, *sums in found
    ]


def statement(
    account: Account, *, after_seq: int = 0, to_seq: int | None = None,
    since: datetime | None = None, until: datetime | None = None,
) -> QuerySet[Transfer]:  # fmt: skip
    """The account's transfers after a number and up to another, in order; of a span of business
    time (up to before `until`). On one account that is one stretch of numbers."""
    mine = Q(debit_id=account.pk) | Q(credit_id=account.pk)
    found = Transfer.objects.filter(mine, seq__gt=after_seq)
    if to_seq is not None:
        found = found.filter(seq__lte=to_seq)
    if since is not None:
        found = found.filter(at_business__gte=since)
    if until is not None:
        found = found.filter(at_business__lt=until)
    return found.order_by("seq")


def other_sides(account: Account, rows: Sequence[Transfer]) -> dict[int, Account]:
    """The accounts on the other side of an account's transfers, by their number: those that may be
    seen by who acts. An owner sees the transfer and not whose the other account is."""
    ids = {row.debit_id for row in rows} | {row.credit_id for row in rows}
    return Account.objects.select_related("owner").in_bulk(ids - {account.pk})


def refuse_what_is_kept(actor: Actor, transfer: Transfer) -> None:
    """A transfer's page tells all of its chain: an operator reads it where each side is the house's
    or opened to them (T7). Raises NotAllowed."""
    if not actor.has_any(Role.EXCHANGE, Role.AUDITOR):
        with acting(SYSTEM):
            sides = [side for row in chained(transfer) for side in (row.debit, row.credit)]
        for side in sides:
            policy.may_read_account(actor, side).or_refuse()


def before(account: Account, seq: int) -> Balance:
    """The account's sums as they were just before a number that it has."""
    sums = _rows(_FOLD, [account.pk, seq - 1, account.pk, seq - 1])[0]
    return Balance(*map(int, sums))


def transfer(transfer_id: UUID) -> Transfer | None:
    return Transfer.objects.filter(pk=transfer_id).first()


def accounts(
    actor: Actor, *, asked: str = "", asset: str = "", kind: str = ""
) -> QuerySet[Account]:
    """The accounts of the books: by words of the owner's name or the code, by asset, by kind
    (`house`, `limited`)."""
    policy.may_read_books(actor).or_refuse()
    found = Account.objects.select_related("owner")
    if asked:
        words = Q(owner__name__icontains=asked) | Q(code__icontains=asked)
        with suppress(ValueError):
            words |= Q(key=UUID(asked))
        found = found.filter(words)
    if asset:
        found = found.filter(asset=asset)
    if kind:
        found = found.filter(owner=None) if kind == "house" else found.filter(is_limited=True)
    return found.order_by(F("owner_id").asc(nulls_first=True), "id")


def assets() -> list[str]:
    """Every asset that has an account."""
    found = Account.objects.order_by("asset").values_list("asset", flat=True)
    with acting(SYSTEM):
        return list(found.distinct())


def kept(account: Account) -> Balance:
    """The account's sums as they stand in its row."""
    return Balance(
        account.debits_pending, account.debits_posted, account.credits_pending,
        account.credits_posted,
    )  # fmt: skip


def received(account: Account) -> int:
    """What has come to it, less what a correction took back: its credits alone also count money that
    was booked to it by mistake."""
    into = Transfer.objects.filter(credit=account, corrects=None)
    back = Transfer.objects.filter(debit=account, corrects__isnull=False)
    came, went = (rows.aggregate(n=Sum("posted_change"))["n"] or 0 for rows in (into, back))
    return int(came - went)


def resolution_of(hold: Transfer) -> Transfer | None:
    return Transfer.objects.filter(hold_id=hold.pk).first()


def chained(transfer: Transfer) -> QuerySet[Transfer]:
    """The transfers of its chain, in their order; without a chain, it alone."""
    found = Transfer.objects.select_related("debit__owner", "credit__owner")
    if transfer.chain is None:
        return found.filter(pk=transfer.pk)
    return found.filter(chain=transfer.chain).order_by("chain_place")


def corrections_of(transfer: Transfer) -> QuerySet[Transfer]:
    return Transfer.objects.filter(corrects=transfer).order_by("seq")


def entry_of(transfer: Transfer) -> Entry | None:
    """The journal entry of the batch that posted it; what the clock has undone has none."""
    from_here = Entry.objects.filter(
        subject_kind="ledger", verb="ledger.post", subject_id__gte=transfer.seq
    ).order_by("subject_id", "id")
    for entry in from_here[:ENTRIES_LOOKED_AT]:
        told = entry.payload
        runs = told.get("runs") or [[told["first"], told["last"]]]
        if any(first <= transfer.seq <= last for first, last in runs):
            return entry
    return None


def differing(limit: int = 100) -> list[int]:
    """Accounts whose kept sums are not the fold of their transfers: always none (L2)."""
    rows = _rows(
        """
        SELECT a.id FROM ledger_account AS a LEFT JOIN (
          SELECT id, sum(dpe) AS dpe, sum(dpo) AS dpo, sum(cpe) AS cpe, sum(cpo) AS cpo FROM (
            SELECT debit_id AS id, pending_change AS dpe, posted_change AS dpo, 0 AS cpe, 0 AS cpo
            FROM ledger_transfer
            UNION ALL SELECT credit_id, 0, 0, pending_change, posted_change FROM ledger_transfer
          ) AS sides GROUP BY id
        ) AS f ON f.id = a.id
        WHERE (a.debits_pending, a.debits_posted, a.credits_pending, a.credits_posted) IS DISTINCT FROM
          (COALESCE(f.dpe, 0), COALESCE(f.dpo, 0), COALESCE(f.cpe, 0), COALESCE(f.cpo, 0))
        ORDER BY a.id LIMIT %s
        """,
        [limit],
    )
    return [int(row[0]) for row in rows]
