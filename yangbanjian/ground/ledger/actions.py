"""Opening accounts and posting transfers: through the poster's functions, there is no other way.

`post`, `transfer`, `hold`, `settle`, `release`, `chain` and `open_account` are for the rooms above,
which have asked their own policies; `keep` and `keep_account` are a treasurer's, by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q

from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal.actions import Fact, record
from yangbanjian.ground.ledger import policy, queries
from yangbanjian.ground.ledger.models import Account
from yangbanjian.ground.ledger.models import Transfer as Booked
from yangbanjian.ground.ledger.rules import (
    MOST_TRANSFERS,
    SUSPENSE,
    Kind,
    Outcome,
    Result,
    Transfer,
    problems_of,
)
from yangbanjian.ground.people import queries as people
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.answers import Answer
from yangbanjian.kernel.refusals import Conflict, Invalid, NotFound, Problem
from yangbanjian.kernel.words import gettext_noop

# What a room above is told when its transfer does not stand; a treasurer sees the results.
FALLEN: dict[Result, Answer] = {
    Result.CONFLICT: Answer(
        False,
        "ledger.conflict",
        gettext_noop("这笔转账与账上已有的记录矛盾，没有记账。请核对后换一个编号。"),
    ),
    Result.OVER_LIMIT: Answer(
        False, "ledger.over_limit", gettext_noop("账户余额不足或超过限额，没有记账。请先存入再试。")
    ),
    Result.RESOLVED: Answer(
        False, "ledger.resolved", gettext_noop("这笔冻结已经结清或解冻，不能再动。")
    ),
    Result.EXPIRED: Answer(
        False, "ledger.expired", gettext_noop("这笔冻结已经过期解冻，请重新冻结。")
    ),
    Result.NO_ACCOUNT: Answer(
        False, "ledger.no_account", gettext_noop("没有这个账户，没有记账。请核对账户编号。")
    ),
    Result.WRONG_ASSET: Answer(
        False,
        "ledger.wrong_asset",
        gettext_noop("账户的币种或单位与转账不同，没有记账。请经清算账户兑换。"),
    ),
    Result.CHAIN_FAILED: Answer(
        False,
        "ledger.chain_failed",
        gettext_noop("同组的转账有一笔不成立，整组没有记账。请看是哪一笔。"),
    ),
}


def open_account(
    *, actor: Actor, key: UUID, owner_id: int | None, code: str, asset: str, is_limited: bool
) -> tuple[Account, bool]:
    """(the account, whether it is new). The same call again changes nothing; refuses a key, or a
    name of the house, that stands for another account."""
    if owner_id is not None and people.organisation(owner_id) is None:
        raise NotFound("ledger.no_owner", gettext_noop("没有这个单位，请核对单位编号。"))
    with acting(actor):
        told = _call(
            "SELECT ledger_open_account(%s, %s, %s, %s, %s)",
            [key, owner_id, code, asset, is_limited],
        )[0][0]
        if told == "conflict":
            raise Conflict(
                "ledger.account_conflict",
                gettext_noop("这个编号已经是另一个账户的，没有开户。请换一个编号。"),
            )
        account = Account.objects.get(key=key)
        if told == "ok":
            record(
                actor=actor,
                fact=Fact(
                    verb="ledger.open_account", subject_kind="ledger_account",
                    subject_id=account.pk, owner_id=owner_id,
                    payload={"asset": asset, "code": code, "limited": is_limited},
                ),
            )  # fmt: skip
    return account, told == "ok"


def named_account(*, actor: Actor, name: str, asset: str) -> Account:
    """The house's own account of this name and asset, opened when it is first asked for."""
    key = queries.named_key(name, asset)
    return open_account(
        actor=actor, key=key, owner_id=None, code=name, asset=asset, is_limited=False
    )[0]


