import django.db.models.deletion
from django.db import migrations, models

GUARD = """
-- A deal moves as its state table says. Parties, price and terms stand from the award on; what a side
-- has signed, and the contract under a signature, stand from then on; it is paid when nothing is open.
CREATE FUNCTION trading_deal_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'a deal stays' USING ERRCODE = 'restrict_violation';
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'awarded' OR NEW.version <> 1 OR NEW.seller_signed_at IS NOT NULL OR
       NEW.buyer_signed_at IS NOT NULL OR NEW.settled_at IS NOT NULL THEN
      RAISE EXCEPTION 'a deal begins with its award' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF (NEW.lot_id, NEW.listing_id, NEW.achievement_id, NEW.registration_id, NEW.owner_id, NEW.buyer_id,
      NEW.edition_id, NEW.follows_id, NEW.price_fen, NEW.deal_mode, NEW.payment, NEW.awarded_at, NEW.sign_by)
     IS DISTINCT FROM
     (OLD.lot_id, OLD.listing_id, OLD.achievement_id, OLD.registration_id, OLD.owner_id, OLD.buyer_id,
      OLD.edition_id, OLD.follows_id, OLD.price_fen, OLD.deal_mode, OLD.payment, OLD.awarded_at, OLD.sign_by)
     OR OLD.account IS NOT NULL AND NEW.account IS DISTINCT FROM OLD.account THEN
    RAISE EXCEPTION 'parties and price of a deal stand' USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.state <> OLD.state AND OLD.state || '>' || NEW.state NOT IN (
       'awarded>signed', 'signed>paid', 'paid>handed_over', 'handed_over>archived',
       'awarded>defaulted', 'signed>defaulted') THEN
    RAISE EXCEPTION 'a deal does not go from % to %', OLD.state, NEW.state
      USING ERRCODE = 'restrict_violation';
  END IF;
  IF (OLD.seller_signed_at IS NOT NULL OR OLD.buyer_signed_at IS NOT NULL) AND
       (NEW.contract, NEW.other_fen) IS DISTINCT FROM (OLD.contract, OLD.other_fen) OR
     OLD.seller_signed_at IS NOT NULL AND (NEW.seller_signed_at, NEW.seller_signed_by, NEW.signatures->'seller')
       IS DISTINCT FROM (OLD.seller_signed_at, OLD.seller_signed_by, OLD.signatures->'seller') OR
     OLD.buyer_signed_at IS NOT NULL AND (NEW.buyer_signed_at, NEW.buyer_signed_by, NEW.signatures->'buyer')
       IS DISTINCT FROM (OLD.buyer_signed_at, OLD.buyer_signed_by, OLD.signatures->'buyer') OR
     OLD.registered_no <> '' AND NEW.registered_no <> OLD.registered_no OR
     OLD.settled_at IS NOT NULL AND (NEW.settled_at, NEW.settled_by, NEW.settle_proposed_by)
       IS DISTINCT FROM (OLD.settled_at, OLD.settled_by, OLD.settle_proposed_by) THEN
    RAISE EXCEPTION 'what was signed, registered or settled stands' USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.state = 'signed' AND OLD.state <> 'signed' AND
     (NEW.seller_signed_at IS NULL OR NEW.buyer_signed_at IS NULL OR NEW.signed_at IS NULL) THEN
    RAISE EXCEPTION 'both sides sign' USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.state = 'paid' AND OLD.state <> 'paid' AND (
       NEW.paid_at IS NULL OR
       NOT EXISTS (SELECT FROM trading_instalment AS i WHERE i.deal_id = NEW.id) OR
       EXISTS (SELECT FROM trading_instalment AS i WHERE i.deal_id = NEW.id AND i.paid_fen < i.amount_fen)) THEN
    RAISE EXCEPTION 'a deal is paid when every instalment is' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER trading_deal_moves BEFORE INSERT OR UPDATE OR DELETE ON trading_deal
  FOR EACH ROW EXECUTE FUNCTION trading_deal_guard();

-- What is to be paid stands; when, until the contract is signed. Money that came is not unsaid once
-- the deal counts as paid.
CREATE FUNCTION trading_instalment_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'an instalment stays' USING ERRCODE = 'restrict_violation';
  END IF;
  IF (NEW.deal_id, NEW.owner_id, NEW.seq, NEW.amount_fen, NEW.from_deposit_fen) IS DISTINCT FROM
     (OLD.deal_id, OLD.owner_id, OLD.seq, OLD.amount_fen, OLD.from_deposit_fen) OR
     OLD.expectation_id IS NOT NULL AND NEW.expectation_id IS DISTINCT FROM OLD.expectation_id OR
     NEW.due_at <> OLD.due_at AND (SELECT d.state FROM trading_deal AS d WHERE d.id = OLD.deal_id) <> 'awarded' OR
     NEW.paid_fen < OLD.paid_fen AND (SELECT d.state FROM trading_deal AS d WHERE d.id = OLD.deal_id)
       NOT IN ('awarded', 'signed') THEN
    RAISE EXCEPTION 'what is to be paid stands as it was laid out' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER trading_instalment_moves BEFORE UPDATE OR DELETE ON trading_instalment
  FOR EACH ROW EXECUTE FUNCTION trading_instalment_guard();

CREATE TRIGGER trading_royalty_report_stands BEFORE UPDATE OR DELETE ON trading_royalty_report
  FOR EACH ROW EXECUTE FUNCTION trading_stands();

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ybj_runtime') THEN
    REVOKE DELETE, TRUNCATE ON trading_deal, trading_instalment, trading_royalty_report FROM ybj_runtime;
    REVOKE UPDATE ON trading_royalty_report FROM ybj_runtime;
  END IF;
END $$;
"""
UNDO = """
DROP TRIGGER trading_royalty_report_stands ON trading_royalty_report;
DROP TRIGGER trading_instalment_moves ON trading_instalment;
DROP TRIGGER trading_deal_moves ON trading_deal;
DROP FUNCTION trading_instalment_guard();
DROP FUNCTION trading_deal_guard();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("achievements", "0004_shelf_index"),
        ("bank", "0002_guards"),
        ("people", "0006_street"),
        ("rulebook", "0002_what_is_published_stands"),
        ("trading", "0005_bid_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="RoyaltyReport",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("period_from", models.DateField()),
                ("period_to", models.DateField()),
                ("base_fen", models.BigIntegerField()),
                ("royalty_fen", models.BigIntegerField()),
                ("made_by", models.BigIntegerField(null=True)),
                ("made_at", models.DateTimeField()),
            ],
            options={
                "db_table": "trading_royalty_report",
            },
        ),
        migrations.AddField(
            model_name="deal",
            name="claim_fen",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="deal",
            name="default_case",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="deal",
            name="other_fen",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="deal",
            name="security",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="deal",
            name="security_by",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="deal",
            name="settle_proposed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="deal",
            name="settle_proposed_by",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="deal",
            name="settled_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="deal",
            name="settled_by",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="deal",
            name="signatures",
            field=models.JSONField(default=dict),
        ),
        migrations.AddConstraint(
            model_name="deal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("other_fen__gte", 0), ("other_fen__lte", models.F("price_fen"))
                ),
                name="deal_technical_within_price",
            ),
        ),
        migrations.AddConstraint(
            model_name="deal",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "defaulted"), ("default_case", ""), _connector="XOR"),
                name="deal_default_has_case",
            ),
        ),
        migrations.AddConstraint(
            model_name="deal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("settled_at__isnull", True),
                    models.Q(
                        ("settle_proposed_by__isnull", False),
                        models.Q(("settled_by", models.F("settle_proposed_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="deal_settled_by_two",
            ),
        ),
        migrations.AddConstraint(
            model_name="instalment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("paid_fen__lte", models.F("from_deposit_fen")),
                    ("line__isnull", False),
                    _connector="OR",
                ),
                name="instalment_paid_by_line",
            ),
        ),
        migrations.AddField(
            model_name="royaltyreport",
            name="deal",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reports",
                to="trading.deal",
            ),
        ),
        migrations.AddField(
            model_name="royaltyreport",
            name="instalment",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="trading.instalment",
            ),
        ),
        migrations.AddField(
            model_name="royaltyreport",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="people.organisation",
            ),
        ),
        migrations.AddConstraint(
            model_name="royaltyreport",
            constraint=models.UniqueConstraint(
                fields=("deal", "period_from"), name="royalty_period_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="royaltyreport",
            constraint=models.CheckConstraint(
                condition=models.Q(("period_to__gte", models.F("period_from"))),
                name="royalty_period_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="royaltyreport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("base_fen__gte", 0),
                    ("base_fen__lte", 9007199254740991),
                    ("royalty_fen__gte", 0),
                ),
                name="royalty_in_range",
            ),
        ),
        migrations.RunSQL(GUARD, UNDO),
    ]
