"""The life of a lot: what bidding sells, from the notice until somebody has it or nobody will."""

from __future__ import annotations

from yangbanjian.kernel.moves import Move, State, StateTable
from yangbanjian.kernel.words import gettext_noop as _

_WAITING, _OPEN, _PAUSED = _("未开始"), _("竞价中"), _("暂停竞价")
_PRIORITY, _SOLD, _UNSOLD = _("优先权行使中"), _("已成交"), _("未成交")

TABLE = StateTable(
    name="lots",
    start="waiting",
    states=(
        State("waiting", _WAITING, _WAITING),
        State("open", _OPEN, _OPEN),
        State("paused", _PAUSED, _PAUSED),
        State("opening", _("待开标"), _("待开标")),
        State("priority", _PRIORITY, _PRIORITY),
        State("sold", _SOLD, _SOLD),
        State("defaulted", _("买方违约"), _SOLD),
        State("settled", _("价款已结清"), _SOLD, is_final=True),
        State("unsold", _UNSOLD, _UNSOLD, is_final=True),
        State("stopped", _("已终结"), _("已终结"), is_final=True),
    ),
    moves=(
        Move("open", ("waiting",), "open", _("开始竞价"), ("system",)),
        Move("pause", ("open",), "paused", _("暂停"), ("exchange", "system"), needs_reason=True),
        Move("resume", ("paused",), "open", _("恢复"), ("exchange", "system")),
        Move("await_opening", ("open",), "opening", _("等待开标"), ("system",)),
        Move("ask_priority", ("open", "opening"), "priority", _("征询优先权"), ("system",)),
        Move("award", ("open", "opening", "priority"), "sold", _("确认成交"), ("system",)),
        Move("fail", ("open", "opening"), "unsold", _("未成交"), ("system",)),
        Move(
            "stop", ("waiting", "open", "paused", "opening"), "stopped", _("终结"), ("exchange",),
            needs_reason=True,
        ),
        Move("default", ("sold",), "defaulted", _("认定违约"), ("exchange",), needs_reason=True),
        Move("pass_on", ("defaulted",), "sold", _("由次高报价者受让"), ("exchange",)),
        Move("give_up", ("defaulted",), "unsold", _("无人递补"), ("exchange",)),
        Move("settle", ("sold",), "settled", _("结清价款"), ("system",)),
    ),
)  # fmt: skip
