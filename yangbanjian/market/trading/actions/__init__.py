"""The verbs of this room, one module a topic."""

from yangbanjian.market.trading.actions.bids import (
    claim_priority,
    decide_waiting,
    log_index,
    place_bid,
    place_sealed,
    set_ceiling,
)
from yangbanjian.market.trading.actions.closing import (
    beat,
    close_due,
    close_lot,
    forget_verdicts,
    look_after,
    pause_lot,
    resume_lot,
)
from yangbanjian.market.trading.actions.decisions import choose_way, decide, state
from yangbanjian.market.trading.actions.lots import lay_out, open_lot
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
from yangbanjian.market.trading.actions.sealings import NEEDED, hand_in_share, keep_share

__all__ = [
    "NEEDED",
    "appeal",
    "beat",
    "change_notice",
    "choose_way",
    "claim_priority",
    "close_due",
    "close_lot",
    "decide",
    "decide_waiting",
    "draft_notice",
    "end_due",
    "end_notice",
    "enter_right",
    "forget_verdicts",
    "hand_in_share",
    "keep_share",
    "lay_out",
    "log_index",
    "look_after",
    "looked_at",
    "object_to",
    "open_lot",
    "open_notice",
    "pause_lot",
    "place_bid",
    "place_sealed",
    "resume_lot",
    "rule",
    "set_ceiling",
    "state",
    "withdraw_notice",
]
