from importlib import import_module

from django.db import migrations, models

HERE = "yangbanjian.market.trading.migrations."

# Taking in and waiting, in one call. What is taken in is committed before the wait, so that whoever
# has the lot sees it; that commit waits for no disk, and the settings end with it.
#
# Who waits is either the next to decide, of whom there is one, or waits to be told. The next one waits
# for the lot itself. The others are woken all at once when it has decided, and not one by the other:
# with fifty that wait, a verdict was read forty times on its way to the last.
#
# Who finds the place of the next one taken is decided by it: its row stands in the inbox, and the
# next one reads the inbox later, when it has the lot and its place is free again. Until then it
# stands before them in the queue of the lot. Whoever is not told after all asks again.
#
# The lot is held by the session, from inside the call on, as a transaction would end before the
# sitting begins; its holder gives it back.
SENDING = """
CREATE FUNCTION trading_take_in(
  one bigint, key text, kind text, owner_id bigint, amount_fen bigint, content jsonb, is_operator boolean,
  made_by bigint, came float8, methods text[]
) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  here CONSTANT timestamptz := clock_timestamp();
  number bigint;
BEGIN
  INSERT INTO trading_inbox (lot_id, key, kind, owner_id, amount_fen, content, is_operator, made_by, verdict,
    came_at)
  SELECT l.id, trading_take_in.key, trading_take_in.kind, trading_take_in.owner_id, trading_take_in.amount_fen,
    trading_take_in.content, trading_take_in.is_operator, trading_take_in.made_by, '',
    GREATEST(LEAST(to_timestamp(came), here), here - interval '1 second')
  FROM trading_lot AS l WHERE l.id = one AND l.opens_at IS NOT NULL AND l.method = ANY (methods)
  RETURNING id INTO number;
  RETURN number;
END $$;

CREATE PROCEDURE trading_send(
  INOUT number bigint, one bigint, key text, kind text, owner_id bigint, amount_fen bigint, content jsonb,
  is_operator boolean, made_by bigint, came float8, methods text[],
  OUT is_there boolean, OUT verdict text, OUT at timestamptz, OUT seq int, OUT closes_at timestamptz
) LANGUAGE plpgsql AS $$
DECLARE
  lot CONSTANT int := hashtext('trading.lot');
  next_to_decide CONSTANT int := hashtext('trading.next');
  is_next boolean := false;
BEGIN
  IF number IS NULL THEN
    PERFORM set_config('synchronous_commit', 'off', true), set_config('ybj.system', 'on', true);
    number := trading_take_in(one, key, kind, owner_id, amount_fen, content, is_operator, made_by, came, methods);
    COMMIT;
  END IF;
  LOOP
    SELECT true, i.verdict, i.at, i.seq, i.closes_at INTO is_there, verdict, at, seq, closes_at
    FROM trading_inbox AS i WHERE i.id = number;
    EXIT WHEN is_next OR at IS NOT NULL OR NOT FOUND;
    is_next := pg_try_advisory_xact_lock(next_to_decide, one::int);
    IF is_next THEN
      PERFORM pg_advisory_lock(lot, one::int);
    ELSE
      PERFORM pg_advisory_lock_shared(lot, one::int);
      PERFORM pg_advisory_unlock_shared(lot, one::int);
    END IF;
  END LOOP;
  IF is_next AND (at IS NOT NULL OR is_there IS NULL) THEN
    PERFORM pg_advisory_unlock(lot, one::int);
  END IF;
END $$;

DROP FUNCTION trading_turn(int, bigint, boolean);
DROP FUNCTION trading_turn(int, bigint);
"""
BEFORE = f"""
DROP PROCEDURE trading_send;
DROP FUNCTION trading_take_in;
{import_module(HERE + "0011_turns").TURN}
{import_module(HERE + "0015_turns_in_one").TURN}
"""


class Migration(migrations.Migration):
    dependencies = [("trading", "0015_turns_in_one")]
    operations = [
        migrations.RunSQL(SENDING, BEFORE),
        migrations.AddField(
            "inbox", "came_at",
            models.DateTimeField(db_default=models.Func(function="clock_timestamp")),
        ),
    ]  # fmt: skip
