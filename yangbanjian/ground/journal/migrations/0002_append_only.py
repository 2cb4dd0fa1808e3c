from django.db import migrations

GUARD = """
CREATE FUNCTION journal_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the journal is only ever appended to' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER journal_entry_rows BEFORE UPDATE OR DELETE ON journal_entry
  FOR EACH ROW EXECUTE FUNCTION journal_refuse_change();
CREATE TRIGGER journal_entry_table BEFORE TRUNCATE ON journal_entry
  FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse_change();
CREATE TRIGGER journal_remark_table BEFORE TRUNCATE ON journal_remark
  FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse_change();

-- A remark can lose its words (a person's data is erased), and change in no other way.
CREATE FUNCTION journal_remark_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.entry_id = OLD.entry_id AND NEW.text = '' AND NEW.erased_at IS NOT NULL THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a remark stands or is erased' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER journal_remark_rows BEFORE UPDATE OR DELETE ON journal_remark
  FOR EACH ROW EXECUTE FUNCTION journal_remark_guard();

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ybj_runtime') THEN
    REVOKE UPDATE, DELETE, TRUNCATE ON journal_entry FROM ybj_runtime;
    REVOKE DELETE, TRUNCATE ON journal_remark FROM ybj_runtime;
  END IF;
END $$;
"""
UNDO = """
DROP TRIGGER journal_entry_rows ON journal_entry;
DROP TRIGGER journal_entry_table ON journal_entry;
DROP TRIGGER journal_remark_table ON journal_remark;
DROP TRIGGER journal_remark_rows ON journal_remark;
DROP FUNCTION journal_refuse_change();
DROP FUNCTION journal_remark_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("journal", "0001_initial")]
    operations = [migrations.RunSQL(GUARD, UNDO)]
