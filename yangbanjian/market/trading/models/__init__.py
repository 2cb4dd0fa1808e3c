"""Tables of the floor. Triggers keep decisions, statements and register entries as written
(migration 0002)."""

from yangbanjian.market.trading.models.bidding import (
    Beat,
    Inbox,
    Sealing,
    Stuck,
)
from yangbanjian.market.trading.models.deals import (
    Deal,
    Instalment,
    RoyaltyReport,
)
from yangbanjian.market.trading.models.listings import (
    Listing,
    ListingVersion,
    Registration,
)
from yangbanjian.market.trading.models.lots import (
    Lot,
    LotLine,
    PlacedBid,
    Received,
    Reserve,
)
from yangbanjian.market.trading.models.notices import (
    Decision,
    NoticeVersion,
    Objection,
    PublicNotice,
)
from yangbanjian.market.trading.models.papers import (
    Paper,
    Reading,
    Undertaking,
)
from yangbanjian.market.trading.models.payouts import (
    Payout,
)
from yangbanjian.market.trading.models.questions import (
    Question,
)
from yangbanjian.market.trading.models.rights import (
    Right,
    RightEntry,
)
from yangbanjian.market.trading.models.statements import (
    Statement,
    Way,
)
from yangbanjian.market.trading.models.uses import (
    UseReport,
)

__all__ = [
    "Beat",
    "Deal",
    "Decision",
    "Inbox",
    "Instalment",
    "Listing",
    "ListingVersion",
    "Lot",
    "LotLine",
    "NoticeVersion",
    "Objection",
    "Paper",
    "Payout",
    "PlacedBid",
    "PublicNotice",
    "Question",
    "Reading",
    "Received",
    "Registration",
    "Reserve",
    "Right",
    "RightEntry",
    "RoyaltyReport",
    "Sealing",
    "Statement",
    "Stuck",
    "Undertaking",
    "UseReport",
    "Way",
]
