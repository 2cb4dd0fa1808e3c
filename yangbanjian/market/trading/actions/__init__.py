"""The verbs of this room, one module a topic."""

from yangbanjian.market.trading.actions.decisions import choose_way, decide, state
from yangbanjian.market.trading.actions.notices import (
    change_notice,
    draft_notice,
    end_due,
    end_notice,
    looked_at,
    open_notice,
    withdraw_notice,
)
from yangbanjian.market.trading.actions.objections import appeal, object_to, rule
from yangbanjian.market.trading.actions.rights import enter_right

__all__ = [
    "appeal",
    "change_notice",
    "choose_way",
    "decide",
    "draft_notice",
    "end_due",
    "end_notice",
    "enter_right",
    "looked_at",
    "object_to",
    "open_notice",
    "rule",
    "state",
    "withdraw_notice",
]
