"""The verbs of this room, one module a topic."""

from yangbanjian.market.trading.actions.bids import (
    claim_priority,
    decide_waiting,
    log_index,
    place_bid,
    place_sealed,
    receipt,
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
    stop_lot,
)
from yangbanjian.market.trading.actions.deal_defaults import (
    default,
)
from yangbanjian.market.trading.actions.deal_payments import (
    note_security,
    propose_settlement,
    remind,
    report_royalty,
    settle,
    take_back_payments,
    take_payments,
)
from yangbanjian.market.trading.actions.deal_rows import (
    locked_deal,
)
from yangbanjian.market.trading.actions.deals import (
    archive,
    award,
    certified,
    draft_contract,
    hand_over,
    register,
    sign,
)
from yangbanjian.market.trading.actions.decisions import (
    choose_way,
    decide,
    state,
)
from yangbanjian.market.trading.actions.deposits import (
    award_chain,
    forfeit,
    look_at_waiting,
    release,
    release_all,
    take_matched,
)
from yangbanjian.market.trading.actions.disclosure import (
    change_listing,
    end_disclosures,
    end_listing,
    fail_round,
    pause_listing,
    resume_listing,
    withdraw_listing,
)
from yangbanjian.market.trading.actions.follow_up import (
    follow_deal,
    read_use_paper,
    report_use,
)
from yangbanjian.market.trading.actions.listings import (
    accept_listing,
    draft_listing,
    looked_at_listing,
    publish_listing,
    return_listing,
    revise_listing,
    submit_listing,
)
from yangbanjian.market.trading.actions.lots import (
    lay_out,
    open_lot,
)
from yangbanjian.market.trading.actions.notices import (
    change_notice,
    draft_notice,
    end_due,
    end_notice,
    looked_at,
    open_notice,
    withdraw_notice,
)
from yangbanjian.market.trading.actions.objections import (
    appeal,
    object_to,
    rule,
)
from yangbanjian.market.trading.actions.papers import (
    put_paper,
    read_paper,
    take_back_paper,
    undertake,
)
from yangbanjian.market.trading.actions.payouts import (
    fail_payout,
    follow_payouts,
    repeat_payout,
)
from yangbanjian.market.trading.actions.questions import (
    answer,
    ask,
)
from yangbanjian.market.trading.actions.registrations import (
    looked_at_registration,
    qualify_buyer,
    refuse_buyer,
    sign_up,
    withdraw_registration,
)
from yangbanjian.market.trading.actions.rights import (
    enter_right,
)
from yangbanjian.market.trading.actions.sealings import (
    NEEDED,
    hand_in_share,
    keep_share,
)

__all__ = [
    "NEEDED",
    "accept_listing",
    "answer",
    "appeal",
    "archive",
    "ask",
    "award",
    "award_chain",
    "beat",
    "certified",
    "change_listing",
    "change_notice",
    "choose_way",
    "claim_priority",
    "close_due",
    "close_lot",
    "decide",
    "decide_waiting",
    "default",
    "draft_contract",
    "draft_listing",
    "draft_notice",
    "end_disclosures",
    "end_due",
    "end_listing",
    "end_notice",
    "enter_right",
    "fail_payout",
    "fail_round",
    "follow_deal",
    "follow_payouts",
    "forfeit",
    "forget_verdicts",
    "hand_in_share",
    "hand_over",
    "keep_share",
    "lay_out",
    "locked_deal",
    "log_index",
    "look_after",
    "look_at_waiting",
    "looked_at",
    "looked_at_listing",
    "looked_at_registration",
    "note_security",
    "object_to",
    "open_lot",
    "open_notice",
    "pause_listing",
    "pause_lot",
    "place_bid",
    "place_sealed",
    "propose_settlement",
    "publish_listing",
    "put_paper",
    "qualify_buyer",
    "read_paper",
    "read_use_paper",
    "receipt",
    "refuse_buyer",
    "register",
    "release",
    "release_all",
    "remind",
    "repeat_payout",
    "report_royalty",
    "report_use",
    "resume_listing",
    "resume_lot",
    "return_listing",
    "revise_listing",
    "rule",
    "set_ceiling",
    "settle",
    "sign",
    "sign_up",
    "state",
    "stop_lot",
    "submit_listing",
    "take_back_paper",
    "take_back_payments",
    "take_matched",
    "take_payments",
    "undertake",
    "withdraw_listing",
    "withdraw_notice",
    "withdraw_registration",
]
