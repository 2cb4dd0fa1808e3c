import django.db.models.deletion
from django.db import migrations, models

from yangbanjian.ground.database.walls import SYSTEM, mine, no_wall, wall

GUARD = """
-- What is expected stands; that it is over, and why the bank did not carry it out, is said once.
DROP TRIGGER bank_expectation_fixed ON bank_expectation;
CREATE TRIGGER bank_expectation_fixed BEFORE UPDATE ON bank_expectation
  FOR EACH ROW WHEN (OLD.withdrawn_at IS NOT NULL
    OR to_jsonb(NEW) - 'withdrawn_at' - 'failure' <> to_jsonb(OLD) - 'withdrawn_at' - 'failure')
  EXECUTE FUNCTION bank_refuse_change();
CREATE TRIGGER bank_payee_stays BEFORE UPDATE OR DELETE ON bank_payee
  FOR EACH ROW EXECUTE FUNCTION bank_refuse_change();
CREATE TRIGGER bank_payee_table_stays BEFORE TRUNCATE ON bank_payee
  FOR EACH STATEMENT EXECUTE FUNCTION bank_refuse_change();
ALTER TABLE bank_expectation ENABLE ALWAYS TRIGGER bank_expectation_fixed;
ALTER TABLE bank_payee ENABLE ALWAYS TRIGGER bank_payee_stays;
ALTER TABLE bank_payee ENABLE ALWAYS TRIGGER bank_payee_table_stays;
REVOKE UPDATE, DELETE, TRUNCATE ON bank_payee FROM ybj_runtime;
GRANT UPDATE (failure) ON bank_expectation TO ybj_runtime;
"""
UNDO = """
DROP TRIGGER bank_payee_table_stays ON bank_payee;
DROP TRIGGER bank_payee_stays ON bank_payee;
DROP TRIGGER bank_expectation_fixed ON bank_expectation;
CREATE TRIGGER bank_expectation_fixed BEFORE UPDATE ON bank_expectation
  FOR EACH ROW WHEN (OLD.withdrawn_at IS NOT NULL
    OR to_jsonb(NEW) - 'withdrawn_at' <> to_jsonb(OLD) - 'withdrawn_at')
  EXECUTE FUNCTION bank_refuse_change();
ALTER TABLE bank_expectation ENABLE ALWAYS TRIGGER bank_expectation_fixed;
"""
READERS = "(SELECT ybj_is_system() OR ybj_has_role('exchange', 'operator', 'auditor'))"
WALL = wall(
    "bank_payee",
    read=f"{mine('owner_id')} OR {READERS}",
    # Who pays does not say whom: the organisation alone.
    add=f"{mine('owner_id')} OR {SYSTEM}",
    write=SYSTEM,
)


class Migration(migrations.Migration):
    dependencies = [
        ("bank", "0003_row_security"),
        ("ledger", "0005_row_security"),
        ("people", "0007_row_security"),
    ]

    operations = [
        migrations.CreateModel(
            name="Payee",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.TextField()),
                ("bank", models.TextField()),
                ("made_by", models.BigIntegerField(null=True)),
                ("made_at", models.DateTimeField()),
            ],
            options={
                "db_table": "bank_payee",
            },
        ),
        migrations.AddField(
            model_name="expectation",
            name="failure",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddConstraint(
            model_name="expectation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("failure", ""), ("withdrawn_at__isnull", False), _connector="OR"
                ),
                name="bank_expectation_failed_is_over",
            ),
        ),
        migrations.AddField(
            model_name="payee",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="people.organisation",
            ),
        ),
        migrations.AddIndex(
            model_name="payee",
            index=models.Index(fields=["owner", "-id"], name="bank_payee_of_owner"),
        ),
        migrations.AddConstraint(
            model_name="payee",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__regex", "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")),
                name="bank_payee_number",
            ),
        ),
        migrations.RunSQL(GUARD, UNDO),
        migrations.RunSQL(WALL, no_wall("bank_payee")),
    ]