def post(*, actor: Actor, transfers: Sequence[Transfer]) -> list[Outcome]:
    """Post a batch in its order; what became of each. What was posted before `exists` and is not
    posted again. Refuses (Invalid) a batch that makes no sense, whatever the ledger holds."""
    if len(transfers) > MOST_TRANSFERS:
        raise Invalid(
            "ledger.batch_too_large",
            gettext_noop("一批最多 %(most)d 笔转账，请分批提交。"),
            most=MOST_TRANSFERS,
        )
    problems = list(problems_of(transfers))
    if problems:
        sentence = gettext_noop("这一批转账填得不对，一笔也没有记账，请看 errors。")
        raise Invalid("ledger.unusable_batch", sentence, problems)
    if not transfers:
        return []
    with acting(actor):
        rows = _call(
            "SELECT place, result, seq FROM post_batch(%s::jsonb, %s) ORDER BY place",
            [json.dumps([_wire(t) for t in transfers]), settings.TIME_ZONE],
        )
        outcomes = [Outcome(transfers[p - 1].id, Result(r), s) for p, r, s in rows]
        _tell(actor, [o.seq for o in outcomes if o.result is Result.OK and o.seq is not None])
    return outcomes


def _tell(actor: Actor, seqs: Sequence[int]) -> None:
    """One entry a batch: which numbers it has; the transfers themselves stand in the ledger.
    `queries.entry_of` finds it by a number."""
    if seqs:
        record(
            actor=actor,
            fact=Fact(
                verb="ledger.post", subject_kind="ledger", subject_id=max(seqs),
                payload={
                    "first": min(seqs), "last": max(seqs), "count": len(seqs), **_runs(seqs),
                },
            ),
        )  # fmt: skip


def _runs(seqs: Sequence[int]) -> dict[str, list[list[int]]]:
    """Where others drew numbers meanwhile: which of those between the first and last are meant."""
    runs: list[list[int]] = []
    for seq in sorted(seqs):
        if runs and seq == runs[-1][1] + 1:
            runs[-1][1] = seq
        else:
            runs.append([seq, seq])
    return {"runs": runs} if len(runs) > 1 else {}


def _wire(asked: Transfer) -> dict[str, Any]:
    """The one form of a transfer, of which the ledger keeps the digest: what isn't said is left out."""
    said = {
        "id": asked.id, "kind": asked.kind.value, "debit": asked.debit, "credit": asked.credit,
        "amount": asked.amount, "asset": asked.asset, "hold_id": asked.hold_id, "chain": asked.chain,
        "timeout_s": asked.timeout_s, "cause": asked.cause or None,
        "corrects_id": asked.corrects_id, "effective_on": asked.effective_on,
    }  # fmt: skip
    return {
        name: value if isinstance(value, int | str) else str(value)
        for name, value in said.items()
        if value is not None
    }


