"""The life of a buyer's registration for a lot: sign up, pay the deposit, qualify, bid, settle."""

from __future__ import annotations

from yangbanjian.kernel.moves import Move, State, StateTable
from yangbanjian.kernel.words import gettext_noop as _

# In these states a deposit is held.
WITH_DEPOSIT = ("deposited", "qualified", "won")

TABLE = StateTable(
    name="registrations",
    start="applied",
    states=(
        State("applied", _("待交保证金")),
        State("deposited", _("保证金已到账")),
        State("qualified", _("已取得资格")),
        State("refused", _("资格未通过"), is_final=True),
        State("lapsed", _("逾期未交保证金"), is_final=True),
        State("withdrawn", _("已退出"), is_final=True),
        State("won", _("竞得")),
        State("lost", _("未竞得")),
        State("completed", _("已履约"), is_final=True),
        State("forfeited", _("保证金已扣除"), is_final=True),
    ),
    moves=(
        Move("deposit", ("applied",), "deposited", _("保证金到账"), ("system",)),
        Move("lapse", ("applied",), "lapsed", _("逾期"), ("system",)),
        Move("qualify", ("deposited",), "qualified", _("确认资格"), ("exchange",)),
        Move("refuse", ("applied", "deposited"), "refused", _("资格不通过"), ("exchange",), needs_reason=True),
        Move("withdraw", ("applied",), "withdrawn", _("退出"), ("buyer",)),
        Move("win", ("qualified", "lost"), "won", _("竞得"), ("system",)),
        Move("lose", ("deposited", "qualified"), "lost", _("未竞得"), ("system",)),
        Move("complete", ("won",), "completed", _("履约完毕"), ("system",)),
        Move("forfeit", WITH_DEPOSIT, "forfeited", _("扣除保证金"), ("exchange",), needs_reason=True),
    ),
)  # fmt: skip
