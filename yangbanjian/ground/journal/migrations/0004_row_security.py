from django.db import migrations

from yangbanjian.ground.database.walls import ME, READS_ALL, SYSTEM, mine, no_wall, wall

OURS = f"{mine('owner_id')} OR party_ids && (SELECT ybj_mine())"
# Who has written an entry may read it back until the end of that transaction.
WRITTEN = "xact = (SELECT pg_current_xact_id_if_assigned()::text::bigint)"
READ = (
    f"audience = 'public' OR {READS_ALL} OR audience = 'parties' AND ({OURS})"
    f" OR person_id = {ME} OR {WRITTEN}"
)
TOLD = "(SELECT ybj_is_told())"
OPERATIONS = [
    migrations.RunSQL(
        wall("journal_entry", read=READ, add=TOLD, write=SYSTEM)
        + wall(
            "journal_remark",
            read=f"{READS_ALL} OR EXISTS (SELECT FROM journal_entry AS e WHERE e.id = entry_id)",
            add=TOLD,
            write=SYSTEM,
        ),
        no_wall("journal_remark") + no_wall("journal_entry"),
    )
]


class Migration(migrations.Migration):
    dependencies = [
        ("journal", "0003_remark_commitments"),
        ("database", "0003_row_security"),
    ]
    operations = OPERATIONS
