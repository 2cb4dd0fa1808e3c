from django.db import migrations

GUARD = """
-- What a unit has decided and stated, what a notice said before, and the register's entries stand
-- as they were written.
CREATE FUNCTION trading_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % stand as they were written', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER trading_decision_stands BEFORE UPDATE OR DELETE ON trading_decision
  FOR EACH ROW EXECUTE FUNCTION trading_stands();
CREATE TRIGGER trading_statement_stands BEFORE UPDATE OR DELETE ON trading_statement
  FOR EACH ROW EXECUTE FUNCTION trading_stands();
CREATE TRIGGER trading_notice_version_stands BEFORE UPDATE OR DELETE ON trading_notice_version
  FOR EACH ROW EXECUTE FUNCTION trading_stands();
CREATE TRIGGER trading_right_stands BEFORE UPDATE OR DELETE ON trading_right
  FOR EACH ROW EXECUTE FUNCTION trading_stands();
CREATE TRIGGER trading_right_entry_stands BEFORE UPDATE OR DELETE ON trading_right_entry
  FOR EACH ROW EXECUTE FUNCTION trading_stands();

-- A notice moves as its state table says; its end never comes nearer while it says the same; it
-- ends when its days are over by the installation's business clock, and by nobody's word.
CREATE FUNCTION trading_notice_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'a notice is withdrawn, not deleted' USING ERRCODE = 'restrict_violation';
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'draft' OR NEW.version <> 1 THEN
      RAISE EXCEPTION 'a notice is born a draft' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF (NEW.achievement_id, NEW.owner_id, NEW.made_at) IS DISTINCT FROM
     (OLD.achievement_id, OLD.owner_id, OLD.made_at) THEN
    RAISE EXCEPTION 'a notice stays of its achievement' USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.version = OLD.version THEN
    IF OLD.state || '>' || NEW.state NOT IN (
         'draft>draft', 'draft>open', 'open>paused', 'paused>open', 'paused>stopped', 'open>ended',
         'draft>withdrawn', 'open>withdrawn', 'stopped>withdrawn') THEN
      RAISE EXCEPTION 'a notice does not go from % to %', OLD.state, NEW.state
        USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state <> 'draft' AND (
         (NEW.title, NEW.abstract, NEW.deal_mode, NEW.price_mode, NEW.price_fen, NEW.is_related,
          NEW.related_statement, NEW.days, NEW.unit, NEW.first_day, NEW.edition_id, NEW.opened_at)
         IS DISTINCT FROM
         (OLD.title, OLD.abstract, OLD.deal_mode, OLD.price_mode, OLD.price_fen, OLD.is_related,
          OLD.related_statement, OLD.days, OLD.unit, OLD.first_day, OLD.edition_id, OLD.opened_at)
         OR NEW.closes_at < OLD.closes_at) THEN
      RAISE EXCEPTION 'what a public notice says changes with its version only'
        USING ERRCODE = 'restrict_violation';
    END IF;
  ELSIF NEW.version <> OLD.version + 1 OR NEW.state <> 'open' OR
        OLD.state NOT IN ('open', 'ended', 'stopped') OR NEW.opened_at <= OLD.opened_at OR
        NOT EXISTS (SELECT FROM trading_notice_version AS v
                    WHERE v.notice_id = OLD.id AND v.version = OLD.version) THEN
    RAISE EXCEPTION 'a changed notice begins anew, and keeps what it said'
      USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.state = 'ended' AND OLD.state <> 'ended' AND NEW.closes_at > clock_timestamp() + make_interval(
       secs => COALESCE((SELECT offset_seconds FROM clock_installation), 0)) THEN
    RAISE EXCEPTION 'a notice stands to the end of its last day' USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.state = 'open' AND OLD.state = 'paused' AND EXISTS (
       SELECT FROM trading_objection AS o WHERE o.notice_id = NEW.id
         AND o.state IN ('open', 'appealed')) THEN
    RAISE EXCEPTION 'a notice waits for the ruling' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER trading_notice_moves BEFORE INSERT OR UPDATE OR DELETE ON trading_notice
  FOR EACH ROW EXECUTE FUNCTION trading_notice_guard();

-- An objection is ruled once, its appeal once; what it says stands (a name may be erased).
CREATE FUNCTION trading_objection_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'an objection stays' USING ERRCODE = 'restrict_violation';
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'open' THEN
      RAISE EXCEPTION 'an objection waits for its ruling' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF (NEW.notice_id, NEW.owner_id, NEW.text, NEW.made_at) IS DISTINCT FROM
     (OLD.notice_id, OLD.owner_id, OLD.text, OLD.made_at) OR
     OLD.state <> NEW.state AND OLD.state || '>' || NEW.state NOT IN (
       'open>upheld', 'open>dismissed', 'dismissed>appealed', 'appealed>upheld', 'appealed>final') OR
     OLD.ruled_at IS NOT NULL AND (NEW.ruling, NEW.ruled_by, NEW.ruled_at) IS DISTINCT FROM
       (OLD.ruling, OLD.ruled_by, OLD.ruled_at) THEN
    RAISE EXCEPTION 'an objection stands as it was ruled' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER trading_objection_moves BEFORE INSERT OR UPDATE OR DELETE ON trading_objection
  FOR EACH ROW EXECUTE FUNCTION trading_objection_guard();

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ybj_runtime') THEN
    REVOKE DELETE, TRUNCATE ON trading_decision, trading_statement, trading_notice_version, trading_notice,
      trading_objection, trading_right, trading_right_entry, trading_way FROM ybj_runtime;
    REVOKE UPDATE ON trading_decision, trading_statement, trading_notice_version, trading_right,
      trading_right_entry FROM ybj_runtime;
  END IF;
END $$;
"""
UNDO = """
DROP TRIGGER trading_decision_stands ON trading_decision;
DROP TRIGGER trading_statement_stands ON trading_statement;
DROP TRIGGER trading_notice_version_stands ON trading_notice_version;
DROP TRIGGER trading_right_stands ON trading_right;
DROP TRIGGER trading_right_entry_stands ON trading_right_entry;
DROP TRIGGER trading_notice_moves ON trading_notice;
DROP TRIGGER trading_objection_moves ON trading_objection;
DROP FUNCTION trading_stands();
DROP FUNCTION trading_notice_guard();
DROP FUNCTION trading_objection_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("trading", "0001_way_in"), ("clock", "0001_installation")]
    operations = [migrations.RunSQL(GUARD, UNDO)]
