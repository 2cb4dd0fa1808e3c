from django.db import migrations

GUARD = """
-- A version is what was said at a time. Only the system (erasing personal data) may touch it.
CREATE FUNCTION achievements_version_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('ybj.system', true) = 'on' THEN
    RETURN COALESCE(NEW, OLD);
  END IF;
  RAISE EXCEPTION 'a version stands as it was' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER achievements_version_rows BEFORE UPDATE OR DELETE ON achievements_version
  FOR EACH ROW EXECUTE FUNCTION achievements_version_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("achievements", "0001_initial")]
    operations = [
        migrations.RunSQL(
            GUARD,
            "DROP TRIGGER achievements_version_rows ON achievements_version; DROP FUNCTION achievements_version_guard();",
        )
    ]
