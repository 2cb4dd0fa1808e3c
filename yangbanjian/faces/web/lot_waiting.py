"""The waiting room: what a bidder does before bidding begins. Nothing of it is recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from yangbanjian.faces.web import lot_forms as forms
from yangbanjian.faces.web.forms_on_pages import Act
from yangbanjian.kernel.actor import Actor
from yangbanjian.kernel.amounts import format_fen_full
from yangbanjian.kernel.refusals import Invalid
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading import queries

# An empty lot at its opening gives no other verdict.
TRIALS = {
    "too_low": gettext_noop("试报价：低于需要的金额，正式报价时不会计入。"),
    "off_step": gettext_noop("试报价：不在加价幅度上，正式报价时不会计入。"),
    "closed": gettext_noop("试报价：不在竞价时间内，正式报价时不会计入。"),
    "not_qualified": gettext_noop("试报价：您现在没有这个标的的竞买资格，正式报价时不会计入。"),
}
CONFIRM = gettext_noop(
    "试报价：比需要的金额高出 10% 以上，正式报价时会再问一次。确认无误，请再按一次「试报」。"
)


def acts(
    actor: Actor, one: Any, asked_again: Callable[[int | None, Any, str], None]
) -> dict[str, Act]:
    """Trying a bid, by the form of a real one; `asked_again` refuses what needs a second look."""

    def trial(values: dict[str, Any]) -> str:
        told = queries.trial(actor, one.pk, values["amount_fen"])
        if told.verdict.value != "accepted":
            raise Invalid(f"bids.{told.verdict.value}", TRIALS[told.verdict.value])
        asked_again(one.start_fen, values, CONFIRM)
        said = {"sum": format_fen_full(values["amount_fen"])}
        return _("试报价：%(sum)s 会是有效的报价。这次没有计入，也没有记录。") % said

    return {"trial": Act(forms.TrialForm, trial)}


def shown(one: Any, mine: Any) -> dict[str, Any] | None:
    """The part of the room that is there before bidding begins; None afterwards."""
    if not queries.is_before_bidding(one):
        return None
    return {
        "may_try": mine is not None and queries.takes_trials(one),
        "zone": timezone.get_current_timezone_name(),
        "same": _("您设备的时钟和服务器一致，相差不到 1 秒。"),
        "fast": _("您设备的时钟快 {n} 秒。报价以服务器收到的时间为准。"),
        "slow": _("您设备的时钟慢 {n} 秒。报价以服务器收到的时间为准。"),
        "far": _("您设备的时钟和服务器相差一小时以上。请看这里的服务器时间。"),
        "seal": _sealing(one, mine) if one.method == "sealed" and mine is not None else None,
    }  # fmt: skip


def _sealing(one: Any, mine: Any) -> dict[str, Any]:
    """What the page's script seals a trial with. There is no key: the script makes one and forgets
    it."""
    return {
        "public_key": "", "pad_to": queries.PAD_TO, "lot": str(one.pk),
        "plate": mine.plate, "aad": f"{one.pk}|{mine.plate}|{{bid_id}}", "start_fen": one.start_fen,
    }  # fmt: skip
