from django.db import migrations

from yangbanjian.ground.database.walls import (
    READS_ALL,
    SYSTEM,
    WRITES_ALL,
    mine,
    no_wall,
    wall,
)  # fmt: skip

BROKER = "(SELECT ybj_has_role('broker'))"
PARTY = mine("seeker_id", "broker_id")
PROVIDER = mine("provider_id")
# A provider learns of a demand for brokers when its seeker has asked.
READ = (
    f"{PARTY} OR {PROVIDER} AND (first = 'seeker' OR EXISTS (SELECT FROM demands_demand AS d"
    f" WHERE d.id = demand_id AND d.visibility IN ('anonymous', 'named')))"
    f" OR broker_id IS NULL AND {BROKER} OR {READS_ALL}"
)
WRITE = f"{PARTY} OR {PROVIDER} OR broker_id IS NULL AND {BROKER} OR {WRITES_ALL}"
# What an introduction has opened to its parties stays open to them, whatever state it is in later.
# The policies of records can't ask the matches, whose policy asks them; this function can.
MET = f"""
CREATE FUNCTION matching_met(kind text) RETURNS bigint[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT array_agg(DISTINCT
    CASE kind WHEN 'demand' THEN demand_id WHEN 'achievement' THEN achievement_id ELSE expert_id END)
  FROM matching_match
  WHERE {PARTY} OR {PROVIDER} AND (first = 'seeker' OR kind <> 'demand') OR broker_id IS NULL AND {BROKER} $$;
GRANT CREATE ON SCHEMA public TO ybj_poster;
ALTER FUNCTION matching_met(text) OWNER TO ybj_poster;
REVOKE CREATE ON SCHEMA public FROM ybj_poster;
GRANT SELECT ON matching_match TO ybj_poster;
"""  # noqa: S608 - our own words
LIBRARIES = {
    "demand": "demands_demand",
    "achievement": "achievements_achievement",
    "expert": "experts_expert",
}
MEETING = "".join(
    f"CREATE POLICY {table}_met ON {table} FOR SELECT TO ybj_runtime, ybj_migrator"
    f" USING (id = ANY ((SELECT matching_met('{kind}'))::bigint[]));"
    for kind, table in LIBRARIES.items()
)
NO_MEETING = "".join(f"DROP POLICY {table}_met ON {table};" for table in LIBRARIES.values())
OPERATIONS = [
    migrations.RunSQL(
        wall("matching_match", read=READ, write=WRITE, add=SYSTEM, poster="SELECT")
        + wall(
            "matching_feedback",
            read=f"{mine('organisation_id')} OR {READS_ALL}",
            write=f"{mine('organisation_id')} OR {WRITES_ALL}",
        )
        # The texts of all records: the index reads them, and shows only what may be seen.
        + wall("matching_document", read=SYSTEM, write=SYSTEM),
        no_wall("matching_document") + no_wall("matching_feedback") + no_wall("matching_match"),
    ),
    migrations.RunSQL(MET + MEETING, NO_MEETING + "DROP FUNCTION matching_met(text);"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("matching", "0004_the_edition_stays"),
        ("achievements", "0005_row_security"),
        ("demands", "0005_row_security"),
        ("experts", "0005_row_security"),
    ]
    operations = OPERATIONS
