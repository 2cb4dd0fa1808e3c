"""Where organisations want to be paid: each says it for itself."""

from __future__ import annotations

import re

from yangbanjian.ground.bank import policy, queries
from yangbanjian.ground.bank.models import NUMBER, Payee
from yangbanjian.ground.bank.rules import account_number
from yangbanjian.ground.clock import queries as clock
from yangbanjian.ground.database.transactions import acting
from yangbanjian.ground.journal.actions import Fact, record
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.refusals import Invalid, Problem
from yangbanjian.kernel.text import clean_line
from yangbanjian.kernel.words import gettext_noop


def name_payee(*, actor: Actor, number: str, bank: str) -> Payee:
    """Name the bank account to which one's organisation is paid from now on; orders that were given
    keep theirs. The same again changes nothing. Raises NotAllowed, Invalid."""
    policy.may_name_payee(actor, actor.organisation_id).or_refuse()
    assert actor.organisation_id is not None
    said, at = account_number(number), clean_line(bank, cap=100)
    problems = []
    if not re.match(NUMBER, said):
        told = gettext_noop("账号只能有数字、字母、点和短横，最多 64 位。")
        problems.append(Problem("number", "unusable", told))
    if not at:
        problems.append(Problem("bank", "missing", gettext_noop("请填写开户银行。")))
    if problems:
        raise Invalid(
            "bank.unusable_account", gettext_noop("银行账户填得不对，请看提示。"), problems
        )
    with acting(actor):
        before = queries.payee_of(actor.organisation_id)
        if before is not None and (before.number, before.bank) == (said, at):
            return before
        made = Payee.objects.create(
            owner_id=actor.organisation_id, number=said, bank=at, made_by=actor.person_id,
            made_at=clock.now(),
        )  # fmt: skip
        fact = Fact("bank.name_payee", "bank_payee", made.pk, made.owner_id, audience="parties")
        record(actor=actor, fact=fact)
        return made
