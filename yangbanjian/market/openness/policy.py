"""Who sees what: releases are everybody's; what is suspected of persons is not."""

from __future__ import annotations

from yangbanjian.kernel.actor import Actor, Role
from yangbanjian.kernel.answers import SIGN_IN, YES, Answer
from yangbanjian.kernel.words import gettext_noop

STAFF_ONLY = Answer(
    False,
    "openness.staff_only",
    gettext_noop("风险提示只给运营人员和审计人员看，请用相应账号登录。"),
)


def may_see_risks(actor: Actor) -> Answer:
    """All indicators, those about persons too: operators and auditors."""
    if actor.is_anonymous:
        return SIGN_IN
    return YES if actor.has_any(Role.OPERATOR, Role.AUDITOR) else STAFF_ONLY
