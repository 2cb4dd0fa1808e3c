import django.db.models.deletion
from django.db import migrations, models

GUARD = """
-- A listing moves as its state table says. What it says stands once it is handed in; once it is
-- public it changes with a version that keeps what was said and begins the disclosure anew.
CREATE FUNCTION trading_listing_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  business timestamptz := clock_timestamp() + make_interval(
    secs => COALESCE((SELECT offset_seconds FROM clock_installation), 0));
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'a listing is withdrawn, not deleted' USING ERRCODE = 'restrict_violation';
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'draft' OR NEW.version <> 1 OR NEW.round <> 1 OR NEW.accepted_by IS NOT NULL THEN
      RAISE EXCEPTION 'a listing is born a draft' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF (NEW.achievement_id, NEW.owner_id, NEW.made_by, NEW.made_at) IS DISTINCT FROM
     (OLD.achievement_id, OLD.owner_id, OLD.made_by, OLD.made_at) THEN
    RAISE EXCEPTION 'a listing stays of its achievement' USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.state <> NEW.state AND OLD.state || '>' || NEW.state NOT IN (
       'draft>submitted', 'returned>submitted', 'submitted>returned', 'submitted>accepted',
       'accepted>disclosed', 'paused>disclosed', 'disclosed>paused', 'disclosed>expired',
       'expired>qualifying', 'expired>nobody', 'qualifying>nobody', 'nobody>disclosed',
       'qualifying>negotiating', 'qualifying>bidding', 'negotiating>nobody', 'bidding>nobody',
       'negotiating>confirmed', 'bidding>confirmed', 'confirmed>announced', 'announced>signed',
       'signed>paid', 'paid>certified', 'certified>handed_over', 'handed_over>archived',
       'confirmed>defaulted', 'announced>defaulted', 'signed>defaulted', 'defaulted>confirmed',
       'defaulted>relisted', 'draft>withdrawn', 'submitted>withdrawn', 'returned>withdrawn',
       'accepted>withdrawn', 'disclosed>withdrawn', 'paused>withdrawn', 'expired>withdrawn',
       'nobody>withdrawn', 'qualifying>withdrawn', 'disclosed>ended', 'paused>ended',
       'expired>ended', 'nobody>ended', 'qualifying>ended', 'negotiating>ended',
       'bidding>ended', 'defaulted>ended') THEN
    RAISE EXCEPTION 'a listing does not go from % to %', OLD.state, NEW.state
      USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.state NOT IN ('draft', 'submitted', 'returned', 'accepted', 'withdrawn')
     AND NEW.published_at IS NULL THEN
    RAISE EXCEPTION 'what goes on has been published' USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.accepted_by IS NOT NULL AND NEW.accepted_by IS DISTINCT FROM OLD.accepted_by
     OR OLD.confirmed_by IS NOT NULL AND NEW.confirmed_by IS DISTINCT FROM OLD.confirmed_by
     OR OLD.published_by IS NOT NULL AND NEW.published_by IS DISTINCT FROM OLD.published_by THEN
    RAISE EXCEPTION 'who stands behind a listing stands' USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.version = OLD.version THEN
    IF OLD.state NOT IN ('draft', 'returned') AND
       (NEW.title, NEW.abstract, NEW.deal_mode, NEW.method, NEW.start_fen, NEW.step_fen, NEW.floor_fen,
        NEW.deposit_fen, NEW.free_s, NEW.cycle_s, NEW.hard_close_s, NEW.priority_s, NEW.shows_losing,
        NEW.ladder, NEW.commission, NEW.payment, NEW.forfeitures, NEW.conditions, NEW.notice_id, NEW.round)
       IS DISTINCT FROM
       (OLD.title, OLD.abstract, OLD.deal_mode, OLD.method, OLD.start_fen, OLD.step_fen, OLD.floor_fen,
        OLD.deposit_fen, OLD.free_s, OLD.cycle_s, OLD.hard_close_s, OLD.priority_s, OLD.shows_losing,
        OLD.ladder, OLD.commission, OLD.payment, OLD.forfeitures, OLD.conditions, OLD.notice_id, OLD.round)
    THEN
      RAISE EXCEPTION 'what a listing says changes with its version only'
        USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.published_at IS NOT NULL AND (
         (NEW.edition_id, NEW.days, NEW.unit, NEW.first_day, NEW.published_at) IS DISTINCT FROM
         (OLD.edition_id, OLD.days, OLD.unit, OLD.first_day, OLD.published_at)
         OR NEW.disclosure_ends_at < OLD.disclosure_ends_at) THEN
      RAISE EXCEPTION 'a disclosure does not become shorter' USING ERRCODE = 'restrict_violation';
    END IF;
  ELSIF NEW.version <> OLD.version + 1 OR NEW.state <> 'disclosed' OR
        OLD.state NOT IN ('disclosed', 'paused', 'nobody') OR NEW.published_at <= OLD.published_at OR
        NOT EXISTS (SELECT FROM trading_listing_version AS v
                    WHERE v.listing_id = OLD.id AND v.version = OLD.version) THEN
    RAISE EXCEPTION 'a changed listing is disclosed anew, and keeps what it said'
      USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.state = 'expired' AND OLD.state <> 'expired' AND NEW.disclosure_ends_at > business THEN
    RAISE EXCEPTION 'a disclosure stands to the end of its last day'
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER trading_listing_moves BEFORE INSERT OR UPDATE OR DELETE ON trading_listing
  FOR EACH ROW EXECUTE FUNCTION trading_listing_guard();
CREATE TRIGGER trading_listing_version_stands BEFORE UPDATE OR DELETE ON trading_listing_version
  FOR EACH ROW EXECUTE FUNCTION trading_stands();

-- A registration keeps its plate, its payer and the deposit that was asked of it.
CREATE FUNCTION trading_registration_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'a registration stays' USING ERRCODE = 'restrict_violation';
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'applied' OR NEW.hold_id IS NOT NULL OR NEW.outcome <> '' THEN
      RAISE EXCEPTION 'a registration begins with its application' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF (NEW.listing_id, NEW.owner_id, NEW.plate, NEW.bank_account, NEW.account, NEW.expectation_id,
      NEW.deposit_fen, NEW.made_by, NEW.made_at) IS DISTINCT FROM
     (OLD.listing_id, OLD.owner_id, OLD.plate, OLD.bank_account, OLD.account, OLD.expectation_id,
      OLD.deposit_fen, OLD.made_by, OLD.made_at) OR NEW.due_at < OLD.due_at OR
     OLD.hold_id IS NOT NULL AND (NEW.hold_id, NEW.line_id) IS DISTINCT FROM (OLD.hold_id, OLD.line_id) OR
     OLD.qualified_by IS NOT NULL AND (NEW.qualified_by, NEW.qualified_at) IS DISTINCT FROM
       (OLD.qualified_by, OLD.qualified_at) OR
     OLD.state <> NEW.state AND OLD.state || '>' || NEW.state NOT IN (
       'applied>deposited', 'applied>lapsed', 'deposited>qualified', 'applied>refused',
       'deposited>refused', 'applied>withdrawn', 'qualified>won', 'lost>won', 'deposited>lost',
       'qualified>lost', 'won>completed', 'deposited>forfeited', 'qualified>forfeited',
       'won>forfeited') THEN
    RAISE EXCEPTION 'a registration stands as it was made, and moves by its table'
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER trading_registration_moves BEFORE INSERT OR UPDATE OR DELETE ON trading_registration
  FOR EACH ROW EXECUTE FUNCTION trading_registration_guard();

-- A question stands; its answer is given once.
CREATE FUNCTION trading_question_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR (NEW.listing_id, NEW.owner_id, NEW.asker_id, NEW.text, NEW.made_by, NEW.made_at)
     IS DISTINCT FROM (OLD.listing_id, OLD.owner_id, OLD.asker_id, OLD.text, OLD.made_by, OLD.made_at)
     OR OLD.answer <> '' THEN
    RAISE EXCEPTION 'a question and its answer stand' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER trading_question_stands BEFORE UPDATE OR DELETE ON trading_question
  FOR EACH ROW EXECUTE FUNCTION trading_question_guard();

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ybj_runtime') THEN
    REVOKE DELETE, TRUNCATE ON trading_listing, trading_listing_version, trading_registration,
      trading_question FROM ybj_runtime;
    REVOKE UPDATE ON trading_listing_version FROM ybj_runtime;
  END IF;
END $$;
"""
UNDO = """
DROP TRIGGER trading_listing_moves ON trading_listing;
DROP TRIGGER trading_listing_version_stands ON trading_listing_version;
DROP TRIGGER trading_registration_moves ON trading_registration;
DROP TRIGGER trading_question_stands ON trading_question;
DROP FUNCTION trading_listing_guard();
DROP FUNCTION trading_registration_guard();
DROP FUNCTION trading_question_guard();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("bank", "0002_guards"),
        ("people", "0006_street"),
        ("trading", "0003_market"),
        ("clock", "0001_installation"),
    ]

    operations = [
        migrations.CreateModel(
            name="Question",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("text", models.TextField()),
                ("answer", models.TextField(blank=True, default="")),
                ("made_by", models.BigIntegerField(null=True)),
                ("made_at", models.DateTimeField()),
                ("answered_by", models.BigIntegerField(null=True)),
                ("answered_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "trading_question",
            },
        ),
        migrations.AddConstraint(
            model_name="registration",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ("deposited", "qualified", "won")), _negated=True),
                    ("deposit_fen", 0),
                    models.Q(("hold_id__isnull", False), ("line__isnull", False)),
                    _connector="OR",
                ),
                name="registration_deposit_is_held",
            ),
        ),
        migrations.AddConstraint(
            model_name="registration",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "qualified"), _negated=True),
                    ("qualified_by__isnull", False),
                    _connector="OR",
                ),
                name="registration_qualified_by_person",
            ),
        ),
        migrations.AddField(
            model_name="question",
            name="asker",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="people.organisation",
            ),
        ),
        migrations.AddField(
            model_name="question",
            name="listing",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="questions",
                to="trading.listing",
            ),
        ),
        migrations.AddField(
            model_name="question",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="people.organisation",
            ),
        ),
        migrations.AddIndex(
            model_name="question",
            index=models.Index(fields=["listing", "id"], name="question_of_listing"),
        ),
        migrations.AddConstraint(
            model_name="question",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="question_asks"
            ),
        ),
        migrations.AddConstraint(
            model_name="question",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", ""), ("answered_at__isnull", True)),
                    models.Q(
                        models.Q(("answer", ""), _negated=True), ("answered_at__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="question_answered_at",
            ),
        ),
        migrations.RunSQL(GUARD, UNDO),
    ]
