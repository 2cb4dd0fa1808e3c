from django.db import migrations

GUARD = """
-- A version is what was said at a time. Only the system (erasing personal data) may touch it.
CREATE FUNCTION experts_version_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('ybj.system', true) = 'on' THEN
    RETURN COALESCE(NEW, OLD);
  END IF;
  RAISE EXCEPTION 'a version stands as it was' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER experts_version_rows BEFORE UPDATE OR DELETE ON experts_version
  FOR EACH ROW EXECUTE FUNCTION experts_version_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("experts", "0001_initial")]
    operations = [
        migrations.RunSQL(
            GUARD,
            "DROP TRIGGER experts_version_rows ON experts_version; DROP FUNCTION experts_version_guard();",
        )
    ]
