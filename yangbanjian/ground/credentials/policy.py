"""Who may issue and revoke, and who may change the keys behind it.

Rooms above ask their own policies first (who may close a deal may have it certified); this one
keeps everybody out who could have no business with it at all.
"""

from __future__ import annotations

from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.answers import SIGN_IN, YES, Answer
from yangbanjian.kernel.words import gettext_noop

ISSUERS_ONLY = Answer(
    False,
    "credentials.issuers_only",
    gettext_noop("只有交易机构和运营人员可以签发或撤销凭证，请联系他们。"),
)


def may_issue(actor: Actor) -> Answer:
    if actor.has_any(Role.EXCHANGE, Role.OPERATOR):
        return YES
    return SIGN_IN if actor.is_anonymous else ISSUERS_ONLY


def may_revoke(actor: Actor) -> Answer:
    return may_issue(actor)
