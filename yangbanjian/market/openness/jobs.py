"""News that this room follows: every public step of a sale becomes a release."""

from __future__ import annotations

from collections.abc import Sequence

from yangbanjian.ground.journal.jobs import subscribe
from yangbanjian.ground.journal.models import Entry
from yangbanjian.market.openness import actions
from yangbanjian.market.openness.rules import releases

# `deal_settled` is told to the parties with its sums; that it is settled everybody is told.
VERBS = (
    *(f"trading.{verb}" for verb in (*releases.LISTING, *releases.LOT, *releases.DEAL, "answered")),
    *(f"certificates.{verb}" for verb in releases.CERTIFICATE),
)


@subscribe("openness.releases", *VERBS)
def steps_were_taken(entries: Sequence[Entry]) -> None:
    """Publish what is public of them."""
    shown = [e for e in entries if e.audience == "public" or e.verb == "trading.deal_settled"]
    actions.publish(shown)
