"""The verbs of this room. `expect`, `pay_out` and `refund` are for the rooms above, which have
asked their own policies; the others ask whether the actor keeps the books."""

from __future__ import annotations

from yangbanjian.ground.bank.actions.expectations import (
    expect,
    fail,
    pay_out,
    refund,
    repeat_refund,
    withdraw,
)
from yangbanjian.ground.bank.actions.lines import Taken, open_account, take
from yangbanjian.ground.bank.actions.payees import name_payee
from yangbanjian.ground.bank.actions.placing import match, return_payment, unmatch
from yangbanjian.ground.bank.actions.sandbox import carry_out, move_money, number_of

__all__ = [
    "Taken", "carry_out", "expect", "fail", "match", "move_money", "name_payee", "number_of", "open_account", "pay_out", "refund", "repeat_refund", "return_payment", "take",
    "unmatch", "withdraw",
]  # fmt: skip
