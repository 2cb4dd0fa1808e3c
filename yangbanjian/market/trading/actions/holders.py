"""Telling the three houses of a sealed lot what they have to do: take their share, hand it in."""

from __future__ import annotations

from yangbanjian.ground.messages import actions as messages
from yangbanjian.ground.messages.actions import Word
from yangbanjian.kernel.actor import Role
from yangbanjian.kernel.words import gettext_noop
from yangbanjian.market.trading.models import Listing, Lot, Sealing


def call_for_keys(listing: Listing, lot: Lot, *, is_late: bool = False) -> None:
    """A listing by sealed bids is public: nobody can bid before all three have their share.
    `is_late`: once more, when bidding waits for nothing else."""
    sentence = gettext_noop("「%(title)s」用一次报价，请领取您这一方保管的密钥份额，领齐才能报价。")
    word = Word(
        "trading", sentence, {"title": listing.title}, f"/lots/{lot.pk}", needs_action=True,
        once=f"lot.keys.{lot.pk}.{is_late}",
    )  # fmt: skip
    messages.tell_role(Role.EXCHANGE, word)
    messages.tell_role(Role.AUDITOR, word)
    messages.tell_organisation(listing.owner_id, word, Role.TTO, Role.ENTERPRISE)


def call_for_shares(lot: Lot) -> None:
    """The deadline has passed: each holder is asked for their share."""
    one = Sealing.objects.get(pk=lot.pk)
    sentence = gettext_noop("「%(title)s」报价已截止，请交来您保管的密钥份额，两份到齐就开标。")
    word = Word(
        "trading", sentence, {"title": lot.listing.title}, f"/lots/{lot.pk}", needs_action=True,
        once=f"lot.shares.{lot.pk}",
    )  # fmt: skip
    messages.tell([h["person"] for h in one.holders], word)
