"""The life of a library record. No dead listings: what is public expires unless it is renewed."""

from __future__ import annotations

from datetime import datetime, timedelta

from yangbanjian.kernel.moves import Move, State, StateTable
from yangbanjian.kernel.words import gettext_noop

LIVE = ("public", "expiring")
SHOWN = ("public", "expiring", "expired", "withdrawn", "sold")


def library_table(name: str, sold_label: str) -> StateTable:
    """The table of one library; what ends well is called differently in each."""
    return StateTable(
        name=name,
        start="draft",
        states=(
            State("draft", gettext_noop("草稿")),
            State("submitted", gettext_noop("待审核")),
            State("public", gettext_noop("公开"), gettext_noop("公开")),
            State("expiring", gettext_noop("即将到期"), gettext_noop("公开")),
            State("expired", gettext_noop("已到期"), gettext_noop("已到期")),
            State("withdrawn", gettext_noop("已撤回"), gettext_noop("已撤回")),
            State("sold", sold_label, sold_label, is_final=True),
        ),
        moves=(
            Move("submit", ("draft",), "submitted", gettext_noop("提交"), ("owner", "operator")),
            Move("approve", ("submitted",), "public", gettext_noop("通过"), ("operator",)),
            Move(
                "return",
                ("submitted",),
                "draft",
                gettext_noop("退回"),
                ("operator",),
                needs_reason=True,
            ),
            Move(
                "renew",
                ("public", "expiring", "expired"),
                "public",
                gettext_noop("续期"),
                ("owner", "operator"),
            ),
            Move(
                "withdraw",
                ("submitted", "public", "expiring", "expired"),
                "withdrawn",
                gettext_noop("撤回"),
                ("owner", "operator"),
            ),
            Move(
                "reopen", ("withdrawn",), "draft", gettext_noop("重新编辑"), ("owner", "operator")
            ),
            Move("warn", ("public",), "expiring", gettext_noop("提醒到期"), ("system",)),
            Move("expire", ("expiring",), "expired", gettext_noop("到期"), ("system",)),
            Move("close", ("public", "expiring"), "sold", sold_label, ("system",)),
        ),
    )


def valid_until(published: datetime, days: int) -> datetime:
    """When a record published now stops being public."""
    return published + timedelta(days=days)


def warn_from(until: datetime, notice_days: int) -> datetime:
    """From when its owner is reminded."""
    return until - timedelta(days=notice_days)
