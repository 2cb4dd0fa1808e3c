from django.db import migrations

# Guards bind everybody who can write at all, the poster's functions included. What holds for one
# row is a check (0001); what holds between rows is asked once for the whole set that is inserted.
GUARDS = """
CREATE SEQUENCE ledger_seq AS bigint;

-- Nothing of a transfer ever changes; an account changes by transfers alone.
CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% of % is refused: corrections are new transfers', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
END $$;
CREATE TRIGGER ledger_transfer_stays BEFORE UPDATE OR DELETE ON ledger_transfer
  FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_transfer_table_stays BEFORE TRUNCATE ON ledger_transfer
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_account_stays BEFORE DELETE ON ledger_account
  FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_account_table_stays BEFORE TRUNCATE ON ledger_account
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_account_born_empty BEFORE INSERT ON ledger_account
  FOR EACH ROW WHEN (NEW.debits_pending <> 0 OR NEW.debits_posted <> 0
    OR NEW.credits_pending <> 0 OR NEW.credits_posted <> 0)
  EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_account_fixed BEFORE UPDATE ON ledger_account
  FOR EACH ROW WHEN (ROW(NEW.id, NEW.key, NEW.owner_id, NEW.code, NEW.asset, NEW.is_limited, NEW.opened_at)
    IS DISTINCT FROM ROW(OLD.id, OLD.key, OLD.owner_id, OLD.code, OLD.asset, OLD.is_limited, OLD.opened_at))
  EXECUTE FUNCTION ledger_refuse_change();

-- Balances are what transfers made of them: only the trigger below may write them.
CREATE FUNCTION ledger_account_by_transfer() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION 'balances follow from transfers and are not written otherwise'
      USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER ledger_account_by_transfer BEFORE UPDATE ON ledger_account
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_account_by_transfer();

CREATE FUNCTION ledger_account_balanced() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM (
      SELECT asset, debits_posted - credits_posted AS posted, debits_pending - credits_pending AS pending FROM later
      UNION ALL
      SELECT asset, credits_posted - debits_posted, credits_pending - debits_pending FROM earlier
    ) AS moved GROUP BY asset HAVING sum(posted) <> 0 OR sum(pending) <> 0
  ) THEN
    RAISE EXCEPTION 'debits and credits of an asset differ'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER ledger_account_balanced AFTER UPDATE ON ledger_account
  REFERENCING OLD TABLE AS earlier NEW TABLE AS later
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_account_balanced();

-- Each set of transfers moves the balances, netted: one update an account, however many transfers.
-- An account that is not there, or counts another asset, stops the set.
CREATE FUNCTION ledger_transfer_moves() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  wanted bigint;
  found_ bigint;
BEGIN
  WITH sides AS (
    SELECT debit_id AS id, asset, posted_change AS dpo, pending_change AS dpe, 0 AS cpo, 0 AS cpe FROM fresh
    UNION ALL
    SELECT credit_id, asset, 0, 0, posted_change, pending_change FROM fresh
  ), net AS (
    SELECT id, asset, sum(dpo)::bigint AS dpo, sum(dpe)::bigint AS dpe, sum(cpo)::bigint AS cpo, sum(cpe)::bigint AS cpe
    FROM sides GROUP BY id, asset
  ), moved AS (
    UPDATE ledger_account AS a SET
      debits_posted = a.debits_posted + net.dpo, debits_pending = a.debits_pending + net.dpe,
      credits_posted = a.credits_posted + net.cpo, credits_pending = a.credits_pending + net.cpe
    FROM net WHERE a.id = net.id AND a.asset = net.asset RETURNING 1
  )
  SELECT (SELECT count(*) FROM net), (SELECT count(*) FROM moved) INTO wanted, found_;
  IF wanted <> found_ THEN
    RAISE EXCEPTION 'a transfer stays within one asset, between accounts that exist'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER ledger_transfer_moves AFTER INSERT ON ledger_transfer
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION ledger_transfer_moves();

-- A resolution undoes its hold whole, between the same accounts, and expiry is for the clock to say.
CREATE FUNCTION ledger_transfer_holds() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  IF EXISTS (
    SELECT FROM fresh AS f LEFT JOIN ledger_transfer AS h ON h.id = f.hold_id
    WHERE f.hold_id IS NOT NULL AND (
      h.kind = 'pending' AND h.debit_id = f.debit_id AND h.credit_id = f.credit_id AND h.asset = f.asset
      AND f.pending_change = -h.amount
      AND CASE WHEN f.kind = 'expire' THEN h.expires_at <= f.at_business
          ELSE h.expires_at IS NULL OR f.at_business < h.expires_at END
    ) IS NOT TRUE
  ) THEN
    RAISE EXCEPTION 'a hold is resolved once, whole, as it was made and in time'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER ledger_transfer_holds AFTER INSERT ON ledger_transfer
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION ledger_transfer_holds();

-- A chain comes whole, in one set; a correction names what it corrects, in the same asset.
CREATE FUNCTION ledger_transfer_links() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  IF EXISTS (
    SELECT FROM fresh WHERE chain IS NOT NULL
    GROUP BY chain HAVING count(*) <> max(chain_size) OR min(chain_size) <> max(chain_size)
  ) THEN
    RAISE EXCEPTION 'a chain is posted whole or not at all'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME;
  END IF;
  IF EXISTS (
    SELECT FROM fresh AS f LEFT JOIN ledger_transfer AS c ON c.id = f.corrects_id
    WHERE f.corrects_id IS NOT NULL
      AND (c.asset = f.asset AND c.kind IN ('posted', 'post') AND c.seq < f.seq) IS NOT TRUE
  ) THEN
    RAISE EXCEPTION 'a correction names an earlier posted transfer of its asset'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER ledger_transfer_links AFTER INSERT ON ledger_transfer
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION ledger_transfer_links();

-- Also when a session calls itself a replica.
ALTER TABLE ledger_transfer ENABLE ALWAYS TRIGGER ledger_transfer_stays;
ALTER TABLE ledger_transfer ENABLE ALWAYS TRIGGER ledger_transfer_moves;
ALTER TABLE ledger_transfer ENABLE ALWAYS TRIGGER ledger_transfer_holds;
ALTER TABLE ledger_transfer ENABLE ALWAYS TRIGGER ledger_transfer_links;
ALTER TABLE ledger_account ENABLE ALWAYS TRIGGER ledger_account_stays;
ALTER TABLE ledger_account ENABLE ALWAYS TRIGGER ledger_account_born_empty;
ALTER TABLE ledger_account ENABLE ALWAYS TRIGGER ledger_account_fixed;
ALTER TABLE ledger_account ENABLE ALWAYS TRIGGER ledger_account_by_transfer;
ALTER TABLE ledger_account ENABLE ALWAYS TRIGGER ledger_account_balanced;
"""
UNDO = """
DROP TRIGGER ledger_transfer_stays ON ledger_transfer;
DROP TRIGGER ledger_transfer_table_stays ON ledger_transfer;
DROP TRIGGER ledger_transfer_moves ON ledger_transfer;
DROP TRIGGER ledger_transfer_holds ON ledger_transfer;
DROP TRIGGER ledger_transfer_links ON ledger_transfer;
DROP TRIGGER ledger_account_stays ON ledger_account;
DROP TRIGGER ledger_account_table_stays ON ledger_account;
DROP TRIGGER ledger_account_born_empty ON ledger_account;
DROP TRIGGER ledger_account_fixed ON ledger_account;
DROP TRIGGER ledger_account_by_transfer ON ledger_account;
DROP TRIGGER ledger_account_balanced ON ledger_account;
DROP FUNCTION ledger_transfer_moves();
DROP FUNCTION ledger_transfer_holds();
DROP FUNCTION ledger_transfer_links();
DROP FUNCTION ledger_account_by_transfer();
DROP FUNCTION ledger_account_balanced();
DROP FUNCTION ledger_refuse_change();
DROP SEQUENCE ledger_seq;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_accounts_and_transfers")]
    operations = [migrations.RunSQL(GUARDS, UNDO)]
