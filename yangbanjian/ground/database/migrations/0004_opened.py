from django.db import migrations

# Whose private rows are open to the operator who acts: those of a grant that nobody has ended and
# whose end, by business time, is still to come (T7). The table is of the access room, which comes
# later; the plan is made when it is asked. Nobody else has anything opened, and asks no table.
OPENED = """
CREATE FUNCTION ybj_opened() RETURNS bigint[] LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
  IF NOT public.ybj_has_role('operator') THEN
    RETURN NULL;
  END IF;
  RETURN ARRAY(
    SELECT DISTINCT g.owner_id FROM public.access_grant AS g
    WHERE g.person_id = public.ybj_me() AND g.ended_at IS NULL
      AND g.until > statement_timestamp()
        + make_interval(secs => COALESCE((SELECT offset_seconds FROM public.clock_installation), 0)));
END $$;
GRANT EXECUTE ON FUNCTION ybj_opened() TO ybj_poster;
"""


class Migration(migrations.Migration):
    dependencies = [("database", "0003_row_security")]
    operations = [migrations.RunSQL(OPENED, "DROP FUNCTION ybj_opened();")]
