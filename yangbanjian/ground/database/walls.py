"""The wall around a table whose rows belong to somebody: row-level security, forced.

Migrations write walls with `wall`; a change of what it makes is a new function, for a migration
must always do what it did. Conditions are SQL over the row. They ask who acts as `(SELECT ybj_…())`
(ground/database/migrations/0002), which is evaluated once a statement, and name what anybody may see
first, so that an index of public rows proves it and the planner leaves the rest out.
"""

from __future__ import annotations

# Who works through the policies. The auditor's own login reads everything; functions of the poster
# are the only others, and see what `poster` grants them.
_BOUND = "ybj_runtime, ybj_migrator"
SYSTEM = "(SELECT ybj_is_system())"
READS_ALL = "(SELECT ybj_reads_all())"
WRITES_ALL = "(SELECT ybj_writes_all())"
ME = "(SELECT ybj_me())"
# Who reads everything by their office alone; and who runs the site, who does not (T7): of what is
# an owner's they read what `opened` says, and what the office needs by its nature.
AUDITS = "(SELECT ybj_is_system() OR ybj_has_role('auditor'))"
OPERATES = "(SELECT ybj_has_role('operator'))"


def mine(*columns: str) -> str:
    """The row's organisation is one that the actor speaks for."""
    return " OR ".join(f"{column} = ANY ((SELECT ybj_mine())::bigint[])" for column in columns)


def opened(*columns: str) -> str:
    """The row's organisation is one that a live grant has opened to the operator who acts."""
    return " OR ".join(f"{column} = ANY ((SELECT ybj_opened())::bigint[])" for column in columns)


def changed_wall(table: str, **conditions: str) -> str:
    """SQL that gives policies of a wall another condition, by their names: read, add, change,
    remove."""
    lines = []
    for name, condition in conditions.items():
        uses, checks = f" USING ({condition})", f" WITH CHECK ({condition})"
        said = {"add": checks, "change": uses + checks}.get(name, uses)
        lines.append(f"ALTER POLICY {table}_{name} ON {table}{said};\n")
    return "".join(lines)


def wall(table: str, *, read: str, write: str, add: str = "", poster: str = "") -> str:
    """SQL that walls a table: who sees a row, who changes or removes it (before and after), who
    adds one (default: as who changes). `poster`: what its functions may do, SELECT or ALL."""
    lines = [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY {table}_read ON {table} FOR SELECT TO {_BOUND} USING ({read})",
        f"CREATE POLICY {table}_add ON {table} FOR INSERT TO {_BOUND} WITH CHECK ({add or write})",
        f"CREATE POLICY {table}_change ON {table} FOR UPDATE TO {_BOUND}"
        f" USING ({write}) WITH CHECK ({write})",
        f"CREATE POLICY {table}_remove ON {table} FOR DELETE TO {_BOUND} USING ({write})",
        # The tables' owner may stand in for the poster, so what is granted that one needs a bar.
        f"CREATE POLICY {table}_migrate ON {table} AS RESTRICTIVE TO ybj_migrator"
        f" USING ({SYSTEM}) WITH CHECK ({SYSTEM})",
        f"CREATE POLICY {table}_audit ON {table} FOR SELECT TO ybj_auditor USING (true)",
    ]
    if poster:
        check = " WITH CHECK (true)" if poster == "ALL" else ""
        lines.append(
            f"CREATE POLICY {table}_poster ON {table} FOR {poster} TO ybj_poster USING (true){check}"
        )
    return ";\n".join(lines) + ";\n"


def no_wall(table: str) -> str:
    """SQL that takes the wall down again."""
    names = ("read", "add", "change", "remove", "migrate", "audit", "poster")
    lines = [f"DROP POLICY IF EXISTS {table}_{name} ON {table}" for name in names]
    lines.append(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    lines.append(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    return ";\n".join(lines) + ";\n"
