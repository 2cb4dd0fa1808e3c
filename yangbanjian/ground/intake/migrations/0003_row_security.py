from django.db import migrations

from yangbanjian.ground.database.walls import (
    ME,
    READS_ALL,
    SYSTEM,
    WRITES_ALL,
    mine,
    no_wall,
    wall,
)  # fmt: skip

OWN = f"{mine('owner_id')} OR started_by = {ME}"
TABLES = {
    "intake_import": {"read": f"{OWN} OR {READS_ALL}", "write": f"{OWN} OR {WRITES_ALL}"},
    "intake_mapping": {
        "read": f"{mine('owner_id')} OR {READS_ALL}",
        "write": f"{mine('owner_id')} OR {WRITES_ALL}",
    },
    # A kept answer may hold anything that its caller was told.
    "intake_request": {"read": SYSTEM, "write": SYSTEM},
}
OPERATIONS = [
    migrations.RunSQL(wall(table, **who), no_wall(table)) for table, who in TABLES.items()
]


class Migration(migrations.Migration):
    dependencies = [
        ("intake", "0002_imports"),
        ("database", "0003_row_security"),
    ]
    operations = OPERATIONS
