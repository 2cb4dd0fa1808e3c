from django.db import migrations

GUARD = """
ALTER TABLE rulebook_edition ADD CONSTRAINT edition_has_rows CHECK (
  CASE WHEN jsonb_typeof(rows) = 'array' THEN jsonb_array_length(rows) BETWEEN 1 AND 200 ELSE false END);

-- An edition is born a draft, unless it comes with the product (written by the tables' owner).
-- A draft changes, is published or withdrawn, and stays of its line. What is published only ends:
-- on the day on which a published edition of the same line begins.
CREATE FUNCTION rulebook_edition_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state = 'draft' AND NEW.shipped_as IS NULL OR
       (SELECT pg_get_userbyid(relowner) = current_user FROM pg_class WHERE oid = TG_RELID) THEN
      RETURN NEW;
    END IF;
    RAISE EXCEPTION 'an edition is born a draft' USING ERRCODE = 'restrict_violation';
  END IF;
  IF TG_OP = 'UPDATE' AND OLD.state = 'draft' THEN
    IF NEW.state <> 'superseded' AND
       (NEW.id, NEW.table_name, NEW.jurisdiction, NEW.number, NEW.made_at) =
       (OLD.id, OLD.table_name, OLD.jurisdiction, OLD.number, OLD.made_at) AND
       NEW.author_id IS NOT DISTINCT FROM OLD.author_id AND
       NEW.shipped_as IS NOT DISTINCT FROM OLD.shipped_as THEN
      RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a draft stays of its line and its author' USING ERRCODE = 'restrict_violation';
  END IF;
  IF TG_OP = 'UPDATE' AND OLD.state = 'published' AND NEW.state = 'superseded' AND
     to_jsonb(NEW) - '{state,effect,superseded_by_id}'::text[]
       = to_jsonb(OLD) - '{state,effect,superseded_by_id}'::text[] AND
     lower(NEW.effect) = lower(OLD.effect) AND upper(NEW.effect) <@ OLD.effect AND
     EXISTS (SELECT FROM rulebook_edition AS next
       WHERE next.id = NEW.superseded_by_id AND next.state = 'published'
         AND next.table_name = OLD.table_name AND next.jurisdiction = OLD.jurisdiction
         AND lower(next.effect) = upper(NEW.effect)) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'an edition stands as it was published' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER rulebook_edition_rows BEFORE INSERT OR UPDATE OR DELETE ON rulebook_edition
  FOR EACH ROW EXECUTE FUNCTION rulebook_edition_guard();
CREATE TRIGGER rulebook_edition_table BEFORE TRUNCATE ON rulebook_edition
  FOR EACH STATEMENT EXECUTE FUNCTION rulebook_edition_guard();

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ybj_runtime') THEN
    REVOKE DELETE, TRUNCATE ON rulebook_edition FROM ybj_runtime;
  END IF;
END $$;
"""
UNDO = """
DROP TRIGGER rulebook_edition_rows ON rulebook_edition;
DROP TRIGGER rulebook_edition_table ON rulebook_edition;
DROP FUNCTION rulebook_edition_guard();
ALTER TABLE rulebook_edition DROP CONSTRAINT edition_has_rows;
"""


class Migration(migrations.Migration):
    dependencies = [("rulebook", "0001_initial")]
    operations = [migrations.RunSQL(GUARD, UNDO)]
