import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

from yangbanjian.ground.database.walls import ME, OPERATES, READS_ALL, SYSTEM, mine, no_wall, wall

GUARDS = """
-- When a look begins and ends is the database's word, and no longer than the edition that it was
-- born under allows. It changes once: somebody ends it.
CREATE FUNCTION access_grant_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  now_business timestamptz := clock_timestamp()
    + make_interval(secs => COALESCE((SELECT offset_seconds FROM public.clock_installation), 0));
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'a grant stays' USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.ended_by IS NOT NULL OR NEW.ended_at IS NOT NULL OR NEW.hours < 1 OR NOT EXISTS (
      SELECT FROM public.rulebook_edition AS e, jsonb_array_elements(e.rows) AS r
      WHERE e.id = NEW.edition_id AND e.table_name = 'access_terms' AND e.published_at IS NOT NULL
        AND r ->> 'what' = 'owner' AND NEW.hours <= (r ->> 'hours')::int) THEN
      RAISE EXCEPTION 'no longer than the rulebook allows'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
    END IF;
    NEW.opened_at := now_business;
    NEW.until := now_business + make_interval(hours => NEW.hours);
    RETURN NEW;
  END IF;
  IF OLD.ended_at IS NOT NULL OR NEW.ended_by IS NULL OR
     (NEW.id, NEW.owner_id, NEW.person_id, NEW.hours, NEW.edition_id, NEW.opened_at, NEW.until)
     IS DISTINCT FROM
     (OLD.id, OLD.owner_id, OLD.person_id, OLD.hours, OLD.edition_id, OLD.opened_at, OLD.until) THEN
    RAISE EXCEPTION 'a grant stands as it was opened'
      USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
  END IF;
  NEW.ended_at := now_business;
  RETURN NEW;
END $$;
CREATE TRIGGER access_grant_stands BEFORE INSERT OR UPDATE OR DELETE ON access_grant
  FOR EACH ROW EXECUTE FUNCTION access_grant_guard();

-- No look without the entry that tells its owner of it, with a reason beside it.
CREATE FUNCTION access_grant_is_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM public.journal_entry AS e
    WHERE e.subject_kind = 'access' AND e.subject_id = NEW.id AND e.verb = 'access.opened'
      AND e.owner_id = NEW.owner_id AND e.audience = 'parties' AND e.remark_sha256 <> ''
      AND e.person_id = NEW.person_id) THEN
    RAISE EXCEPTION 'no grant without the entry that tells of it'
      USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER access_grant_told AFTER INSERT ON access_grant
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION access_grant_is_told();

-- Functions of the poster ask what is opened to whoever calls them.
GRANT SELECT ON access_grant, clock_installation TO ybj_poster;
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ybj_runtime') THEN
    REVOKE DELETE, TRUNCATE ON access_grant FROM ybj_runtime;
  END IF;
END $$;
"""
UNDO = """
DROP TRIGGER access_grant_told ON access_grant;
DROP TRIGGER access_grant_stands ON access_grant;
DROP FUNCTION access_grant_is_told();
DROP FUNCTION access_grant_guard();
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("database", "0004_opened"),
        ("people", "0007_row_security"),
        ("rulebook", "0002_what_is_published_stands"),
        ("journal", "0004_row_security"),
    ]
    operations = [
        migrations.CreateModel(
            name="Grant",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("person_id", models.BigIntegerField()),
                ("hours", models.IntegerField()),
                ("opened_at", models.DateTimeField(null=True)),
                ("until", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.BigIntegerField(null=True)),
                (
                    "edition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="rulebook.edition",
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
                "db_table": "access_grant",
                "indexes": [
                    models.Index(fields=["owner", "-id"], name="access_of_owner"),
                    models.Index(
                        fields=["person_id"],
                        condition=Q(("ended_at", None)),
                        name="access_under_way",
                    ),
                ],
            },
        ),
        migrations.RunSQL(GUARDS, UNDO),
        # Never asks `ybj_opened`, which asks this table.
        migrations.RunSQL(
            wall(
                "access_grant",
                read=f"{mine('owner_id')} OR {READS_ALL}",
                add=f"{OPERATES} AND person_id = {ME}",
                write=f"{OPERATES} OR {SYSTEM}",
                poster="SELECT",
            ),
            no_wall("access_grant"),
        ),
    ]
