from django.db import migrations

# The same promises with less work. Two short ways lead past the long one of 0003, which decides what
# is left: holds being resolved, chains, corrections, and every batch in which something is amiss.
# Triggers ask once a statement, and before it where they can. docs/algorithms/ledger.md, «Three ways».
GUARDS = """
-- Room for a new version of a row beside the old one: no index is touched.
ALTER TABLE ledger_account SET (fillfactor = 50);

-- Balances: whoever writes them otherwise is stopped before a row is read.
DROP TRIGGER ledger_account_by_transfer ON ledger_account;
CREATE OR REPLACE FUNCTION ledger_account_by_transfer() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'balances follow from transfers and are not written otherwise'
    USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
END $$;
CREATE TRIGGER ledger_account_by_transfer BEFORE UPDATE ON ledger_account
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION ledger_account_by_transfer();
ALTER TABLE ledger_account ENABLE ALWAYS TRIGGER ledger_account_by_transfer;

-- What an account is: a statement that names such a column is refused; the others pay nothing.
DROP TRIGGER ledger_account_fixed ON ledger_account;
CREATE TRIGGER ledger_account_fixed
  BEFORE UPDATE OF id, key, owner_id, code, asset, is_limited, opened_at ON ledger_account
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
ALTER TABLE ledger_account ENABLE ALWAYS TRIGGER ledger_account_fixed;

CREATE OR REPLACE FUNCTION ledger_transfer_moves() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  rows_ bigint;
  d bigint; c bigint; of_asset text; posted bigint; pending bigint;
  wanted bigint;
  found_ bigint;
BEGIN
  SELECT f.debit_id, f.credit_id, f.asset, f.posted_change, f.pending_change, count(*) OVER ()
  INTO d, c, of_asset, posted, pending, rows_ FROM fresh AS f LIMIT 1;
  IF rows_ = 1 THEN
    -- One transfer needs no netting.
    wanted := CASE WHEN d = c THEN 1 ELSE 2 END;
    UPDATE ledger_account AS a SET
      debits_posted = a.debits_posted + CASE WHEN a.id = d THEN posted ELSE 0 END,
      debits_pending = a.debits_pending + CASE WHEN a.id = d THEN pending ELSE 0 END,
      credits_posted = a.credits_posted + CASE WHEN a.id = c THEN posted ELSE 0 END,
      credits_pending = a.credits_pending + CASE WHEN a.id = c THEN pending ELSE 0 END
    WHERE a.id IN (d, c) AND a.asset = of_asset;
    GET DIAGNOSTICS found_ = ROW_COUNT;
  ELSE
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
  END IF;
  IF wanted <> found_ THEN
    RAISE EXCEPTION 'a transfer stays within one asset, between accounts that exist'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME;
  END IF;
  RETURN NULL;
END $$;
"""
POSTER = """
ALTER FUNCTION post_batch(jsonb, text) RENAME TO ledger_post_any;
ALTER FUNCTION ledger_post_any(jsonb, text) SECURITY INVOKER;

-- A set of plain transfers, all of which stand: one pass over what was sent, one over the accounts,
-- one insert. Posts all and returns their places, or leaves no trace and returns none; then
-- somebody else has to say what is the matter with which.
CREATE FUNCTION ledger_post_set(sent jsonb, site_zone text)
RETURNS TABLE (place integer, result text, seq bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_nestloop = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  n integer := jsonb_array_length(sent);
  is_plain boolean;
  moment timestamptz;
  today date;
  s_id uuid[]; s_kind text[]; s_debit uuid[]; s_credit uuid[]; s_amount bigint[]; s_asset text[];
  s_timeout bigint[]; s_cause text[]; s_effective date[]; s_digest bytea[];
  a_id bigint[]; a_key uuid[]; a_asset text[]; a_free bigint[];
  has_limits boolean;
  numbers bigint[];
  written integer;
BEGIN
  SELECT bool_and(COALESCE(p.kind IN ('posted', 'pending') AND p.hold_id IS NULL AND p.chain IS NULL
      AND p.corrects_id IS NULL AND p.asset IS NOT NULL, false)),
    array_agg(p.id), array_agg(p.kind), array_agg(p.debit), array_agg(p.credit), array_agg(p.amount),
    array_agg(p.asset), array_agg(p.timeout_s), array_agg(p.cause), array_agg(p.effective_on),
    array_agg(sha256(convert_to(p.raw::text, 'UTF8')))
  INTO is_plain, s_id, s_kind, s_debit, s_credit, s_amount, s_asset, s_timeout, s_cause, s_effective, s_digest
  FROM ROWS FROM (
    jsonb_array_elements(sent),
    jsonb_to_recordset(sent) AS (id uuid, kind text, debit uuid, credit uuid, amount bigint, asset text,
      hold_id uuid, chain uuid, timeout_s bigint, cause text, corrects_id uuid, effective_on date)
  ) AS p(raw, id, kind, debit, credit, amount, asset, hold_id, chain, timeout_s, cause, corrects_id, effective_on);
  IF NOT is_plain THEN
    RETURN;
  END IF;

  -- Locks in the one order of everybody; what is waited for is seen as it then is.
  SELECT array_agg(a.id), array_agg(a.key), array_agg(a.asset),
    array_agg(CASE WHEN a.is_limited THEN a.credits_posted - a.debits_posted - a.debits_pending END),
    COALESCE(bool_or(a.is_limited), false)
  INTO a_id, a_key, a_asset, a_free, has_limits
  FROM (SELECT * FROM ledger_account AS b WHERE b.key = ANY (s_debit || s_credit)
    ORDER BY b.id FOR NO KEY UPDATE) AS a;
  -- Enough without what this very batch brings is enough in any order.
  IF has_limits AND EXISTS (
    SELECT FROM (
      SELECT u.debit, sum(u.amount) AS amount FROM unnest(s_debit, s_amount) AS u(debit, amount) GROUP BY u.debit
    ) AS d JOIN unnest(a_key, a_free) AS a(key, free) ON a.key = d.debit
    WHERE d.amount > a.free
  ) THEN
    RETURN;
  END IF;

  moment := ledger_now();
  today := (moment AT TIME ZONE site_zone)::date;
  PERFORM ledger_announce();
  BEGIN
    numbers := ARRAY(SELECT nextval('public.ledger_seq') FROM generate_series(1, n));
    INSERT INTO ledger_transfer (id, seq, kind, debit_id, credit_id, asset, amount, posted_change,
      pending_change, expires_at, cause, effective_on, payload_sha256, at_business, at_recorded)
    SELECT u.id, u.seq, u.kind, d.id, c.id, u.asset, u.amount,
      CASE WHEN u.kind = 'posted' THEN u.amount ELSE 0 END, CASE WHEN u.kind = 'posted' THEN 0 ELSE u.amount END,
      CASE WHEN u.kind = 'pending' THEN moment + make_interval(secs => u.timeout_s) END,
      COALESCE(u.cause, ''), COALESCE(u.effective, today), u.digest, moment, clock_timestamp()
    FROM unnest(s_id, numbers, s_kind, s_debit, s_credit, s_amount, s_asset, s_timeout, s_cause, s_effective, s_digest)
      AS u(id, seq, kind, debit, credit, amount, asset, timeout_s, cause, effective, digest)
    JOIN unnest(a_id, a_key, a_asset) AS d(id, key, asset) ON d.key = u.debit AND d.asset = u.asset
    JOIN unnest(a_id, a_key, a_asset) AS c(id, key, asset) ON c.key = u.credit AND c.asset = u.asset;
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written <> n THEN
      RAISE no_data_found;
    END IF;
  EXCEPTION WHEN no_data_found OR unique_violation OR check_violation THEN
    -- An account is missing or of another asset; an id is there already; a sum is too large.
    RETURN;
  END;
  RETURN QUERY SELECT u.no::integer, 'ok', u.seq FROM unnest(numbers) WITH ORDINALITY AS u(seq, no);
END $$;

CREATE FUNCTION post_batch(sent jsonb, site_zone text DEFAULT 'UTC')
RETURNS TABLE (place integer, result text, seq bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  most CONSTANT bigint := 9007199254740991;
  n CONSTANT integer := jsonb_array_length(sent);
  one CONSTANT jsonb := sent -> 0;
  kind_ CONSTANT text := one ->> 'kind';
  is_short boolean := n = 1 AND kind_ IN ('posted', 'pending')
    AND NOT one ?| ARRAY['hold_id', 'chain', 'corrects_id'];
  id_ uuid; debit uuid; credit uuid; asset_ text; amount_ bigint; digest bytea;
  posted bigint; pending bigint;
  there_seq bigint; there_digest bytea;
  r record; d bigint; c bigint; is_other_asset boolean; free bigint; rest bigint;
  moment timestamptz;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'post_batch reads what others have just committed: call it in READ COMMITTED'
      USING ERRCODE = 'invalid_transaction_state';
  END IF;
  IF n > 8190 THEN
    RAISE EXCEPTION 'a batch has at most 8190 transfers' USING ERRCODE = 'program_limit_exceeded';
  END IF;
  IF NOT is_short THEN
    IF n > 1 THEN
      RETURN QUERY SELECT * FROM ledger_post_set(sent, site_zone);
      IF FOUND THEN
        RETURN;
      END IF;
    END IF;
    RETURN QUERY SELECT * FROM ledger_post_any(sent, site_zone);
    RETURN;
  END IF;

  -- One plain transfer. All that needs no account is done before the accounts are locked.
  id_ := (one ->> 'id')::uuid; debit := (one ->> 'debit')::uuid; credit := (one ->> 'credit')::uuid;
  asset_ := one ->> 'asset'; amount_ := (one ->> 'amount')::bigint;
  digest := sha256(convert_to(one::text, 'UTF8'));
  posted := CASE WHEN kind_ = 'posted' THEN amount_ ELSE 0 END;
  pending := amount_ - posted;
  place := 1; result := NULL; seq := NULL;
  -- Who stands in the ledger stands for good, and nobody need wait to hear it.
  SELECT t.seq, t.payload_sha256 INTO there_seq, there_digest FROM ledger_transfer AS t WHERE t.id = id_;
  IF there_seq IS NULL THEN
    FOR r IN
      SELECT a.id, a.key, a.asset <> asset_ AS is_other,
        CASE WHEN a.is_limited THEN a.credits_posted - a.debits_posted - a.debits_pending ELSE most END AS free,
        CASE WHEN a.key = debit THEN most - GREATEST(a.debits_posted + posted, a.debits_pending + pending)
          ELSE most - GREATEST(a.credits_posted + posted, a.credits_pending + pending) END AS rest
      FROM ledger_account AS a WHERE a.key IN (debit, credit) ORDER BY a.id FOR NO KEY UPDATE
    LOOP
      is_other_asset := COALESCE(is_other_asset, false) OR r.is_other;
      IF r.key = debit THEN
        d := r.id; free := r.free;
      END IF;
      IF r.key = credit THEN
        c := r.id;
      END IF;
      rest := LEAST(rest, r.rest);
    END LOOP;
    result := CASE WHEN d IS NULL OR c IS NULL THEN 'no_account' WHEN is_other_asset THEN 'wrong_asset'
      WHEN amount_ > free OR rest < 0 THEN 'over_limit' ELSE 'ok' END;
    IF result = 'ok' THEN
      -- The time is taken after the locks, the number too: on one account both follow its commits.
      moment := ledger_now();
      PERFORM ledger_announce();
      INSERT INTO ledger_transfer (id, seq, kind, debit_id, credit_id, asset, amount, posted_change,
        pending_change, expires_at, cause, effective_on, payload_sha256, at_business, at_recorded)
      VALUES (id_, nextval('public.ledger_seq'), kind_, d, c, asset_, amount_, posted, pending,
        CASE WHEN kind_ = 'pending' THEN moment + make_interval(secs => (one ->> 'timeout_s')::bigint) END,
        COALESCE(one ->> 'cause', ''),
        COALESCE((one ->> 'effective_on')::date, (moment AT TIME ZONE site_zone)::date),
        digest, moment, clock_timestamp())
      ON CONFLICT (id) DO NOTHING RETURNING seq INTO seq;
      IF FOUND THEN
        RETURN NEXT;
        RETURN;
      END IF;
    END IF;
    -- Refused, or sent by somebody else meanwhile: only now is it certain that all is seen.
    SELECT t.seq, t.payload_sha256 INTO there_seq, there_digest FROM ledger_transfer AS t WHERE t.id = id_;
  END IF;
  IF there_seq IS NOT NULL THEN
    result := CASE WHEN there_digest = digest THEN 'exists' ELSE 'conflict' END;
    seq := CASE WHEN there_digest = digest THEN there_seq END;
  END IF;
  RETURN NEXT;
END $$;

GRANT CREATE ON SCHEMA public TO ybj_poster;
ALTER FUNCTION post_batch(jsonb, text) OWNER TO ybj_poster;
ALTER FUNCTION ledger_post_set(jsonb, text) OWNER TO ybj_poster;
REVOKE CREATE ON SCHEMA public FROM ybj_poster;
-- Called by name from outside is the one; the ways behind it are the poster's own.
REVOKE ALL ON FUNCTION ledger_post_set(jsonb, text), ledger_post_any(jsonb, text) FROM PUBLIC, ybj_runtime;
"""
# The triggers stay as they are: they keep what the former ones kept.
UNDO = """
DROP FUNCTION post_batch(jsonb, text);
DROP FUNCTION ledger_post_set(jsonb, text);
ALTER FUNCTION ledger_post_any(jsonb, text) SECURITY DEFINER;
ALTER FUNCTION ledger_post_any(jsonb, text) RENAME TO post_batch;
GRANT EXECUTE ON FUNCTION post_batch(jsonb, text) TO ybj_runtime;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_poster")]
    operations = [migrations.RunSQL(GUARDS + POSTER, UNDO)]
