"""Who may keep the books by hand, and who may read them.

Rooms above ask their own policies before they post: whoever may bid may have a deposit held.
"""

from __future__ import annotations

from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.opened import is_opened
from yangbanjian.ground.ledger.models import Account
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.answers import SIGN_IN, YES, Answer, kept
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
    """The exchange and the auditor, and those whose account it is; who runs the site the house's
    own, and an organisation's that is opened to them (T7)."""
    if actor.acts_for(account.owner_id) or actor.has_any(Role.EXCHANGE, Role.AUDITOR):
        return YES
    if Role.OPERATOR in actor.roles:
        # In a sandbox they keep the books.
        if account.owner_id is None or is_opened(account.owner_id) or clock.is_sandbox():
            return YES
        return kept(account.owner_id)
    return may_read_books(actor)
