"""Taking away every table: for a sandbox that begins again, and nothing else."""

from __future__ import annotations

from django.db import connections

# Everything of the schema but what belongs to an extension; default privileges stay.
_DROP = """
DO $$
DECLARE
  one record;
BEGIN
  FOR one IN
    SELECT format('DROP %s IF EXISTS %s CASCADE',
        CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
          WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, oid::regclass) AS statement, 1 AS turn
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
      AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype IN ('e', 'i', 'a'))
    UNION ALL
    SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', oid::regprocedure), 2
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
    UNION ALL
    SELECT format('DROP TYPE IF EXISTS %s CASCADE', oid::regtype), 3
    FROM pg_type WHERE typnamespace = 'public'::regnamespace
      -- A table's row type goes with its table; a composite type of its own does not.
      AND (typtype IN ('e', 'd', 'r') OR (SELECT relkind = 'c' FROM pg_class WHERE oid = typrelid))
      AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_type.oid AND deptype = 'e')
    ORDER BY turn
  LOOP
    EXECUTE one.statement;
  END LOOP;
END $$
"""


def drop_everything(alias: str) -> None:
    """Drop tables, routines and types as the login that owns them; all or nothing."""
    with connections[alias].cursor() as cursor:
        cursor.execute(_DROP)
    connections[alias].close()
