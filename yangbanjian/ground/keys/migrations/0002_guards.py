from django.db import migrations

GUARD = """
CREATE FUNCTION keys_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.retired_at IS NULL AND NEW.retired_at IS NOT NULL
     AND ROW(NEW.id, NEW.purpose, NEW.algorithm, NEW.public, NEW.made_at, NEW.follows_id,
             NEW.statement, NEW.endorsement)
       IS NOT DISTINCT FROM
         ROW(OLD.id, OLD.purpose, OLD.algorithm, OLD.public, OLD.made_at, OLD.follows_id,
             OLD.statement, OLD.endorsement) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a key stands and is retired once' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER keys_key_rows BEFORE UPDATE OR DELETE ON keys_key
  FOR EACH ROW EXECUTE FUNCTION keys_guard();
CREATE TRIGGER keys_key_table BEFORE TRUNCATE ON keys_key
  FOR EACH STATEMENT EXECUTE FUNCTION keys_guard();
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ybj_runtime') THEN
    REVOKE DELETE, TRUNCATE ON keys_key FROM ybj_runtime;
  END IF;
END $$;
"""
UNDO = """
DROP TRIGGER keys_key_rows ON keys_key;
DROP TRIGGER keys_key_table ON keys_key;
DROP FUNCTION keys_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("keys", "0001_initial")]
    operations = [migrations.RunSQL(GUARD, UNDO)]
