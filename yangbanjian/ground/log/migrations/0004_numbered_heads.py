from django.db import migrations, models

# Those that stand get their number in the order in which they were signed; the log's guard is the
# migrator's to lift.
FILL = """
ALTER TABLE log_checkpoint DISABLE TRIGGER log_checkpoint_rows;
UPDATE log_checkpoint c SET number = n.number
  FROM (SELECT id, row_number() OVER (ORDER BY id) AS number FROM log_checkpoint) n WHERE n.id = c.id;
ALTER TABLE log_checkpoint ENABLE TRIGGER log_checkpoint_rows;
"""
GUARD = """
CREATE OR REPLACE FUNCTION log_checkpoint_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.size <> (SELECT COALESCE(max(position) + 1, 0) FROM log_leaf)
     OR NEW.number <> (SELECT COALESCE(max(number), 0) + 1 FROM log_checkpoint)
     OR EXISTS (SELECT FROM log_checkpoint c WHERE c.size = NEW.size AND c.root <> NEW.root) THEN
    RAISE EXCEPTION 'a head is over all leaves' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
"""
BEFORE = """
CREATE OR REPLACE FUNCTION log_checkpoint_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.size <> (SELECT COALESCE(max(position) + 1, 0) FROM log_leaf)
     OR EXISTS (SELECT FROM log_checkpoint c WHERE c.size = NEW.size AND c.root <> NEW.root) THEN
    RAISE EXCEPTION 'a head is over all leaves' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    # Filling and indexing are two transactions: rows that were changed wait for their foreign keys.
    atomic = False
    dependencies = [("log", "0003_tries_to_anchor")]
    operations = [
        migrations.AddField(
            model_name="checkpoint",
            name="number",
            field=models.BigIntegerField(null=True),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="checkpoint",
            name="number",
            field=models.BigIntegerField(unique=True),
        ),
        migrations.RunSQL(GUARD, BEFORE),
    ]
