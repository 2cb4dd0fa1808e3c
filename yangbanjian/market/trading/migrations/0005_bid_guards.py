import django.db.models.deletion
from django.db import migrations, models

GUARD = """
-- What was received, the bids that stand and the lines of a log stay as they were written.
CREATE TRIGGER trading_received_stands BEFORE UPDATE OR DELETE ON trading_received
  FOR EACH ROW EXECUTE FUNCTION trading_stands();
CREATE TRIGGER trading_bid_stands BEFORE UPDATE OR DELETE ON trading_bid
  FOR EACH ROW EXECUTE FUNCTION trading_stands();
CREATE TRIGGER trading_lot_line_stands BEFORE UPDATE OR DELETE ON trading_lot_line
  FOR EACH ROW EXECUTE FUNCTION trading_stands();

-- A1: accepted bids are numbered without a gap, and each falls after the one before. A2: each is a
-- whole number of steps above. A3: none at or after the close, which it never moves back nor beyond
-- the hard close.
CREATE FUNCTION trading_bid_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  lot trading_lot;
  before trading_bid;
  closes timestamptz;
BEGIN
  SELECT * INTO lot FROM trading_lot AS l WHERE l.id = NEW.lot_id;
  SELECT * INTO before FROM trading_bid AS b WHERE b.lot_id = NEW.lot_id ORDER BY b.seq DESC LIMIT 1;
  IF NEW.seq <> COALESCE(before.seq, 0) + 1 OR NEW.at <= before.at THEN
    RAISE EXCEPTION 'bids come one after the other' USING ERRCODE = 'restrict_violation';
  END IF;
  IF lot.method IN ('rising', 'dynamic') THEN
    IF NEW.amount_fen < COALESCE(before.amount_fen + lot.step_fen, lot.start_fen) OR
       (NEW.amount_fen - lot.start_fen) % lot.step_fen <> 0 THEN
      RAISE EXCEPTION 'a bid is steps above the one before' USING ERRCODE = 'restrict_violation';
    END IF;
  ELSIF NEW.seq <> 1 OR NEW.amount_fen < COALESCE(lot.floor_fen, lot.start_fen) THEN
    RAISE EXCEPTION 'there is one bid, not below the price' USING ERRCODE = 'restrict_violation';
  END IF;
  closes := GREATEST(lot.closes_at, before.closes_at);
  IF lot.state <> 'open' OR NEW.at < lot.opens_at OR NEW.at >= closes OR NEW.closes_at < closes OR
     NEW.closes_at > lot.hard_close_at THEN
    RAISE EXCEPTION 'no bid outside the time of a lot' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER trading_bid_follows BEFORE INSERT ON trading_bid
  FOR EACH ROW EXECUTE FUNCTION trading_bid_guard();

-- A log has its lines without a gap, and none after the result.
CREATE FUNCTION trading_line_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before trading_lot_line;
BEGIN
  SELECT * INTO before FROM trading_lot_line AS l WHERE l.lot_id = NEW.lot_id ORDER BY l.n DESC LIMIT 1;
  IF NEW.n <> COALESCE(before.n + 1, 0) OR before.line ->> 'kind' = 'result' THEN
    RAISE EXCEPTION 'the lines of a log follow one another' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER trading_lot_line_follows BEFORE INSERT ON trading_lot_line
  FOR EACH ROW EXECUTE FUNCTION trading_line_guard();

-- A lot moves as its state table says; once it is open its terms stand, its close moves forward
-- only, its hard close only with a pause, and its result once told is the result.
CREATE FUNCTION trading_lot_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'a lot stays' USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.state <> NEW.state AND OLD.state || '>' || NEW.state NOT IN (
       'waiting>open', 'open>paused', 'paused>open', 'open>opening', 'open>priority',
       'opening>priority', 'open>sold', 'opening>sold', 'priority>sold', 'open>unsold',
       'opening>unsold', 'waiting>stopped', 'open>stopped', 'paused>stopped', 'opening>stopped',
       'sold>defaulted', 'defaulted>sold', 'defaulted>unsold', 'sold>settled') THEN
    RAISE EXCEPTION 'a lot does not go from % to %', OLD.state, NEW.state
      USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.state = 'waiting' THEN
    RETURN NEW;
  END IF;
  IF (NEW.listing_id, NEW.owner_id, NEW.edition_id, NEW.round, NEW.method, NEW.start_fen, NEW.step_fen,
      NEW.floor_fen, NEW.free_s, NEW.cycle_s, NEW.hard_close_s, NEW.resume_s, NEW.outage_s,
      NEW.needs_free_bid, NEW.priority_s, NEW.priority_plates, NEW.reserve_commitment, NEW.shows_losing,
      NEW.opens_at)
     IS DISTINCT FROM
     (OLD.listing_id, OLD.owner_id, OLD.edition_id, OLD.round, OLD.method, OLD.start_fen, OLD.step_fen,
      OLD.floor_fen, OLD.free_s, OLD.cycle_s, OLD.hard_close_s, OLD.resume_s, OLD.outage_s,
      OLD.needs_free_bid, OLD.priority_s, OLD.priority_plates, OLD.reserve_commitment, OLD.shows_losing,
      OLD.opens_at) THEN
    RAISE EXCEPTION 'the terms of an open lot stand' USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.closes_at < OLD.closes_at OR NEW.hard_close_at < OLD.hard_close_at OR NEW.held < OLD.held OR
     (NEW.hard_close_at > OLD.hard_close_at AND NEW.held <= OLD.held) OR
     NEW.last_at < OLD.last_at OR NEW.seq < OLD.seq OR NEW.lines < OLD.lines THEN
    RAISE EXCEPTION 'the time of a lot runs forward' USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.result IS NOT NULL AND (NEW.result, NEW.entry_id) IS DISTINCT FROM (OLD.result, OLD.entry_id) THEN
    RAISE EXCEPTION 'a result stands' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER trading_lot_moves BEFORE UPDATE OR DELETE ON trading_lot
  FOR EACH ROW EXECUTE FUNCTION trading_lot_guard();

-- The secret reserve stands with the terms that commit to it.
CREATE FUNCTION trading_reserve_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  one bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.lot_id ELSE NEW.lot_id END;
BEGIN
  IF TG_OP = 'UPDATE' OR EXISTS (
       SELECT FROM trading_lot AS l WHERE l.id = one AND l.state <> 'waiting') THEN
    RAISE EXCEPTION 'the reserve of an open lot stands' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER trading_reserve_stands BEFORE INSERT OR UPDATE OR DELETE ON trading_reserve
  FOR EACH ROW EXECUTE FUNCTION trading_reserve_guard();

-- The key that bids are sealed to is made once; what was opened was opened.
CREATE FUNCTION trading_sealing_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR
     (OLD.public_key <> '' AND (NEW.public_key, NEW.holders) IS DISTINCT FROM (OLD.public_key, OLD.holders)) OR
     (OLD.opened IS NOT NULL AND NEW.opened IS DISTINCT FROM OLD.opened) THEN
    RAISE EXCEPTION 'the sealing of a lot stands' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER trading_sealing_stands BEFORE UPDATE OR DELETE ON trading_sealing
  FOR EACH ROW EXECUTE FUNCTION trading_sealing_guard();

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ybj_runtime') THEN
    REVOKE UPDATE, DELETE, TRUNCATE ON trading_received, trading_bid, trading_lot_line FROM ybj_runtime;
    REVOKE DELETE, TRUNCATE ON trading_lot, trading_sealing, trading_beat FROM ybj_runtime;
    REVOKE UPDATE, TRUNCATE ON trading_reserve FROM ybj_runtime;
    REVOKE TRUNCATE ON trading_inbox FROM ybj_runtime;
  END IF;
END $$;
"""
UNDO = """
DROP TRIGGER trading_received_stands ON trading_received;
DROP TRIGGER trading_bid_stands ON trading_bid;
DROP TRIGGER trading_bid_follows ON trading_bid;
DROP TRIGGER trading_lot_line_stands ON trading_lot_line;
DROP TRIGGER trading_lot_line_follows ON trading_lot_line;
DROP TRIGGER trading_lot_moves ON trading_lot;
DROP TRIGGER trading_reserve_stands ON trading_reserve;
DROP TRIGGER trading_sealing_stands ON trading_sealing;
DROP FUNCTION trading_bid_guard();
DROP FUNCTION trading_line_guard();
DROP FUNCTION trading_lot_guard();
DROP FUNCTION trading_reserve_guard();
DROP FUNCTION trading_sealing_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("people", "0006_street"), ("trading", "0004_listing_guards")]

    operations = [
        migrations.CreateModel(
            name="Beat",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
            ],
            options={"db_table": "trading_beat"},
        ),
        migrations.CreateModel(
            name="Inbox",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.TextField()),
                ("kind", models.TextField()),
                ("owner_id", models.BigIntegerField()),
                ("amount_fen", models.BigIntegerField(null=True)),
                ("content", models.JSONField(default=dict)),
                ("is_operator", models.BooleanField(default=False)),
                ("made_by", models.BigIntegerField(null=True)),
                ("verdict", models.TextField(blank=True, default="")),
                ("at", models.DateTimeField(null=True)),
                ("seq", models.IntegerField(null=True)),
                ("closes_at", models.DateTimeField(null=True)),
                (
                    "lot",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="trading.lot",
                    ),
                ),
            ],
            options={"db_table": "trading_inbox"},
        ),
        migrations.CreateModel(
            name="Sealing",
            fields=[
                (
                    "lot",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="sealing",
                        serialize=False,
                        to="trading.lot",
                    ),
                ),
                ("public_key", models.TextField(blank=True, default="")),
                ("holders", models.JSONField(default=list)),
                ("shares", models.JSONField(default=dict)),
                ("deadline_entry_id", models.BigIntegerField(null=True)),
                ("deadline_packet", models.JSONField(null=True)),
                ("opened", models.JSONField(null=True)),
                ("made_at", models.DateTimeField()),
            ],
            options={"db_table": "trading_sealing"},
        ),
        migrations.AddIndex(
            model_name="placedbid",
            index=models.Index(fields=["lot", "plate", "-seq"], name="bid_highest_of_plate"),
        ),
        migrations.AddIndex(
            model_name="received",
            index=models.Index(
                condition=models.Q(("kind__in", ["ceiling", "sealed"])),
                fields=["lot", "kind", "id"],
                name="received_standing",
            ),
        ),
        migrations.AddConstraint(
            model_name="beat",
            constraint=models.CheckConstraint(condition=models.Q(("id", 1)), name="beat_one_row"),
        ),
        migrations.AddIndex(
            model_name="inbox",
            index=models.Index(
                condition=models.Q(("at__isnull", True)),
                fields=["lot", "id"],
                name="inbox_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="inbox",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ("bid", "ceiling", "claim", "sealed"))),
                name="inbox_kind_known",
            ),
        ),
        migrations.RunSQL(GUARD, UNDO),
    ]
