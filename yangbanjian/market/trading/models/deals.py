"""Deals and what is paid for them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from yangbanjian.ground.bank.models import Expectation, Line
from yangbanjian.ground.people.models import Organisation
from yangbanjian.ground.rulebook.models import Edition
from yangbanjian.libraries.achievements.models import Achievement
from yangbanjian.market.trading.models.listings import Listing, Registration
from yangbanjian.market.trading.models.lots import Lot
from yangbanjian.market.trading.rules import deal_states
from yangbanjian.market.trading.rules.lots import MOST_FEN


class Deal(models.Model):
    """What a lot's result made of seller and buyer. A lot has one award at a time (A9): a second
    deal begins only when the first is in default."""

    id = models.BigAutoField(primary_key=True)
    lot = models.ForeignKey(Lot, models.PROTECT, related_name="deals")
    listing = models.ForeignKey(Listing, models.PROTECT, related_name="deals")
    achievement = models.ForeignKey(Achievement, models.PROTECT, related_name="+")
    registration = models.ForeignKey(Registration, models.PROTECT, related_name="+")
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")  # the seller
    buyer = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    edition = models.ForeignKey(Edition, models.PROTECT, related_name="+")
    follows = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    state = models.TextField(default="awarded")
    version = models.IntegerField(default=1)
    price_fen = models.BigIntegerField()
    deal_mode = models.TextField()
    payment = models.JSONField(default=dict)
    account = models.UUIDField(null=True)  # where the price is kept until it is settled
    awarded_at = models.DateTimeField()
    sign_by = models.DateTimeField()
    seller_signed_by = models.BigIntegerField(null=True)
    seller_signed_at = models.DateTimeField(null=True)
    buyer_signed_by = models.BigIntegerField(null=True)
    buyer_signed_at = models.DateTimeField(null=True)
    signed_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    registered_no = models.TextField(default="", blank=True)
    registered_at = models.DateTimeField(null=True)
    handed_over_at = models.DateTimeField(null=True)
    defaulted_at = models.DateTimeField(null=True)
    contract = models.JSONField(default=dict)
    signatures = models.JSONField(default=dict)  # side -> what signing.py made
    other_fen = models.BigIntegerField(default=0)  # of the price, what is not technical
    # What stands for the instalments that are still open (a guarantee's number), by the exchange.
    security = models.TextField(default="", blank=True)
    security_by = models.BigIntegerField(null=True)
    default_case = models.TextField(default="", blank=True)
    claim_fen = models.BigIntegerField(default=0)  # what the defaulter still owes
    settle_proposed_by = models.BigIntegerField(null=True)
    settle_proposed_at = models.DateTimeField(null=True)
    settled_by = models.BigIntegerField(null=True)
    settled_at = models.DateTimeField(null=True)
    # The next day on which the deal is looked at; when its use was first reported, and when it was
    # noted that there was none.
    follow_on = models.DateField(null=True)
    used_at = models.DateTimeField(null=True)
    unused_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "trading_deal"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=list(deal_states.TABLE.codes)), name="deal_state_known"
            ),
            models.CheckConstraint(
                condition=Q(price_fen__gte=1, price_fen__lte=MOST_FEN), name="deal_price_in_range"
            ),
            models.CheckConstraint(condition=~Q(owner=F("buyer")), name="deal_has_two_sides"),
            models.UniqueConstraint(
                fields=["lot"], condition=~Q(state="defaulted"), name="deal_one_award"
            ),
            models.CheckConstraint(
                condition=Q(other_fen__gte=0, other_fen__lte=F("price_fen")),
                name="deal_technical_within_price",
            ),
            models.CheckConstraint(
                condition=Q(state="defaulted") ^ Q(default_case=""), name="deal_default_has_case"
            ),
            # Two persons before money leaves to the seller.
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True)
                | (Q(settle_proposed_by__isnull=False) & ~Q(settled_by=F("settle_proposed_by"))),
                name="deal_settled_by_two",
            ),
        ]
        indexes = [
            models.Index(fields=["buyer", "-id"], name="deal_of_buyer"),
            models.Index(fields=["owner", "-id"], name="deal_of_seller"),
            models.Index(
                fields=["follow_on"], condition=Q(follow_on__isnull=False), name="deal_followed"
            ),
        ]


class Instalment(models.Model):
    """A part of a deal's price: when it is due, and the bank line (or deposit) that paid it."""

    id = models.BigAutoField(primary_key=True)
    deal = models.ForeignKey(Deal, models.PROTECT, related_name="instalments")
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")  # the buyer
    seq = models.IntegerField()
    amount_fen = models.BigIntegerField()
    from_deposit_fen = models.BigIntegerField(default=0)
    paid_fen = models.BigIntegerField(default=0)
    due_at = models.DateTimeField()
    expectation = models.ForeignKey(Expectation, models.PROTECT, null=True, related_name="+")
    line = models.ForeignKey(Line, models.PROTECT, null=True, related_name="+")
    paid_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "trading_instalment"
        constraints = [
            models.UniqueConstraint(fields=["deal", "seq"], name="instalment_once"),
            models.CheckConstraint(
                condition=Q(amount_fen__gte=1, paid_fen__gte=0, paid_fen__lte=F("amount_fen")),
                name="instalment_within_amount",
            ),
            # Money that is said to be there has come by a line, or was the deposit.
            models.CheckConstraint(
                condition=Q(paid_fen__lte=F("from_deposit_fen")) | Q(line__isnull=False),
                name="instalment_paid_by_line",
            ),
        ]


class RoyaltyReport(models.Model):
    """What a licensee has told of a period: the base of the royalty, and what is due by it."""

    id = models.BigAutoField(primary_key=True)
    deal = models.ForeignKey(Deal, models.PROTECT, related_name="reports")
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")  # the buyer
    period_from = models.DateField()
    period_to = models.DateField()
    base_fen = models.BigIntegerField()
    royalty_fen = models.BigIntegerField()
    instalment = models.ForeignKey(Instalment, models.PROTECT, null=True, related_name="+")
    made_by = models.BigIntegerField(null=True)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "trading_royalty_report"
        constraints = [
            models.UniqueConstraint(fields=["deal", "period_from"], name="royalty_period_once"),
            models.CheckConstraint(
                condition=Q(period_to__gte=F("period_from")), name="royalty_period_in_order"
            ),
            models.CheckConstraint(
                condition=Q(base_fen__gte=0, base_fen__lte=MOST_FEN, royalty_fen__gte=0),
                name="royalty_in_range",
            ),
        ]
