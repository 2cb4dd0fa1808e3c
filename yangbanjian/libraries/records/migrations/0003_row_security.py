from django.db import migrations

from yangbanjian.ground.database.walls import ME, READS_ALL, SYSTEM, WRITES_ALL, no_wall, wall

OWN = f"person_id = {ME} OR {SYSTEM}"
TABLES = {
    "records_draft": {"read": OWN, "write": OWN},
    "records_saved_search": {"read": OWN, "write": OWN},
    "records_star": {"read": OWN, "write": OWN},
    # Who reports may be nobody: the house takes it down for them.
    "records_report": {
        "read": f"{READS_ALL} OR made_by = {ME}", "write": WRITES_ALL, "add": SYSTEM,
    },
}  # fmt: skip
OPERATIONS = [
    migrations.RunSQL(wall(table, **who), no_wall(table)) for table, who in TABLES.items()
]


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0002_stars"),
        ("database", "0003_row_security"),
    ]
    operations = OPERATIONS
