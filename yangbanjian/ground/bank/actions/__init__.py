"""The verbs of this room. `expect`, `pay_out` and `refund` are for the rooms above, which have
asked their own policies; the others ask whether the actor keeps the books."""

from __future__ import annotations

from yangbanjian.ground.bank.actions.expectations import expect, fail, pay_out, refund, withdraw
from yangbanjian.ground.bank.actions.lines import Taken, match, open_account, take, unmatch
from yangbanjian.ground.bank.actions.payees import name_payee
from yangbanjian.ground.bank.actions.sandbox import carry_out, move_money, number_of

__all__ = [
    "Taken", "carry_out", "expect", "fail", "match", "move_money", "name_payee", "number_of", "open_account", "pay_out", "refund", "take",
    "unmatch", "withdraw",
]  # fmt: skip