def _call(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _insist(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Refuse, and so undo, when one of them does not stand; the cause before its consequences."""
    fallen = [o for o in outcomes if not o.stands]
    fallen.sort(key=lambda o: o.result is Result.CHAIN_FAILED)
    if fallen:
        told = FALLEN[fallen[0].result]
        raise Conflict(told.code, told.reason)
    return list(outcomes)


def chain(*, actor: Actor, transfers: Sequence[Transfer]) -> list[Outcome]:
    """Post all of them or none; refuses with the first reason. They carry one `chain`."""
    if len({t.chain for t in transfers}) > 1:
        raise ValueError("the transfers of a chain carry its id")
    with acting(actor):
        return _insist(post(actor=actor, transfers=transfers))


def transfer(
    *, actor: Actor, transfer_id: UUID, debit: UUID, credit: UUID, amount: int, asset: str,
    cause: str = "", corrects_id: UUID | None = None,
) -> Outcome:  # fmt: skip
    """Move an amount at once; refuses when that can't be."""
    asked = Transfer(
        id=transfer_id, debit=debit, credit=credit, amount=amount, asset=asset, cause=cause,
        corrects_id=corrects_id,
    )  # fmt: skip
    return chain(actor=actor, transfers=[asked])[0]


def hold(
    *, actor: Actor, transfer_id: UUID, debit: UUID, credit: UUID, amount: int, asset: str,
    lasting: timedelta | None = None, cause: str = "",
) -> Outcome:  # fmt: skip
    """Reserve an amount for one receiver; it expires by the business clock if `lasting` is said."""
    seconds = None if lasting is None else int(lasting.total_seconds())
    asked = Transfer(
        id=transfer_id, kind=Kind.PENDING, debit=debit, credit=credit, amount=amount, asset=asset,
        timeout_s=seconds, cause=cause,
    )  # fmt: skip
    return chain(actor=actor, transfers=[asked])[0]


def settle(
    *, actor: Actor, transfer_id: UUID, hold_id: UUID, amount: int | None = None, cause: str = ""
) -> Outcome:
    """Pay a hold, in part or whole; what is not paid goes back in the same commit."""
    asked = Transfer(id=transfer_id, kind=Kind.POST, hold_id=hold_id, amount=amount, cause=cause)
    return chain(actor=actor, transfers=[asked])[0]


def release(*, actor: Actor, transfer_id: UUID, hold_id: UUID, cause: str = "") -> Outcome:
    """Give a hold back whole."""
    asked = Transfer(id=transfer_id, kind=Kind.VOID, hold_id=hold_id, cause=cause)
    return chain(actor=actor, transfers=[asked])[0]


def expire_due(*, actor: Actor, most: int) -> int:
    """Give back up to `most` holds whose time has run out; 0 when none is left."""
    with acting(actor):
        done = int(_call("SELECT ledger_expire(%s)", [most])[0][0])
        if done:
            record(
                actor=actor,
                fact=Fact(
                    verb="ledger.expire", subject_kind="ledger", subject_id=queries.settled_seq(),
                    payload={"holds": done},
                ),
            )  # fmt: skip
    return done


def keep(*, actor: Actor, transfers: Sequence[Transfer]) -> list[Outcome]:
    """Post a batch by hand, as a treasurer; not into suspense nor out of it."""
    policy.may_keep_books(actor).or_refuse()
    problems = list(_of_suspense(transfers))
    if problems:
        sentence = gettext_noop("暂记账户只由银行流水和对账记账，不能手工转入转出。")
        raise Invalid("ledger.suspense_kept", sentence, problems)
    return post(actor=actor, transfers=transfers)


def _of_suspense(transfers: Sequence[Transfer]) -> Iterator[Problem]:
    """What is in suspense is what the bank's lines say (L12): the database would refuse the whole
    transaction, so it is told before, by place."""
    sentence = gettext_noop("暂记账户只由银行流水和对账记账，不能手工转入转出。")
    resolved = {t.hold_id for t in transfers if t.hold_id is not None}
    of_it = Q(debit__owner=None, debit__code=SUSPENSE) | Q(
        credit__owner=None, credit__code=SUSPENSE
    )
    holds = set(Booked.objects.filter(of_it, pk__in=resolved).values_list("pk", flat=True))
    keys = {queries.named_key(SUSPENSE, t.asset) for t in transfers if t.asset}
    for place, asked in enumerate(transfers):
        if asked.hold_id in holds:
            yield Problem(f"transfers.{place}.pending_id", "suspense", sentence)
        for side in ("debit", "credit"):
            if getattr(asked, side) in keys:
                yield Problem(f"transfers.{place}.{side}", "suspense", sentence)


def keep_account(
    *, actor: Actor, key: UUID, owner_id: int | None, code: str, asset: str, is_limited: bool
) -> tuple[Account, bool]:
    """Open an account by hand, as a treasurer; without an owner, the actor's organisation's."""
    policy.may_keep_books(actor).or_refuse()
    return open_account(
        actor=actor, key=key, owner_id=owner_id or actor.organisation_id, code=code, asset=asset,
        is_limited=is_limited,
    )  # fmt: skip
