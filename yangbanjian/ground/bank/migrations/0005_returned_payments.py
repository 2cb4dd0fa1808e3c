import django.db.models.deletion
from django.db import migrations, models

# A payment that the bank has sent back is matched to the order that it was of; the order is over then
# and may be given once more. The functions are those of 0002 with these cases.
GUARDS = """
GRANT CREATE ON SCHEMA public TO ybj_poster;

-- What is expected is for an account; what is to go is on hold for suspense; a refund goes to whoever
-- paid, and no more than came. One that is given once more is the same one again: what the bank did
-- not pay or sent back, to the payer, or to the account that the payer has named since.
CREATE OR REPLACE FUNCTION bank_expectation_fits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NEW.withdrawn_at IS NOT NULL OR NOT EXISTS (
    SELECT FROM ledger_account AS a WHERE a.id = NEW.account_id
      AND (a.owner_id IS NOT NULL OR a.code <> 'suspense')
  ) OR (NEW.amount < 0 AND NOT EXISTS (
    SELECT FROM ledger_transfer AS h JOIN ledger_account AS s ON s.id = h.credit_id
    WHERE h.id = NEW.hold_id AND h.kind = 'pending' AND h.amount = -NEW.amount AND h.debit_id = NEW.account_id
      AND s.owner_id IS NULL AND s.code = 'suspense'
  )) OR (NEW.repeats_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM bank_expectation AS r
    WHERE r.id = NEW.repeats_id AND r.account_id = NEW.account_id AND r.amount = NEW.amount
      AND r.origin_id = NEW.origin_id AND r.payee_id IS NOT DISTINCT FROM NEW.payee_id
      AND (r.withdrawn_at IS NOT NULL OR EXISTS (
        SELECT FROM bank_match AS m WHERE m.returns_id = r.id AND m.undone_by_id IS NULL))
  )) OR (NEW.origin_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM bank_line AS o
    WHERE o.id = NEW.origin_id
      AND (o.counterparty = NEW.counterparty OR NEW.repeats_id IS NOT NULL AND NEW.counterparty = (
        SELECT p.number FROM bank_payee AS p WHERE p.owner_id = NEW.payee_id ORDER BY p.id DESC LIMIT 1))
      AND o.amount + NEW.amount >= bank_given_back(o.id)
  )) THEN
    RAISE EXCEPTION 'what is to be paid is on hold; a refund goes back to the payer'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME;
  END IF;
  RETURN NEW;
END $$;

-- What refunds of a line have given back, or are to: not what is free again, not what has come back.
CREATE FUNCTION bank_given_back(line bigint) RETURNS bigint LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT COALESCE(-sum(e.amount), 0)::bigint FROM bank_expectation AS e
  WHERE e.origin_id = line
    AND NOT EXISTS (
      SELECT FROM ledger_transfer AS r WHERE r.hold_id = e.hold_id AND r.kind IN ('void', 'expire'))
    AND NOT EXISTS (
      SELECT FROM bank_match AS m WHERE m.returns_id = e.id AND m.undone_by_id IS NULL)
$$;

-- A match moves exactly its line's amount out of suspense. Where something was expected, it is that:
-- the account, the amount and the other side of the bank's line. Money that leaves without having
-- been ordered can only be the house's own. What comes back of an order that was carried out is all
-- of it, and goes where it came from.
CREATE OR REPLACE FUNCTION bank_match_fits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
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
      AND (NEW.returns_id IS NULL OR NEW.expectation_id IS NULL AND EXISTS (
        SELECT FROM bank_expectation AS r
        JOIN bank_match AS m ON m.expectation_id = r.id AND m.undone_by_id IS NULL
        WHERE r.id = NEW.returns_id AND r.amount = -l.amount AND r.account_id = a.id))
  ) THEN
    RAISE EXCEPTION 'a match moves the amount of its line to where it was expected'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME;
  END IF;
  RETURN NEW;
END $$;

-- A match ends by a transfer that corrects it, whole, between the same accounts. That of a payment
-- which has come back stays as long as its return does; a return stays once its refund was given anew.
CREATE OR REPLACE FUNCTION bank_match_undone() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF to_jsonb(NEW) - 'undone_by_id' <> to_jsonb(OLD) - 'undone_by_id' OR OLD.undone_by_id IS NOT NULL
    OR EXISTS (
      SELECT FROM bank_match AS m WHERE m.returns_id = OLD.expectation_id AND m.undone_by_id IS NULL)
    OR EXISTS (
      SELECT FROM bank_expectation AS r JOIN bank_line AS o ON o.id = r.origin_id
      WHERE r.id = OLD.returns_id AND bank_given_back(o.id) - r.amount > o.amount)
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

ALTER FUNCTION bank_given_back(bigint) OWNER TO ybj_poster;
REVOKE CREATE ON SCHEMA public FROM ybj_poster;
REVOKE ALL ON FUNCTION bank_given_back(bigint) FROM PUBLIC;

-- Where somebody wants to be paid is asked by the guard of refunds.
GRANT SELECT ON bank_payee TO ybj_poster;
CREATE POLICY bank_payee_poster ON bank_payee FOR SELECT TO ybj_poster USING (true);
"""
# The functions stay as they are: without the columns nothing is asked of them any more.
UNDO = """
DROP POLICY bank_payee_poster ON bank_payee;
REVOKE SELECT ON bank_payee FROM ybj_poster;
"""


class Migration(migrations.Migration):
    dependencies = [("bank", "0004_payees"), ("people", "0007_row_security")]

    operations = [
        migrations.AddField(
            model_name="expectation",
            name="payee",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="people.organisation",
            ),
        ),
        migrations.AddField(
            model_name="expectation",
            name="repeats",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="repeated_by",
                to="bank.expectation",
            ),
        ),
        migrations.AddField(
            model_name="match",
            name="returns",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="returned_by",
                to="bank.expectation",
            ),
        ),
        migrations.AddConstraint(
            model_name="match",
            constraint=models.UniqueConstraint(
                condition=models.Q(("returns__isnull", False), ("undone_by__isnull", True)),
                fields=("returns",),
                name="bank_match_returns_once",
            ),
        ),
        migrations.RunSQL(GUARDS, UNDO),
    ]
