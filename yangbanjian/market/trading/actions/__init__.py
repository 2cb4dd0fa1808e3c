"""The verbs of this room, one module a topic."""

from yangbanjian.market.trading.actions.deal_defaults import default
from yangbanjian.market.trading.actions.deal_payments import (
    note_security,
    propose_settlement,
    remind,
    report_royalty,
    settle,
    take_back_payments,
    take_payments,
)
from yangbanjian.market.trading.actions.deal_rows import locked_deal
from yangbanjian.market.trading.actions.deals import (
    archive,
    award,
    certified,
    draft_contract,
    hand_over,
    register,
    sign,
)
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
    "archive",
    "award",
    "certified",
    "change_notice",
    "choose_way",
    "decide",
    "default",
    "draft_contract",
    "draft_notice",
    "end_due",
    "end_notice",
    "enter_right",
    "hand_over",
    "locked_deal",
    "looked_at",
    "note_security",
    "object_to",
    "open_notice",
    "propose_settlement",
    "register",
    "remind",
    "report_royalty",
    "rule",
    "settle",
    "sign",
    "state",
    "take_back_payments",
    "take_payments",
    "withdraw_notice",
]
