"""A day at the bank of the demo district: deposits come in by a statement, one payer forgets the
reference, one deposit goes back and is returned."""

from __future__ import annotations

from datetime import timedelta
from uuid import NAMESPACE_URL, uuid5

from yangbanjian.ground.bank import actions as bank
from yangbanjian.ground.bank.rules import StatementLine
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.ledger import actions as ledger
from yangbanjian.ground.people import queries as people
from yangbanjian.kernel.actor import SYSTEM, Actor

WAN = 1_000_000
# Deposits that three enterprises pay, in fen, and what each writes.
DEPOSITS = (20 * WAN, 12 * WAN + 50_000, 8 * WAN)


def day_at_the_bank(exchange: Actor, firms: list[int]) -> None:
    """`firms` are the organisations that pay, three at least; `exchange` keeps the books."""
    at = bank.open_account(
        actor=exchange, number=bank.number_of(exchange.organisation_id or 0), bank="东港银行营业部"
    )
    yesterday = clock.today() - timedelta(days=1)
    lines, accounts = [], []
    for number, (firm, amount) in enumerate(zip(firms, DEPOSITS, strict=False), 1):
        kept, _ = ledger.open_account(
            actor=SYSTEM, key=uuid5(NAMESPACE_URL, f"urn:ybj:demo:deposit:{firm}"), owner_id=firm,
            code="保证金", asset="CNY", is_limited=True,
        )  # fmt: skip
        accounts.append(kept.key)
        asked = bank.expect(
            actor=SYSTEM, account=kept.key, amount=amount, reference=f"BZJ-2026-{number:03d}",
            cause="竞买保证金",
        )  # fmt: skip
        named = people.organisation(firm)
        lines.append(
            StatementLine(
                serial=f"{yesterday:%Y%m%d}{number:06d}", booked_on=yesterday, amount=amount,
                counterparty=bank.number_of(firm), counterparty_name=named.name if named else "",
                # The last one has forgotten what to write.
                reference="往来款" if number == len(DEPOSITS) else f"保证金 {asked.reference}",
            )
        )  # fmt: skip
    lines.append(
        StatementLine(
            serial=f"{yesterday:%Y%m%d}000009", booked_on=yesterday, amount=-1_500,
            reference="账户管理费",
        )
    )  # fmt: skip
    taken = bank.take(actor=exchange, bank_account_id=at.pk, lines=lines)
    costs, _ = ledger.open_account(
        actor=exchange, key=uuid5(NAMESPACE_URL, "urn:ybj:demo:costs"),
        owner_id=exchange.organisation_id, code="银行费用", asset="CNY", is_limited=False,
    )  # fmt: skip
    bank.match(actor=exchange, line_id=taken.new[-1].pk, account=costs.key)
    ledger.hold(
        actor=SYSTEM, transfer_id=uuid5(NAMESPACE_URL, "urn:ybj:demo:hold"), debit=accounts[0],
        credit=ledger.named_account(actor=SYSTEM, name="clearing", asset="CNY").key,
        amount=15 * WAN, asset="CNY", cause="竞买保证金",
    )  # fmt: skip
    order = bank.refund(
        actor=exchange, line_id=taken.new[1].pk, reference="TK-2026-001", cause="未成交退还"
    )
    back = StatementLine(
        serial=f"{clock.today():%Y%m%d}000001", booked_on=clock.today(), amount=order.amount,
        counterparty=order.counterparty, counterparty_name=lines[1].counterparty_name,
        reference=f"退保证金 {order.reference}",
    )  # fmt: skip
    # The payee's account was closed: the bank sends the money back.
    returned = StatementLine(
        serial=f"{clock.today():%Y%m%d}000002", booked_on=clock.today(), amount=-order.amount,
        counterparty=order.counterparty, counterparty_name=lines[1].counterparty_name,
        reference=f"退汇 {order.reference} 账户已销户",
    )  # fmt: skip
    bank.take(actor=exchange, bank_account_id=at.pk, lines=[back, returned])
