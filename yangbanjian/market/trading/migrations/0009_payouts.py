import django.db.models.deletion
from django.db import migrations, models

from yangbanjian.ground.database.walls import SYSTEM, mine, no_wall, wall

GUARD = """
-- A payment stands as it was ordered; how it ended is said once. A payment whose match was taken back
-- has failed, and nothing that has failed is alive again.
CREATE FUNCTION trading_payout_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR
     to_jsonb(NEW) - 'line_id' - 'paid_at' - 'failed_at' - 'failure' <>
     to_jsonb(OLD) - 'line_id' - 'paid_at' - 'failed_at' - 'failure' OR
     OLD.failed_at IS NOT NULL OR
     OLD.paid_at IS NOT NULL AND (NEW.paid_at, NEW.line_id) IS DISTINCT FROM (OLD.paid_at, OLD.line_id) THEN
    RAISE EXCEPTION 'a payment stands as it was ordered' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER trading_payout_stands BEFORE UPDATE OR DELETE ON trading_payout
  FOR EACH ROW EXECUTE FUNCTION trading_payout_guard();

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ybj_runtime') THEN
    REVOKE DELETE, TRUNCATE, UPDATE ON trading_payout FROM ybj_runtime;
    GRANT UPDATE (line_id, paid_at, failed_at, failure) ON trading_payout TO ybj_runtime;
  END IF;
END $$;
"""
UNDO = """
DROP TRIGGER trading_payout_stands ON trading_payout;
DROP FUNCTION trading_payout_guard();
"""
STAFF = "(SELECT ybj_is_system() OR ybj_has_role('exchange', 'operator', 'auditor'))"
EXCHANGE = "(SELECT ybj_is_system() OR ybj_has_role('exchange', 'operator'))"
SELLER = f"EXISTS (SELECT FROM trading_deal AS d WHERE d.id = deal_id AND ({mine('d.owner_id')}))"
WALL = wall(
    "trading_payout",
    read=f"{mine('owner_id')} OR {STAFF} OR {SELLER}",
    add=SYSTEM,
    write=EXCHANGE,
)


class Migration(migrations.Migration):
    dependencies = [
        ("bank", "0004_payees"),
        ("people", "0007_row_security"),
        ("trading", "0008_papers"),
    ]

    operations = [
        migrations.CreateModel(
            name="Payout",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("seq", models.IntegerField()),
                ("attempt", models.IntegerField(default=1)),
                ("kind", models.TextField()),
                ("amount_fen", models.BigIntegerField()),
                ("account", models.UUIDField()),
                ("bank_account", models.TextField(blank=True, default="")),
                ("made_by", models.BigIntegerField(null=True)),
                ("made_at", models.DateTimeField()),
                ("paid_at", models.DateTimeField(null=True)),
                ("failed_at", models.DateTimeField(null=True)),
                ("failure", models.TextField(blank=True, default="")),
                (
                    "deal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payouts",
                        to="trading.deal",
                    ),
                ),
                (
                    "expectation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="bank.expectation",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="bank.line",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.organisation",
                    ),
                ),
            ],
            options={
                "db_table": "trading_payout",
                "indexes": [models.Index(fields=["owner", "-id"], name="payout_of_owner")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["proceeds", "commission", "royalty"])),
                        name="payout_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_fen__gte", 1)), name="payout_pays"
                    ),
                    models.UniqueConstraint(fields=("deal", "seq", "attempt"), name="payout_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("failed_at__isnull", True)),
                        fields=("deal", "seq"),
                        name="payout_one_alive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("failed_at__isnull", False),
                            ("expectation__isnull", False),
                            _connector="OR",
                        ),
                        name="payout_is_ordered",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("paid_at__isnull", True), ("line__isnull", False), _connector="OR"
                        ),
                        name="payout_paid_by_line",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("failed_at__isnull", True), ("failure", "")),
                            models.Q(
                                ("failed_at__isnull", False),
                                models.Q(("failure", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="payout_failed_with_reason",
                    ),
                ],
            },
        ),
        migrations.RunSQL(GUARD, UNDO),
        migrations.RunSQL(WALL, no_wall("trading_payout")),
    ]
