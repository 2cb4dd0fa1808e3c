from django.db import migrations

# Most who wait for a lot wait to be told what another one has decided. For them the look is one
# statement, which is its own transaction: nothing to begin and nothing to end. So what is held by who
# finds that nobody has decided can't be held by the transaction, which ends with the statement: it is
# held by the session, from inside the look on, and given back by its holder (or by the end of the
# session). The lot is the same whether a transaction or a session has it.
TURN = """
CREATE FUNCTION trading_turn(
  one int, number bigint, is_kept boolean, OUT is_there boolean, OUT verdict text,
  OUT at timestamptz, OUT seq int, OUT closes_at timestamptz
) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  SELECT * INTO is_there, verdict, at, seq, closes_at FROM trading_turn(one, number);
  IF at IS NULL AND is_kept THEN
    PERFORM pg_advisory_lock(hashtext('trading.lot'), one);
  END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("trading", "0014_compensation")]
    operations = [
        migrations.RunSQL(
            TURN,
            "DROP FUNCTION trading_turn(int, bigint, boolean, OUT boolean, OUT text,"
            " OUT timestamptz, OUT int, OUT timestamptz)",
        )
    ]
