from django.db import migrations

GUARD = """
CREATE FUNCTION log_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the log is only ever appended to' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER log_log_rows BEFORE UPDATE OR DELETE ON log_log
  FOR EACH ROW EXECUTE FUNCTION log_refuse_change();
CREATE TRIGGER log_log_table BEFORE TRUNCATE ON log_log
  FOR EACH STATEMENT EXECUTE FUNCTION log_refuse_change();
CREATE TRIGGER log_leaf_rows BEFORE UPDATE OR DELETE ON log_leaf
  FOR EACH ROW EXECUTE FUNCTION log_refuse_change();
CREATE TRIGGER log_leaf_table BEFORE TRUNCATE ON log_leaf
  FOR EACH STATEMENT EXECUTE FUNCTION log_refuse_change();
CREATE TRIGGER log_subtree_rows BEFORE UPDATE OR DELETE ON log_subtree
  FOR EACH ROW EXECUTE FUNCTION log_refuse_change();
CREATE TRIGGER log_subtree_table BEFORE TRUNCATE ON log_subtree
  FOR EACH STATEMENT EXECUTE FUNCTION log_refuse_change();
CREATE TRIGGER log_checkpoint_rows BEFORE UPDATE OR DELETE ON log_checkpoint
  FOR EACH ROW EXECUTE FUNCTION log_refuse_change();
CREATE TRIGGER log_checkpoint_table BEFORE TRUNCATE ON log_checkpoint
  FOR EACH STATEMENT EXECUTE FUNCTION log_refuse_change();
CREATE TRIGGER log_anchor_rows BEFORE UPDATE OR DELETE ON log_anchor
  FOR EACH ROW EXECUTE FUNCTION log_refuse_change();
CREATE TRIGGER log_anchor_table BEFORE TRUNCATE ON log_anchor
  FOR EACH STATEMENT EXECUTE FUNCTION log_refuse_change();

-- Leaves stand without a gap, and a head is over all of them.
CREATE FUNCTION log_leaf_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.position <> (SELECT COALESCE(max(position) + 1, 0) FROM log_leaf)
     OR length(NEW.leaf_hash) <> 32 THEN
    RAISE EXCEPTION 'leaves follow each other' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER log_leaf_next BEFORE INSERT ON log_leaf
  FOR EACH ROW EXECUTE FUNCTION log_leaf_guard();
CREATE FUNCTION log_checkpoint_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.size <> (SELECT COALESCE(max(position) + 1, 0) FROM log_leaf)
     OR EXISTS (SELECT FROM log_checkpoint c WHERE c.size = NEW.size AND c.root <> NEW.root) THEN
    RAISE EXCEPTION 'a head is over all leaves' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER log_checkpoint_whole BEFORE INSERT ON log_checkpoint
  FOR EACH ROW EXECUTE FUNCTION log_checkpoint_guard();

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ybj_runtime') THEN
    REVOKE UPDATE, DELETE, TRUNCATE ON log_log, log_leaf, log_subtree, log_checkpoint, log_anchor FROM ybj_runtime;
  END IF;
END $$;
"""
UNDO = """
DROP TRIGGER log_log_rows ON log_log;
DROP TRIGGER log_log_table ON log_log;
DROP TRIGGER log_leaf_rows ON log_leaf;
DROP TRIGGER log_leaf_table ON log_leaf;
DROP TRIGGER log_subtree_rows ON log_subtree;
DROP TRIGGER log_subtree_table ON log_subtree;
DROP TRIGGER log_checkpoint_rows ON log_checkpoint;
DROP TRIGGER log_checkpoint_table ON log_checkpoint;
DROP TRIGGER log_anchor_rows ON log_anchor;
DROP TRIGGER log_anchor_table ON log_anchor;
DROP TRIGGER log_leaf_next ON log_leaf;
DROP TRIGGER log_checkpoint_whole ON log_checkpoint;
DROP FUNCTION log_refuse_change();
DROP FUNCTION log_leaf_guard();
DROP FUNCTION log_checkpoint_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("log", "0001_initial")]
    operations = [migrations.RunSQL(GUARD, UNDO)]
