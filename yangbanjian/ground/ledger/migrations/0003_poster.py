from django.db import migrations

# The functions belong to a role that nobody signs in as; whoever calls them borrows its rights for
# just that. `post_batch` decides in the order of the batch over balances in memory, then writes one
# set. The semantics are those of rules/book.py; docs/algorithms/ledger.md tells them in words.
POSTER = """
CREATE FUNCTION ledger_now() RETURNS timestamptz LANGUAGE sql VOLATILE
SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT clock_timestamp()
    + make_interval(secs => COALESCE((SELECT offset_seconds FROM clock_installation), 0))
$$;

-- Numbers are drawn without a lock of their own, so that postings on different accounts need not
-- wait for each other. Whoever draws says first, by a shared lock that ends with the transaction,
-- that all numbers drawn will be above the present one; so `ledger_settled` knows below which
-- number nothing can appear any more.
CREATE FUNCTION ledger_announce() RETURNS void LANGUAGE sql VOLATILE
SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT pg_advisory_xact_lock_shared((19013::bigint << 48)
    | COALESCE(pg_sequence_last_value('public.ledger_seq'), 0))
$$;

CREATE FUNCTION ledger_settled(OUT settled bigint, OUT drawn bigint) LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  -- In this order: who announces after the look at the locks draws numbers above `drawn`.
  drawn := COALESCE(pg_sequence_last_value('public.ledger_seq'), 0);
  SELECT LEAST(drawn, min(((l.classid::bigint << 32) | l.objid::bigint) & ((1::bigint << 48) - 1))) INTO settled
  FROM pg_locks AS l WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.classid::bigint >> 16 = 19013
    AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
    -- One's own numbers are seen by oneself.
    AND l.pid <> pg_backend_pid();
END $$;

CREATE FUNCTION ledger_open_account(
  new_key uuid, new_owner bigint, new_code text, new_asset text, new_is_limited boolean
) RETURNS text LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  there ledger_account;
BEGIN
  INSERT INTO ledger_account (key, owner_id, code, asset, is_limited, opened_at)
  VALUES (new_key, new_owner, new_code, new_asset, new_is_limited, ledger_now())
  ON CONFLICT DO NOTHING;
  IF FOUND THEN
    RETURN 'ok';
  END IF;
  SELECT * INTO there FROM ledger_account WHERE key = new_key;
  IF (there.owner_id, there.code, there.asset, there.is_limited)
    IS NOT DISTINCT FROM (new_owner, new_code, new_asset, new_is_limited) THEN
    RETURN 'exists';
  END IF;
  RETURN 'conflict';
END $$;

CREATE FUNCTION post_batch(sent jsonb, site_zone text DEFAULT 'UTC')
RETURNS TABLE (place integer, result text, seq bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_nestloop = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  most CONSTANT bigint := 9007199254740991;
  n integer := jsonb_array_length(sent);
  tries integer := 0;
  moment timestamptz;
  ids uuid[]; keys uuid[]; hold_ids uuid[]; chains uuid[]; correct_ids uuid[];
  locked bigint[];
  -- Accounts by their number in the order of locks.
  a_id bigint[]; a_key uuid[]; a_asset text[]; a_limited boolean[];
  a_dpe bigint[]; a_dpo bigint[]; a_cpe bigint[]; a_cpo bigint[];
  -- What will be inserted, 1 to j; a chain that fails takes j back to where it began.
  j integer; start integer; i integer;
  w_place integer[]; w_group integer[]; w_hold_group integer[];
  w_id uuid[]; w_kind text[]; w_d integer[]; w_c integer[]; w_amount bigint[];
  w_posted bigint[]; w_pending bigint[]; w_hold uuid[]; w_expires timestamptz[];
  w_chain uuid[]; w_chain_place integer[]; w_chain_size integer[]; w_corrects uuid[];
  w_cause text[]; w_effective date[]; w_digest bytea[];
  -- By group (the place where an id first stands): what this batch has made, and resolved.
  made integer[]; resolved boolean[];
  results text[]; seqs bigint[]; seqs_made bigint[];
  chain_now uuid; is_broken boolean;
  r record;
  d integer; c integer; amount_ bigint; posted bigint; pending bigint; verdict text;
  h_kind text; h_amount bigint; h_expires timestamptz; h_asset text; at_made integer;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'post_batch reads what others have just committed: call it in READ COMMITTED'
      USING ERRCODE = 'invalid_transaction_state';
  END IF;
  IF n > 8190 THEN
    RAISE EXCEPTION 'a batch has at most 8190 transfers' USING ERRCODE = 'program_limit_exceeded';
  END IF;
  SELECT array_agg(s.id), array_agg(s.debit) || array_agg(s.credit),
    array_agg(s.hold_id) FILTER (WHERE s.hold_id IS NOT NULL),
    array_agg(s.chain) FILTER (WHERE s.chain IS NOT NULL),
    array_agg(s.corrects_id) FILTER (WHERE s.corrects_id IS NOT NULL)
  INTO ids, keys, hold_ids, chains, correct_ids
  FROM jsonb_to_recordset(sent) AS s(id uuid, debit uuid, credit uuid, hold_id uuid, chain uuid, corrects_id uuid);

  -- Locks first, in one order for everybody; what is read before them decides nothing.
  locked := ARRAY(SELECT a.id FROM ledger_account AS a WHERE a.key = ANY (keys));
  IF hold_ids IS NOT NULL THEN
    locked := locked || ARRAY(SELECT unnest(ARRAY[t.debit_id, t.credit_id])
      FROM ledger_transfer AS t WHERE t.id = ANY (hold_ids));
  END IF;
  PERFORM FROM ledger_account AS a WHERE a.id = ANY (locked) ORDER BY a.id FOR NO KEY UPDATE;

  <<again>>
  LOOP
    tries := tries + 1;
    moment := ledger_now();
    SELECT array_agg(a.id), array_agg(a.key), array_agg(a.asset), array_agg(a.is_limited),
      array_agg(a.debits_pending), array_agg(a.debits_posted),
      array_agg(a.credits_pending), array_agg(a.credits_posted)
    INTO a_id, a_key, a_asset, a_limited, a_dpe, a_dpo, a_cpe, a_cpo
    FROM (SELECT * FROM ledger_account AS b WHERE b.id = ANY (locked) ORDER BY b.id) AS a;
    made := array_fill(NULL::integer, ARRAY[n]);
    resolved := array_fill(false, ARRAY[n]);
    results := array_fill(NULL::text, ARRAY[n]);
    seqs := array_fill(NULL::bigint, ARRAY[n]);
    w_place := '{}'; w_group := '{}'; w_hold_group := '{}'; w_id := '{}'; w_kind := '{}';
    w_d := '{}'; w_c := '{}'; w_amount := '{}'; w_posted := '{}'; w_pending := '{}';
    w_hold := '{}'; w_expires := '{}'; w_chain := '{}'; w_chain_place := '{}';
    w_chain_size := '{}'; w_corrects := '{}'; w_cause := '{}'; w_effective := '{}'; w_digest := '{}';
    j := 0; start := 0; chain_now := NULL; is_broken := false;

    FOR r IN
      WITH given AS MATERIALIZED (
        SELECT p.*, p.no::integer AS place, sha256(convert_to(p.raw::text, 'UTF8')) AS digest
        FROM ROWS FROM (
          jsonb_array_elements(sent),
          jsonb_to_recordset(sent) AS (id uuid, kind text, debit uuid, credit uuid, amount bigint, asset text,
            hold_id uuid, chain uuid, timeout_s bigint, cause text, corrects_id uuid, effective_on date)
        ) WITH ORDINALITY AS p(raw, id, kind, debit, credit, amount, asset, hold_id, chain, timeout_s, cause,
          corrects_id, effective_on, no)
      ), firsts AS MATERIALIZED (
        SELECT g.id, min(g.place) AS place FROM given AS g GROUP BY g.id
      ), accounts AS MATERIALIZED (
        SELECT u.id, u.key, u.no::integer AS no
        FROM unnest(a_id, a_key) WITH ORDINALITY AS u(id, key, no)
      ), known AS MATERIALIZED (
        SELECT t.id, t.seq, t.payload_sha256 FROM ledger_transfer AS t WHERE t.id = ANY (ids)
      ), holds AS MATERIALIZED (
        SELECT t.id, t.kind, t.debit_id, t.credit_id, t.asset, t.amount, t.expires_at, e.kind AS resolution
        FROM (SELECT * FROM ledger_transfer AS b WHERE b.id = ANY (hold_ids)) AS t
        LEFT JOIN (SELECT * FROM ledger_transfer AS b WHERE b.hold_id = ANY (hold_ids)) AS e ON e.hold_id = t.id
      ), closed AS MATERIALIZED (
        SELECT DISTINCT t.chain FROM ledger_transfer AS t WHERE t.chain = ANY (chains)
      ), corrected AS MATERIALIZED (
        SELECT t.id, t.asset FROM ledger_transfer AS t
        WHERE t.id = ANY (correct_ids) AND t.kind IN ('posted', 'post')
      )
      SELECT g.*, d.no AS d, c.no AS c, own.place AS group_, held.place AS made_group,
        CASE WHEN g.hold_id IS NOT NULL THEN min(g.place) OVER (PARTITION BY g.hold_id) END AS hold_group,
        known.seq AS known_seq, known.payload_sha256 AS known_digest,
        h.kind AS h_kind, hd.no AS h_d, hc.no AS h_c, h.asset AS h_asset, h.amount AS h_amount,
        h.expires_at AS h_expires, h.resolution, closed.chain IS NOT NULL AS is_closed,
        x.asset AS corrected_asset, fixed.place AS corrects_group,
        COALESCE(min(g.place) FILTER (WHERE g.chain IS NOT NULL) OVER (PARTITION BY g.chain), g.place) AS turn,
        row_number() OVER (PARTITION BY g.chain ORDER BY g.place) AS chain_place,
        count(*) OVER (PARTITION BY g.chain) AS chain_size
      FROM given AS g
      JOIN firsts AS own ON own.id = g.id
      LEFT JOIN firsts AS held ON held.id = g.hold_id
      LEFT JOIN accounts AS d ON d.key = g.debit
      LEFT JOIN accounts AS c ON c.key = g.credit
      LEFT JOIN known ON known.id = g.id
      LEFT JOIN holds AS h ON h.id = g.hold_id
      LEFT JOIN accounts AS hd ON hd.id = h.debit_id
      LEFT JOIN accounts AS hc ON hc.id = h.credit_id
      LEFT JOIN closed ON closed.chain = g.chain
      LEFT JOIN corrected AS x ON x.id = g.corrects_id
      LEFT JOIN firsts AS fixed ON fixed.id = g.corrects_id
      ORDER BY turn, g.place
    LOOP
      IF r.kind NOT IN ('posted', 'pending', 'post', 'void') THEN
        RAISE EXCEPTION 'unknown kind of transfer' USING ERRCODE = 'invalid_parameter_value';
      END IF;
      IF r.chain IS NULL OR r.chain IS DISTINCT FROM chain_now THEN
        chain_now := r.chain; is_broken := false; start := j;
      END IF;
      at_made := made[r.group_];
      verdict := NULL; pending := 0; posted := 0; h_kind := NULL; h_expires := NULL;

      IF r.known_seq IS NOT NULL THEN
        verdict := CASE WHEN r.known_digest = r.digest THEN 'exists' ELSE 'conflict' END;
      ELSIF at_made <= start OR (at_made IS NOT NULL AND r.chain IS NULL) THEN
        -- The same id twice in one batch.
        verdict := CASE WHEN w_digest[at_made] = r.digest THEN 'exists' ELSE 'conflict' END;
      ELSIF is_broken THEN
        verdict := 'chain_failed';
      ELSIF at_made IS NOT NULL OR r.is_closed THEN
        -- A chain names each transfer once, and comes whole.
        verdict := 'conflict';
      ELSIF r.kind IN ('posted', 'pending') THEN
        d := r.d; c := r.c; amount_ := r.amount;
        IF d IS NULL OR c IS NULL THEN
          verdict := 'no_account';
        ELSIF a_asset[d] <> r.asset OR a_asset[c] <> r.asset THEN
          verdict := 'wrong_asset';
        ELSIF r.corrects_id IS NOT NULL AND r.corrected_asset IS DISTINCT FROM r.asset
            AND NOT COALESCE(w_kind[made[r.corrects_group]] IN ('posted', 'post')
              AND a_asset[w_d[made[r.corrects_group]]] = r.asset, false) THEN
          verdict := 'conflict';
        ELSIF a_limited[d] AND a_dpe[d] + a_dpo[d] + amount_ > a_cpo[d] THEN
          verdict := 'over_limit';
        ELSIF r.kind = 'posted' THEN
          posted := amount_;
        ELSE
          pending := amount_;
          h_expires := moment + make_interval(secs => r.timeout_s);
        END IF;
      ELSE
        at_made := made[r.made_group];
        IF at_made IS NOT NULL THEN
          h_kind := w_kind[at_made]; d := w_d[at_made]; c := w_c[at_made];
          h_asset := a_asset[d]; h_amount := w_amount[at_made]; h_expires := w_expires[at_made];
        ELSE
          h_kind := r.h_kind; d := r.h_d; c := r.h_c;
          h_asset := r.h_asset; h_amount := r.h_amount; h_expires := r.h_expires;
        END IF;
        amount_ := COALESCE(r.amount, h_amount);
        IF h_kind IS DISTINCT FROM 'pending' OR d IS NULL OR c IS NULL THEN
          verdict := 'conflict';
        ELSIF (r.debit IS NOT NULL AND r.d IS NULL) OR (r.credit IS NOT NULL AND r.c IS NULL) THEN
          verdict := 'no_account';
        ELSIF r.asset <> h_asset THEN
          verdict := 'wrong_asset';
        ELSIF r.d <> d OR r.c <> c THEN
          verdict := 'conflict';
        ELSIF r.resolution = 'expire' THEN
          verdict := 'expired';
        ELSIF r.resolution IS NOT NULL OR resolved[r.hold_group] THEN
          verdict := 'resolved';
        ELSIF moment >= h_expires THEN
          verdict := 'expired';
        ELSIF amount_ > h_amount THEN
          verdict := 'over_limit';
        ELSIF r.kind = 'void' AND amount_ <> h_amount THEN
          verdict := 'conflict';
        ELSE
          pending := -h_amount;
          posted := CASE WHEN r.kind = 'post' THEN amount_ ELSE 0 END;
        END IF;
        h_expires := NULL;
      END IF;
      IF verdict IS NULL AND (a_dpo[d] + posted > most OR a_dpe[d] + pending > most
          OR a_cpo[c] + posted > most OR a_cpe[c] + pending > most) THEN
        verdict := 'over_limit';
      END IF;

      IF verdict IS NULL THEN
        verdict := 'ok';
        a_dpo[d] := a_dpo[d] + posted; a_dpe[d] := a_dpe[d] + pending;
        a_cpo[c] := a_cpo[c] + posted; a_cpe[c] := a_cpe[c] + pending;
        j := j + 1;
        made[r.group_] := j;
        IF r.hold_id IS NOT NULL THEN
          resolved[r.hold_group] := true;
        END IF;
        w_place[j] := r.place; w_group[j] := r.group_; w_hold_group[j] := r.hold_group;
        w_id[j] := r.id; w_kind[j] := r.kind; w_d[j] := d; w_c[j] := c; w_amount[j] := amount_;
        w_posted[j] := posted; w_pending[j] := pending; w_hold[j] := r.hold_id; w_expires[j] := h_expires;
        w_chain[j] := r.chain; w_corrects[j] := r.corrects_id; w_cause[j] := COALESCE(r.cause, '');
        w_chain_place[j] := CASE WHEN r.chain IS NOT NULL THEN r.chain_place END;
        w_chain_size[j] := CASE WHEN r.chain IS NOT NULL THEN r.chain_size END;
        w_effective[j] := COALESCE(r.effective_on, (moment AT TIME ZONE site_zone)::date);
        w_digest[j] := r.digest;
      ELSIF verdict NOT IN ('exists', 'chain_failed') AND r.chain IS NOT NULL THEN
        is_broken := true;
        FOR i IN start + 1 .. j LOOP
          a_dpo[w_d[i]] := a_dpo[w_d[i]] - w_posted[i]; a_dpe[w_d[i]] := a_dpe[w_d[i]] - w_pending[i];
          a_cpo[w_c[i]] := a_cpo[w_c[i]] - w_posted[i]; a_cpe[w_c[i]] := a_cpe[w_c[i]] - w_pending[i];
          made[w_group[i]] := NULL;
          IF w_hold_group[i] IS NOT NULL THEN
            resolved[w_hold_group[i]] := false;
          END IF;
          results[w_place[i]] := 'chain_failed';
        END LOOP;
        j := start;
      END IF;
      results[r.place] := verdict;
      IF verdict = 'exists' THEN
        -- A first one of this batch has its number only after the insert.
        seqs[r.place] := COALESCE(r.known_seq, -made[r.group_]);
      END IF;
    END LOOP;

    EXIT again WHEN j = 0;
    PERFORM ledger_announce();
    BEGIN
      WITH written AS (
        INSERT INTO ledger_transfer (id, seq, kind, debit_id, credit_id, asset, amount, posted_change,
          pending_change, hold_id, expires_at, chain, chain_place, chain_size, corrects_id, cause,
          effective_on, payload_sha256, at_business, at_recorded)
        SELECT u.id, nextval('public.ledger_seq'), u.kind, a_id[u.d], a_id[u.c], a_asset[u.d], u.amount, u.posted,
          u.pending, u.hold, u.expires, u.chain, u.chain_place, u.chain_size, u.corrects, u.cause,
          u.effective, u.digest, moment, clock_timestamp()
        FROM unnest(w_id, w_kind, w_d, w_c, w_amount, w_posted, w_pending, w_hold, w_expires, w_chain,
          w_chain_place, w_chain_size, w_corrects, w_cause, w_effective, w_digest) WITH ORDINALITY
          AS u(id, kind, d, c, amount, posted, pending, hold, expires, chain, chain_place, chain_size,
            corrects, cause, effective, digest, no)
        WHERE u.no <= j
        RETURNING ledger_transfer.seq
      )
      SELECT array_agg(o.seq ORDER BY o.seq) INTO seqs_made FROM written AS o;
      EXIT again;
    EXCEPTION WHEN unique_violation THEN
      -- Somebody on other accounts has used an id or a chain meanwhile: look again, now it is seen.
      IF tries >= 5 THEN
        RAISE;
      END IF;
    END;
  END LOOP;

  FOR i IN 1 .. j LOOP
    seqs[w_place[i]] := seqs_made[i];
  END LOOP;
  FOR i IN 1 .. n LOOP
    place := i; result := results[i];
    seq := CASE WHEN seqs[i] < 0 THEN seqs_made[-seqs[i]] ELSE seqs[i] END;
    RETURN NEXT;
  END LOOP;
END $$;

-- The remainder of every hold whose time has run out goes back. Returns how many.
CREATE FUNCTION ledger_expire(most integer) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
DECLARE
  moment timestamptz := ledger_now();
  late uuid[];
  done integer;
BEGIN
  late := ARRAY(
    SELECT h.id FROM ledger_transfer AS h
    WHERE h.expires_at <= moment AND NOT EXISTS (SELECT FROM ledger_transfer AS e WHERE e.hold_id = h.id)
    ORDER BY h.expires_at LIMIT most);
  IF late = '{}' THEN
    RETURN 0;
  END IF;
  PERFORM FROM ledger_account AS a
  WHERE a.id IN (SELECT unnest(ARRAY[h.debit_id, h.credit_id]) FROM ledger_transfer AS h WHERE h.id = ANY (late))
  ORDER BY a.id FOR NO KEY UPDATE;
  PERFORM ledger_announce();
  INSERT INTO ledger_transfer (id, seq, kind, debit_id, credit_id, asset, amount, posted_change,
    pending_change, hold_id, cause, effective_on, payload_sha256, at_business, at_recorded)
  SELECT gen_random_uuid(), nextval('public.ledger_seq'), 'expire', h.debit_id, h.credit_id, h.asset, h.amount, 0,
    -h.amount, h.id, h.cause, h.effective_on, sha256(convert_to('expire ' || h.id, 'UTF8')), moment, clock_timestamp()
  FROM (
    SELECT * FROM ledger_transfer AS b WHERE b.id = ANY (late)
      AND NOT EXISTS (SELECT FROM ledger_transfer AS e WHERE e.hold_id = b.id)
    ORDER BY b.expires_at, b.seq) AS h;
  GET DIAGNOSTICS done = ROW_COUNT;
  -- 0 would tell the caller that nothing is left.
  RETURN GREATEST(done, 1);
END $$;

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ybj_poster') THEN
    RAISE EXCEPTION 'the role ybj_poster is missing: run «ybj db init» first';
  END IF;
END $$;
GRANT CREATE ON SCHEMA public TO ybj_poster;
ALTER FUNCTION ledger_now() OWNER TO ybj_poster;
ALTER FUNCTION ledger_announce() OWNER TO ybj_poster;
ALTER FUNCTION ledger_settled() OWNER TO ybj_poster;
ALTER FUNCTION ledger_open_account(uuid, bigint, text, text, boolean) OWNER TO ybj_poster;
ALTER FUNCTION post_batch(jsonb, text) OWNER TO ybj_poster;
ALTER FUNCTION ledger_expire(integer) OWNER TO ybj_poster;
REVOKE CREATE ON SCHEMA public FROM ybj_poster;

REVOKE ALL ON ledger_account, ledger_transfer FROM ybj_runtime, ybj_poster;
REVOKE ALL ON SEQUENCE ledger_seq, ledger_account_id_seq FROM ybj_runtime, ybj_poster;
GRANT SELECT ON ledger_account, ledger_transfer TO ybj_runtime;
GRANT SELECT, INSERT ON ledger_account, ledger_transfer TO ybj_poster;
GRANT UPDATE (debits_pending, debits_posted, credits_pending, credits_posted) ON ledger_account TO ybj_poster;
GRANT USAGE, SELECT ON SEQUENCE ledger_seq, ledger_account_id_seq TO ybj_poster;
GRANT SELECT ON clock_installation TO ybj_poster;
-- Only the poster itself announces; what is called by name from outside stays callable.
REVOKE ALL ON FUNCTION ledger_announce() FROM PUBLIC, ybj_runtime;
"""
UNDO = """
REVOKE SELECT ON clock_installation FROM ybj_poster;
DROP FUNCTION ledger_expire(integer);
DROP FUNCTION post_batch(jsonb, text);
DROP FUNCTION ledger_open_account(uuid, bigint, text, text, boolean);
DROP FUNCTION ledger_settled();
DROP FUNCTION ledger_announce();
DROP FUNCTION ledger_now();
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_guards"), ("clock", "0001_installation")]
    operations = [migrations.RunSQL(POSTER, UNDO)]
