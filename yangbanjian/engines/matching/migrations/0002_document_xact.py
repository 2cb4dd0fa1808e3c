from django.db import migrations

FOLLOW = """
CREATE FUNCTION matching_document_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.xact := ybj_xact();
  RETURN NEW;
END $$;
CREATE TRIGGER matching_document_moves BEFORE INSERT OR UPDATE ON matching_document
  FOR EACH ROW EXECUTE FUNCTION matching_document_moves();
"""


class Migration(migrations.Migration):
    dependencies = [("matching", "0001_matching")]
    operations = [
        migrations.RunSQL(
            FOLLOW,
            "DROP TRIGGER matching_document_moves ON matching_document;"
            " DROP FUNCTION matching_document_moves();",
        )
    ]
