"""Who may issue and revoke a certificate, ask for a dossier, read one."""

from __future__ import annotations

from yangbanjian.ground.database.opened import is_opened
from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.answers import SIGN_IN, YES, Answer, kept
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.certificates.models import Certificate
from yangbanjian.market.trading import policy as trading
from yangbanjian.market.trading.models import Deal

DOSSIER = Answer(
    False,
    "certificates.dossier_not_yours",
    gettext_noop("证据包只给转让方、交易机构和审计人员，请用相应账号登录。"),
)


def may_issue(actor: Actor) -> Answer:
    """The exchange, a person of it: who issued is asked when it is revoked."""
    if actor.is_anonymous:
        return SIGN_IN
    return YES if trading.is_exchange(actor) and actor.person_id else trading.EXCHANGE_ONLY


def may_revoke(actor: Actor, certificate: Certificate) -> Answer:
    """The exchange, another person than who issued it."""
    return trading.may_be_second(actor, certificate.issued_by)


def may_dossier(actor: Actor, deal: Deal) -> Answer:
    """Whose diligence it proves (the seller), the exchange, the auditor: it holds what the seller
    decided inside, which is not the buyer's to read, nor the operator's without a grant (T7)."""
    if actor.acts_for(deal.owner_id) or actor.has_any(Role.EXCHANGE, Role.AUDITOR):
        return YES
    if Role.OPERATOR in actor.roles:
        return YES if is_opened(deal.owner_id) else kept(deal.owner_id)
    return SIGN_IN if actor.is_anonymous else DOSSIER
