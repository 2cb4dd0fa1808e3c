"""The wall around a library's records and their versions, for its migration (see database/walls)."""

from __future__ import annotations

from yangbanjian.ground.database.walls import (
    AUDITS,
    ME,
    OPERATES,
    READS_ALL,
    SYSTEM,
    WRITES_ALL,
    changed_wall,
    no_wall,
    opened,
    wall,
)

# Begins each policy, as the shelf's index has it: what is public is proved by the index and the
# rest is never asked.
SHOWN = "state IN ('public', 'expiring', 'expired', 'withdrawn', 'sold')"
# `@@` and `&&` can't use an index through a policy: they might tell what they see. So functions of
# the poster look the numbers up there, and ask the same question as the policy.
_FINDERS = {
    "said": ("tsquery", "terms @@ wanted"),
    "numbered": ("text[]", "numbers && wanted"),
    "alike": ("bigint[]", "bands && wanted"),
}


def library_wall(room: str, table: str, *, read: str, own: str) -> str:
    """SQL for a library's room: `read` is who sees a record, `own` who changes it."""
    found = f"EXISTS (SELECT FROM {table} AS r WHERE r.id = record_id"
    lines = [
        wall(table, read=read, write=f"{own} OR {WRITES_ALL}", poster="SELECT"),
        # A version follows its record, whose policy holds inside. It is erased by the system only.
        wall(
            f"{room}_version",
            read=f"{READS_ALL} OR {found})",
            add=f"{WRITES_ALL} OR {found} AND ({own}))",
            write=SYSTEM,
        ),
        f"GRANT SELECT ON {table} TO ybj_poster; GRANT CREATE ON SCHEMA public TO ybj_poster;\n",
    ]
    for name, (kind, condition) in _FINDERS.items():
        body = f"SELECT id FROM {table} WHERE {condition} AND ({read})"  # noqa: S608 - our own words
        lines.append(
            f"CREATE FUNCTION {room}_{name}(wanted {kind}) RETURNS SETOF bigint"
            " LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
            f" AS $$ {body} $$;\n"
            f"ALTER FUNCTION {room}_{name}({kind}) OWNER TO ybj_poster;\n"
        )
    lines.append("REVOKE CREATE ON SCHEMA public FROM ybj_poster;\n" + _owner_stays(room, table))
    return "".join(lines)


# What the operator's office needs of others' records (T7): what was handed in to be judged, and what
# they entered for an owner themselves. The rest of what is not shown is opened by a grant.
OFFICE = f"{OPERATES} AND (state = 'submitted' OR created_by = {ME})"
KEPT = f"{OFFICE} OR {AUDITS} OR {opened('owner_id')}"


def kept_wall(room: str, table: str, *, shown: str, own: str) -> str:
    """SQL by which the operator no longer reads a library by the role: `shown` is what everybody
    sees, `own` whose the record is. A version follows its record, for everybody."""
    read = f"{shown} OR {own} OR {KEPT}"
    write = f"{own} OR {SYSTEM} OR {OPERATES} AND ({shown}) OR {OFFICE} OR {opened('owner_id')}"
    found = f"EXISTS (SELECT FROM {table} AS r WHERE r.id = record_id)"
    walls = changed_wall(table, read=read, add=write, change=write, remove=write)
    return walls + changed_wall(f"{room}_version", read=found) + _finders(room, table, read)


def no_kept_wall(room: str, table: str, *, read: str, own: str) -> str:
    """SQL that gives it the walls of `library_wall` again."""
    write = f"{own} OR {WRITES_ALL}"
    found = f"EXISTS (SELECT FROM {table} AS r WHERE r.id = record_id)"
    walls = changed_wall(table, read=read, add=write, change=write, remove=write)
    versions = changed_wall(f"{room}_version", read=f"{READS_ALL} OR {found}")
    return walls + versions + _finders(room, table, read)


def _finders(room: str, table: str, read: str) -> str:
    """SQL by which the functions that look numbers up ask another question; still the poster's."""
    lines = ["GRANT CREATE ON SCHEMA public TO ybj_poster;\n"]
    for name, (kind, condition) in _FINDERS.items():
        body = f"SELECT id FROM {table} WHERE {condition} AND ({read})"  # noqa: S608 - our own words
        lines.append(
            f"CREATE OR REPLACE FUNCTION {room}_{name}(wanted {kind}) RETURNS SETOF bigint"
            " LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
            f" AS $$ {body} $$;\n"
        )
    lines.append("REVOKE CREATE ON SCHEMA public FROM ybj_poster;\n")
    return "".join(lines)


def _owner_stays(room: str, table: str) -> str:
    """A policy sees a row before or after, never both: who is entrusted with a record could write
    their own name over its owner's."""
    return f"""
CREATE FUNCTION {room}_owner_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF public.ybj_writes_all() THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a record keeps its owner' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER {room}_owner_stays BEFORE UPDATE ON {table} FOR EACH ROW
  WHEN (OLD.owner_id IS DISTINCT FROM NEW.owner_id) EXECUTE FUNCTION {room}_owner_stays();
"""


def no_library_wall(room: str, table: str) -> str:
    """SQL that takes it down again."""
    finders = "".join(
        f"DROP FUNCTION {room}_{name}({kind});\n" for name, (kind, _) in _FINDERS.items()
    )
    stays = f"DROP TRIGGER {room}_owner_stays ON {table}; DROP FUNCTION {room}_owner_stays();\n"
    return stays + finders + no_wall(f"{room}_version") + no_wall(table)
