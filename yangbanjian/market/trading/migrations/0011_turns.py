from django.db import migrations

# Who waits for a lot to be told what another one has decided needs the lot for no longer than it
# takes to look: what a subtransaction has locked is free once it is rolled back, and the next in the
# queue need not wait until this one's client has read its answer and ended its transaction. Each
# statement inside sees what was committed while the one before it waited (volatile).
TURN = """
CREATE FUNCTION trading_turn(
  one int, number bigint, OUT is_there boolean, OUT verdict text, OUT at timestamptz, OUT seq int,
  OUT closes_at timestamptz
) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('trading.lot'), one);
  SELECT true, i.verdict, i.at, i.seq, i.closes_at INTO is_there, verdict, at, seq, closes_at
  FROM trading_inbox AS i WHERE i.id = number;
  IF at IS NOT NULL THEN
    RAISE EXCEPTION 'decided by another' USING ERRCODE = 'YBJ01';
  END IF;
EXCEPTION WHEN SQLSTATE 'YBJ01' THEN
  NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("trading", "0010_follow_up")]
    operations = [
        migrations.RunSQL(
            TURN,
            "DROP FUNCTION trading_turn(int, bigint, OUT boolean, OUT text, OUT timestamptz, OUT int, OUT timestamptz)",
        )
    ]
