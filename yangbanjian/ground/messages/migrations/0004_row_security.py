from django.db import migrations

from yangbanjian.ground.database.walls import ME, READS_ALL, SYSTEM, no_wall, wall

OWN = f"person_id = {ME} OR {SYSTEM}"
TABLES = {
    # Telling somebody is the house's work, whoever has given the reason.
    "inbox_notice": {"read": OWN, "write": OWN, "add": SYSTEM},
    "inbox_mail": {"read": READS_ALL, "write": SYSTEM},
}
OPERATIONS = [
    migrations.RunSQL(wall(table, **who), no_wall(table)) for table, who in TABLES.items()
]


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0003_mailing"),
        ("database", "0003_row_security"),
    ]
    operations = OPERATIONS
