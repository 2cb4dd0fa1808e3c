from django.db import migrations

# Money that came is not unsaid once the deal counts as paid, but for a royalty's: the deal counts as
# paid without it, and where the bank takes it back it is owed again.
PAID = """
     NEW.paid_fen < OLD.paid_fen AND (SELECT d.state FROM trading_deal AS d WHERE d.id = OLD.deal_id)
       NOT IN ('awarded', 'signed'){but} THEN
"""
GUARD = """
CREATE OR REPLACE FUNCTION trading_instalment_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'an instalment stays' USING ERRCODE = 'restrict_violation';
  END IF;
  IF (NEW.deal_id, NEW.owner_id, NEW.seq, NEW.amount_fen, NEW.from_deposit_fen) IS DISTINCT FROM
     (OLD.deal_id, OLD.owner_id, OLD.seq, OLD.amount_fen, OLD.from_deposit_fen) OR
     OLD.expectation_id IS NOT NULL AND NEW.expectation_id IS DISTINCT FROM OLD.expectation_id OR
     NEW.due_at <> OLD.due_at AND (SELECT d.state FROM trading_deal AS d WHERE d.id = OLD.deal_id) <> 'awarded' OR
{paid}
    RAISE EXCEPTION 'what is to be paid stands as it was laid out' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
"""
BUT = " AND NOT EXISTS (SELECT FROM trading_royalty_report AS r WHERE r.instalment_id = OLD.id)"


def guard(but: str) -> str:
    """SQL of the guard; `but` is who is let through all the same."""
    return GUARD.format(paid=PAID.format(but=but).strip("\n"))


class Migration(migrations.Migration):
    dependencies = [("trading", "0012_stuck_lots")]
    operations = [migrations.RunSQL(guard(BUT), guard(""))]
