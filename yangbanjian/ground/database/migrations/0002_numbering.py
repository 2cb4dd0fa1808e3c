from django.db import migrations

# A server counts its transactions for itself: rows that come from another one (a dump that was
# restored) carry greater numbers than its next. What goes by these numbers (followers of the
# journal, the log, the index) must never see them go back, so ours run `ahead` of the server's.
NUMBERING = """
CREATE TABLE database_numbering (
  id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
  ahead bigint NOT NULL CHECK (ahead >= 0),
  era integer NOT NULL CHECK (era >= 0),
  home text NOT NULL
);
REVOKE ALL ON database_numbering FROM PUBLIC;
GRANT SELECT ON database_numbering TO PUBLIC;
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ybj_runtime') THEN
    REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON database_numbering FROM ybj_runtime;
  END IF;
END $$;
CREATE FUNCTION ybj_ahead() RETURNS bigint LANGUAGE sql STABLE AS
  'SELECT COALESCE((SELECT ahead FROM database_numbering), 0)';
-- plpgsql keeps its plan: this is asked for every row.
CREATE OR REPLACE FUNCTION ybj_xact() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN pg_current_xact_id()::text::bigint + COALESCE((SELECT ahead FROM database_numbering), 0);
END $$;
"""
UNDO = """
CREATE OR REPLACE FUNCTION ybj_xact() RETURNS bigint LANGUAGE sql VOLATILE AS
  'SELECT pg_current_xact_id()::text::bigint';
DROP FUNCTION ybj_ahead();
DROP TABLE database_numbering;
"""


class Migration(migrations.Migration):
    dependencies = [("database", "0001_functions")]
    operations = [migrations.RunSQL(NUMBERING, UNDO)]
