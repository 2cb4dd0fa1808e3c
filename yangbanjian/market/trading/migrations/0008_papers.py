import django.db.models.deletion
from django.db import migrations, models

from yangbanjian.ground.database.walls import ME, SYSTEM, mine, no_wall, wall

GUARD = """
-- A paper stands as it was put in; it counts from its listing's version, or from the next one where
-- the public sees the listing already. Until it is shown it can be taken back, once.
CREATE FUNCTION trading_paper_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  of_listing record;
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'a paper stays' USING ERRCODE = 'restrict_violation';
  END IF;
  SELECT l.owner_id, l.version, l.published_at INTO of_listing
    FROM trading_listing AS l WHERE l.id = NEW.listing_id;
  IF TG_OP = 'INSERT' THEN
    IF NOT FOUND OR NEW.owner_id <> of_listing.owner_id OR NEW.withdrawn_at IS NOT NULL OR
       NEW.since <> of_listing.version + (of_listing.published_at IS NOT NULL)::int THEN
      RAISE EXCEPTION 'what is new in a public listing counts from its next version'
        USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF to_jsonb(NEW) - 'withdrawn_at' - 'withdrawn_by' <> to_jsonb(OLD) - 'withdrawn_at' - 'withdrawn_by'
     OR OLD.withdrawn_at IS NOT NULL OR
     of_listing.published_at IS NOT NULL AND OLD.since <= of_listing.version THEN
    RAISE EXCEPTION 'a paper stands as it was shown' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER trading_paper_stands BEFORE INSERT OR UPDATE OR DELETE ON trading_paper
  FOR EACH ROW EXECUTE FUNCTION trading_paper_guard();
CREATE TRIGGER trading_undertaking_stands BEFORE UPDATE OR DELETE ON trading_undertaking
  FOR EACH ROW EXECUTE FUNCTION trading_stands();
CREATE TRIGGER trading_reading_stands BEFORE UPDATE OR DELETE ON trading_reading
  FOR EACH ROW EXECUTE FUNCTION trading_stands();

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ybj_runtime') THEN
    REVOKE DELETE, TRUNCATE ON trading_paper, trading_undertaking, trading_reading FROM ybj_runtime;
    REVOKE UPDATE ON trading_paper, trading_undertaking, trading_reading FROM ybj_runtime;
    GRANT UPDATE (withdrawn_at, withdrawn_by) ON trading_paper TO ybj_runtime;
  END IF;
END $$;
"""
UNDO = """
DROP TRIGGER trading_reading_stands ON trading_reading;
DROP TRIGGER trading_undertaking_stands ON trading_undertaking;
DROP TRIGGER trading_paper_stands ON trading_paper;
DROP FUNCTION trading_paper_guard();
"""
STAFF = "(SELECT ybj_is_system() OR ybj_has_role('exchange', 'operator', 'auditor'))"
EXCHANGE = "(SELECT ybj_is_system() OR ybj_has_role('exchange', 'operator'))"
OWN = mine("owner_id")
# The names inside are asked through their own walls: a listing that the actor sees, a registration
# and an undertaking of their own.
LISTED = (
    "withdrawn_at IS NULL AND EXISTS (SELECT FROM trading_listing AS l WHERE l.id = trading_paper.listing_id"
    " AND l.published_at IS NOT NULL AND trading_paper.since <= l.version)"
)
READER = (
    "EXISTS (SELECT FROM trading_undertaking AS u JOIN trading_registration AS r"
    " ON r.listing_id = u.listing_id AND r.owner_id = u.owner_id"
    f" WHERE u.listing_id = trading_paper.listing_id AND u.made_by = {ME} AND ({mine('r.owner_id')})"
    " AND (r.state IN ('qualified', 'won', 'completed')"
    " OR trading_paper.tier = 'nda' AND r.state IN ('applied', 'deposited')))"
)
# Who has read is told to the seller when it is known who has bid.
BID = (
    "('confirmed', 'announced', 'signed', 'paid', 'certified', 'handed_over', 'archived', 'defaulted',"
    " 'relisted', 'withdrawn', 'ended')"
)
SELLER = (
    "EXISTS (SELECT FROM trading_listing AS l WHERE l.id = listing_id"
    f" AND l.state IN {BID} AND ({mine('l.owner_id')}))"
)
TABLES = {
    "trading_paper": {
        "read": f"{OWN} OR {STAFF} OR {LISTED} AND (tier = 'public' OR {READER})",
        "add": f"{OWN} OR {SYSTEM}", "write": f"{OWN} OR {EXCHANGE}",
    },
    # The buyer's: neither the seller nor another buyer learns who has come.
    "trading_undertaking": {
        "read": f"{OWN} OR {STAFF}", "add": f"{OWN} OR {SYSTEM}", "write": SYSTEM,
    },
    # The house writes it down: nobody leaves out what they have read.
    "trading_reading": {"read": f"{OWN} OR {STAFF} OR {SELLER}", "write": SYSTEM},
}  # fmt: skip
WALLS = [migrations.RunSQL(wall(table, **who), no_wall(table)) for table, who in TABLES.items()]


