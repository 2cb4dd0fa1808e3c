"""Who may keep the books by hand, and who may read them.

Rooms above ask their own policies before they post: whoever may bid may have a deposit held.
"""

from __future__ import annotations

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.ledger.models import Account
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.answers import SIGN_IN, YES, Answer
from yangbanjian.kernel.words import gettext_noop

TREASURER_ONLY = Answer(
    False, "ledger.treasurer_only", gettext_noop("只有交易机构的人员可以记账，请联系交易机构。")
)
READERS_ONLY = Answer(
    False,
    "ledger.readers_only",
    gettext_noop("只有交易机构、运营人员和审计人员可以查看全部账目，请联系他们。"),
)


def may_keep_books(actor: Actor) -> Answer:
    """Opening accounts and posting by hand. Who runs the site moves money in a sandbox only."""
    if actor.has_any(Role.EXCHANGE) or (actor.is_operator and clock.is_sandbox()):
        return YES
    return SIGN_IN if actor.is_anonymous else TREASURER_ONLY


def may_read_books(actor: Actor) -> Answer:
    if actor.has_any(Role.EXCHANGE, Role.OPERATOR, Role.AUDITOR):
        return YES
    return SIGN_IN if actor.is_anonymous else READERS_ONLY


def may_read_account(actor: Actor, account: Account) -> Answer:
    """All who read the books, and those whose account it is."""
    return YES if actor.acts_for(account.owner_id) else may_read_books(actor)
