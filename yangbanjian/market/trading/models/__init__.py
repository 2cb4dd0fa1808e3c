"""Tables of the floor. Triggers keep decisions, statements and register entries as written
(migration 0002)."""

from yangbanjian.market.trading.models.notices import (
    Decision,
    NoticeVersion,
    Objection,
    PublicNotice,
)
from yangbanjian.market.trading.models.rights import Right, RightEntry
from yangbanjian.market.trading.models.statements import Statement, Way

__all__ = [
    "Decision",
    "NoticeVersion",
    "Objection",
    "PublicNotice",
    "Right",
    "RightEntry",
    "Statement",
    "Way",
]
