from django.db import migrations

# What policies ask, each read once a statement: they call these as (SELECT ybj_…()), which the
# planner runs before it touches a row. Nothing told is nobody: no list, no yes.
FUNCTIONS = """
-- Named with their schema: a backup reads the tables with an empty search path.
CREATE FUNCTION ybj_is_system() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT COALESCE(current_setting('ybj.system', true) = 'on', false) $$;
-- After a transaction in which it was told, a setting is '' and no longer missing: only a word counts.
CREATE FUNCTION ybj_is_told() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT COALESCE(current_setting('ybj.system', true) IN ('on', 'off'), false) $$;
CREATE FUNCTION ybj_me() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT NULLIF(current_setting('ybj.person', true), '')::bigint $$;
CREATE FUNCTION ybj_mine() RETURNS bigint[] LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT string_to_array(NULLIF(current_setting('ybj.mandates', true), ''), ',')::bigint[] $$;
CREATE FUNCTION ybj_has_role(VARIADIC wanted text[]) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT COALESCE(string_to_array(current_setting('ybj.roles', true), ',') && wanted, false) $$;
CREATE FUNCTION ybj_reads_all() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT public.ybj_is_system() OR public.ybj_has_role('operator', 'auditor') $$;
CREATE FUNCTION ybj_writes_all() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT public.ybj_is_system() OR public.ybj_has_role('operator') $$;
GRANT EXECUTE ON FUNCTION ybj_is_system(), ybj_is_told(), ybj_me(), ybj_mine(), ybj_has_role(text[]), ybj_reads_all(),
  ybj_writes_all() TO ybj_poster;
"""
UNDO = """
DROP FUNCTION ybj_writes_all();
DROP FUNCTION ybj_reads_all();
DROP FUNCTION ybj_has_role(text[]);
DROP FUNCTION ybj_mine();
DROP FUNCTION ybj_me();
DROP FUNCTION ybj_is_told();
DROP FUNCTION ybj_is_system();
"""


class Migration(migrations.Migration):
    dependencies = [("database", "0002_numbering")]
    operations = [migrations.RunSQL(FUNCTIONS, UNDO)]
