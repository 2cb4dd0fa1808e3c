from django.db import migrations, models

GUARD = """
CREATE FUNCTION clock_installation_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'the installation row stays' USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.is_sandbox IS DISTINCT FROM OLD.is_sandbox THEN
    RAISE EXCEPTION 'an installation is born a sandbox or never one' USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.offset_seconds < OLD.offset_seconds THEN
    RAISE EXCEPTION 'the business clock only goes forward' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER clock_installation_guard BEFORE UPDATE OR DELETE ON clock_installation
  FOR EACH ROW EXECUTE FUNCTION clock_installation_guard();
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Installation",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("is_sandbox", models.BooleanField()),
                ("offset_seconds", models.BigIntegerField(default=0)),
                ("born_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "db_table": "clock_installation",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="clock_installation_one_row"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_sandbox", True), ("offset_seconds", 0), _connector="OR"
                        ),
                        name="clock_offset_only_in_sandbox",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            GUARD,
            "DROP TRIGGER clock_installation_guard ON clock_installation; DROP FUNCTION clock_installation_guard();",
        ),
    ]
