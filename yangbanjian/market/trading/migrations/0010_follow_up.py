import django.db.models.deletion
from django.db import migrations, models

from yangbanjian.ground.database.walls import SYSTEM, mine, no_wall, wall

GUARD = """
-- That something was used, or was not when it should have been, is noted once and stands.
CREATE TRIGGER trading_deal_use_stands BEFORE UPDATE ON trading_deal FOR EACH ROW
  WHEN (OLD.used_at IS NOT NULL AND NEW.used_at IS DISTINCT FROM OLD.used_at
    OR OLD.unused_at IS NOT NULL AND NEW.unused_at IS DISTINCT FROM OLD.unused_at)
  EXECUTE FUNCTION trading_stands();
CREATE TRIGGER trading_use_report_stands BEFORE UPDATE OR DELETE ON trading_use_report
  FOR EACH ROW EXECUTE FUNCTION trading_stands();

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ybj_runtime') THEN
    REVOKE DELETE, TRUNCATE, UPDATE ON trading_use_report FROM ybj_runtime;
  END IF;
END $$;
"""
UNDO = """
DROP TRIGGER trading_use_report_stands ON trading_use_report;
DROP TRIGGER trading_deal_use_stands ON trading_deal;
"""
# Deals that were there before are looked at with the next round of due work.
LOOK = """
SELECT set_config('ybj.system', 'on', true);
UPDATE trading_deal SET follow_on = '2000-01-01' WHERE state IN ('signed', 'paid', 'handed_over', 'archived');
SELECT set_config('ybj.system', '', true);
"""
STAFF = "(SELECT ybj_is_system() OR ybj_has_role('exchange', 'operator', 'auditor'))"
SELLER = f"EXISTS (SELECT FROM trading_deal AS d WHERE d.id = deal_id AND ({mine('d.owner_id')}))"
WALL = wall(
    "trading_use_report",
    read=f"{mine('owner_id')} OR {STAFF} OR {SELLER}",
    add=f"{mine('owner_id')} OR {SYSTEM}",
    write=SYSTEM,
)


class Migration(migrations.Migration):
    dependencies = [
        ("achievements", "0005_row_security"),
        ("files", "0003_row_security"),
        ("people", "0007_row_security"),
        ("rulebook", "0002_what_is_published_stands"),
        ("trading", "0009_payouts"),
    ]

    operations = [
        migrations.CreateModel(
            name="UseReport",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("used_on", models.DateField()),
                ("text", models.TextField()),
                ("file_name", models.TextField(blank=True, default="")),
                ("media_type", models.TextField(blank=True, default="")),
                ("sha256", models.TextField(blank=True, default="")),
                ("made_by", models.BigIntegerField(null=True)),
                ("made_at", models.DateTimeField()),
            ],
            options={
                "db_table": "trading_use_report",
            },
        ),
        migrations.AddField(
            model_name="deal",
            name="follow_on",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="deal",
            name="unused_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="deal",
            name="used_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="deal",
            index=models.Index(
                condition=models.Q(("follow_on__isnull", False)),
                fields=["follow_on"],
                name="deal_followed",
            ),
        ),
        migrations.AddField(
            model_name="usereport",
            name="deal",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="uses", to="trading.deal"
            ),
        ),
        migrations.AddField(
            model_name="usereport",
            name="file",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="files.file",
            ),
        ),
        migrations.AddField(
            model_name="usereport",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="people.organisation",
            ),
        ),
        migrations.AddIndex(
            model_name="usereport",
            index=models.Index(fields=["deal", "-id"], name="use_report_of_deal"),
        ),
        migrations.AddConstraint(
            model_name="usereport",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="use_report_says"
            ),
        ),
        migrations.AddConstraint(
            model_name="usereport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("file__isnull", True), ("sha256", "")),
                    models.Q(("file__isnull", False), ("sha256__regex", "^[0-9a-f]{64}$")),
                    _connector="OR",
                ),
                name="use_report_paper_has_digest",
            ),
        ),
        migrations.RunSQL(GUARD, UNDO),
        migrations.RunSQL(WALL, no_wall("trading_use_report")),
        migrations.RunSQL(LOOK, migrations.RunSQL.noop),
    ]
