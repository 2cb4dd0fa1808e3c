"""Who may bring in statements and match them: whoever keeps the books. Who may see them: whoever
reads the books. Where an organisation is paid, it says itself."""

from __future__ import annotations

from yangbanjian.ground.ledger.policy import may_keep_books, may_read_books
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.answers import SIGN_IN, YES, Answer
from yangbanjian.kernel.words import gettext_noop

__all__ = ["may_keep_books", "may_name_payee", "may_read_books"]

OWN_ACCOUNT = Answer(
    False,
    "bank.own_account_only",
    gettext_noop("收款账户只能由本单位的经办人登记，请用本单位账号登录。"),
)


def may_name_payee(actor: Actor, owner_id: int | None) -> Answer:
    """Say where an organisation wants to be paid: those who act for it, and nobody who pays."""
    if actor.is_anonymous:
        return SIGN_IN
    is_clerk = actor.has_any(Role.TTO, Role.ENTERPRISE, Role.BROKER)
    is_own = owner_id is not None and owner_id in actor.mandates
    return YES if is_own and is_clerk else OWN_ACCOUNT
