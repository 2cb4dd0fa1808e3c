from django.db import migrations

# What a row says of another table is asked by a trigger when it is written; nothing of it changes
# afterwards. The functions read the ledger with the poster's rights, so that what the reader may
# see never decides what is true.
GUARDS = """
-- A bank account is the same money as an account of the ledger, of the same owner and asset.
CREATE FUNCTION bank_account_fits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM ledger_account AS a
    WHERE a.id = NEW.account_id AND a.asset = NEW.asset AND a.owner_id = NEW.owner_id AND NOT a.is_limited
  ) THEN
    RAISE EXCEPTION 'a bank account has its own account in the ledger'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME;
  END IF;
  RETURN NEW;
END $$;

-- A line stands in the ledger: its transfer is between its bank account and suspense, of its amount.
CREATE FUNCTION bank_line_posted() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM bank_account AS b
    JOIN ledger_account AS s ON s.owner_id IS NULL AND s.code = 'suspense' AND s.asset = b.asset
    JOIN ledger_transfer AS t ON t.id = NEW.transfer_id AND t.kind = 'posted' AND t.amount = abs(NEW.amount)
    WHERE b.id = NEW.bank_account_id AND CASE WHEN NEW.amount > 0
      THEN t.debit_id = b.account_id AND t.credit_id = s.id
      ELSE t.debit_id = s.id AND t.credit_id = b.account_id END
  ) THEN
    RAISE EXCEPTION 'a line of a statement stands in the ledger with its amount'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME;
  END IF;
  RETURN NEW;
END $$;

-- What is expected is for an account; what is to go is on hold for suspense; a refund goes to whoever
-- paid, and no more than came.
CREATE FUNCTION bank_expectation_fits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NEW.withdrawn_at IS NOT NULL OR NOT EXISTS (
    SELECT FROM ledger_account AS a WHERE a.id = NEW.account_id
      AND (a.owner_id IS NOT NULL OR a.code <> 'suspense')
  ) OR (NEW.amount < 0 AND NOT EXISTS (
    SELECT FROM ledger_transfer AS h JOIN ledger_account AS s ON s.id = h.credit_id
    WHERE h.id = NEW.hold_id AND h.kind = 'pending' AND h.amount = -NEW.amount AND h.debit_id = NEW.account_id
      AND s.owner_id IS NULL AND s.code = 'suspense'
  )) OR (NEW.origin_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM bank_line AS o
    WHERE o.id = NEW.origin_id AND o.counterparty = NEW.counterparty
      AND o.amount + NEW.amount >= -COALESCE((
        SELECT sum(e.amount) FROM bank_expectation AS e
        WHERE e.origin_id = o.id AND NOT EXISTS (
          SELECT FROM ledger_transfer AS r WHERE r.hold_id = e.hold_id AND r.kind IN ('void', 'expire'))
      ), 0)
  )) THEN
    RAISE EXCEPTION 'what is to be paid is on hold; a refund goes back to the payer'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME;
  END IF;
  RETURN NEW;
END $$;

-- A match moves exactly its line's amount out of suspense. Where something was expected, it is that:
-- the account, the amount and the other side of the bank's line. Money that leaves without having
-- been ordered can only be the house's own.
CREATE FUNCTION bank_match_fits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NEW.undone_by_id IS NOT NULL OR NOT EXISTS (
    SELECT FROM bank_line AS l
    JOIN bank_account AS b ON b.id = l.bank_account_id
    JOIN ledger_account AS s ON s.owner_id IS NULL AND s.code = 'suspense' AND s.asset = b.asset
    JOIN ledger_transfer AS t ON t.id = NEW.transfer_id AND t.posted_change = abs(l.amount)
      AND CASE WHEN l.amount > 0 THEN t.debit_id = s.id ELSE t.credit_id = s.id END
    JOIN ledger_account AS a ON a.id = CASE WHEN l.amount > 0 THEN t.credit_id ELSE t.debit_id END
    LEFT JOIN bank_expectation AS e ON e.id = NEW.expectation_id
    WHERE l.id = NEW.line_id AND CASE WHEN NEW.expectation_id IS NULL
      THEN l.amount > 0 OR a.owner_id IS NULL OR a.owner_id = b.owner_id
      ELSE e.account_id = a.id AND e.amount = l.amount AND e.withdrawn_at IS NULL
        AND e.hold_id IS NOT DISTINCT FROM t.hold_id
        AND (e.counterparty = '' OR e.counterparty = l.counterparty) END
  ) THEN
    RAISE EXCEPTION 'a match moves the amount of its line to where it was expected'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME;
  END IF;
  RETURN NEW;
END $$;

-- A match ends by a transfer that corrects it, whole, between the same accounts.
CREATE FUNCTION bank_match_undone() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF to_jsonb(NEW) - 'undone_by_id' <> to_jsonb(OLD) - 'undone_by_id' OR OLD.undone_by_id IS NOT NULL
    OR NOT EXISTS (
      SELECT FROM ledger_transfer AS t JOIN ledger_transfer AS u ON u.corrects_id = t.id
      WHERE t.id = OLD.transfer_id AND u.id = NEW.undone_by_id AND u.kind = 'posted'
        AND u.amount = t.posted_change AND u.debit_id = t.credit_id AND u.credit_id = t.debit_id
    ) THEN
    RAISE EXCEPTION 'a match ends by a transfer that corrects it'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME;
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION bank_refuse_change() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% of % is refused: what the bank says stands', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
END $$;

-- L12: what is in suspense is what is not matched. Asked after every statement on lines and matches,
-- and at the end of every transaction that has moved a suspense account.
CREATE FUNCTION bank_adds_up() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM ledger_account AS s LEFT JOIN (
      SELECT b.asset, sum(l.amount) AS amount FROM bank_line AS l JOIN bank_account AS b ON b.id = l.bank_account_id
      WHERE NOT EXISTS (SELECT FROM bank_match AS m WHERE m.line_id = l.id AND m.undone_by_id IS NULL)
      GROUP BY b.asset
    ) AS waiting ON waiting.asset = s.asset
    WHERE s.owner_id IS NULL AND s.code = 'suspense'
      AND s.credits_posted - s.debits_posted <> COALESCE(waiting.amount, 0)
  ) THEN
    RAISE EXCEPTION 'suspense holds what is not matched, and nothing else'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME;
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER bank_account_fits BEFORE INSERT ON bank_account
  FOR EACH ROW EXECUTE FUNCTION bank_account_fits();
CREATE TRIGGER bank_account_stays BEFORE UPDATE OR DELETE ON bank_account
  FOR EACH ROW EXECUTE FUNCTION bank_refuse_change();
CREATE TRIGGER bank_account_table_stays BEFORE TRUNCATE ON bank_account
  FOR EACH STATEMENT EXECUTE FUNCTION bank_refuse_change();
CREATE TRIGGER bank_line_posted BEFORE INSERT ON bank_line
  FOR EACH ROW EXECUTE FUNCTION bank_line_posted();
CREATE TRIGGER bank_line_stays BEFORE UPDATE OR DELETE ON bank_line
  FOR EACH ROW EXECUTE FUNCTION bank_refuse_change();
CREATE TRIGGER bank_line_table_stays BEFORE TRUNCATE ON bank_line
  FOR EACH STATEMENT EXECUTE FUNCTION bank_refuse_change();
CREATE TRIGGER bank_line_adds_up AFTER INSERT ON bank_line
  FOR EACH STATEMENT EXECUTE FUNCTION bank_adds_up();
CREATE TRIGGER bank_expectation_fits BEFORE INSERT ON bank_expectation
  FOR EACH ROW EXECUTE FUNCTION bank_expectation_fits();
CREATE TRIGGER bank_expectation_fixed BEFORE UPDATE ON bank_expectation
  FOR EACH ROW WHEN (OLD.withdrawn_at IS NOT NULL
    OR to_jsonb(NEW) - 'withdrawn_at' <> to_jsonb(OLD) - 'withdrawn_at')
  EXECUTE FUNCTION bank_refuse_change();
CREATE TRIGGER bank_expectation_stays BEFORE DELETE ON bank_expectation
  FOR EACH ROW EXECUTE FUNCTION bank_refuse_change();
CREATE TRIGGER bank_expectation_table_stays BEFORE TRUNCATE ON bank_expectation
  FOR EACH STATEMENT EXECUTE FUNCTION bank_refuse_change();
CREATE TRIGGER bank_match_fits BEFORE INSERT ON bank_match
  FOR EACH ROW EXECUTE FUNCTION bank_match_fits();
CREATE TRIGGER bank_match_undone BEFORE UPDATE ON bank_match
  FOR EACH ROW EXECUTE FUNCTION bank_match_undone();
CREATE TRIGGER bank_match_stays BEFORE DELETE ON bank_match
  FOR EACH ROW EXECUTE FUNCTION bank_refuse_change();
CREATE TRIGGER bank_match_table_stays BEFORE TRUNCATE ON bank_match
  FOR EACH STATEMENT EXECUTE FUNCTION bank_refuse_change();
CREATE TRIGGER bank_match_adds_up AFTER INSERT OR UPDATE ON bank_match
  FOR EACH STATEMENT EXECUTE FUNCTION bank_adds_up();
-- Asked of this one account alone, so that no other posting pays for it.
CREATE CONSTRAINT TRIGGER bank_suspense_adds_up AFTER UPDATE ON ledger_account
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.owner_id IS NULL AND NEW.code = 'suspense')
  EXECUTE FUNCTION bank_adds_up();

DO $$
DECLARE
  each_ record;
BEGIN
  FOR each_ IN
    SELECT t.tgrelid::regclass AS tab, t.tgname FROM pg_trigger AS t
    WHERE t.tgname LIKE 'bank\\_%' AND NOT t.tgisinternal
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', each_.tab, each_.tgname);
  END LOOP;
END $$;

GRANT CREATE ON SCHEMA public TO ybj_poster;
ALTER FUNCTION bank_account_fits() OWNER TO ybj_poster;
ALTER FUNCTION bank_line_posted() OWNER TO ybj_poster;
ALTER FUNCTION bank_expectation_fits() OWNER TO ybj_poster;
ALTER FUNCTION bank_match_fits() OWNER TO ybj_poster;
ALTER FUNCTION bank_match_undone() OWNER TO ybj_poster;
ALTER FUNCTION bank_adds_up() OWNER TO ybj_poster;
REVOKE CREATE ON SCHEMA public FROM ybj_poster;

REVOKE UPDATE, DELETE, TRUNCATE ON bank_account, bank_line, bank_expectation, bank_match FROM ybj_runtime;
GRANT UPDATE (undone_by_id) ON bank_match TO ybj_runtime;
GRANT UPDATE (withdrawn_at) ON bank_expectation TO ybj_runtime;
GRANT SELECT ON bank_account, bank_line, bank_expectation, bank_match TO ybj_poster;
"""
UNDO = """
DROP FUNCTION bank_account_fits() CASCADE;
DROP FUNCTION bank_line_posted() CASCADE;
DROP FUNCTION bank_expectation_fits() CASCADE;
DROP FUNCTION bank_match_fits() CASCADE;
DROP FUNCTION bank_match_undone() CASCADE;
DROP FUNCTION bank_refuse_change() CASCADE;
DROP FUNCTION bank_adds_up() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("bank", "0001_initial"), ("ledger", "0003_poster")]
    operations = [migrations.RunSQL(GUARDS, UNDO)]
