from django.db import migrations

from yangbanjian.ground.database.walls import (
    AUDITS,
    READS_ALL,
    SYSTEM,
    WRITES_ALL,
    changed_wall,
    mine,
    opened,
)

BROKER = "(SELECT ybj_has_role('broker'))"
PARTY = mine("seeker_id", "broker_id")
PROVIDER = mine("provider_id")
# As 0005 has it, without who reads or writes everything by the role.
SIDES = (
    f"{PARTY} OR {PROVIDER} AND (first = 'seeker' OR EXISTS (SELECT FROM demands_demand AS d"
    f" WHERE d.id = demand_id AND d.visibility IN ('anonymous', 'named')))"
    f" OR broker_id IS NULL AND {BROKER}"
)
WRITERS = f"{PARTY} OR {PROVIDER} OR broker_id IS NULL AND {BROKER}"
OPENED = opened("seeker_id", "provider_id")
# Who says what of a match is read with it: its parties' introduction is theirs.
SAID = mine("organisation_id")
OF_OPENED = f"EXISTS (SELECT FROM matching_match AS m WHERE m.id = match_id AND ({opened('m.seeker_id', 'm.provider_id')}))"


def met(opened_to: str) -> str:
    """SQL of the function that tells which records the introductions of who acts have opened."""
    return f"""
CREATE OR REPLACE FUNCTION matching_met(kind text) RETURNS bigint[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT array_agg(DISTINCT
    CASE kind WHEN 'demand' THEN demand_id WHEN 'achievement' THEN achievement_id ELSE expert_id END)
  FROM matching_match
  WHERE {PARTY} OR {PROVIDER} AND (first = 'seeker' OR kind <> 'demand') OR broker_id IS NULL AND {BROKER}
    {opened_to} $$;
"""  # noqa: S608 - our own words


LEND = "GRANT CREATE ON SCHEMA public TO ybj_poster;"
TAKE_BACK = "REVOKE CREATE ON SCHEMA public FROM ybj_poster;"


class Migration(migrations.Migration):
    dependencies = [
        ("matching", "0005_row_security"),
        ("database", "0004_opened"),
        ("achievements", "0006_kept_from_the_office"),
        ("demands", "0006_kept_from_the_office"),
        ("experts", "0006_kept_from_the_office"),
    ]
    operations = [
        migrations.RunSQL(
            changed_wall(
                "matching_match",
                read=f"{SIDES} OR {AUDITS} OR {OPENED}",
                change=f"{WRITERS} OR {SYSTEM} OR {OPENED}",
                remove=f"{WRITERS} OR {SYSTEM}",
            )
            + changed_wall(
                "matching_feedback",
                read=f"{SAID} OR {AUDITS} OR {OF_OPENED}",
                add=f"{SAID} OR {SYSTEM}",
                change=f"{SAID} OR {SYSTEM}",
                remove=f"{SAID} OR {SYSTEM}",
            ),
            changed_wall(
                "matching_match",
                read=f"{SIDES} OR {READS_ALL}",
                change=f"{WRITERS} OR {WRITES_ALL}",
                remove=f"{WRITERS} OR {WRITES_ALL}",
            )
            + changed_wall(
                "matching_feedback",
                read=f"{SAID} OR {READS_ALL}",
                add=f"{SAID} OR {WRITES_ALL}",
                change=f"{SAID} OR {WRITES_ALL}",
                remove=f"{SAID} OR {WRITES_ALL}",
            ),
        ),
        migrations.RunSQL(
            LEND + met(f"OR {OPENED}") + TAKE_BACK,
            LEND + met("") + TAKE_BACK,
        ),
    ]
