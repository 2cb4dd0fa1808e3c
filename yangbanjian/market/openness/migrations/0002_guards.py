from django.db import migrations

GUARDS = """
-- What was published stays as it was: nobody changes or takes back a release.
CREATE FUNCTION openness_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a release stands as it was published' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER openness_release_rows BEFORE UPDATE OR DELETE ON openness_release
  FOR EACH ROW EXECUTE FUNCTION openness_refuse_change();
CREATE TRIGGER openness_release_table BEFORE TRUNCATE ON openness_release
  FOR EACH STATEMENT EXECUTE FUNCTION openness_refuse_change();
-- What it says of itself is what its row says.
ALTER TABLE openness_release ADD CONSTRAINT release_says_who_it_is CHECK (
  (content::jsonb ->> 'ocid') = ocid AND (content::jsonb ->> 'id') = ocid || '-' || entry_id
  AND (content::jsonb ->> 'date')::timestamptz = date
  AND COALESCE((content::jsonb ->> 'isDemonstration')::boolean, false) = is_sandbox);

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ybj_runtime') THEN
    REVOKE UPDATE, DELETE, TRUNCATE ON openness_release FROM ybj_runtime;
  END IF;
END $$;
"""
UNDO = """
ALTER TABLE openness_release DROP CONSTRAINT release_says_who_it_is;
DROP TRIGGER openness_release_rows ON openness_release;
DROP TRIGGER openness_release_table ON openness_release;
DROP FUNCTION openness_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("openness", "0001_releases")]
    operations = [migrations.RunSQL(GUARDS, UNDO)]
