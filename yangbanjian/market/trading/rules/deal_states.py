"""The life of a deal: from the award over signing and payment to the hand-over."""

from __future__ import annotations

from yangbanjian.kernel.moves import Move, State, StateTable
from yangbanjian.kernel.words import gettext_noop as _

TABLE = StateTable(
    name="deals",
    start="awarded",
    states=(
        State("awarded", _("待签约"), _("成交公示中")),
        State("signed", _("待付款"), _("已成交")),
        State("paid", _("价款已到账"), _("已成交")),
        State("handed_over", _("已交割"), _("已成交")),
        State("archived", _("已归档"), _("已成交"), is_final=True),
        State("defaulted", _("买方违约"), _("买方违约"), is_final=True),
    ),
    moves=(
        Move("sign", ("awarded",), "signed", _("签约"), ("owner", "buyer")),
        Move("pay", ("signed",), "paid", _("价款到账"), ("system",)),
        Move("hand_over", ("paid",), "handed_over", _("交割"), ("owner", "exchange")),
        Move("archive", ("handed_over",), "archived", _("归档"), ("exchange", "system")),
        Move(
            "default", ("awarded", "signed"), "defaulted", _("认定违约"), ("exchange",),
            needs_reason=True,
        ),
    ),
)  # fmt: skip