class Migration(migrations.Migration):
    dependencies = [
        ("files", "0003_row_security"),
        ("people", "0007_row_security"),
        ("rulebook", "0002_what_is_published_stands"),
        ("trading", "0007_row_security"),
    ]

    operations = [
        migrations.CreateModel(
            name="Paper",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("slot", models.IntegerField()),
                ("version", models.IntegerField(default=1)),
                ("tier", models.TextField()),
                ("name", models.TextField()),
                ("reason", models.TextField(blank=True, default="")),
                ("file_name", models.TextField(blank=True, default="")),
                ("sha256", models.TextField()),
                ("size", models.BigIntegerField()),
                ("media_type", models.TextField()),
                ("since", models.IntegerField()),
                ("made_by", models.BigIntegerField(null=True)),
                ("made_at", models.DateTimeField()),
                ("withdrawn_by", models.BigIntegerField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="files.file",
                    ),
                ),
                (
                    "listing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="papers",
                        to="trading.listing",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.organisation",
                    ),
                ),
            ],
            options={
                "db_table": "trading_paper",
            },
        ),
        migrations.CreateModel(
            name="Reading",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("sha256", models.TextField()),
                ("made_by", models.BigIntegerField()),
                ("made_at", models.DateTimeField()),
                (
                    "listing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="trading.listing",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.organisation",
                    ),
                ),
                (
                    "paper",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="readings",
                        to="trading.paper",
                    ),
                ),
            ],
            options={
                "db_table": "trading_reading",
            },
        ),
        migrations.CreateModel(
            name="Undertaking",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("text_sha256", models.TextField()),
                ("made_by", models.BigIntegerField()),
                ("made_at", models.DateTimeField()),
                (
                    "edition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="rulebook.edition",
                    ),
                ),
                (
                    "listing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="undertakings",
                        to="trading.listing",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.organisation",
                    ),
                ),
            ],
            options={
                "db_table": "trading_undertaking",
            },
        ),
        migrations.AddConstraint(
            model_name="paper",
            constraint=models.CheckConstraint(
                condition=models.Q(("tier__in", ["public", "nda", "qualified"])),
                name="paper_tier_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="paper",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="paper_named"
            ),
        ),
        migrations.AddConstraint(
            model_name="paper",
            constraint=models.CheckConstraint(
                condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")), name="paper_sha256_is_hex"
            ),
        ),
        migrations.AddConstraint(
            model_name="paper",
            constraint=models.UniqueConstraint(
                fields=("listing", "slot", "version"), name="paper_once"
            ),
        ),
        migrations.AddIndex(
            model_name="reading",
            index=models.Index(fields=["listing", "-id"], name="reading_of_listing"),
        ),
        migrations.AddConstraint(
            model_name="undertaking",
            constraint=models.CheckConstraint(
                condition=models.Q(("text_sha256__regex", "^[0-9a-f]{64}$")),
                name="undertaking_sha256_is_hex",
            ),
        ),
        migrations.AddConstraint(
            model_name="undertaking",
            constraint=models.UniqueConstraint(
                fields=("listing", "owner", "made_by"), name="undertaking_once"
            ),
        ),
        migrations.RunSQL(GUARD, UNDO),
        *WALLS,
    ]
