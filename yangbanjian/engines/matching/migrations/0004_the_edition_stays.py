from django.db import migrations

GUARD = """
-- An introduction keeps the edition of the rules that it was born under.
CREATE FUNCTION matching_match_keeps_edition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.edition_id IS NOT NULL AND NEW.edition_id IS DISTINCT FROM OLD.edition_id THEN
    RAISE EXCEPTION 'an introduction keeps its edition' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER matching_match_keeps_edition BEFORE UPDATE OF edition_id ON matching_match
  FOR EACH ROW EXECUTE FUNCTION matching_match_keeps_edition();
"""


class Migration(migrations.Migration):
    dependencies = [("matching", "0003_match_edition")]
    operations = [
        migrations.RunSQL(
            GUARD,
            "DROP TRIGGER matching_match_keeps_edition ON matching_match;"
            " DROP FUNCTION matching_match_keeps_edition();",
        )
    ]
